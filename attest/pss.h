/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters of RSASSA-PSS signatures (RFC 4055, 3.1). */
#ifndef DAAPKI_ATTEST_PSS_H
#define DAAPKI_ATTEST_PSS_H

#include "pki/ossl.h"

struct pss {
	int	md, mgf1_md;	/* NIDs */
	long	salt;		/* bytes */
};

/* Read them; false when it is another algorithm, or its parameters are left
 * out, unknown, or name another mask or trailer than MGF1 and 1. */
bool	pss_parse(const X509_ALGOR *, struct pss *out);

#endif
