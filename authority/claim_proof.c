/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/claim_proof.h"

#include <sodium.h>

#include "authority/event.h"
#include "base/base.h"
#include "db/claim_proof.h"

void
claim_secret_mac(const struct authority *a, const char *device_id,
    const char *secret, uint8_t out[static CLAIM_MAC_SIZE])
{
	static const char purpose[] = "daapki claim secret";
	crypto_auth_hmacsha256_state state;

	/* Each text ends in its NUL, so that no two pairs are the same. */
	crypto_auth_hmacsha256_init(&state, a->keys->token,
	    sizeof(a->keys->token));
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)purpose,
	    sizeof(purpose));
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)device_id,
	    strlen(device_id) + 1);
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)secret,
	    strlen(secret));
	crypto_auth_hmacsha256_final(&state, out);
	sodium_memzero(&state, sizeof(state));
}

void
claim_request_seal(struct ctx *cx, const struct authority *a,
    struct claim_request *r)
{
	uint8_t *mac = arena_alloc(cx->arena, CLAIM_MAC_SIZE);
	char device_id[DEVICE_ID_SIZE];

	if (r->claim_secret == NULL)
		return;
	if (failed(claim_device_id(cx, r, device_id))) {
		ctx_forget(cx);
		return;
	}
	claim_secret_mac(a, device_id, r->claim_secret, mac);
	r->secret_mac = SLICE(mac, CLAIM_MAC_SIZE);
	r->claim_secret = NULL;
}

static struct err
count_wrong(struct ctx *cx, struct db_tx *tx, const struct claimer *c,
    const char *device_id, unsigned tries)
{
	TRY(db_claim_try_put(cx, tx, c->tenant_id, device_id, tries,
	    c->at_s));
	if (tries == CLAIM_TRIES)
		TRY(event_add(cx, tx, c->tenant_id, EVENT_DEVICE_CLAIM_LOCKED,
		    device_id, c->by, json_pack("{s:I}", "tries",
		    (json_int_t)tries)));
	return FAIL(cx, ERR_CLAIM_PROOF, "device %s, try %u", device_id,
	    tries);
}

struct err
claim_proof_check(struct ctx *cx, struct db_tx *tx, const struct claimer *c,
    const char *device_id, struct slice mac)
{
	struct slice known;
	unsigned tries;

	if (c->proof == CLAIM_PROOF_NONE)
		return OK;
	if (mac.n != CLAIM_MAC_SIZE)
		return FAIL_TELL(cx, ERR_CLAIM_PROOF,
		    "a claim needs the claim secret of the device");
	TRY(db_claim_tries(cx, tx, c->tenant_id, device_id,
	    c->at_s - CLAIM_LOCK_S, &tries));
	if (tries >= CLAIM_TRIES)
		return FAIL(cx, ERR_CLAIM_PROOF, "device %s is locked",
		    device_id);
	TRY(db_claim_secret(cx, tx, device_id, c->at_s, &known));
	if (known.n != CLAIM_MAC_SIZE ||
	    sodium_memcmp(known.p, mac.p, CLAIM_MAC_SIZE) != 0)
		return count_wrong(cx, tx, c, device_id, tries + 1);
	return tries == 0 ? OK :
	    db_claim_try_forget(cx, tx, c->tenant_id, device_id);
}

static struct err
prune(struct ctx *cx, struct db_tx *tx, void *arg)
{
	const int64_t *until_s = arg;

	return db_claim_try_prune(cx, tx, *until_s);
}

struct err
claim_proof_round(struct ctx *cx, const struct authority *a)
{
	int64_t until_s = ctx_now(cx) - CLAIM_LOCK_S;

	return db_write(cx, a->db, prune, &until_s);
}
