/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/transfer.h"

#include "authority/event.h"
#include "authority/handover.h"
#include "authority/receipt.h"
#include "authority/revoked.h"
#include "base/base.h"
#include "db/claim.h"
#include "db/group.h"
#include "db/tenant.h"

#define GROUP_DEFAULT	"default"
#define ACTOR_CLOCK	"clock"
#define ACTOR_DEVICE	"device"
#define ACTOR_PLATFORM	"platform"
#define EXPIRE_BATCH	200u

/* --- steps ----------------------------------------------------------- */

#define IN(state)	(1u << (state))
#define IN_OPEN		(IN(TRANSFER_OFFERED) | IN(TRANSFER_AWAITING))

enum side { SIDE_GIVER, SIDE_TAKER, SIDE_NEITHER };

/* Every way from a state to another, but for what making an offer is.  An
 * accepted offer that asks for no evidence is done at once. */
static const struct step {
	const char		*word;
	enum side		 side;
	unsigned		 from;
	enum transfer_state	 to;
	enum event_type		 event;
} steps[TRANSFER_STEP_COUNT] = {
	[TRANSFER_ACCEPT] = { "accept", SIDE_TAKER, IN(TRANSFER_OFFERED),
	    TRANSFER_AWAITING, EVENT_DEVICE_TRANSFER_ACCEPTED },
	[TRANSFER_REJECT] = { "reject", SIDE_TAKER, IN_OPEN,
	    TRANSFER_REJECTED, EVENT_DEVICE_TRANSFER_REJECTED },
	[TRANSFER_CANCEL] = { "cancel", SIDE_GIVER, IN_OPEN,
	    TRANSFER_CANCELLED, EVENT_DEVICE_TRANSFER_CANCELLED },
	[TRANSFER_UNDO] = { "undo", SIDE_GIVER, IN(TRANSFER_DONE),
	    TRANSFER_UNDONE, EVENT_DEVICE_TRANSFER_UNDONE },
	[TRANSFER_EXPIRE] = { "expire", SIDE_NEITHER, IN_OPEN,
	    TRANSFER_EXPIRED, EVENT_DEVICE_TRANSFER_EXPIRED },
	[TRANSFER_PROVE] = { "prove", SIDE_NEITHER, IN(TRANSFER_AWAITING),
	    TRANSFER_DONE, EVENT_DEVICE_TRANSFERRED },
};

/* --- telling ---------------------------------------------------------- */

/* What one side's feed says; actor is of that side, or the other's name. */
static struct err
tell(struct ctx *cx, struct db_tx *tx, const struct transfer_row *t,
    enum side side, enum event_type type, const char *actor)
{
	bool giver = side == SIDE_GIVER;
	int64_t tenant_id = giver ? t->tenant_id : t->to_tenant_id;

	if (tenant_id == 0)
		return OK;
	return event_add(cx, tx, tenant_id, type, t->device_id, actor,
	    json_pack("{s:s, s:s, s:s, s:s}", "transfer", t->handle,
	    "direction", giver ? "out" : "in",
	    "tenant", giver ? t->to_name : t->from_name,
	    "state", db_transfer_state_name(t->state)));
}

/* Both feeds say it, that of who loses the device first; people of the other
 * side are not named. */
static struct err
tell_both(struct ctx *cx, struct db_tx *tx, const struct transfer_row *t,
    enum side acts, enum event_type type, const char *actor)
{
	const char *to_giver = acts == SIDE_TAKER ? t->to_name : actor;
	const char *to_taker = acts == SIDE_GIVER ? t->from_name : actor;

	if (t->state == TRANSFER_UNDONE) {
		TRY(tell(cx, tx, t, SIDE_TAKER, type, to_taker));
		return tell(cx, tx, t, SIDE_GIVER, type, to_giver);
	}
	TRY(tell(cx, tx, t, SIDE_GIVER, type, to_giver));
	return tell(cx, tx, t, SIDE_TAKER, type, to_taker);
}

/* Row t, whose other members are set, goes where the step leads. */
static struct err
move(struct ctx *cx, struct db_tx *tx, enum transfer_step which,
    enum side acts, struct transfer_row *t, const char *actor)
{
	const struct step *step = &steps[which];
	enum transfer_state from = t->state;

	ASSERT((step->from & IN(from)) != 0);
	t->state = step->to;
	TRY(db_transfer_step(cx, tx, from, t));
	return tell_both(cx, tx, t, acts, step->event, actor);
}

static struct err
end_with(struct ctx *cx, struct db_tx *tx, enum transfer_step which,
    struct transfer_row *t, const char *actor)
{
	t->ended_s = ctx_now(cx);
	t->ended_by = actor;
	return move(cx, tx, which, steps[which].side, t, actor);
}

static struct err
expire(struct ctx *cx, struct db_tx *tx, struct transfer_row *t)
{
	t->ended_s = t->expires_s;
	return move(cx, tx, TRANSFER_EXPIRE, SIDE_NEITHER, t, ACTOR_CLOCK);
}

/* --- offering ---------------------------------------------------------- */

struct making { struct transfer_row row, *out; };

static struct err
check_device(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *device_id, struct device_row *out)
{
	bool found;

	TRY(db_device_by_id(cx, tx, device_id, out, &found));
	if (!found || out->tenant_id != tenant_id)
		return FAIL(cx, ERR_NOT_FOUND, "device %s", device_id);
	if (db_device_is_barred(out->state))
		return FAIL_TELL(cx, ERR_CONFLICT, "the device is banned");
	return OK;
}

/* One open offer of a device; one that is past its end is none. */
static struct err
check_no_other(struct ctx *cx, struct db_tx *tx, const struct transfer_row *t)
{
	struct transfer_row other;
	bool found;

	TRY(db_transfer_open_of(cx, tx, t->tenant_id, t->device_id, &other,
	    &found));
	if (!found)
		return OK;
	if (other.expires_s > t->offered_s)
		return FAIL_TELL(cx, ERR_CONFLICT, "the device is offered "
		    "already: transfer %s", other.handle);
	return expire(cx, tx, &other);
}

/* Who has that name; nobody, too. */
static struct err
find_taker(struct ctx *cx, struct db_tx *tx, const char *name,
    int64_t *out_id)
{
	struct db_tenant taker;
	struct err e;

	*out_id = 0;
	if (strcmp(name, TENANT_PLATFORM) == 0)
		return OK;
	e = db_tenant_by_name(cx, tx, name, &taker);
	if (e.code == ERR_NOT_FOUND) {
		ctx_forget(cx);
		return OK;
	}
	if (!failed(e) && taker.deleted_s == 0)
		*out_id = taker.id;
	return e;
}

static struct err
make_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct making *m = arg;
	struct transfer_row *t = &m->row;
	struct device_row device;

	TRY(check_device(cx, tx, t->tenant_id, t->device_id, &device));
	TRY(check_no_other(cx, tx, t));
	TRY(find_taker(cx, tx, t->to_name, &t->to_tenant_id));
	TRY(db_transfer_add(cx, tx, t, &t->id));
	TRY(tell_both(cx, tx, t, SIDE_GIVER, EVENT_DEVICE_TRANSFER_OFFERED,
	    t->offered_by));
	*m->out = *t;
	return receipt_add(cx, tx);
}

static struct err
check_offer(struct ctx *cx, const struct tenant *tenant,
    const struct transfer_offer *offer)
{
	int64_t now_s = ctx_now(cx);

	if (strcmp(offer->to, tenant->name) == 0)
		return FAIL_AT(cx, ERR_FIELD, "/to",
		    "to: is the tenant that has the device");
	if (offer->expires_s != 0 && (offer->expires_s <= now_s ||
	    offer->expires_s > now_s + TRANSFER_LIFE_S_MAX))
		return FAIL_AT(cx, ERR_FIELD, "/expires_at",
		    "expires_at: within %d days from now",
		    TRANSFER_LIFE_S_MAX / 86400);
	return OK;
}

static const char *
new_handle(struct ctx *cx)
{
	uint8_t handle[TRANSFER_HANDLE_SIZE / 2];

	ctx_random(cx, handle, sizeof(handle));
	return text_hex(cx->arena, SLICE_OF(handle));
}

struct err
transfer_make(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *by,
    const struct transfer_offer *offer, struct transfer_row *out)
{
	int64_t now_s = ctx_now(cx);
	struct making m = {
		.out = out,
		.row = {
			.tenant_id = tenant->id, .from_name = tenant->name,
			.to_name = offer->to, .device_id = offer->device_id,
			.state = TRANSFER_OFFERED,
			.needs_evidence = offer->needs_evidence ||
			    a->limits.transfer_evidence,
			.reason = offer->reason, .offered_s = now_s,
			.offered_by = by->name,
			.expires_s = offer->expires_s == 0 ?
			    now_s + TRANSFER_LIFE_S : offer->expires_s,
			.undo_s = a->limits.transfer_undo_s,
		},
	};

	TRY(check_offer(cx, tenant, offer));
	m.row.handle = new_handle(cx);
	return db_write(cx, a->db, make_work, &m);
}

/* --- looking ------------------------------------------------------------ */

struct getting { int64_t tenant_id; const char *handle; struct transfer_row row; };

static struct err
get_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct getting *g = arg;

	return db_transfer_get(cx, tx, g->tenant_id, g->handle, &g->row);
}

struct err
transfer_get(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const char *handle, struct transfer_row *out)
{
	struct getting g = { .tenant_id = tenant->id, .handle = handle };

	TRY(db_read(cx, a->db, get_work, &g));
	*out = g.row;
	return OK;
}

struct listing {
	int64_t				 tenant_id;
	const struct transfer_filter	*filter;
	struct transfer_row		*items;
	size_t				 n;
};

static struct err
list_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct listing *l = arg;

	return db_transfer_list(cx, tx, l->tenant_id, l->filter, &l->items,
	    &l->n);
}

struct err
transfer_list(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct transfer_filter *filter,
    struct transfer_row **out, size_t *out_n)
{
	struct listing l = { .tenant_id = tenant->id, .filter = filter };
	enum transfer_state state;

	if (filter->state != NULL &&
	    !db_transfer_state_find(filter->state, &state))
		return FAIL_TELL(cx, ERR_PARAMETER, "state: there is no such");
	TRY(db_read(cx, a->db, list_work, &l));
	*out = l.items;
	*out_n = l.n;
	return OK;
}

/* --- handing over -------------------------------------------------------- */

/* From the giver to the taker: t has the taker's group. */
static struct err
hand_over(struct ctx *cx, struct db_tx *tx, struct transfer_row *t,
    const struct device_row *device, struct revoked_list *out)
{
	const struct leaving leaving = {
		.at_s = ctx_now(cx), .by = t->offered_by,
		.reason = t->reason, .transfer_id = t->id,
	};
	const struct arriving arriving = {
		.tenant_id = t->to_tenant_id, .group_id = t->group_id,
		.at_s = leaving.at_s, .by = t->accepted_by,
		.transfer_id = t->id,
	};

	TRY(handover_leave(cx, tx, device, &leaving, out));
	TRY(handover_arrive(cx, tx, device, &arriving));
	t->done_s = leaving.at_s;
	return OK;
}

/* --- the steps of both sides ---------------------------------------------- */

struct stepping {
	enum transfer_step	 which;
	int64_t			 tenant_id;
	const char		*by, *handle, *group;
	struct transfer_row	 row, *out;
	struct revoked_list	 revoked;
};

/* Without evidence to wait for, what is accepted is done. */
static struct err
accept(struct ctx *cx, struct db_tx *tx, struct stepping *s)
{
	struct transfer_row *t = &s->row;
	struct device_row device;
	struct db_group group;

	TRY(check_device(cx, tx, t->tenant_id, t->device_id, &device));
	TRY(db_group_by_name(cx, tx, t->to_tenant_id, s->group == NULL ?
	    GROUP_DEFAULT : s->group, &group));
	t->group_id = group.id;
	t->group = group.name;
	t->accepted_s = ctx_now(cx);
	t->accepted_by = s->by;
	TRY(move(cx, tx, TRANSFER_ACCEPT, SIDE_TAKER, t, s->by));
	if (t->needs_evidence)
		return OK;
	TRY(hand_over(cx, tx, t, &device, &s->revoked));
	return move(cx, tx, TRANSFER_PROVE, SIDE_TAKER, t, s->by);
}

/* The giver takes it back, to the group it was in. */
static struct err
undo(struct ctx *cx, struct db_tx *tx, struct stepping *s)
{
	struct transfer_row *t = &s->row;
	int64_t now_s = ctx_now(cx);
	struct device_row device;
	struct claim_row before;
	struct db_group group;
	bool yes;

	if (now_s >= t->done_s + t->undo_s)
		return FAIL_TELL(cx, ERR_CONFLICT,
		    "the time in which it could be undone is over");
	TRY(db_claim_came_by(cx, tx, t->to_tenant_id, t->device_id, t->id,
	    &yes));
	if (!yes)
		return FAIL_TELL(cx, ERR_CONFLICT,
		    "the tenant has the device no more");
	TRY(check_device(cx, tx, t->to_tenant_id, t->device_id, &device));
	TRY(transfer_drop(cx, tx, &device, t->from_name));
	TRY(db_claim_last(cx, tx, t->tenant_id, t->device_id, &before, &yes));
	TRY(handover_group(cx, tx, t->tenant_id,
	    yes ? before.left_group_id : 0, &group));
	TRY(handover_leave(cx, tx, &device, &(struct leaving){ now_s,
	    t->from_name, "transfer undone", t->id }, &s->revoked));
	TRY(handover_arrive(cx, tx, &device, &(struct arriving){ t->tenant_id,
	    group.id, now_s, s->by, t->id }));
	return end_with(cx, tx, TRANSFER_UNDO, t, s->by);
}

static struct err
check_step(struct ctx *cx, const struct stepping *s)
{
	const struct step *step = &steps[s->which];
	const struct transfer_row *t = &s->row;

	if ((step->side == SIDE_GIVER) != (t->tenant_id == s->tenant_id))
		return FAIL(cx, ERR_NOT_FOUND, "not the side that may");
	if ((step->from & IN(t->state)) == 0)
		return FAIL_TELL(cx, ERR_CONFLICT, "the transfer is %s",
		    db_transfer_state_name(t->state));
	if ((IN(t->state) & IN_OPEN) != 0 && t->expires_s <= ctx_now(cx))
		return FAIL_TELL(cx, ERR_CONFLICT, "the offer has expired");
	return OK;
}

static struct err
do_step(struct ctx *cx, struct db_tx *tx, struct stepping *s)
{
	switch (s->which) {
	case TRANSFER_ACCEPT:
		return accept(cx, tx, s);
	case TRANSFER_UNDO:
		return undo(cx, tx, s);
	default:
		return end_with(cx, tx, s->which, &s->row, s->by);
	}
}

static struct err
step_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct stepping *s = arg;

	s->revoked = (struct revoked_list){ NULL, 0 };
	TRY(db_transfer_get(cx, tx, s->tenant_id, s->handle, &s->row));
	TRY(check_step(cx, s));
	TRY(do_step(cx, tx, s));
	*s->out = s->row;
	return receipt_add(cx, tx);
}

struct err
transfer_take_step(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *by,
    enum transfer_step which, const char *handle, const char *group,
    struct transfer_row *out)
{
	struct stepping s = {
		.which = which, .tenant_id = tenant->id, .by = by->name,
		.handle = handle, .group = group, .out = out,
	};

	ASSERT(which < TRANSFER_EXPIRE);
	TRY(db_write(cx, a->db, step_work, &s));
	revoked_tell_all(a, &s.revoked);
	return OK;
}

/* --- what others of this room do ------------------------------------------- */

struct err
transfer_awaiting(struct ctx *cx, struct db_tx *tx,
    const struct device_row *device, struct transfer_row *out,
    bool *out_found)
{
	struct db_tenant taker;
	struct transfer_row t;
	bool found;

	*out_found = false;
	if (device->tenant_id == 0 || db_device_is_barred(device->state))
		return OK;
	TRY(db_transfer_open_of(cx, tx, device->tenant_id, device->device_id,
	    &t, &found));
	if (!found || t.state != TRANSFER_AWAITING ||
	    t.expires_s <= ctx_now(cx))
		return OK;
	TRY(db_tenant_by_id(cx, tx, t.to_tenant_id, &taker));
	if (taker.deleted_s != 0)
		return OK;
	*out = t;
	*out_found = true;
	return OK;
}

struct err
transfer_complete(struct ctx *cx, struct db_tx *tx,
    const struct transfer_row *expected, struct revoked_list *out)
{
	struct transfer_row t;
	struct device_row device;
	bool found;

	TRY(db_device_by_id(cx, tx, expected->device_id, &device, &found));
	if (!found)
		return FAIL(cx, ERR_CLAIM_NONE, "gone meanwhile");
	if (db_device_is_barred(device.state))
		return FAIL(cx, ERR_HW_BANNED, "banned meanwhile");
	TRY(transfer_awaiting(cx, tx, &device, &t, &found));
	if (!found || t.id != expected->id)
		return FAIL(cx, ERR_CLAIM_NONE, "the transfer has ended");
	TRY(hand_over(cx, tx, &t, &device, out));
	t.refusal = NULL;
	t.refusal_s = 0;
	return move(cx, tx, TRANSFER_PROVE, SIDE_NEITHER, &t, ACTOR_DEVICE);
}

struct err
transfer_refused(struct ctx *cx, struct db_tx *tx,
    const struct transfer_row *expected, const char *code)
{
	struct transfer_row t;

	TRY(db_transfer_get(cx, tx, expected->tenant_id, expected->handle,
	    &t));
	if (t.state != TRANSFER_AWAITING)
		return OK;
	t.refusal = code;
	t.refusal_s = ctx_now(cx);
	TRY(db_transfer_step(cx, tx, t.state, &t));
	TRY(tell(cx, tx, &t, SIDE_GIVER, EVENT_DEVICE_TRANSFER_REFUSED,
	    ACTOR_DEVICE));
	return event_add(cx, tx, t.to_tenant_id, EVENT_DEVICE_TRANSFER_REFUSED,
	    t.device_id, ACTOR_DEVICE, json_pack("{s:s, s:s, s:s, s:s, s:s}",
	    "transfer", t.handle, "direction", "in", "tenant", t.from_name,
	    "state", db_transfer_state_name(t.state), "code", code));
}

struct err
transfer_drop(struct ctx *cx, struct db_tx *tx,
    const struct device_row *device, const char *by)
{
	struct transfer_row t;
	bool found;

	TRY(db_transfer_open_of(cx, tx, device->tenant_id, device->device_id,
	    &t, &found));
	if (!found)
		return OK;
	if (t.expires_s <= ctx_now(cx))
		return expire(cx, tx, &t);
	return end_with(cx, tx, TRANSFER_CANCEL, &t, by);
}

struct err
transfer_force(struct ctx *cx, struct db_tx *tx,
    const struct device_row *device, const struct transfer_forced *f,
    struct revoked_list *out)
{
	int64_t now_s = ctx_now(cx);
	struct transfer_row t = {
		.handle = new_handle(cx), .tenant_id = device->tenant_id,
		.to_tenant_id = f->to_tenant_id, .from_name = f->from_name,
		.to_name = f->to_name, .device_id = device->device_id,
		.state = TRANSFER_OFFERED, .reason = f->reason,
		.offered_s = now_s, .offered_by = ACTOR_PLATFORM,
		.expires_s = now_s,
	};

	TRY(transfer_drop(cx, tx, device, ACTOR_PLATFORM));
	TRY(db_transfer_add(cx, tx, &t, &t.id));
	t.group_id = f->group_id;
	t.accepted_s = now_s;
	t.accepted_by = ACTOR_PLATFORM;
	TRY(move(cx, tx, TRANSFER_ACCEPT, SIDE_NEITHER, &t, ACTOR_PLATFORM));
	TRY(hand_over(cx, tx, &t, device, out));
	return move(cx, tx, TRANSFER_PROVE, SIDE_NEITHER, &t, ACTOR_PLATFORM);
}

/* --- by time ------------------------------------------------------------- */

static struct err
due_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	size_t *n = arg;
	struct transfer_row *due;

	return db_transfer_due(cx, tx, ctx_now(cx), 1, &due, n);
}

static struct err
expire_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	size_t *n = arg;
	struct transfer_row *due;

	TRY(db_transfer_due(cx, tx, ctx_now(cx), EXPIRE_BATCH, &due, n));
	for (size_t i = 0; i < *n; i++)
		TRY(expire(cx, tx, &due[i]));
	return OK;
}

struct err
transfer_round(struct ctx *cx, const struct authority *a)
{
	size_t n;

	/* Nearly always there is nothing, and nothing to write. */
	TRY(db_read(cx, a->db, due_work, &n));
	while (n > 0)
		TRY(db_write(cx, a->db, expire_work, &n));
	return OK;
}
