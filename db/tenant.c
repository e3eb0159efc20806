/* SPDX-License-Identifier: Apache-2.0 */
#include "db/tenant.h"

struct rows { struct db_tenant *items; size_t n; };

static struct err
read_row(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct rows *rows = arg;

	(void)stop;
	rows->items[rows->n++] = (struct db_tenant){
		.id = db_int(row, 0),
		.name = db_text_of(cx, row, 1),
		.title = db_text_of(cx, row, 2),
		.created_s = db_int(row, 3),
		.algorithm = db_text_of(cx, row, 4),
		.deleted_s = db_int(row, 5),
		.ended_s = db_int(row, 6),
		.revision = db_int(row, 7),
	};
	return OK;
}

struct err
db_tenant_insert(struct ctx *cx, struct db_tx *tx, const struct db_tenant *t,
    int64_t *out_id)
{
	return db_insert(cx, tx, STMT_TENANT_INSERT,
	    DB_ARGS(DB_T(t->name), DB_T(t->title), DB_I(t->created_s),
	    DB_T(t->algorithm == NULL ? "p256" : t->algorithm)), out_id);
}

static struct err
one(struct ctx *cx, struct db_tx *tx, enum db_stmt stmt, struct db_value key,
    struct db_tenant *out)
{
	struct db_tenant found;
	struct rows rows = { &found, 0 };

	TRY(db_rows(cx, tx, stmt, &key, 1, read_row, &rows));
	if (rows.n == 0)
		return FAIL(cx, ERR_NOT_FOUND, "no such tenant");
	*out = found;
	return OK;
}

struct err
db_tenant_by_name(struct ctx *cx, struct db_tx *tx, const char *name,
    struct db_tenant *out)
{
	return one(cx, tx, STMT_TENANT_BY_NAME, DB_T(name), out);
}

struct err
db_tenant_by_id(struct ctx *cx, struct db_tx *tx, int64_t id,
    struct db_tenant *out)
{
	return one(cx, tx, STMT_TENANT_BY_ID, DB_I(id), out);
}

struct err
db_tenant_list(struct ctx *cx, struct db_tx *tx, int64_t after, size_t most,
    struct db_tenant **out, size_t *out_n)
{
	struct rows rows = {
		arena_array(cx->arena, most, sizeof(struct db_tenant)), 0
	};

	TRY(db_rows(cx, tx, STMT_TENANT_LIST,
	    DB_ARGS(DB_I(after), DB_I((int64_t)most)), read_row, &rows));
	*out = rows.items;
	*out_n = rows.n;
	return OK;
}

static struct err
change(struct ctx *cx, struct db_tx *tx, enum db_stmt stmt, int64_t id,
    int64_t at_s)
{
	int64_t n_changed;

	TRY(db_run(cx, tx, stmt, DB_ARGS(DB_I(id), DB_I(at_s)), &n_changed));
	if (n_changed == 0)
		return FAIL(cx, ERR_NOT_FOUND, "no such tenant");
	return OK;
}

struct err
db_tenant_delete(struct ctx *cx, struct db_tx *tx, int64_t id, int64_t at_s)
{
	return change(cx, tx, STMT_TENANT_DELETE, id, at_s);
}

struct err
db_tenant_end(struct ctx *cx, struct db_tx *tx, int64_t id, int64_t at_s)
{
	return change(cx, tx, STMT_TENANT_END, id, at_s);
}

struct err
db_tenant_unended(struct ctx *cx, struct db_tx *tx, struct db_tenant *out,
    bool *out_found)
{
	struct db_tenant found;
	struct rows rows = { &found, 0 };

	TRY(db_rows(cx, tx, STMT_TENANT_UNENDED, NULL, 0, read_row, &rows));
	if (rows.n > 0)
		*out = found;
	*out_found = rows.n > 0;
	return OK;
}
