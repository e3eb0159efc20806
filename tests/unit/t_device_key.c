/* SPDX-License-Identifier: Apache-2.0 */
/* Format key: a raw P-256 device key.  Each check alone. */
#include <openssl/ecdsa.h>

#include "attest/attest.h"
#include "base/text.h"
#include "codec/base64.h"
#include "tests/make_tpm.h"
#include "tests/unit/unit.h"

AUTO_DEFINE(ECDSA_SIG, ECDSA_SIG_free);

static EVP_PKEY *device, *other;
static struct trust trust;
static struct trust_key registered;
static struct appraisal appraisal;
static struct attestation out;
static const char *statement;
static uint8_t nonce[32];

/* X || Y: the last 64 bytes of the SPKI. */
static struct slice
point(EVP_PKEY *key)
{
	struct slice spki = make_spki(cx, key);

	return SLICE(spki.p + spki.n - 64, 64);
}

static void
begin(void)
{
	device = make_p256(cx);
	other = make_p256(cx);
	statement = "{\"os\":\"7\"}";
	memset(nonce, 0x33, sizeof(nonce));
	registered = (struct trust_key){ .id = point(device),
	    .spki = make_spki(cx, device) };
	trust = (struct trust){ .keys = &registered, .n_keys = 1 };
	appraisal = (struct appraisal){
		.trust = &trust, .at_s = MAKE_AT, .nonce = SLICE_OF(nonce),
		.spki = make_spki(cx, other),
	};
}

static struct slice
sign(EVP_PKEY *key, struct slice message)
{
	AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();
	AUTO(ECDSA_SIG) sig = NULL;
	uint8_t der[80], *raw = arena_alloc(cx->arena, 64);
	const uint8_t *p = der;
	size_t n = sizeof(der);

	ck_assert_int_eq(EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL,
	    key), 1);
	ck_assert_int_eq(EVP_DigestSign(md, der, &n, message.p, message.n), 1);
	sig = d2i_ECDSA_SIG(NULL, &p, (long)n);
	BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32);
	return SLICE(raw, 64);
}

/* What is signed: a prefix and the statement. */
static struct slice
message_of(struct slice prefix)
{
	struct buf b = buf_in(cx->arena, 4096);

	put_bytes(&b, prefix);
	put_text(&b, statement);
	return buf_slice(&b);
}

static struct slice
bound(const char *format)
{
	uint8_t *hash = arena_alloc(cx->arena, 32);

	attest_binding(format, SLICE_OF(nonce), appraisal.spki, hash, 32);
	return message_of(SLICE(hash, 32));
}

static json_t *
evidence_of(struct slice signature)
{
	json_t *e = json_keep(cx, json_object());

	(void)json_object_set_new(e, "format", json_string("key"));
	(void)json_object_set_new(e, "public_key", json_string(text_hex(
	    cx->arena, point(device))));
	(void)json_object_set_new(e, "statement", json_string(base64url(
	    cx->arena, slice_text(statement))));
	(void)json_object_set_new(e, "signature", json_string(text_hex(
	    cx->arena, signature)));
	return e;
}

static struct err
verify(const json_t *e)
{
	struct evidence evidence;

	TRY(evidence_read(cx, e, "", &evidence));
	return evidence_verify(cx, &evidence, &appraisal, &out);
}

START_TEST(a_registered_key_is_believed_and_its_state_told)
{
	begin();
	ck_ok(verify(evidence_of(sign(device, bound("key")))));
	ck_assert_uint_eq(strlen(out.hardware_id), 4 + 128);
	ck_assert_str_eq(claims_find(&out.claims, "measured_state")->text,
	    statement);
	ck_assert(!claims_find(&out.claims, "hardware_key")->boolean);
	registered.spki = SLICE_NONE;
	ck_ok(verify(evidence_of(sign(device, bound("key")))));
}
END_TEST

START_TEST(a_key_that_is_not_registered_is_refused)
{
	begin();
	registered.id = point(other);
	ck_fails(verify(evidence_of(sign(device, bound("key")))),
	    ERR_HW_UNKNOWN);
	begin();
	registered.spki = make_spki(cx, other);
	ck_fails(verify(evidence_of(sign(device, bound("key")))),
	    ERR_EV_MISMATCH);
	/* Nor as recorded evidence. */
	begin();
	appraisal.raw = true;
	ck_ok(verify(evidence_of(sign(device, message_of(SLICE_OF(nonce))))));
	registered.id = point(other);
	ck_fails(verify(evidence_of(sign(device, message_of(SLICE_OF(nonce))))),
	    ERR_EV_CHAIN);
}
END_TEST

START_TEST(a_signature_by_another_key_is_refused)
{
	begin();
	ck_fails(verify(evidence_of(sign(other, bound("key")))),
	    ERR_EV_SIGNATURE);
	/* Nor does a stranger learn whether the key is registered. */
	registered.id = point(other);
	ck_fails(verify(evidence_of(sign(other, bound("key")))),
	    ERR_EV_SIGNATURE);
}
END_TEST

START_TEST(only_who_holds_a_key_learns_whether_it_is_registered)
{
	begin();
	registered.id = point(other);
	ck_fails(verify(evidence_of(sign(other, bound("key")))),
	    ERR_EV_SIGNATURE);
}
END_TEST

START_TEST(a_signature_for_another_nonce_key_or_format_is_refused)
{
	struct slice s;

	begin();
	s = sign(device, bound("key"));
	nonce[31] ^= 1;
	ck_fails(verify(evidence_of(s)), ERR_EV_SIGNATURE);
	begin();
	s = sign(device, bound("key"));
	appraisal.spki = make_spki(cx, device);
	ck_fails(verify(evidence_of(s)), ERR_EV_SIGNATURE);
	begin();
	ck_fails(verify(evidence_of(sign(device, bound("tpm2")))),
	    ERR_EV_SIGNATURE);
	ck_fails(verify(evidence_of(sign(device, message_of(SLICE_NONE)))),
	    ERR_EV_SIGNATURE);
	appraisal.nonce = SLICE_NONE;
	ck_fails(verify(evidence_of(sign(device, bound("key")))),
	    ERR_EV_NONCE);
}
END_TEST

START_TEST(raw_signatures_cover_the_nonce_as_it_stands)
{
	begin();
	appraisal.raw = true;
	ck_ok(verify(evidence_of(sign(device, message_of(SLICE_OF(nonce))))));
	ck_fails(verify(evidence_of(sign(device, message_of(SLICE_NONE)))),
	    ERR_EV_SIGNATURE);
	appraisal.nonce = SLICE_NONE;
	ck_ok(verify(evidence_of(sign(device, message_of(SLICE_NONE)))));
}
END_TEST

START_TEST(another_statement_is_refused)
{
	struct slice s;

	begin();
	s = sign(device, bound("key"));
	statement = "{\"os\":\"8\"}";
	ck_fails(verify(evidence_of(s)), ERR_EV_SIGNATURE);
}
END_TEST

START_TEST(a_statement_that_is_not_json_is_refused)
{
	begin();
	statement = "os=7";
	ck_fails(verify(evidence_of(sign(device, bound("key")))),
	    ERR_EV_MALFORMED);
}
END_TEST

START_TEST(other_spellings_of_key_and_signature_are_refused)
{
	static const char *const bad[] = { "", "00", "zz" };
	struct slice s;
	json_t *e;

	begin();
	s = sign(device, bound("key"));
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		e = evidence_of(s);
		(void)json_object_set_new(e, "public_key",
		    json_string(bad[i]));
		ck_fails(verify(e), ERR_EV_MALFORMED);
		e = evidence_of(s);
		(void)json_object_set_new(e, "signature",
		    json_string(bad[i]));
		ck_fails(verify(e), ERR_EV_MALFORMED);
	}
	e = evidence_of(SLICE("\0", 1));
	(void)json_object_set_new(e, "signature", json_string(text_hex(
	    cx->arena, SLICE(arena_alloc(cx->arena, 64), 64))));
	ck_fails(verify(e), ERR_EV_SIGNATURE);
}
END_TEST

START_TEST(a_point_off_the_curve_is_refused)
{
	uint8_t *p;
	struct slice s;
	json_t *e;

	begin();
	s = sign(device, bound("key"));
	p = arena_dup(cx->arena, point(device).p, 64);
	p[63] ^= 1;
	registered.id = SLICE(p, 64);
	registered.spki = SLICE_NONE;
	e = evidence_of(s);
	(void)json_object_set_new(e, "public_key", json_string(text_hex(
	    cx->arena, SLICE(p, 64))));
	ck_fails(verify(e), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(a_signature_with_any_bit_changed_is_refused)
{
	struct slice s;
	uint8_t *p;

	begin();
	s = sign(device, bound("key"));
	p = arena_dup(cx->arena, s.p, s.n);
	for (size_t bit = 0; bit < 8 * s.n; bit++) {
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_fails(verify(evidence_of(SLICE(p, s.n))),
		    ERR_EV_SIGNATURE);
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}
END_TEST

START_TEST(the_binding_hash_is_the_documented_one)
{
	uint8_t made[64], want[64], key[32];
	struct buf b = buf_in(cx->arena, 256);

	begin();
	crypto_hash_sha256(key, appraisal.spki.p, appraisal.spki.n);
	put_bytes(&b, SLICE("daapki-bind-1\0key\0", 18));
	put_bytes(&b, SLICE_OF(nonce));
	put_bytes(&b, SLICE_OF(key));
	attest_binding("key", SLICE_OF(nonce), appraisal.spki, made, 32);
	crypto_hash_sha256(want, b.p, b.n);
	ck_assert_mem_eq(made, want, 32);
	attest_binding("key", SLICE_OF(nonce), appraisal.spki, made, 64);
	crypto_hash_sha512(want, b.p, b.n);
	ck_assert_mem_eq(made, want, 64);
}
END_TEST

UNIT_MAIN("device_key",
    a_registered_key_is_believed_and_its_state_told,
    a_key_that_is_not_registered_is_refused,
    a_signature_by_another_key_is_refused,
    only_who_holds_a_key_learns_whether_it_is_registered,
    a_signature_for_another_nonce_key_or_format_is_refused,
    raw_signatures_cover_the_nonce_as_it_stands,
    another_statement_is_refused,
    a_statement_that_is_not_json_is_refused,
    other_spellings_of_key_and_signature_are_refused,
    a_point_off_the_curve_is_refused,
    a_signature_with_any_bit_changed_is_refused,
    the_binding_hash_is_the_documented_one)
