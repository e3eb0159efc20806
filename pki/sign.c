/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/sign.h"

#include <stdlib.h>

#include "codec/der.h"

/* Prepared once and copied for each use: that saves the set-up. */
struct sign_key {
	const struct key_sig	*sig;
	EVP_MD_CTX		*sign, *verify;
};

static bool
prepare(struct sign_key *k, EVP_PKEY *private_key, EVP_PKEY *public_key)
{
	const char *digest = key_sig_digest(k->sig);

	k->sign = EVP_MD_CTX_new();
	k->verify = EVP_MD_CTX_new();
	return k->sign != NULL && k->verify != NULL &&
	    EVP_DigestSignInit_ex(k->sign, NULL, digest, NULL, NULL,
	    private_key, NULL) == 1 &&
	    EVP_DigestVerifyInit_ex(k->verify, NULL, digest, NULL, NULL,
	    public_key, NULL) == 1;
}

static bool
sign(const struct sign_key *k, struct slice tbs, uint8_t *out, size_t *io_n)
{
	AUTO(EVP_MD_CTX) once = EVP_MD_CTX_new();

	return once != NULL && EVP_MD_CTX_copy_ex(once, k->sign) == 1 &&
	    EVP_DigestSign(once, out, io_n, tbs.p, tbs.n) == 1;
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
sign_key_new(struct ctx *cx, EVP_PKEY *private_key,
    const struct key *public_key, struct sign_key **out)
{
	static const uint8_t probe[] = "daapki: do these two belong together?";
	struct sign_key *k = base_alloc(sizeof(*k));
	uint8_t signature[KEY_SIGNATURE_MAX];
	size_t n = sizeof(signature);

	k->sig = key_sig_of(public_key->kind);
	if (!prepare(k, private_key, public_key->pkey) ||
	    !sign(k, SLICE_OF(probe), signature, &n) ||
	    !verify(k, SLICE_OF(probe), SLICE(signature, n))) {
		sign_key_free(k);
		return OSSL_FAIL(cx, ERR_SEAL,
		    "private key and certificate do not belong together");
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
	free(k);
}

const struct key_sig *
sign_key_sig(const struct sign_key *k)
{
	return k->sig;
}

struct err
sign_object(struct ctx *cx, const struct sign_key *k, struct slice tbs,
    struct slice *out_der)
{
	struct buf b = buf_in(cx->arena, tbs.n + KEY_SIGNATURE_MAX + 64);
	uint8_t signature[KEY_SIGNATURE_MAX];
	size_t n = sizeof(signature), seq;

	if (!sign(k, tbs, signature, &n))
		return OSSL_FAIL(cx, ERR_INTERNAL, "cannot sign");
	if (!verify(k, tbs, SLICE(signature, n)))
		return OSSL_FAIL(cx, ERR_INTERNAL,
		    "a signature that was just made is wrong");
	(void)put_space(&b, b.max);	/* so that it grows once */
	b.n = 0;
	seq = der_open(&b, DER_SEQUENCE);
	put_bytes(&b, tbs);
	put_bytes(&b, key_sig_der(k->sig));
	der_put_bits(&b, SLICE(signature, n));
	der_close(&b, seq);
	ASSERT(!b.bad);
	*out_der = buf_slice(&b);
	return OK;
}
