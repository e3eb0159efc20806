/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/consent.h"

#include <strings.h>

#include <sodium.h>

#include "authority/appraise.h"
#include "authority/nonce.h"
#include "base/base.h"
#include "codec/base64.h"
#include "db/nonce.h"

#define TEXT_VERSION	1u
#define BODY_MAX	128u
#define DEVICE_BYTES	((DEVICE_ID_SIZE - 1) / 2)

/* --- what the device signed ------------------------------------------ */

/* Each text ends in its NUL, so that no two statements are the same; and with
 * SHA-512, since whoever a device enrols with chooses NONCE_SIZE bytes. */
static struct slice
statement_of(struct ctx *cx, const struct consent_request *r)
{
	static const char purpose[] = "daapki-claim-consent-1";
	uint8_t *out = arena_alloc(cx->arena, CONSENT_STATEMENT_SIZE);
	crypto_hash_sha512_state state;

	_Static_assert(CONSENT_STATEMENT_SIZE == crypto_hash_sha512_BYTES &&
	    CONSENT_STATEMENT_SIZE != NONCE_SIZE, "no nonce is a statement");
	crypto_hash_sha512_init(&state);
	crypto_hash_sha512_update(&state, (const uint8_t *)purpose,
	    sizeof(purpose));
	crypto_hash_sha512_update(&state, (const uint8_t *)r->audience,
	    strlen(r->audience) + 1);
	crypto_hash_sha512_update(&state, (const uint8_t *)r->tenant,
	    strlen(r->tenant) + 1);
	crypto_hash_sha512_update(&state, r->nonce.p, r->nonce.n);
	crypto_hash_sha512_final(&state, out);
	return SLICE(out, CONSENT_STATEMENT_SIZE);
}

static struct err
check_audience(struct ctx *cx, const struct authority *a,
    const char *audience)
{
	for (size_t i = 0; i < a->n_names; i++)
		if (strcasecmp(a->names[i], audience) == 0)
			return OK;
	return FAIL_AT(cx, ERR_FIELD, "/audience", "is not a name of this "
	    "server (setting server_names)");
}

/* --- the text -------------------------------------------------------- */

static void
mac_of(const struct authority *a, const char *tenant,
    const struct consent_text *c, uint8_t out[static CONSENT_MAC_SIZE])
{
	static const char purpose[] = "daapki claim consent";
	crypto_auth_hmacsha256_state state;
	uint8_t expires[8];

	for (size_t i = 0; i < sizeof(expires); i++)
		expires[i] = (uint8_t)((uint64_t)c->expires_s >> (56 - 8 * i));
	crypto_auth_hmacsha256_init(&state, a->keys->token,
	    sizeof(a->keys->token));
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)purpose,
	    sizeof(purpose));
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)tenant,
	    strlen(tenant) + 1);
	crypto_auth_hmacsha256_update(&state, expires, sizeof(expires));
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)c->device_id,
	    sizeof(c->device_id));
	crypto_auth_hmacsha256_update(&state, c->id, sizeof(c->id));
	crypto_auth_hmacsha256_final(&state, out);
	sodium_memzero(&state, sizeof(state));
}

const char *
consent_print(struct ctx *cx, const struct consent_text *c)
{
	struct buf b = buf_in(cx->arena, BODY_MAX);
	uint8_t device[DEVICE_BYTES];

	ASSERT(text_unhex(c->device_id, device, sizeof(device)));
	put_u8(&b, TEXT_VERSION);
	put_be64(&b, (uint64_t)c->expires_s);
	put_bytes(&b, SLICE_OF(device));
	put_bytes(&b, SLICE_OF(c->id));
	put_bytes(&b, SLICE_OF(c->mac));
	ASSERT(!b.bad);
	return arena_printf(cx->arena, CONSENT_PREFIX "%s",
	    base64url(cx->arena, buf_slice(&b)));
}

bool
consent_parse(struct ctx *cx, const char *text, struct consent_text *out)
{
	const size_t n_prefix = sizeof(CONSENT_PREFIX) - 1;
	size_t n = strlen(text);
	struct slice body, device, id, mac;
	struct consent_text c;
	struct reader r;

	if (n > CONSENT_TEXT_MAX || n < n_prefix ||
	    memcmp(text, CONSENT_PREFIX, n_prefix) != 0 ||
	    !base64url_parse(cx->arena, text + n_prefix, n - n_prefix,
	    BODY_MAX, &body))
		return false;
	r = reader_of(body);
	if (read_u8(&r) != TEXT_VERSION)
		r.bad = true;
	c.expires_s = (int64_t)read_be64(&r);
	device = read_bytes(&r, DEVICE_BYTES);
	id = read_bytes(&r, sizeof(c.id));
	mac = read_bytes(&r, sizeof(c.mac));
	if (!read_done(&r) || c.expires_s < 0)
		return false;
	memcpy(c.device_id, text_hex(cx->arena, device), DEVICE_ID_SIZE);
	memcpy(c.id, id.p, id.n);
	memcpy(c.mac, mac.p, mac.n);
	*out = c;
	return true;
}

bool
consent_is_ours(const struct authority *a, const char *tenant,
    const struct consent_text *c)
{
	uint8_t expected[CONSENT_MAC_SIZE];

	mac_of(a, tenant, c, expected);
	return sodium_memcmp(expected, c->mac, sizeof(expected)) == 0;
}

/* --- giving it ------------------------------------------------------- */

static struct err
use_nonce(struct ctx *cx, struct db_tx *tx, void *arg)
{
	const struct appraised *p = arg;

	return db_nonce_use(cx, tx, p->nonce, p->nonce_expires_s);
}

struct err
consent_give(struct ctx *cx, const struct authority *a,
    const struct consent_request *request, struct consent *out)
{
	struct appraised *proved = ARENA_NEW(cx->arena, struct appraised);
	struct consent_text c = {
		.expires_s = ctx_now(cx) + a->limits.consent_life_s,
	};

	TRY(check_audience(cx, a, request->audience));
	TRY(appraise_statement(cx, a, request->evidence,
	    request->evidence_pointer, request->nonce,
	    statement_of(cx, request), request->spki, proved));
	TRY(db_write(cx, a->db, use_nonce, proved));
	memcpy(c.device_id, proved->device_id, sizeof(c.device_id));
	ctx_random(cx, c.id, sizeof(c.id));
	mac_of(a, request->tenant, &c, c.mac);
	*out = (struct consent){
		.text = consent_print(cx, &c), .device_id = proved->device_id,
		.hardware_id = proved->attestation.hardware_id,
		.expires_s = c.expires_s,
	};
	return OK;
}
