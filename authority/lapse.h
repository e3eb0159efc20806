/* SPDX-License-Identifier: Apache-2.0 */
/* Telling of what ends soon, once each: anchors, collateral. */
#ifndef DAAPKI_AUTHORITY_LAPSE_H
#define DAAPKI_AUTHORITY_LAPSE_H

#include "authority/authority.h"

/*
 * Tell of all that end within warn_s seconds; writes only if there are any.
 * due: how many, at most most, end by until_s and were not told of; with tell,
 * each is made known and noted in that transaction.
 */
struct err	lapse_round(struct ctx *, const struct authority *,
		    int64_t warn_s, struct err (*due)(struct ctx *,
		    struct db_tx *, int64_t until_s, size_t most, bool tell,
		    size_t *out_n));

#endif
