/* SPDX-License-Identifier: Apache-2.0 */
#include "db/stray.h"

struct err
db_stray_add(struct ctx *cx, struct db_tx *tx, const struct stray_row *row)
{
	return db_run(cx, tx, STMT_STRAY_ADD, DB_ARGS(DB_I((int64_t)row->seq),
	    DB_I(row->at_s), DB_I(row->kind), DB_T(row->tenant),
	    DB_B(row->object)), NULL);
}

static struct err
take_count(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	int64_t *out = arg;

	(void)cx;
	(void)stop;
	*out = db_int(row, 0);
	return OK;
}

static struct err
take_any(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	bool *out = arg;

	(void)cx;
	(void)row;
	(void)stop;
	*out = true;
	return OK;
}

struct err
db_stray_has(struct ctx *cx, struct db_tx *tx, uint64_t seq, bool *out)
{
	*out = false;
	return db_rows(cx, tx, STMT_STRAY_HAS, DB_ARGS(DB_I((int64_t)seq)),
	    take_any, out);
}

struct err
db_stray_count(struct ctx *cx, struct db_tx *tx, int64_t *out)
{
	*out = 0;
	return db_rows(cx, tx, STMT_STRAY_COUNT, NULL, 0, take_count, out);
}
