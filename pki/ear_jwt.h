/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A signed attestation result: EAR claims in a JWT (RFC 7519) in the compact
 * form of JWS (RFC 7515), signed with ES256 (RFC 7518, 3.4).
 */
#ifndef DAAPKI_PKI_EAR_JWT_H
#define DAAPKI_PKI_EAR_JWT_H

#include "pki/ear.h"
#include "pki/sign.h"

#define EAR_JWT_MAX		(24u * 1024u)	/* characters */
#define EAR_JWT_TYPE		"eat+jwt"	/* RFC 9782; RFC 7515, 4.1.9 */
#define EAR_JWT_CHAIN_MAX	8192u		/* bytes of both certificates */

/*
 * The JWT, in cx->arena.  x5c (RFC 7515, 4.1.6) holds the certificate of the
 * key that signs and that of the CA that issued it; it is checked by the key's
 * public half before it is given.
 * ERR_FIELD	as ear_claims()
 * ERR_INTERNAL	not a P-256 key, or the signature is wrong; the certificates
 *		are larger than EAR_JWT_CHAIN_MAX
 */
struct err	ear_jwt(struct ctx *, const struct ear *,
		    const struct sign_key *, struct slice leaf,
		    struct slice issuer, const char **out);

#endif
