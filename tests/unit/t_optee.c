/* SPDX-License-Identifier: Apache-2.0 */
/* Format optee: OP-TEE's attestation PTA.  Each check alone. */
#include <openssl/rsa.h>

#include "attest/attest.h"
#include "base/text.h"
#include "codec/base64.h"
#include "tests/make_tpm.h"
#include "tests/unit/unit.h"

static EVP_PKEY *key;
static struct slice spki;
static struct trust trust;
static struct trust_key registered;
static struct appraisal appraisal;
static struct attestation out;
static uint8_t nonce[65], id[32];
static const EVP_MD *hash, *mgf;
static int padding, salt;
static size_t tail;

static void
use(EVP_PKEY *k)
{
	key = k;
	spki = make_spki(cx, key);
	crypto_hash_sha256(id, spki.p, spki.n);
	registered = (struct trust_key){ SLICE_OF(id), spki };
}

static void
begin(void)
{
	use(make_rsa(cx, 2048));
	memset(nonce, 0x5a, sizeof(nonce));
	trust = (struct trust){ .keys = &registered, .n_keys = 1 };
	appraisal = (struct appraisal){ .trust = &trust, .at_s = MAKE_AT,
	    .nonce = SLICE(nonce, 32), .raw = true };
	hash = mgf = EVP_sha256();
	padding = RSA_PKCS1_PSS_PADDING;
	salt = 32;
	tail = 0;
}

/* measurement || signature over prefix || measurement */
static struct slice
report(struct slice prefix)
{
	AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();
	uint8_t measurement[32], message[97];
	struct buf b = buf_in(cx->arena, 1024);
	uint8_t *sig = arena_alloc(cx->arena, 600);
	EVP_PKEY_CTX *pctx;
	size_t n = 600;

	memset(measurement, 0x42, sizeof(measurement));
	if (prefix.n > 0)
		memcpy(message, prefix.p, prefix.n);
	memcpy(message + prefix.n, measurement, 32);
	ck_assert_int_eq(EVP_DigestSignInit(md, &pctx, hash, NULL, key), 1);
	if (EVP_PKEY_is_a(key, "RSA"))
		ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(pctx, padding),
		    1);
	if (EVP_PKEY_is_a(key, "RSA") && padding == RSA_PKCS1_PSS_PADDING) {
		ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, salt),
		    1);
		ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_mgf1_md(pctx, mgf), 1);
	}
	ck_assert_int_eq(EVP_DigestSign(md, sig, &n, message,
	    prefix.n + 32), 1);
	put_bytes(&b, SLICE_OF(measurement));
	put_bytes(&b, SLICE(sig, n + tail));
	return buf_slice(&b);
}

static struct err
verify_report(struct slice r)
{
	json_t *e = json_keep(cx, json_object());
	struct evidence evidence;
	char text[HARDWARE_ID_MAX];
	struct slice name;

	(void)json_object_set_new(e, "format", json_string("optee"));
	(void)json_object_set_new(e, "report", json_string(base64url(
	    cx->arena, r)));
	(void)json_object_set_new(e, "public_key", json_string(base64url(
	    cx->arena, spki)));
	TRY(evidence_read(cx, e, "", &evidence));
	TRY(evidence_verify(cx, &evidence, &appraisal, &out));
	evidence_identify(cx, &evidence, text, &name);
	ck_assert_str_eq(text, out.hardware_id);
	return OK;
}

static struct err
verify(void)
{
	return verify_report(report(appraisal.nonce));
}

START_TEST(a_report_by_a_registered_key_is_believed_and_told)
{
	begin();
	ck_ok(verify());
	ck_assert_str_eq(out.hardware_id, arena_printf(cx->arena, "optee:%s",
	    text_hex(cx->arena, SLICE_OF(id))));
	ck_assert_uint_eq(claims_find(&out.claims, "measurement")->bytes.p[0],
	    0x42);
	ck_assert(!claims_find(&out.claims, "hardware_key")->boolean);
	registered.spki = SLICE_NONE;
	ck_ok(verify());
	use(make_rsa(cx, 3072));
	ck_ok(verify());
}
END_TEST

START_TEST(a_key_that_is_not_registered_is_refused)
{
	begin();
	trust.n_keys = 0;
	ck_fails(verify(), ERR_EV_CHAIN);
	begin();
	registered.spki = make_spki(cx, make_p256(cx));
	ck_fails(verify(), ERR_EV_MISMATCH);
	begin();
	appraisal.raw = false;
	appraisal.spki = spki;
	trust.n_keys = 0;
	/* Told to who has the key only. */
	ck_fails(verify(), ERR_EV_SIGNATURE);
}
END_TEST

START_TEST(only_who_has_the_key_learns_that_it_is_not_registered)
{
	uint8_t binding[32];

	begin();
	appraisal.raw = false;
	appraisal.spki = make_spki(cx, make_p256(cx));
	attest_binding("optee", appraisal.nonce, appraisal.spki, binding, 32);
	ck_ok(verify_report(report(SLICE_OF(binding))));
	trust.n_keys = 0;
	ck_fails(verify_report(report(SLICE_OF(binding))), ERR_HW_UNKNOWN);
}
END_TEST

START_TEST(the_nonce_is_in_what_is_signed)
{
	struct slice r;

	begin();
	r = report(appraisal.nonce);
	nonce[31] ^= 1;
	ck_fails(verify_report(r), ERR_EV_SIGNATURE);
	appraisal.nonce = SLICE_NONE;
	ck_fails(verify(), ERR_EV_NONCE);
	appraisal.nonce = SLICE(nonce, 65);
	ck_fails(verify(), ERR_EV_NONCE);
	appraisal.nonce = SLICE(nonce, 64);
	ck_ok(verify());
	appraisal.nonce = SLICE(nonce, 16);
	ck_ok(verify());
}
END_TEST

START_TEST(the_scheme_is_pss_with_sha256_and_a_salt_of_32)
{
	begin();
	salt = 20;
	ck_fails(verify(), ERR_EV_SIGNATURE);
	salt = 0;
	ck_fails(verify(), ERR_EV_SIGNATURE);
	begin();
	padding = RSA_PKCS1_PADDING;
	ck_fails(verify(), ERR_EV_SIGNATURE);
	begin();
	hash = EVP_sha512();
	ck_fails(verify(), ERR_EV_SIGNATURE);
	begin();
	mgf = EVP_sha1();
	ck_fails(verify(), ERR_EV_SIGNATURE);
}
END_TEST

START_TEST(a_report_is_a_measurement_and_a_signature)
{
	struct slice r;

	begin();
	r = report(appraisal.nonce);
	ck_fails(verify_report(SLICE(r.p, 32)), ERR_EV_MALFORMED);
	ck_assert_str_eq(cx->trail->pointer, "/report");
	ck_fails(verify_report(SLICE(r.p, 31)), ERR_EV_MALFORMED);
	ck_fails(verify_report(SLICE(r.p, r.n - 1)), ERR_EV_MALFORMED);
	tail = 1;
	ck_fails(verify(), ERR_EV_MALFORMED);
	begin();
	spki = SLICE("", 1);
	ck_fails(verify(), ERR_EV_CHAIN);
	crypto_hash_sha256(id, spki.p, spki.n);
	registered.spki = SLICE_NONE;
	ck_fails(verify(), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(a_member_that_does_not_belong_there_is_refused)
{
	json_t *e = json_keep(cx, json_object());
	struct evidence evidence;
	char *text;

	begin();
	text = base64url(cx->arena, report(appraisal.nonce));
	(void)json_object_set_new(e, "format", json_string("optee"));
	(void)json_object_set_new(e, "report", json_string(text));
	(void)json_object_set_new(e, "public_key", json_string(base64url(
	    cx->arena, spki)));
	ck_ok(evidence_read(cx, e, "", &evidence));
	(void)json_object_set_new(e, "more", json_true());
	ck_fails(evidence_read(cx, e, "", &evidence), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(a_key_is_rsa_and_strong)
{
	struct slice r;

	begin();
	r = report(appraisal.nonce);
	use(make_rsa(cx, 1024));
	ck_fails(verify_report(r), ERR_EV_PROPERTY);
	use(make_roca(cx));
	ck_fails(verify_report(r), ERR_EV_PROPERTY);
	use(make_p256(cx));
	ck_fails(verify_report(r), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(a_report_with_any_bit_changed_is_refused)
{
	struct slice r;
	uint8_t *p;

	begin();
	r = report(appraisal.nonce);
	p = arena_dup(cx->arena, r.p, r.n);
	for (size_t bit = 0; bit < 8 * r.n; bit++) {
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_fails(verify_report(SLICE(p, r.n)), ERR_EV_SIGNATURE);
		p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	ck_ok(verify_report(SLICE(p, r.n)));
}
END_TEST

UNIT_MAIN("optee",
    a_report_by_a_registered_key_is_believed_and_told,
    a_key_that_is_not_registered_is_refused,
    only_who_has_the_key_learns_that_it_is_not_registered,
    the_nonce_is_in_what_is_signed,
    the_scheme_is_pss_with_sha256_and_a_salt_of_32,
    a_report_is_a_measurement_and_a_signature,
    a_member_that_does_not_belong_there_is_refused,
    a_key_is_rsa_and_strong,
    a_report_with_any_bit_changed_is_refused)
