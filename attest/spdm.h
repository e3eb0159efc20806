/* SPDX-License-Identifier: Apache-2.0 */
/* Measurements by SPDM (DMTF DSP0274), as devices such as GPUs sign them. */
#ifndef DAAPKI_ATTEST_SPDM_H
#define DAAPKI_ATTEST_SPDM_H

#include "pki/ossl.h"

#define SPDM_NONCE_SIZE	32u

/*
 * Is the log a GET_MEASUREMENTS request (SPDM 1.1, 37 bytes) and the response,
 * signed by the leaf's P-384 key over SHA-384 of all that precedes the
 * signature?  *out_nonce borrows from log.
 * ERR_EV_MALFORMED	not such a log
 * ERR_EV_UNSUPPORTED	another version, or another kind of key
 * ERR_EV_SIGNATURE
 */
struct err	spdm_measurements_check(struct ctx *, struct slice log,
		    X509 *leaf, struct slice *out_nonce);

#endif
