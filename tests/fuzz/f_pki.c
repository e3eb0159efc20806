/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything in pki/ that reads foreign or stored bytes: requests, keys,
 * certificates, CRLs, PEM, OCSP requests and responses.  What our certificate
 * reader takes, OpenSSL must be able to read too.
 */
#include "pki/cert.h"
#include "pki/crl.h"
#include "pki/csr.h"
#include "pki/lint.h"
#include "pki/ocsp.h"
#include "pki/pem.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
try_cert(struct ctx *cx, struct slice input)
{
	const uint8_t *p = input.p;
	AUTO(X509) x = NULL;
	struct cert cert;
	struct key key;

	if (failed(cert_parse(cx, input, &cert)))
		return;
	if (failed(cert_key(cx, &cert, &key)))
		return;
	x = d2i_X509(NULL, &p, (long)input.n);
	ASSERT(x != NULL && p == input.p + input.n);
	(void)failed(lint_cert_facts(cx, &cert, NULL));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct slice input = SLICE(p, n), der;
	struct ocsp_request request;
	struct ocsp_facts response;
	struct crl_facts crl;
	struct ctx_root root;
	struct csr csr;
	struct key key;

	ctx_root_init(&root, NULL);
	(void)failed(csr_parse(&root.cx, input, &csr));
	(void)failed(key_parse(&root.cx, input, &key));
	(void)failed(crl_parse(&root.cx, input, &crl));
	(void)failed(pem_parse(&root.cx, PEM_CERTIFICATE, input, &der));
	(void)failed(ocsp_request_parse(&root.cx, input, &request));
	(void)failed(ocsp_parse(&root.cx, input, &response));
	(void)failed(ocsp_request_parse_base64(&root.cx, arena_strndup(
	    root.cx.arena, (const char *)p, n), &request));
	try_cert(&root.cx, input);
	ctx_root_fini(&root);
	return 0;
}
