/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "codec/der.h"
#include "pki/csr.h"
#include "pki/oid.h"

static EVP_PKEY *
new_key(const char *kind)
{
	EVP_PKEY *pkey;

	if (strncmp(kind, "RSA", 3) == 0)
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA",
		    (size_t)(strcmp(kind, "RSA1024") == 0 ? 1024 : 2048));
	else if (strcmp(kind, "ED25519") == 0)
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	else
		pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind);
	ck_assert_ptr_nonnull(pkey);
	return pkey;
}

/* A request as OpenSSL's own tools make it. */
static struct slice
request_by(EVP_PKEY *pkey, EVP_PKEY *signer, const char *digest)
{
	X509_REQ *req = X509_REQ_new();
	X509_NAME *name = X509_REQ_get_subject_name(req);
	uint8_t *der = NULL;
	struct slice out;
	int n;

	ck_assert_int_eq(X509_NAME_add_entry_by_txt(name, "CN",
	    MBSTRING_UTF8, (const unsigned char *)"any", -1, -1, 0), 1);
	ck_assert_int_eq(X509_REQ_set_version(req, 0), 1);
	ck_assert_int_eq(X509_REQ_set_pubkey(req, pkey), 1);
	ck_assert_int_gt(X509_REQ_sign(req, signer, digest != NULL ?
	    EVP_get_digestbyname(digest) : NULL), 0);
	n = i2d_X509_REQ(req, &der);
	ck_assert_int_gt(n, 0);
	out = slice_dup(cx->arena, SLICE(der, (size_t)n));
	OPENSSL_free(der);
	X509_REQ_free(req);
	return out;
}

static struct slice
request(const char *kind, const char *digest)
{
	EVP_PKEY *pkey = new_key(kind);
	struct slice der = request_by(pkey, pkey, digest);

	EVP_PKEY_free(pkey);
	return der;
}

START_TEST(requests_of_every_accepted_kind_are_read)
{
	static const struct {
		const char *kind, *digest;
		enum key_kind want;
		unsigned bits;
	} cases[] = {
		{ "P-256", "SHA256", KEY_P256, 256 },
		{ "P-256", "SHA384", KEY_P256, 256 },
		{ "P-384", "SHA256", KEY_P384, 384 },
		{ "P-384", "SHA384", KEY_P384, 384 },
		{ "P-384", "SHA512", KEY_P384, 384 },
		{ "ED25519", NULL, KEY_ED25519, 256 },
		{ "RSA2048", "SHA256", KEY_RSA, 2048 },
		{ "RSA2048", "SHA512", KEY_RSA, 2048 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct slice der = request(cases[i].kind, cases[i].digest);
		struct csr csr;

		ck_ok(csr_parse(cx, der, &csr));
		ck_assert_uint_eq(csr.key.kind, cases[i].want);
		ck_assert_uint_eq(csr.key.bits, cases[i].bits);
		ck_assert_ptr_eq(csr.der.p, der.p);
	}
}
END_TEST

START_TEST(keys_of_other_kinds_are_refused)
{
	static const char *const kinds[] = {
		"P-224", "P-521", "secp256k1", "RSA1024",
	};
	struct csr csr;

	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		ck_fails(csr_parse(cx, request(kinds[i], "SHA256"), &csr),
		    ERR_CSR_KEY);
}
END_TEST

START_TEST(a_request_signed_with_sha1_is_refused)
{
	struct csr csr;

	ck_fails(csr_parse(cx, request("P-256", "SHA1"), &csr),
	    ERR_CSR_SIGNATURE);
}
END_TEST

START_TEST(a_request_signed_by_another_key_is_refused)
{
	EVP_PKEY *mine = new_key("P-256"), *other = new_key("P-256");
	struct csr csr;

	ck_fails(csr_parse(cx, request_by(mine, other, "SHA256"), &csr),
	    ERR_CSR_SIGNATURE);
	EVP_PKEY_free(mine);
	EVP_PKEY_free(other);
}
END_TEST

START_TEST(a_request_with_any_bit_changed_is_refused)
{
	struct slice der = request("P-256", "SHA256");
	struct csr csr;

	for (size_t bit = 0; bit < 8 * der.n; bit++) {
		uint8_t *copy = arena_dup(cx->arena, der.p, der.n);

		copy[bit / 8] = (uint8_t)(copy[bit / 8] ^ 1u << bit % 8);
		ck_assert_msg(failed(csr_parse(cx, SLICE(copy, der.n),
		    &csr)), "bit %zu", bit);
	}
}
END_TEST

START_TEST(a_request_cut_at_any_length_is_malformed)
{
	struct slice der = request("ED25519", NULL);
	struct csr csr;

	for (size_t n = 0; n < der.n; n++) {
		/* An allocation of that size: reading past it is seen. */
		uint8_t *copy = malloc(n > 0 ? n : 1);

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, der.p, n);
		ck_fails(csr_parse(cx, SLICE(copy, n), &csr),
		    ERR_CSR_MALFORMED);
		free(copy);
	}
}
END_TEST

START_TEST(a_trailing_byte_is_refused)
{
	struct slice der = request("P-256", "SHA256");
	uint8_t *longer = arena_alloc(cx->arena, der.n + 1);
	struct csr csr;

	memcpy(longer, der.p, der.n);
	ck_fails(csr_parse(cx, SLICE(longer, der.n + 1), &csr),
	    ERR_CSR_MALFORMED);
}
END_TEST

START_TEST(a_request_larger_than_the_limit_is_refused)
{
	uint8_t *big = arena_alloc(cx->arena, CSR_MAX + 1);
	struct csr csr;

	ck_fails(csr_parse(cx, SLICE(big, CSR_MAX + 1), &csr),
	    ERR_CSR_MALFORMED);
}
END_TEST

/* SPKI of an EC key with these point bytes on P-256. */
static struct slice
ec_spki(struct slice point)
{
	struct buf b = buf_in(cx->arena, 256);
	size_t outer = der_open(&b, DER_SEQUENCE);
	size_t algorithm = der_open(&b, DER_SEQUENCE);

	der_put_oid(&b, OID(OID_EC_PUBLIC_KEY));
	der_put_oid(&b, OID(OID_P256));
	der_close(&b, algorithm);
	der_put_bits(&b, point);
	der_close(&b, outer);
	return buf_slice(&b);
}

START_TEST(a_point_off_the_curve_or_compressed_or_at_infinity_is_refused)
{
	uint8_t point[65] = { 0x04 };
	struct key key;

	point[32] = 1;
	point[64] = 1;
	ck_fails(key_parse(cx, ec_spki(SLICE_OF(point)), &key), ERR_CSR_KEY);
	point[0] = 0x02;
	ck_fails(key_parse(cx, ec_spki(SLICE(point, 33)), &key), ERR_CSR_KEY);
	point[0] = 0x00;
	ck_fails(key_parse(cx, ec_spki(SLICE(point, 1)), &key), ERR_CSR_KEY);
	memset(point, 0xff, sizeof(point));
	point[0] = 0x04;	/* coordinates not below the prime */
	ck_fails(key_parse(cx, ec_spki(SLICE_OF(point)), &key), ERR_CSR_KEY);
}
END_TEST

static struct slice
rsa_spki(const uint8_t *modulus, size_t n, uint64_t e)
{
	struct buf b = buf_in(cx->arena, 2048), k = buf_in(cx->arena, 2048);
	size_t seq = der_open(&k, DER_SEQUENCE), outer, algorithm;

	der_put_unsigned(&k, SLICE(modulus, n));
	der_put_uint(&k, e);
	der_close(&k, seq);
	outer = der_open(&b, DER_SEQUENCE);
	algorithm = der_open(&b, DER_SEQUENCE);
	der_put_oid(&b, OID(OID_RSA));
	der_put_null(&b);
	der_close(&b, algorithm);
	der_put_bits(&b, buf_slice(&k));
	der_close(&b, outer);
	return buf_slice(&b);
}

START_TEST(rsa_keys_of_odd_sizes_and_exponents_are_refused)
{
	uint8_t modulus[513];
	struct key key;

	memset(modulus, 0xab, sizeof(modulus));
	ck_ok(key_parse(cx, rsa_spki(modulus, 256, 65537), &key));
	ck_assert_uint_eq(key.bits, 2048);
	ck_ok(key_parse(cx, rsa_spki(modulus, 512, 65537), &key));
	ck_fails(key_parse(cx, rsa_spki(modulus, 256, 3), &key), ERR_CSR_KEY);
	ck_fails(key_parse(cx, rsa_spki(modulus, 255, 65537), &key),
	    ERR_CSR_KEY);
	ck_fails(key_parse(cx, rsa_spki(modulus, 513, 65537), &key),
	    ERR_CSR_KEY);
	modulus[255] = 0xaa;
	ck_fails(key_parse(cx, rsa_spki(modulus, 256, 65537), &key),
	    ERR_CSR_KEY);
}
END_TEST

START_TEST(the_key_identifier_is_that_of_rfc_7093)
{
	struct slice der = request("P-256", "SHA256");
	uint8_t id[KEY_ID_SIZE], digest[32];
	struct csr csr;

	ck_ok(csr_parse(cx, der, &csr));
	key_id(&csr.key, id);
	ck_assert_int_eq(crypto_hash_sha256(digest, csr.key.bytes.p, 65), 0);
	ck_assert_mem_eq(id, digest, sizeof(id));
}
END_TEST

UNIT_MAIN("csr",
    requests_of_every_accepted_kind_are_read,
    keys_of_other_kinds_are_refused,
    a_request_signed_with_sha1_is_refused,
    a_request_signed_by_another_key_is_refused,
    a_request_with_any_bit_changed_is_refused,
    a_request_cut_at_any_length_is_malformed,
    a_trailing_byte_is_refused,
    a_request_larger_than_the_limit_is_refused,
    a_point_off_the_curve_or_compressed_or_at_infinity_is_refused,
    rsa_keys_of_odd_sizes_and_exponents_are_refused,
    the_key_identifier_is_that_of_rfc_7093)
