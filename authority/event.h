/* SPDX-License-Identifier: Apache-2.0 */
/* The feed of what happened in a tenant. */
#ifndef DAAPKI_AUTHORITY_EVENT_H
#define DAAPKI_AUTHORITY_EVENT_H

#include "authority/authority.h"
#include "codec/json.h"
#include "db/event.h"

/* Note what happened, in the transaction in which it does; takes data, which
 * may be NULL. */
struct err	event_add(struct ctx *, struct db_tx *, int64_t tenant_id,
		    const char *type, const char *subject, const char *actor,
		    json_t *data);
/* In order of row ID. */
struct err	event_list(struct ctx *, const struct authority *,
		    const struct tenant *, struct page,
		    struct event_row **out, size_t *out_n);

#endif
