/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/rules.h"

#include "base/base.h"
#include "pki/ear.h"
#include "pki/tbs.h"

#define DEVICE_ID_CHARS	64u

static struct err
check_tenant(struct ctx *cx, const char *tenant, const struct ca *ca)
{
	if (!text_is_name(tenant))
		return FAIL(cx, ERR_ORDER_MALFORMED, "not a tenant's name");
	if (ca != NULL && strcmp(ca->sealed.tenant, tenant) != 0)
		return FAIL(cx, ERR_ORDER_TENANT,
		    "a key of tenant %s for tenant %s", ca->sealed.tenant,
		    tenant);
	return OK;
}

/* Plain HTTP: a URL that is fetched in order to check a certificate cannot
 * itself need one (RFC 5280, 8). */
static struct err
check_url(struct ctx *cx, const char *url)
{
	static const char scheme[] = "http://";
	size_t n = strlen(url);

	if (n == 0)
		return OK;
	if (strncmp(url, scheme, sizeof(scheme) - 1) != 0 ||
	    n < sizeof(scheme) || n > WIRE_URL_MAX)
		return FAIL(cx, ERR_ORDER_LIMIT, "a URL that is not http://");
	for (size_t i = 0; i < n; i++)
		if (url[i] <= 0x20 || url[i] > 0x7e)
			return FAIL(cx, ERR_ORDER_LIMIT,
			    "a URL with other than printable ASCII");
	return OK;
}

static struct err
check_urls(struct ctx *cx, const char *crl_url, const char *aia_url)
{
	TRY(check_url(cx, crl_url));
	return check_url(cx, aia_url);
}

/* A certificate for some later time could be kept in a drawer, beyond the
 * reach of whoever takes the key away. */
static struct err
check_begin(struct ctx *cx, int64_t begin_s)
{
	int64_t now = ctx_now(cx);

	if (begin_s < now - RULES_BACKDATE_MAX_S ||
	    begin_s > now + RULES_AHEAD_MAX_S)
		return FAIL(cx, ERR_ORDER_LIMIT,
		    "begins %lld s from now", (long long)(begin_s - now));
	return OK;
}

static struct err
check_life(struct ctx *cx, int64_t begin_s, int64_t end_s, int64_t max_s)
{
	TRY(check_begin(cx, begin_s));
	if (end_s <= begin_s || end_s <= ctx_now(cx))
		return FAIL(cx, ERR_ORDER_LIMIT, "ends before it begins");
	if (end_s - ctx_now(cx) > max_s)
		return FAIL(cx, ERR_ORDER_LIMIT,
		    "lasts %lld s from now, at most %lld",
		    (long long)(end_s - ctx_now(cx)), (long long)max_s);
	return OK;
}

/* --- CAs ----------------------------------------------------------------- */

static struct err
check_parent(struct ctx *cx, const struct order_make_ca *o,
    const struct ca *parent)
{
	bool is_root = o->role == CA_ROLE_ROOT;

	if (is_root != (parent == NULL))
		return FAIL(cx, ERR_ORDER_ROLE, is_root ?
		    "a root has no parent" : "a CA needs a parent");
	if (is_root && (o->crl_url[0] != '\0' || o->aia_url[0] != '\0'))
		return FAIL(cx, ERR_ORDER_LIMIT,
		    "a root has no issuer to point to");
	if (is_root)
		return OK;
	if (parent->sealed.role != CA_ROLE_ROOT)
		return FAIL(cx, ERR_ORDER_ROLE, "only a root signs CAs");
	if (o->not_after_s > parent->sealed.not_after_s)
		return FAIL(cx, ERR_ORDER_LIMIT, "outlives its parent");
	return OK;
}

static struct err
check_flags(struct ctx *cx, const struct order_make_ca *o,
    const struct ca *parent)
{
	if (o->flags == 0)
		return OK;
	if (o->role != CA_ROLE_ISSUING)
		return FAIL(cx, ERR_ORDER_ROLE,
		    "only an issuing CA has edge CAs below it");
	if (parent->cert.path_len >= 0 && parent->cert.path_len < 2)
		return FAIL(cx, ERR_ORDER_ROLE,
		    "the root's pathLen leaves no room for edge CAs");
	return OK;
}

static struct err
check_leaf_max(struct ctx *cx, uint8_t role, uint32_t leaf_max_s)
{
	bool is_root = role == CA_ROLE_ROOT;

	if (is_root && leaf_max_s != 0)
		return FAIL(cx, ERR_ORDER_LIMIT, "a root issues no leaves");
	if (!is_root && (leaf_max_s == 0 || leaf_max_s > RULES_LEAF_MAX_S))
		return FAIL(cx, ERR_ORDER_LIMIT,
		    "leaves of %u s; 1 to %d", leaf_max_s, RULES_LEAF_MAX_S);
	return OK;
}

static struct err
check_common_name(struct ctx *cx, const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > TBS_COMMON_NAME_MAX)
		return FAIL(cx, ERR_ORDER_LIMIT,
		    "a common name of %zu bytes", n);
	return OK;
}

static struct err
check_key_store(struct ctx *cx, const char *name)
{
	if (name[0] != '\0' && !text_is_name(name))
		return FAIL(cx, ERR_ORDER_MALFORMED, "not a key store's name");
	return OK;
}

struct err
rules_make_ca(struct ctx *cx, const struct order_make_ca *o,
    const struct ca *parent)
{
	TRY(check_tenant(cx, o->tenant, parent));
	TRY(check_key_store(cx, o->key_store));
	TRY(check_parent(cx, o, parent));
	TRY(check_leaf_max(cx, o->role, o->leaf_max_s));
	TRY(check_flags(cx, o, parent));
	TRY(check_urls(cx, o->crl_url, o->aia_url));
	TRY(check_common_name(cx, o->common_name));
	return check_life(cx, o->not_before_s, o->not_after_s,
	    RULES_CA_LIFE_MAX_S);
}

struct err
rules_request_ca(struct ctx *cx, const struct order_request_ca *o)
{
	TRY(check_tenant(cx, o->tenant, NULL));
	TRY(check_key_store(cx, o->key_store));
	TRY(check_leaf_max(cx, CA_ROLE_ISSUING, o->leaf_max_s));
	return check_common_name(cx, o->common_name);
}

struct err
rules_adopt_pending(struct ctx *cx, const struct order_adopt_ca *o,
    const struct sealed *pending)
{
	if (!text_is_name(o->tenant))
		return FAIL(cx, ERR_ORDER_MALFORMED, "not a tenant's name");
	if (strcmp(pending->tenant, o->tenant) != 0)
		return FAIL(cx, ERR_ORDER_TENANT,
		    "a key of tenant %s for tenant %s", pending->tenant,
		    o->tenant);
	if (pending->role != CA_ROLE_PENDING)
		return FAIL(cx, ERR_ORDER_ROLE,
		    "the key has its certificate already");
	return OK;
}

/* The right to sign what an issuing CA signs, and no more. */
static struct err
check_adopted_right(struct ctx *cx, const struct cert *c,
    const struct sealed *pending)
{
	const uint16_t both = CERT_USAGE_KEY_CERT_SIGN | CERT_USAGE_CRL_SIGN;
	int path_len = (pending->flags & CA_MAY_EDGE) != 0 ? 1 : 0;

	if (!c->ca || c->path_len != path_len)
		return FAIL(cx, ERR_CERT_LINT,
		    "basicConstraints are not cA with pathLen %d", path_len);
	if ((c->key_usage & both) != both)
		return FAIL(cx, ERR_CERT_LINT,
		    "keyUsage lacks keyCertSign or cRLSign");
	if (c->ext[CERT_EXT_EKU].present && !c->client_auth)
		return FAIL(cx, ERR_CERT_LINT,
		    "extKeyUsage is there without clientAuth");
	if (c->ext[CERT_EXT_NAME_CONSTRAINTS].present)
		return FAIL(cx, ERR_CERT_LINT,
		    "nameConstraints would shut out device names");
	return OK;
}

struct err
rules_adopt_ca(struct ctx *cx, const struct cert *c, struct slice spki,
    const struct sealed *pending)
{
	if (!slice_equal(c->spki, spki))
		return FAIL(cx, ERR_CERT_LINT, "it is of another key");
	TRY(check_adopted_right(cx, c, pending));
	if (strcmp(c->organization, pending->tenant) != 0)
		return FAIL(cx, ERR_CERT_LINT,
		    "the subject's organization is not the tenant's name");
	if (slice_equal(c->issuer, c->subject))
		return FAIL(cx, ERR_CERT_LINT, "it bears its issuer's name");
	if (c->ski.n != KEY_ID_SIZE)
		return FAIL(cx, ERR_CERT_LINT,
		    "its subjectKeyIdentifier is not of %u bytes",
		    KEY_ID_SIZE);
	if (c->not_before_s > ctx_now(cx) + RULES_AHEAD_MAX_S ||
	    c->not_after_s <= ctx_now(cx) ||
	    c->not_after_s - ctx_now(cx) > RULES_CA_LIFE_MAX_S)
		return FAIL(cx, ERR_CERT_LINT, "it is not valid now");
	return OK;
}

/* --- cross-certificates and proofs --------------------------------------- */

struct err
rules_cross_sign(struct ctx *cx, const struct order_cross_sign *o,
    const struct ca *ca, const struct ca *subject)
{
	TRY(check_tenant(cx, o->tenant, ca));
	TRY(check_tenant(cx, o->tenant, subject));
	if (ca->sealed.role != CA_ROLE_ROOT ||
	    subject->sealed.role != CA_ROLE_ROOT)
		return FAIL(cx, ERR_ORDER_ROLE,
		    "only a root is cross-certified, by a root");
	if (slice_equal(ca->cert.spki, subject->cert.spki))
		return FAIL(cx, ERR_ORDER_ROLE, "a root and itself");
	if (ca->cert.not_after_s <= ctx_now(cx) ||
	    subject->cert.not_after_s <= ctx_now(cx))
		return FAIL(cx, ERR_ORDER_LIMIT, "one of the two has ended");
	/* One place is for the issuing CA below. */
	if (ca->cert.path_len >= 0 && ca->cert.path_len < 2 &&
	    !slice_equal(ca->cert.subject, subject->cert.subject))
		return FAIL(cx, ERR_ORDER_ROLE,
		    "the root's pathLen leaves no room for one of another "
		    "name");
	return check_urls(cx, o->crl_url, o->aia_url);
}

struct err
rules_prove(struct ctx *cx, const struct order_prove *o, const struct ca *ca)
{
	size_t n = strlen(o->nonce);

	TRY(check_tenant(cx, o->tenant, ca));
	if (ca->sealed.role != CA_ROLE_ROOT &&
	    ca->sealed.role != CA_ROLE_ISSUING)
		return FAIL(cx, ERR_ORDER_ROLE,
		    "a server CA proves nothing to a relying party");
	if (n == 0 || n > WIRE_PROOF_NONCE_MAX)
		return FAIL(cx, ERR_ORDER_LIMIT, "a nonce of %zu", n);
	for (size_t i = 0; i < n; i++)
		if (o->nonce[i] < 0x20 || o->nonce[i] > 0x7e)
			return FAIL(cx, ERR_ORDER_LIMIT,
			    "a nonce of other than printable ASCII");
	return OK;
}

/* --- leaves -------------------------------------------------------------- */

static bool
is_device_id(const char *text)
{
	return strlen(text) == DEVICE_ID_CHARS &&
	    strspn(text, "0123456789abcdef") == DEVICE_ID_CHARS;
}

static struct err
check_edge(struct ctx *cx, const struct order_issue *o, const struct ca *ca)
{
	if ((ca->sealed.flags & CA_MAY_EDGE) == 0)
		return FAIL(cx, ERR_ORDER_ROLE,
		    "this CA may not sign edge CAs");
	if ((o->flags & LEAF_NO_REV_AVAIL) != 0)
		return FAIL(cx, ERR_ORDER_LIMIT,
		    "an edge CA that cannot be revoked");
	return OK;
}

static struct err
check_device(struct ctx *cx, const struct order_issue *o, const struct ca *ca)
{
	bool edge = (o->flags & LEAF_EDGE_CA) != 0;

	if (!is_device_id(o->device_id))
		return FAIL(cx, ERR_ORDER_MALFORMED, "not a device ID");
	if (!edge && o->n_dns_names != 0)
		return FAIL(cx, ERR_ORDER_ROLE,
		    "an issuing CA signs no host names");
	if (!edge && (o->flags & (LEAF_CLIENT_AUTH | LEAF_SERVER_AUTH)) == 0)
		return FAIL(cx, ERR_ORDER_LIMIT, "a leaf without a purpose");
	/* RFC 9608, 4. */
	if ((o->flags & LEAF_NO_REV_AVAIL) != 0 &&
	    (o->crl_url[0] != '\0' || o->ocsp_url[0] != '\0'))
		return FAIL(cx, ERR_ORDER_LIMIT,
		    "noRevAvail, and where to ask for revocation");
	return edge ? check_edge(cx, o, ca) : OK;
}

static struct err
check_server(struct ctx *cx, const struct order_issue *o, const struct ca *ca)
{
	(void)ca;
	if (o->device_id[0] != '\0' || o->flags != 0 ||
	    o->spiffe_domain[0] != '\0')
		return FAIL(cx, ERR_ORDER_ROLE,
		    "a server CA signs no devices");
	if (o->n_dns_names == 0)
		return FAIL(cx, ERR_ORDER_MALFORMED, "a server without a name");
	return OK;
}

static struct err
check_root_leaf(struct ctx *cx, const struct order_issue *o,
    const struct ca *ca)
{
	(void)o;
	(void)ca;
	return FAIL(cx, ERR_ORDER_ROLE, "a root issues no leaves");
}

static struct err (*const leaf_checks[])(struct ctx *,
    const struct order_issue *, const struct ca *) = {
	[CA_ROLE_ROOT] = check_root_leaf,
	[CA_ROLE_ISSUING] = check_device,
	[CA_ROLE_SERVER] = check_server,
};

struct err
rules_issue(struct ctx *cx, const struct order_issue *o, const struct ca *ca)
{
	TRY(check_tenant(cx, o->tenant, ca));
	TRY(leaf_checks[ca->sealed.role](cx, o, ca));
	TRY(check_urls(cx, o->crl_url, o->aia_url));
	TRY(check_url(cx, o->ocsp_url));
	TRY(check_life(cx, o->not_before_s, o->not_after_s,
	    ca->sealed.leaf_max_s));
	if (o->not_after_s > ca->sealed.not_after_s)
		return FAIL(cx, ERR_ORDER_LIMIT, "outlives its issuer");
	if (slice_equal(o->spki, ca->cert.spki))
		return FAIL(cx, ERR_ORDER_ROLE,
		    "a leaf with the key of its issuer");
	return OK;
}

/* --- CRLs ---------------------------------------------------------------- */

/* RFC 5280, 5.3.1: 7 is not used, 8 belongs to delta CRLs. */
static bool
is_reason(uint8_t reason)
{
	return reason <= 10 && reason != 7 && reason != 8;
}

static struct err
check_entries(struct ctx *cx, const struct order_crl_entry *entries, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct order_crl_entry *e = &entries[i];

		if (!is_reason(e->reason))
			return FAIL(cx, ERR_ORDER_LIMIT, "reason %u",
			    e->reason);
		if (e->serial[0] == 0 || e->serial[0] >= 0x80)
			return FAIL(cx, ERR_ORDER_LIMIT,
			    "a serial that is not this signer's");
	}
	return OK;
}

struct err
rules_sign_crl(struct ctx *cx, const struct order_sign_crl *o,
    const struct ca *ca)
{
	TRY(check_tenant(cx, o->tenant, ca));
	TRY(check_life(cx, o->this_update_s, o->next_update_s,
	    RULES_CRL_LIFE_MAX_S));
	TRY(check_url(cx, o->shard_url));
	if (o->shard_url[0] != '\0' && ca->sealed.role == CA_ROLE_ROOT)
		return FAIL(cx, ERR_ORDER_ROLE,
		    "a shard of user certificates by a root");
	return check_entries(cx, o->entries, o->n_entries);
}

struct err
rules_note_revoked(struct ctx *cx, const struct order_note_revoked *o,
    const struct ca *ca)
{
	TRY(check_tenant(cx, o->tenant, ca));
	return check_entries(cx, o->entries, o->n_entries);
}

/* The reader has held its size; a time that is off would date a state of the
 * audit before or after it was seen. */
struct err
rules_note_audit(struct ctx *cx, const struct order_note_audit *o)
{
	int64_t now_s = ctx_now(cx);

	if (o->root.n != WIRE_SHA256_SIZE || o->n_chains == 0)
		return FAIL(cx, ERR_ORDER_MALFORMED, "no root of an audit");
	if (o->at_s < now_s - RULES_AUDIT_OFF_S ||
	    o->at_s > now_s + RULES_AUDIT_OFF_S)
		return FAIL(cx, ERR_ORDER_LIMIT,
		    "an audit of %lld s from now",
		    (long long)(o->at_s - now_s));
	return OK;
}

/* --- OCSP ---------------------------------------------------------------- */

static struct err
check_ocsp_entry(struct ctx *cx, const struct order_ocsp_entry *e)
{
	if (e->status != OCSP_REVOKED && (e->revoked_s != 0 || e->reason != 0))
		return FAIL(cx, ERR_ORDER_LIMIT,
		    "a time of revocation without one");
	if (!is_reason(e->reason))
		return FAIL(cx, ERR_ORDER_LIMIT, "reason %u", e->reason);
	if (e->revoked_s > ctx_now(cx))
		return FAIL(cx, ERR_ORDER_LIMIT, "revoked later than now");
	return OK;
}

struct err
rules_sign_ocsp(struct ctx *cx, const struct order_sign_ocsp *o,
    const struct ca *ca)
{
	TRY(check_tenant(cx, o->tenant, ca));
	TRY(check_life(cx, o->this_update_s, o->next_update_s,
	    RULES_OCSP_LIFE_MAX_S));
	if (ca->sealed.role == CA_ROLE_OCSP &&
	    o->next_update_s > ca->sealed.not_after_s)
		return FAIL(cx, ERR_ORDER_LIMIT, "outlives its delegate");
	if (o->n_entries == 0)
		return FAIL(cx, ERR_ORDER_LIMIT, "an OCSP response of none");
	for (size_t i = 0; i < o->n_entries; i++)
		TRY(check_ocsp_entry(cx, &o->entries[i]));
	return OK;
}

struct err
rules_delegate(struct ctx *cx, const struct order_delegate *o,
    const struct ca *ca)
{
	TRY(check_tenant(cx, o->tenant, ca));
	/* Results are told of devices, and those have an issuing CA. */
	if (o->role == CA_ROLE_RESULT && ca->sealed.role != CA_ROLE_ISSUING)
		return FAIL(cx, ERR_ORDER_ROLE,
		    "results are not for this CA to delegate");
	TRY(check_life(cx, o->not_before_s, o->not_after_s,
	    RULES_DELEGATE_LIFE_MAX_S));
	if (o->not_after_s > ca->sealed.not_after_s)
		return FAIL(cx, ERR_ORDER_LIMIT, "outlives its issuer");
	return OK;
}

/* --- attestation results ---------------------------------------------------- */

/* A result is as good as the worst that it says, or worse (AR4SI, 2.3.3). */
static bool
is_no_better_than_its_parts(const struct order_sign_result *o)
{
	for (size_t i = 0; i < AR4SI_ELEMENTS; i++)
		if (o->vector[i] > o->tier)
			return false;
	return true;
}

struct err
rules_sign_result(struct ctx *cx, const struct order_sign_result *o,
    const struct ca *ca)
{
	int64_t now = ctx_now(cx);

	TRY(check_tenant(cx, o->tenant, ca));
	if (o->life_s == 0 || o->life_s > EAR_LIFE_MAX_S)
		return FAIL(cx, ERR_ORDER_LIMIT, "a result for %u s",
		    o->life_s);
	if (o->attested_s > now)
		return FAIL(cx, ERR_ORDER_LIMIT, "attested later than now");
	if (now + o->life_s > ca->sealed.not_after_s)
		return FAIL(cx, ERR_ORDER_LIMIT, "outlives its key");
	if (!is_no_better_than_its_parts(o))
		return FAIL(cx, ERR_ORDER_LIMIT,
		    "a result that is better than what it rests on");
	return OK;
}
