/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A key that OpenSSL can sign with: in the TPM, or P-256 in a file.
 */
#ifndef DAAPKI_AGENT_KEY_H
#define DAAPKI_AGENT_KEY_H

#include <openssl/evp.h>

#include "agent/tpm.h"

struct key {
	EVP_PKEY	*pkey;		/* goes with the context's arena */
	struct slice	 spki;		/* DER */
	const char	*pem;		/* TSS2 PRIVATE KEY, or PKCS#8 */
	bool		 in_tpm;
	struct tpm_blob	 blob;		/* when it is in the TPM */
};

/*
 * Make a key; tpm NULL: in software.  A TPM key signs through this context and
 * this TPM, which must outlive its use.
 * ERR_TPM
 */
struct err	key_make(struct ctx *, struct tpm *, struct key *out);
/*
 * A key from its PEM.  The TPM is asked only when it signs.
 * ERR_MALFORMED	not such a key
 */
struct err	key_parse(struct ctx *, struct tpm *, const char *pem,
		    struct key *out);
/* A PKCS#10 request with that CN, signed by its key; ERR_TPM. */
struct err	key_csr(struct ctx *, const struct key *, const char *cn,
		    struct slice *out_der);

/* X||Y of a P-256 key, 64 bytes; ERR_MALFORMED when it is another kind. */
struct err	key_point(struct ctx *, const struct key *, struct slice *out);
/* ECDSA over a digest as r||s, 64 bytes, by a software P-256 key; ERR_INTERNAL. */
struct err	key_sign_raw(struct ctx *, const struct key *,
		    struct slice digest, struct slice *out);

/* DER SPKI of a public key or request, PEM or DER; ERR_MALFORMED. */
struct err	key_spki_of_file(struct ctx *, struct slice contents,
		    struct slice *out);
struct err	key_spki_of_csr(struct ctx *, struct slice contents,
		    struct slice *out);

#endif
