/* SPDX-License-Identifier: Apache-2.0 */
#include "db/report.h"

#include "base/base.h"
#include "db/look.h"
#include "db/optional.h"

struct one_report { struct report_row *row; bool found; };

static struct err
take_report(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct one_report *one = arg;
	struct report_row *r = one->row;
	struct db_walk w = { cx, row, 0 };

	r->id = walk_int(&w);
	r->device_id = walk_text(&w);
	r->report_id = walk_text(&w);
	r->received_s = walk_int(&w);
	r->accepted = walk_int(&w);
	r->dropped = walk_int(&w);
	r->attested_s = walk_int(&w);
	r->attested = walk_text(&w);
	one->found = true;
	*stop = true;
	return OK;
}

struct err
db_report_find(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *device_id, const char *report_id, struct report_row *out,
    bool *out_found)
{
	struct one_report one = { out, false };

	TRY(db_rows(cx, tx, STMT_REPORT_FIND, DB_ARGS(DB_I(tenant_id),
	    DB_T(device_id), DB_T(report_id)), take_report, &one));
	*out_found = one.found;
	return OK;
}

static struct err
take_int(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	int64_t *out = arg;

	(void)cx;
	*out = db_int_or_0(row, 0);
	*stop = true;
	return OK;
}

struct err
db_report_add(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct report_row *r, int64_t *out_id)
{
	int64_t reached_s = 0;

	TRY(db_rows(cx, tx, STMT_REPORT_REACHED, DB_ARGS(DB_I(tenant_id)),
	    take_int, &reached_s));
	if (reached_s < r->received_s)
		reached_s = r->received_s;
	return db_insert(cx, tx, STMT_REPORT_ADD, DB_ARGS(DB_I(tenant_id),
	    DB_T(r->device_id), DB_T(r->report_id), DB_I(r->received_s),
	    DB_I(r->accepted), DB_I(r->dropped),
	    db_int_or_null(r->attested_s), DB_T(r->attested),
	    DB_I(reached_s)), out_id);
}

struct err
db_report_event_add(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t report, const char *device_id, const struct report_event *e,
    int64_t group)
{
	return db_run(cx, tx, STMT_REPORT_EVENT_ADD, DB_ARGS(DB_I(tenant_id),
	    DB_I(report), DB_T(device_id), DB_T(e->event_type),
	    DB_T(e->event_class), DB_T(e->event_category),
	    DB_I(e->event_count), DB_T(e->description), DB_I(e->start_s),
	    DB_I(e->end_s), db_int_or_null(group)), NULL);
}

struct quotas { struct quota_row *items; size_t n, max; };

static struct err
take_quota(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct quotas *read = arg;
	struct quota_row *q = &read->items[read->n];
	struct db_walk w = { cx, row, 0 };

	ASSERT(read->n < read->max);
	q->id = walk_int(&w);
	q->device_id = walk_text(&w);
	q->day = walk_int(&w);
	q->reports = walk_int(&w);
	q->taken = walk_int(&w);
	q->dropped = walk_int(&w);
	*stop = ++read->n == read->max;
	return OK;
}

struct err
db_quota_get(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *device_id, int64_t day, struct quota_row *out)
{
	struct quota_row quota = { .device_id = device_id, .day = day };
	struct quotas read = { &quota, 0, 1 };

	TRY(db_rows(cx, tx, STMT_QUOTA_GET, DB_ARGS(DB_I(tenant_id),
	    DB_T(device_id), DB_I(day)), take_quota, &read));
	*out = quota;
	return OK;
}

struct err
db_quota_count(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct quota_row *q)
{
	return db_run(cx, tx, STMT_QUOTA_COUNT, DB_ARGS(DB_I(tenant_id),
	    DB_T(q->device_id), DB_I(q->day), DB_I(q->reports),
	    DB_I(q->taken), DB_I(q->dropped)), NULL);
}

static struct err
look_quota(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct quota_filter *f, struct db_look *out)
{
	*out = DB_LOOK_ALL;
	if (f->device_group == 0 || f->device_id != NULL)
		return OK;
	return db_look(cx, tx, STMT_QUOTA_LOOK, DB_ARGS(DB_I(tenant_id),
	    DB_I(f->after), DB_I(REPORT_LOOK_MAX)), out);
}

struct err
db_quota_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct quota_filter *f, struct quota_row **out, size_t *out_n,
    int64_t *out_next)
{
	struct quotas read = { NULL, 0, f->limit };
	bool one = f->device_id != NULL;
	struct db_look all;

	TRY(look_quota(cx, tx, tenant_id, f, &all));
	read.items = arena_array(cx->arena, read.max, sizeof(*read.items));
	if (one)
		TRY(db_rows(cx, tx, STMT_QUOTA_LIST_DEVICE,
		    DB_ARGS(DB_I(tenant_id), DB_I(f->after), DB_I(f->limit),
		    DB_T(f->device_id)), take_quota, &read));
	else
		TRY(db_rows(cx, tx, STMT_QUOTA_LIST, DB_ARGS(DB_I(tenant_id),
		    DB_I(f->after), DB_I(f->limit), DB_I(all.through),
		    DB_I(f->device_group)), take_quota, &read));
	*out = read.items;
	*out_n = read.n;
	*out_next = db_look_next(&all, read.n, f->limit,
	    read.n == 0 ? 0 : read.items[read.n - 1].id);
	return OK;
}

struct report_events {
	struct report_event_row	*items;
	size_t			 n, max;
	bool			 with_attested;
};

/* Columns as REPORT_EVENT_COLUMNS has them. */
static struct err
take_event(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct report_events *read = arg;
	struct report_event_row *e = &read->items[read->n];
	struct db_walk w = { cx, row, 0 };

	ASSERT(read->n < read->max);
	e->id = walk_int(&w);
	e->report.id = walk_int(&w);
	e->report.device_id = walk_text(&w);
	e->report.report_id = walk_text(&w);
	e->report.received_s = walk_int(&w);
	e->report.accepted = walk_int(&w);
	e->report.dropped = walk_int(&w);
	e->report.attested_s = walk_int(&w);
	e->event.event_type = walk_text(&w);
	e->event.event_class = walk_text(&w);
	e->event.event_category = walk_text(&w);
	e->event.event_count = walk_int(&w);
	e->event.description = walk_text(&w);
	e->event.start_s = walk_int(&w);
	e->event.end_s = walk_int(&w);
	e->report.attested = read->with_attested ? walk_text(&w) : NULL;
	*stop = ++read->n == read->max;
	return OK;
}

/* --- pages of events ------------------------------------------------------ */

/* In the order of the enum: of which events a page is, by which index. */
enum by { BY_TENANT, BY_DEVICE, BY_GROUP };
static const struct { enum db_stmt list, look; size_t n_args; } pages[] = {
	[BY_TENANT] = { STMT_REPORT_EVENT_LIST, STMT_REPORT_EVENT_LOOK, 10 },
	[BY_DEVICE] = { STMT_REPORT_EVENT_LIST_DEVICE,
	    STMT_REPORT_EVENT_LOOK_DEVICE, 11 },
	[BY_GROUP] = { STMT_REPORT_EVENT_LIST_GROUP,
	    STMT_REPORT_EVENT_LOOK_GROUP, 12 },
};

static enum by
by_of(const struct report_filter *f)
{
	return f->group != 0 ? BY_GROUP :
	    f->device_id != NULL ? BY_DEVICE : BY_TENANT;
}

/* Does it leave out rows of the index that the page is read by? */
static bool
leaves_out(const struct report_filter *f)
{
	return f->event_type != NULL || f->event_class != NULL ||
	    f->event_category != NULL || f->device_group != 0 ||
	    f->from_s != INT64_MIN || f->to_s != INT64_MAX ||
	    (f->group != 0 && f->device_id != NULL);
}

/* The row before the first that may be late enough. */
static struct err
start_of(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct report_filter *f, int64_t *out)
{
	int64_t first = INT64_MAX;

	*out = f->after;
	if (f->from_s == INT64_MIN)
		return OK;
	TRY(db_rows(cx, tx, STMT_REPORT_EVENT_FIRST, DB_ARGS(DB_I(tenant_id),
	    DB_I(f->from_s)), take_int, &first));
	if (first - 1 > f->after)
		*out = first - 1;
	return OK;
}

static struct err
look(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct report_filter *f, int64_t after, struct db_look *out)
{
	enum by by = by_of(f);
	int64_t most = f->limit > REPORT_LOOK_MAX ? f->limit : REPORT_LOOK_MAX;
	const struct db_value args[] = {
		DB_I(tenant_id), DB_I(after), DB_I(most),
		by == BY_GROUP ? DB_I(f->group) : DB_T(f->device_id),
	};

	*out = DB_LOOK_ALL;
	if (!leaves_out(f))
		return OK;
	return db_look(cx, tx, pages[by].look, args,
	    COUNT_OF(args) - (by == BY_TENANT), out);
}

struct err
db_report_event_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct report_filter *f, struct report_event_row **out,
    size_t *out_n, int64_t *out_next)
{
	struct report_events read = { NULL, 0, f->limit, false };
	enum by by = by_of(f);
	struct db_look all;
	struct db_value args[] = {
		DB_I(tenant_id), DB_I(f->after), DB_I(f->limit),
		DB_I(f->from_s), DB_I(f->to_s), DB_T(f->event_type),
		DB_T(f->event_class), DB_T(f->event_category),
		DB_N, DB_I(f->device_group),
		DB_T(f->device_id), DB_I(f->group),
	};
	int64_t after;

	TRY(start_of(cx, tx, tenant_id, f, &after));
	TRY(look(cx, tx, tenant_id, f, after, &all));
	args[1] = DB_I(after);
	args[8] = DB_I(all.through);
	read.items = arena_array(cx->arena, read.max, sizeof(*read.items));
	TRY(db_rows(cx, tx, pages[by].list, args, pages[by].n_args,
	    take_event, &read));
	*out = read.items;
	*out_n = read.n;
	*out_next = db_look_next(&all, read.n, f->limit,
	    read.n == 0 ? 0 : read.items[read.n - 1].id);
	return OK;
}

struct err
db_report_event_find(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t event, struct report_event_row *out, bool *out_found)
{
	struct report_events read = { out, 0, 1, true };

	TRY(db_rows(cx, tx, STMT_REPORT_EVENT_FIND,
	    DB_ARGS(DB_I(tenant_id), DB_I(event)), take_event, &read));
	*out_found = read.n == 1;
	return OK;
}
