/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/audit.h"

#include <pthread.h>
#include <stdlib.h>

#include "authority/signer.h"
#include "base/base.h"
#include "base/failpoint.h"
#include "db/tenant.h"

#define PAGE_PROOFS_MAX	10000u
/* By then recovery has looked at what the journal has. */
#define GIVE_UP_S	86400

struct refusals {
	int64_t		 tenant_id;
	char		 actor[AUDIT_ACTOR_MAX + 1];
	char		 credential[AUDIT_WORD_MAX], what[AUDIT_WORD_MAX];
	uint16_t	 code;
	uint64_t	 n;
	int64_t		 first_s, last_s;
};

struct audit_keeper {
	pthread_mutex_t	 lock;
	struct refusals	 refusals[AUDIT_REFUSALS_MAX];
	size_t		 n;
	int64_t		 anchored_s;	/* when this process last tried */
};

/* --- rows ------------------------------------------------------------------ */

struct ledger_row
audit_ledger_row(const char *chain, const struct audit_row *r)
{
	return (struct ledger_row){
		.seq = r->seq, .at_s = r->at_s, .tenant = chain,
		.actor_kind = r->actor_kind, .actor = r->actor,
		.credential = r->credential, .action = r->action,
		.subject = r->subject, .request_id = r->request_id,
		.trace = r->trace, .outcome = r->outcome,
	};
}

static struct err
append(struct ctx *cx, struct db_tx *tx, struct audit_chain *chain,
    struct audit_row *row)
{
	struct ledger_hash before, data, hash;
	struct ledger_row bytes;

	ASSERT(chain->hash.n == LEDGER_HASH_SIZE);
	memcpy(before.bytes, chain->hash.p, LEDGER_HASH_SIZE);
	row->seq = chain->seq + 1;
	row->at_s = ctx_now(cx);
	bytes = audit_ledger_row(chain->name, row);
	ledger_data_hash(row->data, &data);
	ledger_row_hash(cx->arena, &bytes, &before, &data, &hash);
	row->hash = SLICE_OF(hash.bytes);
	TRY(db_audit_insert(cx, tx, chain->tenant_id, row));
	chain->seq = row->seq;
	chain->hash = slice_dup(cx->arena, row->hash);
	return OK;
}

/* The first row says that nothing was before it. */
static struct err
begin(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    struct audit_chain *out)
{
	struct audit_row first = {
		.actor_kind = "system", .actor = "daapki", .credential = "",
		.action = "audit.begun", .request_id = "", .trace = "",
		.outcome = AUDIT_OK, .data = "{}",
	};
	static const struct ledger_hash zeros = { { 0 } };
	struct db_tenant tenant;

	TRY(db_tenant_by_id(cx, tx, tenant_id, &tenant));
	*out = (struct audit_chain){ .tenant_id = tenant_id,
	    .name = tenant.name, .hash = SLICE_OF(zeros.bytes) };
	TRY(db_audit_begin(cx, tx, out));
	first.subject = out->name;
	return append(cx, tx, out, &first);
}

static struct err
chain_of(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    struct audit_chain *out)
{
	struct db_tenant platform = { .id = tenant_id };
	bool found;

	if (tenant_id == AUDIT_PLATFORM)
		TRY(db_tenant_by_name(cx, tx, TENANT_PLATFORM, &platform));
	TRY(db_audit_chain(cx, tx, platform.id, out, &found));
	return found ? OK : begin(cx, tx, platform.id, out);
}

/* Only what is not a request is the system's own. */
static struct actor
actor_of(const struct ctx *cx, const char *name, const char *subject)
{
	if (cx->actor != NULL)
		return *cx->actor;
	if (strcmp(name, "device") == 0)
		return (struct actor){ "device", subject, "" };
	return (struct actor){ "system", name, "" };
}

static const char *
text_of(const char *text)
{
	return text == NULL ? "" : text;
}

struct err
audit_put(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *action, const char *subject, const char *actor,
    const char *outcome, const char *data)
{
	struct actor who = actor_of(cx, actor, subject);
	struct audit_row row = {
		.actor_kind = who.kind, .actor = who.name,
		.credential = who.credential, .action = action,
		.subject = subject, .request_id = text_of(cx->request_id),
		.trace = text_of(cx->trace), .outcome = outcome,
		.data = data == NULL ? "{}" : data,
	};
	struct audit_chain chain;

	TRY(chain_of(cx, tx, tenant_id, &chain));
	TRY(append(cx, tx, &chain, &row));
	if (cx->audited != NULL)
		++*cx->audited;
	return OK;
}

struct err
audit_add(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *action, const char *subject, const char *actor, json_t *data)
{
	const char *text = data == NULL ? NULL :
	    (const char *)json_text(cx, json_keep(cx, data)).p;

	return audit_put(cx, tx, tenant_id, action, subject, actor, AUDIT_OK,
	    text);
}

struct note {
	int64_t		 tenant_id;
	const char	*action, *subject, *actor;
	const char	*data;
};

static struct err
note_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	const struct note *n = arg;

	return audit_put(cx, tx, n->tenant_id, n->action, n->subject,
	    n->actor, AUDIT_OK, n->data);
}

struct err
audit_note(struct ctx *cx, const struct authority *a, int64_t tenant_id,
    const char *action, const char *subject, const char *actor, json_t *data)
{
	struct note n = { tenant_id, action, subject, actor,
	    data == NULL ? NULL :
	    (const char *)json_text(cx, json_keep(cx, data)).p };

	return db_write(cx, a->db, note_work, &n);
}

/* --- chains that are not there ------------------------------------------------ */

static struct err
begin_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct audit_chain chain;
	int64_t *ids;
	size_t n;

	(void)arg;
	TRY(db_audit_unbegun(cx, tx, &ids, &n));
	for (size_t i = 0; i < n; i++)
		TRY(begin(cx, tx, ids[i], &chain));
	return OK;
}

struct err
audit_begin_all(struct ctx *cx, const struct authority *a)
{
	return db_write(cx, a->db, begin_work, NULL);
}

/* --- refusals --------------------------------------------------------------- */

static bool
is_alike(const struct refusals *a, const struct refusals *b)
{
	return a->code == b->code && a->tenant_id == b->tenant_id &&
	    strcmp(a->what, b->what) == 0 && strcmp(a->actor, b->actor) == 0 &&
	    strcmp(a->credential, b->credential) == 0;
}

/* With the lock; NULL: no room. */
static struct refusals *
place_of(struct audit_keeper *k, const struct refusals *wanted, size_t most)
{
	for (size_t i = 0; i < k->n; i++)
		if (is_alike(&k->refusals[i], wanted))
			return &k->refusals[i];
	if (k->n >= most)
		return NULL;
	k->refusals[k->n] = *wanted;
	return &k->refusals[k->n++];
}

/* Half a letter would be no text, and no JSON could be made of the row. */
static void
copy_word(char *out, size_t size, const char *text)
{
	size_t n = text == NULL ? 0 : strlen(text);

	if (n >= size)
		for (n = size - 1; n > 0 && (text[n] & 0xc0) == 0x80; n--)
			continue;
	memcpy(out, text == NULL ? "" : text, n);
	out[n] = '\0';
}

/* The codes of a reply are few, so half of the room is enough for them. */
void
audit_refused(struct ctx *cx, const struct authority *a,
    const struct audit_refusal *r)
{
	struct audit_keeper *k = a->audit;
	struct refusals wanted = { .tenant_id = r->tenant_id,
	    .code = r->err.code, .first_s = ctx_now(cx) }, *found;

	if (k == NULL)
		return;
	copy_word(wanted.actor, sizeof(wanted.actor), r->actor);
	copy_word(wanted.credential, sizeof(wanted.credential),
	    r->credential);
	copy_word(wanted.what, sizeof(wanted.what), r->what);
	ASSERT(pthread_mutex_lock(&k->lock) == 0);
	found = place_of(k, &wanted, AUDIT_REFUSALS_MAX / 2);
	if (found == NULL) {
		const struct refusals other = { .code = wanted.code,
		    .what = "other", .first_s = wanted.first_s };

		found = place_of(k, &other, AUDIT_REFUSALS_MAX);
	}
	if (found != NULL) {
		found->n++;
		found->last_s = ctx_now(cx);
	}
	ASSERT(pthread_mutex_unlock(&k->lock) == 0);
}

struct flush { struct refusals *items; size_t n; };

static struct err
put_refusals(struct ctx *cx, struct db_tx *tx, const struct refusals *r)
{
	struct actor who = { r->actor[0] != '\0' ? "operator" : "stranger",
	    r->actor, r->credential };
	struct ctx own = *cx;
	char first[TEXT_TIME_SIZE], last[TEXT_TIME_SIZE];
	const char *data;

	text_time(r->first_s, first);
	text_time(r->last_s, last);
	data = arena_printf(cx->arena,
	    "{\"count\":%llu,\"first\":\"%s\",\"last\":\"%s\"}",
	    (unsigned long long)r->n, first, last);
	own.actor = &who;
	return audit_put(&own, tx, r->tenant_id, "request.refused", r->what,
	    "", err_dotted((struct err){ r->code }), data);
}

static struct err
flush_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	const struct flush *f = arg;

	for (size_t i = 0; i < f->n; i++)
		TRY(put_refusals(cx, tx, &f->items[i]));
	return OK;
}

struct err
audit_flush(struct ctx *cx, const struct authority *a)
{
	struct audit_keeper *k = a->audit;
	struct flush f;

	ASSERT(pthread_mutex_lock(&k->lock) == 0);
	f.n = k->n;
	f.items = arena_dup(cx->arena, k->refusals,
	    k->n * sizeof(*k->refusals));
	k->n = 0;
	ASSERT(pthread_mutex_unlock(&k->lock) == 0);
	return f.n == 0 ? OK : db_write(cx, a->db, flush_work, &f);
}

/* --- checkpoints ------------------------------------------------------------ */

struct anchoring {
	struct audit_chain	*chains;
	struct audit_head	*heads;		/* the last anchored ones */
	size_t			 n;
	bool			 changed;
	struct audit_checkpoint	 row;
};

static bool
is_changed(const struct anchoring *g, size_t i)
{
	return g->heads[i].checkpoint == 0 ||
	    g->heads[i].seq != g->chains[i].seq ||
	    !slice_equal(g->heads[i].hash, g->chains[i].hash);
}

static struct err
look_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct anchoring *g = arg;

	TRY(db_audit_chains(cx, tx, &g->chains, &g->n));
	g->heads = arena_array(cx->arena, g->n, sizeof(*g->heads));
	g->changed = false;
	for (size_t i = 0; i < g->n; i++) {
		TRY(db_audit_head_last(cx, tx, g->chains[i].tenant_id,
		    &g->heads[i]));
		g->changed |= is_changed(g, i);
	}
	return OK;
}

/* Before the signer is told: so an entry of the journal that no checkpoint is
 * of is one that this database has forgotten (recover.c). */
static struct err
plan_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct anchoring *g = arg;
	int64_t id;

	TRY(db_audit_checkpoint_give_up(cx, tx, g->row.at_s - GIVE_UP_S));
	TRY(db_audit_checkpoint_add(cx, tx, &g->row, &id));
	g->row.id = id;
	for (size_t i = 0; i < g->n; i++) {
		const struct audit_head head = {
			.tenant_id = g->chains[i].tenant_id, .checkpoint = id,
			.place = (uint32_t)i, .seq = g->chains[i].seq,
			.hash = g->chains[i].hash,
		};

		if (is_changed(g, i))
			TRY(db_audit_head_add(cx, tx, &head));
	}
	return OK;
}

static struct err
done_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	const struct anchoring *g = arg;

	return db_audit_checkpoint_done(cx, tx, &g->row);
}

static void
hash_from(struct slice s, struct ledger_hash *out)
{
	ASSERT(s.n == LEDGER_HASH_SIZE);
	memcpy(out->bytes, s.p, LEDGER_HASH_SIZE);
}

static struct ledger_hash *
leaves_of(struct ctx *cx, const struct anchoring *g)
{
	struct ledger_hash *leaves = arena_array(cx->arena, g->n,
	    sizeof(*leaves)), head;

	for (size_t i = 0; i < g->n; i++) {
		hash_from(g->chains[i].hash, &head);
		ledger_leaf(cx->arena, g->chains[i].name, g->chains[i].seq,
		    &head, &leaves[i]);
	}
	return leaves;
}

struct err
audit_anchor(struct ctx *cx, const struct authority *a, bool *out_made)
{
	struct order order = { .type = ORDER_NOTE_AUDIT };
	struct anchoring g = { .n = 0 };
	struct ledger_hash *leaves, root;
	struct answer answer;

	TRY(db_read(cx, a->db, look_work, &g));
	if (out_made != NULL)
		*out_made = g.changed;
	if (!g.changed)
		return OK;
	leaves = leaves_of(cx, &g);
	ledger_root(leaves, g.n, &root);
	g.row = (struct audit_checkpoint){
		.at_s = ctx_now(cx), .root = SLICE_OF(root.bytes),
		.leaves = SLICE(leaves, g.n * sizeof(*leaves)),
		.n_chains = (uint32_t)g.n,
	};
	TRY(db_write(cx, a->db, plan_work, &g));
	failpoint("audit.planned");
	order.note_audit = (struct order_note_audit){
		.root = g.row.root, .n_chains = g.row.n_chains,
		.at_s = g.row.at_s,
	};
	TRY(signer_call(cx, a->signer, &order, &answer));
	failpoint("audit.noted");
	g.row.journal_seq = answer.checkpoint.seq;
	g.row.public_key = answer.checkpoint.public_key;
	g.row.signature = answer.checkpoint.signature;
	return db_write(cx, a->db, done_work, &g);
}

struct err
audit_round(struct ctx *cx, const struct authority *a)
{
	struct audit_keeper *k = a->audit;
	int64_t now_s = ctx_now(cx);

	TRY(audit_flush(cx, a));
	if (now_s >= k->anchored_s &&
	    now_s - k->anchored_s < a->limits.audit_anchor_s)
		return OK;
	TRY(audit_anchor(cx, a, NULL));
	k->anchored_s = now_s;
	return OK;
}

struct audit_keeper *
audit_keeper_new(void)
{
	struct audit_keeper *k = base_alloc(sizeof(*k));

	ASSERT(pthread_mutex_init(&k->lock, NULL) == 0);
	return k;
}

void
audit_keeper_free(struct audit_keeper *k)
{
	if (k == NULL)
		return;
	(void)pthread_mutex_destroy(&k->lock);
	free(k);
}

/* --- reading ---------------------------------------------------------------- */

struct listing {
	int64_t				 tenant_id;
	const struct audit_filter	*filter;
	struct audit_chain		 chain;
	uint64_t			 through;
	struct audit_row		*rows;
	size_t				 n_rows;
	struct audit_anchored		*anchored;
	size_t				 n_anchored;
};

static bool
is_whole(const struct audit_filter *f)
{
	return f->actor == NULL && f->action == NULL &&
	    f->actions == NULL && f->subject == NULL &&
	    f->from_s == INT64_MIN && f->to_s == INT64_MAX;
}

/* Rows have no gaps, so that their numbers say how many are looked at. */
static uint64_t
through_of(const struct audit_filter *f, const struct audit_chain *chain)
{
	uint64_t most = f->limit > AUDIT_LOOK_MAX ? f->limit : AUDIT_LOOK_MAX;

	if (is_whole(f) || chain->seq <= f->after ||
	    chain->seq - f->after <= most)
		return chain->seq;
	return f->after + most;
}

static uint64_t
next_of(const struct listing *l)
{
	if (l->n_rows == l->filter->limit)
		return l->rows[l->n_rows - 1].seq;
	return l->through < l->chain.seq ? l->through : 0;
}

static struct err
list_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct listing *l = arg;
	struct db_tenant platform = { .id = l->tenant_id };
	struct audit_filter filter = *l->filter;
	bool found;

	if (l->tenant_id == AUDIT_PLATFORM)
		TRY(db_tenant_by_name(cx, tx, TENANT_PLATFORM, &platform));
	TRY(db_audit_chain(cx, tx, platform.id, &l->chain, &found));
	if (!found)
		return OK;
	filter.through = l->through = through_of(l->filter, &l->chain);
	TRY(db_audit_list(cx, tx, platform.id, &filter, &l->rows,
	    &l->n_rows));
	if (l->n_rows == 0 || !is_whole(l->filter))
		return OK;
	return db_audit_anchored(cx, tx, platform.id, l->filter->after,
	    l->rows[l->n_rows - 1].seq, PAGE_PROOFS_MAX, &l->anchored,
	    &l->n_anchored);
}

static struct err
prove(struct ctx *cx, const char *chain, const struct audit_anchored *from,
    struct audit_proof *out)
{
	const struct audit_checkpoint *c = &from->checkpoint;
	struct ledger_hash head, *leaves;

	if (c->leaves.n != (size_t)c->n_chains * LEDGER_HASH_SIZE ||
	    from->head.place >= c->n_chains ||
	    from->head.hash.n != LEDGER_HASH_SIZE)
		return FAIL(cx, ERR_STORAGE, "checkpoint %lld is broken",
		    (long long)c->id);
	leaves = arena_array(cx->arena, c->n_chains, sizeof(*leaves));
	memcpy(leaves, c->leaves.p, c->leaves.n);
	out->anchored = *from;
	hash_from(from->head.hash, &head);
	ledger_leaf(cx->arena, chain, from->head.seq, &head, &out->leaf);
	out->n_path = ledger_path(leaves, c->n_chains, from->head.place,
	    out->path);
	return OK;
}

struct err
audit_list(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct audit_filter *filter,
    struct audit_page *out)
{
	struct listing l = { .filter = filter,
	    .tenant_id = tenant == NULL ? AUDIT_PLATFORM : tenant->id };
	struct audit_page page = { .n_proofs = 0 };

	TRY(db_read(cx, a->db, list_work, &l));
	page.chain = l.chain.name;
	page.rows = l.rows;
	page.n_rows = l.n_rows;
	page.next = next_of(&l);
	page.proofs = arena_array(cx->arena, l.n_anchored,
	    sizeof(*page.proofs));
	for (size_t i = 0; i < l.n_anchored; i++)
		TRY(prove(cx, page.chain, &l.anchored[i],
		    &page.proofs[page.n_proofs++]));
	*out = page;
	return OK;
}
