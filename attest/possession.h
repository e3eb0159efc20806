/* SPDX-License-Identifier: Apache-2.0 */
/* Proof that who sends a certificate holds its key: a signature made for this
 * appraisal.  A chain alone is anybody's. */
#ifndef DAAPKI_ATTEST_POSSESSION_H
#define DAAPKI_ATTEST_POSSESSION_H

#include "attest/attest.h"
#include "pki/ossl.h"

#define POSSESSION_MAX	512u	/* bytes of a signature: RSA-4096 */

/*
 * Did the leaf's key sign the SHA-256 binding hash of that format; raw: the
 * nonce, and nothing when there is none?  The key fixes the algorithm: ECDSA in
 * DER with SHA-256 (P-256), SHA-384 (P-384), SHA-512 (P-521); RSASSA-PKCS1-v1_5
 * with SHA-256; Ed25519.
 * ERR_EV_NONCE		no nonce, and not raw
 * ERR_EV_SIGNATURE	no signature, or not that one
 * ERR_EV_PROPERTY	a key that is not for signatures (keyUsage)
 * ERR_EV_UNSUPPORTED	a key of another kind
 */
struct err	possession_check(struct ctx *, const char *format, X509 *leaf,
		    struct slice signature, const struct appraisal *);

#endif
