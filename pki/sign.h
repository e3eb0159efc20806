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

/*
 * A key that is elsewhere.  sign is given the digest that goes with the
 * algorithm, or for Ed25519 the message, and gives the signature as X.509 has
 * it, in cx->arena; how it fails is how sign_object() does.  arg is freed with
 * the key.  Nothing is signed yet.
 */
typedef struct err sign_elsewhere(struct ctx *, void *arg, struct slice data,
    struct slice *out_signature);
struct err	sign_key_elsewhere(struct ctx *, sign_elsewhere *, void *arg,
		    const struct key *public_key, struct sign_key **out);
/* Sign something and check it: is it the other half, and at work?
 * ERR_SEAL	no; or as sign fails */
struct err	sign_key_probe(struct ctx *, const struct sign_key *);
/* NULL is nothing. */
void		sign_key_free(struct sign_key *);
const struct key_sig	*sign_key_sig(const struct sign_key *);

#define SIGN_ES256_SIZE	64u
/*
 * The signature of JWS's ES256 (RFC 7518, 3.4): r and s, 32 bytes each.
 * ERR_INTERNAL	not a P-256 key; or as sign_object()
 */
struct err	sign_es256(struct ctx *, const struct sign_key *,
		    struct slice data, uint8_t out[static SIGN_ES256_SIZE]);

/*
 * SEQUENCE { tbs, AlgorithmIdentifier, BIT STRING }: a Certificate or a
 * CertificateList, in cx->arena.
 * ERR_INTERNAL	the signature could not be made, or is wrong
 * ...		as the sign_elsewhere fails
 */
struct err	sign_object(struct ctx *, const struct sign_key *,
		    struct slice tbs, struct slice *out_der);

#endif
