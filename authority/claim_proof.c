/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/claim_proof.h"

#include <sodium.h>

#include "authority/consent.h"
#include "authority/event.h"
#include "base/base.h"
#include "db/claim_proof.h"
#include "db/nonce.h"

static const char *const names[CLAIM_PROOF_COUNT] = {
	[CLAIM_PROOF_NONE] = "none",
	[CLAIM_PROOF_SECRET] = "secret",
	[CLAIM_PROOF_CONSENT] = "consent",
};

const char *
claim_proof_name(enum claim_proof proof)
{
	ASSERT((size_t)proof < COUNT_OF(names));
	return names[proof];
}

struct err
claim_proof_wanted(struct ctx *cx, const struct authority *a,
    const char *asked, enum claim_proof *out)
{
	enum claim_proof least = a->limits.claim_proof;
	size_t i = asked == NULL ? (size_t)least : 0;

	while (i < COUNT_OF(names) && asked != NULL &&
	    strcmp(names[i], asked) != 0)
		i++;
	if (i == COUNT_OF(names))
		return FAIL_AT(cx, ERR_FIELD, "/proof",
		    "proof: none, secret or consent");
	if (i < (size_t)least)
		return FAIL_AT(cx, ERR_FIELD, "/proof",
		    "proof: this server asks for more, %s", names[least]);
	*out = (enum claim_proof)i;
	return OK;
}

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

/* What is not a consent for that tenant is one byte. */
static struct slice
consent_seal(struct ctx *cx, const struct authority *a, const char *tenant,
    const char *text)
{
	struct buf b = buf_in(cx->arena, CLAIM_CONSENT_SIZE);
	struct consent_text c;

	if (!consent_parse(cx, text, &c) ||
	    !consent_is_ours(a, tenant, &c)) {
		put_u8(&b, 0);
		return buf_slice(&b);
	}
	put_be64(&b, (uint64_t)c.expires_s);
	put_bytes(&b, SLICE_OF(c.device_id));
	put_bytes(&b, SLICE_OF(c.id));
	ASSERT(!b.bad && b.n == CLAIM_CONSENT_SIZE);
	return buf_slice(&b);
}

void
claim_request_seal(struct ctx *cx, const struct authority *a,
    const char *tenant, struct claim_request *r)
{
	uint8_t *mac = arena_alloc(cx->arena, CLAIM_MAC_SIZE);
	char device_id[DEVICE_ID_SIZE];

	if (r->consent != NULL)
		r->sealed_consent = consent_seal(cx, a, tenant, r->consent);
	r->consent = NULL;
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

/* Nobody can make a consent, so wrong ones need not be counted. */
static struct err
consent_check(struct ctx *cx, struct db_tx *tx, const char *device_id,
    struct slice sealed)
{
	struct reader r = reader_of(sealed);
	int64_t expires_s = (int64_t)read_be64(&r);
	struct slice device = read_bytes(&r, DEVICE_ID_SIZE);
	struct slice id = read_bytes(&r, CONSENT_ID_SIZE);
	struct err e;

	if (!read_done(&r))
		return FAIL_TELL(cx, ERR_CLAIM_PROOF,
		    "this is no consent that was given here to this tenant");
	if (!slice_equal(device, SLICE(device_id, DEVICE_ID_SIZE)))
		return FAIL_TELL(cx, ERR_CLAIM_PROOF,
		    "the consent is another device's");
	/* Not at_s, which is before the transaction: what was used and has
	 * expired since may be forgotten by now. */
	if (ctx_now(cx) >= expires_s)
		return FAIL_TELL(cx, ERR_CLAIM_PROOF, "the consent has "
		    "expired: have the device give another");
	e = db_nonce_unused(cx, tx, id);
	if (e.code == ERR_NONCE_USED)
		return FAIL_TELL(cx, ERR_CLAIM_PROOF, "the consent was used: "
		    "have the device give another");
	return e;
}

struct err
claim_proof_use(struct ctx *cx, struct db_tx *tx, const struct claimer *c,
    const struct claim_request *request, const char **out_how)
{
	struct reader r = reader_of(request->sealed_consent);
	int64_t expires_s = (int64_t)read_be64(&r);

	*out_how = c->proof == CLAIM_PROOF_NONE ? NULL :
	    names[CLAIM_PROOF_SECRET];
	if (request->sealed_consent.n == 0)
		return OK;
	*out_how = names[CLAIM_PROOF_CONSENT];
	(void)read_bytes(&r, DEVICE_ID_SIZE);
	return db_nonce_use(cx, tx, read_bytes(&r, CONSENT_ID_SIZE),
	    expires_s);
}

struct err
claim_proof_check(struct ctx *cx, struct db_tx *tx, const struct claimer *c,
    const char *device_id, const struct claim_request *r)
{
	struct slice known, mac = r->secret_mac;
	unsigned tries;

	if (r->sealed_consent.n > 0)
		return consent_check(cx, tx, device_id, r->sealed_consent);
	if (c->proof == CLAIM_PROOF_NONE)
		return OK;
	if (c->proof == CLAIM_PROOF_CONSENT)
		return FAIL_TELL(cx, ERR_CLAIM_PROOF, "a claim needs the "
		    "consent of the device: daa-agent claim-consent");
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
