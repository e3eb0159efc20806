/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What Intel's formats are made of: the first byte chooses which.  Quotes, TCB
 * info, QE identities, CRLs, certificates with the SGX extension, members of
 * JSON texts.  Nothing that is read may be believed without an anchor.
 */
#include "attest/dcap.h"
#include "base/base.h"
#include "codec/json_span.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
try_collateral(struct ctx *cx, struct slice s)
{
	const struct trust trust = { .allow = TRUST_ALLOW_MISSING_CRL };
	struct trust_collateral c = {
		.tcb_info = s, .qe_identity = s, .tcb_signing_chain = &s,
		.n_tcb_signing_chain = 1,
	};
	struct dcap_collateral out;
	struct pck pck = { .pce_svn = 0 };
	bool is_for;

	(void)failed(dcap_collateral_is_for(cx, &c, &pck, DCAP_SGX, &is_for));
	ASSERT(failed(dcap_collateral_verify(cx, &c, &trust, 1780315200,
	    &out)));
}

static void
try_crl(struct ctx *cx, struct slice s)
{
	X509_CRL *crl;

	(void)failed(pck_crl_parse(cx, s, &crl));
}

static void
try_certificate(struct ctx *cx, struct slice s)
{
	struct pck pck;
	X509 *x;

	if (!failed(chain_cert_parse(cx, s, &x)))
		(void)failed(pck_parse(cx, x, &pck));
}

static void
try_quote(struct ctx *cx, struct slice s)
{
	struct dcap_quote q;
	struct slice rest;

	(void)failed(dcap_quote_parse(cx, s, &q, &rest));
}

static void
try_documents(struct ctx *cx, struct slice s)
{
	struct qe_identity qe;
	struct tcb_info tcb;
	struct slice span;

	(void)failed(tcb_info_parse(cx, s, &tcb));
	(void)failed(qe_identity_parse(cx, s, &qe));
	(void)json_span(s, "tcbInfo", &span);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static void (*const tries[])(struct ctx *, struct slice) = {
		try_quote, try_documents, try_collateral, try_crl,
		try_certificate,
	};
	struct ctx_root root;

	if (n == 0)
		return 0;
	ctx_root_init(&root, NULL);
	tries[p[0] % COUNT_OF(tries)](&root.cx, SLICE(p + 1, n - 1));
	ctx_root_fini(&root);
	return 0;
}
