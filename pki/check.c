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

/* The responder's certificate is in the response: it must be the issuer's own
 * delegate.  Whether that one is valid now is not OpenSSL's clock to say. */
static bool
ocsp_is_delegated(OCSP_BASICRESP *basic, X509 *issuer)
{
	AUTO(X509_STORE) store = X509_STORE_new();

	return store != NULL && X509_STORE_add_cert(store, issuer) == 1 &&
	    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN |
	    X509_V_FLAG_NO_CHECK_TIME) == 1 &&
	    OCSP_basic_verify(basic, NULL, store, 0) == 1;
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
	if (sk_X509_num(OCSP_resp_get0_certs(basic)) > 0 ?
	    !ocsp_is_delegated(basic, issuer) :
	    !ocsp_is_signed(basic, issuer))
		return OSSL_FAIL(cx, ERR_CERT_LINT,
		    "OpenSSL: the OCSP response is not signed right");
	return OK;
}

/* --- chains -------------------------------------------------------------- */

typedef STACK_OF(X509) x509_stack;

static void
x509_stack_free(x509_stack *all)
{
	sk_X509_pop_free(all, X509_free);
}

AUTO_DEFINE(x509_stack, x509_stack_free);

/* All of them read into *all, in their order. */
static struct err
read_chain(struct ctx *cx, const struct slice *chain, size_t n,
    x509_stack *all)
{
	for (size_t i = 0; i < n; i++) {
		X509 *x = read_cert(chain[i]);

		if (x == NULL || sk_X509_push(all, x) <= 0) {
			X509_free(x);
			return OSSL_FAIL(cx, ERR_CERT_LINT,
			    "certificate %zu of the chain cannot be read", i);
		}
	}
	return OK;
}

/* Each signed by the next: no other order, nothing that is not needed. */
static struct err
check_order(struct ctx *cx, X509 *x, const x509_stack *all)
{
	int n = sk_X509_num(all);

	for (int i = 0; i <= n; i++) {
		X509 *issuer = sk_X509_value(all, i < n ? i : n - 1);

		if (X509_check_issued(issuer, x) != X509_V_OK ||
		    X509_verify(x, X509_get0_pubkey(issuer)) != 1)
			return OSSL_FAIL(cx, ERR_CERT_LINT, i < n ?
			    "certificate %d of the chain did not sign the "
			    "one before it" : "the chain's last certificate "
			    "(%d) is not signed by itself", i < n ? i : n - 1);
		x = issuer;
	}
	return OK;
}

static struct err
verify_path(struct ctx *cx, X509 *x, x509_stack *all, int64_t at_s)
{
	AUTO(X509_STORE) store = X509_STORE_new();
	AUTO(X509_STORE_CTX) run = X509_STORE_CTX_new();

	if (store == NULL || run == NULL || X509_STORE_add_cert(store,
	    sk_X509_value(all, sk_X509_num(all) - 1)) != 1 ||
	    X509_STORE_CTX_init(run, store, x, all) != 1)
		return OSSL_FAIL(cx, ERR_INTERNAL, "cannot verify a chain");
	X509_STORE_CTX_set_time(run, 0, (time_t)at_s);
	X509_STORE_CTX_set_flags(run, X509_V_FLAG_CHECK_SS_SIGNATURE);
	if (X509_verify_cert(run) != 1)
		return OSSL_FAIL(cx, ERR_CERT_LINT, "the chain: %s",
		    X509_verify_cert_error_string(
		    X509_STORE_CTX_get_error(run)));
	return OK;
}

struct err
check_chain(struct ctx *cx, struct slice der, const struct slice *chain,
    size_t n_chain, int64_t at_s)
{
	AUTO(X509) x = read_cert(der);
	AUTO(x509_stack) all = sk_X509_new_null();

	if (x == NULL || all == NULL)
		return OSSL_FAIL(cx, ERR_CERT_LINT,
		    "OpenSSL cannot read the certificate");
	if (n_chain == 0 || n_chain > CHECK_CHAIN_MAX)
		return FAIL(cx, ERR_CERT_LINT, "a chain of %zu certificates",
		    n_chain);
	TRY(read_chain(cx, chain, n_chain, all));
	TRY(check_order(cx, x, all));
	return verify_path(cx, x, all, at_s);
}
