/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The main loop: evidence and a certificate request in, a certificate out, or
 * a refusal that says which check it was.  REST, EST and ACME are three shapes
 * of this one call; renewal is the same call again.
 *
 * The order of the checks is part of the promise (a device learns what the
 * server knows of it only after it has proved to be that device): request,
 * nonce, evidence, key covered, hardware not banned, claimed, policy, pacing;
 * then the signer, then one transaction, then the answer.
 */
#ifndef DAAPKI_AUTHORITY_ENROLL_H
#define DAAPKI_AUTHORITY_ENROLL_H

#include "attest/attest.h"
#include "authority/authority.h"
#include "authority/client.h"
#include "authority/issuers.h"
#include "db/attestation.h"

struct enroll_request {
	struct slice			 csr;		/* PKCS#10, DER */
	struct slice			 nonce;		/* empty: no evidence */
	const json_t			*evidence;	/* NULL: none */
	const char			*evidence_pointer; /* where it stands */
	const struct client_device	*client;	/* NULL: no mTLS */
	int64_t				 device_time_s;	/* its clock; 0: not told */
};

struct enrollment {
	const char		*device_id, *hardware_id;	/* id or NULL */
	const char		*tenant, *group;
	struct slice		 serial;
	struct slice		 certificate, issuer, root;	/* DER */
	/* CAs above the issuer but the root, and cross-certificates of the
	 * root while there are several. */
	size_t			 n_between;
	struct slice		 between[ISSUER_CROSSES_MAX];
	int64_t			 not_before_s, not_after_s;
	int64_t			 renew_after_s, renew_before_s;
	/* The appraisal that the certificate rests on. */
	struct attestation_row	 attested;
	const char		*ear;	/* in EAR form; NULL: from before that */
};

/*
 * ERR_CSR_*, ERR_NONCE_*, ERR_EV_*, ERR_HW_*, ERR_CLAIM_NONE, ERR_POLICY_*,
 * ERR_PACING		refused, in the order above
 * ERR_FIELD		neither evidence nor a way to do without it
 * ERR_SIGNER_GONE, ERR_STORAGE	nothing was decided; try again
 */
struct err	enroll(struct ctx *, const struct authority *,
		    const struct enroll_request *, struct enrollment *out);

#endif
