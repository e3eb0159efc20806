/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/ca.h"

#include "authority/signer.h"
#include "base/base.h"
#include "pki/cert.h"
#include "pki/csr.h"
#include "wire/record.h"

static const struct { const char *word, *common_name; } roles[] = {
	[CA_ROLE_ROOT] = { "root", "Root CA" },
	[CA_ROLE_ISSUING] = { "issuing", "Issuing CA" },
	[CA_ROLE_SERVER] = { "server", "Server CA" },
};

static const char *const algs[] = {
	[CA_ALG_P256] = "p256", [CA_ALG_P384] = "p384",
	[CA_ALG_ED25519] = "ed25519", [CA_ALG_RSA2048] = "rsa2048",
	[CA_ALG_RSA3072] = "rsa3072", [CA_ALG_RSA4096] = "rsa4096",
};

const char *
ca_alg_word(enum ca_alg alg)
{
	return algs[alg];
}

bool
ca_alg_find(const char *word, enum ca_alg *out)
{
	for (size_t i = CA_ALG_P256; i < COUNT_OF(algs); i++) {
		if (strcmp(algs[i], word) == 0) {
			*out = (enum ca_alg)i;
			return true;
		}
	}
	return false;
}

const char *
ca_role_word(enum ca_role role)
{
	return roles[role].word;
}

bool
ca_role_find(const char *word, enum ca_role *out)
{
	for (size_t i = CA_ROLE_ROOT; i < COUNT_OF(roles); i++) {
		if (strcmp(roles[i].word, word) == 0) {
			*out = (enum ca_role)i;
			return true;
		}
	}
	return false;
}

static const char *
url(struct ctx *cx, const struct authority *a, const char *what,
    const uint8_t *key_id, const char *suffix)
{
	return arena_printf(cx->arena, "%s/%s/%s.%s", a->status_url, what,
	    text_hex(cx->arena, SLICE(key_id, ISSUER_KEY_ID_SIZE)), suffix);
}

const char *
ca_url(struct ctx *cx, const struct authority *a,
    const uint8_t key_id[static ISSUER_KEY_ID_SIZE])
{
	return url(cx, a, "ca", key_id, "cer");
}

const char *
ca_crl_url(struct ctx *cx, const struct authority *a,
    const uint8_t key_id[static ISSUER_KEY_ID_SIZE])
{
	return url(cx, a, "crl", key_id, "crl");
}

/* RFC 5280, 6.1.4: a certificate is worth nothing after its issuer. */
static int64_t
end_of_life(struct ctx *cx, const struct authority *a, enum ca_role role,
    const struct db_ca *parent)
{
	int64_t end_s = ctx_now(cx) + (role == CA_ROLE_ROOT ?
	    a->limits.ca_root_life_s : a->limits.ca_issuing_life_s);

	return parent != NULL && parent->not_after_s < end_s ?
	    parent->not_after_s : end_s;
}

static const char *
common_name(struct ctx *cx, const struct ca_spec *spec)
{
	return arena_printf(cx->arena, "%s %lld", roles[spec->role].common_name,
	    (long long)spec->number);
}

struct err
ca_set_certificate(struct ctx *cx, struct slice der, struct db_ca *out)
{
	struct cert cert;

	TRY(cert_parse_ca(cx, der, &cert));
	if (cert.ski.n != ISSUER_KEY_ID_SIZE)
		return FAIL(cx, ERR_CERT_LINT, "a CA key id of %zu bytes",
		    cert.ski.n);
	out->key_id = cert.ski;
	out->serial = cert.serial;
	out->certificate = der;
	out->not_before_s = cert.not_before_s;
	out->not_after_s = cert.not_after_s;
	return OK;
}

const char *
ca_key_store(struct ctx *cx, const struct db_ca *ca)
{
	const char *name = record_key_store(cx->arena, ca->sealed);

	return name[0] != '\0' ? name : WIRE_KEY_STORE_SEALED;
}

/* As orders have it. */
static const char *
store_of(const struct ca_spec *spec)
{
	return spec->key_store == NULL ||
	    strcmp(spec->key_store, WIRE_KEY_STORE_SEALED) == 0 ? "" :
	    spec->key_store;
}

/* Whoever has a key made is told about the HSM by name; a device is not. */
static struct err
have_made(struct ctx *cx, const struct authority *a, struct order *order,
    const char *store, struct answer *out)
{
	struct err e;

	if (store[0] != '\0' && !text_is_name(store))
		return FAIL_AT(cx, ERR_FIELD, "/key_store",
		    "key_store: not a name");
	e = signer_call(cx, a->signer, order, out);
	if (e.code == ERR_ORDER_KEY_STORE)
		return FAIL_AT(cx, ERR_FIELD, "/key_store",
		    "key_store: %s", arena_strdup(cx->arena,
		    cx->trail->note));
	if (e.code == ERR_HSM_GONE || e.code == ERR_HSM_REFUSED)
		return FAIL_TELL(cx, e.code, "%s", arena_strdup(cx->arena,
		    cx->trail->note));
	return e;
}

struct err
ca_make(struct ctx *cx, const struct authority *a, const struct ca_spec *spec,
    struct db_ca *out)
{
	bool is_root = spec->role == CA_ROLE_ROOT;
	const struct db_ca *parent = spec->parent;
	struct order order = { .type = ORDER_MAKE_CA };
	struct answer answer;
	struct db_ca row;

	ASSERT(is_root == (parent == NULL));
	order.make_ca = (struct order_make_ca){
		.tenant = spec->tenant, .role = (uint8_t)spec->role,
		.alg = (uint8_t)spec->alg,
		.flags = spec->edge ? CA_MAY_EDGE : 0,
		.common_name = common_name(cx, spec),
		.not_before_s = ctx_now(cx) - CA_BACKDATE_S,
		.not_after_s = end_of_life(cx, a, spec->role, parent),
		.leaf_max_s = is_root ? 0 : CA_LEAF_MAX_S,
		.key_store = store_of(spec),
		.parent = is_root ? SLICE_NONE : parent->sealed,
		.crl_url = is_root ? "" :
		    ca_crl_url(cx, a, parent->key_id.p),
		.aia_url = is_root ? "" : ca_url(cx, a, parent->key_id.p),
	};
	if (!is_root && order.make_ca.not_before_s < parent->not_before_s)
		order.make_ca.not_before_s = parent->not_before_s;
	TRY(have_made(cx, a, &order, store_of(spec), &answer));
	row = (struct db_ca){
		.tenant = spec->tenant, .role = roles[spec->role].word,
		.state = "staged", .algorithm = algs[spec->alg],
		.sealed = answer.sealed, .created_s = ctx_now(cx),
		.staged_s = ctx_now(cx), .changed_s = ctx_now(cx),
	};
	TRY(ca_set_certificate(cx, answer.object, &row));
	*out = row;
	return OK;
}

struct err
ca_request(struct ctx *cx, const struct authority *a,
    const struct ca_spec *spec, struct db_ca *out)
{
	struct order order = { .type = ORDER_REQUEST_CA };
	uint8_t *id = arena_alloc(cx->arena, KEY_ID_SIZE);
	struct answer answer;
	struct csr csr;

	order.request_ca = (struct order_request_ca){
		.tenant = spec->tenant, .alg = (uint8_t)spec->alg,
		.flags = spec->edge ? CA_MAY_EDGE : 0,
		.common_name = common_name(cx, spec),
		.leaf_max_s = CA_LEAF_MAX_S, .key_store = store_of(spec),
	};
	TRY(have_made(cx, a, &order, store_of(spec), &answer));
	TRY(csr_parse(cx, answer.object, &csr));
	key_id(&csr.key, id);
	*out = (struct db_ca){
		.tenant = spec->tenant, .role = roles[spec->role].word,
		.state = "requested", .algorithm = algs[spec->alg],
		.key_id = SLICE(id, KEY_ID_SIZE),
		.serial = SLICE("", 0), .certificate = SLICE("", 0),
		.own_root = true, .csr = answer.object,
		.sealed = answer.sealed, .created_s = ctx_now(cx),
		.changed_s = ctx_now(cx),
	};
	return OK;
}

bool
ca_may_edge(struct ctx *cx, struct slice der)
{
	struct cert cert;

	if (failed(cert_parse_ca(cx, der, &cert))) {
		ctx_forget(cx);
		return false;
	}
	return cert.path_len == 1;
}

const char *
ca_subject(struct ctx *cx, const struct db_ca *ca)
{
	struct cert cert;

	if (ca->certificate.n == 0)
		return NULL;
	if (failed(cert_parse_ca(cx, ca->certificate, &cert))) {
		ctx_forget(cx);
		return "";
	}
	return arena_printf(cx->arena, "O=%s, CN=%s", cert.organization,
	    cert.common_name);
}

struct listing {
	int64_t		 tenant_id;
	struct page	 page;
	struct db_ca	*items;
	size_t		 n;
};

static struct err
list_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct listing *l = arg;

	return db_ca_list(cx, tx, l->tenant_id, l->page.after,
	    (size_t)l->page.limit + 1, &l->items, &l->n);
}

struct err
ca_list(struct ctx *cx, const struct authority *a, const struct tenant *tenant,
    struct page page, struct db_ca **out, size_t *out_n, int64_t *out_next)
{
	struct listing l = { .tenant_id = tenant->id, .page = page };
	bool more;

	TRY(db_read(cx, a->db, list_work, &l));
	more = l.n > page.limit;
	*out = l.items;
	*out_n = more ? page.limit : l.n;
	*out_next = more ? l.items[page.limit - 1].id : 0;
	return OK;
}

struct finding {
	int64_t		tenant_id;
	uint8_t		key_id[ISSUER_KEY_ID_SIZE];
	struct db_ca	found;
};

static struct err
find_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct finding *f = arg;

	return db_ca_by_key_id(cx, tx, f->tenant_id, SLICE_OF(f->key_id),
	    &f->found);
}

struct err
ca_get(struct ctx *cx, const struct authority *a, const struct tenant *tenant,
    const char *key_id, struct db_ca *out)
{
	struct finding f = { .tenant_id = tenant->id };

	if (!text_unhex(key_id, f.key_id, sizeof(f.key_id)))
		return FAIL(cx, ERR_NOT_FOUND, "not a key id");
	TRY(db_read(cx, a->db, find_work, &f));
	*out = f.found;
	return OK;
}
