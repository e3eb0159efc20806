/* SPDX-License-Identifier: Apache-2.0 */
#include "db/meta.h"

static struct err
take_value(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	const char **out = arg;

	(void)stop;
	*out = db_text_of(cx, row, 0);
	return OK;
}

struct err
db_meta_get(struct ctx *cx, struct db_tx *tx, const char *key,
    const char **out_value)
{
	*out_value = NULL;
	return db_rows(cx, tx, STMT_META_GET, DB_ARGS(DB_T(key)), take_value,
	    out_value);
}

struct err
db_meta_put(struct ctx *cx, struct db_tx *tx, const char *key,
    const char *value)
{
	return db_run(cx, tx, STMT_META_PUT, DB_ARGS(DB_T(key), DB_T(value)),
	    NULL);
}
