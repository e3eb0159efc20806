/* SPDX-License-Identifier: Apache-2.0 */
/* ECDSA with P-256 and SHA-256 as Intel writes it: keys X || Y, signatures
 * r || s, big-endian, 32 bytes a number. */
#ifndef DAAPKI_ATTEST_DCAP_SIG_H
#define DAAPKI_ATTEST_DCAP_SIG_H

#include "pki/ossl.h"

#define DCAP_POINT_SIZE		64u
#define DCAP_SIGNATURE_SIZE	64u

/*
 * The key of that point; cx->arena frees it.
 * ERR_EV_SIGNATURE	not a point of P-256: nothing is signed by it
 */
struct err	dcap_sig_key(struct ctx *, struct slice xy, EVP_PKEY **out);

/*
 * Is it a signature over message by that key?  what names it in words.
 * ERR_EV_SIGNATURE	no
 * ERR_EV_UNSUPPORTED	a key that is not of P-256, or none (NULL)
 */
struct err	dcap_sig_verify(struct ctx *, EVP_PKEY *key, struct slice rs,
		    struct slice message, const char *what);

#endif
