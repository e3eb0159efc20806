/* SPDX-License-Identifier: Apache-2.0 */
#include "db/operation.h"

#include "base/base.h"
#include "db/optional.h"

struct operations { struct operation_row *items; size_t n, max; };

/* Columns as OPERATION_COLUMNS has them. */
static struct err
take(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct operations *read = arg;
	struct operation_row *o = &read->items[read->n];
	struct db_walk w = { cx, row, 0 };

	ASSERT(read->n < read->max);
	o->id = walk_int(&w);
	o->tenant_id = walk_int(&w);
	o->tenant = walk_text(&w);
	o->name = walk_text(&w);
	o->kind = walk_text(&w);
	o->state = walk_text(&w);
	o->params = walk_text(&w);
	o->items = walk_int(&w);
	o->done = walk_int(&w);
	o->counts = walk_text(&w);
	o->code = walk_text(&w);
	o->created_s = walk_int(&w);
	o->created_by = walk_text(&w);
	o->started_s = walk_int(&w);
	o->ended_s = walk_int(&w);
	o->group_id = walk_int(&w);
	o->group = walk_text(&w);
	*stop = ++read->n == read->max;
	return OK;
}

struct err
db_operation_insert(struct ctx *cx, struct db_tx *tx,
    const struct operation_row *o, int64_t *out_id)
{
	return db_insert(cx, tx, STMT_OPERATION_INSERT, DB_ARGS(
	    DB_I(o->tenant_id), DB_T(o->name), DB_T(o->kind),
	    DB_T(o->params), DB_I(o->created_s), DB_T(o->created_by),
	    db_int_or_null(o->group_id)), out_id);
}

static struct err
take_int(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	int64_t *out = arg;

	(void)cx;
	*out = db_int(row, 0);
	*stop = true;
	return OK;
}

struct err
db_operation_unended(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t *out)
{
	int64_t n = 0;

	TRY(db_rows(cx, tx, STMT_OPERATION_UNENDED,
	    DB_ARGS(DB_I(tenant_id)), take_int, &n));
	*out = n;
	return OK;
}

static struct err
changed_one(struct ctx *cx, int64_t changed)
{
	if (changed != 1)
		return FAIL(cx, ERR_CONFLICT, "the operation's state");
	return OK;
}

struct err
db_operation_open(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t id, const char *state, int64_t items)
{
	int64_t changed;

	TRY(db_run(cx, tx, STMT_OPERATION_OPEN, DB_ARGS(DB_I(tenant_id),
	    DB_I(id), DB_T(state), DB_I(items)), &changed));
	return changed_one(cx, changed);
}

struct err
db_operation_advance(struct ctx *cx, struct db_tx *tx,
    const struct operation_row *o)
{
	int64_t changed;

	TRY(db_run(cx, tx, STMT_OPERATION_ADVANCE, DB_ARGS(
	    DB_I(o->tenant_id), DB_I(o->id), DB_T(o->state), DB_I(o->done),
	    DB_T(o->counts), db_int_or_null(o->started_s),
	    db_int_or_null(o->ended_s), DB_T(o->code)), &changed));
	return changed_one(cx, changed);
}

struct err
db_operation_by_name(struct ctx *cx, struct db_tx *tx, const char *name,
    struct operation_row *out, bool *out_found)
{
	struct operations read = { out, 0, 1 };

	TRY(db_rows(cx, tx, STMT_OPERATION_BY_NAME, DB_ARGS(DB_T(name)),
	    take, &read));
	*out_found = read.n == 1;
	return OK;
}

struct err
db_operation_by_id(struct ctx *cx, struct db_tx *tx, int64_t id,
    struct operation_row *out, bool *out_found)
{
	struct operations read = { out, 0, 1 };

	TRY(db_rows(cx, tx, STMT_OPERATION_BY_ID, DB_ARGS(DB_I(id)), take,
	    &read));
	*out_found = read.n == 1;
	return OK;
}

struct err
db_operation_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct operation_filter *f, struct operation_row **out,
    size_t *out_n)
{
	struct operations read = { NULL, 0, f->limit };
	bool of_group = f->group_id != 0;
	const struct db_value args[] = {
		DB_I(tenant_id), DB_I(f->after), DB_T(f->state),
		DB_T(f->kind), DB_I(f->limit), DB_I(f->group_id),
	};

	read.items = arena_array(cx->arena, read.max, sizeof(*read.items));
	TRY(db_rows(cx, tx, of_group ? STMT_OPERATION_LIST_GROUP :
	    STMT_OPERATION_LIST, args, COUNT_OF(args) - !of_group, take,
	    &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}

struct err
db_operation_list_all(struct ctx *cx, struct db_tx *tx,
    const struct operation_filter *f, struct operation_row **out,
    size_t *out_n)
{
	struct operations read = { NULL, 0, f->limit };

	read.items = arena_array(cx->arena, read.max, sizeof(*read.items));
	TRY(db_rows(cx, tx, STMT_OPERATION_LIST_ALL, DB_ARGS(DB_I(f->after),
	    DB_T(f->state), DB_T(f->kind), DB_I(f->limit)), take, &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}

/* --- which one is next ----------------------------------------------- */

static struct err
take_id(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	int64_t *id = arg;

	(void)cx;
	*id = db_int(row, 0);
	*stop = true;
	return OK;
}

static struct err
one_id(struct ctx *cx, struct db_tx *tx, enum db_stmt which, int64_t arg,
    int64_t *out)
{
	int64_t id = 0;

	TRY(db_rows(cx, tx, which, DB_ARGS(DB_I(arg)), take_id, &id));
	*out = id;
	return OK;
}

struct err
db_operation_next(struct ctx *cx, struct db_tx *tx, int64_t after_tenant,
    int64_t *out)
{
	return one_id(cx, tx, STMT_OPERATION_NEXT, after_tenant, out);
}

struct err
db_operation_old(struct ctx *cx, struct db_tx *tx, int64_t ended_s,
    int64_t *out)
{
	return one_id(cx, tx, STMT_OPERATION_OLD, ended_s, out);
}

struct err
db_operation_left(struct ctx *cx, struct db_tx *tx, int64_t created_s,
    int64_t *out)
{
	return one_id(cx, tx, STMT_OPERATION_LEFT, created_s, out);
}

struct err
db_operation_drop(struct ctx *cx, struct db_tx *tx, int64_t id,
    unsigned rows, bool *out_gone)
{
	int64_t inputs, items;

	*out_gone = false;
	TRY(db_run(cx, tx, STMT_OPERATION_INPUT_DROP, DB_ARGS(DB_I(id),
	    DB_I(rows)), &inputs));
	TRY(db_run(cx, tx, STMT_OPERATION_ITEM_DROP, DB_ARGS(DB_I(id),
	    DB_I(rows)), &items));
	if (inputs > 0 || items > 0)
		return OK;
	TRY(db_run(cx, tx, STMT_OPERATION_DELETE, DB_ARGS(DB_I(id)), NULL));
	*out_gone = true;
	return OK;
}

/* --- input ----------------------------------------------------------- */

struct err
db_operation_put(struct ctx *cx, struct db_tx *tx, int64_t id, int64_t first,
    int64_t n, struct slice body)
{
	return db_run(cx, tx, STMT_OPERATION_PUT, DB_ARGS(DB_I(id),
	    DB_I(first), DB_I(n), DB_B(body)), NULL);
}

struct taken { int64_t n; struct slice body; };

static struct err
take_input(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct taken *t = arg;

	t->n = db_int(row, 0);
	t->body = db_blob_of(cx, row, 1);
	*stop = true;
	return OK;
}

struct err
db_operation_take(struct ctx *cx, struct db_tx *tx, int64_t id,
    int64_t first, int64_t *out_n, struct slice *out_body)
{
	struct taken t = { 0, SLICE_NONE };

	TRY(db_rows(cx, tx, STMT_OPERATION_TAKE, DB_ARGS(DB_I(id),
	    DB_I(first)), take_input, &t));
	*out_n = t.n;
	*out_body = t.body;
	return OK;
}

struct err
db_operation_taken(struct ctx *cx, struct db_tx *tx, int64_t id,
    int64_t first)
{
	return db_run(cx, tx, STMT_OPERATION_TAKEN, DB_ARGS(DB_I(id),
	    DB_I(first)), NULL);
}

struct err
db_operation_drop_input(struct ctx *cx, struct db_tx *tx, int64_t id)
{
	return db_run(cx, tx, STMT_OPERATION_INPUT_DROP, DB_ARGS(DB_I(id),
	    DB_I(INT64_MAX)), NULL);
}

/* --- items ----------------------------------------------------------- */

struct err
db_operation_item_add(struct ctx *cx, struct db_tx *tx, int64_t id,
    const struct operation_item_row *i)
{
	return db_run(cx, tx, STMT_OPERATION_ITEM_ADD, DB_ARGS(DB_I(id),
	    DB_I(i->number), DB_I(i->line), DB_T(i->subject),
	    DB_T(i->outcome), DB_T(i->code), DB_T(i->detail)), NULL);
}

struct items { struct operation_item_row *items; size_t n, max; };

static struct err
take_item(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct items *read = arg;
	struct operation_item_row *i = &read->items[read->n];
	struct db_walk w = { cx, row, 0 };

	ASSERT(read->n < read->max);
	i->number = walk_int(&w);
	i->line = walk_int(&w);
	i->subject = walk_text(&w);
	i->outcome = walk_text(&w);
	i->code = walk_text(&w);
	i->detail = walk_text(&w);
	*stop = ++read->n == read->max;
	return OK;
}

struct err
db_operation_item_list(struct ctx *cx, struct db_tx *tx, int64_t id,
    const char *outcome, bool refused, int64_t after, unsigned limit,
    struct operation_item_row **out, size_t *out_n)
{
	struct items read = { NULL, 0, limit };

	read.items = arena_array(cx->arena, read.max, sizeof(*read.items));
	TRY(db_rows(cx, tx, refused ? STMT_OPERATION_ITEM_REFUSED :
	    STMT_OPERATION_ITEM_LIST, DB_ARGS(DB_I(id), DB_I(after),
	    DB_T(outcome), DB_I(limit)), take_item, &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}
