/* SPDX-License-Identifier: Apache-2.0 */
#include "db/ca.h"

struct rows { struct db_ca *items; size_t n; };

static struct err
read_row(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct rows *rows = arg;

	(void)stop;
	rows->items[rows->n++] = (struct db_ca){
		.id = db_int(row, 0),
		.tenant_id = db_int(row, 1),
		.tenant = db_text_of(cx, row, 2),
		.role = db_text_of(cx, row, 3),
		.state = db_text_of(cx, row, 4),
		.parent_id = db_int(row, 5),
		.key_id = db_blob_of(cx, row, 6),
		.serial = db_blob_of(cx, row, 7),
		.certificate = db_blob_of(cx, row, 8),
		.sealed = db_blob_of(cx, row, 9),
		.not_before_s = db_int(row, 10),
		.not_after_s = db_int(row, 11),
		.created_s = db_int(row, 12),
		.crl_number = (uint64_t)db_int(row, 13),
		.crl_next_update_s = db_int(row, 14),
	};
	return OK;
}

static struct err
one(struct ctx *cx, struct db_tx *tx, enum db_stmt stmt,
    const struct db_value *args, size_t n_args, struct db_ca *out)
{
	struct db_ca found;
	struct rows rows = { &found, 0 };

	TRY(db_rows(cx, tx, stmt, args, n_args, read_row, &rows));
	if (rows.n == 0)
		return FAIL(cx, ERR_NOT_FOUND, "no such CA");
	*out = found;
	return OK;
}

struct err
db_ca_insert(struct ctx *cx, struct db_tx *tx, const struct db_ca *ca,
    int64_t *out_id)
{
	return db_insert(cx, tx, STMT_CA_INSERT, DB_ARGS(
	    DB_I(ca->tenant_id), DB_T(ca->role), DB_T(ca->state),
	    ca->parent_id == 0 ? DB_N : DB_I(ca->parent_id),
	    DB_B(ca->key_id), DB_B(ca->serial), DB_B(ca->certificate),
	    DB_B(ca->sealed), DB_I(ca->not_before_s), DB_I(ca->not_after_s),
	    DB_I(ca->created_s)), out_id);
}

struct err
db_ca_by_key_id(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    struct slice key_id, struct db_ca *out)
{
	return one(cx, tx, STMT_CA_BY_KEY_ID,
	    DB_ARGS(DB_I(tenant_id), DB_B(key_id)), out);
}

struct err
db_ca_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id, int64_t after,
    size_t most, struct db_ca **out, size_t *out_n)
{
	struct rows rows = {
		arena_array(cx->arena, most, sizeof(struct db_ca)), 0
	};

	TRY(db_rows(cx, tx, STMT_CA_LIST,
	    DB_ARGS(DB_I(tenant_id), DB_I(after), DB_I((int64_t)most)),
	    read_row, &rows));
	*out = rows.items;
	*out_n = rows.n;
	return OK;
}

struct err
db_ca_by_id(struct ctx *cx, struct db_tx *tx, int64_t id, struct db_ca *out)
{
	return one(cx, tx, STMT_CA_BY_ID, DB_ARGS(DB_I(id)), out);
}

struct err
db_ca_any_by_key_id(struct ctx *cx, struct db_tx *tx, struct slice key_id,
    struct db_ca *out)
{
	return one(cx, tx, STMT_CA_ANY_BY_KEY_ID, DB_ARGS(DB_B(key_id)), out);
}

struct err
db_ca_all(struct ctx *cx, struct db_tx *tx, int64_t after, size_t most,
    struct db_ca **out, size_t *out_n)
{
	struct rows rows = {
		arena_array(cx->arena, most, sizeof(struct db_ca)), 0
	};

	TRY(db_rows(cx, tx, STMT_CA_ALL,
	    DB_ARGS(DB_I(after), DB_I((int64_t)most)), read_row, &rows));
	*out = rows.items;
	*out_n = rows.n;
	return OK;
}

static struct err
read_crl(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct slice *crl = arg;

	(void)stop;
	*crl = db_blob_of(cx, row, 0);
	return OK;
}

struct err
db_ca_crl(struct ctx *cx, struct db_tx *tx, int64_t tenant_id, int64_t id,
    struct slice *out)
{
	struct slice crl = SLICE_NONE;

	TRY(db_rows(cx, tx, STMT_CA_CRL, DB_ARGS(DB_I(tenant_id), DB_I(id)),
	    read_crl, &crl));
	*out = crl;
	return OK;
}

struct err
db_ca_crl_number_take(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t id, uint64_t number)
{
	int64_t n_changed;

	TRY(db_run(cx, tx, STMT_CA_CRL_NUMBER_TAKE, DB_ARGS(DB_I(tenant_id),
	    DB_I(id), DB_I((int64_t)number)), &n_changed));
	if (n_changed == 0)
		return FAIL(cx, ERR_CONFLICT, "a later CRL number was taken");
	return OK;
}

struct err
db_ca_crl_set(struct ctx *cx, struct db_tx *tx, int64_t tenant_id, int64_t id,
    uint64_t number, struct slice crl, int64_t next_update_s)
{
	int64_t n_changed;

	TRY(db_run(cx, tx, STMT_CA_CRL_SET, DB_ARGS(DB_I(tenant_id), DB_I(id),
	    DB_I((int64_t)number), DB_B(crl), DB_I(next_update_s)),
	    &n_changed));
	if (n_changed == 0)
		return FAIL(cx, ERR_CONFLICT, "a later CRL is there");
	return OK;
}
