/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/ca.h"

#include "authority/signer.h"
#include "base/base.h"
#include "pki/cert.h"
#include "pki/pem.h"

static const struct { const char *word, *common_name; } roles[] = {
	[CA_ROLE_ROOT] = { "root", "Root CA 1" },
	[CA_ROLE_ISSUING] = { "issuing", "Issuing CA 1" },
	[CA_ROLE_SERVER] = { "server", "Server CA 1" },
};

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

static struct err
row_of(struct ctx *cx, const struct answer *answer, enum ca_role role,
    struct db_ca *out)
{
	struct cert cert;

	TRY(cert_parse(cx, answer->object, &cert));
	if (cert.ski.n != ISSUER_KEY_ID_SIZE)
		return FAIL(cx, ERR_CERT_LINT, "a CA key id of %zu bytes",
		    cert.ski.n);
	*out = (struct db_ca){
		.role = roles[role].word, .state = "active",
		.key_id = cert.ski, .serial = cert.serial,
		.certificate = answer->object, .sealed = answer->sealed,
		.not_before_s = cert.not_before_s,
		.not_after_s = cert.not_after_s, .created_s = ctx_now(cx),
	};
	return OK;
}

struct err
ca_make(struct ctx *cx, const struct authority *a, const char *tenant,
    enum ca_role role, const struct db_ca *parent, struct db_ca *out)
{
	bool is_root = role == CA_ROLE_ROOT;
	struct order order = { .type = ORDER_MAKE_CA };
	struct answer answer;

	ASSERT(is_root == (parent == NULL));
	order.make_ca = (struct order_make_ca){
		.tenant = tenant, .role = (uint8_t)role, .alg = CA_ALG_P256,
		.common_name = roles[role].common_name,
		.not_before_s = ctx_now(cx) - CA_BACKDATE_S,
		.not_after_s = end_of_life(cx, a, role, parent),
		.leaf_max_s = is_root ? 0 : CA_LEAF_MAX_S,
		.parent = is_root ? SLICE_NONE : parent->sealed,
		.crl_url = is_root ? "" :
		    ca_crl_url(cx, a, parent->key_id.p),
		.aia_url = is_root ? "" : ca_url(cx, a, parent->key_id.p),
	};
	if (!is_root && order.make_ca.not_before_s < parent->not_before_s)
		order.make_ca.not_before_s = parent->not_before_s;
	TRY(signer_call(cx, a->signer, &order, &answer));
	return row_of(cx, &answer, role, out);
}

const char *
ca_subject(struct ctx *cx, const struct db_ca *ca)
{
	struct cert cert;

	if (failed(cert_parse(cx, ca->certificate, &cert))) {
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

static void
add_pem(struct ctx *cx, struct buf *b, const struct db_ca *cas, size_t n,
    const char *role)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(cas[i].role, role) == 0 &&
		    strcmp(cas[i].state, "revoked") != 0)
			put_text(b, pem_text(cx->arena, PEM_CERTIFICATE,
			    cas[i].certificate));
}

struct err
ca_bundle(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, bool with_chain, const char **out)
{
	struct buf b = buf_in(cx->arena, CA_BUNDLE_MAX * PEM_MAX);
	struct page page = { 0, CA_BUNDLE_MAX };
	struct db_ca *cas;
	int64_t next;
	size_t n;

	TRY(ca_list(cx, a, tenant, page, &cas, &n, &next));
	if (next != 0)
		return FAIL(cx, ERR_TOO_LARGE, "more than %u CAs",
		    CA_BUNDLE_MAX);
	if (with_chain) {
		add_pem(cx, &b, cas, n, roles[CA_ROLE_ISSUING].word);
		add_pem(cx, &b, cas, n, roles[CA_ROLE_SERVER].word);
	}
	add_pem(cx, &b, cas, n, roles[CA_ROLE_ROOT].word);
	put_u8(&b, 0);
	ASSERT(!b.bad);
	*out = (const char *)b.p;
	return OK;
}
