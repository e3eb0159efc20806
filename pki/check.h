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

#define CHECK_CHAIN_MAX	8u

/*
 * der was signed by chain[0], each of chain by the next, the last by itself,
 * and OpenSSL would accept der at that time if it trusted the last.
 * ERR_CERT_LINT	with OpenSSL's reason
 */
struct err	check_chain(struct ctx *, struct slice der,
		    const struct slice *chain, size_t n_chain, int64_t at_s);

#endif
