/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bringing the signer's journal and the database together.  The signer writes
 * its journal before it answers, so what a crash cut off is in the journal
 * only: it was never acknowledged, but it exists, and must be known.
 */
#ifndef DAAPKI_AUTHORITY_RECOVER_H
#define DAAPKI_AUTHORITY_RECOVER_H

#include "authority/authority.h"

/*
 * Read the journal from where the last call stopped, or from its beginning when
 * it is shorter than it was then (lost, or put back to an older state), up to entries made at
 * until_s, and bring in what the database does not know: certificates as
 * recovered ones (revoked, if their device is banned or no longer that
 * tenant's), CAs as retired ones, revocations with their first
 * time and reason, anything else as strays.  At the start
 * nothing is under way and until_s is INT64_MAX; later it must lie far enough
 * back that no order of then is still under way.
 * ERR_STORAGE, ERR_SIGNER_GONE, ERR_SIGNER_REFUSED
 */
struct err	recover(struct ctx *, const struct authority *,
		    int64_t until_s);

/* The seq of the first entry that it has not looked at yet.  ERR_STORAGE */
struct err	recover_seen(struct ctx *, struct db_tx *, uint64_t *out);

#endif
