/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims of the Platform Security Architecture: PSA tokens (RFC 9783), those of
 * the older PSA_IOT_PROFILE_1, and the platform half of Arm CCA tokens (RMM
 * specification, A7.2.3.3), which are built alike.
 */
#ifndef DAAPKI_ATTEST_PSA_H
#define DAAPKI_ATTEST_PSA_H

#include "attest/attest.h"
#include "attest/cose.h"

#define PSA_TOKEN_MAX		16384u
#define PSA_COMPONENTS_MAX	64u
#define PSA_TEXT_MAX		256u	/* of a text claim */
#define PSA_ID_SIZE		32u	/* implementation id */
#define PSA_UEID_SIZE		33u	/* instance id: 01 and 32 bytes */
#define PSA_CONFIG_MAX		1024u	/* bytes of the CCA platform config */

struct psa_component {
	const char	*type, *version, *description;	/* NULL: absent */
	struct slice	 measurement, signer;
};

/* Texts NULL and slices empty where a claim is absent. */
struct psa_claims {
	const char	*profile;
	struct slice	 nonce;
	struct slice	 instance_id, implementation_id, boot_seed;
	uint16_t	 lifecycle;
	int64_t		 client_id;	/* 0: absent */
	int64_t		 debug_status;	/* RFC 9711, 4.2.9; -1: absent */
	const char	*certification, *verification_service;
	struct psa_component *components;
	size_t		 n_components;
	struct slice	 config;	/* CCA */
	const char	*hash;		/* CCA */
};

/*
 * Read the claims of a token's payload.  The profile is looked for first and
 * fixes what the claims are called; those of another profile are refused,
 * unknown ones pass.  is_cca: platform tokens of CCA, and no others.
 * ERR_EV_MALFORMED	a claim is missing, or not as its profile has it
 * ERR_EV_UNSUPPORTED	a profile that is not known here
 */
struct err	psa_claims_read(struct ctx *, struct slice payload, bool is_cca,
		    struct psa_claims *out);
/* What they say of the device. */
void		psa_claims_tell(struct ctx *, const struct psa_claims *,
		    struct claims *out);

/* Of 32, 48 or 64 bytes; SLICE_NONE when absent. */
struct slice	psa_get_hash(struct cbor_in *, int64_t key, enum cbor_need);
/* The text in hex of each item, for a claim that is a list. */
const char	*const *psa_hex_list(struct ctx *, const struct slice *,
		    size_t n);

/* --- Arm CCA ------------------------------------------------------------ */

#define CCA_TAG			399u
#define CCA_CMW_TAG		907u
#define CCA_REMS		4u
#define CCA_CHALLENGE_SIZE	64u

struct cca_realm {
	struct slice	challenge, personalization;
	struct slice	key;		/* as in the claim: that is hashed */
	struct slice	spki;		/* the same key */
	const char     *profile;	/* NULL: absent */
	const char     *hash, *key_hash;
	struct slice	initial_measurement;
	struct slice	measurements[CCA_REMS];
	struct slice	instance_id;	/* or empty */
};

struct cca_token {
	struct cose_sign1	platform_sign1, realm_sign1;
	struct psa_claims	platform;
	struct cca_realm	realm;
};

/*
 * Read a token collection: both tokens, and nothing else.
 * ERR_EV_MALFORMED, ERR_EV_UNSUPPORTED
 */
struct err	cca_read(struct ctx *, const struct cbor *collection,
		    struct cca_token *out);
/*
 * Do the tokens belong together: the platform vouches for the realm's key,
 * which signed the realm token?  The platform's own signature is the caller's
 * business.
 * ERR_EV_BINDING, ERR_EV_SIGNATURE, ERR_EV_UNSUPPORTED
 */
struct err	cca_check_realm(struct ctx *, const struct cca_token *);
void		cca_realm_tell(struct ctx *, const struct cca_realm *,
		    struct claims *out);

#endif
