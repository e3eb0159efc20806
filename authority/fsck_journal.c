/* SPDX-License-Identifier: Apache-2.0 */
/* The third pass of authority/fsck.h: the journal against the database. */
#include <stdlib.h>

#include <sodium.h>

#include "authority/fsck_parts.h"
#include "authority/recover.h"
#include "base/base.h"
#include "db/stray.h"

#define RULE_KNOWN	"what is in the journal is in the database"
#define RULE_SAME	"journal and database hold the same bytes"
#define RULE_SIGNED	"what is in the database is in the journal"

/* --- what was met ----------------------------------------------------------- */

static void
seen_init(struct fsck_seen *seen, int64_t n)
{
	*seen = (struct fsck_seen){ .bits = base_alloc((size_t)n / 8 + 1),
	    .n = n };
}

/* Rows that came after the count are of no interest. */
static void
seen_set(struct fsck_seen *seen, int64_t id)
{
	uint8_t bit = (uint8_t)(1u << (id % 8));

	if (id < 1 || id > seen->n || (seen->bits[id / 8] & bit) != 0)
		return;
	seen->bits[id / 8] |= bit;
	seen->n_set++;
}

static bool
seen_has(const struct fsck_seen *seen, int64_t id)
{
	return id > seen->n || (seen->bits[id / 8] & 1u << (id % 8)) != 0;
}

/* --- begin ------------------------------------------------------------------ */

struct lists_page { int64_t after; struct db_fsck_crl *items; size_t n; };

static struct err
lists_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct lists_page *page = arg;

	return db_fsck_crls(cx, tx, page->after, 1, &page->items, &page->n);
}

static void
add_list(struct fsck *f, const struct db_fsck_crl *crl)
{
	struct fsck_list *list;

	/* One that was only numbered, by a version before shards. */
	if (crl->row.der.n == 0)
		return;
	if ((f->n_lists & (f->n_lists + 1)) == 0)
		f->lists = base_realloc(f->lists,
		    (2 * f->n_lists + 2) * sizeof(*f->lists));
	list = &f->lists[f->n_lists++];
	*list = (struct fsck_list){ .number = crl->row.number,
	    .ca = fsck_ca_by_id(f, crl->key.ca_id) };
	(void)crypto_hash_sha256(list->sha256, crl->row.der.p,
	    crl->row.der.n);
}

static int
order_lists(const void *a, const void *b)
{
	const struct fsck_list *x = a, *y = b;

	if (x->ca != y->ca)
		return x->ca < y->ca ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static struct err
load_lists(struct ctx *cx, struct fsck *f)
{
	struct ctx own = *cx;
	struct lists_page page = { .after = 0 };
	struct err e;

	own.arena = arena_new();
	do {
		e = db_read(&own, f->db, lists_work, &page);
		if (!failed(e) && page.n == 1) {
			page.after = page.items[0].id;
			add_list(f, &page.items[0]);
		}
		arena_reset(own.arena);
	} while (!failed(e) && page.n == 1);
	arena_free(own.arena);
	if (!failed(e) && f->n_lists > 0)
		qsort(f->lists, f->n_lists, sizeof(*f->lists), order_lists);
	return e;
}

static struct err
next_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct fsck *f = arg;

	return recover_seen(cx, tx, &f->next);
}

struct err
fsck_journal_begin(struct ctx *cx, struct fsck *f)
{
	seen_init(&f->certificates, f->sizes.certificates);
	seen_init(&f->others, f->sizes.signed_others);
	TRY(db_read(cx, f->db, next_work, f));
	TRY(fsck_audit_begin(cx, f));
	return load_lists(cx, f);
}

/* --- entries ----------------------------------------------------------------- */

struct batch {
	struct fsck			*f;
	const struct journal_entry	*entries;
	size_t				 n;
};

static const char *
kind_word(unsigned kind)
{
	static const char *const words[] = {
		[JOURNAL_CA] = "CA", [JOURNAL_LEAF] = "certificate",
		[JOURNAL_CRL] = "CRL", [JOURNAL_CROSS] = "cross-certificate",
		[JOURNAL_PROOF] = "proof", [JOURNAL_OCSP] = "OCSP key",
		[JOURNAL_REVOKED] = "revocation",
		[JOURNAL_RESULT] = "result key",
		[JOURNAL_AUDIT] = "checkpoint of the audit",
	};

	return kind < COUNT_OF(words) && words[kind] != NULL ? words[kind] :
	    "unknown object";
}

struct err
fsck_not_known(struct ctx *cx, struct db_tx *tx, struct fsck *f,
    const struct journal_entry *entry)
{
	bool is_stray;

	TRY(db_stray_has(cx, tx, entry->seq, &is_stray));
	if (is_stray) {
		f->counts.strays++;
	} else if (entry->seq >= f->next) {
		f->counts.pending++;
	} else {
		fsck_findf(cx, f, "journal_known", RULE_KNOWN,
		    "entry %llu, a %s of %s", (unsigned long long)entry->seq,
		    kind_word(entry->kind), entry->tenant);
	}
	return OK;
}

static void
compare(struct ctx *cx, struct fsck *f, const struct journal_entry *entry,
    struct slice stored)
{
	if (!slice_equal(entry->object, stored))
		fsck_findf(cx, f, "journal_same", RULE_SAME,
		    "entry %llu, a %s of %s", (unsigned long long)entry->seq,
		    kind_word(entry->kind), entry->tenant);
}

static struct err
take_ca(struct ctx *cx, struct db_tx *tx, struct fsck *f,
    const struct journal_entry *entry, const struct cert *cert)
{
	struct fsck_ca *ca = fsck_ca_by_key_id(f, cert->ski);

	if (ca == NULL)
		return fsck_not_known(cx, tx, f, entry);
	ca->journalled = true;
	compare(cx, f, entry, ca->row.certificate);
	return OK;
}

static struct err
take_leaf(struct ctx *cx, struct db_tx *tx, struct fsck *f,
    const struct journal_entry *entry, const struct cert *cert)
{
	const struct fsck_ca *ca = fsck_ca_by_key_id(f, cert->aki);
	struct certificate_row row;
	bool found = false;

	if (ca != NULL)
		TRY(db_certificate_find(cx, tx, ca->row.id, cert->serial,
		    &row, &found));
	if (!found)
		return fsck_not_known(cx, tx, f, entry);
	seen_set(&f->certificates, row.id);
	compare(cx, f, entry, row.der);
	return OK;
}

static struct err
take_signed(struct ctx *cx, struct db_tx *tx, struct fsck *f,
    const struct journal_entry *entry, const struct cert *cert)
{
	const struct fsck_ca *ca = fsck_ca_by_key_id(f, cert->aki);
	struct db_ca_signed row;
	bool found = false;

	if (ca != NULL)
		TRY(db_fsck_signed_find(cx, tx, ca->row.id, cert->serial,
		    &row, &found));
	if (!found)
		return fsck_not_known(cx, tx, f, entry);
	seen_set(&f->others, row.id);
	compare(cx, f, entry, row.certificate);
	return OK;
}

/* Of the many there were, the database has the last of each list. */
static void
take_crl(struct ctx *cx, struct fsck *f, const struct journal_entry *entry)
{
	struct fsck_list key = { .number = entry->crl_number,
	    .ca = fsck_ca_by_key_id(f, entry->issuer_key_id) };
	struct fsck_list *list = f->n_lists == 0 ? NULL :
	    bsearch(&key, f->lists, f->n_lists, sizeof(key), order_lists);

	if (list == NULL)
		return;
	list->journalled = true;
	compare(cx, f, entry, SLICE_OF(list->sha256));
}

static struct err
is_revoked(struct ctx *cx, struct db_tx *tx, const struct fsck_ca *ca,
    struct slice serial, bool *out)
{
	struct serial_status status;

	TRY(db_crl_status(cx, tx, ca->row.tenant_id, ca->row.id, serial,
	    &status));
	*out = !status.known || status.revoked_s != 0;
	return OK;
}

/* Who is not there at all was told of with its own entry. */
static struct err
take_revoked(struct ctx *cx, struct db_tx *tx, struct fsck *f,
    const struct journal_entry *entry)
{
	const struct fsck_ca *ca = fsck_ca_by_key_id(f, entry->issuer_key_id);
	struct order_crl_entry *entries;
	size_t n;

	TRY(revoked_read(cx, entry->object, &entries, &n));
	for (size_t i = 0; ca != NULL && i < n; i++) {
		struct slice serial = SLICE_OF(entries[i].serial);
		bool revoked;

		TRY(is_revoked(cx, tx, ca, serial, &revoked));
		if (!revoked && entry->seq >= f->next) {
			f->counts.pending++;
			return OK;
		}
		if (!revoked)
			fsck_findf(cx, f, "journal_revoked", "what was revoked "
			    "stays revoked", "certificate %s",
			    text_hex(cx->arena, serial));
	}
	return OK;
}

typedef struct err take_fn(struct ctx *, struct db_tx *, struct fsck *,
    const struct journal_entry *, const struct cert *);

static take_fn *const takers[] = {
	[JOURNAL_CA] = take_ca, [JOURNAL_LEAF] = take_leaf,
	[JOURNAL_CROSS] = take_signed, [JOURNAL_PROOF] = take_signed,
	[JOURNAL_OCSP] = take_signed, [JOURNAL_RESULT] = take_signed,
};

/* A CA may have been adopted. */
static struct err
parse_entry(struct ctx *cx, const struct journal_entry *entry,
    struct cert *out)
{
	if (entry->kind == JOURNAL_CA)
		return cert_parse_ca(cx, entry->object, out);
	return cert_parse(cx, entry->object, out);
}

static struct err
take_one(struct ctx *cx, struct db_tx *tx, struct fsck *f,
    const struct journal_entry *entry)
{
	struct cert cert;

	f->counts.entries++;
	if (entry->kind == JOURNAL_CRL) {
		take_crl(cx, f, entry);
		return OK;
	}
	if (entry->kind == JOURNAL_REVOKED)
		return take_revoked(cx, tx, f, entry);
	if (entry->kind == JOURNAL_AUDIT)
		return fsck_audit_take(cx, tx, f, entry);
	if (entry->kind >= COUNT_OF(takers) || takers[entry->kind] == NULL ||
	    failed(parse_entry(cx, entry, &cert))) {
		ctx_forget(cx);
		fsck_findf(cx, f, "journal_entry", "an entry can be read",
		    "entry %llu", (unsigned long long)entry->seq);
		return OK;
	}
	return takers[entry->kind](cx, tx, f, entry, &cert);
}

static struct err
take_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	const struct batch *b = arg;

	for (size_t i = 0; i < b->n; i++)
		TRY(take_one(cx, tx, b->f, &b->entries[i]));
	return OK;
}

struct err
fsck_journal_take(struct ctx *cx, struct fsck *f,
    const struct journal_entry *entries, size_t n)
{
	struct batch b = { f, entries, n };

	return db_read(cx, f->db, take_work, &b);
}

/* --- end ---------------------------------------------------------------------- */

struct rows_page {
	int64_t			 after;
	struct certificate_row	*certificates;
	struct db_ca_signed	*others;
	size_t			 n;
};

static struct err
certificates_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct rows_page *page = arg;

	return db_fsck_certificates(cx, tx, page->after, FSCK_PAGE,
	    &page->certificates, &page->n);
}

static struct err
others_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct rows_page *page = arg;

	return db_fsck_signed(cx, tx, page->after, FSCK_PAGE, &page->others,
	    &page->n);
}

static struct err
find_certificates(struct ctx *cx, struct fsck *f)
{
	struct rows_page page = { .after = 0 };

	/* Whole pages of rows that are there cost the least to look at. */
	do {
		TRY(db_read(cx, f->db, certificates_work, &page));
		for (size_t i = 0; i < page.n; i++) {
			page.after = page.certificates[i].id;
			if (!seen_has(&f->certificates, page.after))
				fsck_findf(cx, f, "journal_signed",
				    RULE_SIGNED, "certificate %s",
				    text_hex(cx->arena,
				    page.certificates[i].serial));
		}
		arena_reset(cx->arena);
	} while (page.n == FSCK_PAGE);
	return OK;
}

static struct err
find_others(struct ctx *cx, struct fsck *f)
{
	struct rows_page page = { .after = 0 };

	do {
		TRY(db_read(cx, f->db, others_work, &page));
		for (size_t i = 0; i < page.n; i++) {
			page.after = page.others[i].id;
			if (!seen_has(&f->others, page.after))
				fsck_findf(cx, f, "journal_signed",
				    RULE_SIGNED, "%s %s", page.others[i].kind,
				    text_hex(cx->arena,
				    page.others[i].serial));
		}
		arena_reset(cx->arena);
	} while (page.n == FSCK_PAGE);
	return OK;
}

static void
find_cas(struct ctx *cx, struct fsck *f)
{
	for (size_t i = 0; i < f->n_cas; i++)
		if (!f->cas[i].journalled && f->cas[i].row.certificate.n > 0)
			fsck_findf(cx, f, "journal_signed", RULE_SIGNED,
			    "CA %s", text_hex(cx->arena,
			    f->cas[i].row.key_id));
	for (size_t i = 0; i < f->n_lists; i++)
		if (!f->lists[i].journalled && f->lists[i].ca != NULL)
			fsck_findf(cx, f, "journal_signed", RULE_SIGNED,
			    "CRL %llu of CA %s",
			    (unsigned long long)f->lists[i].number,
			    text_hex(cx->arena, f->lists[i].ca->row.key_id));
}

struct err
fsck_journal_end(struct ctx *cx, struct fsck *f)
{
	struct ctx own = *cx;
	struct err e;

	find_cas(cx, f);
	own.arena = arena_new();
	e = find_certificates(&own, f);
	if (!failed(e))
		e = find_others(&own, f);
	if (!failed(e))
		fsck_audit_end(&own, f);
	arena_free(own.arena);
	return e;
}
