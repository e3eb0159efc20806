/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a claim has to prove, by the setting claim_proof: nothing, so that who
 * knows a hardware ID may claim it; or the secret that its maker gave with the
 * part, of which the platform's inventory holds a keyed hash.
 *
 * A wrong secret, hardware without one and hardware that nobody knows are
 * answered alike.  After CLAIM_TRIES wrong ones a tenant cannot claim that
 * device for CLAIM_LOCK_S, right or wrong.
 */
#ifndef DAAPKI_AUTHORITY_CLAIM_PROOF_H
#define DAAPKI_AUTHORITY_CLAIM_PROOF_H

#include "authority/claim.h"

#define CLAIM_SECRET_MAX	128u	/* letters */
#define CLAIM_SECRET_LEAST	8u
#define CLAIM_MAC_SIZE		32u
#define CLAIM_TRIES		5u
#define CLAIM_LOCK_S		3600

/* What is kept of a secret: HMAC-SHA-256 by a key of this server, over the
 * device ID and the secret. */
void		claim_secret_mac(const struct authority *,
		    const char *device_id, const char *secret,
		    uint8_t out[static CLAIM_MAC_SIZE]);
/* Put the hash in the place of the request's secret, in cx->arena; nothing
 * where it has none, or names no device. */
void		claim_request_seal(struct ctx *, const struct authority *,
		    struct claim_request *);
/*
 * In the transaction of the claim.  A failure that was counted is written: the
 * caller commits it.
 * ERR_CLAIM_PROOF
 */
struct err	claim_proof_check(struct ctx *, struct db_tx *,
		    const struct claimer *, const char *device_id,
		    struct slice mac);
/* Forget tries that no longer count. */
struct err	claim_proof_round(struct ctx *, const struct authority *);

#endif
