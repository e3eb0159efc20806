/* SPDX-License-Identifier: Apache-2.0 */
/* The feed of what happened in a tenant. */
#ifndef DAAPKI_AUTHORITY_EVENT_H
#define DAAPKI_AUTHORITY_EVENT_H

#include "authority/authority.h"
#include "codec/json.h"
#include "db/event.h"

/* The closed table of what can happen: authority/event.def. */
enum event_type {
#define EVENT(name, type, members, sentence) EVENT_##name,
#include "authority/event.def"
#undef EVENT
	EVENT_TYPES
};

/* "device.claimed" */
const char	*event_type_text(enum event_type);
/* Is there such a type?  A filter may also be "device.*". */
bool		 event_type_is_known(const char *text);
bool		 event_filter_is_known(const char *text);

/* Note what happened, in the transaction in which it does, for the feed and for
 * the audit (authority/audit.h); takes data, which may be NULL and has no
 * members that the table does not name. */
struct err	event_add(struct ctx *, struct db_tx *, int64_t tenant_id,
		    enum event_type, const char *subject, const char *actor,
		    json_t *data);
/* In order of row ID. */
struct err	event_list(struct ctx *, const struct authority *,
		    const struct tenant *, struct page,
		    struct event_row **out, size_t *out_n);

/* The cursor behind the last event that there is now. */
#define EVENT_LATEST	INT64_MAX

/* Which part of the feed. */
struct event_query {
	int64_t		 after;		/* a cursor, or EVENT_LATEST */
	unsigned	 limit;		/* of events that are looked at */
	const char	*type;		/* "device.banned", "device.*", or NULL */
	/* Of who has one group, only what is about a device that is in it now,
	 * or about the group itself; else 0 and NULL. */
	int64_t		 group_id;
	const char	*group;
};

struct event_page {
	struct event_row	*items;
	size_t			 n;
	int64_t			 cursor;	/* where to go on */
	bool			 more;		/* there may be more now */
};

/*
 * A part of the feed of a tenant, or with NULL of all.
 * ERR_PARAMETER	no such type
 * ERR_CURSOR_GONE	events after that cursor are not kept any more
 */
struct err	event_feed(struct ctx *, const struct authority *,
		    const struct tenant *, const struct event_query *,
		    struct event_page *out);

/* Forget what is older than limits.event_keep_s; by the upkeep. */
struct err	event_prune_round(struct ctx *, const struct authority *);

#endif
