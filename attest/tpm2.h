/* SPDX-License-Identifier: Apache-2.0 */
/* What the service asks of tpm2 evidence besides what all formats have. */
#ifndef DAAPKI_ATTEST_TPM2_H
#define DAAPKI_ATTEST_TPM2_H

#include "attest/attest.h"

#define TPM2_TOKEN_MAX		1024u	/* of an activation, as text */
#define TPM2_PCRS_MAX		8u	/* banks in one evidence */

/* The answer to a credential activation, when the evidence is of format tpm2
 * and brings one; both borrow from it. */
bool		tpm2_activation(const struct evidence *, const char **out_token,
		    struct slice *out_secret);

/* SPKI of the key that evidence of format tpm2, tpm2-key or azure-cvm says is to
 * be certified; empty when it names none.  Nothing is verified. */
struct slice	tpm2_key_spki(struct ctx *, const struct evidence *);

#endif
