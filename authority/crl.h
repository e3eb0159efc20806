/* SPDX-License-Identifier: Apache-2.0 */
/* The making of one CRL: number, entries, signature, storage. */
#ifndef DAAPKI_AUTHORITY_CRL_H
#define DAAPKI_AUTHORITY_CRL_H

#include "authority/issuers.h"

struct crl_made {
	struct slice	der;
	uint64_t	number;
	int64_t		this_s, next_s;
};

/*
 * Make the CRL of a CA as the database has it now, and keep it there.  Its
 * number was put aside before, so numbers grow even over a crash.
 * ERR_STORAGE, ERR_SIGNER_GONE, ERR_SIGNER_REFUSED
 */
struct err	crl_make(struct ctx *, const struct authority *,
		    const struct issuer *, struct crl_made *out);

#endif
