/* SPDX-License-Identifier: Apache-2.0 */
/* The feed of a tenant: what happened, in order.  All: ERR_STORAGE. */
#ifndef DAAPKI_DB_EVENT_H
#define DAAPKI_DB_EVENT_H

#include "db/db.h"

struct event_row {
	int64_t		 id;
	int64_t		 at_s;
	const char	*type;		/* "device.claimed" */
	const char	*subject;	/* device ID, serial, name */
	const char	*actor;		/* a principal's name, or "device" */
	const char	*data;		/* a JSON object */
	const char	*trace;		/* cx->trace then; or NULL */
	const char	*tenant;	/* its name; NULL in a tenant's own list */
};

/*
 * data_json is a JSON object; NULL stands for {}.  cx->trace goes with it.  The
 * tenant is noted (db_note()).  IDs grow in the order of the commits, for
 * writers come one after the other: who has read up to one has missed none.
 */
struct err	db_event_add(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t at_s, const char *type, const char *subject,
		    const char *actor, const char *data_json);
struct err	db_event_list(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t after, unsigned limit, struct event_row **out,
		    size_t *out_n);
/* Of all tenants. */
struct err	db_event_list_all(struct ctx *, struct db_tx *, int64_t after,
		    unsigned limit, struct event_row **out, size_t *out_n);

/* The last ID there was; tenant_id 0: of any tenant. */
struct err	db_event_newest(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t *out_id);
/* Up to which ID events of the tenant are gone; 0: none is.  tenant_id 0: of
 * any tenant. */
struct err	db_event_pruned(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t *out_through);
/* Is the oldest of all before that time? */
struct err	db_event_prune_due(struct ctx *, struct db_tx *,
		    int64_t before_s, bool *out);
/* Forget the oldest, at most limit, that are before that time. */
struct err	db_event_prune(struct ctx *, struct db_tx *, int64_t before_s,
		    unsigned limit, size_t *out_n);

#endif
