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

/* Note what happened, in the transaction in which it does; takes data, which
 * may be NULL and has no members that the table does not name. */
struct err	event_add(struct ctx *, struct db_tx *, int64_t tenant_id,
		    enum event_type, const char *subject, const char *actor,
		    json_t *data);
/* In order of row ID. */
struct err	event_list(struct ctx *, const struct authority *,
		    const struct tenant *, struct page,
		    struct event_row **out, size_t *out_n);

#endif
