/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of a TPM: names, SubjectPublicKeyInfo, signatures, weak moduli. */
#ifndef DAAPKI_ATTEST_TPM_KEY_H
#define DAAPKI_ATTEST_TPM_KEY_H

#include "codec/tpm.h"
#include "pki/ossl.h"

#define TPM_KEY_RSA_BITS_MIN	2048u
#define TPM_KEY_SPKI_MAX	640u	/* RSA-4096 with its wrapping */

/* The digest for EVP; NULL when this program does not take it. */
const EVP_MD	*tpm_key_md(uint16_t hash);
/* H over the bytes of some slices; the hash must be known to tpm_key_md(). */
struct slice	 tpm_key_hash(struct ctx *, uint16_t hash,
		    const struct slice *parts, size_t n_parts);

/*
 * The name of an object (Part 1, 16): nameAlg || H(TPMT_PUBLIC).
 * ERR_EV_UNSUPPORTED	a nameAlg weaker than SHA-256 or not taken here
 */
struct err	tpm_key_name(struct ctx *, const struct tpm_public *,
		    struct slice *out);

/*
 * The key as DER SubjectPublicKeyInfo, in the one form that certificates and
 * requests have it too (RFC 3279, RFC 5480: named curve, uncompressed point).
 * ERR_EV_PROPERTY	not RSA of 2048 to 4096 bits with e = 65537, nor P-256,
 *			P-384 or P-521; a modulus of another size than it says
 */
struct err	tpm_key_spki(struct ctx *, const struct tpm_public *,
		    struct slice *out);
/*
 * The other way: type, size and key out of an SPKI; other members zero.
 * Compressed points and other spellings come out the same.  NULL is a key of
 * a kind that OpenSSL does not know.
 * ERR_EV_UNSUPPORTED	not an RSA or NIST curve key
 * ERR_EV_PROPERTY	RSA below 2048 bits, above 4096, or e other than 65537
 */
struct err	tpm_key_from_pkey(struct ctx *, const EVP_PKEY *,
		    struct tpm_public *out);
/* The same, where its SubjectPublicKeyInfo (DER) is at hand: sooner.  The
 * result borrows from it.  And the key of a certificate. */
struct err	tpm_key_from_spki(struct ctx *, struct slice spki,
		    const EVP_PKEY *, struct tpm_public *out);
struct err	tpm_key_from_cert(struct ctx *, X509 *,
		    struct tpm_public *out);

/*
 * Is it a signature over message by that key?  The scheme and hash must be
 * those fixed in the key where it fixes them.
 * ERR_EV_SIGNATURE	no, or by another scheme
 * ERR_EV_UNSUPPORTED	SHA-1 (unless allowed) or a hash not taken here
 * ERR_EV_PROPERTY	a key that tpm_key_spki() refuses, a point off the curve
 */
struct err	tpm_key_verify(struct ctx *, const struct tpm_public *,
		    const struct tpm_signature *, struct slice message,
		    bool sha1_allowed);

/*
 * Does the modulus have the structure that RSALib gave it (CVE-2017-15361)?
 * The test takes 4 in 10^9 good moduli for weak ones.
 */
bool		tpm_key_is_roca(struct slice n);

/* Are at least those attribute bits set, and those others clear? */
bool		tpm_key_has(const struct tpm_public *, uint32_t set,
		    uint32_t clear);

/*
 * May it be an attestation key (attestation: TPM 2.0 Part 1, 31.4): restricted
 * and signing, not decrypting, made in its TPM and unable to leave it, with a
 * signing scheme fixed, and strong?
 * ERR_EV_PROPERTY, ERR_EV_UNSUPPORTED
 */
struct err	tpm_key_check_ak(struct ctx *, const struct tpm_public *,
		    bool sha1_allowed);
/*
 * May it be certified as a device's key: signing, not restricted, made in its
 * TPM and unable to leave it?  Checked after its name was: attributes of an
 * area that the TPM did not name are anybody's words.
 * ERR_EV_PROPERTY
 */
struct err	tpm_key_check_app(struct ctx *, const struct tpm_public *);
/*
 * May it be an endorsement key: a restricted decryption key, not signing, made
 * in its TPM and unable to leave it, with a cipher for activation?
 * ERR_EV_PROPERTY, ERR_EV_UNSUPPORTED
 */
struct err	tpm_key_check_ek(struct ctx *, const struct tpm_public *);

#endif
