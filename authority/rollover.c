/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/rollover.h"

#include "authority/cross.h"
#include "authority/life.h"
#include "base/base.h"
#include "db/tenant.h"

#define PAGE		256u
#define RETRY_S		60

static const struct principal rollover = { .role = ROLE_ADMIN,
    .name = ROLLOVER_ACTOR };

static struct tenant
tenant_of(const struct db_ca *ca)
{
	struct tenant tenant = { .id = ca->tenant_id };

	ASSERT(strlen(ca->tenant) <= TEXT_NAME_MAX);
	memcpy(tenant.name, ca->tenant, strlen(ca->tenant));
	return tenant;
}

/* A successor that this service can make all by itself. */
static bool
is_automatic(const struct authority *a, const struct db_ca *ca)
{
	return a->limits.ca_rollover_auto && !ca->own_root &&
	    strcmp(ca->role, "root") != 0;
}

struct peers {
	const struct db_ca	*ca;
	struct db_ca		 active, staged;
	bool			 has_active, has_staged;
	bool			 is_gone;	/* its tenant is deleted */
};

static struct err
read_peers(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct peers *p = arg;
	struct db_tenant tenant;

	TRY(db_tenant_by_id(cx, tx, p->ca->tenant_id, &tenant));
	p->is_gone = tenant.deleted_s != 0;
	TRY(db_ca_of_state(cx, tx, p->ca->tenant_id, p->ca->role, "active",
	    &p->active, &p->has_active));
	return db_ca_of_state(cx, tx, p->ca->tenant_id, p->ca->role, "staged",
	    &p->staged, &p->has_staged);
}

static struct err
activate(struct ctx *cx, const struct authority *a, const struct db_ca *ca)
{
	struct tenant tenant = tenant_of(ca);
	struct life_step step = { .key_id = text_hex(cx->arena, ca->key_id) };
	struct db_ca out;

	return life_activate(cx, a, &tenant, &rollover, &step, &out);
}

static struct err
stage(struct ctx *cx, const struct authority *a, const struct db_ca *old,
    int64_t activate_s, struct db_ca *out)
{
	struct tenant tenant = tenant_of(old);
	struct life_plan plan = { .activate_s = activate_s };

	/* The one that it replaces may not be active any more. */
	plan.edge = ca_may_edge(cx, old->certificate) ? LIFE_EDGE_YES :
	    LIFE_EDGE_NO;
	plan.key_store = ca_key_store(cx, old);
	if (!ca_role_find(old->role, &plan.role))
		return FAIL(cx, ERR_STORAGE, "role %s", old->role);
	return life_stage(cx, a, &tenant, &rollover, &plan, out);
}

/* --- by state ------------------------------------------------------------- */

static struct err
look_staged(struct ctx *cx, const struct authority *a, const struct db_ca *ca)
{
	struct tenant tenant = tenant_of(ca);

	if (strcmp(ca->role, "root") == 0)
		TRY(cross_sign(cx, a, &tenant));
	if (ca->activate_s != 0 && ca->activate_s <= ctx_now(cx) &&
	    ca->not_after_s > ctx_now(cx))
		return activate(cx, a, ca);
	return life_end(cx, a, ca);
}

/* Announced for the whole time if it lives so long, else for half of what is
 * left. */
static int64_t
activation_of_next(struct ctx *cx, const struct authority *a,
    const struct db_ca *ca)
{
	int64_t now_s = ctx_now(cx), left_s = ca->not_after_s - now_s;
	int64_t at_s = now_s + a->limits.ca_announce_s;

	if (at_s > now_s + left_s / 2)
		at_s = now_s + left_s / 2;
	if (ca->retire_s != 0 && ca->retire_s < at_s)
		at_s = ca->retire_s;
	return at_s > now_s ? at_s : now_s;
}

/* Nobody serves in its place: see to it now, announced or not. */
static struct err
replace(struct ctx *cx, const struct authority *a, const struct db_ca *ca)
{
	struct peers peers = { .ca = ca };

	TRY(db_read(cx, a->db, read_peers, &peers));
	if (peers.has_active || peers.is_gone || !is_automatic(a, ca))
		return OK;
	if (!peers.has_staged)
		TRY(stage(cx, a, ca, ctx_now(cx), &peers.staged));
	return activate(cx, a, &peers.staged);
}

static struct err
look_active(struct ctx *cx, const struct authority *a, const struct db_ca *ca)
{
	struct peers peers = { .ca = ca };
	int64_t now_s = ctx_now(cx);
	struct db_ca next;

	TRY(db_read(cx, a->db, read_peers, &peers));
	if (peers.has_staged && ca->retire_s != 0 && ca->retire_s <= now_s)
		return activate(cx, a, &peers.staged);
	if (ca->not_after_s < now_s) {
		TRY(life_end(cx, a, ca));
		return replace(cx, a, ca);
	}
	if (peers.has_staged || peers.is_gone || life_due(a, ca) > now_s)
		return life_end(cx, a, ca);
	if (!is_automatic(a, ca))
		return ca->warned_s == 0 ? life_warn(cx, a, ca) :
		    life_end(cx, a, ca);
	TRY(stage(cx, a, ca, activation_of_next(cx, a, ca), &next));
	return life_end(cx, a, ca);
}

static struct err
look_tainted(struct ctx *cx, const struct authority *a,
    const struct db_ca *ca)
{
	TRY(replace(cx, a, ca));
	return life_end(cx, a, ca);
}

static const struct {
	const char	*state;
	struct err	(*look)(struct ctx *, const struct authority *,
			    const struct db_ca *);
} looks[] = {
	{ "staged", look_staged },
	{ "active", look_active },
	{ "retiring", life_end },
	{ "retired", life_end },
	{ "tainted", look_tainted },
};

static struct err
look(struct ctx *cx, const struct authority *a, const struct db_ca *ca)
{
	for (size_t i = 0; i < COUNT_OF(looks); i++)
		if (strcmp(looks[i].state, ca->state) == 0)
			return looks[i].look(cx, a, ca);
	return life_end(cx, a, ca);
}

/* --- rounds --------------------------------------------------------------- */

static void
complain(struct ctx *cx, const struct authority *a, const struct db_ca *ca,
    struct err e)
{
	log_put(a->log, LOG_LEVEL_ERROR, "rollover.failed", "tenant",
	    ca->tenant, "ca", text_hex(cx->arena, ca->key_id), "code",
	    err_dotted(e), "note", cx->trail->note, NULL);
	ctx_forget(cx);
}

void
rollover_replace(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct db_ca *ca)
{
	struct db_ca named = *ca;
	struct err e;

	named.tenant = tenant->name;
	e = replace(cx, a, &named);
	if (failed(e))
		complain(cx, a, &named, e);
}

struct due { int64_t now_s; int64_t *ids; size_t n; };

static struct err
read_due(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct due *due = arg;

	return db_ca_due(cx, tx, due->now_s, PAGE, &due->ids, &due->n);
}

struct one { int64_t id; struct db_ca ca; };

static struct err
read_one(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct one *one = arg;

	return db_ca_by_id(cx, tx, one->id, &one->ca);
}

static struct err
put_off(struct ctx *cx, struct db_tx *tx, void *arg)
{
	const struct one *one = arg;

	return db_ca_look_set(cx, tx, one->ca.tenant_id, one->ca.id,
	    ctx_now(cx) + RETRY_S);
}

static struct err
look_at(struct ctx *cx, const struct authority *a, int64_t id)
{
	struct one one = { .id = id };
	struct err e;

	TRY(db_read(cx, a->db, read_one, &one));
	e = look(cx, a, &one.ca);
	if (!failed(e))
		return OK;
	complain(cx, a, &one.ca, e);
	return db_write(cx, a->db, put_off, &one);
}

struct err
rollover_round(struct ctx *cx, const struct authority *a)
{
	struct due due = { .n = PAGE };

	while (due.n == PAGE) {
		due.now_s = ctx_now(cx);
		TRY(db_read(cx, a->db, read_due, &due));
		for (size_t i = 0; i < due.n; i++)
			TRY(look_at(cx, a, due.ids[i]));
	}
	return OK;
}
