/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON Web Signatures in compact form (RFC 7515, 3.1), of one signer: ES256,
 * ES384, EdDSA with Ed25519, RS256, PS256.
 */
#ifndef DAAPKI_PKI_JWS_H
#define DAAPKI_PKI_JWS_H

#include "base/ctx.h"
#include "pki/key.h"

#define JWS_HEADER_MAX	4096u	/* bytes of the protected header */

struct jws {
	const char	*alg;		/* jws_fits() says of what */
	const char	*kid;		/* NULL: not said */
	const char	*typ;		/* NULL: not said */
	struct slice	 payload;	/* decoded, in cx->arena */
	struct slice	 input;		/* what is signed: in the text */
	struct slice	 signature;
};

/*
 * Three parts of base64url and nothing around them.  Members of the header
 * other than alg, kid, typ, cty, iat, x5t and x5t#S256 are refused, so nothing
 * critical is passed over (RFC 7515, 4.1.11).
 * ERR_MALFORMED
 */
struct err	jws_parse(struct ctx *, struct slice text, size_t payload_max,
		    struct jws *out);
/*
 * Is it signed by that key (DER SubjectPublicKeyInfo)?  alg must be what goes
 * with the key.
 * code		no; or ERR_BUSY
 */
struct err	jws_verify(struct ctx *, const struct jws *, struct slice spki,
		    enum err_code code);

/* The same by a key that was read before. */
struct err	jws_verify_by(struct ctx *, const struct jws *,
		    const struct key *, enum err_code code);
/* Is that an algorithm known here, and one of such keys? */
bool		jws_fits(const char *alg, enum key_kind);

#endif
