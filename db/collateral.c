/* SPDX-License-Identifier: Apache-2.0 */
#include "db/collateral.h"

#include "db/optional.h"

struct rows { struct db_collateral *items; size_t n; };

static struct db_collateral
collateral_of(struct ctx *cx, const struct db_row *row)
{
	return (struct db_collateral){
		.id = db_int(row, 0),
		.tenant_id = db_int(row, 1),
		.kind = db_text_of(cx, row, 2),
		.name = db_text_of(cx, row, 3),
		.provenance = db_text_of(cx, row, 4),
		.about = db_text_of(cx, row, 5),
		.sha256 = db_blob_of(cx, row, 6),
		.document = db_text_of(cx, row, 7),
		.issued_s = db_int(row, 8),
		.expires_s = db_int(row, 9),
		.created_s = db_int(row, 10),
		.created_by = db_text_of(cx, row, 11),
	};
}

static struct err
read_row(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct rows *rows = arg;

	(void)stop;
	rows->items[rows->n++] = collateral_of(cx, row);
	return OK;
}

struct err
db_collateral_put(struct ctx *cx, struct db_tx *tx,
    const struct db_collateral *c, int64_t *out_id)
{
	TRY(db_run(cx, tx, STMT_COLLATERAL_REPLACED, DB_ARGS(
	    DB_I(c->tenant_id), DB_T(c->kind), DB_T(c->about),
	    DB_I(c->issued_s)), NULL));
	return db_insert(cx, tx, STMT_COLLATERAL_INSERT, DB_ARGS(
	    DB_I(c->tenant_id), DB_T(c->kind), DB_T(c->name),
	    DB_T(c->provenance), DB_T(c->about), DB_B(c->sha256),
	    DB_T(c->document), DB_I(c->issued_s), DB_I(c->expires_s),
	    DB_I(c->created_s), DB_T(c->created_by)), out_id);
}

struct err
db_collateral_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t after, size_t most, struct db_collateral **out, size_t *out_n)
{
	struct rows rows = {
		arena_array(cx->arena, most, sizeof(struct db_collateral)), 0
	};

	TRY(db_rows(cx, tx, STMT_COLLATERAL_LIST,
	    DB_ARGS(DB_I(tenant_id), DB_I(after), DB_I((int64_t)most)),
	    read_row, &rows));
	*out = rows.items;
	*out_n = rows.n;
	return OK;
}

struct err
db_collateral_get(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t id, struct db_collateral *out)
{
	struct db_collateral found;
	struct rows rows = { &found, 0 };

	TRY(db_rows(cx, tx, STMT_COLLATERAL_GET,
	    DB_ARGS(DB_I(tenant_id), DB_I(id)), read_row, &rows));
	if (rows.n == 0)
		return FAIL(cx, ERR_NOT_FOUND, "no such collateral");
	*out = found;
	return OK;
}

struct each {
	struct err	(*fn)(struct ctx *, void *arg,
			    const struct db_collateral *);
	void		*arg;
};

static struct err
pass_row(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	const struct each *each = arg;
	struct db_collateral collateral = collateral_of(cx, row);

	(void)stop;
	return each->fn(cx, each->arg, &collateral);
}

struct err
db_collateral_each(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    struct err (*fn)(struct ctx *, void *arg, const struct db_collateral *),
    void *arg)
{
	struct each each = { fn, arg };

	return db_rows(cx, tx, STMT_COLLATERAL_FOR, DB_ARGS(DB_I(tenant_id)),
	    pass_row, &each);
}

struct err
db_collateral_delete(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t id)
{
	int64_t n_changed;

	TRY(db_run(cx, tx, STMT_COLLATERAL_DELETE,
	    DB_ARGS(DB_I(tenant_id), DB_I(id)), &n_changed));
	if (n_changed == 0)
		return FAIL(cx, ERR_NOT_FOUND, "no such collateral");
	return OK;
}

struct err
db_collateral_due(struct ctx *cx, struct db_tx *tx, int64_t at_s, size_t most,
    struct db_collateral **out, size_t *out_n)
{
	struct rows rows = {
		arena_array(cx->arena, most, sizeof(struct db_collateral)), 0
	};

	TRY(db_rows(cx, tx, STMT_COLLATERAL_DUE,
	    DB_ARGS(DB_I(at_s), DB_I((int64_t)most)), read_row, &rows));
	*out = rows.items;
	*out_n = rows.n;
	return OK;
}

struct err
db_collateral_warned(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t id, int64_t at_s)
{
	return db_run(cx, tx, STMT_COLLATERAL_WARNED, DB_ARGS(DB_I(tenant_id),
	    DB_I(id), DB_I(at_s)), NULL);
}

/* --- what certificates rest on --------------------------------------------- */

struct err
db_collateral_use(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    struct slice set_sha256, struct slice sha256)
{
	return db_run(cx, tx, STMT_COLLATERAL_USE, DB_ARGS(DB_I(tenant_id),
	    DB_B(set_sha256), DB_B(sha256)), NULL);
}

struct pieces {
	struct err	(*fn)(struct ctx *, void *arg,
			    const struct db_collateral_piece *);
	void		*arg;
};

static struct err
pass_piece(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct db_walk w = { cx, row, 0 };
	const struct pieces *pieces = arg;
	struct db_collateral_piece piece;

	(void)stop;
	piece.sha256 = walk_blob(&w);
	piece.kind = walk_text(&w);
	piece.document = walk_text(&w);
	return pieces->fn(cx, pieces->arg, &piece);
}

struct err
db_collateral_used(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    struct slice set_sha256, struct err (*fn)(struct ctx *, void *arg,
    const struct db_collateral_piece *), void *arg)
{
	struct pieces pieces = { fn, arg };

	return db_rows(cx, tx, STMT_COLLATERAL_USED, DB_ARGS(DB_I(tenant_id),
	    DB_B(set_sha256)), pass_piece, &pieces);
}

struct err
db_collateral_forget(struct ctx *cx, struct db_tx *tx, int64_t before_s,
    int64_t *out_n)
{
	return db_run(cx, tx, STMT_COLLATERAL_FORGET, DB_ARGS(DB_I(before_s)),
	    out_n);
}
