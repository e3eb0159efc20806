/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/anchor.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sodium.h>

#include "attest/attest.h"
#include "attest/chain.h"
#include "authority/inventory.h"
#include "authority/lapse.h"
#include "authority/receipt.h"
#include "authority/tenant.h"
#include "pki/ossl.h"

/* A kind of hardware each. */
static const char *const schemes[] = {
	ANCHOR_SCHEME_TPM, "sgx", "snp", "dice", "idevid", "android",
	"webauthn",
};

static struct err
check_scheme(struct ctx *cx, const char *scheme)
{
	for (size_t i = 0; i < COUNT_OF(schemes); i++)
		if (strcmp(schemes[i], scheme) == 0)
			return OK;
	return FAIL_AT(cx, ERR_FIELD, "/scheme", "must be "
	    ANCHOR_SCHEME_TPM ", sgx, snp, dice, idevid, android or webauthn");
}

static struct err
refuse(struct ctx *cx, const char *why)
{
	return FAIL_AT(cx, ossl_code(ERR_FIELD), "/certificate", "%s", why);
}

/* RFC 2253 in ASCII: control characters and the rest are escaped. */
static struct err
subject_of(struct ctx *cx, const X509 *x, const char **out)
{
	AUTO(BIO) bio = BIO_new(BIO_s_mem());
	char *text;
	long n;

	if (bio == NULL || X509_NAME_print_ex(bio, X509_get_subject_name(x), 0,
	    XN_FLAG_RFC2253) < 0)
		return refuse(cx, "its subject cannot be read");
	n = BIO_get_mem_data(bio, &text);
	*out = arena_strndup(cx->arena, text, n > 0 ? (size_t)n : 0);
	return OK;
}

/*
 * RFC 5280, 4.2.1.9: a CA's certificate says so; a root from before version 3
 * can only show that it is signed by its own key.
 */
static bool
may_vouch(X509 *x)
{
	return X509_check_ca(x) == 1 || X509_self_signed(x, 1) == 1;
}

static struct err
read_certificate(struct ctx *cx, struct slice der, struct db_anchor *out)
{
	uint8_t *sha256 = arena_alloc(cx->arena, 32);
	const uint8_t *end = der.p;
	AUTO(X509) x = NULL;

	if (der.n == 0 || der.n > ATTEST_CERT_MAX)
		return refuse(cx, "must be one certificate, within its limit");
	x = d2i_X509(NULL, &end, (long)der.n);
	if (x == NULL || end != der.p + der.n)
		return refuse(cx, "must be exactly one X.509 certificate");
	if (!may_vouch(x))
		return refuse(cx,
		    "must be a CA's certificate or signed by itself");
	ERR_clear_error();
	TRY(subject_of(cx, x, &out->subject));
	if (!chain_seconds_of(X509_get0_notAfter(x), &out->not_after_s))
		return refuse(cx, "its end of validity cannot be read");
	crypto_hash_sha256(sha256, der.p, der.n);
	out->sha256 = SLICE(sha256, 32);
	out->certificate = der;
	return OK;
}

struct adding { struct db_anchor row, *out; const char *actor; };

static struct err
add_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct adding *m = arg;

	TRY(db_anchor_insert(cx, tx, &m->row, &m->row.id));
	TRY(tenant_event(cx, tx, m->row.tenant_id, EVENT_ANCHOR_ADDED,
	    m->row.name, m->actor, json_pack("{s:I,s:s}", "id",
	    (json_int_t)m->row.id, "sha256",
	    text_hex(cx->arena, m->row.sha256))));
	*m->out = m->row;
	return receipt_add(cx, tx);
}

struct err
anchor_add(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const struct anchor_spec *spec, struct db_anchor *out)
{
	struct adding m = {
		.row = {
			.tenant_id = tenant_scope(tenant),
			.scheme = spec->scheme, .name = spec->name,
			.provenance = spec->provenance == NULL ? "" :
			    spec->provenance,
			.created_s = ctx_now(cx), .created_by = who->name,
		},
		.actor = who->name, .out = out,
	};
	struct err e;

	TRY(check_scheme(cx, spec->scheme));
	TRY(read_certificate(cx, spec->certificate, &m.row));
	e = db_write(cx, a->db, add_work, &m);
	if (e.code == ERR_EXISTS)
		return FAIL_AT(cx, ERR_EXISTS, "/certificate",
		    "that certificate is an anchor already");
	TRY(e);
	trust_changed(a);
	return OK;
}

struct listing {
	int64_t			 tenant_id;
	struct page		 page;
	struct db_anchor	*items;
	size_t			 n;
};

static struct err
list_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct listing *l = arg;

	return db_anchor_list(cx, tx, l->tenant_id, l->page.after,
	    (size_t)l->page.limit + 1, &l->items, &l->n);
}

struct err
anchor_list(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, struct page page, struct db_anchor **out,
    size_t *out_n, int64_t *out_next)
{
	struct listing l = {
		.tenant_id = tenant_scope(tenant), .page = page
	};
	bool more;

	TRY(db_read(cx, a->db, list_work, &l));
	more = l.n > page.limit;
	*out = l.items;
	*out_n = more ? page.limit : l.n;
	*out_next = more ? l.items[page.limit - 1].id : 0;
	return OK;
}

struct err
anchor_delete(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who, int64_t id)
{
	static const struct inventory_kind kind = {
		db_anchor_delete, EVENT_ANCHOR_DELETED
	};

	return inventory_delete(cx, a, tenant, who, &kind, id);
}

/* --- warning ----------------------------------------------------------- */

static struct err
warn_of(struct ctx *cx, struct db_tx *tx, const struct db_anchor *row)
{
	TRY(db_anchor_warned(cx, tx, row->tenant_id, row->id, ctx_now(cx)));
	return tenant_event(cx, tx, row->tenant_id, EVENT_ANCHOR_EXPIRING,
	    row->name, "upkeep", json_pack("{s:I,s:s,s:s,s:s}", "id",
	    (json_int_t)row->id, "scheme", row->scheme, "sha256",
	    text_hex(cx->arena, row->sha256), "expires_at",
	    text_time_dup(cx->arena, row->not_after_s)));
}

static struct err
warn_due(struct ctx *cx, struct db_tx *tx, int64_t until_s, size_t most,
    bool tell, size_t *out_n)
{
	struct db_anchor *rows;

	TRY(db_anchor_due(cx, tx, until_s, most, &rows, out_n));
	for (size_t i = 0; tell && i < *out_n; i++)
		TRY(warn_of(cx, tx, &rows[i]));
	return OK;
}

struct err
anchor_round(struct ctx *cx, const struct authority *a)
{
	return lapse_round(cx, a, a->limits.anchor_warn_s, warn_due);
}
