/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "TSS2 PRIVATE KEY" files (draft-woodhouse-cert-best-practice, appendix
 * A.3.1): a TPM key as PEM, as the tpm2 provider and engine of OpenSSL read it.
 * Only the form that this agent makes: no secret, P-256, parent 40000001.
 */
#ifndef DAAPKI_AGENT_TSSKEY_H
#define DAAPKI_AGENT_TSSKEY_H

#include "agent/tpm.h"

#define TSSKEY_MAX	8192u		/* characters of PEM */

/* NUL-terminated PEM in cx->arena. */
const char	*tsskey_pem(struct ctx *, const struct tpm_blob *);
/* The text is PEM of that kind. */
bool		 tsskey_is(const char *pem);
/* ERR_MALFORMED	not exactly what tsskey_pem() makes */
struct err	 tsskey_parse(struct ctx *, const char *pem,
		    struct tpm_blob *out);

#endif
