/* SPDX-License-Identifier: Apache-2.0 */
/* The passes of authority/fsck.h over the audit. */
#include "authority/audit.h"
#include "authority/fsck_parts.h"
#include "base/base.h"

#define RULE_CHAIN	"each row of the audit follows from the one before it"
#define RULE_ROOT	"a checkpoint's root is that of its leaves"
#define RULE_ENTRY	"the journal has each checkpoint of the audit"

struct rows_page {
	int64_t			 tenant_id;
	struct audit_filter	 filter;
	struct audit_row	*rows;
	size_t			 n;
};

static struct err
page_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct rows_page *p = arg;

	return db_audit_list(cx, tx, p->tenant_id, &p->filter, &p->rows,
	    &p->n);
}

static bool
follows(struct ctx *cx, const struct audit_chain *chain,
    const struct audit_row *row, uint64_t seq, struct ledger_hash *at)
{
	struct ledger_row bytes = audit_ledger_row(chain->name, row);
	struct ledger_hash data;

	ledger_data_hash(row->data, &data);
	ledger_row_hash(cx->arena, &bytes, at, &data, at);
	return row->seq == seq && slice_equal(row->hash,
	    SLICE_OF(at->bytes));
}

/* What follows a row that is wrong is wrong as well: the first is told. */
static struct err
check_chain(struct ctx *cx, struct fsck *f, const struct audit_chain *chain)
{
	struct rows_page page = { .tenant_id = chain->tenant_id,
	    .filter = { .from_s = INT64_MIN, .to_s = INT64_MAX,
	    .limit = FSCK_PAGE } };
	struct ledger_hash at = { { 0 } };
	uint64_t seq = 0;

	do {
		arena_reset(cx->arena);
		TRY(db_read(cx, f->db, page_work, &page));
		for (size_t i = 0; i < page.n; i++) {
			f->counts.audit++;
			if (follows(cx, chain, &page.rows[i], ++seq, &at))
				continue;
			fsck_findf(cx, f, "audit_row", RULE_CHAIN,
			    "row %llu of chain %s", (unsigned long long)seq,
			    chain->name);
			return OK;
		}
		page.filter.after = seq;
	} while (page.n == FSCK_PAGE);
	return OK;
}

struct chains { struct audit_chain *items; size_t n; };

static struct err
chains_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct chains *c = arg;

	return db_audit_chains(cx, tx, &c->items, &c->n);
}

struct err
fsck_audit(struct ctx *cx, struct fsck *f)
{
	struct ctx own = *cx;
	struct chains c;
	struct err e;

	TRY(db_read(cx, f->db, chains_work, &c));
	own.arena = arena_new();
	e = OK;
	for (size_t i = 0; !failed(e) && i < c.n; i++)
		e = check_chain(&own, f, &c.items[i]);
	arena_free(own.arena);
	return e;
}

/* --- the journal ------------------------------------------------------------ */

struct err
fsck_audit_take(struct ctx *cx, struct db_tx *tx, struct fsck *f,
    const struct journal_entry *entry)
{
	struct audit_checkpoint c;
	struct order_note_audit n;
	struct ledger_hash root;
	bool found;

	TRY(audit_state_read(cx, entry->object, &n));
	TRY(db_audit_checkpoint_by_seq(cx, tx, entry->seq, &c, &found));
	if (!found)
		return fsck_not_known(cx, tx, f, entry);
	if (c.id <= f->checkpoints.last_id)
		f->n_anchored++;
	if (!slice_equal(n.root, c.root) || n.n_chains != c.n_chains ||
	    n.at_s != c.at_s)
		fsck_findf(cx, f, "audit_entry", RULE_ENTRY,
		    "entry %llu is of another state than checkpoint %lld",
		    (unsigned long long)entry->seq, (long long)c.id);
	if (c.n_chains == 0 || c.leaves.n != (size_t)c.n_chains *
	    LEDGER_HASH_SIZE)
		return OK;		/* audit_leaves has told it */
	ledger_root((const struct ledger_hash *)(const void *)c.leaves.p,
	    c.n_chains, &root);
	if (!slice_equal(c.root, SLICE_OF(root.bytes)))
		fsck_findf(cx, f, "audit_root", RULE_ROOT, "checkpoint %lld",
		    (long long)c.id);
	return OK;
}

static struct err
count_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	return db_audit_checkpoints_count(cx, tx, arg);
}

/* Those that a server makes from here on are of no interest. */
struct err
fsck_audit_begin(struct ctx *cx, struct fsck *f)
{
	return db_read(cx, f->db, count_work, &f->checkpoints);
}

void
fsck_audit_end(struct ctx *cx, struct fsck *f)
{
	if (f->n_anchored < f->checkpoints.n)
		fsck_findf(cx, f, "audit_entry", RULE_ENTRY,
		    "%llu checkpoints are in no entry",
		    (unsigned long long)(f->checkpoints.n - f->n_anchored));
}
