/* SPDX-License-Identifier: Apache-2.0 */
#include "db/receipt.h"

#include "base/base.h"

struct finding { struct db_receipt row; bool found; };

static struct err
take(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct finding *f = arg;

	f->row.asked = db_blob_of(cx, row, 0);
	f->row.answer = db_blob_of(cx, row, 1);
	f->found = *stop = true;
	return OK;
}

struct err
db_receipt_get(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    struct slice key, int64_t after_s, struct db_receipt *out,
    bool *out_found)
{
	struct finding f = { .row = { .tenant_id = tenant_id, .key = key } };

	TRY(db_rows(cx, tx, STMT_RECEIPT_GET,
	    DB_ARGS(DB_I(tenant_id), DB_B(key), DB_I(after_s)), take, &f));
	if (f.found)
		*out = f.row;
	*out_found = f.found;
	return OK;
}

struct err
db_receipt_insert(struct ctx *cx, struct db_tx *tx,
    const struct db_receipt *row, int64_t until_s)
{
	TRY(db_run(cx, tx, STMT_RECEIPT_DROP,
	    DB_ARGS(DB_I(row->tenant_id), DB_B(row->key), DB_I(until_s)),
	    NULL));
	return db_run(cx, tx, STMT_RECEIPT_INSERT, DB_ARGS(
	    row->tenant_id == 0 ? DB_N : DB_I(row->tenant_id),
	    DB_B(row->key), DB_B(row->asked), DB_B(row->answer),
	    DB_I(row->created_s)), NULL);
}

struct err
db_receipt_prune(struct ctx *cx, struct db_tx *tx, int64_t until_s,
    int64_t *out_n)
{
	return db_run(cx, tx, STMT_RECEIPT_PRUNE, DB_ARGS(DB_I(until_s)),
	    out_n);
}
