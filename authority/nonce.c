/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/nonce.h"

#include <sodium.h>

#include "base/base.h"

#define RANDOM_SIZE	15u
#define EXPIRY_SIZE	5u
#define SIGNED_SIZE	(RANDOM_SIZE + EXPIRY_SIZE)
#define MAC_SIZE	(NONCE_SIZE - SIGNED_SIZE)

static void
mac(const struct authority *a, const uint8_t *nonce, uint8_t out[MAC_SIZE])
{
	uint8_t full[32];

	ASSERT(crypto_generichash(full, sizeof(full), nonce, SIGNED_SIZE,
	    a->keys->nonce, sizeof(a->keys->nonce)) == 0);
	memcpy(out, full, MAC_SIZE);
}

void
nonce_make(struct ctx *cx, const struct authority *a,
    uint8_t out[static NONCE_SIZE], int64_t *out_expires_s)
{
	int64_t expires_s = ctx_now(cx) + a->limits.nonce_life_s;

	ctx_random(cx, out, RANDOM_SIZE);
	for (size_t i = 0; i < EXPIRY_SIZE; i++)
		out[RANDOM_SIZE + i] =
		    (uint8_t)(expires_s >> 8 * (EXPIRY_SIZE - 1 - i));
	mac(a, out, out + SIGNED_SIZE);
	*out_expires_s = expires_s;
}

struct err
nonce_check(struct ctx *cx, const struct authority *a, struct slice nonce,
    int64_t *out_expires_s)
{
	uint8_t expected[MAC_SIZE];
	int64_t expires_s = 0;

	if (nonce.n != NONCE_SIZE)
		return FAIL(cx, ERR_NONCE_INVALID, "%zu bytes", nonce.n);
	mac(a, nonce.p, expected);
	if (!slice_equal_secret(SLICE_OF(expected),
	    SLICE(nonce.p + SIGNED_SIZE, MAC_SIZE)))
		return FAIL(cx, ERR_NONCE_INVALID, "MAC");
	for (size_t i = 0; i < EXPIRY_SIZE; i++)
		expires_s = expires_s << 8 | nonce.p[RANDOM_SIZE + i];
	if (expires_s < ctx_now(cx))
		return FAIL_TELL(cx, ERR_NONCE_EXPIRED,
		    "expired %lld s ago",
		    (long long)(ctx_now(cx) - expires_s));
	*out_expires_s = expires_s;
	return OK;
}
