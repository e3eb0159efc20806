/* SPDX-License-Identifier: Apache-2.0 */
#include "db/lapse.h"

#include "base/base.h"
#include "db/optional.h"

struct marks { struct lapse_mark *items; size_t n, max; };
struct rows { struct lapse_row *items; size_t n, max; };

static struct err
take_mark(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct marks *read = arg;
	struct lapse_mark *m = &read->items[read->n];
	struct db_walk w = { cx, row, 0 };

	ASSERT(read->n < read->max);
	m->tenant_id = walk_int(&w);
	m->end_s = walk_int(&w);
	m->device = walk_int(&w);
	*stop = ++read->n == read->max;
	return OK;
}

static struct err
take_row(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct rows *read = arg;
	struct lapse_row *l = &read->items[read->n];
	struct db_walk w = { cx, row, 0 };

	ASSERT(read->n < read->max);
	l->device = walk_int(&w);
	l->device_id = walk_text(&w);
	l->end_s = walk_int(&w);
	l->last_seen_s = walk_int(&w);
	l->serial = walk_blob(&w);
	*stop = ++read->n == read->max;
	return OK;
}

struct err
db_lapse_tenants(struct ctx *cx, struct db_tx *tx, int64_t after,
    unsigned limit, struct lapse_mark **out, size_t *out_n)
{
	struct marks read = { NULL, 0, limit };

	read.items = arena_array(cx->arena, read.max, sizeof(*read.items));
	TRY(db_rows(cx, tx, STMT_LAPSE_TENANTS, DB_ARGS(DB_I(after),
	    DB_I(limit)), take_mark, &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}

struct err
db_lapse_list(struct ctx *cx, struct db_tx *tx, const struct lapse_mark *m,
    int64_t until_s, unsigned limit, struct lapse_row **out, size_t *out_n)
{
	struct rows read = { NULL, 0, limit };

	read.items = arena_array(cx->arena, read.max, sizeof(*read.items));
	TRY(db_rows(cx, tx, STMT_LAPSE_LIST, DB_ARGS(DB_I(m->tenant_id),
	    DB_I(m->end_s), DB_I(m->device), DB_I(until_s), DB_I(limit)),
	    take_row, &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}

struct err
db_lapse_told(struct ctx *cx, struct db_tx *tx, const struct lapse_mark *m)
{
	return db_run(cx, tx, STMT_LAPSE_TOLD, DB_ARGS(DB_I(m->tenant_id),
	    DB_I(m->end_s), DB_I(m->device)), NULL);
}
