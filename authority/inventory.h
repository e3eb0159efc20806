/* SPDX-License-Identifier: Apache-2.0 */
/* What the rows of trust have in common: anchors, hardware, collateral. */
#ifndef DAAPKI_AUTHORITY_INVENTORY_H
#define DAAPKI_AUTHORITY_INVENTORY_H

#include "authority/authority.h"
#include "authority/event.h"

/* One kind of them. */
struct inventory_kind {
	struct err	(*drop)(struct ctx *, struct db_tx *,
			    int64_t tenant_id, int64_t id);
	enum event_type	  deleted;	/* what is told then */
};

/*
 * Delete a row of the tenant, or with NULL of the platform; verification goes
 * on without it at once.
 * ERR_NOT_FOUND	or what else the kind's drop() says
 */
struct err	inventory_delete(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const struct inventory_kind *, int64_t id);

#endif
