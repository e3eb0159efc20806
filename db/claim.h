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
	int64_t		 group_id;
	int64_t		 left_group_id;	/* it was in at the end; 0: unknown */
	/* Names of tenants, of claims that a transfer began or ended. */
	const char	*transferred_from, *transferred_to;
};

struct claim_filter {
	const char	*device_id;	/* NULL: any */
	int		 active;	/* 1: open ones, 0: closed ones, -1: all */
	int64_t		 after;
	unsigned	 limit;
};

/*
 * From at_s on, or from the end of the device's claim before, if that is later;
 * likewise no claim ends before it began.
 * ERR_EXISTS	the device has an open claim
 */
struct err	db_claim_open(struct ctx *, struct db_tx *, int64_t tenant_id,
		    const char *device_id, int64_t group_id, int64_t at_s,
		    const char *by);
/* How a claim ends. */
struct claim_end {
	int64_t		 at_s;
	const char	*by;
	const char	*reason;	/* or NULL */
	int64_t		 transfer_id;	/* 0: by no transfer */
	int64_t		 group_id;	/* that the device was in */
};
/* ERR_NOT_FOUND	this tenant has no open claim of the device */
struct err	db_claim_close(struct ctx *, struct db_tx *, int64_t tenant_id,
		    const char *device_id, const struct claim_end *);
/* Note the transfer that an open claim came by. */
struct err	db_claim_set_came(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const char *device_id,
		    int64_t transfer_id);
/* Is the open claim of this tenant the one that came by that transfer? */
struct err	db_claim_came_by(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const char *device_id,
		    int64_t transfer_id, bool *out_yes);
/* The claim of this tenant that ended last. */
struct err	db_claim_last(struct ctx *, struct db_tx *, int64_t tenant_id,
		    const char *device_id, struct claim_row *out,
		    bool *out_found);
/* Row ID of the newest claim of a device by anybody; 0: there is none. */
struct err	db_claim_newest(struct ctx *, struct db_tx *,
		    const char *device_id, int64_t *out_id);
/* The open claim of this tenant. */
struct err	db_claim_find(struct ctx *, struct db_tx *, int64_t tenant_id,
		    const char *device_id, struct claim_row *out,
		    bool *out_found);
/* History in order of row ID, this tenant's only. */
struct err	db_claim_list(struct ctx *, struct db_tx *, int64_t tenant_id,
		    const struct claim_filter *, struct claim_row **out,
		    size_t *out_n);

#endif
