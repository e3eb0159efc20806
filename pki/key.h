/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public keys that may be certified, and signatures by them.
 *
 * Reads SubjectPublicKeyInfo itself and hands OpenSSL the raw key: its own
 * decoder costs ten times a signature.
 */
#ifndef DAAPKI_PKI_KEY_H
#define DAAPKI_PKI_KEY_H

#include "pki/ossl.h"

#define KEY_SPKI_MAX		1100u	/* RSA-4096 and some room */
#define KEY_RSA_BITS_MIN	2048u
#define KEY_RSA_BITS_MAX	4096u
#define KEY_SIGNATURE_MAX	512u	/* RSA-4096 */
#define KEY_ID_SIZE		20u

enum key_kind { KEY_P256 = 1, KEY_P384, KEY_ED25519, KEY_RSA };

struct key {
	enum key_kind	 kind;
	unsigned	 bits;		/* 256, 384, 256, 2048 to 4096 */
	struct slice	 spki;		/* the caller's bytes */
	struct slice	 bytes;		/* contents of subjectPublicKey, in spki:
					 * 04 X Y, 32 bytes, RSAPublicKey */
	EVP_PKEY	*pkey;		/* cx->arena frees it */
};

/* "P-256", "P-384", "Ed25519", "RSA". */
const char	*key_kind_name(enum key_kind);

/*
 * Read exactly one SubjectPublicKeyInfo: P-256 or P-384 as an uncompressed
 * point on the curve, Ed25519, or RSA of 2048 to 4096 bits with e = 65537.
 * ERR_CSR_KEY	anything else
 */
struct err	key_parse(struct ctx *, struct slice spki, struct key *out);

/* SubjectKeyIdentifier: RFC 7093, 2 (1), of the key's bytes. */
void		key_id(const struct key *, uint8_t out[static KEY_ID_SIZE]);

/*
 * How a signature is made: ECDSA with SHA-256, -384 or -512 on either curve;
 * Ed25519; RSA PKCS #1 v1.5 with SHA-256, -384 or -512.
 */
struct key_sig;
/* By key and whole AlgorithmIdentifier; NULL when it is none of those. */
const struct key_sig	*key_sig_find(enum key_kind, struct slice der);
/* The one that we sign with. */
const struct key_sig	*key_sig_of(enum key_kind);
/* Its whole AlgorithmIdentifier, DER. */
struct slice		 key_sig_der(const struct key_sig *);
/* Its digest's name for EVP; NULL for Ed25519. */
const char		*key_sig_digest(const struct key_sig *);

/*
 * Is signature over message by that key?  sig is of the key's kind.
 * code		no; or ERR_BUSY
 */
struct err	key_verify(struct ctx *, const struct key *,
		    const struct key_sig *, struct slice message,
		    struct slice signature, enum err_code code);
/* The same for RSASSA-PSS with SHA-256 and a salt of as many bytes, by an RSA
 * key (RFC 7518, 3.5). */
struct err	key_verify_pss(struct ctx *, const struct key *,
		    struct slice message, struct slice signature,
		    enum err_code code);

#endif
