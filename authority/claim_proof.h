/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a claim has to prove, by the setting claim_proof: nothing, so that who
 * knows a hardware ID may claim it; the secret that its maker gave with the
 * part, of which the platform's inventory holds a keyed hash; or the device's
 * own consent (authority/consent.h).  A call may ask for more than the setting.
 * A consent that is given is held in any case, and is enough in any case.
 *
 * A wrong secret, hardware without one and hardware that nobody knows are
 * answered alike.  After CLAIM_TRIES wrong ones a tenant cannot claim that
 * device by its secret for CLAIM_LOCK_S, right or wrong.  All that is not a
 * consent which was given here to that tenant is answered alike too; what is
 * wrong with one that was, is told.
 */
#ifndef DAAPKI_AUTHORITY_CLAIM_PROOF_H
#define DAAPKI_AUTHORITY_CLAIM_PROOF_H

#include "authority/claim.h"

#define CLAIM_SECRET_MAX	128u	/* letters */
#define CLAIM_SECRET_LEAST	8u
#define CLAIM_MAC_SIZE		32u
#define CLAIM_CONSENT_SIZE	(8u + DEVICE_ID_SIZE + 16u)	/* sealed */
#define CLAIM_TRIES		5u
#define CLAIM_LOCK_S		3600

/* What is kept of a secret: HMAC-SHA-256 by a key of this server, over the
 * device ID and the secret. */
void		claim_secret_mac(const struct authority *,
		    const char *device_id, const char *secret,
		    uint8_t out[static CLAIM_MAC_SIZE]);
/* "none", "secret", "consent". */
const char	*claim_proof_name(enum claim_proof);
/*
 * What is held: the setting, or what a call asks for (NULL: nothing).
 * ERR_FIELD	no such proof, or one that is weaker than the setting; at
 *		"/proof"
 */
struct err	claim_proof_wanted(struct ctx *, const struct authority *,
		    const char *asked, enum claim_proof *out);
/* Put the hash in the place of the request's secret, and what a consent for
 * that tenant says in the place of its text, in cx->arena; nothing where it has
 * none, or names no device. */
void		claim_request_seal(struct ctx *, const struct authority *,
		    const char *tenant, struct claim_request *);
/*
 * In the transaction of the claim.  A failure that was counted is written: the
 * caller commits it.
 * ERR_CLAIM_PROOF
 */
struct err	claim_proof_check(struct ctx *, struct db_tx *,
		    const struct claimer *, const char *device_id,
		    const struct claim_request *);
/* The claim is made: its consent, if that is what proved it, is used up.
 * out_how is what proved it, NULL for nothing. */
struct err	claim_proof_use(struct ctx *, struct db_tx *,
		    const struct claimer *, const struct claim_request *,
		    const char **out_how);
/* Forget tries that no longer count. */
struct err	claim_proof_round(struct ctx *, const struct authority *);

#endif
