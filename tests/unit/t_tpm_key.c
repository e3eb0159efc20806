/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys of a TPM: which are taken, and signatures by them.  Each check
 * alone. */
#include <openssl/core_names.h>

#include "attest/tpm_key.h"
#include "tests/make_tpm.h"
#include "tests/unit/unit.h"

static struct tpm_public
public_of(const struct make_public *p)
{
	struct tpm_public key;

	ck_ok(tpm_public_parse(cx, make_tpmt_public(cx, p), &key));
	return key;
}

static struct tpm_public
ak_of(EVP_PKEY *pkey)
{
	struct make_public p = make_ak_public(pkey);

	return public_of(&p);
}

/* --- numbers ------------------------------------------------------------ */

static void
check_no_spki(const struct tpm_public *key)
{
	struct slice spki;

	ck_fails(tpm_key_spki(cx, key, &spki), ERR_EV_PROPERTY);
}

START_TEST(a_modulus_is_of_the_bits_it_says)
{
	static const uint8_t small[256] = { 0x7f }, whole[256] = { 0x80 };
	struct tpm_public key = { .type = TPM_RSA, .rsa_bits = 2048,
		.rsa_exponent = 65537, .rsa_n = SLICE_OF(whole) };
	struct slice spki;

	ck_ok(tpm_key_spki(cx, &key, &spki));
	key.rsa_n = SLICE(whole, 255);
	check_no_spki(&key);
	key.rsa_n = SLICE_OF(small);
	check_no_spki(&key);
}
END_TEST

START_TEST(an_rsa_key_is_of_2048_to_4096_bits_with_the_usual_exponent)
{
	static const uint8_t n[520] = { 0x80 };
	struct tpm_public key = { .type = TPM_RSA, .rsa_bits = 2048,
		.rsa_exponent = 3, .rsa_n = SLICE(n, 256) };

	check_no_spki(&key);
	key.rsa_exponent = 65537;
	key.rsa_bits = 2040;
	key.rsa_n.n = 255;
	check_no_spki(&key);
	key.rsa_bits = 4104;
	key.rsa_n.n = 513;
	check_no_spki(&key);
}
END_TEST

START_TEST(a_point_is_on_a_curve_known_here)
{
	struct tpm_public key = { .type = TPM_ECC, .curve = 0x10 };

	check_no_spki(&key);		/* TPM_ECC_BN_P256 */
}
END_TEST

START_TEST(coordinates_are_no_longer_than_the_curves)
{
	static const uint8_t n[33] = { 0 };
	struct tpm_public key = { .type = TPM_ECC, .curve = TPM_P256,
		.x = SLICE(n, 33), .y = SLICE(n, 32) };

	check_no_spki(&key);
	key.x.n = 32;
	key.y.n = 33;
	check_no_spki(&key);
}
END_TEST

START_TEST(a_secret_key_has_no_public_key)
{
	struct tpm_public key = { .type = TPM_KEYEDHASH };

	check_no_spki(&key);
}
END_TEST

/* --- out of certificates ------------------------------------------------ */

static EVP_PKEY *
rsa_with_exponent(unsigned e)
{
	AUTO(EVP_PKEY_CTX) pctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA",
	    NULL);
	AUTO(BIGNUM) exponent = BN_new();
	EVP_PKEY *key = NULL;

	ck_assert(BN_set_word(exponent, e) == 1 &&
	    EVP_PKEY_keygen_init(pctx) == 1 &&
	    EVP_PKEY_CTX_set_rsa_keygen_bits(pctx, 2048) == 1 &&
	    EVP_PKEY_CTX_set1_rsa_keygen_pubexp(pctx, exponent) == 1 &&
	    EVP_PKEY_generate(pctx, &key) == 1);
	return key;
}

START_TEST(an_rsa_key_with_another_exponent_is_refused)
{
	AUTO(EVP_PKEY) key = rsa_with_exponent(3);
	struct tpm_public public;

	ck_fails(tpm_key_from_pkey(cx, key, &public), ERR_EV_PROPERTY);
}
END_TEST

START_TEST(an_rsa_modulus_of_another_size_is_refused)
{
	struct tpm_public public;

	ck_fails(tpm_key_from_pkey(cx, make_rsa(cx, 1024), &public),
	    ERR_EV_PROPERTY);
	ck_fails(tpm_key_from_pkey(cx, make_rsa(cx, 2047), &public),
	    ERR_EV_PROPERTY);
}
END_TEST

/* The point at infinity, as RFC 5480 would write it. */
START_TEST(a_point_without_coordinates_is_refused)
{
	static const uint8_t der[] = {
		0x30, 0x19, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce,
		0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d,
		0x03, 0x01, 0x07, 0x03, 0x02, 0x00, 0x00
	};
	const uint8_t *p = der;
	AUTO(EVP_PKEY) key = d2i_PUBKEY(NULL, &p, sizeof(der));
	struct tpm_public public;

	ck_fails(tpm_key_from_pkey(cx, key, &public), ERR_EV_UNSUPPORTED);
}
END_TEST

START_TEST(a_key_of_another_kind_is_refused)
{
	struct tpm_public public;

	ck_fails(tpm_key_from_pkey(cx, make_ed25519(cx), &public),
	    ERR_EV_UNSUPPORTED);
	ck_fails(tpm_key_from_pkey(cx, make_curve(cx, "secp256k1"), &public),
	    ERR_EV_UNSUPPORTED);
	ck_fails(tpm_key_from_pkey(cx, NULL, &public), ERR_EV_UNSUPPORTED);
}
END_TEST

static void
check_alike(EVP_PKEY *pkey)
{
	struct tpm_public a = { .type = 0 }, b = { .type = 0 };
	struct err e = tpm_key_from_pkey(cx, pkey, &a);

	ctx_forget(cx);
	ck_assert_int_eq(tpm_key_from_spki(cx, make_spki(cx, pkey), pkey,
	    &b).code, e.code);
	ctx_forget(cx);
	ck_assert_uint_eq(a.type, b.type);
	ck_assert_uint_eq(a.curve, b.curve);
	ck_assert_uint_eq(a.rsa_bits, b.rsa_bits);
	ck_assert_uint_eq(a.rsa_exponent, b.rsa_exponent);
	ck_assert(slice_equal(a.rsa_n, b.rsa_n));
	ck_assert(slice_equal(a.x, b.x) && slice_equal(a.y, b.y));
}

START_TEST(an_encoded_key_is_taken_as_the_decoded_one_is)
{
	static const char *const curves[] = {
		"P-256", "P-384", "P-521", "P-224", "secp256k1",
	};
	static const unsigned bits[] = { 1024, 2047, 2048, 3072 };
	AUTO(EVP_PKEY) key = rsa_with_exponent(3);

	for (size_t i = 0; i < COUNT_OF(curves); i++) {
		EVP_PKEY *point = make_curve(cx, curves[i]);

		check_alike(point);
		ck_assert_int_eq(EVP_PKEY_set_utf8_string_param(point,
		    OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"),
		    1);
		check_alike(point);
	}
	for (size_t i = 0; i < COUNT_OF(bits); i++)
		check_alike(make_rsa(cx, bits[i]));
	check_alike(key);
	check_alike(make_ed25519(cx));
}
END_TEST

/* --- signatures --------------------------------------------------------- */

static const char message[] = "message";

static struct err
check_signature(const struct tpm_public *key, EVP_PKEY *signer,
    uint16_t scheme, uint16_t hash, bool sha1_allowed)
{
	struct tpm_signature sig;

	ck_ok(tpm_signature_parse(cx, make_tpmt_signature(cx, signer, scheme,
	    hash, slice_text(message)), &sig));
	return tpm_key_verify(cx, key, &sig, slice_text(message),
	    sha1_allowed);
}

/* A key that leaves scheme and hash to who signs. */
static struct tpm_public
open_key(EVP_PKEY *pkey)
{
	struct tpm_public key = ak_of(pkey);

	key.scheme = (struct tpm_scheme){ .alg = TPM_NULL };
	return key;
}

START_TEST(a_signature_is_of_the_kind_of_its_key)
{
	EVP_PKEY *rsa = make_rsa(cx, 2048), *p256 = make_p256(cx);
	struct tpm_public key = open_key(rsa);

	ck_ok(check_signature(&key, rsa, TPM_RSASSA, TPM_SHA256, false));
	ck_ok(check_signature(&key, rsa, TPM_RSAPSS, TPM_SHA256, false));
	ck_fails(check_signature(&key, p256, TPM_ECDSA, TPM_SHA256, false),
	    ERR_EV_SIGNATURE);
}
END_TEST

START_TEST(a_signature_is_of_the_scheme_and_hash_of_its_key)
{
	EVP_PKEY *rsa = make_rsa(cx, 2048);
	struct tpm_public key = ak_of(rsa);

	ck_ok(check_signature(&key, rsa, TPM_RSASSA, TPM_SHA256, false));
	ck_fails(check_signature(&key, rsa, TPM_RSAPSS, TPM_SHA256, false),
	    ERR_EV_SIGNATURE);
	ck_fails(check_signature(&key, rsa, TPM_RSASSA, TPM_SHA384, false),
	    ERR_EV_SIGNATURE);
}
END_TEST

START_TEST(a_signature_over_sha1_needs_permission)
{
	EVP_PKEY *p256 = make_p256(cx);
	struct tpm_public key = open_key(p256);

	ck_fails(check_signature(&key, p256, TPM_ECDSA, TPM_SHA1, false),
	    ERR_EV_UNSUPPORTED);
	ck_ok(check_signature(&key, p256, TPM_ECDSA, TPM_SHA1, true));
}
END_TEST

/* OpenSSL signs with SM3 under no RSA key. */
START_TEST(a_hash_that_the_key_cannot_take_is_unsupported)
{
	struct tpm_public key = open_key(make_rsa(cx, 2048));
	struct tpm_signature sig = { .scheme = { TPM_RSASSA, TPM_SM3_256 },
		.rsa = key.rsa_n };

	ck_fails(tpm_key_verify(cx, &key, &sig, slice_text(message), false),
	    ERR_EV_UNSUPPORTED);
}
END_TEST

START_TEST(a_point_off_its_curve_verifies_nothing)
{
	EVP_PKEY *p256 = make_p256(cx);
	struct tpm_public key = ak_of(p256);
	uint8_t *y = arena_dup(cx->arena, key.y.p, key.y.n);

	ck_ok(check_signature(&key, p256, TPM_ECDSA, TPM_SHA256, false));
	y[31] ^= 1;
	key.y.p = y;
	ck_fails(check_signature(&key, p256, TPM_ECDSA, TPM_SHA256, false),
	    ERR_EV_PROPERTY);
}
END_TEST

START_TEST(another_message_is_not_what_was_signed)
{
	EVP_PKEY *p256 = make_p256(cx);
	struct tpm_public key = ak_of(p256);
	struct tpm_signature sig;

	ck_ok(tpm_signature_parse(cx, make_tpmt_signature(cx, p256, TPM_ECDSA,
	    TPM_SHA256, slice_text("another")), &sig));
	ck_fails(tpm_key_verify(cx, &key, &sig, slice_text(message), false),
	    ERR_EV_SIGNATURE);
}
END_TEST

/* --- what a key may be -------------------------------------------------- */

START_TEST(keys_of_1024_bits_are_refused_whatever_for)
{
	EVP_PKEY *weak = make_rsa(cx, 1024);
	struct make_public ak = make_ak_public(weak);
	struct make_public app = make_app_public(weak);
	struct tpm_public key = public_of(&ak);

	ck_fails(tpm_key_check_ak(cx, &key, false), ERR_EV_PROPERTY);
	key = public_of(&app);
	ck_fails(tpm_key_check_app(cx, &key), ERR_EV_PROPERTY);
}
END_TEST

START_TEST(keys_with_a_weak_modulus_are_refused_whatever_for)
{
	EVP_PKEY *weak = make_roca(cx);
	struct make_public ak = make_ak_public(weak);
	struct make_public app = make_app_public(weak);
	struct tpm_public key = public_of(&ak);

	ck_fails(tpm_key_check_ak(cx, &key, false), ERR_EV_PROPERTY);
	key = public_of(&app);
	ck_fails(tpm_key_check_app(cx, &key), ERR_EV_PROPERTY);
}
END_TEST

START_TEST(keys_named_by_sha1_are_refused_whatever_for)
{
	struct make_public ak = make_ak_public(make_p256(cx));
	struct make_public ek = make_ek_public(make_p256(cx));
	struct tpm_public key;
	struct slice name;

	ak.name_alg = ek.name_alg = TPM_SHA1;
	key = public_of(&ak);
	ck_fails(tpm_key_check_ak(cx, &key, true), ERR_EV_PROPERTY);
	ck_fails(tpm_key_name(cx, &key, &name), ERR_EV_UNSUPPORTED);
	key = public_of(&ek);
	ck_fails(tpm_key_check_ek(cx, &key), ERR_EV_PROPERTY);
}
END_TEST

START_TEST(an_ak_has_a_scheme_to_sign_by)
{
	struct tpm_public key = ak_of(make_p256(cx));

	ck_ok(tpm_key_check_ak(cx, &key, false));
	key.scheme.alg = TPM_ECDAA;
	ck_fails(tpm_key_check_ak(cx, &key, false), ERR_EV_PROPERTY);
	key.scheme = (struct tpm_scheme){ TPM_ECDSA, TPM_SHA1 };
	ck_fails(tpm_key_check_ak(cx, &key, false), ERR_EV_PROPERTY);
	ck_ok(tpm_key_check_ak(cx, &key, true));
}
END_TEST

START_TEST(an_ek_has_a_cipher_for_activation)
{
	struct make_public ek = make_ek_public(make_p256(cx));
	struct tpm_public key = public_of(&ek), other = key;

	ck_ok(tpm_key_check_ek(cx, &key));
	other.symmetric.alg = TPM_SM4;
	ck_fails(tpm_key_check_ek(cx, &other), ERR_EV_UNSUPPORTED);
	other = key;
	other.symmetric.mode = TPM_NULL;
	ck_fails(tpm_key_check_ek(cx, &other), ERR_EV_UNSUPPORTED);
	other = key;
	other.symmetric.bits = 192;
	ck_fails(tpm_key_check_ek(cx, &other), ERR_EV_UNSUPPORTED);
}
END_TEST

UNIT_MAIN("tpm_key",
    a_modulus_is_of_the_bits_it_says,
    an_rsa_key_is_of_2048_to_4096_bits_with_the_usual_exponent,
    a_point_is_on_a_curve_known_here,
    coordinates_are_no_longer_than_the_curves,
    a_secret_key_has_no_public_key,
    an_rsa_key_with_another_exponent_is_refused,
    an_rsa_modulus_of_another_size_is_refused,
    a_point_without_coordinates_is_refused,
    a_key_of_another_kind_is_refused,
    an_encoded_key_is_taken_as_the_decoded_one_is,
    a_signature_is_of_the_kind_of_its_key,
    a_signature_is_of_the_scheme_and_hash_of_its_key,
    a_signature_over_sha1_needs_permission,
    a_hash_that_the_key_cannot_take_is_unsupported,
    a_point_off_its_curve_verifies_nothing,
    another_message_is_not_what_was_signed,
    keys_of_1024_bits_are_refused_whatever_for,
    keys_with_a_weak_modulus_are_refused_whatever_for,
    keys_named_by_sha1_are_refused_whatever_for,
    an_ak_has_a_scheme_to_sign_by,
    an_ek_has_a_cipher_for_activation)
