/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/tpm_key.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "attest/chain.h"
#include "attest/pubkey.h"
#include "codec/der.h"

#define RSA_E		65537u
#define ROCA_PRIMES	17u
#define IN_TPM (TPM_FIXED_TPM | TPM_FIXED_PARENT | TPM_SENSITIVE_ORIGIN)

/* OIDs as DER contents (RFC 3279, RFC 5480). */
static const uint8_t oid_rsa[] = {
	0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01
};
static const uint8_t oid_ec[] = {
	0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01
};
static const uint8_t oid_p256[] = {
	0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07
};
static const uint8_t oid_p384[] = { 0x2b, 0x81, 0x04, 0x00, 0x22 };
static const uint8_t oid_p521[] = { 0x2b, 0x81, 0x04, 0x00, 0x23 };

static const struct {
	uint16_t	 curve;
	const char	*group;
	struct slice	 oid;
} curves[] = {
	{ TPM_P256, "prime256v1", { oid_p256, sizeof(oid_p256) } },
	{ TPM_P384, "secp384r1", { oid_p384, sizeof(oid_p384) } },
	{ TPM_P521, "secp521r1", { oid_p521, sizeof(oid_p521) } },
};

const EVP_MD *
tpm_key_md(uint16_t hash)
{
	static const struct { uint16_t hash; const EVP_MD *(*md)(void); } mds[] = {
		{ TPM_SHA1, ossl_sha1 }, { TPM_SHA256, ossl_sha256 },
		{ TPM_SHA384, ossl_sha384 }, { TPM_SHA512, ossl_sha512 },
		{ TPM_SM3_256, EVP_sm3 }, { TPM_SHA3_256, EVP_sha3_256 },
		{ TPM_SHA3_384, EVP_sha3_384 }, { TPM_SHA3_512, EVP_sha3_512 },
	};

	for (size_t i = 0; i < COUNT_OF(mds); i++)
		if (mds[i].hash == hash)
			return mds[i].md();
	return NULL;
}

struct slice
tpm_key_hash(struct ctx *cx, uint16_t hash, const struct slice *parts,
    size_t n_parts)
{
	AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();
	uint8_t *digest = arena_alloc(cx->arena, EVP_MAX_MD_SIZE);
	unsigned n = 0;

	ASSERT(md != NULL && tpm_key_md(hash) != NULL);
	ASSERT(EVP_DigestInit_ex(md, tpm_key_md(hash), NULL) == 1);
	for (size_t i = 0; i < n_parts; i++)
		ASSERT(EVP_DigestUpdate(md, parts[i].p, parts[i].n) == 1);
	ASSERT(EVP_DigestFinal_ex(md, digest, &n) == 1);
	return SLICE(digest, n);
}

/* What an object may be named by, and an attestation signed over. */
static bool
hash_is_strong(uint16_t hash)
{
	return hash != TPM_SHA1 && tpm_key_md(hash) != NULL;
}

struct err
tpm_key_name(struct ctx *cx, const struct tpm_public *key, struct slice *out)
{
	struct buf name = buf_in(cx->arena, TPM_NAME_MAX);

	if (!hash_is_strong(key->name_alg))
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED, "nameAlg %04x",
		    key->name_alg);
	put_be16(&name, key->name_alg);
	put_bytes(&name, tpm_key_hash(cx, key->name_alg, &key->bytes, 1));
	ASSERT(!name.bad);
	*out = buf_slice(&name);
	return OK;
}

static void
put_padded(struct buf *b, struct slice number, size_t size)
{
	static const uint8_t zeros[TPM_ECC_MAX];

	ASSERT(number.n <= size && size <= sizeof(zeros));
	put_bytes(b, SLICE(zeros, size - number.n));
	put_bytes(b, number);
}

static struct err
check_rsa(struct ctx *cx, const struct tpm_public *key)
{
	if (key->rsa_bits < TPM_KEY_RSA_BITS_MIN ||
	    key->rsa_bits > 8 * TPM_RSA_MAX || key->rsa_exponent != RSA_E)
		return FAIL_TELL(cx, ERR_EV_PROPERTY, "RSA %u bits, e %u",
		    key->rsa_bits, key->rsa_exponent);
	if (key->rsa_n.n * 8 != key->rsa_bits || key->rsa_n.p[0] < 0x80)
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "RSA modulus is not of its %u bits", key->rsa_bits);
	return OK;
}

static struct err
check_ecc(struct ctx *cx, const struct tpm_public *key)
{
	size_t size = tpm_curve_size(key->curve);

	if (size == 0)
		return FAIL_TELL(cx, ERR_EV_PROPERTY, "curve %04x",
		    key->curve);
	if (key->x.n > size || key->y.n > size)
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "coordinates longer than the curve's");
	return OK;
}

static void
put_rsa_key(struct buf *b, const struct tpm_public *key)
{
	struct buf inner = buf_in(b->arena, TPM_KEY_SPKI_MAX);
	size_t spki = der_open(b, DER_SEQUENCE);
	size_t at = der_open(b, DER_SEQUENCE);

	der_put_oid(b, SLICE_OF(oid_rsa));
	der_put_null(b);
	der_close(b, at);
	at = der_open(&inner, DER_SEQUENCE);
	der_put_unsigned(&inner, key->rsa_n);
	der_put_uint(&inner, key->rsa_exponent);
	der_close(&inner, at);
	der_put_bits(b, buf_slice(&inner));
	der_close(b, spki);
}

static void
put_ecc_key(struct buf *b, const struct tpm_public *key)
{
	struct buf point = buf_in(b->arena, 1 + 2 * TPM_ECC_MAX);
	size_t spki = der_open(b, DER_SEQUENCE);
	size_t at = der_open(b, DER_SEQUENCE);

	der_put_oid(b, SLICE_OF(oid_ec));
	for (size_t i = 0; i < COUNT_OF(curves); i++)
		if (curves[i].curve == key->curve)
			der_put_oid(b, curves[i].oid);
	der_close(b, at);
	put_u8(&point, 4);
	put_padded(&point, key->x, tpm_curve_size(key->curve));
	put_padded(&point, key->y, tpm_curve_size(key->curve));
	der_put_bits(b, buf_slice(&point));
	der_close(b, spki);
}

struct err
tpm_key_spki(struct ctx *cx, const struct tpm_public *key, struct slice *out)
{
	struct buf b = buf_in(cx->arena, TPM_KEY_SPKI_MAX);

	if (key->type == TPM_RSA) {
		TRY(check_rsa(cx, key));
		put_rsa_key(&b, key);
	} else if (key->type == TPM_ECC) {
		TRY(check_ecc(cx, key));
		put_ecc_key(&b, key);
	} else {
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "key of type %04x is no asymmetric key", key->type);
	}
	ASSERT(!b.bad);
	*out = buf_slice(&b);
	return OK;
}

static struct err
number_of(struct ctx *cx, const EVP_PKEY *pkey, const char *name,
    struct slice *out)
{
	AUTO(BIGNUM) number = NULL;
	uint8_t *bytes;
	int n;

	if (EVP_PKEY_get_bn_param(pkey, name, &number) != 1)
		return OSSL_FAIL(cx, ERR_EV_UNSUPPORTED, "key without %s",
		    name);
	n = BN_num_bytes(number);
	bytes = arena_alloc(cx->arena, (size_t)n);
	ASSERT(BN_bn2bin(number, bytes) == n);
	*out = SLICE(bytes, (size_t)n);
	return OK;
}

static struct err
from_rsa(struct ctx *cx, const EVP_PKEY *pkey, struct tpm_public *out)
{
	struct slice e;

	out->type = TPM_RSA;
	/* mutate: not reachable: an RSA key has a modulus. */
	TRY(number_of(cx, pkey, OSSL_PKEY_PARAM_RSA_N, &out->rsa_n));
	/* mutate: not reachable: an RSA key has an exponent. */
	TRY(number_of(cx, pkey, OSSL_PKEY_PARAM_RSA_E, &e));
	if (e.n != 3 || memcmp(e.p, "\x01\x00\x01", 3) != 0)
		return FAIL_TELL(cx, ERR_EV_PROPERTY, "RSA e is not 65537");
	out->rsa_exponent = RSA_E;
	/* A modulus too long for that is not of its bits. */
	out->rsa_bits = (uint16_t)(8 * out->rsa_n.n);
	return check_rsa(cx, out);
}

static struct err
from_ecc(struct ctx *cx, const EVP_PKEY *pkey, struct tpm_public *out)
{
	char group[32] = "";	/* stays so where the curve has no name */
	size_t n;

	out->type = TPM_ECC;
	(void)EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME,
	    group, sizeof(group), &n);
	for (size_t i = 0; i < COUNT_OF(curves); i++)
		if (strcmp(curves[i].group, group) == 0)
			out->curve = curves[i].curve;
	if (out->curve == 0)
		return FAIL_TELL(cx, ossl_code(ERR_EV_UNSUPPORTED), "curve %s",
		    group);
	/* mutate: not reachable: a point without X has no Y, refused next. */
	TRY(number_of(cx, pkey, OSSL_PKEY_PARAM_EC_PUB_X, &out->x));
	return number_of(cx, pkey, OSSL_PKEY_PARAM_EC_PUB_Y, &out->y);
}

struct err
tpm_key_from_pkey(struct ctx *cx, const EVP_PKEY *pkey,
    struct tpm_public *out)
{
	struct tpm_public key = { .type = 0 };

	if (pkey != NULL && EVP_PKEY_is_a(pkey, "RSA"))
		TRY(from_rsa(cx, pkey, &key));
	else if (pkey != NULL && EVP_PKEY_is_a(pkey, "EC"))
		TRY(from_ecc(cx, pkey, &key));
	else
		return FAIL_TELL(cx, ossl_code(ERR_EV_UNSUPPORTED),
		    "neither an RSA nor a NIST curve key");
	*out = key;
	return OK;
}

static struct slice
without_zeros(struct slice number)
{
	while (number.n > 0 && number.p[0] == 0)
		number = SLICE(number.p + 1, number.n - 1);
	return number;
}

/* An uncompressed point of a curve that is named. */
static bool
read_point(struct slice oid, struct slice bits, struct tpm_public *out)
{
	for (size_t i = 0; i < COUNT_OF(curves); i++) {
		size_t size = tpm_curve_size(curves[i].curve);

		if (!slice_equal(curves[i].oid, oid))
			continue;
		*out = (struct tpm_public){ .type = TPM_ECC,
		    .curve = curves[i].curve };
		if (bits.n != 1 + 2 * size || bits.p[0] != 4)
			return false;
		out->x = without_zeros(SLICE(bits.p + 1, size));
		out->y = without_zeros(SLICE(bits.p + 1 + size, size));
		return true;
	}
	return false;
}

/* RSAPublicKey (RFC 8017, A.1.1) with the one exponent that is taken. */
static bool
read_modulus(struct slice bits, struct tpm_public *out)
{
	struct reader r = reader_of(bits), pair = der_enter(&r, DER_SEQUENCE);
	struct slice n = der_read_unsigned(&pair);
	uint64_t e = der_read_uint(&pair);

	der_leave(&r, &pair);
	*out = (struct tpm_public){ .type = TPM_RSA, .rsa_n = n,
	    .rsa_exponent = RSA_E, .rsa_bits = (uint16_t)(8 * n.n) };
	return read_done(&r) && e == RSA_E;
}

struct err
tpm_key_from_spki(struct ctx *cx, struct slice spki, const EVP_PKEY *pkey,
    struct tpm_public *out)
{
	struct reader r = reader_of(spki), outer, algorithm;
	struct slice oid, bits;
	struct tpm_public key;

	outer = der_enter(&r, DER_SEQUENCE);
	algorithm = der_enter(&outer, DER_SEQUENCE);
	oid = der_read_oid(&algorithm);
	bits = der_read_bits(&outer);
	/* That OpenSSL has the key says that all else is right. */
	if (pkey == NULL || outer.bad || algorithm.bad)
		return tpm_key_from_pkey(cx, pkey, out);
	if (slice_equal(oid, SLICE_OF(oid_ec)) &&
	    read_point(der_read_oid(&algorithm), bits, &key)) {
		*out = key;
		return OK;
	}
	if (slice_equal(oid, SLICE_OF(oid_rsa)) && read_modulus(bits, &key)) {
		TRY(check_rsa(cx, &key));
		*out = key;
		return OK;
	}
	return tpm_key_from_pkey(cx, pkey, out);
}

struct err
tpm_key_from_cert(struct ctx *cx, X509 *x, struct tpm_public *out)
{
	EVP_PKEY *key = chain_key(x);

	if (key == NULL)
		return tpm_key_from_pkey(cx, NULL, out);
	return tpm_key_from_spki(cx, chain_spki(cx, x), key, out);
}

/* The key for OpenSSL. */
static struct err
pkey_of(struct ctx *cx, const struct tpm_public *key, EVP_PKEY **out)
{
	struct slice spki;

	/* mutate: not reachable: who verifies by a key has checked it. */
	TRY(tpm_key_spki(cx, key, &spki));
	*out = pubkey_read(cx, spki);
	if (*out == NULL)
		return OSSL_FAIL(cx, ERR_EV_PROPERTY, "not a point on %04x",
		    key->curve);
	return OK;
}

/* OpenSSL wants ECDSA signatures as SEQUENCE { r, s }. */
static struct slice
ecdsa_der(struct ctx *cx, const struct tpm_signature *sig)
{
	struct buf b = buf_in(cx->arena, 2 * TPM_ECC_MAX + 16);
	size_t at = der_open(&b, DER_SEQUENCE);

	der_put_unsigned(&b, sig->r);
	der_put_unsigned(&b, sig->s);
	der_close(&b, at);
	ASSERT(!b.bad);		/* r and s are of TPM_ECC_MAX at most */
	return buf_slice(&b);
}

static struct err
set_padding(struct ctx *cx, EVP_PKEY_CTX *pctx, uint16_t alg)
{
	if (alg == TPM_RSASSA &&
	    EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PADDING) == 1)
		return OK;
	if (alg == TPM_RSAPSS &&
	    EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_AUTO) == 1)
		return OK;
	/* mutate: not reachable: check_scheme() leaves these two. */
	return OSSL_FAIL(cx, ERR_INTERNAL, "padding for %04x", alg);
}

/* The signature's algorithm is the key's, not the message's, to say. */
static struct err
check_scheme(struct ctx *cx, const struct tpm_public *key,
    const struct tpm_signature *sig, bool sha1_allowed)
{
	uint16_t type = sig->scheme.alg == TPM_ECDSA ? TPM_ECC : TPM_RSA;

	if (type != key->type)
		return FAIL_TELL(cx, ERR_EV_SIGNATURE, "signature of kind "
		    "%04x by a key of type %04x", sig->scheme.alg, key->type);
	if (key->scheme.alg != TPM_NULL &&
	    (key->scheme.alg != sig->scheme.alg ||
	    key->scheme.hash != sig->scheme.hash))
		return FAIL_TELL(cx, ERR_EV_SIGNATURE,
		    "signature of another scheme than the key's");
	if (!hash_is_strong(sig->scheme.hash) &&
	    !(sha1_allowed && sig->scheme.hash == TPM_SHA1))
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED, "hash %04x in a "
		    "signature", sig->scheme.hash);
	return OK;
}

struct err
tpm_key_verify(struct ctx *cx, const struct tpm_public *key,
    const struct tpm_signature *sig, struct slice message, bool sha1_allowed)
{
	EVP_PKEY *pkey;
	AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;
	struct slice bytes = sig->rsa;

	TRY(check_scheme(cx, key, sig, sha1_allowed));
	TRY(pkey_of(cx, key, &pkey));
	ASSERT(md != NULL);
	if (EVP_DigestVerifyInit(md, &pctx, tpm_key_md(sig->scheme.hash), NULL,
	    pkey) != 1)
		return OSSL_FAIL(cx, ERR_EV_UNSUPPORTED, "hash %04x with "
		    "that key", sig->scheme.hash);
	if (key->type == TPM_ECC)
		bytes = ecdsa_der(cx, sig);
	else	/* mutate: not reachable: it knows both schemes. */
		TRY(set_padding(cx, pctx, sig->scheme.alg));
	if (EVP_DigestVerify(md, bytes.p, bytes.n, message.p, message.n) != 1)
		return OSSL_FAIL(cx, ERR_EV_SIGNATURE, "signature by the TPM");
	return OK;
}

/* n mod p for a prime below 2^16. */
static uint32_t
remainder_of(struct slice n, uint32_t prime)
{
	uint32_t rest = 0;

	for (size_t i = 0; i < n.n; i++)
		rest = (rest << 8 | n.p[i]) % prime;
	return rest;
}

/* RSALib's primes are k * M + 65537^a mod M, so modulo each prime factor of M
 * the modulus is a power of 65537 (Nemec et al., CCS 2017, section 3). */
bool
tpm_key_is_roca(struct slice n)
{
	static const uint8_t primes[ROCA_PRIMES] = {
		11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127,
		151, 157
	};

	for (size_t i = 0; i < COUNT_OF(primes); i++) {
		uint32_t want = remainder_of(n, primes[i]), power = 1;
		bool found = false;

		for (uint32_t k = 0; k < primes[i] && !found; k++) {
			found = power == want;
			power = power * (RSA_E % primes[i]) % primes[i];
		}
		if (!found)
			return false;
	}
	return true;
}

bool
tpm_key_has(const struct tpm_public *key, uint32_t set, uint32_t clear)
{
	return (key->attributes & set) == set && (key->attributes & clear) == 0;
}

struct err
tpm_key_check_ak(struct ctx *cx, const struct tpm_public *key,
    bool sha1_allowed)
{
	struct slice spki;

	if (!tpm_key_has(key, IN_TPM | TPM_RESTRICTED | TPM_SIGN, TPM_DECRYPT))
		return FAIL_TELL(cx, ERR_EV_PROPERTY, "attributes %08x are "
		    "not an attestation key's", key->attributes);
	if (!hash_is_strong(key->name_alg))
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "attestation key named by %04x", key->name_alg);
	TRY(tpm_key_spki(cx, key, &spki));
	if (key->scheme.alg != TPM_RSASSA && key->scheme.alg != TPM_RSAPSS &&
	    key->scheme.alg != TPM_ECDSA)
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "attestation key of scheme %04x", key->scheme.alg);
	if (!hash_is_strong(key->scheme.hash) &&
	    !(sha1_allowed && key->scheme.hash == TPM_SHA1))
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "attestation key that signs over %04x", key->scheme.hash);
	if (key->type == TPM_RSA && tpm_key_is_roca(key->rsa_n))
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "attestation key with a weak modulus (CVE-2017-15361)");
	return OK;
}

struct err
tpm_key_check_app(struct ctx *cx, const struct tpm_public *key)
{
	struct slice spki;

	if (!tpm_key_has(key, IN_TPM | TPM_SIGN, TPM_RESTRICTED))
		return FAIL_TELL(cx, ERR_EV_PROPERTY, "attributes %08x are "
		    "not those of a signing key that cannot leave its TPM",
		    key->attributes);
	TRY(tpm_key_spki(cx, key, &spki));
	if (key->type == TPM_RSA && tpm_key_is_roca(key->rsa_n))
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "key with a weak modulus (CVE-2017-15361)");
	return OK;
}

struct err
tpm_key_check_ek(struct ctx *cx, const struct tpm_public *key)
{
	if (!tpm_key_has(key, IN_TPM | TPM_RESTRICTED | TPM_DECRYPT, TPM_SIGN))
		return FAIL_TELL(cx, ERR_EV_PROPERTY, "attributes %08x are "
		    "not an endorsement key's", key->attributes);
	if (!hash_is_strong(key->name_alg))
		return FAIL_TELL(cx, ERR_EV_PROPERTY,
		    "endorsement key named by %04x", key->name_alg);
	if (key->symmetric.alg != TPM_AES || key->symmetric.mode != TPM_CFB ||
	    (key->symmetric.bits != 128 && key->symmetric.bits != 256))
		return FAIL_TELL(cx, ERR_EV_UNSUPPORTED, "endorsement key "
		    "with cipher %04x of %u bits", key->symmetric.alg,
		    key->symmetric.bits);
	return OK;
}
