/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credential activation (TPM 2.0 Part 1, 24): the proof that an attestation
 * key and an endorsement key share a TPM.  Nothing is stored: the secret and
 * the two names travel with the device, sealed under a key of this service.
 */
#ifndef DAAPKI_AUTHORITY_ACTIVATION_H
#define DAAPKI_AUTHORITY_ACTIVATION_H

#include "attest/ek.h"
#include "authority/authority.h"

#define ACTIVATION_SECRET_SIZE	32u
#define ACTIVATION_TOKEN_MAX	512u	/* base64url characters */

struct activation_request {
	struct ek_shown	ek;
	struct slice	ak_public;		/* TPMT_PUBLIC */
};

struct activation_challenge {
	struct slice	 credential_blob;	/* TPM2B_ID_OBJECT */
	struct slice	 encrypted_secret;	/* TPM2B_ENCRYPTED_SECRET */
	const char	*token;			/* base64url */
	int64_t		 expires_s;
};

/*
 * Make a credential that only the TPM with that EK opens, and only for that
 * AK.  Whether the EK is genuine is asked when the device enrols.
 * ERR_EV_MALFORMED, ERR_EV_UNSUPPORTED, ERR_EV_PROPERTY, ERR_EV_MISMATCH
 */
struct err	activation_begin(struct ctx *, const struct authority *,
		    const struct activation_request *,
		    struct activation_challenge *out);

/*
 * Check what a device sends back; out lives in cx->arena.
 * ERR_EV_ACTIVATION	not our token, expired, or not the secret in it
 */
struct err	activation_check(struct ctx *, const struct authority *,
		    const char *token, struct slice secret,
		    struct trust_activation *out);

#endif
