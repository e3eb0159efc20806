/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TPM, through tpm2-tss.  Structures are those of TPM 2.0 Library Part 2.
 *
 * A TPM holds few objects at a time (often three), and one that nobody flushes
 * stays until power-off: hence TPM_AUTO, which flushes however a function is
 * left, and functions that load a key, use it once and drop it.
 */
#ifndef DAAPKI_AGENT_TPM_H
#define DAAPKI_AGENT_TPM_H

#include <tss2/tss2_esys.h>

#include "base/ctx.h"

#define TPM_AUTH_MAX	64u		/* bytes of a hierarchy's secret */

struct tpm {
	ESYS_CONTEXT		*esys;		/* NULL when it is not open */
	TSS2_TCTI_CONTEXT	*tcti;
};

/* An object or session in the TPM, flushed when it goes out of scope. */
struct tpm_handle {
	struct tpm	*tpm;
	ESYS_TR		 tr;
};
void	tpm_handle_flush(struct tpm_handle *);
#define TPM_AUTO	__attribute__((cleanup(tpm_handle_flush))) struct tpm_handle
#define TPM_HANDLE(t)	((struct tpm_handle){ (t), ESYS_TR_NONE })

/* A key as it is kept outside: the private half is sealed by its parent. */
struct tpm_blob {
	TPM2B_PUBLIC	public;
	TPM2B_PRIVATE	private;
};

/* Which storage primary a key hangs from. */
enum tpm_parent {
	TPM_PARENT_OWNER,	/* storage: where applications expect keys */
	TPM_PARENT_ENDORSEMENT,	/* attestation: counters are not obfuscated */
};

enum tpm_use {
	TPM_USE_ATTEST,		/* restricted: signs only what the TPM says */
	TPM_USE_SIGN,		/* signs any digest; the scheme is free */
};

/*
 * Open the TPM.  The secrets are those of the hierarchies, mostly empty.
 * ERR_TPM	it cannot be reached, or is not started
 */
struct err	tpm_open(struct ctx *, const char *tcti,
		    struct slice owner_auth, struct slice endorsement_auth,
		    struct tpm *out);
void		tpm_close(struct tpm *);
/* ERR_TPM, with what the TPM said. */
struct err	tpm_fail(struct ctx *, TSS2_RC, const char *what);

/* Make a P-256 key under a storage primary; ERR_TPM. */
struct err	tpm_key_create(struct ctx *, struct tpm *, enum tpm_parent,
		    enum tpm_use, struct tpm_blob *out);
/* Load a key; ERR_TPM also when another TPM made it, or it was cleared. */
struct err	tpm_key_load(struct ctx *, struct tpm *, enum tpm_parent,
		    const struct tpm_blob *, struct tpm_handle *out);
/*
 * ECDSA over a digest of 32, 48 or 64 bytes by a key under the owner's
 * primary.  r and s are as long as the TPM gives them.
 */
struct err	tpm_sign(struct ctx *, struct tpm *, const struct tpm_blob *,
		    struct slice digest, struct slice *out_r,
		    struct slice *out_s);

/* DER SubjectPublicKeyInfo of an RSA or ECC key; ERR_TPM for another kind. */
struct err	tpm_spki(struct ctx *, const TPMT_PUBLIC *, struct slice *out);
/* Bytes of TPMT_PUBLIC, TPMT_SIGNATURE, TPM2B_PUBLIC, TPM2B_PRIVATE. */
struct slice	tpm_public_bytes(struct ctx *, const TPMT_PUBLIC *);
struct slice	tpm_signature_bytes(struct ctx *, const TPMT_SIGNATURE *);
struct slice	tpm_2b_public_bytes(struct ctx *, const TPM2B_PUBLIC *);
struct slice	tpm_2b_private_bytes(struct ctx *, const TPM2B_PRIVATE *);
/* The whole of bytes must be one structure; ERR_MALFORMED. */
struct err	tpm_blob_parse(struct ctx *, struct slice public_2b,
		    struct slice private_2b, struct tpm_blob *out);

#endif
