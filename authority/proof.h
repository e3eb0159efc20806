/* SPDX-License-Identifier: Apache-2.0 */
/* Proof to a relying party that this service holds a CA's key. */
#ifndef DAAPKI_AUTHORITY_PROOF_H
#define DAAPKI_AUTHORITY_PROOF_H

#include "authority/ca.h"

/*
 * A short-lived certificate over the nonce that the relying party gave (its
 * common name), signed by that CA: Azure IoT Hub and DPS, AWS IoT.
 * ERR_NOT_FOUND
 * ERR_FIELD		not 1 to WIRE_PROOF_NONCE_MAX of printable ASCII
 * ERR_CONFLICT		the CA is not staged, active or retiring
 * ERR_SIGNER_GONE, ERR_SIGNER_REFUSED, ERR_STORAGE
 */
struct err	proof_make(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const char *key_id, const char *nonce,
		    struct slice *out_der);

#endif
