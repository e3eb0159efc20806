/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Web Keys (RFC 7517, RFC 7518, 6) that signatures are verified by. */
#ifndef DAAPKI_PKI_JWK_H
#define DAAPKI_PKI_JWK_H

#include "codec/json.h"
#include "pki/key.h"

#define JWKS_BYTES_MAX	(64u * 1024u)	/* of a set as JSON */
#define JWKS_KEYS_MAX	32u		/* in a set, of any kind */
#define JWK_TEXT_MAX	128u		/* bytes of a kid or another word */

struct jwk {
	const char	*kid;	/* NULL: it has none */
	const char	*alg;	/* NULL: any that goes with the key */
	struct slice	 spki;	/* DER, in cx->arena */
	enum key_kind	 kind;
};

struct jwks {
	size_t		n;
	struct jwk	keys[JWKS_KEYS_MAX];
};

/*
 * The keys of a set that can verify here.  What is of another type, curve or
 * use is passed over (RFC 7517, 5).  The kids of two that are left differ, or
 * their kinds do.
 * ERR_FIELD	not a set; a key that could sign (symmetric or private) is in it;
 *		or none is left
 */
struct err	jwks_read(struct ctx *, const json_t *, struct jwks *out);

#endif
