/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Families: hardware that exists only in tests, made by the tests' own tools
 * under roots of their own, and enrolled through the rows of the route table
 * that POST /v1/challenges and POST /v1/enrollments are, in a whole authority.
 *
 * A family says how its evidence is made; what must hold for all of them is
 * here.
 */
#ifndef DAAPKI_TESTS_FAMILY_H
#define DAAPKI_TESTS_FAMILY_H

#include "tests/unit/unit.h"

#include <openssl/x509.h>

#include "attest/attest.h"
#include "authority/anchor.h"
#include "authority/basis.h"
#include "authority/claim.h"
#include "authority/collateral.h"
#include "authority/device.h"
#include "authority/group.h"
#include "authority/hardware.h"
#include "authority/profile.h"
#include "authority/tenant.h"
#include "base/text.h"
#include "codec/base64.h"
#include "pki/cert.h"
#include "pki/pem.h"
#include "server/engine.h"
#include "tests/make_tpm.h"
#include "tests/unit/realm.h"

/* A policy must have a rule: one that all meet. */
#define FAMILY_RULE	"{\"claim\":\"format\",\"none_of\":[\"none\"]}"
#define FAMILY_ANY	"{\"rules\":[" FAMILY_RULE "]}"

/* What a device sends. */
struct family_call {
	struct slice	 challenge;
	EVP_PKEY	*key;		/* to be certified */
	struct slice	 csr;		/* empty: made of key */
	const json_t	*evidence;
};

struct family {
	const char	*format;
	/* Evidence for a challenge and a key, or for a key that it makes. */
	const json_t	*(*evidence)(struct slice challenge, EVP_PKEY **key);
	/* Whom it is from: not by the code that is tested. */
	const char	*(*hardware_id)(void);
	/* Believe it in a scope (NULL: the platform's). */
	void		(*vouch)(const struct tenant *);
	/* What the refusal is where nobody believes it, where it was made for
	 * another challenge, and for another key. */
	enum err_code	 unbelieved, other_challenge, other_key;
};

static const struct family *family;
static struct realm *family_realm;
static struct tenant family_tenant, family_other;
/* The last answer: NULL after a refusal. */
static json_t *family_reply;
static struct cert family_leaf;

/* --- the world -------------------------------------------------------------- */

/* In place of dates about MAKE_AT. */
static inline int64_t
family_shift(int64_t at_s)
{
	return at_s - MAKE_AT + ctx_now(cx);
}

static inline void
family_policy(const char *text)
{
	struct db_policy made;
	struct policy policy;

	ck_ok(policy_parse(cx, text, &policy));
	ck_ok(group_set_policy(cx, family_realm->authority, &family_tenant,
	    &realm_admin, "family", REVISION_ANY, &policy, &made));
}

/* A rule over the format, and more. */
static inline void
family_rules(const char *more)
{
	family_policy(arena_printf(cx->arena, "{\"rules\":[{\"claim\":"
	    "\"format\",\"equals\":\"%s\"}%s%s]}", family->format,
	    more[0] == '\0' ? "" : ",", more));
}

static inline void
family_profile(const struct tenant *t)
{
	struct profile profile;
	struct profile_change change = { "family", &profile, "",
	    PROFILE_NEWEST };
	struct db_profile made;

	ck_ok(profile_parse(cx, "{\"min_interval_s\":0}", &profile));
	ck_ok(profile_create(cx, family_realm->authority, t, &realm_admin,
	    &change, &made));
}

static inline struct tenant
family_add_tenant(const char *name)
{
	struct group_spec spec = { .profile = "family",
	    .profile_version = PROFILE_NEWEST };
	struct db_tenant row;
	struct db_group group;
	struct policy policy;
	struct tenant t;

	ck_ok(tenant_create(cx, family_realm->authority, &realm_admin, name,
	    NULL, &row));
	ck_ok(tenant_find(cx, family_realm->authority, name, &t));
	family_profile(&t);
	ck_ok(policy_parse(cx, FAMILY_ANY, &policy));
	ck_ok(group_create(cx, family_realm->authority, &t, &realm_admin,
	    "family", &spec, &policy, &group));
	return t;
}

/* Two tenants, whose group "family" takes what is proved. */
static inline void
family_open(const struct family *f)
{
	family = f;
	family_realm = realm_open(cx);
	realm_use_clock(cx, family_realm);
	family_tenant = family_add_tenant("tenant-a");
	family_other = family_add_tenant("tenant-b");
}

static inline void
family_close(void)
{
	realm_close(cx, family_realm);
}

static inline struct err
family_claim(const struct tenant *t)
{
	struct claim_request request = {
		.hardware_id = family->hardware_id(), .group = "family",
	};
	struct claim_result result;

	return claim_make(cx, family_realm->authority, t, &realm_admin,
	    &request, &result);
}

static inline void
family_release(void)
{
	char device_id[DEVICE_ID_SIZE];

	attest_device_id(family->hardware_id(), device_id);
	ck_ok(claim_release(cx, family_realm->authority, &family_tenant,
	    &realm_admin, device_id, "sold"));
}

/* Believed by the platform, claimed by the first tenant. */
static inline void
family_start(const struct family *f)
{
	family_open(f);
	f->vouch(NULL);
	ck_ok(family_claim(&family_tenant));
}

/* --- believing ---------------------------------------------------------------- */

static inline int64_t
family_anchor(const struct tenant *t, const char *scheme, struct slice der)
{
	struct anchor_spec spec = { .scheme = scheme,
	    .name = "a root of tests", .certificate = der };
	struct db_anchor made;

	ck_ok(anchor_add(cx, family_realm->authority, t, &realm_admin, &spec,
	    &made));
	return made.id;
}

static inline struct err
family_collateral(const struct tenant *t, const char *kind, json_t *document)
{
	struct collateral_spec spec = { kind, "a family's", "made here",
	    json_keep(cx, document) };
	struct db_collateral made;

	return collateral_add(cx, family_realm->authority, t, &realm_admin,
	    &spec, &made);
}

/* A CRL whose issuer is an anchor, or the certificate given. */
static inline struct err
family_crl(const struct tenant *t, struct slice crl, struct slice issuer)
{
	return family_collateral(t, "crl", json_pack("{s:s, s:o}", "crl",
	    base64url(cx->arena, crl), "chain", issuer.n == 0 ?
	    json_array() : json_pack("[s]", base64url(cx->arena, issuer))));
}

static inline struct err
family_serials(const struct tenant *t, const char *hex)
{
	return family_collateral(t, "revoked-serials", json_pack("{s:[s]}",
	    "serials", hex));
}

static inline void
family_register(const struct tenant *t, struct slice public_key)
{
	struct hardware_spec spec = { .hardware_id = family->hardware_id(),
	    .public_key = public_key };
	struct db_hardware made;

	ck_ok(hardware_add(cx, family_realm->authority, t, &realm_admin, &spec,
	    &made));
}

/* --- asking ----------------------------------------------------------------- */

/* A request to the device plane, by its route. */
static inline struct err
family_post(const char *path, json_t *document, json_t **out_reply)
{
	static const struct route_table *const tables[] = {
		&rest_device_routes,
	};
	struct http_reply reply = { .status = 0 };
	struct router_match match;
	json_t *json;
	struct slice body = json_text(cx, json_keep(cx, document));
	struct http_request request = {
		.plane = PLANE_DEVICE, .method = "POST", .path = path,
		.accept = "", .content_type = "application/json",
		.body = body, .engine = ARENA_NEW(cx->arena, struct job),
	};

	TRY(router_find(cx, tables, COUNT_OF(tables), PLANE_DEVICE, "POST",
	    path, &match));
	ck_assert_uint_le(body.n, match.route->body_max);
	TRY(json_parse(cx, body, &json));
	request.json = json;
	TRY(match.route->handle(cx, family_realm->authority, &request,
	    &reply));
	ck_assert_uint_eq(reply.status, 201);
	return json_parse(cx, reply.body, out_reply);
}

static inline struct slice
family_challenge(void)
{
	struct slice challenge;
	json_t *reply;

	ck_ok(family_post("/v1/challenges", json_object(), &reply));
	ck_assert(text_unhex_any(cx->arena, json_string_value(json_object_get(
	    reply, "nonce")), ATTEST_NONCE_SIZE, &challenge));
	return challenge;
}

static inline struct slice
family_csr(EVP_PKEY *key)
{
	X509_REQ *req = X509_REQ_new();
	unsigned char *der = NULL;
	struct slice csr;
	int n;

	ck_assert_int_eq(X509_REQ_set_pubkey(req, key), 1);
	ck_assert_int_gt(X509_REQ_sign(req, key, EVP_sha256()), 0);
	n = i2d_X509_REQ(req, &der);
	ck_assert_int_gt(n, 0);
	csr = slice_dup(cx->arena, SLICE(der, (size_t)n));
	OPENSSL_free(der);
	X509_REQ_free(req);
	return csr;
}

/* What a device would send now. */
static inline struct family_call
family_call(void)
{
	struct family_call call = { .challenge = family_challenge(),
	    .key = make_p256(cx) };

	call.evidence = family->evidence(call.challenge, &call.key);
	return call;
}

static inline const char *
family_says(const char *name)
{
	const char *text = json_string_value(json_object_get(family_reply,
	    name));

	ck_assert_ptr_nonnull(text);
	return text;
}

static inline const json_t *
family_attested(const char *name)
{
	return json_object_get(json_object_get(family_reply, "attestation"),
	    name);
}

static inline const json_t *
family_told(const char *name)
{
	return json_object_get(family_attested("claims"), name);
}

/* The certificate is of that device and that key. */
static inline void
check_family_leaf(const struct family_call *call)
{
	char device_id[DEVICE_ID_SIZE];
	struct slice der;

	attest_device_id(family->hardware_id(), device_id);
	ck_assert_str_eq(family_says("hardware_id"), family->hardware_id());
	ck_assert_str_eq(family_says("device_id"), device_id);
	ck_ok(pem_parse(cx, PEM_CERTIFICATE, slice_text(family_says(
	    "certificate")), &der));
	ck_ok(cert_parse(cx, der, &family_leaf));
	ck_assert(slice_equal(family_leaf.spki, make_spki(cx, call->key)));
	ck_assert_str_eq(family_leaf.common_name, device_id);
	ck_assert_str_eq(family_leaf.organization, family_says("tenant"));
	ck_assert_str_eq(json_string_value(family_attested("format")),
	    family->format);
}

/* Whatever it was issued on, that comes to the same again. */
static inline void
check_family_replay(const struct family_call *call)
{
	struct tenant owner;
	struct replay r;

	ck_ok(tenant_find(cx, family_realm->authority, family_says("tenant"),
	    &owner));
	ck_ok(basis_replay(cx, family_realm->authority, &owner,
	    family_says("serial"), call->evidence, &r));
	ck_assert_msg(r.outcome == REPLAY_SAME, "%s: %s: %s", r.part,
	    r.code == NULL ? "" : r.code, r.detail);
}

static inline struct err
family_send(const struct family_call *call)
{
	struct slice csr = call->csr.n > 0 ? call->csr :
	    family_csr(call->key);
	json_t *evidence = json_deep_copy(call->evidence);

	ck_assert_ptr_nonnull(evidence);
	family_reply = NULL;
	TRY(family_post("/v1/enrollments", json_pack("{s:s, s:s, s:o}",
	    "nonce", text_hex(cx->arena, call->challenge),
	    "csr", base64url(cx->arena, csr), "evidence", evidence),
	    &family_reply));
	check_family_leaf(call);
	check_family_replay(call);
	return OK;
}

static inline struct err
family_enroll(void)
{
	struct family_call call = family_call();

	return family_send(&call);
}

/* --- what must hold for every family --------------------------------------- */

static inline void
check_family_binding(void)
{
	struct family_call call = family_call(), again;

	ck_ok(family_send(&call));
	ck_fails(family_send(&call), ERR_NONCE_USED);
	again = family_call();
	again.challenge = family_challenge();
	ck_fails(family_send(&again), family->other_challenge);
	again = family_call();
	again.key = make_p256(cx);
	ck_fails(family_send(&again), family->other_key);
	/* Not the server's nonce at all. */
	again = family_call();
	again.challenge = slice_dup(cx->arena, again.challenge);
	((uint8_t *)(uintptr_t)again.challenge.p)[31] ^= 1;
	ck_fails(family_send(&again), ERR_NONCE_INVALID);
	/* Too late, by then. */
	again = family_call();
	family_realm->ahead_s += 301;
	ck_fails(family_send(&again), ERR_NONCE_EXPIRED);
	family_realm->ahead_s -= 301;
}

static inline void
check_family_ban(void)
{
	char device_id[DEVICE_ID_SIZE];
	struct device_change change = { .device_id = device_id };
	struct device_view view;

	attest_device_id(family->hardware_id(), device_id);
	ck_ok(device_ban(cx, family_realm->authority, &family_tenant,
	    &realm_admin, &change, &view));
	ck_fails(family_enroll(), ERR_HW_BANNED);
	ck_ok(device_unban(cx, family_realm->authority, &family_tenant,
	    &realm_admin, &change, &view));
	ck_ok(family_enroll());
}

/* From a stranger to a device that renews, and what is refused on the way. */
static inline void
check_family(const struct family *f)
{
	const char *serial;

	family_open(f);
	/* Nobody vouches; another tenant does; the platform does, and nobody
	 * has claimed it. */
	ck_ok(family_claim(&family_tenant));
	ck_fails(family_enroll(), f->unbelieved);
	f->vouch(&family_other);
	ck_fails(family_enroll(), f->unbelieved);
	f->vouch(NULL);
	family_release();
	ck_fails(family_enroll(), ERR_CLAIM_NONE);
	ck_ok(family_claim(&family_tenant));
	ck_ok(family_enroll());
	ck_assert_str_eq(family_says("tenant"), "tenant-a");
	ck_assert_str_eq(json_string_value(family_attested("verdict")),
	    "affirming");
	serial = arena_strdup(cx->arena, family_says("serial"));
	ck_ok(family_enroll());
	ck_assert_str_ne(family_says("serial"), serial);
	/* Another tenant cannot have it. */
	ck_fails(family_claim(&family_other), ERR_CLAIM_TAKEN);
	check_family_binding();
	check_family_ban();
	family_policy("{\"formats\":[\"tpm2-ek\"],\"rules\":[" FAMILY_RULE
	    "]}");
	ck_fails(family_enroll(), ERR_POLICY_FORMAT);
	family_close();
}

#endif
