/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TPM key becomes an EVP_PKEY by an EC_KEY whose method asks the TPM for the
 * signature.  OpenSSL 3 calls such interfaces deprecated in favour of
 * providers.  A provider would have to be a whole key manager and signature
 * algorithm to do this one thing; the method is a function, and OpenSSL 3 sees
 * that the key is foreign and leaves its providers aside.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "agent/key.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sodium.h>

#include "agent/tsskey.h"
#include "base/base.h"

#define COORDINATE	32u		/* bytes of one, P-256 */

AUTO_DEFINE(BIO, BIO_free_all);
AUTO_DEFINE(ECDSA_SIG, ECDSA_SIG_free);
AUTO_DEFINE(EVP_PKEY, EVP_PKEY_free);
AUTO_DEFINE(EVP_PKEY_CTX, EVP_PKEY_CTX_free);
AUTO_DEFINE(X509_REQ, X509_REQ_free);

/* What the signing function needs; lives in the arena. */
struct tpm_signer {
	struct ctx	*cx;
	struct tpm	*tpm;
	struct tpm_blob	 blob;
};

static void
free_pkey(void *pkey)
{
	EVP_PKEY_free(pkey);
}

static void
free_method(void *method)
{
	EC_KEY_METHOD_free(method);
}

/* The first ex_data slot of every class belongs to the application. */
#define EX_DATA_OF_APPLICATION	0

/* EC_KEY_METHOD's sign_sig.  OpenSSL frees r and s with the signature. */
static ECDSA_SIG *
sign_by_tpm(const unsigned char *digest, int n_digest, const BIGNUM *kinv,
    const BIGNUM *random, EC_KEY *key)
{
	struct tpm_signer *signer = EC_KEY_get_ex_data(key,
	    EX_DATA_OF_APPLICATION);
	ECDSA_SIG *signature = ECDSA_SIG_new();
	struct slice r, s;

	(void)kinv;
	(void)random;
	ASSERT(signature != NULL && signer != NULL && n_digest > 0);
	if (failed(tpm_sign(signer->cx, signer->tpm, &signer->blob,
	    SLICE(digest, (size_t)n_digest), &r, &s))) {
		ECDSA_SIG_free(signature);
		return NULL;
	}
	ASSERT(ECDSA_SIG_set0(signature, BN_bin2bn(r.p, (int)r.n, NULL),
	    BN_bin2bn(s.p, (int)s.n, NULL)) == 1);
	return signature;
}

static EVP_PKEY *
tpm_pkey(struct ctx *cx, struct tpm *tpm, const struct tpm_blob *blob,
    struct slice spki)
{
	struct tpm_signer *signer = ARENA_NEW(cx->arena, struct tpm_signer);
	EC_KEY_METHOD *method = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
	EVP_PKEY *pkey = EVP_PKEY_new();
	const uint8_t *p = spki.p;
	EC_KEY *ec = d2i_EC_PUBKEY(NULL, &p, (long)spki.n);

	int (*sign)(int, const unsigned char *, int, unsigned char *,
	    unsigned *, const BIGNUM *, const BIGNUM *, EC_KEY *);

	ASSERT(method != NULL && pkey != NULL && ec != NULL);
	*signer = (struct tpm_signer){ cx, tpm, *blob };
	/* OpenSSL's own sign makes DER out of what sign_sig gives. */
	EC_KEY_METHOD_get_sign(EC_KEY_OpenSSL(), &sign, NULL, NULL);
	EC_KEY_METHOD_set_sign(method, sign, NULL, sign_by_tpm);
	ASSERT(EC_KEY_set_method(ec, method) == 1);
	ASSERT(EC_KEY_set_ex_data(ec, EX_DATA_OF_APPLICATION, signer) == 1);
	ASSERT(EVP_PKEY_assign_EC_KEY(pkey, ec) == 1);
	/* Newest first: the key goes before its method. */
	arena_defer(cx->arena, free_method, method);
	arena_defer(cx->arena, free_pkey, pkey);
	return pkey;
}

static struct err
key_of_blob(struct ctx *cx, struct tpm *tpm, const struct tpm_blob *blob,
    struct key *out)
{
	struct key key = { .in_tpm = true, .blob = *blob };

	TRY(tpm_spki(cx, &blob->public.publicArea, &key.spki));
	key.pem = tsskey_pem(cx, blob);
	key.pkey = tpm_pkey(cx, tpm, blob, key.spki);
	*out = key;
	return OK;
}

static struct slice
spki_of(struct ctx *cx, const EVP_PKEY *pkey)
{
	uint8_t *der = NULL;
	int n = i2d_PUBKEY(pkey, &der);
	struct slice spki;

	ASSERT(n > 0);
	spki = slice_dup(cx->arena, SLICE(der, (size_t)n));
	OPENSSL_free(der);
	return spki;
}

/* pkey goes with the arena from here on. */
static struct key
key_of_pkey(struct ctx *cx, EVP_PKEY *pkey, const char *pem)
{
	struct key key = { .pkey = pkey, .pem = pem };

	arena_defer(cx->arena, free_pkey, pkey);
	key.spki = spki_of(cx, pkey);
	return key;
}

/* A copy in memory that is locked, and wiped when the arena goes. */
static const char *
secret_dup(struct ctx *cx, const char *text, size_t n)
{
	char *copy = sodium_malloc(n + 1);

	ASSERT(copy != NULL);
	memcpy(copy, text, n);
	copy[n] = '\0';
	arena_defer(cx->arena, sodium_free, copy);
	return copy;
}

static const char *
pkcs8_pem(struct ctx *cx, EVP_PKEY *pkey)
{
	AUTO(BIO) bio = BIO_new(BIO_s_secmem());
	char *text;
	long n;

	ASSERT(bio != NULL && PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL,
	    NULL, 0, NULL, NULL) == 1);
	n = BIO_get_mem_data(bio, &text);
	return secret_dup(cx, text, (size_t)n);
}

struct err
key_make(struct ctx *cx, struct tpm *tpm, struct key *out)
{
	struct tpm_blob blob;
	EVP_PKEY *pkey;

	if (tpm != NULL) {
		TRY(tpm_key_create(cx, tpm, TPM_PARENT_OWNER, TPM_USE_SIGN,
		    &blob));
		return key_of_blob(cx, tpm, &blob, out);
	}
	pkey = EVP_EC_gen("P-256");
	ASSERT(pkey != NULL);
	*out = key_of_pkey(cx, pkey, pkcs8_pem(cx, pkey));
	return OK;
}

struct err
key_parse(struct ctx *cx, struct tpm *tpm, const char *pem, struct key *out)
{
	AUTO(BIO) bio = BIO_new_mem_buf(pem, -1);
	struct tpm_blob blob;
	EVP_PKEY *pkey;

	if (tsskey_is(pem)) {
		if (tpm == NULL)
			return FAIL(cx, ERR_MALFORMED, "the key is in a TPM");
		TRY(tsskey_parse(cx, pem, &blob));
		return key_of_blob(cx, tpm, &blob, out);
	}
	ASSERT(bio != NULL);
	pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	ERR_clear_error();
	if (pkey == NULL)
		return FAIL(cx, ERR_MALFORMED, "not a private key in PEM");
	*out = key_of_pkey(cx, pkey, secret_dup(cx, pem, strlen(pem)));
	return OK;
}

struct err
key_csr(struct ctx *cx, const struct key *key, const char *cn,
    struct slice *out_der)
{
	AUTO(X509_REQ) req = X509_REQ_new();
	uint8_t *der = NULL;
	int n;

	ASSERT(req != NULL && X509_REQ_set_version(req, 0) == 1 &&
	    X509_REQ_set_pubkey(req, key->pkey) == 1 &&
	    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req), "CN",
	    MBSTRING_UTF8, (const uint8_t *)cn, -1, -1, 0) == 1);
	ctx_forget(cx);
	if (X509_REQ_sign(req, key->pkey, EVP_sha256()) <= 0) {
		ERR_clear_error();
		/* The TPM, if it was asked, has said why. */
		return failed(cx->trail->err) ? cx->trail->err :
		    FAIL(cx, ERR_INTERNAL, "the request could not be signed");
	}
	n = i2d_X509_REQ(req, &der);
	ASSERT(n > 0);
	*out_der = slice_dup(cx->arena, SLICE(der, (size_t)n));
	OPENSSL_free(der);
	return OK;
}

struct err
key_point(struct ctx *cx, const struct key *key, struct slice *out)
{
	uint8_t point[2 * COORDINATE + 1];
	char group[32];
	size_t n = 0;

	if (EVP_PKEY_get_utf8_string_param(key->pkey,
	    OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group), NULL) != 1 ||
	    strcmp(group, "prime256v1") != 0 ||
	    EVP_PKEY_get_octet_string_param(key->pkey,
	    OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &n) != 1 ||
	    n != sizeof(point) || point[0] != POINT_CONVERSION_UNCOMPRESSED)
		return FAIL(cx, ERR_MALFORMED, "not a P-256 key");
	*out = slice_dup(cx->arena, SLICE(point + 1, 2 * COORDINATE));
	return OK;
}

struct err
key_sign_raw(struct ctx *cx, const struct key *key, struct slice digest,
    struct slice *out)
{
	AUTO(EVP_PKEY_CTX) pctx = EVP_PKEY_CTX_new(key->pkey, NULL);
	AUTO(ECDSA_SIG) signature = NULL;
	uint8_t der[128], *raw = arena_alloc(cx->arena, 2 * COORDINATE);
	const uint8_t *p = der;
	size_t n = sizeof(der);

	if (pctx == NULL || EVP_PKEY_sign_init(pctx) != 1 ||
	    EVP_PKEY_sign(pctx, der, &n, digest.p, digest.n) != 1)
		return FAIL(cx, ERR_INTERNAL, "the device key cannot sign");
	signature = d2i_ECDSA_SIG(NULL, &p, (long)n);
	if (signature == NULL ||
	    BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, COORDINATE) < 0 ||
	    BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + COORDINATE,
	    COORDINATE) < 0)
		return FAIL(cx, ERR_INTERNAL, "the device key is not P-256");
	*out = SLICE(raw, 2 * COORDINATE);
	return OK;
}

static bool
is_pem(struct slice s)
{
	static const char mark[] = "-----BEGIN ";

	return s.n >= sizeof(mark) && memcmp(s.p, mark, sizeof(mark) - 1) == 0;
}

struct err
key_spki_of_file(struct ctx *cx, struct slice contents, struct slice *out)
{
	AUTO(BIO) bio = BIO_new_mem_buf(contents.p, (int)contents.n);
	const uint8_t *p = contents.p;
	AUTO(EVP_PKEY) pkey = NULL;

	ASSERT(bio != NULL);
	pkey = is_pem(contents) ?
	    PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) :
	    d2i_PUBKEY(NULL, &p, (long)contents.n);
	ERR_clear_error();
	if (pkey == NULL)
		return FAIL(cx, ERR_MALFORMED, "not a public key (PEM or DER)");
	*out = spki_of(cx, pkey);
	return OK;
}

struct err
key_spki_of_csr(struct ctx *cx, struct slice contents, struct slice *out)
{
	AUTO(BIO) bio = BIO_new_mem_buf(contents.p, (int)contents.n);
	const uint8_t *p = contents.p;
	AUTO(X509_REQ) req = NULL;
	EVP_PKEY *pkey;

	ASSERT(bio != NULL);
	req = is_pem(contents) ?
	    PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL) :
	    d2i_X509_REQ(NULL, &p, (long)contents.n);
	ERR_clear_error();
	pkey = req == NULL ? NULL : X509_REQ_get0_pubkey(req);
	if (pkey == NULL)
		return FAIL(cx, ERR_MALFORMED,
		    "not a certificate request (PEM or DER)");
	*out = spki_of(cx, pkey);
	return OK;
}
