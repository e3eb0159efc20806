/* SPDX-License-Identifier: Apache-2.0 */
#include "db/device.h"

#include "base/base.h"
#include "db/optional.h"

static const char *const state_names[DEVICE_STATE_COUNT] = {
	[DEVICE_CLAIMED] = "claimed",
	[DEVICE_ACTIVE] = "active",
	[DEVICE_BANNED] = "banned",
	[DEVICE_QUARANTINED] = "quarantined",
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

bool
db_device_is_barred(enum device_state state)
{
	return state == DEVICE_BANNED || state == DEVICE_QUARANTINED;
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
	d.revision = walk_int(w);
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

static struct db_value
skew(struct device_clock clock)
{
	return clock.told ? DB_I(clock.ahead_s) : DB_N;
}

struct err
db_device_enrolled(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t device, const struct device_enrolled *e)
{
	TRY(change(cx, tx, STMT_DEVICE_ENROLLED, DB_ARGS(DB_I(tenant_id),
	    DB_I(device), DB_I(e->at_s), db_int_or_null(e->certificate),
	    db_int_or_null(e->not_after_s), DB_I(!e->hardware_key),
	    skew(e->clock)), ERR_NOT_FOUND));
	return db_run(cx, tx, STMT_DEVICE_SETTLED,
	    DB_ARGS(DB_I(tenant_id), DB_I(device)), NULL);
}

struct err
db_device_attested(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t device, struct slice ak_name, const char *tcb_status)
{
	return change(cx, tx, STMT_DEVICE_ATTESTED, DB_ARGS(DB_I(tenant_id),
	    DB_I(device), db_blob_or_null(ak_name), DB_T(tcb_status)),
	    ERR_NOT_FOUND);
}

struct err
db_device_refused(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t device, const struct device_refused *r)
{
	return db_run(cx, tx, STMT_DEVICE_REFUSED, DB_ARGS(DB_I(tenant_id),
	    DB_I(device), DB_T(r->code), DB_T(r->detail), DB_I(r->at_s),
	    skew(r->clock)), NULL);
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
db_device_label(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t device, const char *labels)
{
	return change(cx, tx, STMT_DEVICE_LABEL, DB_ARGS(DB_I(tenant_id),
	    DB_I(device), DB_T(labels)), ERR_NOT_FOUND);
}

static struct err
take_text(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	const char **out = arg;

	*out = db_text_of(cx, row, 0);
	*stop = true;
	return OK;
}

struct err
db_device_labels(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t device, const char **out)
{
	*out = NULL;
	return db_rows(cx, tx, STMT_DEVICE_LABELS, DB_ARGS(DB_I(tenant_id),
	    DB_I(device)), take_text, out);
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

struct one_view { struct device_view *view; bool found; };

/* Columns as DEVICE_VIEW has them. */
static struct err
take_view(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct one_view *one = arg;
	struct device_view *v = one->view;
	struct db_walk w = { cx, row, 0 };

	TRY(walk_device(&w, &v->device));
	v->claims = walk_text(&w);
	v->group = walk_text(&w);
	v->issued = walk_int(&w);
	v->tcb_status = walk_text(&w);
	v->clock.told = !db_is_null(row, w.column);
	v->clock.ahead_s = walk_int(&w);
	v->labels = walk_text(&w);
	v->attested_s = walk_int(&w);
	v->format = walk_text(&w);
	v->verdict = walk_text(&w);
	v->policy_version = walk_int(&w);
	v->serial = walk_blob(&w);
	v->not_after_s = walk_int(&w);
	v->revoked_s = walk_int(&w);
	v->hardware_key = walk_int(&w) != 0;
	one->found = true;
	*stop = true;
	return OK;
}

struct err
db_device_view(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *device_id, struct device_view *out, bool *out_found)
{
	struct one_view one = { out, false };

	TRY(db_rows(cx, tx, STMT_DEVICE_VIEW_ONE,
	    DB_ARGS(DB_I(tenant_id), DB_T(device_id)), take_view, &one));
	*out_found = one.found;
	return OK;
}

struct err
db_device_view_brief(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t device, struct device_view *out)
{
	struct one_view one = { out, false };

	TRY(db_rows(cx, tx, STMT_DEVICE_VIEW_BRIEF,
	    DB_ARGS(DB_I(tenant_id), DB_I(device)), take_view, &one));
	if (!one.found)
		return FAIL(cx, ERR_NOT_FOUND, "device row %lld",
		    (long long)device);
	return OK;
}
