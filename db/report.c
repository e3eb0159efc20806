/* SPDX-License-Identifier: Apache-2.0 */
#include "db/report.h"

#include "base/base.h"
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

struct err
db_report_add(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct report_row *r, int64_t *out_id)
{
	return db_insert(cx, tx, STMT_REPORT_ADD, DB_ARGS(DB_I(tenant_id),
	    DB_T(r->device_id), DB_T(r->report_id), DB_I(r->received_s),
	    DB_I(r->accepted), DB_I(r->dropped),
	    db_int_or_null(r->attested_s), DB_T(r->attested)), out_id);
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

struct err
db_quota_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct quota_filter *f, struct quota_row **out, size_t *out_n)
{
	struct quotas read = { NULL, 0, f->limit };
	const struct db_value args[] = {
		DB_I(tenant_id), DB_I(f->after), DB_I(f->limit),
		DB_T(f->device_id),
	};
	bool one = f->device_id != NULL;

	read.items = arena_array(cx->arena, read.max, sizeof(*read.items));
	TRY(db_rows(cx, tx, one ? STMT_QUOTA_LIST_DEVICE : STMT_QUOTA_LIST,
	    args, COUNT_OF(args) - (one ? 0 : 1), take_quota, &read));
	*out = read.items;
	*out_n = read.n;
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

struct err
db_report_event_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct report_filter *f, struct report_event_row **out,
    size_t *out_n)
{
	struct report_events read = { NULL, 0, f->limit, false };
	const struct db_value args[] = {
		DB_I(tenant_id), DB_I(f->after), DB_I(f->limit),
		DB_I(f->from_s), DB_I(f->to_s), DB_T(f->event_type),
		DB_T(f->event_class), DB_T(f->event_category),
		DB_T(f->device_id), DB_I(f->group),
	};
	enum db_stmt stmt = STMT_REPORT_EVENT_LIST;
	size_t n_args = COUNT_OF(args) - 2;

	if (f->group != 0) {
		stmt = STMT_REPORT_EVENT_LIST_GROUP;
		n_args = COUNT_OF(args);
	} else if (f->device_id != NULL) {
		stmt = STMT_REPORT_EVENT_LIST_DEVICE;
		n_args = COUNT_OF(args) - 1;
	}
	read.items = arena_array(cx->arena, read.max, sizeof(*read.items));
	TRY(db_rows(cx, tx, stmt, args, n_args, take_event, &read));
	*out = read.items;
	*out_n = read.n;
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
