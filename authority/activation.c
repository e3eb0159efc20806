/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/activation.h"

#include <sodium.h>

#include "attest/make_credential.h"
#include "attest/tpm_key.h"
#include "base/base.h"
#include "codec/base64.h"

#define TOKEN_VERSION	1u
#define PLAIN_MAX	256u
#define NONCE_BYTES	crypto_secretbox_NONCEBYTES
#define OVERHEAD	(NONCE_BYTES + crypto_secretbox_MACBYTES)

/* What a token holds. */
struct pending {
	int64_t		expires_s;
	uint8_t		ek_spki_sha256[32];
	uint8_t		secret[ACTIVATION_SECRET_SIZE];
	struct slice	ak_name;
};

_Static_assert(sizeof(((struct authority_keys *)NULL)->seal) ==
    crypto_secretbox_KEYBYTES, "the seal key fits");

static const char *
seal(struct ctx *cx, const struct authority *a, const struct pending *p)
{
	struct buf plain = buf_in(cx->arena, PLAIN_MAX);
	size_t n;
	uint8_t *out;

	put_u8(&plain, TOKEN_VERSION);
	put_be64(&plain, (uint64_t)p->expires_s);
	put_bytes(&plain, SLICE_OF(p->ek_spki_sha256));
	put_bytes(&plain, SLICE_OF(p->secret));
	put_be16_bytes(&plain, p->ak_name);
	ASSERT(!plain.bad);
	n = plain.n + OVERHEAD;
	out = arena_alloc(cx->arena, n);
	ctx_random(cx, out, NONCE_BYTES);
	ASSERT(crypto_secretbox_easy(out + NONCE_BYTES, plain.p, plain.n, out,
	    a->keys->seal) == 0);
	sodium_memzero(plain.p, plain.n);
	return base64url(cx->arena, SLICE(out, n));
}

static struct err
unseal(struct ctx *cx, const struct authority *a, const char *token,
    struct pending *out)
{
	struct slice sealed, secret, ek;
	uint8_t *plain;
	struct reader r;

	if (!base64url_parse(cx->arena, token, strlen(token),
	    PLAIN_MAX + OVERHEAD, &sealed) || sealed.n <= OVERHEAD)
		return FAIL(cx, ERR_EV_ACTIVATION, "not a token");
	plain = arena_alloc(cx->arena, sealed.n - OVERHEAD);
	if (crypto_secretbox_open_easy(plain, sealed.p + NONCE_BYTES,
	    sealed.n - NONCE_BYTES, sealed.p, a->keys->seal) != 0)
		return FAIL(cx, ERR_EV_ACTIVATION, "not our token");
	r = reader_of(SLICE(plain, sealed.n - OVERHEAD));
	if (read_u8(&r) != TOKEN_VERSION)
		r.bad = true;
	out->expires_s = (int64_t)read_be64(&r);
	ek = read_bytes(&r, sizeof(out->ek_spki_sha256));
	secret = read_bytes(&r, sizeof(out->secret));
	out->ak_name = read_be16_bytes(&r, TPM_NAME_MAX);
	if (!read_done(&r))
		return FAIL(cx, ERR_EV_ACTIVATION, "a token of another form");
	memcpy(out->ek_spki_sha256, ek.p, ek.n);
	memcpy(out->secret, secret.p, secret.n);
	return OK;
}

struct err
activation_begin(struct ctx *cx, const struct authority *a,
    const struct activation_request *request,
    struct activation_challenge *out)
{
	struct activation_challenge made;
	struct pending p = {
		.expires_s = ctx_now(cx) + a->limits.activation_life_s,
	};
	struct tpm_public ek, ak;
	struct slice spki;

	TRY(ek_public(cx, &request->ek, &ek));
	TRY(tpm_public_parse(cx, request->ak_public, &ak));
	/* The TPM will vouch for the name, so for all that the area says. */
	TRY(tpm_key_check_ak(cx, &ak, false));
	TRY(tpm_key_name(cx, &ak, &p.ak_name));
	TRY(tpm_key_spki(cx, &ek, &spki));
	crypto_hash_sha256(p.ek_spki_sha256, spki.p, spki.n);
	ctx_random(cx, p.secret, sizeof(p.secret));
	TRY(make_credential(cx, &ek, p.ak_name, SLICE_OF(p.secret),
	    &made.credential_blob, &made.encrypted_secret));
	made.token = seal(cx, a, &p);
	made.expires_s = p.expires_s;
	sodium_memzero(&p.secret, sizeof(p.secret));
	*out = made;
	return OK;
}

struct err
activation_check(struct ctx *cx, const struct authority *a,
    const char *token, struct slice secret, struct trust_activation *out)
{
	struct pending p;

	TRY(unseal(cx, a, token, &p));
	if (p.expires_s < ctx_now(cx))
		return FAIL_TELL(cx, ERR_EV_ACTIVATION, "it has expired");
	if (!slice_equal_secret(SLICE_OF(p.secret), secret))
		return FAIL_TELL(cx, ERR_EV_ACTIVATION, "the secret is wrong");
	out->ak_name = p.ak_name;
	memcpy(out->ek_spki_sha256, p.ek_spki_sha256,
	    sizeof(out->ek_spki_sha256));
	sodium_memzero(&p.secret, sizeof(p.secret));
	return OK;
}
