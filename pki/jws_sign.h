/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making JSON Web Signatures in compact form (RFC 7515, 3.1), as pki/jws.h reads
 * them: for tools, whose keys are files.
 */
#ifndef DAAPKI_PKI_JWS_SIGN_H
#define DAAPKI_PKI_JWS_SIGN_H

#include "pki/ossl.h"

/*
 * A private key out of PEM (PKCS #8 or older), without a passphrase: P-256,
 * Ed25519, or RSA of 2048 to 4096 bits.  It goes with cx->arena.
 * ERR_CONFIG	anything else
 */
struct err	jws_key_read(struct ctx *, struct slice pem, EVP_PKEY **out);
/*
 * Sign a payload.  The header has alg, typ and kid: the SHA-256 of the key's
 * SubjectPublicKeyInfo in hex.  The text is in cx->arena.
 * ERR_INTERNAL
 */
struct err	jws_sign(struct ctx *, EVP_PKEY *, const char *typ,
		    struct slice payload, struct slice *out);

#endif
