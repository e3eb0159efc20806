/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims: which tenant had which device when.  At most one claim of a device
 * is open (released_s is 0).  Every function can fail with ERR_STORAGE.
 */
#ifndef DAAPKI_DB_CLAIM_H
#define DAAPKI_DB_CLAIM_H

#include "db/db.h"

struct claim_row {
	int64_t		 id;
	const char	*device_id;
	const char	*group;		/* name of the group it was claimed into */
	int64_t		 claimed_s;
	const char	*claimed_by;
	int64_t		 released_s;	/* 0: open */
	const char	*released_by;
	const char	*release_reason;
};

struct claim_filter {
	const char	*device_id;	/* NULL: any */
	int		 active;	/* 1: open ones, 0: closed ones, -1: all */
	int64_t		 after;
	unsigned	 limit;
};

/* ERR_EXISTS	the device has an open claim */
struct err	db_claim_open(struct ctx *, struct db_tx *, int64_t tenant_id,
		    const char *device_id, int64_t group_id, int64_t at_s,
		    const char *by);
/* ERR_NOT_FOUND	this tenant has no open claim of the device */
struct err	db_claim_close(struct ctx *, struct db_tx *, int64_t tenant_id,
		    const char *device_id, int64_t at_s, const char *by,
		    const char *reason);
/* The open claim of this tenant. */
struct err	db_claim_find(struct ctx *, struct db_tx *, int64_t tenant_id,
		    const char *device_id, struct claim_row *out,
		    bool *out_found);
/* History in order of row ID, this tenant's only. */
struct err	db_claim_list(struct ctx *, struct db_tx *, int64_t tenant_id,
		    const struct claim_filter *, struct claim_row **out,
		    size_t *out_n);

#endif
