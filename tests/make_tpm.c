/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/make_tpm.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <sodium.h>

#include "base/text.h"
#include "codec/base64.h"

#define PART_MAX	8192u
#define EK_ATTRIBUTES	0x000300b2u
#define AK_ATTRIBUTES	0x00050072u
#define APP_ATTRIBUTES	0x00040072u

AUTO_DEFINE(BN_CTX, BN_CTX_free);
AUTO_DEFINE(ECDSA_SIG, ECDSA_SIG_free);
AUTO_DEFINE(EC_GROUP, EC_GROUP_free);
AUTO_DEFINE(EC_POINT, EC_POINT_free);
AUTO_DEFINE(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free);
AUTO_DEFINE(OSSL_PARAM, OSSL_PARAM_free);

static void
free_pkey(void *p)
{
	EVP_PKEY_free(p);
}

static EVP_PKEY *
keep(struct ctx *cx, EVP_PKEY *key)
{
	ASSERT(key != NULL);
	arena_defer(cx->arena, free_pkey, key);
	return key;
}

/* The half of the key that is secret; 64 bits more than the order has, so that
 * what is left of it does not matter (FIPS 186-4, B.4.1). */
static void
make_scalar(struct ctx *cx, const EC_GROUP *group, BIGNUM *out)
{
	AUTO(BN_CTX) bn = BN_CTX_new();
	AUTO(BIGNUM) less = BN_dup(EC_GROUP_get0_order(group));
	uint8_t bytes[80];
	size_t n = ((size_t)EC_GROUP_order_bits(group) + 7) / 8 + 8;

	ASSERT(n <= sizeof(bytes));
	ctx_random(cx, bytes, n);
	ASSERT(BN_sub_word(less, 1) == 1 &&
	    BN_bin2bn(bytes, (int)n, out) != NULL &&
	    BN_mod(out, out, less, bn) == 1 && BN_add_word(out, 1) == 1);
}

/* By cx's randomness, so that a program can make the same device again. */
EVP_PKEY *
make_curve(struct ctx *cx, const char *name)
{
	int nid = EC_curve_nist2nid(name);
	AUTO(EC_GROUP) group = EC_GROUP_new_by_curve_name(
	    nid != NID_undef ? nid : OBJ_sn2nid(name));
	AUTO(EC_POINT) point = EC_POINT_new(group);
	AUTO(BIGNUM) scalar = BN_new();
	AUTO(OSSL_PARAM_BLD) b = OSSL_PARAM_BLD_new();
	AUTO(OSSL_PARAM) params = NULL;
	AUTO(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;
	uint8_t public[160];
	size_t n;

	make_scalar(cx, group, scalar);
	ASSERT(EC_POINT_mul(group, point, scalar, NULL, NULL, NULL) == 1);
	n = EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED,
	    public, sizeof(public), NULL);
	ASSERT(n > 0 && OSSL_PARAM_BLD_push_utf8_string(b,
	    OSSL_PKEY_PARAM_GROUP_NAME, name, 0) == 1 &&
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_PRIV_KEY, scalar) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY,
	    public, n) == 1);
	params = OSSL_PARAM_BLD_to_param(b);
	ASSERT(EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) == 1);
	return keep(cx, key);
}

EVP_PKEY *
make_p256(struct ctx *cx)
{
	return make_curve(cx, "P-256");
}

EVP_PKEY *
make_ed25519(struct ctx *cx)
{
	uint8_t seed[32];

	ctx_random(cx, seed, sizeof(seed));
	return keep(cx, EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL,
	    seed, sizeof(seed)));
}

EVP_PKEY *
make_rsa(struct ctx *cx, unsigned bits)
{
	return keep(cx, EVP_RSA_gen(bits));
}

/* Odd, with its top bit set, and 1 = 65537^0 modulo each fingerprint prime. */
EVP_PKEY *
make_roca(struct ctx *cx)
{
	static const BN_ULONG primes[] = {
		11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127,
		151, 157
	};
	AUTO(BIGNUM) n = BN_new();
	AUTO(BIGNUM) m = BN_new();
	AUTO(BIGNUM) rest = BN_new();
	AUTO(BN_CTX) bn = BN_CTX_new();
	AUTO(EVP_PKEY_CTX) pctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY *key = NULL;
	uint8_t modulus[256];
	unsigned e = 65537;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_BN("n", modulus, sizeof(modulus)),
		OSSL_PARAM_construct_uint("e", &e),
		OSSL_PARAM_construct_end(),
	};

	ASSERT(BN_set_word(m, 2) == 1);
	for (size_t i = 0; i < COUNT_OF(primes); i++)
		ASSERT(BN_mul_word(m, primes[i]) == 1);
	ASSERT(BN_rand(n, 2048, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ODD) == 1);
	ASSERT(BN_mod(rest, n, m, bn) == 1);
	ASSERT(BN_sub(n, n, rest) == 1 && BN_add_word(n, 1) == 1);
	ASSERT(BN_bn2nativepad(n, modulus, sizeof(modulus)) ==
	    (int)sizeof(modulus));
	ASSERT(EVP_PKEY_fromdata_init(pctx) == 1 &&
	    EVP_PKEY_fromdata(pctx, &key, EVP_PKEY_PUBLIC_KEY, params) == 1);
	return keep(cx, key);
}

static struct slice
number(struct ctx *cx, EVP_PKEY *key, const char *name, size_t size)
{
	AUTO(BIGNUM) n = NULL;
	uint8_t *bytes;

	ASSERT(EVP_PKEY_get_bn_param(key, name, &n) == 1);
	if (size == 0)
		size = (size_t)BN_num_bytes(n);
	bytes = arena_alloc(cx->arena, size);
	ASSERT(BN_bn2binpad(n, bytes, (int)size) == (int)size);
	return SLICE(bytes, size);
}

static size_t
coordinate_size(EVP_PKEY *key)
{
	return ((size_t)EVP_PKEY_get_bits(key) + 7) / 8;
}

static uint16_t
curve_of(EVP_PKEY *key)
{
	return EVP_PKEY_get_bits(key) == 256 ? TPM_P256 :
	    EVP_PKEY_get_bits(key) == 384 ? TPM_P384 : TPM_P521;
}

struct slice
make_tpmt_public(struct ctx *cx, const struct make_public *p)
{
	struct buf b = buf_in(cx->arena, PART_MAX);
	bool rsa = EVP_PKEY_is_a(p->key, "RSA");

	put_be16(&b, rsa ? TPM_RSA : TPM_ECC);
	put_be16(&b, p->name_alg);
	put_be32(&b, p->attributes);
	put_be16(&b, 0);
	put_be16(&b, p->aes_bits == 0 ? TPM_NULL : TPM_AES);
	if (p->aes_bits != 0) {
		put_be16(&b, p->aes_bits);
		put_be16(&b, TPM_CFB);
	}
	put_be16(&b, p->scheme);
	if (p->scheme != TPM_NULL)
		put_be16(&b, p->hash);
	if (rsa) {
		put_be16(&b, (uint16_t)EVP_PKEY_get_bits(p->key));
		put_be32(&b, 0);
		put_be16_bytes(&b, number(cx, p->key, "n", 0));
		return buf_slice(&b);
	}
	put_be16(&b, curve_of(p->key));
	put_be16(&b, TPM_NULL);
	put_be16_bytes(&b, number(cx, p->key, OSSL_PKEY_PARAM_EC_PUB_X,
	    coordinate_size(p->key)));
	put_be16_bytes(&b, number(cx, p->key, OSSL_PKEY_PARAM_EC_PUB_Y,
	    coordinate_size(p->key)));
	return buf_slice(&b);
}

struct make_public
make_ek_public(EVP_PKEY *key)
{
	return (struct make_public){
		.key = key, .name_alg = TPM_SHA256,
		.attributes = EK_ATTRIBUTES, .aes_bits = 128,
		.scheme = TPM_NULL,
	};
}

struct make_public
make_ak_public(EVP_PKEY *key)
{
	return (struct make_public){
		.key = key, .name_alg = TPM_SHA256,
		.attributes = AK_ATTRIBUTES,
		.scheme = EVP_PKEY_is_a(key, "RSA") ? TPM_RSASSA : TPM_ECDSA,
		.hash = TPM_SHA256,
	};
}

struct make_public
make_app_public(EVP_PKEY *key)
{
	struct make_public p = make_ak_public(key);

	p.attributes = APP_ATTRIBUTES;
	return p;
}

static struct slice
sha256(struct ctx *cx, struct slice s)
{
	uint8_t *digest = arena_alloc(cx->arena, 32);

	crypto_hash_sha256(digest, s.p, s.n);
	return SLICE(digest, 32);
}

struct slice
make_name(struct ctx *cx, struct slice tpmt_public)
{
	struct buf b = buf_in(cx->arena, PART_MAX);

	put_be16(&b, TPM_SHA256);
	put_bytes(&b, sha256(cx, tpmt_public));
	return buf_slice(&b);
}

struct slice
make_spki(struct ctx *cx, EVP_PKEY *key)
{
	uint8_t *der = NULL;
	int n = i2d_PUBKEY(key, &der);
	struct slice copy;

	ASSERT(n > 0);
	copy = slice_dup(cx->arena, SLICE(der, (size_t)n));
	OPENSSL_free(der);
	return copy;
}

struct slice
make_tpms_attest(struct ctx *cx, const struct make_attest *a)
{
	struct buf b = buf_in(cx->arena, PART_MAX);

	put_be32(&b, a->magic);
	put_be16(&b, a->type);
	put_be16_bytes(&b, SLICE("\x00\x0b" "qualified signer of 32 bytes ....",
	    34));
	put_be16_bytes(&b, a->extra);
	put_be64(&b, 123456);
	put_be32(&b, a->reset_count);
	put_be32(&b, a->restart_count);
	put_u8(&b, a->safe);
	put_be64(&b, a->firmware);
	if (a->type == TPM_ATTEST_CERTIFY) {
		put_be16_bytes(&b, a->name);
		put_be16_bytes(&b, a->name);
		return buf_slice(&b);
	}
	put_be32(&b, (uint32_t)a->n_selections);
	for (size_t i = 0; i < a->n_selections; i++) {
		unsigned size = a->selections[i].pcrs >> 24 == 0 ? 3 : 4;

		put_be16(&b, a->selections[i].hash);
		put_u8(&b, (uint8_t)size);
		for (unsigned k = 0; k < size; k++)
			put_u8(&b, (uint8_t)(a->selections[i].pcrs >> 8 * k));
	}
	put_be16_bytes(&b, a->pcr_digest);
	return buf_slice(&b);
}

static const EVP_MD *
md_of(uint16_t hash)
{
	return hash == TPM_SHA1 ? EVP_sha1() : hash == TPM_SHA384 ?
	    EVP_sha384() : hash == TPM_SHA512 ? EVP_sha512() : EVP_sha256();
}

static void
put_ecdsa(struct buf *b, struct slice der)
{
	const uint8_t *p = der.p;
	AUTO(ECDSA_SIG) sig = d2i_ECDSA_SIG(NULL, &p, (long)der.n);
	uint8_t bytes[TPM_ECC_MAX];

	ASSERT(sig != NULL);
	put_be16_bytes(b, SLICE(bytes, (size_t)BN_bn2bin(
	    ECDSA_SIG_get0_r(sig), bytes)));
	put_be16_bytes(b, SLICE(bytes, (size_t)BN_bn2bin(
	    ECDSA_SIG_get0_s(sig), bytes)));
}

struct slice
make_tpmt_signature(struct ctx *cx, EVP_PKEY *key, uint16_t scheme,
    uint16_t hash, struct slice message)
{
	AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();
	struct buf b = buf_in(cx->arena, PART_MAX);
	uint8_t sig[TPM_RSA_MAX];
	size_t n = sizeof(sig);
	EVP_PKEY_CTX *pctx;

	ASSERT(EVP_DigestSignInit(md, &pctx, md_of(hash), NULL, key) == 1);
	if (scheme == TPM_RSAPSS)
		ASSERT(EVP_PKEY_CTX_set_rsa_padding(pctx,
		    RSA_PKCS1_PSS_PADDING) == 1);
	ASSERT(EVP_DigestSign(md, sig, &n, message.p, message.n) == 1);
	put_be16(&b, scheme);
	put_be16(&b, hash);
	if (scheme == TPM_ECDSA)
		put_ecdsa(&b, SLICE(sig, n));
	else
		put_be16_bytes(&b, SLICE(sig, n));
	return buf_slice(&b);
}

/* --- certificates ----------------------------------------------------- */

static void
add_extension(X509 *x, int nid, const char *value)
{
	X509V3_CTX v3;
	X509_EXTENSION *ext;

	X509V3_set_ctx_nodb(&v3);
	X509V3_set_ctx(&v3, x, x, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &v3, nid, value);
	ASSERT(ext != NULL && X509_add_ext(x, ext, -1) == 1);
	X509_EXTENSION_free(ext);
}

static void
add_der_extension(X509 *x, const char *oid, struct slice der, bool critical)
{
	ASN1_OBJECT *obj = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext;

	ASSERT(ASN1_OCTET_STRING_set(value, der.p, (int)der.n) == 1);
	ext = X509_EXTENSION_create_by_OBJ(NULL, obj, critical, value);
	ASSERT(ext != NULL && X509_add_ext(x, ext, -1) == 1);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(obj);
}

static void
add_oid_extension(X509 *x, const char *oid, bool critical)
{
	add_der_extension(x, oid, SLICE("\x05\x00", 2), critical);
}

static void
add_attribute(X509_NAME *name, const char *oid, int type, const char *value)
{
	ASN1_OBJECT *obj = OBJ_txt2obj(oid, 1);

	if (value != NULL)
		ASSERT(X509_NAME_add_entry_by_OBJ(name, obj, type,
		    (const uint8_t *)value, -1, -1, 0) == 1);
	ASN1_OBJECT_free(obj);
}

static GENERAL_NAME *
tpm_name(const struct make_cert *c)
{
	GENERAL_NAME *gen = GENERAL_NAME_new();
	X509_NAME *name = X509_NAME_new();

	add_attribute(name, "2.23.133.2.1", V_ASN1_UTF8STRING,
	    c->manufacturer);
	add_attribute(name, "2.23.133.2.2", c->model_is_bits ?
	    V_ASN1_BIT_STRING : V_ASN1_UTF8STRING, c->model);
	add_attribute(name, "2.23.133.2.3", V_ASN1_UTF8STRING, c->version);
	GENERAL_NAME_set0_value(gen, GEN_DIRNAME, name);
	return gen;
}

/* otherName PermanentIdentifier { identifierValue UTF8String } (RFC 4043). */
static GENERAL_NAME *
permanent_name(const struct make_cert *c)
{
	GENERAL_NAME *gen = GENERAL_NAME_new();
	uint8_t der[128];
	const uint8_t *p = c->permanent_der.p;
	size_t n = c->permanent_der.n;

	if (n == 0) {
		n = strlen(c->permanent_id);
		ASSERT(n < 100);
		der[0] = 0x30;
		der[1] = (uint8_t)(n + 2);
		der[2] = 0x0c;
		der[3] = (uint8_t)n;
		memcpy(der + 4, c->permanent_id, n);
		p = der;
		n += 4;
	}
	ASSERT(GENERAL_NAME_set0_othername(gen,
	    OBJ_txt2obj("1.3.6.1.5.5.7.8.3", 1),
	    d2i_ASN1_TYPE(NULL, &p, (long)n)) == 1);
	return gen;
}

/* otherName HardwareModuleName (RFC 4108). */
static GENERAL_NAME *
module_name(struct slice der)
{
	GENERAL_NAME *gen = GENERAL_NAME_new();
	const uint8_t *p = der.p;

	ASSERT(GENERAL_NAME_set0_othername(gen,
	    OBJ_txt2obj("1.3.6.1.5.5.7.8.4", 1),
	    d2i_ASN1_TYPE(NULL, &p, (long)der.n)) == 1);
	return gen;
}

static void
add_san(X509 *x, const struct make_cert *c)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();

	if (c->manufacturer != NULL || c->model != NULL || c->version != NULL)
		ASSERT(sk_GENERAL_NAME_push(names, tpm_name(c)) > 0);
	if (c->permanent_id != NULL || c->permanent_der.n > 0)
		ASSERT(sk_GENERAL_NAME_push(names, permanent_name(c)) > 0);
	for (size_t i = 0; i < COUNT_OF(c->modules); i++)
		if (c->modules[i].n > 0)
			ASSERT(sk_GENERAL_NAME_push(names,
			    module_name(c->modules[i])) > 0);
	if (sk_GENERAL_NAME_num(names) > 0)
		ASSERT(X509_add1_ext_i2d(x, NID_subject_alt_name, names,
		    c->cn == NULL, 0) == 1);
	GENERAL_NAMES_free(names);
}

static void
set_name(X509_NAME *name, const char *cn)
{
	if (cn != NULL)
		ASSERT(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
		    (const uint8_t *)cn, -1, -1, 0) == 1);
}

static void
add_extensions(struct ctx *cx, X509 *x, const struct make_cert *c)
{
	if (c->ca >= 0 && c->path_len >= 0)
		add_extension(x, NID_basic_constraints,
		    arena_printf(cx->arena, "critical,CA:TRUE,pathlen:%d",
		    c->path_len));
	else if (c->ca >= 0)
		add_extension(x, NID_basic_constraints, c->ca ?
		    "critical,CA:TRUE" : "critical,CA:FALSE");
	if (c->usage != NULL)
		add_extension(x, NID_key_usage, c->usage);
	if (c->eku != NULL)
		add_extension(x, NID_ext_key_usage, c->eku);
	if (c->critical_oid != NULL)
		add_oid_extension(x, c->critical_oid, true);
	if (c->other_oid != NULL)
		add_oid_extension(x, c->other_oid, false);
	if (c->broken_usage)
		add_oid_extension(x, "2.5.29.15", true);
	if (c->name_constraints)
		add_extension(x, NID_name_constraints,
		    "permitted;DNS:example.org");
	for (size_t i = 0; i < c->n_exts; i++)
		add_der_extension(x, c->exts[i].oid, c->exts[i].der,
		    c->exts[i].critical);
	add_san(x, c);
}

/* A key of an algorithm that nobody knows. */
static void
set_unknown_key(X509 *x)
{
	uint8_t *bits = OPENSSL_zalloc(1);

	ASSERT(X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(x),
	    OBJ_txt2obj("1.2.3.4.5", 1), V_ASN1_UNDEF, NULL, bits, 1) == 1);
}

struct slice
make_certificate(struct ctx *cx, const struct make_cert *c)
{
	AUTO(X509) x = X509_new();
	uint8_t *der = NULL;
	struct slice copy;
	int n;

	ASSERT(x != NULL && X509_set_version(x, c->version_number) == 1);
	ASSERT(ASN1_INTEGER_set_uint64(X509_get_serialNumber(x),
	    c->serial) == 1);
	ASSERT(ASN1_TIME_adj(X509_getm_notBefore(x), c->from_s, 0, 0) != NULL);
	ASSERT(ASN1_TIME_adj(X509_getm_notAfter(x), c->to_s, 0, 0) != NULL);
	if (c->broken_time)
		ASSERT(ASN1_STRING_set(X509_getm_notAfter(x), "20260231000000Z",
		    15) == 1);
	set_name(X509_get_subject_name(x), c->cn);
	add_attribute(X509_get_subject_name(x), "2.5.4.10",
	    V_ASN1_UTF8STRING, c->organization);
	add_attribute(X509_get_subject_name(x), "2.5.4.6",
	    V_ASN1_PRINTABLESTRING, c->country);
	add_attribute(X509_get_subject_name(x), "2.5.4.11",
	    V_ASN1_UTF8STRING, c->unit);
	for (size_t i = 0; i < COUNT_OF(c->serials); i++)
		add_attribute(X509_get_subject_name(x), "2.5.4.5",
		    V_ASN1_PRINTABLESTRING, c->serials[i]);
	set_name(X509_get_issuer_name(x), c->issuer_cn);
	ASSERT(X509_set_pubkey(x, c->key) == 1);
	if (c->unknown_key)
		set_unknown_key(x);
	if (c->version_number != X509_VERSION_1)
		add_extensions(cx, x, c);
	ASSERT(X509_sign(x, c->issuer_key, c->md) > 0);
	n = i2d_X509(x, &der);
	ASSERT(n > 0);
	copy = slice_dup(cx->arena, SLICE(der, (size_t)n));
	OPENSSL_free(der);
	return copy;
}

static void
add_revoked(X509_CRL *crl, uint64_t serial, int64_t at_s)
{
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_INTEGER *n = ASN1_INTEGER_new();
	ASN1_TIME *t = ASN1_TIME_adj(NULL, at_s, 0, 0);

	ASSERT(ASN1_INTEGER_set_uint64(n, serial) == 1 &&
	    X509_REVOKED_set_serialNumber(entry, n) == 1 &&
	    X509_REVOKED_set_revocationDate(entry, t) == 1 &&
	    X509_CRL_add0_revoked(crl, entry) == 1);
	ASN1_INTEGER_free(n);
	ASN1_TIME_free(t);
}

static void
add_critical(X509_CRL *crl)
{
	ASN1_OBJECT *obj = OBJ_txt2obj("1.2.3.4.5", 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext;

	ASSERT(ASN1_OCTET_STRING_set(value, (const uint8_t *)"\x05\x00",
	    2) == 1);
	ext = X509_EXTENSION_create_by_OBJ(NULL, obj, 1, value);
	ASSERT(ext != NULL && X509_CRL_add_ext(crl, ext, -1) == 1);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(obj);
}

struct slice
make_crl(struct ctx *cx, const struct make_crl *c)
{
	AUTO(X509_CRL) crl = X509_CRL_new();
	X509_NAME *issuer = X509_NAME_new();
	ASN1_TIME *from = ASN1_TIME_adj(NULL, c->from_s, 0, 0);
	ASN1_TIME *to = ASN1_TIME_adj(NULL, c->to_s, 0, 0);
	uint8_t *der = NULL;
	struct slice copy;
	int n;

	set_name(issuer, c->issuer_cn);
	ASSERT(X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1 &&
	    X509_CRL_set_issuer_name(crl, issuer) == 1 &&
	    X509_CRL_set1_lastUpdate(crl, from) == 1);
	if (!c->endless)
		ASSERT(X509_CRL_set1_nextUpdate(crl, to) == 1);
	for (size_t i = 0; i < c->n_serials; i++)
		add_revoked(crl, c->serials[i], c->from_s);
	if (c->critical)
		add_critical(crl);
	ASSERT(X509_CRL_sign(crl, c->key, c->md != NULL ? c->md :
	    EVP_sha256()) > 0);
	n = i2d_X509_CRL(crl, &der);
	ASSERT(n > 0);
	copy = slice_dup(cx->arena, SLICE(der, (size_t)n));
	OPENSSL_free(der);
	X509_NAME_free(issuer);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
	return copy;
}
