/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials are opened as TPM2_ActivateCredential does (Part 1, 24.5). */
#include "tests/unit/open_credential.h"

static struct slice
secret_of(size_t n)
{
	uint8_t *p = arena_alloc(cx->arena, n);

	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(i + 1);
	return SLICE(p, n);
}

static void
check_kind(EVP_PKEY *key, uint16_t name_alg, uint16_t aes_bits)
{
	struct make_public p = make_ek_public(key);
	struct slice name = make_name(cx, SLICE("ak", 2)), blob, encrypted;
	struct slice secret = secret_of(32), opened;
	struct tpm_public ek;

	p.name_alg = name_alg;
	p.aes_bits = aes_bits;
	ck_ok(tpm_public_parse(cx, make_tpmt_public(cx, &p), &ek));
	ck_ok(make_credential(cx, &ek, name, secret, &blob, &encrypted));
	opened = open_credential(key, &ek, name, blob, encrypted);
	ck_assert(slice_equal(opened, secret));
	/* A TPM without a key of that name refuses. */
	opened = open_credential(key, &ek, make_name(cx, SLICE("no", 2)), blob,
	    encrypted);
	ck_assert_uint_eq(opened.n, 0);
}

START_TEST(a_credential_opens_with_its_ek_and_name_only)
{
	check_kind(make_rsa(cx, 2048), TPM_SHA256, 128);
	check_kind(make_rsa(cx, 3072), TPM_SHA384, 256);
	check_kind(make_p256(cx), TPM_SHA256, 128);
	check_kind(make_curve(cx, "P-384"), TPM_SHA384, 256);
	check_kind(make_curve(cx, "P-521"), TPM_SHA512, 256);
}
END_TEST

START_TEST(ecc_credentials_open_whatever_leads_a_coordinate)
{
	/* One in 128 pairs has a zero byte in front of x or y. */
	for (int i = 0; i < 400; i++)
		check_kind(make_p256(cx), TPM_SHA256, 128);
}
END_TEST

START_TEST(two_credentials_never_share_a_seed)
{
	struct make_public p = make_ek_public(make_p256(cx));
	struct slice name = make_name(cx, SLICE("ak", 2)), a, b, ea, eb;
	struct tpm_public ek;

	ck_ok(tpm_public_parse(cx, make_tpmt_public(cx, &p), &ek));
	ck_ok(make_credential(cx, &ek, name, secret_of(32), &a, &ea));
	ck_ok(make_credential(cx, &ek, name, secret_of(32), &b, &eb));
	ck_assert(!slice_equal(a, b) && !slice_equal(ea, eb));
}
END_TEST

START_TEST(keys_that_are_no_eks_are_refused)
{
	struct make_public p = make_ek_public(make_p256(cx));
	struct slice name = make_name(cx, SLICE("ak", 2)), a, b;
	struct tpm_public ek;

	p.attributes |= TPM_SIGN;
	ck_ok(tpm_public_parse(cx, make_tpmt_public(cx, &p), &ek));
	ck_fails(make_credential(cx, &ek, name, secret_of(32), &a, &b),
	    ERR_EV_PROPERTY);
	p = make_ek_public(make_p256(cx));
	p.aes_bits = 0;
	ck_ok(tpm_public_parse(cx, make_tpmt_public(cx, &p), &ek));
	ck_fails(make_credential(cx, &ek, name, secret_of(32), &a, &b),
	    ERR_EV_UNSUPPORTED);
	p = make_ek_public(make_rsa(cx, 1024));
	ck_ok(tpm_public_parse(cx, make_tpmt_public(cx, &p), &ek));
	ck_fails(make_credential(cx, &ek, name, secret_of(32), &a, &b),
	    ERR_EV_PROPERTY);
}
END_TEST

static struct tpm_public
ek_of(EVP_PKEY *key)
{
	struct make_public p = make_ek_public(key);
	struct tpm_public ek;

	ck_ok(tpm_public_parse(cx, make_tpmt_public(cx, &p), &ek));
	return ek;
}

static void
check_refused(const struct tpm_public *ek, enum err_code code,
    const char *why)
{
	struct slice name = make_name(cx, SLICE("ak", 2)), a, b;

	ck_fails(make_credential(cx, ek, name, secret_of(32), &a, &b), code);
	ck_assert_ptr_nonnull(strstr(cx->trail->note, why));
}

START_TEST(each_fault_of_an_ek_is_named)
{
	struct tpm_public ek = ek_of(make_rsa(cx, 1024));
	uint8_t *n;

	check_refused(&ek, ERR_EV_PROPERTY, "RSA 1024 bits");
	ek = ek_of(make_p256(cx));
	ek.curve = 0x10;		/* TPM_ECC_BN_P256 */
	check_refused(&ek, ERR_EV_PROPERTY, "curve 0010");
	ek.type = TPM_KEYEDHASH;
	check_refused(&ek, ERR_EV_PROPERTY, "of type 0008");
	/* No RSA modulus is even. */
	ek = ek_of(make_rsa(cx, 2048));
	n = arena_dup(cx->arena, ek.rsa_n.p, ek.rsa_n.n);
	n[255] &= 0xfe;
	ek.rsa_n.p = n;
	check_refused(&ek, ERR_EV_UNSUPPORTED, "OAEP");
}
END_TEST

START_TEST(an_ephemeral_key_is_never_zero)
{
	static const uint8_t zero[32];
	struct credential_choice choice = { .scalar = SLICE_OF(zero) };
	struct slice name = make_name(cx, SLICE("ak", 2));
	struct tpm_public ek = ek_of(make_p256(cx));
	struct credential_steps steps;

	ck_fails(make_credential_steps(cx, &ek, name, secret_of(32), &choice,
	    &steps), ERR_INTERNAL);
}
END_TEST

START_TEST(an_ek_off_its_curve_is_refused)
{
	struct make_public p = make_ek_public(make_p256(cx));
	struct slice name = make_name(cx, SLICE("ak", 2)), a, b;
	struct tpm_public ek;
	uint8_t y[32];

	ck_ok(tpm_public_parse(cx, make_tpmt_public(cx, &p), &ek));
	memcpy(y, ek.y.p, 32);
	y[31] ^= 1;
	ek.y = SLICE_OF(y);
	ck_fails(make_credential(cx, &ek, name, secret_of(32), &a, &b),
	    ERR_EV_PROPERTY);
}
END_TEST

UNIT_MAIN("make_credential",
    a_credential_opens_with_its_ek_and_name_only,
    ecc_credentials_open_whatever_leads_a_coordinate,
    two_credentials_never_share_a_seed,
    keys_that_are_no_eks_are_refused,
    each_fault_of_an_ek_is_named,
    an_ephemeral_key_is_never_zero,
    an_ek_off_its_curve_is_refused)
