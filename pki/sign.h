/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CA's key, ready to sign certificates and CRLs.  Each signature is checked
 * with the public half, read from the CA's own certificate, before the object
 * is handed out: a fault in the machine must not give the key away, nor leave
 * a certificate that nobody can verify.
 */
#ifndef DAAPKI_PKI_SIGN_H
#define DAAPKI_PKI_SIGN_H

#include "pki/key.h"

struct sign_key;

/*
 * Keeps its own reference to private_key.
 * ERR_SEAL	the two are not halves of one key
 */
struct err	sign_key_new(struct ctx *, EVP_PKEY *private_key,
		    const struct key *public_key, struct sign_key **out);
/* NULL is nothing. */
void		sign_key_free(struct sign_key *);
const struct key_sig	*sign_key_sig(const struct sign_key *);

/*
 * SEQUENCE { tbs, AlgorithmIdentifier, BIT STRING }: a Certificate or a
 * CertificateList, in cx->arena.
 * ERR_INTERNAL	the signature could not be made, or is wrong
 */
struct err	sign_object(struct ctx *, const struct sign_key *,
		    struct slice tbs, struct slice *out_der);

#endif
