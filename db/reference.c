/* SPDX-License-Identifier: Apache-2.0 */
#include "db/reference.h"

#include "db/optional.h"

/* --- sets ----------------------------------------------------------------- */

struct sets { struct reference_set *items; size_t n; };

static struct err
take_set(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct sets *read = arg;
	struct reference_set *s = &read->items[read->n++];
	struct db_walk w = { cx, row, 0 };

	(void)stop;
	s->id = walk_int(&w);
	s->name = walk_text(&w);
	s->note = walk_text(&w);
	s->revision = walk_int(&w);
	s->entries = walk_int(&w);
	s->created_s = walk_int(&w);
	s->changed_s = walk_int(&w);
	s->changed_by = walk_text(&w);
	return OK;
}

struct err
db_reference_set_add(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct reference_set *s)
{
	return db_run(cx, tx, STMT_REFERENCE_SET_ADD, DB_ARGS(DB_I(tenant_id),
	    DB_T(s->name), DB_T(s->note), DB_I(s->created_s),
	    DB_T(s->changed_by)), NULL);
}

struct err
db_reference_set_get(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *name, struct reference_set *out, bool *out_found)
{
	struct sets read = { out, 0 };

	TRY(db_rows(cx, tx, STMT_REFERENCE_SET_BY_NAME,
	    DB_ARGS(DB_I(tenant_id), DB_T(name)), take_set, &read));
	*out_found = read.n > 0;
	return OK;
}

struct err
db_reference_set_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t after, size_t most, struct reference_set **out, size_t *out_n)
{
	struct sets read = {
		arena_array(cx->arena, most, sizeof(*read.items)), 0
	};

	TRY(db_rows(cx, tx, STMT_REFERENCE_SET_LIST, DB_ARGS(DB_I(tenant_id),
	    DB_I(after), DB_I((int64_t)most)), take_set, &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}

struct err
db_reference_set_change(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct reference_set *s, int64_t more)
{
	return db_run(cx, tx, STMT_REFERENCE_SET_CHANGE, DB_ARGS(
	    DB_I(tenant_id), DB_I(s->id), DB_T(s->note), DB_I(more),
	    DB_I(s->changed_s), DB_T(s->changed_by)), NULL);
}

struct err
db_reference_set_delete(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t id)
{
	TRY(db_run(cx, tx, STMT_REFERENCE_VALUES_DELETE,
	    DB_ARGS(DB_I(tenant_id), DB_I(id)), NULL));
	return db_run(cx, tx, STMT_REFERENCE_SET_DELETE,
	    DB_ARGS(DB_I(tenant_id), DB_I(id)), NULL);
}

static struct err
take_name(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	const char **out = arg;

	(void)stop;
	*out = db_text_of(cx, row, 0);
	return OK;
}

struct err
db_reference_set_used(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *like, const char **out_group)
{
	*out_group = NULL;
	return db_rows(cx, tx, STMT_REFERENCE_SET_USED,
	    DB_ARGS(DB_I(tenant_id), DB_T(like)), take_name, out_group);
}

/* --- values --------------------------------------------------------------- */

struct values { struct reference_value *items; size_t n; };

static struct err
take_value(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct values *read = arg;
	struct reference_value *v = &read->items[read->n++];
	struct db_walk w = { cx, row, 0 };

	(void)stop;
	v->id = walk_int(&w);
	v->tenant_id = walk_int(&w);
	v->set = walk_text(&w);
	v->value = walk_text(&w);
	v->note = walk_text(&w);
	v->provenance = walk_text(&w);
	v->valid_until_s = walk_int(&w);
	v->created_s = walk_int(&w);
	v->created_by = walk_text(&w);
	return OK;
}

struct err
db_reference_value_add(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t set, const struct reference_value *v, int64_t *out_id)
{
	return db_insert(cx, tx, STMT_REFERENCE_VALUE_ADD, DB_ARGS(
	    DB_I(tenant_id), DB_I(set), DB_T(v->value), DB_T(v->note),
	    DB_T(v->provenance), db_int_or_null(v->valid_until_s),
	    DB_I(v->created_s), DB_T(v->created_by)), out_id);
}

struct err
db_reference_value_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t set, int64_t after, size_t most, struct reference_value **out,
    size_t *out_n)
{
	struct values read = {
		arena_array(cx->arena, most, sizeof(*read.items)), 0
	};

	TRY(db_rows(cx, tx, STMT_REFERENCE_VALUE_LIST, DB_ARGS(
	    DB_I(tenant_id), DB_I(set), DB_I(after), DB_I((int64_t)most)),
	    take_value, &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}

struct err
db_reference_value_find(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *set, const char *value, struct reference_value *out,
    bool *out_found)
{
	struct values read = { out, 0 };

	TRY(db_rows(cx, tx, STMT_REFERENCE_VALUE_FIND, DB_ARGS(
	    DB_I(tenant_id), DB_T(set), DB_T(value)), take_value, &read));
	*out_found = read.n > 0;
	return OK;
}

struct then { int64_t until_s; bool found; };

static struct err
take_then(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct then *t = arg;

	(void)cx;
	t->until_s = db_int(row, 0);
	t->found = *stop = true;
	return OK;
}

struct err
db_reference_value_then(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t set, int64_t revision, const char *value,
    int64_t *out_valid_until_s, bool *out_found)
{
	struct then t = { 0, false };

	TRY(db_rows(cx, tx, STMT_REFERENCE_VALUE_THEN, DB_ARGS(
	    DB_I(tenant_id), DB_I(set), DB_I(revision), DB_T(value)),
	    take_then, &t));
	*out_valid_until_s = t.until_s;
	*out_found = t.found;
	return OK;
}

struct err
db_reference_value_delete(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t set, int64_t id)
{
	int64_t n_changed;

	TRY(db_run(cx, tx, STMT_REFERENCE_VALUE_DELETE, DB_ARGS(
	    DB_I(tenant_id), DB_I(set), DB_I(id)), &n_changed));
	if (n_changed == 0)
		return FAIL(cx, ERR_NOT_FOUND, "no such reference value");
	return OK;
}

struct err
db_reference_due(struct ctx *cx, struct db_tx *tx, int64_t at_s, size_t most,
    struct reference_value **out, size_t *out_n)
{
	struct values read = {
		arena_array(cx->arena, most, sizeof(*read.items)), 0
	};

	TRY(db_rows(cx, tx, STMT_REFERENCE_DUE, DB_ARGS(DB_I(at_s),
	    DB_I((int64_t)most)), take_value, &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}

struct err
db_reference_warned(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t id, int64_t at_s)
{
	return db_run(cx, tx, STMT_REFERENCE_WARNED, DB_ARGS(DB_I(tenant_id),
	    DB_I(id), DB_I(at_s)), NULL);
}
