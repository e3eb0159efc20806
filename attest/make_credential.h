/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MakeCredential in software (TPM 2.0 Library, Part 1, 24): a secret that only
 * the TPM holding an endorsement key can open, and opens only if it holds the
 * key of the given name too.
 */
#ifndef DAAPKI_ATTEST_MAKE_CREDENTIAL_H
#define DAAPKI_ATTEST_MAKE_CREDENTIAL_H

#include "attest/tpm_key.h"

#define CREDENTIAL_BLOB_MAX	(2u + 2u + TPM_DIGEST_MAX + 2u + TPM_DIGEST_MAX)
#define CREDENTIAL_SECRET_MAX	(2u + TPM_RSA_MAX)

/*
 * Wrap secret (1 to the digest size of the EK's nameAlg) for the EK (RSA 2048
 * to 4096, P-256, P-384 or P-521) and the key with that name (nameAlg and
 * digest).  The results are whole TPM2B structures: TPM2B_ID_OBJECT and
 * TPM2B_ENCRYPTED_SECRET.  Randomness is cx->rng's, but for OAEP's own.
 * ERR_EV_PROPERTY, ERR_EV_UNSUPPORTED	ek is not a key for this
 */
struct err	make_credential(struct ctx *, const struct tpm_public *ek,
		    struct slice ak_name, struct slice secret,
		    struct slice *out_blob, struct slice *out_encrypted_secret);

/* The same with its random choices given, and every step shown: for known
 * answers.  seed: RSA only; scalar: the ephemeral private key, ECC only. */
struct credential_choice { struct slice seed, scalar; };
struct credential_steps {
	struct slice	seed, sym_key, hmac_key, enc_identity, outer_hmac;
	struct slice	z, x, y;		/* ECC */
	struct slice	blob, encrypted_secret;
};
struct err	make_credential_steps(struct ctx *,
		    const struct tpm_public *ek, struct slice ak_name,
		    struct slice secret, const struct credential_choice *,
		    struct credential_steps *out);

/*
 * KDFa and KDFe (Part 1, 11.4.10): n bytes.  label without its NUL, which both
 * add.  Exposed for tests and for opening credentials there.
 */
struct slice	make_credential_kdfa(struct ctx *, uint16_t hash,
		    struct slice key, const char *label, struct slice u,
		    struct slice v, size_t n);
struct slice	make_credential_kdfe(struct ctx *, uint16_t hash,
		    struct slice z, const char *label, struct slice u,
		    struct slice v, size_t n);

#endif
