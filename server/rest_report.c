/* SPDX-License-Identifier: Apache-2.0 */
#include "server/rest_report.h"

#include <stdlib.h>

#include "authority/report.h"
#include "authority/scope.h"
#include "base/base.h"
#include "base/text.h"
#include "server/rest_csv.h"
#include "server/rest_json.h"

/* An export without ?limit= is whole, up to this many events. */
#define EXPORT_MAX	100000u
#define EXPORT_BYTES	(256u * 1024u * 1024u)
#define DAY_S		86400

/* --- from devices ---------------------------------------------------- */

/* Empty, or printable and not too long; "" when absent. */
static const char *
get_description(struct json_in *in)
{
	const json_t *value = json_get(in, "description", JSON_OPTIONAL);
	size_t n = json_string_length(value);

	if (value == NULL)
		return "";
	if (!json_is_string(value) || n > REPORT_TEXT_MAX ||
	    !text_is_printable(SLICE(json_string_value(value), n))) {
		json_refuse(in, "description",
		    "must be printable text that is not too long");
		return "";
	}
	return json_string_value(value);
}

static int64_t
get_time(struct json_in *in, const char *name)
{
	int64_t at_s = json_get_time(in, name, INT64_MIN);

	if (at_s == INT64_MIN)
		json_refuse(in, name, "is missing");
	return at_s;
}

static struct err
read_event(struct ctx *cx, const json_t *object, size_t i,
    struct report_event *out)
{
	struct json_in in = json_in(cx, object,
	    json_pointer_item(cx, "/events", i));
	struct report_event e;

	e.event_type = json_get_text(&in, "event_type", JSON_REQUIRED,
	    REPORT_WORD_MAX);
	e.event_class = json_get_text(&in, "event_class", JSON_REQUIRED,
	    REPORT_WORD_MAX);
	e.event_category = json_get_text(&in, "event_category",
	    JSON_REQUIRED, REPORT_WORD_MAX);
	e.event_count = json_get_int(&in, "event_count", 1, REPORT_COUNT_MAX,
	    1);
	e.description = get_description(&in);
	e.start_s = get_time(&in, "start_time");
	e.end_s = get_time(&in, "end_time");
	if (e.end_s < e.start_s)
		json_refuse(&in, "end_time", "is before start_time");
	TRY(json_in_done(&in));
	*out = e;
	return OK;
}

static struct err
read_report(struct ctx *cx, const json_t *object, struct report *out)
{
	struct json_in in = json_in(cx, object, "");
	const json_t *array;
	struct report_event *events;
	struct report report;

	report.report_id = json_get_text(&in, "report_id", JSON_REQUIRED,
	    REPORT_ID_MAX);
	if (report.report_id != NULL && !report_is_id(report.report_id))
		json_refuse(&in, "report_id",
		    "must be 1 to 64 of A-Z, a-z, 0-9, ., _ and -");
	array = json_get_array(&in, "events", JSON_REQUIRED,
	    REPORT_EVENTS_MAX);
	if (array != NULL && json_array_size(array) == 0)
		json_refuse(&in, "events", "is empty");
	TRY(json_in_done(&in));
	report.n_events = json_array_size(array);
	events = arena_array(cx->arena, report.n_events, sizeof(*events));
	for (size_t i = 0; i < report.n_events; i++)
		TRY(read_event(cx, json_array_get(array, i), i, &events[i]));
	report.events = events;
	*out = report;
	return OK;
}

struct err
rest_error_report_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	const struct client_device *device = request->device;
	struct report_answer answer;
	struct report report;
	json_t *object;

	TRY(read_report(cx, request->json, &report));
	TRY(report_take(cx, a, &device->tenant, device->device_id, &report,
	    &answer));
	object = json_object();
	rest_set_text(object, "report_id", report.report_id);
	rest_set(object, "accepted", json_integer(answer.accepted));
	rest_set(object, "dropped", json_integer(answer.dropped));
	rest_set(object, "duplicate", json_boolean(answer.duplicate));
	http_reply_json(cx, reply, answer.duplicate ? 200 : 201, object);
	return OK;
}

/* --- to operators ---------------------------------------------------- */

static json_t *
event_json(struct ctx *cx, const struct report_event_row *row)
{
	const struct report_event *e = &row->event;
	json_t *object = json_object();

	rest_set_text(object, "id", arena_printf(cx->arena, "%lld",
	    (long long)row->id));
	rest_set_text(object, "device_id", row->report.device_id);
	rest_set_text(object, "report_id", row->report.report_id);
	rest_set_time(object, "received_at", row->report.received_s);
	rest_set_text(object, "event_type", e->event_type);
	rest_set_text(object, "event_class", e->event_class);
	rest_set_text(object, "event_category", e->event_category);
	rest_set(object, "event_count", json_integer(e->event_count));
	rest_set_text(object, "description", e->description);
	/* A device without a clock starts in 1970: 0 is a time here. */
	rest_set_text(object, "start_time", text_time_dup(cx->arena,
	    e->start_s));
	rest_set_text(object, "end_time", text_time_dup(cx->arena, e->end_s));
	rest_set_time(object, "attested_at", row->report.attested_s);
	return object;
}

static void
reply_page(struct ctx *cx, const struct report_event_row *rows, size_t n,
    int64_t next, struct http_reply *reply)
{
	json_t *items = json_array();

	for (size_t i = 0; i < n; i++)
		ASSERT(json_array_append_new(items,
		    event_json(cx, &rows[i])) == 0);
	http_reply_list(cx, reply, items, next);
}

/* Azure Sphere's column names, in its order. */
static const char *const csv_columns[] = {
	"DeviceId", "EventType", "EventClass", "EventCategory", "EventCount",
	"Description", "StartTime", "EndTime",
};

static void
print_csv(struct ctx *cx, struct buf *b, const struct report_event_row *row)
{
	const struct report_event *e = &row->event;
	const char *const fields[] = {
		row->report.device_id, e->event_type, e->event_class,
		e->event_category, arena_printf(cx->arena, "%lld",
		    (long long)e->event_count),
		e->description, text_time_dup(cx->arena, e->start_s),
		text_time_dup(cx->arena, e->end_s),
	};

	for (size_t i = 0; i < COUNT_OF(fields); i++)
		rest_csv_put(b, i == 0, fields[i]);
	rest_csv_end(b);
}

static void
print_ndjson(struct ctx *cx, struct buf *b,
    const struct report_event_row *row)
{
	json_t *object = event_json(cx, row);
	char *text = json_dumps(object, JSON_COMPACT);

	ASSERT(text != NULL);
	put_text(b, text);
	put_u8(b, '\n');
	free(text);
	json_decref(object);
}

static void
head_csv(struct buf *b)
{
	for (size_t i = 0; i < COUNT_OF(csv_columns); i++)
		rest_csv_put(b, i == 0, csv_columns[i]);
	rest_csv_end(b);
}

static void
head_none(struct buf *b)
{
	(void)b;
}

struct export {
	const char	*media_type;
	void		(*head)(struct buf *);
	void		(*print)(struct ctx *, struct buf *,
			    const struct report_event_row *);
};

static const struct export exports[] = {
	{ "text/csv", head_csv, print_csv },
	{ "application/x-ndjson", head_none, print_ndjson },
};

/* NULL: the usual JSON list. */
static const struct export *
export_for(const struct http_request *request)
{
	for (size_t i = 0; i < COUNT_OF(exports); i++)
		if (strstr(request->accept, exports[i].media_type) != NULL)
			return &exports[i];
	return NULL;
}

/* A text has no place for a cursor: the next page is named in a header. */
static struct err
reply_export(struct ctx *cx, const struct export *export,
    const struct report_event_row *rows, size_t n, struct http_reply *reply)
{
	struct buf b = buf_in(cx->arena, EXPORT_BYTES);

	export->head(&b);
	for (size_t i = 0; i < n; i++)
		export->print(cx, &b, &rows[i]);
	if (b.bad)
		return FAIL_TELL(cx, ERR_TOO_LARGE,
		    "the export is too long: give a limit");
	reply->status = 200;
	reply->content_type = export->media_type;
	reply->body = buf_slice(&b);
	return OK;
}

static struct err
read_filter(struct ctx *cx, const struct http_request *request, bool whole,
    struct report_filter *out)
{
	struct report_filter f = {
		.device_id = http_query(request, "device_id"),
		.event_type = http_query(request, "event_type"),
		.event_class = http_query(request, "event_class"),
		.event_category = http_query(request, "event_category"),
		.device_group = request->principal->group_id,
	};
	const char *group = http_query(request, "group");
	struct page page;
	uint64_t id = 0;

	if (group != NULL && (!text_parse_uint(group, INT64_MAX, &id) ||
	    id == 0))
		return FAIL_TELL(cx, ERR_PARAMETER,
		    "group is not the ID of one");
	f.group = (int64_t)id;
	TRY(http_query_page(cx, request, &page));
	TRY(http_query_time(cx, request, "from", INT64_MIN, &f.from_s));
	TRY(http_query_time(cx, request, "to", INT64_MAX, &f.to_s));
	f.after = page.after;
	f.limit = whole && http_query(request, "limit") == NULL ?
	    EXPORT_MAX : page.limit;
	*out = f;
	return OK;
}

static struct err
report_list_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	const struct export *export = export_for(request);
	struct report_event_row *rows;
	struct report_filter filter;
	int64_t next;
	size_t n;

	TRY(read_filter(cx, request, export != NULL, &filter));
	TRY(scope_list(cx, a, request->principal, filter.device_id));
	TRY(report_list(cx, a, request->tenant, &filter, &rows, &n, &next));
	if (export == NULL) {
		reply_page(cx, rows, n, next, reply);
		return OK;
	}
	if (next != 0)
		http_add_header(reply, "X-Next-After", arena_printf(cx->arena,
		    "%lld", (long long)next));
	return reply_export(cx, export, rows, n, reply);
}

static struct err
report_one_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct report_event_row row;
	json_t *object;
	uint64_t id;

	if (!text_parse_uint(request->params[1], INT64_MAX, &id))
		return FAIL(cx, ERR_NOT_FOUND, "event %s",
		    request->params[1]);
	TRY(report_get(cx, a, request->tenant, (int64_t)id, &row));
	object = json_keep(cx, event_json(cx, &row));
	TRY(rest_set_json(cx, object, "attested", row.report.attested));
	http_reply_json(cx, reply, 200, json_incref(object));
	return OK;
}

static json_t *
quota_json(const struct quota_row *q)
{
	json_t *object = json_object();
	char at[TEXT_TIME_SIZE];

	text_time(q->day * DAY_S, at);
	rest_set_text(object, "device_id", q->device_id);
	rest_set(object, "day", json_stringn(at, strlen("2026-11-22")));
	rest_set(object, "taken", json_integer(q->taken));
	rest_set(object, "dropped", json_integer(q->dropped));
	return object;
}

static struct err
quota_list_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct quota_filter filter = {
		.device_id = http_query(request, "device_id"),
		.device_group = request->principal->group_id,
	};
	struct quota_row *rows;
	struct page page;
	json_t *items;
	int64_t next;
	size_t n;

	TRY(scope_list(cx, a, request->principal, filter.device_id));
	TRY(http_query_page(cx, request, &page));
	filter.after = page.after;
	filter.limit = page.limit;
	TRY(report_quota_list(cx, a, request->tenant, &filter, &rows, &n,
	    &next));
	items = json_array();
	for (size_t i = 0; i < n; i++)
		ASSERT(json_array_append_new(items,
		    quota_json(&rows[i])) == 0);
	http_reply_list(cx, reply, items, next);
	return OK;
}

#define TENANT	"/v1/tenants/{tenant}"

static const struct route routes[] = {
	{ PLANE_OPERATOR, "GET", TENANT "/error-reports", AUTH_READ_GROUP,
	    0, NULL, report_list_get },
	{ PLANE_OPERATOR, "GET", TENANT "/error-reports/{event}", AUTH_READ_GROUP,
	    0, NULL, report_one_get },
	{ PLANE_OPERATOR, "GET", TENANT "/error-quota", AUTH_READ_GROUP,
	    0, NULL, quota_list_get },
};

const struct route_table rest_report_routes = { routes, COUNT_OF(routes) };
