/* SPDX-License-Identifier: Apache-2.0 */
#include "db/device.h"

#include "base/base.h"
#include "db/optional.h"

static const char *const state_names[DEVICE_STATE_COUNT] = {
	[DEVICE_CLAIMED] = "claimed",
	[DEVICE_ACTIVE] = "active",
	[DEVICE_BANNED] = "banned",
	[DEVICE_RELEASED] = "released",
};

const char *
db_device_state_name(enum device_state state)
{
	ASSERT(state < DEVICE_STATE_COUNT);
	return state_names[state];
}

bool
db_device_state_find(const char *name, enum device_state *out)
{
	for (unsigned i = 0; i < DEVICE_STATE_COUNT; i++) {
		if (strcmp(state_names[i], name) == 0) {
			*out = i;
			return true;
		}
	}
	return false;
}

/* Columns as DEVICE_COLUMNS has them. */
static struct err
walk_device(struct db_walk *w, struct device_row *out)
{
	struct device_row d = { .state = DEVICE_STATE_COUNT };
	const char *state;

	d.id = walk_int(w);
	d.tenant_id = walk_int(w);
	d.device_id = walk_text(w);
	d.hardware_id = walk_text(w);
	d.group_id = walk_int(w);
	state = walk_text(w);
	d.claimed_s = walk_int(w);
	d.ban_reason = walk_text(w);
	d.banned_s = walk_int(w);
	d.ak_name = walk_blob(w);
	d.last_seen_s = walk_int(w);
	d.last_refusal = walk_text(w);
	d.last_refusal_detail = walk_text(w);
	d.last_refusal_s = walk_int(w);
	if (!db_device_state_find(state, &d.state))
		return FAIL(w->cx, ERR_STORAGE, "device state %s", state);
	*out = d;
	return OK;
}

struct one { struct device_row *row; bool found; };

static struct err
take_one(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct one *one = arg;
	struct db_walk w = { cx, row, 0 };

	*stop = true;
	one->found = true;
	return walk_device(&w, one->row);
}

struct err
db_device_by_id(struct ctx *cx, struct db_tx *tx, const char *device_id,
    struct device_row *out, bool *out_found)
{
	struct one one = { out, false };

	TRY(db_rows(cx, tx, STMT_DEVICE_BY_ID, DB_ARGS(DB_T(device_id)),
	    take_one, &one));
	*out_found = one.found;
	return OK;
}

struct err
db_device_by_hardware(struct ctx *cx, struct db_tx *tx,
    const char *hardware_id, struct device_row *out, bool *out_found)
{
	struct one one = { out, false };

	TRY(db_rows(cx, tx, STMT_DEVICE_BY_HARDWARE,
	    DB_ARGS(DB_T(hardware_id)), take_one, &one));
	*out_found = one.found;
	return OK;
}

/* A statement that must change exactly one row. */
static struct err
change(struct ctx *cx, struct db_tx *tx, enum db_stmt stmt,
    const struct db_value *args, size_t n_args, enum err_code otherwise)
{
	int64_t changed;

	TRY(db_run(cx, tx, stmt, args, n_args, &changed));
	if (changed != 1)
		return FAIL(cx, otherwise, "%s changed nothing",
		    db_stmt_name(stmt));
	return OK;
}

struct err
db_device_bind_hardware(struct ctx *cx, struct db_tx *tx, int64_t device,
    const char *hardware_id)
{
	return change(cx, tx, STMT_DEVICE_BIND_HARDWARE,
	    DB_ARGS(DB_I(device), DB_T(hardware_id)), ERR_CONFLICT);
}

struct err
db_device_enrolled(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t device, int64_t at_s)
{
	return change(cx, tx, STMT_DEVICE_ENROLLED,
	    DB_ARGS(DB_I(tenant_id), DB_I(device), DB_I(at_s)), ERR_NOT_FOUND);
}

struct err
db_device_set_ak(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t device, struct slice ak_name)
{
	return change(cx, tx, STMT_DEVICE_SET_AK, DB_ARGS(DB_I(tenant_id),
	    DB_I(device), db_blob_or_null(ak_name)), ERR_NOT_FOUND);
}

struct err
db_device_refused(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t device, const char *code, const char *detail, int64_t at_s)
{
	return db_run(cx, tx, STMT_DEVICE_REFUSED, DB_ARGS(DB_I(tenant_id),
	    DB_I(device), DB_T(code), DB_T(detail), DB_I(at_s)), NULL);
}

struct err
db_device_add(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *device_id, const char *hardware_id, int64_t group_id,
    int64_t at_s, int64_t *out_id)
{
	return db_insert(cx, tx, STMT_DEVICE_ADD, DB_ARGS(DB_I(tenant_id),
	    DB_T(device_id), DB_T(hardware_id), DB_I(group_id), DB_I(at_s)),
	    out_id);
}

struct err
db_device_take(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t device, int64_t group_id, int64_t at_s)
{
	return change(cx, tx, STMT_DEVICE_TAKE, DB_ARGS(DB_I(tenant_id),
	    DB_I(device), DB_I(group_id), DB_I(at_s)), ERR_CONFLICT);
}

struct err
db_device_release(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t device)
{
	return change(cx, tx, STMT_DEVICE_RELEASE,
	    DB_ARGS(DB_I(tenant_id), DB_I(device)), ERR_NOT_FOUND);
}

struct err
db_device_move(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t device, int64_t group_id)
{
	return change(cx, tx, STMT_DEVICE_MOVE, DB_ARGS(DB_I(tenant_id),
	    DB_I(device), DB_I(group_id)), ERR_NOT_FOUND);
}

struct err
db_device_ban(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t device, const char *reason, int64_t at_s)
{
	return change(cx, tx, STMT_DEVICE_BAN, DB_ARGS(DB_I(tenant_id),
	    DB_I(device), DB_T(reason), DB_I(at_s)), ERR_NOT_FOUND);
}

struct err
db_device_unban(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t device)
{
	return change(cx, tx, STMT_DEVICE_UNBAN,
	    DB_ARGS(DB_I(tenant_id), DB_I(device)), ERR_CONFLICT);
}

struct views { struct device_view *items; size_t n, max; };

/* Columns as DEVICE_VIEW has them. */
static struct err
take_view(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct views *views = arg;
	struct device_view *v = &views->items[views->n];
	struct db_walk w = { cx, row, 0 };

	ASSERT(views->n < views->max);
	TRY(walk_device(&w, &v->device));
	v->group = walk_text(&w);
	v->attested_s = walk_int(&w);
	v->format = walk_text(&w);
	v->verdict = walk_text(&w);
	v->policy_version = walk_int(&w);
	v->claims = walk_text(&w);
	v->serial = walk_blob(&w);
	v->not_after_s = walk_int(&w);
	v->revoked_s = walk_int(&w);
	*stop = ++views->n == views->max;
	return OK;
}

struct err
db_device_view(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *device_id, struct device_view *out, bool *out_found)
{
	struct views views = { out, 0, 1 };

	TRY(db_rows(cx, tx, STMT_DEVICE_VIEW_ONE,
	    DB_ARGS(DB_I(tenant_id), DB_T(device_id)), take_view, &views));
	*out_found = views.n == 1;
	return OK;
}

struct err
db_device_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct device_filter *filter, struct device_view **out,
    size_t *out_n)
{
	struct views views = { NULL, 0, filter->limit };

	views.items = arena_array(cx->arena, views.max, sizeof(*views.items));
	TRY(db_rows(cx, tx, STMT_DEVICE_VIEW_LIST, DB_ARGS(DB_I(tenant_id),
	    DB_I(filter->after), DB_T(filter->state),
	    db_int_or_null(filter->group_id), DB_I(filter->limit)),
	    take_view, &views));
	*out = views.items;
	*out_n = views.n;
	return OK;
}
