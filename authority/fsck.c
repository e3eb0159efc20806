/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/fsck.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "authority/crl.h"
#include "authority/fsck_parts.h"
#include "base/base.h"
#include "pki/crl.h"
#include "pki/crl_look.h"

/* --- findings ------------------------------------------------------------- */

void
fsck_find(struct fsck *f, const char *check, const char *rule,
    const char *what)
{
	const struct db_finding finding = { check, rule, what };

	f->counts.findings++;
	f->fn(f->arg, &finding);
}

void
fsck_findf(struct ctx *cx, struct fsck *f, const char *check,
    const char *rule, const char *fmt, ...)
{
	char what[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	fsck_find(f, check, rule, arena_strdup(cx->arena, what));
}

static void
find_in_database(void *arg, const struct db_finding *finding)
{
	fsck_find(arg, finding->check, finding->rule, finding->what);
}

void
fsck_count(const struct fsck *f, struct fsck_counts *out)
{
	*out = f->counts;
}

/* --- CAs -------------------------------------------------------------------- */

struct rows_page {
	int64_t	 after;
	void	*rows;
	size_t	 n;
};

struct fsck_ca *
fsck_ca_by_id(const struct fsck *f, int64_t id)
{
	size_t low = 0, high = f->n_cas;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (f->cas[mid].row.id == id)
			return &f->cas[mid];
		if (f->cas[mid].row.id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static int
order_key_ids(struct slice a, struct slice b)
{
	int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

	return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

static int
order_by_key(const void *a, const void *b)
{
	const struct fsck_ca *const *x = a, *const *y = b;

	return order_key_ids((*x)->row.key_id, (*y)->row.key_id);
}

struct fsck_ca *
fsck_ca_by_key_id(const struct fsck *f, struct slice key_id)
{
	const struct fsck_ca wanted = { .row.key_id = key_id };
	const struct fsck_ca *key = &wanted;
	struct fsck_ca **found;

	if (f->n_cas == 0)
		return NULL;
	found = bsearch(&key, f->by_key, f->n_cas, sizeof(struct fsck_ca *),
	    order_by_key);
	return found == NULL ? NULL : *found;
}

static struct err
cas_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct rows_page *page = arg;
	struct db_ca *rows;

	TRY(db_ca_all(cx, tx, page->after, FSCK_PAGE, &rows, &page->n));
	page->rows = rows;
	return OK;
}

/* Rows that are not read are found fault with when they are checked. */
static void
read_ca(struct ctx *cx, struct fsck_ca *ca, const struct db_ca *row)
{
	*ca = (struct fsck_ca){ .row = *row };
	if (row->certificate.n == 0)
		return;
	ca->readable = !failed(cert_parse_ca(cx, row->certificate,
	    &ca->cert)) &&
	    !failed(cert_key(cx, &ca->cert, &ca->key));
	ctx_forget(cx);
}

static struct err
load_cas(struct ctx *cx, struct fsck *f)
{
	struct ctx own = *cx;
	struct rows_page page = { .after = 0 };
	size_t cap = 0;

	own.arena = f->arena;
	do {
		TRY(db_read(&own, f->db, cas_work, &page));
		if (f->n_cas + page.n > cap) {
			cap = 2 * cap + page.n;
			f->cas = base_realloc(f->cas, cap * sizeof(*f->cas));
		}
		for (size_t i = 0; i < page.n; i++) {
			const struct db_ca *rows = page.rows;

			read_ca(&own, &f->cas[f->n_cas++], &rows[i]);
			page.after = rows[i].id;
		}
	} while (page.n == FSCK_PAGE);
	f->by_key = arena_array(f->arena, f->n_cas + 1, sizeof(*f->by_key));
	for (size_t i = 0; i < f->n_cas; i++)
		f->by_key[i] = &f->cas[i];
	qsort(f->by_key, f->n_cas, sizeof(*f->by_key), order_by_key);
	return OK;
}

struct above {
	int64_t		tenant_id, ca_id;
	struct slice	certificates[CA_ABOVE_MAX];
	size_t		n;
};

static struct err
above_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct above *above = arg;

	return db_ca_above_list(cx, tx, above->tenant_id, above->ca_id,
	    above->certificates, &above->n);
}

/* The certificate and key that signed it. */
static struct err
issuer_of(struct ctx *cx, struct fsck *f, const struct fsck_ca *ca,
    struct cert *out_cert, struct key *out_key, bool *out_found)
{
	struct above above = { .tenant_id = ca->row.tenant_id,
	    .ca_id = ca->row.id };
	const struct fsck_ca *parent = ca;

	if (ca->row.own_root) {
		TRY(db_read(cx, f->db, above_work, &above));
		*out_found = above.n > 0 &&
		    !failed(cert_parse_ca(cx, above.certificates[0],
		    out_cert)) && !failed(cert_key(cx, out_cert, out_key));
		ctx_forget(cx);
		return OK;
	}
	if (ca->row.parent_id != 0)
		parent = fsck_ca_by_id(f, ca->row.parent_id);
	*out_found = parent != NULL && parent->readable;
	if (*out_found) {
		*out_cert = parent->cert;
		*out_key = parent->key;
	}
	return OK;
}

static bool
ca_row_agrees(const struct fsck_ca *ca)
{
	const struct cert *cert = &ca->cert;

	return cert->ca && slice_equal(cert->ski, ca->row.key_id) &&
	    slice_equal(cert->serial, ca->row.serial) &&
	    cert->not_before_s == ca->row.not_before_s &&
	    cert->not_after_s == ca->row.not_after_s &&
	    strcmp(cert->organization, ca->row.tenant) == 0;
}

static struct err
check_ca(struct ctx *cx, struct fsck *f, const struct fsck_ca *ca)
{
	const char *id = text_hex(cx->arena, ca->row.key_id);
	struct cert issuer;
	struct key key;
	bool found;

	if (strcmp(ca->row.state, "requested") == 0 ||
	    ca->row.certificate.n == 0)
		return OK;
	if (!ca->readable) {
		fsck_findf(cx, f, "ca_certificate",
		    "a CA's certificate can be read", "CA %s", id);
		return OK;
	}
	if (!ca_row_agrees(ca))
		fsck_findf(cx, f, "ca_row", "a CA's row says what its "
		    "certificate says", "CA %s", id);
	TRY(issuer_of(cx, f, ca, &issuer, &key, &found));
	if (!found || !slice_equal(ca->cert.issuer, issuer.subject) ||
	    failed(cert_verify_signature(cx, &ca->cert, &key)))
		fsck_findf(cx, f, "ca_signature",
		    "a CA's certificate is signed by the CA above it",
		    "CA %s", id);
	else if (!ca->row.own_root &&
	    ca->cert.not_after_s > issuer.not_after_s)
		fsck_findf(cx, f, "ca_outlives", "no CA outlives the one "
		    "above it", "CA %s", id);
	ctx_forget(cx);
	return OK;
}

/* --- certificates ----------------------------------------------------------- */

static bool
row_agrees(const struct certificate_row *row, const struct cert *cert)
{
	uint8_t spki[32];

	crypto_hash_sha256(spki, cert->spki.p, cert->spki.n);
	return slice_equal(cert->serial, row->serial) &&
	    strcmp(cert->common_name, row->device_id) == 0 &&
	    slice_equal(SLICE_OF(spki), row->spki_sha256) &&
	    cert->not_before_s == row->not_before_s &&
	    cert->not_after_s == row->not_after_s &&
	    crl_url_shard(cert->crl_url) == row->shard;
}

static void
check_certificate(struct ctx *cx, struct fsck *f,
    const struct certificate_row *row)
{
	const struct fsck_ca *ca = fsck_ca_by_id(f, row->ca_id);
	const char *serial = text_hex(cx->arena, row->serial);
	struct cert cert;

	/* One that was staged after the CAs were loaded. */
	if (ca == NULL && row->ca_id > f->sizes.cas)
		return;
	if (failed(cert_parse(cx, row->der, &cert)))
		fsck_findf(cx, f, "certificate_der",
		    "a certificate can be read", "certificate %s", serial);
	else if (ca == NULL || !ca->readable ||
	    !slice_equal(cert.aki, ca->row.key_id) ||
	    failed(cert_verify_signature(cx, &cert, &ca->key)))
		fsck_findf(cx, f, "certificate_signature",
		    "a certificate is signed by its CA", "certificate %s",
		    serial);
	else if (!row_agrees(row, &cert))
		fsck_findf(cx, f, "certificate_row",
		    "a certificate's row says what it says", "certificate %s",
		    serial);
	ctx_forget(cx);
}

static struct err
certificates_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct rows_page *page = arg;
	struct certificate_row *rows;

	TRY(db_fsck_certificates(cx, tx, page->after, FSCK_PAGE, &rows,
	    &page->n));
	page->rows = rows;
	return OK;
}

/* A page of them in memory at a time. */
static struct err
check_certificates(struct ctx *cx, struct fsck *f)
{
	struct ctx own = *cx;
	struct rows_page page = { .after = 0 };
	struct err e = OK;

	own.arena = arena_new();
	do {
		e = db_read(&own, f->db, certificates_work, &page);
		for (size_t i = 0; !failed(e) && i < page.n; i++) {
			const struct certificate_row *rows = page.rows;

			check_certificate(&own, f, &rows[i]);
			page.after = rows[i].id;
			f->counts.certificates++;
		}
		arena_reset(own.arena);
	} while (!failed(e) && page.n == FSCK_PAGE);
	arena_free(own.arena);
	return e;
}

/* --- lists ------------------------------------------------------------------ */

struct list_job {
	int64_t			 after;
	struct db_fsck_crl	*items;		/* none, or one */
	size_t			 n;
	struct revoked_row	*revoked;
	size_t			 n_revoked;
};

static struct err
list_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct list_job *job = arg;

	TRY(db_fsck_crls(cx, tx, job->after, 1, &job->items, &job->n));
	if (job->n == 0)
		return OK;
	return db_crl_entries(cx, tx, &job->items[0].key,
	    job->items[0].row.this_s, &job->revoked, &job->n_revoked);
}

/* What was revoked, and has not expired since, is on a list that says that it
 * is up to date. */
static void
check_entries(struct ctx *cx, struct fsck *f, const struct list_job *job,
    const char *name)
{
	const struct db_fsck_crl *list = &job->items[0];
	const struct crl_look *look;

	if (list->row.revision != list->revision)
		return;
	if (failed(crl_look_open(cx, list->row.der, &look))) {
		ctx_forget(cx);
		return;		/* told already */
	}
	for (size_t i = 0; i < job->n_revoked; i++)
		if (!crl_look_has(look, job->revoked[i].serial))
			fsck_findf(cx, f, "list_entries", "a list shows what "
			    "was revoked", "%s lacks certificate %s", name,
			    text_hex(cx->arena, job->revoked[i].serial));
}

static void
check_list(struct ctx *cx, struct fsck *f, const struct list_job *job)
{
	const struct db_fsck_crl *list = &job->items[0];
	const struct fsck_ca *ca = fsck_ca_by_id(f, list->key.ca_id);
	struct crl_facts facts;
	const char *name;

	if (ca == NULL || list->row.der.n == 0)
		return;
	name = arena_printf(cx->arena, "list %u of CA %s", list->key.shard,
	    text_hex(cx->arena, ca->row.key_id));
	if (failed(crl_parse(cx, list->row.der, &facts)) ||
	    facts.number != list->row.number ||
	    !slice_equal(facts.aki, ca->row.key_id) ||
	    facts.is_shard != (list->key.shard != CRL_COMPLETE))
		fsck_findf(cx, f, "list_der", "a list is what its row says",
		    "%s", name);
	ctx_forget(cx);
	check_entries(cx, f, job, name);
}

static struct err
check_lists(struct ctx *cx, struct fsck *f)
{
	struct ctx own = *cx;
	struct list_job job = { .after = 0 };
	struct err e;

	own.arena = arena_new();
	do {
		e = db_read(&own, f->db, list_work, &job);
		if (!failed(e) && job.n == 1) {
			check_list(&own, f, &job);
			job.after = job.items[0].id;
			f->counts.lists++;
		}
		arena_reset(own.arena);
	} while (!failed(e) && job.n == 1);
	arena_free(own.arena);
	return e;
}

/* --- all --------------------------------------------------------------------- */

static struct err
rules_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	return db_fsck(cx, tx, ctx_now(cx), find_in_database, arg);
}

static struct err
sizes_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct fsck *f = arg;

	return db_fsck_sizes(cx, tx, &f->sizes);
}

struct err
fsck_database(struct ctx *cx, struct fsck *f)
{
	TRY(db_read(cx, f->db, rules_work, f));
	for (size_t i = 0; i < f->n_cas; i++)
		TRY(check_ca(cx, f, &f->cas[i]));
	f->counts.cas = f->n_cas;
	TRY(check_certificates(cx, f));
	TRY(check_lists(cx, f));
	return fsck_audit(cx, f);
}

struct err
fsck_open(struct ctx *cx, struct db *db, db_finding_fn *fn, void *arg,
    struct fsck **out)
{
	struct fsck *f = base_alloc(sizeof(*f));
	struct err e;

	*f = (struct fsck){ .db = db, .fn = fn, .arg = arg,
	    .arena = arena_new() };
	e = db_read(cx, db, sizes_work, f);
	if (!failed(e))
		e = load_cas(cx, f);
	if (failed(e)) {
		fsck_close(f);
		return e;
	}
	*out = f;
	return OK;
}

void
fsck_close(struct fsck *f)
{
	if (f == NULL)
		return;
	free(f->certificates.bits);
	free(f->others.bits);
	free(f->lists);
	free(f->cas);
	arena_free(f->arena);
	free(f);
}
