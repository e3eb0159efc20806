/* SPDX-License-Identifier: Apache-2.0 */
#include "db/event.h"

#include "base/base.h"
#include "db/optional.h"

struct events { struct event_row *items; size_t n, max; bool of_all; };

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
	e->tenant = read->of_all ? walk_text(&w) : NULL;
	*stop = ++read->n == read->max;
	return OK;
}

struct err
db_event_add(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t at_s, const char *type, const char *subject, const char *actor,
    const char *data_json)
{
	db_note(tx, tenant_id);
	return db_run(cx, tx, STMT_EVENT_ADD, DB_ARGS(DB_I(tenant_id),
	    DB_I(at_s), DB_T(type), DB_T(subject), DB_T(actor),
	    DB_T(data_json == NULL ? "{}" : data_json), DB_T(cx->trace)),
	    NULL);
}

struct err
db_event_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t after, unsigned limit, struct event_row **out, size_t *out_n)
{
	struct events read = { NULL, 0, limit, false };

	read.items = arena_array(cx->arena, read.max, sizeof(*read.items));
	TRY(db_rows(cx, tx, STMT_EVENT_LIST, DB_ARGS(DB_I(tenant_id),
	    DB_I(after), DB_I(limit)), take, &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}

struct err
db_event_list_all(struct ctx *cx, struct db_tx *tx, int64_t after,
    unsigned limit, struct event_row **out, size_t *out_n)
{
	struct events read = { NULL, 0, limit, true };

	read.items = arena_array(cx->arena, read.max, sizeof(*read.items));
	TRY(db_rows(cx, tx, STMT_EVENT_LIST_ALL, DB_ARGS(DB_I(after),
	    DB_I(limit)), take, &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}

/* --- forgetting ------------------------------------------------------- */

static struct err
take_int(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	int64_t *out = arg;

	(void)cx;
	*out = db_int_or_0(row, 0);
	*stop = true;
	return OK;
}

/* Of one tenant or, with 0, of any. */
static struct err
one_of(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    enum db_stmt of_tenant, enum db_stmt of_any, int64_t *out)
{
	int64_t id = 0;

	if (tenant_id == 0)
		TRY(db_rows(cx, tx, of_any, NULL, 0, take_int, &id));
	else
		TRY(db_rows(cx, tx, of_tenant, DB_ARGS(DB_I(tenant_id)),
		    take_int, &id));
	*out = id;
	return OK;
}

struct err
db_event_pruned(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t *out_through)
{
	return one_of(cx, tx, tenant_id, STMT_EVENT_PRUNED,
	    STMT_EVENT_PRUNED_ANY, out_through);
}

struct err
db_event_newest(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t *out_id)
{
	int64_t newest, through;

	TRY(one_of(cx, tx, tenant_id, STMT_EVENT_NEWEST,
	    STMT_EVENT_NEWEST_ANY, &newest));
	TRY(db_event_pruned(cx, tx, tenant_id, &through));
	*out_id = newest > through ? newest : through;
	return OK;
}

/* The last of those that go, and of each tenant the last. */
struct pruning {
	int64_t	before_s, last;
	size_t	n, n_tenants;
	struct { int64_t tenant_id, through; } *tenants;
};

static struct err
take_old(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct pruning *p = arg;
	struct db_walk w = { cx, row, 0 };
	int64_t id = walk_int(&w), tenant_id = walk_int(&w);
	size_t i = 0;

	*stop = walk_int(&w) >= p->before_s;
	if (*stop)
		return OK;
	while (i < p->n_tenants && p->tenants[i].tenant_id != tenant_id)
		i++;
	p->n_tenants += i == p->n_tenants;
	p->tenants[i].tenant_id = tenant_id;
	p->tenants[i].through = p->last = id;
	p->n++;
	return OK;
}

static struct err
oldest(struct ctx *cx, struct db_tx *tx, int64_t before_s, unsigned limit,
    struct pruning *out)
{
	*out = (struct pruning){ .before_s = before_s };
	out->tenants = arena_array(cx->arena, limit, sizeof(*out->tenants));
	return db_rows(cx, tx, STMT_EVENT_OLDEST, DB_ARGS(DB_I(limit)),
	    take_old, out);
}

struct err
db_event_prune_due(struct ctx *cx, struct db_tx *tx, int64_t before_s,
    bool *out)
{
	struct pruning p;

	TRY(oldest(cx, tx, before_s, 1, &p));
	*out = p.n > 0;
	return OK;
}

struct err
db_event_prune(struct ctx *cx, struct db_tx *tx, int64_t before_s,
    unsigned limit, size_t *out_n)
{
	struct pruning p;

	TRY(oldest(cx, tx, before_s, limit, &p));
	for (size_t i = 0; i < p.n_tenants; i++)
		TRY(db_run(cx, tx, STMT_EVENT_PRUNED_SET,
		    DB_ARGS(DB_I(p.tenants[i].tenant_id),
		    DB_I(p.tenants[i].through)), NULL));
	if (p.n > 0)
		TRY(db_run(cx, tx, STMT_EVENT_DELETE, DB_ARGS(DB_I(p.last)),
		    NULL));
	*out_n = p.n;
	return OK;
}
