/* SPDX-License-Identifier: Apache-2.0 */
/* Devices in use whose certificate ends and that have not renewed.  All:
 * ERR_STORAGE. */
#ifndef DAAPKI_DB_LAPSE_H
#define DAAPKI_DB_LAPSE_H

#include "db/db.h"

/* How far a tenant was told: an end, and a device of that end. */
struct lapse_mark { int64_t tenant_id, end_s, device; };

struct lapse_row {
	int64_t		 device;	/* row */
	const char	*device_id;
	int64_t		 end_s, last_seen_s;
	struct slice	 serial;	/* may be empty */
};

/* Of each tenant; zeros: never. */
struct err	db_lapse_tenants(struct ctx *, struct db_tx *, int64_t after,
		    unsigned limit, struct lapse_mark **out, size_t *out_n);
/* After the mark, up to an end, in that order. */
struct err	db_lapse_list(struct ctx *, struct db_tx *,
		    const struct lapse_mark *, int64_t until_s,
		    unsigned limit, struct lapse_row **out, size_t *out_n);
struct err	db_lapse_told(struct ctx *, struct db_tx *,
		    const struct lapse_mark *);

#endif
