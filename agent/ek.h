/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Endorsement keys: the TPM's identity (TCG EK Credential Profile 2.x).
 *
 * An EK is made anew from a template whenever it is needed; the same TPM and
 * template always give the same key.  Its certificate, where the vendor put
 * one, lies in the TPM's memory.
 */
#ifndef DAAPKI_AGENT_EK_H
#define DAAPKI_AGENT_EK_H

#include "agent/tpm.h"

#define EK_CERTIFICATE_MAX	8192u	/* bytes, DER */
#define EK_SECRET_MAX		64u	/* bytes that an activation gives */

struct ek {
	const char	*name;		/* "rsa2048": the template; static */
	TPMT_PUBLIC	 public;
	struct slice	 spki;		/* DER, in cx->arena */
	struct slice	 certificate;	/* DER, in cx->arena; may be empty */
};

/*
 * Find the endorsement key: the one named, or ("auto") the first whose
 * certificate is there, or the first that the TPM can make.  A certificate
 * given by the caller (DER; may be empty) stands for the one in the TPM, and
 * tells which EK is meant.
 * ERR_CONFIG	no EK of that name, or the certificate is for another key
 * ERR_TPM
 */
struct err	ek_find(struct ctx *, struct tpm *, const char *name,
		    struct slice certificate, struct ek *out);

/* An EK named earlier exists as a template. */
bool		ek_is_name(const char *name);

/*
 * TPM2_ActivateCredential (Part 3, 12.5): open what the server closed for this
 * EK and the attestation key; id_object and secret are the TPM2B structures.
 * ERR_MALFORMED	they are not
 * ERR_TPM		they are not for these keys
 */
struct err	ek_activate(struct ctx *, struct tpm *, const char *ek_name,
		    const struct tpm_blob *ak, struct slice id_object,
		    struct slice secret, struct slice *out);

/*
 * The DER certificate in what a TPM's memory holds: it may have a header of
 * five bytes before it and fill of one repeated byte after it.  Empty when
 * there is none.
 */
struct slice	ek_trim(struct slice nv);

#endif
