/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second opinion: OpenSSL's own reader and verifier on what we made with
 * our own writer.  Slow, so not for every leaf.
 */
#ifndef DAAPKI_PKI_CHECK_H
#define DAAPKI_PKI_CHECK_H

#include "pki/ossl.h"

/*
 * der is exactly one certificate (CRL, OCSP response), issued and signed by issuer, which for
 * a root is der itself.
 * ERR_CERT_LINT	OpenSSL does not think so
 */
struct err	check_cert(struct ctx *, struct slice der,
		    struct slice issuer);
struct err	check_ocsp(struct ctx *, struct slice der,
		    struct slice issuer);
struct err	check_crl(struct ctx *, struct slice der,
		    struct slice issuer);

#endif
