/* SPDX-License-Identifier: Apache-2.0 */
/* CA key pairs as OpenSSL has them and as they are sealed. */
#ifndef DAAPKI_SIGNER_KEYS_H
#define DAAPKI_SIGNER_KEYS_H

#include "pki/key.h"
#include "signer/sealed.h"

/*
 * A new key pair: the private half as OpenSSL has it and as it is sealed (in
 * locked memory, SEALED_PRIVATE_MAX), the public half.  An RSA key takes
 * seconds, in which nothing else is done.
 * ERR_INTERNAL
 */
struct err	keys_make(struct ctx *, enum ca_alg, EVP_PKEY **out_pkey,
		    uint8_t *out_private, struct key *out_public);

/* The private key of what was sealed; NULL when it is none.  That it is the
 * other half of public is for sign_key_new() to find out. */
EVP_PKEY	*keys_open(enum ca_alg, const uint8_t *private,
		    const struct key *public);

/* Is that a key of the algorithm? */
bool		keys_fit(enum ca_alg, const struct key *);

#endif
