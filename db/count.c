/* SPDX-License-Identifier: Apache-2.0 */
#include "db/count.h"

#include "base/base.h"

static const enum db_stmt stmts[] = {
	[DB_COUNT_EVENTS] = STMT_COUNT_EVENTS,
	[DB_COUNT_DEVICES] = STMT_COUNT_DEVICES,
	[DB_COUNT_AUDIT] = STMT_COUNT_AUDIT,
};

struct walk { db_count_fn *fn; void *arg; };

static struct err
take(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	const struct walk *w = arg;
	const struct db_count c = { db_text_of(cx, row, 0),
	    db_text_of(cx, row, 1), db_int(row, 2) };

	(void)stop;
	return w->fn(cx, w->arg, &c);
}

struct err
db_count_each(struct ctx *cx, struct db_tx *tx, enum db_count_kind kind,
    db_count_fn *fn, void *arg)
{
	struct walk w = { fn, arg };

	ASSERT((size_t)kind < COUNT_OF(stmts));
	return db_rows(cx, tx, stmts[kind], NULL, 0, take, &w);
}
