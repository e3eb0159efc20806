/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attestation results in EAR form (draft-ietf-rats-ear, JSON): the text that is
 * stored, shown and, inside a JWT, signed for relying parties.
 *
 * It is made from facts of narrow alphabets, so that the signer can make it
 * without a JSON library and without taking a text from anybody.
 */
#ifndef DAAPKI_PKI_EAR_H
#define DAAPKI_PKI_EAR_H

#include "base/ar4si.h"
#include "base/ctx.h"

#define EAR_PROFILE		"tag:ietf.org,2026:rats/ear#03"
#define EAR_FORMAT_MAX		32u	/* bytes of a format's name */
#define EAR_NONCE_MIN		8u	/* characters (RFC 9711, 4.1) */
#define EAR_NONCE_MAX		88u
#define EAR_TEXT_MAX		2048u
#define EAR_LIFE_MAX_S		(24 * 3600)

struct ear {
	const char	*tenant, *device_id;	/* a name; 64 hex digits */
	const char	*format;		/* of the evidence: the submodule */
	int64_t		 attested_s;		/* when the appraisal was made */
	uint8_t		 tier;			/* enum ar4si_tier */
	uint8_t		 vector[AR4SI_ELEMENTS];	/* the same */
	const char	*group;			/* whose policy it was */
	uint64_t	 policy_version;
	struct slice	 policy_sha256;		/* of its canonical text */
	/* Of the result as told now: when, until when, and a relying party's
	 * nonce (of base64url's alphabet); 0, 0 and "": of the bare appraisal. */
	int64_t		 issued_s, expires_s;
	const char	*nonce;
};

/* Of base64url's alphabet, and not too short or long. */
bool		 ear_nonce_fits(const char *);
/*
 * urn:daapki:<tenant>:policy:<group>:<version>:sha-256:<hex>
 */
const char	*ear_policy_id(struct ctx *, const struct ear *);
/*
 * The appraisal alone: the value of the one member of "submods".
 * ERR_FIELD	a fact is outside of its alphabet or limit
 */
struct err	 ear_appraisal(struct ctx *, const struct ear *,
		    const char **out_json);
/*
 * The claims of the JWT: issued_s, expires_s and what ear_appraisal() gives,
 * and the nonce when there is one.
 * ERR_FIELD	as above; it lives longer than EAR_LIFE_MAX_S or no time at all
 */
struct err	 ear_claims(struct ctx *, const struct ear *,
		    const char **out_json);

#endif
