/* SPDX-License-Identifier: Apache-2.0 */
/* The list of known anchors, its shape, and what it decides.  Its truth is
 * held against published certificates by tests/system/endorse.t. */
#include "tests/unit/unit.h"

#include <openssl/x509.h>

#include "base/text.h"
#include "cli/known.h"
#include "codec/json.h"
#include "pki/ossl.h"
#include "pki/pem.h"

static struct err
judge(struct slice der, const char *scheme, const char *pin, bool unlisted,
    struct known_verdict *out)
{
	const struct known_claim claim = { scheme, pin, unlisted };

	return known_judge(cx, der, &claim, out);
}

/* A root for a new key with one name, valid from two days ago. */
static struct slice
make_root_until(const char *cn, long from_now_s)
{
	AUTO(EVP_PKEY) key = EVP_EC_gen("P-256");
	AUTO(X509) x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);
	uint8_t *der = NULL;
	struct slice out;
	int n;

	ck_assert_int_eq(X509_set_version(x, 2), 1);
	ck_assert_int_eq(ASN1_INTEGER_set(X509_get_serialNumber(x), 1), 1);
	ck_assert_int_eq(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	    (const unsigned char *)cn, -1, -1, 0), 1);
	ck_assert_int_eq(X509_set_issuer_name(x, name), 1);
	ck_assert_ptr_nonnull(X509_gmtime_adj(X509_getm_notBefore(x),
	    -2 * 86400));
	ck_assert_ptr_nonnull(X509_gmtime_adj(X509_getm_notAfter(x),
	    from_now_s));
	ck_assert_int_eq(X509_set_pubkey(x, key), 1);
	ck_assert_int_gt(X509_sign(x, key, EVP_sha256()), 0);
	n = i2d_X509(x, &der);
	ck_assert_int_gt(n, 0);
	out = slice_dup(cx->arena, SLICE(der, (size_t)n));
	OPENSSL_free(der);
	return out;
}

static struct slice
make_root(const char *cn)
{
	return make_root_until(cn, 86400);
}

/* --- the list ----------------------------------------------------------- */

static void
check_schemes(const char *schemes)
{
	static const char *const all[] = {
		"tpm-ek", "sgx", "snp", "dice", "idevid", "android",
		"webauthn",
	};
	char *text = arena_strdup(cx->arena, schemes), *word;

	while ((word = strsep(&text, " ")) != NULL) {
		bool found = false;

		for (size_t i = 0; i < COUNT_OF(all); i++)
			found |= strcmp(all[i], word) == 0;
		ck_assert_msg(found, "%s is no scheme", word);
	}
}

START_TEST(every_row_has_its_shape_and_the_rows_are_sorted)
{
	size_t n;
	const struct known_anchor *rows = known_rows(&n);

	ck_assert_uint_gt(n, 30);
	for (size_t i = 0; i < n; i++) {
		const struct known_anchor *r = &rows[i];

		ck_assert_msg(text_is_name(r->name), "%s", r->name);
		ck_assert(i == 0 || strcmp(rows[i - 1].name, r->name) < 0);
		ck_assert_uint_eq(strspn(r->sha256, "0123456789abcdef"), 64);
		ck_assert_uint_eq(strlen(r->sha256), 64);
		ck_assert_uint_eq(strlen(r->last_day), 10);
		ck_assert_int_eq(strncmp(r->url, "https://", 8), 0);
		ck_assert_ptr_nonnull(strchr(r->subject, '='));
		ck_assert_str_ne(r->vendor, "");
		check_schemes(r->schemes);
		ck_assert_ptr_eq(known_named(r->name), r);
		ck_assert_ptr_eq(known_by_sha256(r->sha256), r);
	}
	ck_assert_ptr_null(known_named("nobody"));
}
END_TEST

/* --- what it decides ---------------------------------------------------- */

START_TEST(an_unknown_root_is_nobodys_business)
{
	struct known_verdict v;

	ck_ok(judge(make_root("Our own root"), "dice", NULL, false, &v));
	ck_assert_ptr_null(v.row);
	ck_assert_str_eq(v.scheme, "dice");
	ck_ok(judge(make_root("Our own root"), NULL, NULL, false, &v));
	ck_assert_ptr_null(v.scheme);
}
END_TEST

START_TEST(who_has_a_known_name_must_be_it)
{
	struct slice root = make_root("Yubico Attestation Root 1");
	struct known_verdict v;
	const char *pin;

	ck_fails(judge(root, "webauthn", NULL, false, &v), ERR_EV_MISMATCH);
	ck_assert_ptr_nonnull(strstr(cx->trail->note,
	    "yubico-attestation-1"));
	ck_ok(judge(root, "webauthn", NULL, true, &v));
	pin = arena_strdup(cx->arena, v.sha256);
	ck_ok(judge(root, "webauthn", pin, false, &v));
	ck_assert_ptr_null(v.row);
}
END_TEST

START_TEST(a_pin_is_the_certificates_fingerprint_however_it_is_written)
{
	struct slice root = make_root("Our own root");
	struct known_verdict v;
	struct buf b = buf_in(cx->arena, 200);
	char *pin;

	ck_ok(judge(root, NULL, NULL, false, &v));
	pin = arena_strdup(cx->arena, v.sha256);
	for (size_t i = 0; i < 64; i += 2)
		put_fmt(&b, "%s%c%c", i > 0 ? ":" : "", pin[i] >= 'a' ?
		    pin[i] - 32 : pin[i], pin[i + 1]);
	put_u8(&b, 0);
	ck_ok(judge(root, NULL, (const char *)b.p, false, &v));
	pin[63] = pin[63] == '0' ? '1' : '0';
	ck_fails(judge(root, NULL, pin, false, &v), ERR_EV_MISMATCH);
	ck_fails(judge(root, NULL, pin, true, &v), ERR_EV_MISMATCH);
	pin[63] = 'g';
	ck_fails(judge(root, NULL, pin, false, &v), ERR_PARAMETER);
	pin[63] = '\0';
	ck_fails(judge(root, NULL, pin, false, &v), ERR_PARAMETER);
	ck_fails(judge(root, NULL, arena_printf(cx->arena, "%s00", v.sha256),
	    false, &v), ERR_PARAMETER);
}
END_TEST

START_TEST(what_is_not_one_certificate_is_not_judged)
{
	struct slice root = make_root("Our own root");
	struct known_verdict v;

	ck_fails(judge(SLICE_NONE, NULL, NULL, false, &v), ERR_MALFORMED);
	ck_fails(judge(SLICE(root.p, root.n - 1), NULL, NULL, true, &v),
	    ERR_MALFORMED);
	ck_fails(judge(slice_text("no certificate"), NULL, NULL, true, &v),
	    ERR_MALFORMED);
}
END_TEST

START_TEST(a_known_root_vouches_for_what_it_may)
{
	ck_assert(known_vouches(known_named("intel-sgx"), "sgx"));
	ck_assert(!known_vouches(known_named("intel-sgx"), "sg"));
	ck_assert(known_vouches(known_named("google-android-2025"),
	    "webauthn"));
	ck_assert_str_eq(known_usual_scheme(cx,
	    known_named("google-android-2025")), "android");
}
END_TEST

START_TEST(a_root_that_is_past_its_end_is_told)
{
	struct known_verdict v;

	ck_ok(judge(make_root("Our own root"), NULL, NULL, false, &v));
	ck_assert(!v.ended);
	ck_ok(judge(make_root_until("Our own root", -86400), NULL, NULL,
	    false, &v));
	ck_assert(v.ended);
}
END_TEST

START_TEST(the_wanted_certificate_is_picked_from_what_came)
{
	struct slice one = make_root("One"), two = make_root("Two"), got;
	const char *pem_one = pem_text(cx->arena, PEM_CERTIFICATE, one);
	const char *pem_two = pem_text(cx->arena, PEM_CERTIFICATE, two);
	struct known_verdict v;
	const char *broken = "-----BEGIN CERTIFICATE-----\nnot it\n"
	    "-----END CERTIFICATE-----\n";
	json_t *array = json_keep(cx, json_pack("[s,i,s]", pem_one, 1,
	    pem_two));

	ck_ok(judge(two, NULL, NULL, false, &v));
	ck_ok(known_pick(cx, two, v.sha256, &got));
	ck_assert(slice_equal(got, two));
	ck_ok(known_pick(cx, slice_text(arena_printf(cx->arena,
	    "words\n%s%s%s", broken, pem_one, pem_two)), v.sha256, &got));
	ck_assert(slice_equal(got, two));
	ck_ok(known_pick(cx, json_text(cx, array), v.sha256, &got));
	ck_assert(slice_equal(got, two));
	ck_fails(known_pick(cx, one, v.sha256, &got), ERR_NOT_FOUND);
	ck_fails(known_pick(cx, slice_text(pem_one), v.sha256, &got),
	    ERR_NOT_FOUND);
	ck_fails(known_pick(cx, slice_text("<html>"), v.sha256, &got),
	    ERR_NOT_FOUND);
	ck_fails(known_pick(cx, SLICE_NONE, v.sha256, &got), ERR_NOT_FOUND);
	ck_fails(known_pick(cx, slice_text("-----BEGIN CERTIFICATE-----\n"),
	    v.sha256, &got), ERR_NOT_FOUND);
}
END_TEST

UNIT_MAIN("known", every_row_has_its_shape_and_the_rows_are_sorted,
    an_unknown_root_is_nobodys_business,
    who_has_a_known_name_must_be_it,
    a_pin_is_the_certificates_fingerprint_however_it_is_written,
    what_is_not_one_certificate_is_not_judged,
    a_known_root_vouches_for_what_it_may,
    a_root_that_is_past_its_end_is_told,
    the_wanted_certificate_is_picked_from_what_came)
