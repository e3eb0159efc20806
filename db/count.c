/* SPDX-License-Identifier: Apache-2.0 */
#include "db/count.h"

#include "base/base.h"

#define ARGS_MAX	4u

/* What a statement is told, in this order. */
enum arg { END, NOW, SOON, MOST, TENANTS };

static const struct { enum db_stmt stmt; enum arg args[ARGS_MAX]; } kinds[] = {
	[DB_COUNT_EVENTS] = { STMT_COUNT_EVENTS, { END } },
	[DB_COUNT_DEVICES] = { STMT_COUNT_DEVICES, { END } },
	[DB_COUNT_AUDIT] = { STMT_COUNT_AUDIT, { END } },
	[DB_COUNT_REPORTS] = { STMT_COUNT_REPORTS, { END } },
	[DB_COUNT_WEBHOOKS] = { STMT_COUNT_WEBHOOKS, { END } },
	[DB_COUNT_UNDELIVERED] = { STMT_COUNT_UNDELIVERED, { MOST } },
	[DB_COUNT_OPERATIONS] = { STMT_COUNT_OPERATIONS, { END } },
	[DB_COUNT_ENDING] = { STMT_COUNT_ENDING,
	    { NOW, SOON, MOST, TENANTS } },
	[DB_COUNT_UNDELIVERED_AGE] = { STMT_COUNT_UNDELIVERED_AGE, { NOW } },
	[DB_COUNT_CRL_AGE] = { STMT_COUNT_CRL_AGE, { NOW } },
	[DB_COUNT_CRL_LEFT] = { STMT_COUNT_CRL_LEFT, { NOW } },
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
    const struct db_count_at *at, db_count_fn *fn, void *arg)
{
	const int64_t said[] = {
		[NOW] = at->now_s, [SOON] = at->soon_s,
		[MOST] = DB_COUNT_MOST, [TENANTS] = DB_COUNT_TENANTS,
	};
	struct db_value args[ARGS_MAX];
	struct walk w = { fn, arg };
	size_t n = 0;

	ASSERT((size_t)kind < COUNT_OF(kinds));
	for (; n < ARGS_MAX && kinds[kind].args[n] != END; n++)
		args[n] = DB_I(said[kinds[kind].args[n]]);
	return db_rows(cx, tx, kinds[kind].stmt, args, n, take, &w);
}
