/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of an issuer, as JWKs, and what they sign: by OpenSSL alone. */
#ifndef DAAPKI_TESTS_UNIT_JOSE_H
#define DAAPKI_TESTS_UNIT_JOSE_H

#include "tests/unit/unit.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "codec/base64.h"

struct jose_key {
	const char	*alg, *kid;
	EVP_PKEY	*pkey;		/* goes with cx->arena */
};

static inline void
jose_free(void *pkey)
{
	EVP_PKEY_free(pkey);
}

static inline struct jose_key
jose_key(const char *alg, const char *kid)
{
	struct jose_key key = { .alg = alg, .kid = kid };

	if (strcmp(alg, "EdDSA") == 0)
		key.pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	else if (alg[0] == 'E')
		key.pkey = EVP_EC_gen(strcmp(alg, "ES256") == 0 ? "P-256" :
		    "P-384");
	else
		key.pkey = EVP_RSA_gen(2048);
	ck_assert_ptr_nonnull(key.pkey);
	arena_defer(cx->arena, jose_free, key.pkey);
	return key;
}

static inline const char *
jose_ec(const struct jose_key *key)
{
	uint8_t point[256];
	size_t n = 0, half;

	ck_assert_int_eq(EVP_PKEY_get_octet_string_param(key->pkey,
	    OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &n), 1);
	half = (n - 1) / 2;
	return arena_printf(cx->arena, "\"kty\":\"EC\",\"crv\":\"%s\","
	    "\"x\":\"%s\",\"y\":\"%s\"", half == 32 ? "P-256" : "P-384",
	    base64url(cx->arena, SLICE(point + 1, half)),
	    base64url(cx->arena, SLICE(point + 1 + half, half)));
}

static inline const char *
jose_rsa(const struct jose_key *key)
{
	uint8_t bytes[512];
	BIGNUM *n = NULL;
	int size;

	ck_assert_int_eq(EVP_PKEY_get_bn_param(key->pkey,
	    OSSL_PKEY_PARAM_RSA_N, &n), 1);
	size = BN_bn2bin(n, bytes);
	BN_free(n);
	return arena_printf(cx->arena, "\"kty\":\"RSA\",\"e\":\"AQAB\","
	    "\"n\":\"%s\"", base64url(cx->arena, SLICE(bytes,
	    (size_t)size)));
}

static inline const char *
jose_okp(const struct jose_key *key)
{
	uint8_t bytes[32];
	size_t n = sizeof(bytes);

	ck_assert_int_eq(EVP_PKEY_get_raw_public_key(key->pkey, bytes, &n),
	    1);
	return arena_printf(cx->arena, "\"kty\":\"OKP\",\"crv\":\"Ed25519\","
	    "\"x\":\"%s\"", base64url(cx->arena, SLICE_OF(bytes)));
}

/* Its members without braces, and kid where it has one. */
static inline const char *
jose_jwk(const struct jose_key *key)
{
	const char *members = strcmp(key->alg, "EdDSA") == 0 ? jose_okp(key) :
	    key->alg[0] == 'E' ? jose_ec(key) : jose_rsa(key);

	return key->kid == NULL ? members : arena_printf(cx->arena,
	    "%s,\"kid\":\"%s\"", members, key->kid);
}

static inline const char *
jose_set(const struct jose_key *keys, size_t n)
{
	const char *text = "";

	for (size_t i = 0; i < n; i++)
		text = arena_printf(cx->arena, "%s%s{%s}", text,
		    i == 0 ? "" : ",", jose_jwk(&keys[i]));
	return arena_printf(cx->arena, "{\"keys\":[%s]}", text);
}

/* r || s of a DER signature. */
static inline struct slice
jose_raw(struct slice der, int size)
{
	uint8_t *raw = arena_alloc(cx->arena, 2 * (size_t)size);
	const uint8_t *p = der.p;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)der.n);

	ck_assert_ptr_nonnull(sig);
	ck_assert_int_eq(BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, size),
	    size);
	ck_assert_int_eq(BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + size,
	    size), size);
	ECDSA_SIG_free(sig);
	return SLICE(raw, 2 * (size_t)size);
}

/* With any header, which may say another alg. */
static inline const char *
jose_sign_as(const struct jose_key *key, const char *header,
    const char *payload)
{
	const char *input = arena_printf(cx->arena, "%s.%s",
	    base64url(cx->arena, slice_text(header)),
	    base64url(cx->arena, slice_text(payload)));
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	struct slice signature;
	EVP_PKEY_CTX *pctx;
	uint8_t out[512];
	size_t n = sizeof(out);

	ck_assert_int_eq(EVP_DigestSignInit(md, &pctx,
	    strcmp(key->alg, "EdDSA") == 0 ? NULL :
	    strcmp(key->alg, "ES384") == 0 ? EVP_sha384() : EVP_sha256(),
	    NULL, key->pkey), 1);
	if (key->alg[0] == 'P')
		ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(pctx,
		    RSA_PKCS1_PSS_PADDING) == 1 &&
		    EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx,
		    RSA_PSS_SALTLEN_DIGEST) == 1, 1);
	ck_assert_int_eq(EVP_DigestSign(md, out, &n,
	    (const uint8_t *)input, strlen(input)), 1);
	EVP_MD_CTX_free(md);
	signature = SLICE(out, n);
	if (strncmp(key->alg, "ES", 2) == 0)
		signature = jose_raw(signature,
		    strcmp(key->alg, "ES256") == 0 ? 32 : 48);
	return arena_printf(cx->arena, "%s.%s", input, base64url(cx->arena,
	    signature));
}

static inline const char *
jose_sign(const struct jose_key *key, const char *payload)
{
	return jose_sign_as(key, key->kid == NULL ?
	    arena_printf(cx->arena, "{\"alg\":\"%s\"}", key->alg) :
	    arena_printf(cx->arena, "{\"alg\":\"%s\",\"kid\":\"%s\","
	    "\"typ\":\"JWT\"}", key->alg, key->kid), payload);
}

#endif
