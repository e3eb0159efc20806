/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From evidence to an attestation that stands: trust of the tenant that claims
 * the device, the AK's activation, the verifier.  A part of enroll().
 */
#ifndef DAAPKI_AUTHORITY_APPRAISE_H
#define DAAPKI_AUTHORITY_APPRAISE_H

#include "attest/attest.h"
#include "authority/subject.h"

struct appraised {
	struct attestation	 attestation;
	char			 device_id[DEVICE_ID_SIZE];
	uint8_t			 evidence_sha256[32];	/* of its JSON text */
	uint8_t			 collateral_sha256[32];	/* authority/trust.h */
	struct slice		 ak_name;	/* empty: no TPM */
	struct slice		 nonce;
	int64_t			 nonce_expires_s;
};

/*
 * Appraise evidence for a key (DER SPKI).  out_subject is who it turned out to
 * be; its tenant's anchors were trusted beside the platform's.
 * ERR_NONCE_*, ERR_EV_*, ERR_HW_UNKNOWN, ERR_STORAGE
 */
struct err	appraise(struct ctx *, const struct authority *,
		    const json_t *evidence, const char *pointer,
		    struct slice nonce, struct slice spki,
		    struct appraised *out, struct subject *out_subject);
/* The same, for who only asks: a device that is about to go to another tenant
 * is still that of the one that it is in. */
struct err	appraise_as_it_is(struct ctx *, const struct authority *,
		    const json_t *evidence, const char *pointer,
		    struct slice nonce, struct slice spki,
		    struct appraised *out, struct subject *out_subject);
/* Evidence that covers a statement which was made with the nonce, in its place;
 * by the platform's trust alone, whoever has the device. */
struct err	appraise_statement(struct ctx *, const struct authority *,
		    const json_t *evidence, const char *pointer,
		    struct slice nonce, struct slice statement,
		    struct slice spki, struct appraised *out);

#endif
