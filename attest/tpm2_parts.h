/* SPDX-License-Identifier: Apache-2.0 */
/* What the three formats of TPM evidence share. */
#ifndef DAAPKI_ATTEST_TPM2_PARTS_H
#define DAAPKI_ATTEST_TPM2_PARTS_H

#include "attest/ek.h"
#include "base/claims.h"

/* "tpm-ek:" and the hash in hex. */
void		tpm2_hardware_id(const uint8_t spki_sha256[static 32],
		    char out[static HARDWARE_ID_MAX]);
/* ek_certified and what the certificate says of the TPM. */
void		tpm2_claim_ek(struct claims *, const struct ek *);
/* SPKI of the key in a value of format tpm2-key. */
struct slice	tpm2_key_attested(const void *value);

#endif
