/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Revisions: how often what an operator can change of a thing was changed.  A
 * trigger counts (schema/0019-revision.sql); a door shows it as ETag and takes
 * it back in If-Match.
 */
#ifndef DAAPKI_AUTHORITY_REVISION_H
#define DAAPKI_AUTHORITY_REVISION_H

#include "base/ctx.h"

#define REVISION_ANY	0	/* where one may be asked for */

/*
 * In the transaction that changes: is it as it was read?
 * ERR_PRECONDITION
 */
static inline struct err
revision_check(struct ctx *c, int64_t wanted, int64_t present)
{
	if (wanted != REVISION_ANY && wanted != present)
		return FAIL_TELL(c, ERR_PRECONDITION,
		    "its revision is %lld", (long long)present);
	return OK;
}

#endif
