/* SPDX-License-Identifier: Apache-2.0 */
/* A rule over the devices that are there; a part of authority/ban.h. */
#ifndef DAAPKI_AUTHORITY_BAN_APPLY_H
#define DAAPKI_AUTHORITY_BAN_APPLY_H

#include "authority/operation_kinds.h"
#include "db/ban.h"
#include "policy/match.h"

#define BAN_BAN		"ban"
#define BAN_QUARANTINE	"quarantine"

/* Does the match fit the device, by what it attested last?  ERR_STORAGE */
struct err	ban_fits(struct ctx *, const struct match *,
		    const struct ban_device *, bool *out);
/* The operation that works a rule off, or its end, in the transaction that
 * makes it so. */
struct err	ban_queue(struct ctx *, struct db_tx *, const struct tenant *,
		    const struct principal *, int64_t rule, bool lifted,
		    struct operation_row *out);

#endif
