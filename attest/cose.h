/* SPDX-License-Identifier: Apache-2.0 */
/*
 * COSE (RFC 9052, RFC 9053): COSE_Sign1 read and verified, COSE_Key read.
 * What is hashed are the bytes that came.
 */
#ifndef DAAPKI_ATTEST_COSE_H
#define DAAPKI_ATTEST_COSE_H

#include "codec/cbor.h"

#define COSE_TAG_SIGN1		18u
#define COSE_SIGNATURE_MAX	132u	/* ES512 */
#define COSE_KEY_MAX		1024u	/* bytes of a COSE_Key */

struct cose_sign1 {
	struct slice	protected;	/* contents of the byte string */
	struct slice	payload, signature;
	int64_t		alg;		/* of the protected header */
};

/*
 * Read a COSE_Sign1, tagged 18, with its payload inside and its algorithm in
 * the protected header; a label stands in one of the two headers only.
 * ERR_EV_MALFORMED	not exactly that
 * ERR_EV_UNSUPPORTED	another tag, an algorithm that is not taken here, a
 *			critical header: none is understood
 */
struct err	cose_sign1_read(struct ctx *, struct slice,
		    struct cose_sign1 *out);
/* The same for an item that was parsed. */
struct err	cose_sign1_take(struct ctx *, const struct cbor *,
		    struct cose_sign1 *out);
/*
 * Was it signed by that key?  The algorithm is one of the key's: ES256 P-256,
 * ES384 P-384, ES512 P-521, EdDSA Ed25519.
 * ERR_EV_SIGNATURE	no, or by an algorithm of other keys
 * ERR_EV_PROPERTY	not a key
 */
struct err	cose_sign1_verify(struct ctx *, const struct cose_sign1 *,
		    struct slice spki);

/*
 * The public key of a COSE_Key (RFC 9053, 7) as DER SubjectPublicKeyInfo: EC2
 * with both coordinates whole, OKP Ed25519, RSA (RFC 8230).
 * ERR_EV_MALFORMED	not such a map, or one that holds a private key
 * ERR_EV_UNSUPPORTED	a key of another kind
 * ERR_EV_PROPERTY	a key that is too weak
 */
struct err	cose_key_spki(struct ctx *, const struct cbor *key,
		    struct slice *out);
/*
 * The same for an uncompressed point (SEC 1, 2.3.3): 04 || X || Y; the curve is
 * the one whose coordinates are of that size.
 * ERR_EV_MALFORMED
 */
struct err	cose_point_spki(struct ctx *, struct slice point,
		    struct slice *out);

#endif
