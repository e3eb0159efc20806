/* SPDX-License-Identifier: Apache-2.0 */
/* COSE_Sign1 and COSE_Key (RFC 9052, RFC 9053).  Each check alone. */
#include "base/text.h"
#include "tests/make_psa.h"
#include "tests/make_tpm.h"
#include "tests/unit/unit.h"

static struct make_token t;

static struct err
read_bytes_of(struct slice token, struct cose_sign1 *out)
{
	return cose_sign1_read(cx, token, out);
}

static struct err
verify(void)
{
	struct cose_sign1 s;

	TRY(read_bytes_of(make_token(cx, &t), &s));
	return cose_sign1_verify(cx, &s, make_spki(cx, t.key));
}

START_TEST(each_algorithm_is_of_its_kind_of_key)
{
	EVP_PKEY *keys[] = {
		make_p256(cx), make_curve(cx, "P-384"),
		make_curve(cx, "P-521"), make_ed25519(cx),
	};
	static const int64_t algs[][2] = {
		{ -7, -9 }, { -35, -51 }, { -36, -52 }, { -8, -19 }
	};

	make_psa(cx, &t);
	for (size_t k = 0; k < COUNT_OF(keys); k++)
		for (size_t i = 0; i < COUNT_OF(algs); i++) {
			t.key = keys[k];
			t.alg = algs[i][0];
			if (i == k)
				ck_ok(verify());
			else
				ck_fails(verify(), ERR_EV_SIGNATURE);
		}
	/* RFC 9864's name for the same. */
	t.alg = -19;
	ck_ok(verify());
	t.key = keys[0];
	t.alg = -9;
	ck_ok(verify());
	t.key = make_rsa(cx, 2048);
	ck_fails(verify(), ERR_EV_SIGNATURE);
	/* Another curve of the same size. */
	t.key = make_curve(cx, "brainpoolP256r1");
	t.alg = -7;
	ck_fails(verify(), ERR_EV_SIGNATURE);
}
END_TEST

START_TEST(an_algorithm_that_is_not_known_is_unsupported)
{
	static const int64_t algs[] = { 0, 5, -37, -257, -65535 };

	make_psa(cx, &t);
	for (size_t i = 0; i < COUNT_OF(algs); i++) {
		t.alg = algs[i];
		ck_fails(verify(), ERR_EV_UNSUPPORTED);
	}
}
END_TEST

START_TEST(the_algorithm_stands_in_the_protected_header)
{
	make_psa(cx, &t);
	t.protected = SLICE("", 0);
	ck_fails(verify(), ERR_EV_MALFORMED);
	t.protected = SLICE("\xa0", 1);
	ck_fails(verify(), ERR_EV_MALFORMED);
	t.unprotected = SLICE("\xa1\x01\x26", 3);
	ck_fails(verify(), ERR_EV_MALFORMED);
	t.protected = SLICE("\xa1\x01\x65" "ES256", 8);
	ck_fails(verify(), ERR_EV_MALFORMED);
	t.protected = SLICE("\x80", 1);
	ck_fails(verify(), ERR_EV_MALFORMED);
	t.protected = SLICE("\xa1\x01\x26\x00", 4);
	ck_fails(verify(), ERR_EV_MALFORMED);
	ck_assert_ptr_nonnull(strstr(cx->trail->note, "follow"));
}
END_TEST

START_TEST(a_label_stands_in_one_header)
{
	make_psa(cx, &t);
	t.unprotected = SLICE("\xa1\x04\x41\x01", 4);
	ck_ok(verify());
	t.unprotected = SLICE("\xa1\x01\x26", 3);
	ck_fails(verify(), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(critical_headers_are_refused)
{
	make_psa(cx, &t);
	t.protected = SLICE("\xa2\x01\x26\x02\x81\x04", 6);
	ck_fails(verify(), ERR_EV_UNSUPPORTED);
	t.protected = SLICE_NONE;
	t.unprotected = SLICE("\xa1\x02\x81\x04", 4);
	ck_fails(verify(), ERR_EV_UNSUPPORTED);
}
END_TEST

START_TEST(a_message_is_tagged_and_of_four_parts)
{
	static const char *const bad[] = {
		"d284", "d280", "d283430a012640f6", "d28440a04041", "d2a0",
		"d28400a04040", "d28440804040", "d28440a00040",
		"d28440a04000", "d28540a0404040",
	};
	struct cose_sign1 s;
	struct slice bytes;

	make_psa(cx, &t);
	t.tag = 0;
	ck_fails(verify(), ERR_EV_UNSUPPORTED);
	t.tag = 17;
	ck_fails(verify(), ERR_EV_UNSUPPORTED);
	t.tag = 98;
	ck_fails(verify(), ERR_EV_UNSUPPORTED);
	t.tag = COSE_TAG_SIGN1;
	t.detached = true;
	ck_fails(verify(), ERR_EV_MALFORMED);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		ck_assert(text_unhex_any(cx->arena, bad[i], 64, &bytes));
		ck_fails(cose_sign1_read(cx, bytes, &s), ERR_EV_MALFORMED);
		ck_assert_ptr_null(strstr(cx->trail->note, "is missing"));
	}
}
END_TEST

START_TEST(a_signature_is_raw_and_of_its_context)
{
	make_psa(cx, &t);
	t.der_signature = true;
	ck_fails(verify(), ERR_EV_SIGNATURE);
	make_psa(cx, &t);
	t.wide_signature = true;
	ck_fails(verify(), ERR_EV_SIGNATURE);
	make_psa(cx, &t);
	t.context = "CounterSignature";
	ck_fails(verify(), ERR_EV_SIGNATURE);
}
END_TEST

START_TEST(a_key_that_is_none_verifies_nothing)
{
	struct cose_sign1 s;
	struct slice spki, longer;

	make_psa(cx, &t);
	spki = make_spki(cx, t.key);
	longer = SLICE(arena_alloc(cx->arena, spki.n + 1), spki.n + 1);
	memcpy((uint8_t *)(uintptr_t)longer.p, spki.p, spki.n);
	ck_ok(cose_sign1_read(cx, make_token(cx, &t), &s));
	ck_fails(cose_sign1_verify(cx, &s, longer), ERR_EV_PROPERTY);
	ck_fails(cose_sign1_verify(cx, &s, SLICE(spki.p, spki.n - 1)),
	    ERR_EV_PROPERTY);
	ck_fails(cose_sign1_verify(cx, &s, SLICE_NONE), ERR_EV_PROPERTY);
}
END_TEST

/* --- keys ----------------------------------------------------------------- */

static struct err
key_of(const char *hex, struct slice *out)
{
	struct slice bytes;
	struct cbor map;

	ck_assert(text_unhex_any(cx->arena, hex, 1024, &bytes));
	ck_ok(cbor_parse(cx, bytes, 0, &map));
	return cose_key_spki(cx, &map, out);
}

START_TEST(ec_keys_come_out_as_certificates_have_them)
{
	static const char *const groups[] = { "P-256", "P-384", "P-521" };

	for (size_t i = 0; i < COUNT_OF(groups); i++) {
		EVP_PKEY *key = make_curve(cx, groups[i]);
		struct slice spki;
		struct cbor map;

		ck_ok(cbor_parse(cx, make_cose_key(cx, key, false), 0, &map));
		ck_ok(cose_key_spki(cx, &map, &spki));
		ck_assert(slice_equal(spki, make_spki(cx, key)));
		ck_ok(cose_point_spki(cx, make_point(cx, key), &spki));
		ck_assert(slice_equal(spki, make_spki(cx, key)));
	}
}
END_TEST

START_TEST(an_ed25519_key_comes_out_as_certificates_have_it)
{
	EVP_PKEY *key = make_ed25519(cx);
	struct slice want = make_spki(cx, key), spki;
	char *x = text_hex(cx->arena, SLICE(want.p + want.n - 32, 32));

	ck_ok(key_of(arena_printf(cx->arena, "a3010120062158" "20%s", x),
	    &spki));
	ck_assert(slice_equal(spki, want));
	ck_fails(key_of(arena_printf(cx->arena, "a3010120072158" "20%s", x),
	    &spki), ERR_EV_UNSUPPORTED);
	ck_fails(key_of(arena_printf(cx->arena, "a40101200621582" "0%s2340",
	    x), &spki), ERR_EV_MALFORMED);
	ck_fails(key_of("a301012006214101", &spki), ERR_EV_MALFORMED);
	ck_fails(key_of("a2010120f6", &spki), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(an_rsa_key_comes_out_as_certificates_have_it)
{
	EVP_PKEY *key = make_rsa(cx, 2048);
	struct slice spki;
	AUTO(BIGNUM) n = NULL;
	uint8_t bytes[256];
	char *hex;

	ck_assert_int_eq(EVP_PKEY_get_bn_param(key, "n", &n), 1);
	ck_assert_int_eq(BN_bn2binpad(n, bytes, 256), 256);
	hex = text_hex(cx->arena, SLICE_OF(bytes));
	ck_ok(key_of(arena_printf(cx->arena, "a3010320590100%s2143010001",
	    hex), &spki));
	ck_assert(slice_equal(spki, make_spki(cx, key)));
	ck_fails(key_of(arena_printf(cx->arena, "a3010320590100%s214103",
	    hex), &spki), ERR_EV_PROPERTY);
	ck_fails(key_of(arena_printf(cx->arena,
	    "a4010320590100%s21430100012240", hex), &spki),
	    ERR_EV_MALFORMED);
	ck_fails(key_of("a301032041ff2143010001", &spki), ERR_EV_PROPERTY);
	ck_fails(key_of("a2010320f6", &spki), ERR_EV_MALFORMED);
}
END_TEST

START_TEST(keys_of_another_form_are_refused)
{
	struct slice spki, point;
	uint8_t *p;

	ck_fails(key_of("a0", &spki), ERR_EV_MALFORMED);
	ck_fails(key_of("80", &spki), ERR_EV_MALFORMED);
	ck_fails(key_of("a10104", &spki), ERR_EV_UNSUPPORTED);
	ck_fails(key_of("a201022008", &spki), ERR_EV_MALFORMED);
	/* Coordinates too short, compressed. */
	ck_fails(key_of("a4010220012141012241" "01", &spki),
	    ERR_EV_MALFORMED);
	ck_fails(key_of(arena_printf(cx->arena, "a4010220012158" "20%064d"
	    "22f5", 1), &spki), ERR_EV_MALFORMED);
	point = make_point(cx, make_p256(cx));
	p = arena_dup(cx->arena, point.p, point.n);
	ck_fails(cose_point_spki(cx, SLICE(p, point.n - 1), &spki),
	    ERR_EV_MALFORMED);
	p[0] = 2;
	ck_fails(cose_point_spki(cx, SLICE(p, point.n), &spki),
	    ERR_EV_MALFORMED);
}
END_TEST

UNIT_MAIN("cose",
    each_algorithm_is_of_its_kind_of_key,
    an_algorithm_that_is_not_known_is_unsupported,
    the_algorithm_stands_in_the_protected_header,
    a_label_stands_in_one_header,
    critical_headers_are_refused,
    a_message_is_tagged_and_of_four_parts,
    a_signature_is_raw_and_of_its_context,
    a_key_that_is_none_verifies_nothing,
    ec_keys_come_out_as_certificates_have_them,
    an_ed25519_key_comes_out_as_certificates_have_it,
    an_rsa_key_comes_out_as_certificates_have_it,
    keys_of_another_form_are_refused)
