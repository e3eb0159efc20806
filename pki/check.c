/* SPDX-License-Identifier: Apache-2.0 */
#include "pki/check.h"

#include <limits.h>

#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

AUTO_DEFINE(OCSP_RESPONSE, OCSP_RESPONSE_free);
AUTO_DEFINE(OCSP_BASICRESP, OCSP_BASICRESP_free);

static X509 *
read_cert(struct slice der)
{
	const uint8_t *p = der.p;
	X509 *x = der.n <= LONG_MAX ? d2i_X509(NULL, &p, (long)der.n) : NULL;

	if (x != NULL && p != der.p + der.n) {
		X509_free(x);
		return NULL;
	}
	return x;
}

struct err
check_cert(struct ctx *cx, struct slice der, struct slice issuer_der)
{
	AUTO(X509) x = read_cert(der);
	AUTO(X509) issuer = read_cert(issuer_der);

	if (x == NULL || issuer == NULL)
		return OSSL_FAIL(cx, ERR_CERT_LINT,
		    "OpenSSL cannot read the certificate");
	if (X509_check_issued(issuer, x) != X509_V_OK)
		return OSSL_FAIL(cx, ERR_CERT_LINT,
		    "OpenSSL: not issued by that CA");
	if (X509_verify(x, X509_get0_pubkey(issuer)) != 1)
		return OSSL_FAIL(cx, ERR_CERT_LINT,
		    "OpenSSL: the signature is not right");
	return OK;
}

struct err
check_crl(struct ctx *cx, struct slice der, struct slice issuer_der)
{
	const uint8_t *p = der.p;
	AUTO(X509_CRL) crl = d2i_X509_CRL(NULL, &p, (long)der.n);
	AUTO(X509) issuer = read_cert(issuer_der);

	if (crl == NULL || issuer == NULL || p != der.p + der.n)
		return OSSL_FAIL(cx, ERR_CERT_LINT,
		    "OpenSSL cannot read the CRL");
	if (X509_NAME_cmp(X509_CRL_get_issuer(crl),
	    X509_get_subject_name(issuer)) != 0 ||
	    X509_CRL_verify(crl, X509_get0_pubkey(issuer)) != 1)
		return OSSL_FAIL(cx, ERR_CERT_LINT,
		    "OpenSSL: the signature is not right");
	return OK;
}

/* The responder's key is found in certs, and certs is trusted: what is left to
 * check is the responder's ID and the signature. */
static bool
ocsp_is_signed(OCSP_BASICRESP *basic, X509 *issuer)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	bool good = certs != NULL && sk_X509_push(certs, issuer) > 0 &&
	    OCSP_basic_verify(basic, certs, NULL, OCSP_TRUSTOTHER) == 1;

	sk_X509_free(certs);
	return good;
}

struct err
check_ocsp(struct ctx *cx, struct slice der, struct slice issuer_der)
{
	const uint8_t *p = der.p;
	AUTO(OCSP_RESPONSE) response = d2i_OCSP_RESPONSE(NULL, &p,
	    (long)der.n);
	AUTO(OCSP_BASICRESP) basic = response != NULL ?
	    OCSP_response_get1_basic(response) : NULL;
	AUTO(X509) issuer = read_cert(issuer_der);

	if (basic == NULL || issuer == NULL || p != der.p + der.n)
		return OSSL_FAIL(cx, ERR_CERT_LINT,
		    "OpenSSL cannot read the OCSP response");
	if (!ocsp_is_signed(basic, issuer))
		return OSSL_FAIL(cx, ERR_CERT_LINT,
		    "OpenSSL: the OCSP response is not signed right");
	return OK;
}
