/* SPDX-License-Identifier: Apache-2.0 */
/* One leaf: the order to the signer and its answer.  A part of enroll(). */
#ifndef DAAPKI_AUTHORITY_ISSUE_H
#define DAAPKI_AUTHORITY_ISSUE_H

#include "authority/issuers.h"
#include "authority/subject.h"

struct issued {
	const struct issuer	*issuer;
	struct certificate_row	 row;		/* ready to insert */
	uint8_t			 spki_sha256[32];	/* row points here */
};

/*
 * Have a certificate for that key made, by the profile of the subject's group.
 * It is in the journal and not yet in the database; out must not move.
 * ERR_CONFLICT		the tenant has no CA that issues
 * ERR_SIGNER_GONE, ERR_SIGNER_REFUSED
 */
struct err	issue_leaf(struct ctx *, const struct authority *,
		    const struct subject *, const char *device_id,
		    struct slice spki, bool hardware_key, struct issued *out);

#endif
