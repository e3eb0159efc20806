/* SPDX-License-Identifier: Apache-2.0 */
#include "db/token.h"

struct rows { struct db_token *items; size_t n; };

static struct err
read_row(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct rows *rows = arg;

	(void)stop;
	rows->items[rows->n++] = (struct db_token){
		.id = db_int(row, 0),
		.tenant_id = db_int(row, 1),
		.name = db_text_of(cx, row, 2),
		.role = db_text_of(cx, row, 3),
		.created_s = db_int(row, 4),
		.expires_s = db_int(row, 5),
		.last_used_s = db_int(row, 6),
		.revoked_s = db_int(row, 7),
		.hash = db_blob_of(cx, row, 8),
	};
	return OK;
}

struct err
db_token_insert(struct ctx *cx, struct db_tx *tx, const struct db_token *t,
    int64_t *out_id)
{
	return db_insert(cx, tx, STMT_TOKEN_INSERT, DB_ARGS(
	    DB_I(t->tenant_id), DB_T(t->name), DB_T(t->role), DB_B(t->hash),
	    DB_I(t->created_s),
	    t->expires_s == 0 ? DB_N : DB_I(t->expires_s)), out_id);
}

struct err
db_token_by_hash(struct ctx *cx, struct db_tx *tx, struct slice hash,
    struct db_token *out)
{
	struct db_token found;
	struct rows rows = { &found, 0 };

	TRY(db_rows(cx, tx, STMT_TOKEN_BY_HASH, DB_ARGS(DB_B(hash)), read_row,
	    &rows));
	if (rows.n == 0)
		return FAIL(cx, ERR_NOT_FOUND, "no such token");
	*out = found;
	return OK;
}

struct err
db_token_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t after, size_t most, struct db_token **out, size_t *out_n)
{
	struct rows rows = {
		arena_array(cx->arena, most, sizeof(struct db_token)), 0
	};

	TRY(db_rows(cx, tx, STMT_TOKEN_LIST,
	    DB_ARGS(DB_I(tenant_id), DB_I(after), DB_I((int64_t)most)),
	    read_row, &rows));
	*out = rows.items;
	*out_n = rows.n;
	return OK;
}

struct err
db_token_revoke(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t id, int64_t at_s)
{
	int64_t n_changed;

	TRY(db_run(cx, tx, STMT_TOKEN_REVOKE, DB_ARGS(DB_I(tenant_id),
	    DB_I(id), DB_I(at_s)), &n_changed));
	if (n_changed == 0)
		return FAIL(cx, ERR_NOT_FOUND, "no such token");
	return OK;
}

struct err
db_token_used(struct ctx *cx, struct db_tx *tx, int64_t tenant_id, int64_t id,
    int64_t at_s)
{
	return db_run(cx, tx, STMT_TOKEN_USED, DB_ARGS(DB_I(tenant_id),
	    DB_I(id), DB_I(at_s)), NULL);
}
