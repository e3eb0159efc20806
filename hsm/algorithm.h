/* SPDX-License-Identifier: Apache-2.0 */
/* What the key algorithms of CAs are called in PKCS#11, and the forms that
 * X.509 has for what comes out of it. */
#ifndef DAAPKI_HSM_ALGORITHM_H
#define DAAPKI_HSM_ALGORITHM_H

#include <p11-kit/pkcs11.h>

#include "wire/hsm.h"

struct algorithm {
	CK_MECHANISM_TYPE	 generate, sign;
	unsigned		 rsa_bits;	/* 0: a curve */
	struct slice		 curve;		/* its OID, DER: CKA_EC_PARAMS */
	struct slice		 spki_alg;	/* AlgorithmIdentifier, DER */
	size_t			 n_point;	/* bytes of a public key */
	size_t			 n_data;	/* of what is signed; 0: any */
};

const struct algorithm	*algorithm_of(enum ca_alg);

/*
 * A SubjectPublicKeyInfo, in cx->arena.  of is CKA_EC_POINT, or the modulus
 * with the exponent.
 * ERR_HSM_REFUSED	not a key of that algorithm
 */
struct err	algorithm_spki(struct ctx *, const struct algorithm *,
		    struct slice of, struct slice exponent, struct slice *out);
/*
 * What C_Sign is given: the digest in its DigestInfo (RFC 8017, 9.2) for RSA,
 * else data as it is.
 * ERR_HSM_REFUSED	not of the digest's size
 */
struct err	algorithm_to_sign(struct ctx *, const struct algorithm *,
		    struct slice data, struct slice *out);
/*
 * The signature as X.509 has it: Ecdsa-Sig-Value for ECDSA (RFC 3279, 2.2.3),
 * else raw as it is.  In cx->arena.
 * ERR_HSM_REFUSED	not of the right size
 */
struct err	algorithm_signature(struct ctx *, const struct algorithm *,
		    struct slice raw, struct slice *out);

#endif
