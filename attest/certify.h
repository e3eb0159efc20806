/* SPDX-License-Identifier: Apache-2.0 */
/* TPM2_Certify: an AK's word that a key lies in its TPM. */
#ifndef DAAPKI_ATTEST_CERTIFY_H
#define DAAPKI_ATTEST_CERTIFY_H

#include "attest/ak.h"

/* The member "key" as it was sent. */
struct certify {
	bool			present;
	struct tpm_public	public;
	struct slice		spki;	/* empty: not a key known here */
	struct tpm_attest	attest;
	struct tpm_signature	signature;
};

/* Read the member key {public, attest, signature}; failures are in's. */
void		certify_read(struct json_in *in, enum json_need,
		    struct certify *out);

/*
 * Was this attestation (TPMS_ATTEST) signed by the AK, made by a TPM, and is
 * it of that type?  In this order: an AK signs what begins otherwise too, if
 * somebody had it hashed elsewhere (Part 1, 31.4.2).
 * ERR_EV_SIGNATURE, ERR_EV_UNSUPPORTED	tpm_key_verify()'s
 * ERR_EV_PROPERTY	another magic or type
 */
struct err	certify_check_attest(struct ctx *, const struct ak *,
		    const struct tpm_attest *, const struct tpm_signature *,
		    enum tpm_attest_type, const struct trust *);

/*
 * Does an attestation carry what it must: the nonce as it stands (raw), or
 * the binding hash of the format over nonce and key?
 * ERR_EV_NONCE		no; an empty nonce is never right
 */
struct err	certify_check_nonce(struct ctx *, const char *format,
		    const struct tpm_attest *, const struct appraisal *);

/*
 * Is the key certified by the AK, for this appraisal, and can it not leave its
 * TPM?  *out_name is its TPM name.
 * ERR_EV_KEY_NOT_BOUND	it is not the key to be certified, or the AK spoke of
 *			another one
 * ERR_EV_PROPERTY	its attributes
 * ERR_EV_*		those of the two above
 */
struct err	certify_verify(struct ctx *, const char *format,
		    const struct certify *, const struct ak *,
		    const struct appraisal *, struct slice *out_name);

#endif
