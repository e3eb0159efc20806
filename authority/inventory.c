/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/inventory.h"

#include "authority/tenant.h"
#include "authority/trust.h"

struct deleting {
	const struct inventory_kind	*kind;
	int64_t				 tenant_id, id;
	const char			*actor;
};

static struct err
delete_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	const struct deleting *d = arg;

	TRY(d->kind->drop(cx, tx, d->tenant_id, d->id));
	return tenant_event(cx, tx, d->tenant_id, d->kind->deleted,
	    arena_printf(cx->arena, "%lld", (long long)d->id), d->actor, NULL);
}

struct err
inventory_delete(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const struct inventory_kind *kind, int64_t id)
{
	struct deleting d = { kind, tenant_scope(tenant), id, who->name };

	TRY(db_write(cx, a->db, delete_work, &d));
	trust_changed(a);
	return OK;
}
