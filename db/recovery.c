/* SPDX-License-Identifier: Apache-2.0 */
#include "db/recovery.h"

#include "base/base.h"
#include "db/optional.h"

static const char *const state_names[RECOVERY_STATE_COUNT] = {
	[RECOVERY_WAITING] = "waiting",
	[RECOVERY_MOVING] = "moving",
	[RECOVERY_DONE] = "done",
	[RECOVERY_OBJECTED] = "objected",
};

const char *
db_recovery_state_name(enum recovery_state state)
{
	ASSERT(state < RECOVERY_STATE_COUNT);
	return state_names[state];
}

struct recoveries { struct recovery_row *items; size_t n, max; };

/* Columns as RECOVERY_SELECT has them. */
static struct err
take(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct recoveries *read = arg;
	struct recovery_row *r = &read->items[read->n];
	struct db_walk w = { cx, row, 0 };
	const char *state;

	ASSERT(read->n < read->max);
	r->id = walk_int(&w);
	r->tenant_id = walk_int(&w);
	r->tenant = walk_text(&w);
	r->to_tenant_id = walk_int(&w);
	r->to = walk_text(&w);
	r->group_id = walk_int(&w);
	r->group = walk_text(&w);
	r->reason = walk_text(&w);
	state = walk_text(&w);
	r->begun_s = walk_int(&w);
	r->begun_by = walk_text(&w);
	r->ready_s = walk_int(&w);
	r->moved = walk_int(&w);
	r->ended_s = walk_int(&w);
	r->ended_by = walk_text(&w);
	for (r->state = 0; r->state < RECOVERY_STATE_COUNT; r->state++)
		if (strcmp(state_names[r->state], state) == 0)
			break;
	if (r->state == RECOVERY_STATE_COUNT)
		return FAIL(cx, ERR_STORAGE, "recovery state %s", state);
	*stop = ++read->n == read->max;
	return OK;
}

struct err
db_recovery_add(struct ctx *cx, struct db_tx *tx,
    const struct recovery_row *r, int64_t *out_id)
{
	return db_insert(cx, tx, STMT_RECOVERY_ADD, DB_ARGS(
	    DB_I(r->tenant_id), DB_I(r->to_tenant_id), DB_I(r->group_id),
	    DB_T(r->reason), DB_T(db_recovery_state_name(r->state)),
	    DB_I(r->begun_s), DB_T(r->begun_by), DB_I(r->ready_s)), out_id);
}

struct err
db_recovery_get(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t id, struct recovery_row *out)
{
	struct recoveries read = { out, 0, 1 };

	TRY(db_rows(cx, tx, STMT_RECOVERY_GET,
	    DB_ARGS(DB_I(tenant_id), DB_I(id)), take, &read));
	if (read.n == 0)
		return FAIL(cx, ERR_NOT_FOUND, "recovery %lld",
		    (long long)id);
	return OK;
}

struct err
db_recovery_step(struct ctx *cx, struct db_tx *tx, enum recovery_state from,
    const struct recovery_row *r)
{
	int64_t changed;

	TRY(db_run(cx, tx, STMT_RECOVERY_STEP, DB_ARGS(DB_I(r->tenant_id),
	    DB_I(r->id), DB_T(db_recovery_state_name(from)),
	    DB_T(db_recovery_state_name(r->state)), DB_I(r->moved),
	    db_int_or_null(r->ended_s), DB_T(r->ended_by)), &changed));
	if (changed != 1)
		return FAIL(cx, ERR_CONFLICT, "recovery %lld is not %s",
		    (long long)r->id, db_recovery_state_name(from));
	return OK;
}

struct err
db_recovery_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t after, unsigned limit, struct recovery_row **out, size_t *out_n)
{
	struct recoveries read = { NULL, 0, limit };

	read.items = arena_array(cx->arena, read.max, sizeof(*read.items));
	if (tenant_id == 0)
		TRY(db_rows(cx, tx, STMT_RECOVERY_ALL,
		    DB_ARGS(DB_I(after), DB_I(limit)), take, &read));
	else
		TRY(db_rows(cx, tx, STMT_RECOVERY_LIST, DB_ARGS(
		    DB_I(tenant_id), DB_I(after), DB_I(limit)), take, &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}

struct err
db_recovery_due(struct ctx *cx, struct db_tx *tx, int64_t at_s,
    struct recovery_row *out, bool *out_found)
{
	struct recoveries read = { out, 0, 1 };

	TRY(db_rows(cx, tx, STMT_RECOVERY_DUE, DB_ARGS(DB_I(at_s)), take,
	    &read));
	*out_found = read.n == 1;
	return OK;
}
