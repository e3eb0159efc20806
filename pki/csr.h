/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A certificate request that is signed by the key it carries.  csr_parse() is
 * the only way to get one, so holding a struct csr means the check was made.
 * Nothing in it but the key is ever used: names and attributes are read past.
 */
#ifndef DAAPKI_PKI_CSR_H
#define DAAPKI_PKI_CSR_H

#include "pki/key.h"

#define CSR_MAX		8192u	/* bytes; attestation does not travel in it */

/* Slices point into the caller's bytes, which must outlive this. */
struct csr {
	struct slice	der;
	struct slice	spki;
	struct key	key;
};

/*
 * Read exactly one PKCS#10 request (RFC 2986) in DER.
 * ERR_CSR_MALFORMED	not that, larger than CSR_MAX, or bytes follow it
 * ERR_CSR_KEY		the key is not of an accepted kind (see key.h)
 * ERR_CSR_SIGNATURE	the signature is not by the key inside
 */
struct err	csr_parse(struct ctx *, struct slice der, struct csr *out);

/*
 * The CertificationRequestInfo of a CA that somebody else is to certify, with
 * the extensions that it should have (RFC 2985, 5.4.2): basicConstraints with
 * that pathLen, and its key usage.  In cx->arena; sign_object() completes it.
 * ERR_CERT_LINT	too large
 */
struct err	csr_encode_ca(struct ctx *, struct slice name,
		    const struct key *, unsigned path_len,
		    struct slice *out_info);

#endif
