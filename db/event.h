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
};

/* data_json is a JSON object; NULL stands for {}.  cx->trace goes with it. */
struct err	db_event_add(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t at_s, const char *type, const char *subject,
		    const char *actor, const char *data_json);
struct err	db_event_list(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t after, unsigned limit, struct event_row **out,
		    size_t *out_n);

#endif
