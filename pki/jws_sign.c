/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/jws_sign.h"

#include <openssl/ecdsa.h>
#include <openssl/pem.h>

#include "base/text.h"
#include "codec/base64.h"
#include "pki/key.h"

#define COORDINATE	32	/* r and s of ES256 (RFC 7518, 3.4) */

AUTO_DEFINE(ECDSA_SIG, ECDSA_SIG_free);

static const char *const algs[] = {
	[KEY_P256] = "ES256", [KEY_ED25519] = "EdDSA", [KEY_RSA] = "RS256",
};

static void
free_key(void *key)
{
	EVP_PKEY_free(key);
}

/* Nobody is asked for a passphrase. */
static int
no_passphrase(char *out, int n, int writing, void *arg)
{
	(void)out;
	(void)n;
	(void)writing;
	(void)arg;
	return -1;
}

static struct err
spki_of(struct ctx *cx, EVP_PKEY *pkey, struct key *out)
{
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(pkey, &der);
	struct slice spki;

	if (n <= 0)
		return OSSL_FAIL(cx, ERR_CONFIG, "a key without public part");
	spki = slice_dup(cx->arena, SLICE(der, (size_t)n));
	OPENSSL_free(der);
	if (failed(key_parse(cx, spki, out)) ||
	    (size_t)out->kind >= COUNT_OF(algs) || algs[out->kind] == NULL)
		return FAIL(cx, ERR_CONFIG, "not a key of P-256, Ed25519 or "
		    "RSA of 2048 to 4096 bits");
	return OK;
}

struct err
jws_key_read(struct ctx *cx, struct slice pem, EVP_PKEY **out)
{
	AUTO(BIO) bio = BIO_new_mem_buf(pem.n == 0 ? (const void *)"" :
	    pem.p, (int)pem.n);
	EVP_PKEY *pkey;
	struct key key;

	ASSERT(bio != NULL);
	pkey = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	if (pkey == NULL)
		return OSSL_FAIL(cx, ERR_CONFIG,
		    "not a private key in PEM without a passphrase");
	arena_defer(cx->arena, free_key, pkey);
	TRY(spki_of(cx, pkey, &key));
	*out = pkey;
	return OK;
}

/* ECDSA-Sig-Value (RFC 3279, 2.2.3) as r || s. */
static bool
raw_of(struct slice der, uint8_t out[static 2 * COORDINATE])
{
	const unsigned char *p = der.p;
	AUTO(ECDSA_SIG) sig = d2i_ECDSA_SIG(NULL, &p, (long)der.n);

	return sig != NULL &&
	    BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, COORDINATE) ==
	    COORDINATE &&
	    BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + COORDINATE,
	    COORDINATE) == COORDINATE;
}

static struct err
sign(struct ctx *cx, EVP_PKEY *pkey, enum key_kind kind, struct slice input,
    struct slice *out)
{
	AUTO(EVP_MD_CTX) md = EVP_MD_CTX_new();
	uint8_t *bytes = arena_alloc(cx->arena, KEY_SIGNATURE_MAX);
	uint8_t *raw = arena_alloc(cx->arena, (size_t)2 * COORDINATE);
	size_t n = KEY_SIGNATURE_MAX;

	ASSERT(md != NULL);
	if (EVP_DigestSignInit(md, NULL, kind == KEY_ED25519 ? NULL :
	    ossl_sha256(), NULL, pkey) != 1 ||
	    EVP_DigestSign(md, bytes, &n, input.p, input.n) != 1)
		return OSSL_FAIL(cx, ERR_INTERNAL, "the key cannot sign");
	*out = SLICE(bytes, n);
	if (kind != KEY_P256)
		return OK;
	if (!raw_of(*out, raw))
		return OSSL_FAIL(cx, ERR_INTERNAL, "an ECDSA signature");
	*out = SLICE(raw, (size_t)2 * COORDINATE);
	return OK;
}

static const char *
header_of(struct ctx *cx, const struct key *key, const char *typ)
{
	uint8_t hash[32];

	ASSERT(EVP_Digest(key->spki.p, key->spki.n, hash, NULL,
	    ossl_sha256(), NULL) == 1);
	return arena_printf(cx->arena,
	    "{\"alg\":\"%s\",\"typ\":\"%s\",\"kid\":\"%s\"}", algs[key->kind],
	    typ, text_hex(cx->arena, SLICE_OF(hash)));
}

struct err
jws_sign(struct ctx *cx, EVP_PKEY *pkey, const char *typ,
    struct slice payload, struct slice *out)
{
	struct slice signature;
	const char *input;
	struct key key;

	TRY(spki_of(cx, pkey, &key));
	input = arena_printf(cx->arena, "%s.%s", base64url(cx->arena,
	    slice_text(header_of(cx, &key, typ))),
	    base64url(cx->arena, payload));
	TRY(sign(cx, pkey, key.kind, slice_text(input), &signature));
	*out = slice_text(arena_printf(cx->arena, "%s.%s", input,
	    base64url(cx->arena, signature)));
	return OK;
}
