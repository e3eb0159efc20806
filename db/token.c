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
		.group_id = db_int(row, 9),
		.group = db_text_of(cx, row, 10),
		.person = db_text_of(cx, row, 11),
		.lineage = db_text_of(cx, row, 12),
		.old_hash = db_blob_of(cx, row, 13),
		.old_until_s = db_int(row, 14),
		.rotated_s = db_int(row, 15),
		.certificate = db_text_of(cx, row, 16),
	};
	return OK;
}

static struct db_value
or_null(int64_t value)
{
	return value == 0 ? DB_N : DB_I(value);
}

struct err
db_token_insert(struct ctx *cx, struct db_tx *tx, const struct db_token *t,
    int64_t *out_id)
{
	return db_insert(cx, tx, STMT_TOKEN_INSERT, DB_ARGS(
	    DB_I(t->tenant_id), DB_T(t->name), DB_T(t->role), DB_B(t->hash),
	    DB_I(t->created_s), or_null(t->expires_s), or_null(t->group_id),
	    DB_T(t->person), DB_T(t->lineage), DB_T(t->certificate)), out_id);
}

static struct err
one(struct ctx *cx, struct db_tx *tx, enum db_stmt stmt,
    const struct db_value *args, size_t n_args, struct db_token *out)
{
	struct db_token found;
	struct rows rows = { &found, 0 };

	TRY(db_rows(cx, tx, stmt, args, n_args, read_row, &rows));
	if (rows.n == 0)
		return FAIL(cx, ERR_NOT_FOUND, "no such token");
	*out = found;
	return OK;
}

struct err
db_token_by_hash(struct ctx *cx, struct db_tx *tx, struct slice hash,
    struct db_token *out)
{
	return one(cx, tx, STMT_TOKEN_BY_HASH, DB_ARGS(DB_B(hash)), out);
}

struct err
db_token_by_certificate(struct ctx *cx, struct db_tx *tx, const char *match,
    struct db_token *out)
{
	return one(cx, tx, STMT_TOKEN_BY_CERTIFICATE, DB_ARGS(DB_T(match)),
	    out);
}

struct err
db_token_by_id(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t id, struct db_token *out)
{
	return one(cx, tx, STMT_TOKEN_BY_ID,
	    DB_ARGS(DB_I(tenant_id), DB_I(id)), out);
}

struct err
db_token_rotate(struct ctx *cx, struct db_tx *tx, const struct db_token *t)
{
	int64_t n_changed;

	TRY(db_run(cx, tx, STMT_TOKEN_ROTATE, DB_ARGS(DB_I(t->tenant_id),
	    DB_I(t->id), DB_B(t->hash), DB_I(t->old_until_s),
	    DB_I(t->rotated_s), or_null(t->expires_s), DB_T(t->lineage)),
	    &n_changed));
	if (n_changed == 0)
		return FAIL(cx, ERR_NOT_FOUND, "no such token");
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

struct err
db_token_revoke_all(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t at_s)
{
	return db_run(cx, tx, STMT_TOKEN_REVOKE_ALL,
	    DB_ARGS(DB_I(tenant_id), DB_I(at_s)), NULL);
}
