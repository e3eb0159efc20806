/* SPDX-License-Identifier: Apache-2.0 */
#include "db/event.h"

#include "base/base.h"
#include "db/optional.h"

struct events { struct event_row *items; size_t n, max; };

static struct err
take(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct events *read = arg;
	struct event_row *e = &read->items[read->n];
	struct db_walk w = { cx, row, 0 };

	ASSERT(read->n < read->max);
	e->id = walk_int(&w);
	e->at_s = walk_int(&w);
	e->type = walk_text(&w);
	e->subject = walk_text(&w);
	e->actor = walk_text(&w);
	e->data = walk_text(&w);
	e->trace = walk_text(&w);
	*stop = ++read->n == read->max;
	return OK;
}

struct err
db_event_add(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t at_s, const char *type, const char *subject, const char *actor,
    const char *data_json)
{
	return db_run(cx, tx, STMT_EVENT_ADD, DB_ARGS(DB_I(tenant_id),
	    DB_I(at_s), DB_T(type), DB_T(subject), DB_T(actor),
	    DB_T(data_json == NULL ? "{}" : data_json), DB_T(cx->trace)),
	    NULL);
}

struct err
db_event_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t after, unsigned limit, struct event_row **out, size_t *out_n)
{
	struct events read = { NULL, 0, limit };

	read.items = arena_array(cx->arena, read.max, sizeof(*read.items));
	TRY(db_rows(cx, tx, STMT_EVENT_LIST, DB_ARGS(DB_I(tenant_id),
	    DB_I(after), DB_I(limit)), take, &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}
