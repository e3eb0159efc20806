/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/recovery.h"

#include "authority/event.h"
#include "authority/receipt.h"
#include "authority/revoked.h"
#include "authority/role.h"
#include "authority/tenant.h"
#include "authority/transfer.h"
#include "base/base.h"
#include "db/device_search.h"
#include "db/group.h"
#include "db/tenant.h"
#include "db/token.h"

#define GROUP_DEFAULT	"default"
#define ACTOR_CLOCK	"clock"
#define ACTOR_OWNER	"a token of an owner, which was used"
#define TOKENS_PAGE	1000u

static struct err
tell(struct ctx *cx, struct db_tx *tx, const struct recovery_row *r,
    enum event_type type, const char *actor)
{
	TRY(event_add(cx, tx, r->tenant_id, type, r->tenant, actor,
	    json_pack("{s:I, s:s, s:s, s:I}", "id", (json_int_t)r->id,
	    "state", db_recovery_state_name(r->state),
	    "ready_at", text_time_dup(cx->arena, r->ready_s),
	    "moved", (json_int_t)r->moved)));
	return tenant_event(cx, tx, 0, type, r->tenant, actor,
	    json_pack("{s:I, s:s, s:s, s:I}", "id", (json_int_t)r->id,
	    "state", db_recovery_state_name(r->state),
	    "ready_at", text_time_dup(cx->arena, r->ready_s),
	    "moved", (json_int_t)r->moved));
}

/* Has a token of an owner been used since then? */
static struct err
owner_is_there(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t since_s, bool *out)
{
	struct db_token *tokens;
	int64_t after = 0;
	size_t n;

	*out = false;
	do {
		TRY(db_token_list(cx, tx, tenant_id, after, TOKENS_PAGE,
		    &tokens, &n));
		for (size_t i = 0; i < n; i++)
			if (strcmp(tokens[i].role, role_name(ROLE_OWNER)) ==
			    0 && tokens[i].group_id == 0 &&
			    tokens[i].last_used_s > since_s)
				*out = true;
		after = n == 0 ? 0 : tokens[n - 1].id;
	} while (n == TOKENS_PAGE && !*out);
	return OK;
}

/* --- beginning ------------------------------------------------------------- */

struct beginning {
	const struct recovery_spec	*spec;
	int64_t				 wait_s;
	struct recovery_row		 row, *out;
};

static struct err
begin_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct beginning *b = arg;
	struct recovery_row *r = &b->row;
	struct db_tenant from, to;
	struct db_group group;
	struct err e;
	bool there;

	TRY(db_tenant_by_name(cx, tx, b->spec->tenant, &from));
	TRY(db_tenant_by_name(cx, tx, b->spec->to, &to));
	if (from.deleted_s != 0 || to.deleted_s != 0)
		return FAIL(cx, ERR_NOT_FOUND, "a tenant is deleted");
	TRY(db_group_by_name(cx, tx, to.id, b->spec->group == NULL ?
	    GROUP_DEFAULT : b->spec->group, &group));
	TRY(owner_is_there(cx, tx, from.id, r->begun_s - b->wait_s, &there));
	if (there)
		return FAIL_TELL(cx, ERR_CONFLICT,
		    "an owner of the tenant is there");
	r->tenant_id = from.id;
	r->tenant = from.name;
	r->to_tenant_id = to.id;
	r->to = to.name;
	r->group_id = group.id;
	r->group = group.name;
	e = db_recovery_add(cx, tx, r, &r->id);
	if (e.code == ERR_EXISTS)
		return FAIL_TELL(cx, ERR_CONFLICT,
		    "a recovery of the tenant is under way");
	TRY(e);
	TRY(tell(cx, tx, r, EVENT_TENANT_RECOVERY_BEGUN, r->begun_by));
	*b->out = *r;
	return receipt_add(cx, tx);
}

struct err
recovery_begin(struct ctx *cx, const struct authority *a,
    const struct principal *who, const struct recovery_spec *spec,
    struct recovery_row *out)
{
	int64_t now_s = ctx_now(cx);
	struct beginning b = {
		.spec = spec, .wait_s = a->limits.recovery_wait_s,
		.row = {
			.reason = spec->reason, .state = RECOVERY_WAITING,
			.begun_s = now_s, .begun_by = who->name,
			.ready_s = now_s + a->limits.recovery_wait_s,
		},
		.out = out,
	};

	if (strcmp(spec->tenant, spec->to) == 0 ||
	    strcmp(spec->to, TENANT_PLATFORM) == 0)
		return FAIL_AT(cx, ERR_FIELD, "/to", "to: another tenant");
	return db_write(cx, a->db, begin_work, &b);
}

json_t *
recovery_params(const struct recovery_spec *spec)
{
	return json_pack("{s:s, s:s, s:s*, s:s}", "tenant", spec->tenant,
	    "to", spec->to, "group", spec->group, "reason", spec->reason);
}

struct err
recovery_carry_out(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const json_t *params, json_t **out_result)
{
	struct json_in in = json_in(cx, params, "");
	struct recovery_spec spec = {
		.tenant = json_get_name(&in, "tenant", JSON_REQUIRED),
		.to = json_get_name(&in, "to", JSON_REQUIRED),
		.group = json_get_name(&in, "group", JSON_OPTIONAL),
		.reason = json_get_text(&in, "reason", JSON_REQUIRED,
		    RECOVERY_REASON_MAX),
	};
	struct recovery_row row;

	(void)tenant;
	TRY(json_in_done(&in));
	TRY(recovery_begin(cx, a, who, &spec, &row));
	*out_result = json_pack("{s:I, s:s}", "recovery", (json_int_t)row.id,
	    "ready_at", text_time_dup(cx->arena, row.ready_s));
	return OK;
}

/* --- looking, objecting ------------------------------------------------------ */

struct listing {
	int64_t			 tenant_id;
	struct page		 page;
	struct recovery_row	*items;
	size_t			 n;
};

static struct err
list_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct listing *l = arg;

	return db_recovery_list(cx, tx, l->tenant_id, l->page.after,
	    l->page.limit, &l->items, &l->n);
}

struct err
recovery_list(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, struct page page, struct recovery_row **out,
    size_t *out_n)
{
	struct listing l = { .tenant_id = tenant == NULL ? 0 : tenant->id,
	    .page = page };

	TRY(db_read(cx, a->db, list_work, &l));
	*out = l.items;
	*out_n = l.n;
	return OK;
}

struct objecting {
	int64_t			 tenant_id, id;
	const char		*by;
	struct recovery_row	*out;
};

static struct err
object(struct ctx *cx, struct db_tx *tx, struct recovery_row *r,
    const char *by)
{
	r->state = RECOVERY_OBJECTED;
	r->ended_s = ctx_now(cx);
	r->ended_by = by;
	TRY(db_recovery_step(cx, tx, RECOVERY_WAITING, r));
	return tell(cx, tx, r, EVENT_TENANT_RECOVERY_ENDED, by);
}

static struct err
object_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct objecting *o = arg;
	struct recovery_row row;

	TRY(db_recovery_get(cx, tx, o->tenant_id, o->id, &row));
	if (row.state != RECOVERY_WAITING)
		return FAIL_TELL(cx, ERR_CONFLICT, "the recovery is %s",
		    db_recovery_state_name(row.state));
	TRY(object(cx, tx, &row, o->by));
	*o->out = row;
	return receipt_add(cx, tx);
}

struct err
recovery_object(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who, int64_t id,
    struct recovery_row *out)
{
	struct objecting o = { tenant->id, id, who->name, out };

	return db_write(cx, a->db, object_work, &o);
}

/* --- by time ------------------------------------------------------------------ */

struct moving {
	bool			 more;		/* there may be something to do */
	size_t			 n;
	struct revoked_list	 revoked[RECOVERY_BATCH];
};

/* Those that are not banned: as they are moved, the others are found. */
static struct err
move_some(struct ctx *cx, struct db_tx *tx, struct recovery_row *r,
    struct moving *m)
{
	static const char *const states[] = { "claimed", "active" };
	struct device_found found;

	for (size_t s = 0; s < COUNT_OF(states) && m->n == 0; s++) {
		const struct device_filter filter = { .state = states[s] };

		TRY(db_device_search(cx, tx, r->tenant_id, &filter, NULL,
		    RECOVERY_BATCH, &found));
		for (size_t i = 0; i < found.n; i++, m->n++)
			TRY(transfer_force(cx, tx, &found.items[i].device,
			    &(struct transfer_forced){ r->tenant,
			    r->to_tenant_id, r->to, r->group_id, r->reason },
			    &m->revoked[m->n]));
	}
	r->moved += (int64_t)m->n;
	return OK;
}

static struct err
round_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct moving *m = arg;
	struct recovery_row r;
	enum recovery_state from;
	bool there;

	*m = (struct moving){ .more = false };
	TRY(db_recovery_due(cx, tx, ctx_now(cx), &r, &m->more));
	if (!m->more)
		return OK;
	from = r.state;
	if (from == RECOVERY_WAITING) {
		TRY(owner_is_there(cx, tx, r.tenant_id, r.begun_s, &there));
		if (there)
			return object(cx, tx, &r, ACTOR_OWNER);
	}
	TRY(move_some(cx, tx, &r, m));
	r.state = m->n == 0 ? RECOVERY_DONE : RECOVERY_MOVING;
	r.ended_s = m->n == 0 ? ctx_now(cx) : 0;
	TRY(db_recovery_step(cx, tx, from, &r));
	return m->n > 0 ? OK :
	    tell(cx, tx, &r, EVENT_TENANT_RECOVERY_ENDED, ACTOR_CLOCK);
}

static struct err
due_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct recovery_row r;

	return db_recovery_due(cx, tx, ctx_now(cx), &r, arg);
}

/* One transaction, in memory of its own: a fleet is larger than a batch. */
static struct err
one_batch(struct ctx *cx, const struct authority *a, struct moving *m)
{
	struct ctx_root root;
	struct err e;

	ctx_root_init(&root, cx->log);
	root.cx.clock = cx->clock;
	root.cx.rng = cx->rng;
	e = db_write(&root.cx, a->db, round_work, m);
	for (size_t i = 0; !failed(e) && i < m->n; i++)
		revoked_tell_all(a, &m->revoked[i]);
	if (failed(e))
		*cx->trail = root.trail;
	ctx_root_fini(&root);
	return e;
}

struct err
recovery_round(struct ctx *cx, const struct authority *a)
{
	struct moving *m = ARENA_NEW(cx->arena, struct moving);
	bool due;

	TRY(db_read(cx, a->db, due_work, &due));
	for (m->more = due; m->more;)
		TRY(one_batch(cx, a, m));
	return OK;
}
