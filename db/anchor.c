/* SPDX-License-Identifier: Apache-2.0 */
#include "db/anchor.h"

struct rows { struct db_anchor *items; size_t n; };

static struct db_anchor
anchor_of(struct ctx *cx, const struct db_row *row)
{
	return (struct db_anchor){
		.id = db_int(row, 0),
		.tenant_id = db_int(row, 1),
		.scheme = db_text_of(cx, row, 2),
		.name = db_text_of(cx, row, 3),
		.sha256 = db_blob_of(cx, row, 4),
		.subject = db_text_of(cx, row, 5),
		.certificate = db_blob_of(cx, row, 6),
		.not_after_s = db_int(row, 7),
		.created_s = db_int(row, 8),
		.created_by = db_text_of(cx, row, 9),
		.provenance = db_text_of(cx, row, 10),
	};
}

static struct err
read_row(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct rows *rows = arg;

	(void)stop;
	rows->items[rows->n++] = anchor_of(cx, row);
	return OK;
}

struct err
db_anchor_insert(struct ctx *cx, struct db_tx *tx, const struct db_anchor *a,
    int64_t *out_id)
{
	return db_insert(cx, tx, STMT_ANCHOR_INSERT, DB_ARGS(
	    DB_I(a->tenant_id), DB_T(a->scheme), DB_T(a->name),
	    DB_B(a->sha256), DB_T(a->subject), DB_B(a->certificate),
	    DB_I(a->not_after_s), DB_I(a->created_s), DB_T(a->created_by),
	    DB_T(a->provenance)), out_id);
}

struct err
db_anchor_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t after, size_t most, struct db_anchor **out, size_t *out_n)
{
	struct rows rows = {
		arena_array(cx->arena, most, sizeof(struct db_anchor)), 0
	};

	TRY(db_rows(cx, tx, STMT_ANCHOR_LIST,
	    DB_ARGS(DB_I(tenant_id), DB_I(after), DB_I((int64_t)most)),
	    read_row, &rows));
	*out = rows.items;
	*out_n = rows.n;
	return OK;
}

struct each {
	void	(*fn)(void *arg, const struct db_anchor *);
	void	*arg;
};

static struct err
pass_row(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	const struct each *each = arg;
	struct db_anchor anchor = anchor_of(cx, row);

	(void)stop;
	each->fn(each->arg, &anchor);
	return OK;
}

struct err
db_anchor_each(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    void (*fn)(void *arg, const struct db_anchor *), void *arg)
{
	struct each each = { fn, arg };

	return db_rows(cx, tx, STMT_ANCHOR_FOR, DB_ARGS(DB_I(tenant_id)),
	    pass_row, &each);
}

struct err
db_anchor_due(struct ctx *cx, struct db_tx *tx, int64_t at_s, size_t most,
    struct db_anchor **out, size_t *out_n)
{
	struct rows rows = {
		arena_array(cx->arena, most, sizeof(struct db_anchor)), 0
	};

	TRY(db_rows(cx, tx, STMT_ANCHOR_DUE,
	    DB_ARGS(DB_I(at_s), DB_I((int64_t)most)), read_row, &rows));
	*out = rows.items;
	*out_n = rows.n;
	return OK;
}

struct err
db_anchor_warned(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t id, int64_t at_s)
{
	return db_run(cx, tx, STMT_ANCHOR_WARNED,
	    DB_ARGS(DB_I(tenant_id), DB_I(id), DB_I(at_s)), NULL);
}

struct err
db_anchor_delete(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t id)
{
	int64_t n_changed;

	TRY(db_run(cx, tx, STMT_ANCHOR_DELETE,
	    DB_ARGS(DB_I(tenant_id), DB_I(id)), &n_changed));
	if (n_changed == 0)
		return FAIL(cx, ERR_NOT_FOUND, "no such trust anchor");
	return OK;
}
