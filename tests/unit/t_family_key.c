/* SPDX-License-Identifier: Apache-2.0 */
/* Families of registered keys: raw P-256 keys, and OP-TEE's. */
#include "tests/unit/family.h"

#include <openssl/rsa.h>

#include "tests/make_dcap.h"

#define STATEMENT	"{\"version\":7}"

static EVP_PKEY *root;
static uint8_t measurement[32];

/* --- devices ---------------------------------------------------------------------- */

static EVP_PKEY *
root_key(void)
{
	if (root == NULL)
		root = strcmp(family->format, "key") == 0 ? make_p256(cx) :
		    make_rsa(cx, 2048);
	return root;
}

/* The hash that binds, and what is signed with it. */
static struct slice
message_of(struct slice challenge, EVP_PKEY *key, struct slice more)
{
	struct buf b = buf_in(cx->arena, 512);
	uint8_t binding[32];

	attest_binding(family->format, challenge, make_spki(cx, key), binding,
	    sizeof(binding));
	put_bytes(&b, SLICE_OF(binding));
	put_bytes(&b, more);
	return buf_slice(&b);
}

/* r || s over the SHA-256, in hex. */
static const char *
sign_raw(struct slice message)
{
	return text_hex(cx->arena, make_rs(cx, root_key(), message));
}

static const char *
xy(void)
{
	struct slice spki = make_spki(cx, root_key());

	return text_hex(cx->arena, SLICE(spki.p + spki.n - 64, 64));
}

static const json_t *
key_evidence(struct slice challenge, EVP_PKEY **key)
{
	return json_keep(cx, json_pack("{s:s, s:s, s:s, s:s}", "format", "key",
	    "public_key", xy(), "statement", base64url(cx->arena,
	    slice_text(STATEMENT)), "signature", sign_raw(message_of(
	    challenge, *key, slice_text(STATEMENT)))));
}

static const char *
device_key_id(void)
{
	return arena_printf(cx->arena, "key:%s", xy());
}

static void
key_vouch(const struct tenant *t)
{
	family_register(t, SLICE_NONE);
}

static struct slice
sign_pss(struct slice message)
{
	AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();
	uint8_t *sig = arena_alloc(cx->arena, 256);
	EVP_PKEY_CTX *pctx;
	size_t n = 256;

	ck_assert(EVP_DigestSignInit(md, &pctx, EVP_sha256(), NULL,
	    root_key()) == 1 && EVP_PKEY_CTX_set_rsa_padding(pctx,
	    RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, 32) == 1 &&
	    EVP_DigestSign(md, sig, &n, message.p, message.n) == 1);
	return SLICE(sig, n);
}

static const json_t *
optee_evidence(struct slice challenge, EVP_PKEY **key)
{
	struct buf report = buf_in(cx->arena, 512);

	put_bytes(&report, SLICE_OF(measurement));
	put_bytes(&report, sign_pss(message_of(challenge, *key,
	    SLICE_OF(measurement))));
	return json_keep(cx, json_pack("{s:s, s:s, s:s}", "format", "optee",
	    "report", base64url(cx->arena, buf_slice(&report)), "public_key",
	    base64url(cx->arena, make_spki(cx, root_key()))));
}

static const char *
optee_id(void)
{
	struct slice spki = make_spki(cx, root_key());
	uint8_t hash[32];

	crypto_hash_sha256(hash, spki.p, spki.n);
	return arena_printf(cx->arena, "optee:%s", text_hex(cx->arena,
	    SLICE_OF(hash)));
}

static void
optee_vouch(const struct tenant *t)
{
	family_register(t, make_spki(cx, root_key()));
}

static const struct family key = {
	"key", key_evidence, device_key_id, key_vouch,
	ERR_HW_UNKNOWN, ERR_EV_SIGNATURE, ERR_EV_SIGNATURE
};
static const struct family optee = {
	"optee", optee_evidence, optee_id, optee_vouch,
	ERR_HW_UNKNOWN, ERR_EV_SIGNATURE, ERR_EV_SIGNATURE
};
static const struct family *const all[] = { &key, &optee };

static void
start(const struct family *f)
{
	root = NULL;
	family_start(f);
}

/* --- both --------------------------------------------------------------------------- */

START_TEST(a_device_with_a_key_of_its_own_is_a_family)
{
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		root = NULL;
		check_family(all[i]);
	}
}
END_TEST

START_TEST(who_has_not_the_key_is_not_told_that_it_is_known)
{
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		EVP_PKEY *mine = i == 0 ? make_p256(cx) : make_rsa(cx, 2048);
		struct family_call call = { .key = make_p256(cx) };
		const json_t *other;
		EVP_PKEY *theirs;

		start(all[i]);
		theirs = root_key();
		call.challenge = family_challenge();
		root = mine;
		call.evidence = family->evidence(call.challenge, &call.key);
		root = theirs;
		other = family->evidence(call.challenge, &call.key);
		(void)json_object_set((json_t *)(uintptr_t)call.evidence,
		    "public_key", json_object_get(other, "public_key"));
		ck_fails(family_send(&call), ERR_EV_SIGNATURE);
		family_close();
	}
}
END_TEST

START_TEST(a_key_is_believed_until_its_second_of_expiry)
{
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		struct hardware_spec spec = { .note = "for a day" };
		struct db_hardware made;

		root = NULL;
		family_open(all[i]);
		ck_ok(family_claim(&family_tenant));
		spec.hardware_id = family->hardware_id();
		if (i != 0)
			spec.public_key = make_spki(cx, root_key());
		spec.expires_s = ctx_now(cx) + 3600;
		ck_ok(hardware_add(cx, family_realm->authority,
		    &family_tenant, &realm_admin, &spec, &made));
		ck_ok(family_enroll());
		family_realm->ahead_s += 3601;
		ck_fails(family_enroll(), ERR_HW_UNKNOWN);
		family_close();
	}
}
END_TEST

START_TEST(keys_in_software_are_told_as_such)
{
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		start(all[i]);
		ck_ok(family_enroll());
		ck_assert_int_ne(family_leaf.policy, CERT_POLICY_HARDWARE);
		family_rules("{\"claim\":\"hardware_key\",\"equals\":true}");
		ck_fails(family_enroll(), ERR_POLICY_KEY);
		family_close();
	}
}
END_TEST

START_TEST(what_was_measured_is_held_to_policy)
{
	start(&key);
	family_rules("{\"claim\":\"measured_state\",\"one_of\":"
	    "[\"{\\\"version\\\":7}\"]}");
	ck_ok(family_enroll());
	family_rules("{\"claim\":\"measured_state\",\"one_of\":[\"{}\"]}");
	ck_fails(family_enroll(), ERR_POLICY_MEASUREMENT);
	family_close();
	start(&optee);
	family_rules(arena_printf(cx->arena, "{\"claim\":\"measurement\","
	    "\"equals\":\"%s\"}", text_hex(cx->arena,
	    SLICE_OF(measurement))));
	ck_ok(family_enroll());
	measurement[0] ^= 1;
	ck_fails(family_enroll(), ERR_POLICY_MEASUREMENT);
	family_close();
}
END_TEST

UNIT_MAIN("family_key",
    a_device_with_a_key_of_its_own_is_a_family,
    who_has_not_the_key_is_not_told_that_it_is_known,
    a_key_is_believed_until_its_second_of_expiry,
    keys_in_software_are_told_as_such,
    what_was_measured_is_held_to_policy)
