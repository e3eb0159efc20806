/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "codec/tpm.h"
#include "tests/unit/unit.h"

/* EK template L-2 with x = y = 01 .. 20 (hex). */
static const char ecc_ek[] =
    "0023000b000300b20020"
    "837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa"
    "00060080004300100003001000"
    "20" "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20"
    "0020" "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20";

/* A quote: two banks, one PCR each. */
#define QUOTE_START "ff54434780180003010203000401020304" \
    "0000000000000102" "00000003" "00000004" "01" "1122334455667788"
static const char quote[] = QUOTE_START
    "00000002" "000b03010000" "000403800001" "0002aabb";

static const char certify[] =
    "ff5443478017" "0000" "0001ff"
    "0000000000000102" "00000003" "00000004" "00" "1122334455667788"
    "0003000b01" "0003000b02";

static const char ecdsa[] = "0018000b00020102000103";
static const char rsassa[] = "0014000b0003010203";

static struct slice
unhex(const char *hex)
{
	struct slice s = SLICE_NONE;

	ck_assert(hex[0] == '\0' || text_unhex_any(cx->arena, hex, 4096, &s));
	return s;
}

static struct slice
edited(const char *hex, size_t at, const char *bytes)
{
	struct slice s = unhex(hex), b = unhex(bytes);
	uint8_t *p = arena_dup(cx->arena, s.p, s.n);

	ck_assert_uint_le(at + b.n, s.n);
	memcpy(p + at, b.p, b.n);
	return SLICE(p, s.n);
}

START_TEST(a_public_area_is_read_whole)
{
	struct tpm_public p;

	ck_ok(tpm_public_parse(cx, unhex(ecc_ek), &p));
	ck_assert_uint_eq(p.type, TPM_ECC);
	ck_assert_uint_eq(p.attributes, 0x000300b2);
	ck_assert_uint_eq(p.symmetric.alg, TPM_AES);
	ck_assert_uint_eq(p.symmetric.bits, 128);
	ck_assert_uint_eq(p.scheme.alg, TPM_NULL);
	ck_assert_uint_eq(p.curve, TPM_P256);
	ck_assert_uint_eq(p.x.n, 32);
	ck_assert_uint_eq(p.auth_policy.n, 32);
	ck_ok(tpm_public_parse(cx, unhex("0001000b00050072000000100014000b"
	    "0800" "00000000" "000101"), &p));
	ck_assert_uint_eq(p.rsa_exponent, 65537);
	ck_assert_uint_eq(p.scheme.hash, TPM_SHA256);
	ck_ok(tpm_public_parse(cx, unhex("0001000b00050072000000100015"
	    "0800" "00000003" "000101"), &p));
	ck_assert_uint_eq(p.rsa_exponent, 3);
	/* ECDAA has a count; keyed hashes and symmetric keys have a form. */
	ck_ok(tpm_public_parse(cx, unhex("0023000b0005007200000010001a000b0001"
	    "00030010000101000102"), &p));
	ck_ok(tpm_public_parse(cx, unhex("0008000b000400720000" "0005000b"
	    "000101"), &p));
	ck_ok(tpm_public_parse(cx, unhex("0008000b000400720000"
	    "000a000b0022000b" "000101"), &p));
	ck_ok(tpm_public_parse(cx, unhex("0025000b000200720000"
	    "000601000043" "000101"), &p));
}
END_TEST

START_TEST(unknown_algorithms_are_unsupported)
{
	struct tpm_public p;
	struct tpm_signature s;

	ck_fails(tpm_public_parse(cx, edited(ecc_ek, 0, "0099"), &p),
	    ERR_EV_UNSUPPORTED);
	ck_fails(tpm_public_parse(cx, edited(ecc_ek, 2, "0099"), &p),
	    ERR_EV_UNSUPPORTED);
	ck_fails(tpm_public_parse(cx, edited(ecc_ek, 42, "0099"), &p),
	    ERR_EV_UNSUPPORTED);
	/* A scheme of the other kind of key. */
	ck_fails(tpm_public_parse(cx, edited(ecc_ek, 48, "0014"), &p),
	    ERR_EV_UNSUPPORTED);
	ck_fails(tpm_public_parse(cx, edited(ecc_ek, 52, "0099"), &p),
	    ERR_EV_UNSUPPORTED);
	ck_fails(tpm_public_parse(cx, unhex("0008000b000400720000" "0099"
	    "000101"), &p), ERR_EV_UNSUPPORTED);
	ck_fails(tpm_signature_parse(cx, unhex("0010"), &s),
	    ERR_EV_UNSUPPORTED);
	ck_fails(tpm_signature_parse(cx, edited(ecdsa, 2, "0099"), &s),
	    ERR_EV_UNSUPPORTED);
}
END_TEST

START_TEST(reserved_attributes_are_refused)
{
	struct tpm_public p;

	ck_fails(tpm_public_parse(cx, edited(ecc_ek, 4, "000300b3"), &p),
	    ERR_EV_MALFORMED);
	ck_fails(tpm_public_parse(cx, edited(ecc_ek, 4, "800300b2"), &p),
	    ERR_EV_MALFORMED);
}
END_TEST

START_TEST(an_attestation_is_read_whole)
{
	struct tpm_attest a;

	ck_ok(tpm_attest_parse(cx, unhex(quote), &a));
	ck_assert_uint_eq(a.magic, TPM_GENERATED);
	ck_assert_uint_eq(a.type, TPM_ATTEST_QUOTE);
	ck_assert_uint_eq(a.clock_ms, 0x102);
	ck_assert_uint_eq(a.reset_count, 3);
	ck_assert_uint_eq(a.restart_count, 4);
	ck_assert(a.clock_safe);
	ck_assert_uint_eq(a.firmware_version, 0x1122334455667788);
	ck_assert_uint_eq(a.n_selections, 2);
	ck_assert_uint_eq(a.selections[0].hash, TPM_SHA256);
	ck_assert_uint_eq(a.selections[0].pcrs, 1);
	ck_assert_uint_eq(a.selections[1].pcrs, 0x10080);
	ck_assert_uint_eq(a.pcr_digest.n, 2);
	ck_ok(tpm_attest_parse(cx, unhex(certify), &a));
	ck_assert(!a.clock_safe);
	ck_assert_uint_eq(a.name.n, 3);
}
END_TEST

START_TEST(any_magic_and_type_are_told_as_they_are)
{
	struct tpm_attest a;

	ck_ok(tpm_attest_parse(cx, edited(quote, 0, "00000001"), &a));
	ck_assert_uint_eq(a.magic, 1);
	ck_assert_uint_eq(a.type, TPM_ATTEST_QUOTE);
	ck_ok(tpm_attest_parse(cx, edited(quote, 4, "8019"), &a));
	ck_assert_uint_eq(a.type, 0x8019);
	ck_assert_uint_eq(a.pcr_digest.n, 0);
}
END_TEST

START_TEST(selections_keep_to_their_limits)
{
	struct tpm_attest a;

	/* A size of 0 or 5, a count of 17, a flag that is neither. */
	ck_fails(tpm_attest_parse(cx, edited(quote, 48, "00"), &a),
	    ERR_EV_MALFORMED);
	ck_fails(tpm_attest_parse(cx, edited(quote, 48, "05"), &a),
	    ERR_EV_MALFORMED);
	ck_fails(tpm_attest_parse(cx, edited(quote, 42, "00000011"), &a),
	    ERR_EV_MALFORMED);
	ck_fails(tpm_attest_parse(cx, edited(quote, 42, "ffffffff"), &a),
	    ERR_EV_MALFORMED);
	/* Whatever follows the count: here, a digest of no bytes. */
	ck_fails(tpm_attest_parse(cx, unhex(QUOTE_START "00000011" "0000"),
	    &a), ERR_EV_MALFORMED);
	ck_fails(tpm_attest_parse(cx, edited(quote, 33, "02"), &a),
	    ERR_EV_MALFORMED);
}
END_TEST

START_TEST(signatures_are_read_by_their_scheme)
{
	struct tpm_signature s;

	ck_ok(tpm_signature_parse(cx, unhex(ecdsa), &s));
	ck_assert_uint_eq(s.r.n, 2);
	ck_assert_uint_eq(s.s.n, 1);
	ck_ok(tpm_signature_parse(cx, unhex(rsassa), &s));
	ck_assert_uint_eq(s.rsa.n, 3);
}
END_TEST

static void
check_cuts(const char *hex, struct err (*parse)(struct slice))
{
	struct slice s = unhex(hex);
	uint8_t *longer = arena_alloc(cx->arena, s.n + 1);

	memcpy(longer, s.p, s.n);
	ck_ok(parse(s));
	ck_fails(parse(SLICE(longer, s.n + 1)), ERR_EV_MALFORMED);
	for (size_t n = 0; n < s.n; n++)
		ck_assert(failed(parse(SLICE(s.p, n))));
}

static struct err
parse_public(struct slice s)
{
	struct tpm_public p;

	return tpm_public_parse(cx, s, &p);
}

static struct err
parse_attest(struct slice s)
{
	struct tpm_attest a;

	return tpm_attest_parse(cx, s, &a);
}

static struct err
parse_signature(struct slice s)
{
	struct tpm_signature g;

	return tpm_signature_parse(cx, s, &g);
}

static struct err
parse_credential(struct slice s)
{
	struct tpm_credential_file f;

	return tpm_credential_file_parse(cx, s, &f);
}

START_TEST(cuts_and_surplus_are_refused_everywhere)
{
	check_cuts(ecc_ek, parse_public);
	check_cuts(quote, parse_attest);
	check_cuts(certify, parse_attest);
	check_cuts(ecdsa, parse_signature);
	check_cuts(rsassa, parse_signature);
	check_cuts("badcc0de00000001" "0003010203" "00020405",
	    parse_credential);
	ck_fails(parse_credential(unhex("badcc0de00000002" "0001ff" "0001ff")),
	    ERR_EV_MALFORMED);
	ck_fails(parse_credential(unhex("badcc0df00000001" "0001ff" "0001ff")),
	    ERR_EV_MALFORMED);
}
END_TEST

START_TEST(lengths_are_not_believed)
{
	ck_fails(parse_public(edited(ecc_ek, 8, "ffff")), ERR_EV_MALFORMED);
	ck_fails(parse_public(edited(ecc_ek, 8, "0041")), ERR_EV_MALFORMED);
	ck_fails(parse_attest(edited(quote, 6, "ffff")), ERR_EV_MALFORMED);
	ck_fails(parse_signature(edited(rsassa, 4, "ffff")),
	    ERR_EV_MALFORMED);
}
END_TEST

START_TEST(hashes_are_known_by_name_and_size)
{
	ck_assert_uint_eq(tpm_digest_size(TPM_SHA384), 48);
	ck_assert_uint_eq(tpm_digest_size(TPM_AES), 0);
	ck_assert_str_eq(tpm_hash_name(TPM_SHA256), "sha256");
	ck_assert_ptr_null(tpm_hash_name(0));
	ck_assert_uint_eq(tpm_hash_find("sha512"), TPM_SHA512);
	ck_assert_uint_eq(tpm_hash_find("md5"), 0);
	ck_assert_uint_eq(tpm_curve_size(TPM_P521), 66);
	ck_assert_uint_eq(tpm_curve_size(0x20), 0);
}
END_TEST

UNIT_MAIN("tpm",
    a_public_area_is_read_whole,
    unknown_algorithms_are_unsupported,
    reserved_attributes_are_refused,
    an_attestation_is_read_whole,
    any_magic_and_type_are_told_as_they_are,
    selections_keep_to_their_limits,
    signatures_are_read_by_their_scheme,
    cuts_and_surplus_are_refused_everywhere,
    lengths_are_not_believed,
    hashes_are_known_by_name_and_size)
