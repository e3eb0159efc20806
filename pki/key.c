/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/key.h"

#include <pthread.h>

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "codec/der.h"
#include "pki/oid.h"

AUTO_DEFINE(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free);
AUTO_DEFINE(OSSL_PARAM, OSSL_PARAM_free);

#define ED25519_SIZE	32u
#define RSA_EXPONENT	65537u

struct key_sig {
	enum key_kind	 kind;
	const char	*digest;	/* NULL: the algorithm has its own */
	struct slice	 der;
};

/* AlgorithmIdentifier: the OID alone, or with NULL (RFC 3279, 2.2.1). */
#define ALG(oid) \
	OID("\x30" oid)

static const struct key_sig sigs[] = {
	{ KEY_P256, "SHA256", ALG("\x0a\x06\x08" OID_ECDSA_SHA256) },
	{ KEY_P384, "SHA384", ALG("\x0a\x06\x08" OID_ECDSA_SHA384) },
	{ KEY_ED25519, NULL, ALG("\x05\x06\x03" OID_ED25519) },
	{ KEY_RSA, "SHA256", ALG("\x0d\x06\x09" OID_RSA_SHA256 "\x05\x00") },
	/* Not what we sign with, but what a request may be signed with. */
	{ KEY_P256, "SHA384", ALG("\x0a\x06\x08" OID_ECDSA_SHA384) },
	{ KEY_P256, "SHA512", ALG("\x0a\x06\x08" OID_ECDSA_SHA512) },
	{ KEY_P384, "SHA256", ALG("\x0a\x06\x08" OID_ECDSA_SHA256) },
	{ KEY_P384, "SHA512", ALG("\x0a\x06\x08" OID_ECDSA_SHA512) },
	{ KEY_RSA, "SHA384", ALG("\x0d\x06\x09" OID_RSA_SHA384 "\x05\x00") },
	{ KEY_RSA, "SHA512", ALG("\x0d\x06\x09" OID_RSA_SHA512 "\x05\x00") },
};

struct curve {
	enum key_kind	 kind;
	const char	*name;
	struct slice	 oid;
	size_t		 point_size;
};

static const struct curve curves[] = {
	{ KEY_P256, "P-256", OID(OID_P256), 65 },
	{ KEY_P384, "P-384", OID(OID_P384), 97 },
};

/*
 * A key of each curve to copy the group from: an eighth of the time that
 * naming the group takes.  Made once for the process, like what OpenSSL
 * itself keeps, and only read afterwards.
 */
static struct {
	pthread_once_t	 once;
	EVP_PKEY	*of[COUNT_OF(curves)];
} templates = { PTHREAD_ONCE_INIT, { NULL } };

static void
make_templates(void)
{
	for (size_t i = 0; i < COUNT_OF(curves); i++)
		templates.of[i] = EVP_PKEY_Q_keygen(NULL, NULL, "EC",
		    curves[i].name);
}

const char *
key_kind_name(enum key_kind kind)
{
	static const char *const names[] = {
		[KEY_P256] = "P-256", [KEY_P384] = "P-384",
		[KEY_ED25519] = "Ed25519", [KEY_RSA] = "RSA",
	};

	ASSERT(kind >= KEY_P256 && kind <= KEY_RSA);
	return names[kind];
}

static struct err
parse_ec(struct ctx *cx, struct reader *algorithm, struct key *key)
{
	struct slice oid = der_read_oid(algorithm);
	const struct curve *curve = NULL;
	AUTO(EVP_PKEY) pkey = NULL;
	size_t i;

	for (i = 0; i < COUNT_OF(curves); i++) {
		if (slice_equal(curves[i].oid, oid)) {
			curve = &curves[i];
			break;
		}
	}
	if (curve == NULL || !read_done(algorithm))
		return FAIL(cx, ERR_CSR_KEY, "key: not a curve known here");
	if (key->bytes.n != curve->point_size || key->bytes.p[0] != 0x04)
		return FAIL(cx, ERR_CSR_KEY,
		    "key: not an uncompressed %s point", curve->name);
	ASSERT(pthread_once(&templates.once, make_templates) == 0);
	pkey = EVP_PKEY_new();
	/* Setting the point checks that it is on the curve. */
	if (pkey == NULL || templates.of[i] == NULL ||
	    EVP_PKEY_copy_parameters(pkey, templates.of[i]) != 1 ||
	    EVP_PKEY_set1_encoded_public_key(pkey, key->bytes.p,
	    key->bytes.n) != 1)
		return OSSL_FAIL(cx, ERR_CSR_KEY, "key: %s point",
		    curve->name);
	key->kind = curve->kind;
	key->bits = curve->kind == KEY_P256 ? 256 : 384;
	key->pkey = pkey;
	pkey = NULL;
	return OK;
}

static struct err
parse_ed25519(struct ctx *cx, struct reader *algorithm, struct key *key)
{
	/* RFC 8410, 3: the parameters are absent. */
	if (!read_done(algorithm) || key->bytes.n != ED25519_SIZE)
		return FAIL(cx, ERR_CSR_KEY, "key: not Ed25519");
	key->pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
	    key->bytes.p, key->bytes.n);
	if (key->pkey == NULL)
		return OSSL_FAIL(cx, ERR_CSR_KEY, "key: Ed25519");
	key->kind = KEY_ED25519;
	key->bits = 256;
	return OK;
}

static EVP_PKEY *
make_rsa(struct slice n, uint64_t e)
{
	AUTO(BIGNUM) modulus = BN_bin2bn(n.p, (int)n.n, NULL);
	AUTO(OSSL_PARAM_BLD) build = OSSL_PARAM_BLD_new();
	AUTO(EVP_PKEY_CTX) ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	AUTO(OSSL_PARAM) params = NULL;
	EVP_PKEY *pkey = NULL;

	if (modulus == NULL || build == NULL || ctx == NULL ||
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N,
	    modulus) != 1 ||
	    OSSL_PARAM_BLD_push_uint64(build, OSSL_PKEY_PARAM_RSA_E, e) != 1)
		return NULL;
	params = OSSL_PARAM_BLD_to_param(build);
	if (params == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		return NULL;
	return pkey;
}

static unsigned
bit_length(struct slice magnitude)
{
	unsigned top = 0;

	if (magnitude.n == 0)
		return 0;
	for (unsigned v = magnitude.p[0]; v != 0; v >>= 1)
		top++;
	return 8 * (unsigned)(magnitude.n - 1) + top;
}

static struct err
parse_rsa(struct ctx *cx, struct reader *algorithm, struct key *key)
{
	struct reader r = reader_of(key->bytes), pair;
	struct slice n;
	uint64_t e;

	/* RFC 3279, 2.3.1: the parameters are NULL. */
	if (der_read(algorithm, DER_NULL).n != 0 || !read_done(algorithm))
		return FAIL(cx, ERR_CSR_KEY, "key: RSA parameters");
	pair = der_enter(&r, DER_SEQUENCE);
	n = der_read_unsigned(&pair);
	e = der_read_uint(&pair);
	der_leave(&r, &pair);
	if (!read_done(&r))
		return FAIL(cx, ERR_CSR_KEY, "key: not an RSAPublicKey");
	key->bits = bit_length(n);
	if (key->bits < KEY_RSA_BITS_MIN || key->bits > KEY_RSA_BITS_MAX)
		return FAIL(cx, ERR_CSR_KEY, "key: RSA of %u bits", key->bits);
	if (e != RSA_EXPONENT || (n.p[n.n - 1] & 1) == 0)
		return FAIL(cx, ERR_CSR_KEY, "key: RSA exponent or modulus");
	key->pkey = make_rsa(n, e);
	if (key->pkey == NULL)
		return OSSL_FAIL(cx, ERR_CSR_KEY, "key: RSA");
	key->kind = KEY_RSA;
	return OK;
}

struct key_type {
	struct slice	oid;
	struct err	(*parse)(struct ctx *, struct reader *, struct key *);
};

static const struct key_type key_types[] = {
	{ OID(OID_EC_PUBLIC_KEY), parse_ec },
	{ OID(OID_ED25519), parse_ed25519 },
	{ OID(OID_RSA), parse_rsa },
};

static void
free_pkey(void *pkey)
{
	EVP_PKEY_free(pkey);
}

struct err
key_parse(struct ctx *cx, struct slice spki, struct key *out)
{
	struct reader r = reader_of(spki), outer, algorithm;
	struct key key = { .spki = spki };
	struct slice oid;

	if (spki.n > KEY_SPKI_MAX)
		return FAIL(cx, ERR_CSR_KEY, "key: %zu bytes", spki.n);
	outer = der_enter(&r, DER_SEQUENCE);
	algorithm = der_enter(&outer, DER_SEQUENCE);
	oid = der_read_oid(&algorithm);
	key.bytes = der_read_bits(&outer);
	der_leave(&r, &outer);
	if (!read_done(&r) || algorithm.bad)
		return FAIL(cx, ERR_CSR_KEY,
		    "key: not one SubjectPublicKeyInfo");
	for (size_t i = 0; i < COUNT_OF(key_types); i++) {
		if (!slice_equal(key_types[i].oid, oid))
			continue;
		TRY(key_types[i].parse(cx, &algorithm, &key));
		arena_defer(cx->arena, free_pkey, key.pkey);
		*out = key;
		return OK;
	}
	return FAIL(cx, ERR_CSR_KEY, "key: not a kind known here");
}

void
key_id(const struct key *key, uint8_t out[static KEY_ID_SIZE])
{
	uint8_t digest[32];

	ASSERT(EVP_Q_digest(NULL, "SHA256", NULL, key->bytes.p, key->bytes.n,
	    digest, NULL) == 1);
	memcpy(out, digest, KEY_ID_SIZE);
}

const struct key_sig *
key_sig_find(enum key_kind kind, struct slice der)
{
	for (size_t i = 0; i < COUNT_OF(sigs); i++)
		if (sigs[i].kind == kind && slice_equal(sigs[i].der, der))
			return &sigs[i];
	return NULL;
}

const struct key_sig *
key_sig_of(enum key_kind kind)
{
	size_t i = 0;

	while (i < COUNT_OF(sigs) && sigs[i].kind != kind)
		i++;
	ASSERT(i < COUNT_OF(sigs));
	return &sigs[i];
}

struct slice
key_sig_der(const struct key_sig *sig)
{
	return sig->der;
}

const char *
key_sig_digest(const struct key_sig *sig)
{
	return sig->digest;
}

struct err
key_verify(struct ctx *cx, const struct key *key, const struct key_sig *sig,
    struct slice message, struct slice signature, enum err_code code)
{
	AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();

	ASSERT(sig->kind == key->kind);
	if (signature.n == 0 || signature.n > KEY_SIGNATURE_MAX)
		return FAIL(cx, code, "a signature of %zu bytes", signature.n);
	if (md == NULL || EVP_DigestVerifyInit_ex(md, NULL, sig->digest, NULL,
	    NULL, key->pkey, NULL) != 1 ||
	    EVP_DigestVerify(md, signature.p, signature.n, message.p,
	    message.n) != 1)
		return OSSL_FAIL(cx, code, "the %s signature is not right",
		    key_kind_name(key->kind));
	return OK;
}

struct err
key_verify_pss(struct ctx *cx, const struct key *key, struct slice message,
    struct slice signature, enum err_code code)
{
	AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;

	ASSERT(key->kind == KEY_RSA);
	if (signature.n == 0 || signature.n > KEY_SIGNATURE_MAX)
		return FAIL(cx, code, "a signature of %zu bytes", signature.n);
	if (md == NULL || EVP_DigestVerifyInit_ex(md, &pctx, "SHA256", NULL,
	    NULL, key->pkey, NULL) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx,
	    RSA_PSS_SALTLEN_DIGEST) != 1 ||
	    EVP_DigestVerify(md, signature.p, signature.n, message.p,
	    message.n) != 1)
		return OSSL_FAIL(cx, code, "the RSA-PSS signature is not right");
	return OK;
}
