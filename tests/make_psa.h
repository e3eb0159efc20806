/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PSA tokens and Arm CCA token collections of a device that exists only here.
 * Everything is right unless a test changes it, so that one check alone fails.
 */
#ifndef DAAPKI_TESTS_MAKE_PSA_H
#define DAAPKI_TESTS_MAKE_PSA_H

#include "attest/psa.h"
#include "pki/ossl.h"

#define MAKE_CLAIMS_MAX	24u

/* A COSE_Sign1 over a map of claims; each value is encoded CBOR. */
struct make_token {
	struct { int64_t key; struct slice value; } claims[MAKE_CLAIMS_MAX];
	size_t		 n_claims;
	EVP_PKEY	*key;
	int64_t		 alg;
	struct slice	 protected;	/* .p NULL: { 1: alg } */
	struct slice	 unprotected;	/* encoded; .p NULL: {} */
	struct slice	 payload;	/* .p NULL: the claims */
	bool		 detached;	/* nil in the payload's place */
	const char	*context;	/* NULL: "Signature1" */
	uint64_t	 tag;		/* 0: none */
	bool		 der_signature;
	bool		 wide_signature;	/* a zero before r and s */
};

/* Encoded values. */
struct slice	make_int(struct ctx *, int64_t);
struct slice	make_bytes(struct ctx *, size_t n, uint8_t fill);
struct slice	make_bstr(struct ctx *, struct slice);
struct slice	make_text(struct ctx *, const char *);
/* An array of n encoded items. */
struct slice	make_array(struct ctx *, const struct slice *, size_t n);
/* A software component without those of its members that are empty. */
struct slice	make_component(struct ctx *, struct slice type,
		    struct slice measurement, struct slice signer);
/* The COSE_Key of an EC key; with a private key beside it, if asked for. */
struct slice	make_cose_key(struct ctx *, EVP_PKEY *, bool private);
/* 04 || X || Y */
struct slice	make_point(struct ctx *, EVP_PKEY *);

/* Replace a claim, or add it; drop it. */
void		make_claim(struct make_token *, int64_t key, struct slice);
void		make_no_claim(struct make_token *, int64_t key);
struct slice	make_payload(struct ctx *, const struct make_token *);
struct slice	make_token(struct ctx *, const struct make_token *);

/* Good tokens: of the profile of RFC 9783, of PSA_IOT_PROFILE_1, the two halves
 * of CCA.  The nonce is of 32 bytes 0x5a, a realm's challenge of 64. */
void		make_psa(struct ctx *, struct make_token *);
void		make_psa_old(struct ctx *, struct make_token *);
void		make_cca(struct ctx *, struct make_token *platform,
		    struct make_token *realm);
/* Both in a collection: tag 399, or 907 with each in a wrapper. */
struct slice	make_collection(struct ctx *, uint64_t tag,
		    struct slice platform, struct slice realm);
/* The platform's challenge for the realm's key, by SHA-256. */
void		make_bind_realm(struct ctx *, struct make_token *platform,
		    const struct make_token *realm);

#endif
