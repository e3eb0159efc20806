/* SPDX-License-Identifier: Apache-2.0 */
/* What the attestation key signs: registers, and that a key is the TPM's. */
#ifndef DAAPKI_AGENT_QUOTE_H
#define DAAPKI_AGENT_QUOTE_H

#include "agent/pcr.h"

#define QUOTE_TRIES	5u	/* registers may move between two commands */

/* TPMS_ATTEST and the TPMT_SIGNATURE over it, in cx->arena. */
struct attested {
	struct slice	attest, signature;
};

/*
 * TPM2_Quote with qualifying data, and the values that it covers.
 * ERR_TPM	also when the registers keep moving
 */
struct err	quote_make(struct ctx *, struct tpm *,
		    const struct tpm_blob *ak, const TPML_PCR_SELECTION *,
		    struct slice qualifying, struct attested *out,
		    struct pcr_values *out_values);

/* TPM2_Certify of a key under the owner's primary; ERR_TPM. */
struct err	quote_certify(struct ctx *, struct tpm *,
		    const struct tpm_blob *ak, const struct tpm_blob *key,
		    struct slice qualifying, struct attested *out);

#endif
