/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/sign.h"

#include <stdlib.h>

#include "codec/der.h"

/* Prepared once and copied for each use: that saves the set-up. */
struct sign_key {
	const struct key_sig	*sig;
	EVP_MD_CTX		*sign, *verify;
	sign_elsewhere		*elsewhere;	/* or NULL; sign is NULL then */
	void			*arg;
};

static bool
prepare_sign(struct sign_key *k, EVP_PKEY *private_key)
{
	k->sign = EVP_MD_CTX_new();
	return k->sign != NULL && EVP_DigestSignInit_ex(k->sign, NULL,
	    key_sig_digest(k->sig), NULL, NULL, private_key, NULL) == 1;
}

static bool
prepare_verify(struct sign_key *k, EVP_PKEY *public_key)
{
	k->verify = EVP_MD_CTX_new();
	return k->verify != NULL && EVP_DigestVerifyInit_ex(k->verify, NULL,
	    key_sig_digest(k->sig), NULL, NULL, public_key, NULL) == 1;
}

static struct err
sign_here(struct ctx *cx, const struct sign_key *k, struct slice tbs,
    struct slice *out)
{
	AUTO(EVP_MD_CTX) once = EVP_MD_CTX_new();
	uint8_t *signature = arena_alloc(cx->arena, KEY_SIGNATURE_MAX);
	size_t n = KEY_SIGNATURE_MAX;

	if (once == NULL || EVP_MD_CTX_copy_ex(once, k->sign) != 1 ||
	    EVP_DigestSign(once, signature, &n, tbs.p, tbs.n) != 1)
		return OSSL_FAIL(cx, ERR_INTERNAL, "cannot sign");
	*out = SLICE(signature, n);
	return OK;
}

static struct err
sign_there(struct ctx *cx, const struct sign_key *k, struct slice tbs,
    struct slice *out)
{
	const char *name = key_sig_digest(k->sig);
	uint8_t digest[EVP_MAX_MD_SIZE];
	size_t n;

	if (name == NULL)
		return k->elsewhere(cx, k->arg, tbs, out);
	if (EVP_Q_digest(NULL, name, NULL, tbs.p, tbs.n, digest, &n) != 1)
		return OSSL_FAIL(cx, ERR_INTERNAL, "cannot hash");
	return k->elsewhere(cx, k->arg, SLICE(digest, n), out);
}

static struct err
sign(struct ctx *cx, const struct sign_key *k, struct slice tbs,
    struct slice *out)
{
	return k->elsewhere != NULL ? sign_there(cx, k, tbs, out) :
	    sign_here(cx, k, tbs, out);
}

static bool
verify(const struct sign_key *k, struct slice tbs, struct slice signature)
{
	AUTO(EVP_MD_CTX) once = EVP_MD_CTX_new();

	return once != NULL && EVP_MD_CTX_copy_ex(once, k->verify) == 1 &&
	    EVP_DigestVerify(once, signature.p, signature.n, tbs.p,
	    tbs.n) == 1;
}

struct err
sign_key_probe(struct ctx *cx, const struct sign_key *k)
{
	static const uint8_t probe[] = "daapki: do these two belong together?";
	struct slice signature;

	TRY(sign(cx, k, SLICE_OF(probe), &signature));
	if (!verify(k, SLICE_OF(probe), signature))
		return OSSL_FAIL(cx, ERR_SEAL,
		    "private key and certificate do not belong together");
	return OK;
}

struct err
sign_key_new(struct ctx *cx, EVP_PKEY *private_key,
    const struct key *public_key, struct sign_key **out)
{
	struct sign_key *k = base_alloc(sizeof(*k));

	k->sig = key_sig_of(public_key->kind);
	if (!prepare_verify(k, public_key->pkey) ||
	    !prepare_sign(k, private_key) || failed(sign_key_probe(cx, k))) {
		sign_key_free(k);
		return OSSL_FAIL(cx, ERR_SEAL,
		    "private key and certificate do not belong together");
	}
	*out = k;
	return OK;
}

struct err
sign_key_elsewhere(struct ctx *cx, sign_elsewhere *elsewhere, void *arg,
    const struct key *public_key, struct sign_key **out)
{
	struct sign_key *k = base_alloc(sizeof(*k));

	k->sig = key_sig_of(public_key->kind);
	k->elsewhere = elsewhere;
	k->arg = arg;
	if (!prepare_verify(k, public_key->pkey)) {
		sign_key_free(k);
		return OSSL_FAIL(cx, ERR_INTERNAL, "a public key");
	}
	*out = k;
	return OK;
}

void
sign_key_free(struct sign_key *k)
{
	if (k == NULL)
		return;
	EVP_MD_CTX_free(k->sign);
	EVP_MD_CTX_free(k->verify);
	free(k->arg);
	free(k);
}

const struct key_sig *
sign_key_sig(const struct sign_key *k)
{
	return k->sig;
}

/* The integer, with the zeros before it that DER leaves out. */
static bool
read_half(struct reader *r, uint8_t out[static SIGN_ES256_SIZE / 2])
{
	struct slice n = der_read_unsigned(r);

	if (r->bad || n.n > SIGN_ES256_SIZE / 2)
		return false;
	memset(out, 0, SIGN_ES256_SIZE / 2);
	memcpy(out + SIGN_ES256_SIZE / 2 - n.n, n.p, n.n);
	return true;
}

static struct slice
der_of_halves(struct ctx *cx, const uint8_t halves[static SIGN_ES256_SIZE])
{
	struct buf b = buf_in(cx->arena, KEY_SIGNATURE_MAX);
	size_t seq = der_open(&b, DER_SEQUENCE);

	der_put_unsigned(&b, SLICE(halves, SIGN_ES256_SIZE / 2));
	der_put_unsigned(&b, SLICE(halves + SIGN_ES256_SIZE / 2,
	    SIGN_ES256_SIZE / 2));
	der_close(&b, seq);
	ASSERT(!b.bad);
	return buf_slice(&b);
}

struct err
sign_es256(struct ctx *cx, const struct sign_key *k, struct slice data,
    uint8_t out[static SIGN_ES256_SIZE])
{
	uint8_t halves[SIGN_ES256_SIZE];
	struct slice der;
	struct reader r, pair;

	if (k->sig != key_sig_of(KEY_P256))
		return FAIL(cx, ERR_INTERNAL, "ES256 needs a P-256 key");
	TRY(sign(cx, k, data, &der));
	r = reader_of(der);
	pair = der_enter(&r, DER_SEQUENCE);
	/* What is checked is what will be read, not what it was made from. */
	if (!read_half(&pair, halves) ||
	    !read_half(&pair, halves + SIGN_ES256_SIZE / 2) ||
	    !verify(k, data, der_of_halves(cx, halves)))
		return OSSL_FAIL(cx, ERR_INTERNAL,
		    "a signature that was just made is wrong");
	memcpy(out, halves, sizeof(halves));
	return OK;
}

struct err
sign_object(struct ctx *cx, const struct sign_key *k, struct slice tbs,
    struct slice *out_der)
{
	struct buf b = buf_in(cx->arena, tbs.n + KEY_SIGNATURE_MAX + 64);
	struct slice signature;
	size_t seq;

	TRY(sign(cx, k, tbs, &signature));
	if (!verify(k, tbs, signature))
		return OSSL_FAIL(cx, ERR_INTERNAL,
		    "a signature that was just made is wrong");
	(void)put_space(&b, b.max);	/* so that it grows once */
	b.n = 0;
	seq = der_open(&b, DER_SEQUENCE);
	put_bytes(&b, tbs);
	put_bytes(&b, key_sig_der(k->sig));
	der_put_bits(&b, signature);
	der_close(&b, seq);
	ASSERT(!b.bad);
	*out_der = buf_slice(&b);
	return OK;
}
