/* SPDX-License-Identifier: Apache-2.0 */
#include "db/transfer.h"

#include "base/base.h"
#include "db/optional.h"

static const char *const state_names[TRANSFER_STATE_COUNT] = {
	[TRANSFER_OFFERED] = "offered",
	[TRANSFER_AWAITING] = "awaiting-evidence",
	[TRANSFER_DONE] = "done",
	[TRANSFER_REJECTED] = "rejected",
	[TRANSFER_CANCELLED] = "cancelled",
	[TRANSFER_EXPIRED] = "expired",
	[TRANSFER_UNDONE] = "undone",
};

const char *
db_transfer_state_name(enum transfer_state state)
{
	ASSERT(state < TRANSFER_STATE_COUNT);
	return state_names[state];
}

bool
db_transfer_state_find(const char *name, enum transfer_state *out)
{
	for (unsigned i = 0; i < TRANSFER_STATE_COUNT; i++) {
		if (strcmp(state_names[i], name) == 0) {
			*out = i;
			return true;
		}
	}
	return false;
}

struct transfers { struct transfer_row *items; size_t n, max; };

/* Columns as TRANSFER_SELECT has them. */
static struct err
take(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct transfers *read = arg;
	struct transfer_row *t = &read->items[read->n];
	struct db_walk w = { cx, row, 0 };
	const char *state;

	ASSERT(read->n < read->max);
	t->id = walk_int(&w);
	t->handle = walk_text(&w);
	t->tenant_id = walk_int(&w);
	t->to_tenant_id = walk_int(&w);
	t->from_name = walk_text(&w);
	t->to_name = walk_text(&w);
	t->device_id = walk_text(&w);
	state = walk_text(&w);
	t->needs_evidence = walk_int(&w) != 0;
	t->reason = walk_text(&w);
	t->offered_s = walk_int(&w);
	t->offered_by = walk_text(&w);
	t->expires_s = walk_int(&w);
	t->undo_s = walk_int(&w);
	t->group_id = walk_int(&w);
	t->group = walk_text(&w);
	t->accepted_s = walk_int(&w);
	t->accepted_by = walk_text(&w);
	t->done_s = walk_int(&w);
	t->ended_s = walk_int(&w);
	t->ended_by = walk_text(&w);
	t->refusal = walk_text(&w);
	t->refusal_s = walk_int(&w);
	if (!db_transfer_state_find(state, &t->state))
		return FAIL(cx, ERR_STORAGE, "transfer state %s", state);
	*stop = ++read->n == read->max;
	return OK;
}

struct err
db_transfer_add(struct ctx *cx, struct db_tx *tx,
    const struct transfer_row *t, int64_t *out_id)
{
	return db_insert(cx, tx, STMT_TRANSFER_ADD, DB_ARGS(
	    DB_I(t->tenant_id), db_int_or_null(t->to_tenant_id),
	    DB_T(t->handle), DB_T(t->from_name), DB_T(t->to_name),
	    DB_T(t->device_id), DB_T(db_transfer_state_name(t->state)),
	    DB_I(t->needs_evidence), DB_T(t->reason), DB_I(t->offered_s),
	    DB_T(t->offered_by), DB_I(t->expires_s), DB_I(t->undo_s)),
	    out_id);
}

struct err
db_transfer_get(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *handle, struct transfer_row *out)
{
	struct transfers read = { out, 0, 1 };

	TRY(db_rows(cx, tx, STMT_TRANSFER_GET,
	    DB_ARGS(DB_I(tenant_id), DB_T(handle)), take, &read));
	if (read.n == 0)
		return FAIL(cx, ERR_NOT_FOUND, "transfer %s", handle);
	return OK;
}

struct err
db_transfer_open_of(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *device_id, struct transfer_row *out, bool *out_found)
{
	struct transfers read = { out, 0, 1 };

	TRY(db_rows(cx, tx, STMT_TRANSFER_OPEN_OF,
	    DB_ARGS(DB_I(tenant_id), DB_T(device_id)), take, &read));
	*out_found = read.n == 1;
	return OK;
}

struct err
db_transfer_step(struct ctx *cx, struct db_tx *tx, enum transfer_state from,
    const struct transfer_row *t)
{
	int64_t changed;

	TRY(db_run(cx, tx, STMT_TRANSFER_STEP, DB_ARGS(DB_I(t->tenant_id),
	    DB_I(t->id), DB_T(db_transfer_state_name(from)),
	    DB_T(db_transfer_state_name(t->state)),
	    db_int_or_null(t->group_id), db_int_or_null(t->accepted_s),
	    DB_T(t->accepted_by), db_int_or_null(t->done_s),
	    db_int_or_null(t->ended_s), DB_T(t->ended_by), DB_T(t->refusal),
	    db_int_or_null(t->refusal_s)), &changed));
	if (changed != 1)
		return FAIL(cx, ERR_CONFLICT, "transfer %s is not %s",
		    t->handle, db_transfer_state_name(from));
	return OK;
}

struct err
db_transfer_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct transfer_filter *f, struct transfer_row **out, size_t *out_n)
{
	struct transfers read = { NULL, 0, f->limit };

	read.items = arena_array(cx->arena, read.max, sizeof(*read.items));
	TRY(db_rows(cx, tx, f->incoming ? STMT_TRANSFER_LIST_IN :
	    STMT_TRANSFER_LIST_OUT, DB_ARGS(DB_I(tenant_id), DB_I(f->after),
	    DB_T(f->state), DB_I(f->limit)), take, &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}

struct err
db_transfer_due(struct ctx *cx, struct db_tx *tx, int64_t at_s,
    unsigned limit, struct transfer_row **out, size_t *out_n)
{
	struct transfers read = { NULL, 0, limit };

	read.items = arena_array(cx->arena, read.max, sizeof(*read.items));
	TRY(db_rows(cx, tx, STMT_TRANSFER_DUE,
	    DB_ARGS(DB_I(at_s), DB_I(limit)), take, &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}
