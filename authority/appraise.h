/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From evidence to an attestation that stands: trust of the tenant that claims
 * the device, the AK's activation, the verifier.  A part of enroll().
 */
#ifndef DAAPKI_AUTHORITY_APPRAISE_H
#define DAAPKI_AUTHORITY_APPRAISE_H

#include "attest/attest.h"
#include "authority/subject.h"
#include "authority/trust.h"

struct appraised {
	struct attestation	 attestation;
	char			 device_id[DEVICE_ID_SIZE];
	uint8_t			 evidence_sha256[32];	/* of its JSON text */
	struct trust_pieces	 collateral;	/* that was looked at */
	struct slice		 ak_name;	/* empty: no TPM */
	bool			 activated;	/* AK and EK share a TPM: */
	struct trust_activation	 activation;
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

/* What was known when evidence was appraised, from its record. */
struct appraised_then {
	int64_t				 tenant_id, at_s;
	struct slice			 nonce, spki;
	struct slice			 collateral_sha256;
	const struct trust_activation	*activation;	/* NULL: none */
};
/*
 * Appraise it again, as of then.  The nonce is not asked for, and nothing that
 * was seen since is believed for it.  out_missing: so many pieces of the
 * collateral are not kept; nothing else is set then.
 * ERR_EV_*, ERR_HW_UNKNOWN, ERR_STORAGE
 */
struct err	appraise_again(struct ctx *, const struct authority *,
		    const json_t *evidence, const struct appraised_then *,
		    struct attestation *out, struct trust_pieces *out_collateral,
		    size_t *out_missing);

#endif
