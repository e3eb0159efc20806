/* SPDX-License-Identifier: Apache-2.0 */
/* Every CA record under a new master key. */
#ifndef DAAPKI_AUTHORITY_RESEAL_H
#define DAAPKI_AUTHORITY_RESEAL_H

#include "authority/authority.h"

struct resealed {
	uint64_t	records;	/* that there are */
	uint64_t	changed;	/* of them, sealed anew by this call */
};

/*
 * Bring in what only the journal knows, then have the signer, which runs with
 * both keys, seal every record under the new one that is not yet; some at a
 * time in a transaction, so that a run that was cut off only has to be begun
 * again.  Delegated keys (authority/delegate.h) are short-lived, and
 * forgotten: others are made when they are needed.
 * No order may be under way.
 * ERR_STORAGE, ERR_SIGNER_GONE
 * ERR_SIGNER_REFUSED	a record that neither key opens; the note names its CA
 */
struct err	reseal_all(struct ctx *, struct db *, struct signer *,
		    struct resealed *out);

/*
 * Changes nothing: does the key that the signer runs with, the newer one if it
 * has two, open every record?
 * ERR_SEAL	one is sealed by the older key; the note names its CA
 */
struct err	reseal_check(struct ctx *, struct db *, struct signer *,
		    struct resealed *out);

#endif
