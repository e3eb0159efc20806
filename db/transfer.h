/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices that one tenant gives to another: one row for each offer.  Of a
 * device at most one is open (offered, or waiting for its evidence).
 *
 * An absent time or row ID is 0, an absent text NULL; texts are in cx->arena.
 * Every function can fail with ERR_STORAGE.
 */
#ifndef DAAPKI_DB_TRANSFER_H
#define DAAPKI_DB_TRANSFER_H

#include "db/db.h"

enum transfer_state {
	TRANSFER_OFFERED,
	TRANSFER_AWAITING,	/* accepted; done with the device's evidence */
	TRANSFER_DONE,
	TRANSFER_REJECTED,	/* by the taker */
	TRANSFER_CANCELLED,	/* by the giver */
	TRANSFER_EXPIRED,
	TRANSFER_UNDONE,	/* by the giver, in time */
	TRANSFER_STATE_COUNT,
};

/* "awaiting-evidence" and so on: as stored and as shown. */
const char	*db_transfer_state_name(enum transfer_state);
bool		 db_transfer_state_find(const char *name,
		    enum transfer_state *out);

#define TRANSFER_HANDLE_SIZE	33u	/* 32 hex digits and NUL */

struct transfer_row {
	int64_t			 id;
	const char		*handle;	/* what it is called by */
	int64_t			 tenant_id;	/* who gives */
	int64_t			 to_tenant_id;	/* who gets; 0: nobody is */
	const char		*from_name, *to_name;
	const char		*device_id;
	enum transfer_state	 state;
	bool			 needs_evidence;
	const char		*reason;
	int64_t			 offered_s;
	const char		*offered_by;
	int64_t			 expires_s;
	int64_t			 undo_s;	/* seconds after done_s */
	int64_t			 group_id;	/* the taker's */
	const char		*group;		/* its name */
	int64_t			 accepted_s;
	const char		*accepted_by;
	int64_t			 done_s;
	int64_t			 ended_s;	/* any other end */
	const char		*ended_by;
	const char		*refusal;	/* of the awaited evidence, dotted */
	int64_t			 refusal_s;
};

/* ERR_EXISTS	there is an open one of the device */
struct err	db_transfer_add(struct ctx *, struct db_tx *,
		    const struct transfer_row *, int64_t *out_id);
/* By its handle, for either side.  ERR_NOT_FOUND */
struct err	db_transfer_get(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const char *handle,
		    struct transfer_row *out);
/* The open one of a device, for who gives it. */
struct err	db_transfer_open_of(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const char *device_id,
		    struct transfer_row *out, bool *out_found);
/*
 * Write what may change of a row, state and all, if its state still is from.
 * ERR_CONFLICT	it is not
 */
struct err	db_transfer_step(struct ctx *, struct db_tx *,
		    enum transfer_state from, const struct transfer_row *);

struct transfer_filter {
	bool		 incoming;	/* what is offered to the tenant */
	const char	*state;		/* NULL: any */
	int64_t		 after;
	unsigned	 limit;
};
/* In order of row ID; the array has room for filter->limit. */
struct err	db_transfer_list(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const struct transfer_filter *,
		    struct transfer_row **out, size_t *out_n);
/* Open ones of all tenants whose time was over at at_s, at most limit. */
struct err	db_transfer_due(struct ctx *, struct db_tx *, int64_t at_s,
		    unsigned limit, struct transfer_row **out, size_t *out_n);

#endif
