/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/tenant_delete.h"

#include "authority/certificate.h"
#include "authority/claim.h"
#include "authority/event.h"
#include "authority/life.h"
#include "authority/oidc.h"
#include "authority/receipt.h"
#include "authority/revoked.h"
#include "authority/tenant.h"
#include "base/base.h"
#include "db/device_search.h"
#include "db/token.h"

#define REASON		"the tenant is deleted"
#define DELETE_ACTOR	"tenant-deletion"	/* when nobody waits for it */

/* --- from now on --------------------------------------------------------- */

struct deleting {
	int64_t			 id;
	const char		*actor;
	struct db_tenant	*out;
};

static struct err
begin_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct deleting *d = arg;
	struct db_tenant row;

	TRY(db_tenant_by_id(cx, tx, d->id, &row));
	if (row.deleted_s == 0) {
		row.deleted_s = ctx_now(cx);
		TRY(db_tenant_delete(cx, tx, d->id, row.deleted_s));
		TRY(db_token_revoke_all(cx, tx, d->id, row.deleted_s));
		TRY(event_add(cx, tx, d->id, EVENT_TENANT_DELETED, row.name,
		    d->actor, NULL));
	}
	*d->out = row;
	return receipt_add(cx, tx);
}

/* --- devices ------------------------------------------------------------- */

struct releasing {
	int64_t			 tenant_id, at_s;
	const char		*actor;
	size_t			 n;
	struct revoked_list	 revoked[TENANT_DELETE_BATCH];
};

static struct err
release(struct ctx *cx, struct db_tx *tx, const struct releasing *r,
    const struct device_row *device, struct revoked_list *out)
{
	const struct claimer by = { .tenant_id = r->tenant_id,
	    .by = r->actor, .at_s = r->at_s };

	if (db_device_is_barred(device->state))
		TRY(db_device_unban(cx, tx, r->tenant_id, device->id));
	return claim_release_in(cx, tx, &by, device->device_id, REASON, out);
}

static struct err
release_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct releasing *r = arg;
	const struct device_filter all = { .state = NULL };
	struct device_found found;

	TRY(db_device_search(cx, tx, r->tenant_id, &all, NULL,
	    TENANT_DELETE_BATCH, &found));
	r->n = found.n;
	for (size_t i = 0; i < r->n; i++)
		TRY(release(cx, tx, r, &found.items[i].device,
		    &r->revoked[i]));
	return OK;
}

static struct err
release_all(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const char *actor)
{
	struct releasing *r = ARENA_NEW(cx->arena, struct releasing);

	do {
		*r = (struct releasing){ .tenant_id = tenant->id,
		    .at_s = ctx_now(cx), .actor = actor };
		TRY(db_write(cx, a->db, release_work, r));
		for (size_t i = 0; i < r->n; i++)
			revoked_tell_all(a, &r->revoked[i]);
	} while (r->n == TENANT_DELETE_BATCH);
	return OK;
}

/* --- CAs ------------------------------------------------------------------ */

/* What is staged goes first, so that nothing takes over from what is active;
 * a root can be revoked when nothing under it is in use. */
static const struct pass {
	bool	 of_roots;
	bool	 staged;
	life_fn	*end;
} passes[] = {
	{ false, true, life_retire },
	{ false, false, life_revoke },
	{ true, true, life_retire },
	{ true, false, life_revoke },
};

/* Not in use, and of nobody's interest any more. */
static bool
is_over(const struct db_ca *ca)
{
	return strcmp(ca->state, "revoked") == 0 ||
	    strcmp(ca->state, "retired") == 0 ||
	    strcmp(ca->state, "expired") == 0;
}

static bool
is_staged(const struct db_ca *ca)
{
	return strcmp(ca->state, "staged") == 0 ||
	    strcmp(ca->state, "requested") == 0;
}

static struct err
end_page(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const struct pass *pass, struct page page, int64_t *out_next)
{
	struct db_ca *cas, ended;
	size_t n;

	TRY(ca_list(cx, a, tenant, page, &cas, &n, out_next));
	for (size_t i = 0; i < n; i++) {
		struct life_step step = {
			.key_id = text_hex(cx->arena, cas[i].key_id),
			.reason = REVOKE_CESSATION, .revision = REVISION_ANY,
		};
		bool is_root = strcmp(cas[i].role, "root") == 0;

		if (is_over(&cas[i]) || is_root != pass->of_roots ||
		    is_staged(&cas[i]) != pass->staged)
			continue;
		TRY(pass->end(cx, a, tenant, who, &step, &ended));
	}
	return OK;
}

static struct err
end_cas(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const struct pass *pass)
{
	struct page page = { 0, PAGE_LIMIT_MAX };

	do
		TRY(end_page(cx, a, tenant, who, pass, page, &page.after));
	while (page.after != 0);
	return OK;
}

/* --- all of it ------------------------------------------------------------ */

static struct err
end_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	const struct tenant *tenant = arg;

	return db_tenant_end(cx, tx, tenant->id, ctx_now(cx));
}

static struct err
end_all(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who)
{
	struct tenant ended = *tenant;

	TRY(release_all(cx, a, tenant, who->name));
	for (size_t i = 0; i < COUNT_OF(passes); i++)
		TRY(end_cas(cx, a, tenant, who, &passes[i]));
	return db_write(cx, a->db, end_work, &ended);
}

struct err
tenant_delete(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    struct db_tenant *out)
{
	struct deleting d = {
		.id = tenant->id, .actor = who->name, .out = out,
	};

	if (strcmp(tenant->name, TENANT_PLATFORM) == 0)
		return FAIL_TELL(cx, ERR_CONFLICT,
		    "the platform's own tenant stays");
	TRY(db_write(cx, a->db, begin_work, &d));
	oidc_reload(a);
	return end_all(cx, a, tenant, who);
}

struct err
tenant_delete_carry_out(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const json_t *params, json_t **out_result)
{
	struct json_in in = json_in(cx, params, "");
	const char *name = json_get_name(&in, "tenant", JSON_REQUIRED);
	struct tenant named;
	struct db_tenant row;

	(void)tenant;
	(void)out_result;
	TRY(json_in_done(&in));
	TRY(tenant_find(cx, a, name, &named));
	return tenant_delete(cx, a, &named, who, &row);
}

struct unended { struct db_tenant row; bool found; };

static struct err
find_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct unended *u = arg;

	return db_tenant_unended(cx, tx, &u->row, &u->found);
}

struct err
tenant_delete_round(struct ctx *cx, const struct authority *a)
{
	static const struct principal upkeep = { .role = ROLE_ADMIN,
	    .name = DELETE_ACTOR };
	struct unended u;
	struct tenant tenant;

	TRY(db_read(cx, a->db, find_work, &u));
	if (!u.found)
		return OK;
	TRY(tenant_find(cx, a, u.row.name, &tenant));
	return end_all(cx, a, &tenant, &upkeep);
}
