/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules that what we sign must keep, as a table: RFC 5280's, and this
 * project's own profiles.  They are checked on the very bytes that are about
 * to be signed, read back by another path than they were written by.
 */
#ifndef DAAPKI_PKI_LINT_H
#define DAAPKI_PKI_LINT_H

#include "pki/cert.h"
#include "pki/crl.h"
#include "pki/ocsp.h"

/*
 * A TBSCertificate.  issuer is the CA's certificate; NULL for a root.
 * ERR_CERT_LINT	the note names the rule that is broken
 */
struct err	lint_cert(struct ctx *, struct slice tbs,
		    const struct cert *issuer);
/* The same once it is read. */
struct err	lint_cert_facts(struct ctx *, const struct cert *,
		    const struct cert *issuer);
struct err	lint_crl(struct ctx *, struct slice tbs,
		    const struct cert *issuer);
struct err	lint_crl_facts(struct ctx *, const struct crl_facts *,
		    const struct cert *issuer);

/* An OCSPResponse; ocsp names the issuer, whose certificate issuer is. */
struct err	lint_ocsp(struct ctx *, struct slice der,
		    const struct ocsp_issuer *ocsp, const struct cert *issuer);

struct err	lint_ocsp_facts(struct ctx *, const struct ocsp_facts *,
		    const struct ocsp_issuer *ocsp, const struct cert *issuer);

/* Names of the rules, 0, 1, ...; NULL after the last. */
const char	*lint_rule(size_t i);

#endif
