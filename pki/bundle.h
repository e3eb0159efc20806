/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of certificates in the forms that relying parties take. */
#ifndef DAAPKI_PKI_BUNDLE_H
#define DAAPKI_PKI_BUNDLE_H

#include "base/ctx.h"

#define BUNDLE_CERTS_MAX	1000u

/* One PEM block after the other (RFC 7468). */
struct slice	bundle_pem(struct ctx *, const struct slice *certs, size_t n);

/* SignedData without signers (RFC 8551, 3.8; RFC 5280, 4.2.2.1): DER. */
struct slice	bundle_pkcs7(struct ctx *, const struct slice *certs,
		    size_t n);

/* What SPIFFE adds to a JWK set: SPIFFE Trust Domain and Bundle, 4.1. */
struct bundle_spiffe { int64_t sequence, refresh_s; };

/*
 * A JWK set (RFC 7517): each certificate's key, its x5c the certificate alone,
 * its kid the key id in hex.  With spiffe, a SPIFFE bundle of X.509 authorities.
 * ERR_AUTH_CERTIFICATE	a certificate that pki/cert.h does not read
 * ERR_CSR_KEY		a key that pki/key.h does not take
 */
struct err	bundle_jwks(struct ctx *, const struct slice *certs, size_t n,
		    const struct bundle_spiffe *, struct slice *out);

#endif
