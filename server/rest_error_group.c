/* SPDX-License-Identifier: Apache-2.0 */
/* Error events by group and by day, and a tenant's settings for reports. */
#include "authority/report_group.h"
#include "base/base.h"
#include "base/text.h"
#include "server/http.h"
#include "server/rest_id.h"
#include "server/rest_json.h"

#define DAY_S	86400

/* --- settings ------------------------------------------------------------- */

/* The server's own limit where the tenant has none; null: for ever. */
static void
reply_setting(struct ctx *cx, const struct authority *a,
    const struct report_setting *s, struct http_reply *reply)
{
	json_t *object = json_object();

	rest_set(object, "keep_days", s->keep_days == 0 ? json_null() :
	    json_integer(s->keep_days));
	rest_set(object, "events_per_day", json_integer(
	    report_setting_limit(s, a->limits.reports_per_day)));
	rest_set(object, "events_per_day_is_default",
	    json_boolean(s->events_per_day == 0));
	rest_set(object, "spike_least", json_integer(s->spike_least));
	rest_set(object, "spike_factor", json_integer(s->spike_factor));
	rest_set_time(object, "changed_at", s->changed_s);
	rest_set_text(object, "changed_by", s->changed_by);
	http_add_revision(cx, reply, s->revision + 1);
	http_reply_json(cx, reply, 200, object);
}

static struct err
setting_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct report_setting setting;

	TRY(report_setting_get(cx, a, request->tenant, &setting));
	reply_setting(cx, a, &setting, reply);
	return OK;
}

/* A member of null has its default again. */
static int64_t
get_or_default(struct json_in *in, const char *name, int64_t most,
    int64_t fallback)
{
	int64_t value = json_get_int(in, name, 1, most, REPORT_AS_IT_IS);

	return json_is_null(json_object_get(in->object, name)) ? fallback :
	    value;
}

static struct err
setting_patch(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	struct report_setting_change change = {
		.keep_days = get_or_default(&in, "keep_days",
		    REPORT_KEEP_DAYS_MAX, 0),
		.events_per_day = get_or_default(&in, "events_per_day",
		    INT32_MAX, 0),
		.spike_least = get_or_default(&in, "spike_least",
		    REPORT_SPIKE_MAX, REPORT_SPIKE_LEAST),
		.spike_factor = get_or_default(&in, "spike_factor",
		    REPORT_SPIKE_MAX, REPORT_SPIKE_FACTOR),
	};
	struct report_setting setting;

	TRY(json_in_done(&in));
	TRY(http_if_match(cx, request, &change.revision));
	TRY(report_setting_change(cx, a, request->tenant, request->principal,
	    &change, &setting));
	reply_setting(cx, a, &setting, reply);
	return OK;
}

/* --- groups --------------------------------------------------------------- */

static json_t *
group_json(const struct report_group *g)
{
	json_t *object = json_object();

	rest_set(object, "id", rest_id_json(g->id));
	rest_set_text(object, "event_type", g->event_type);
	rest_set_text(object, "event_class", g->event_class);
	rest_set_text(object, "event_category", g->event_category);
	rest_set_text(object, "description", g->description);
	rest_set_text(object, "state", g->state);
	rest_set(object, "events", json_integer(g->events));
	rest_set(object, "occurrences", json_integer(g->occurrences));
	rest_set(object, "devices", json_integer(g->devices));
	rest_set_time(object, "first_seen_at", g->first_s);
	rest_set_time(object, "last_seen_at", g->last_s);
	rest_set_text(object, "first_device", g->first_device);
	rest_set_text(object, "note", g->note);
	rest_set_time(object, "changed_at", g->changed_s);
	rest_set_text(object, "changed_by", g->changed_by);
	return object;
}

static struct err
firmware_json(struct ctx *cx, const struct report_group_firmware *f,
    json_t **out)
{
	json_t *object = json_keep(cx, json_object());

	rest_set_hex(cx, object, "firmware_sha256", f->sha256);
	TRY(rest_set_json(cx, object, "measurements", f->measurements));
	rest_set(object, "events", json_integer(f->events));
	rest_set_time(object, "first_seen_at", f->first_s);
	rest_set_time(object, "last_seen_at", f->last_s);
	*out = json_incref(object);
	return OK;
}

static struct err
reply_group(struct ctx *cx, const struct report_group_view *v,
    struct http_reply *reply)
{
	json_t *object = json_keep(cx, group_json(&v->group));
	json_t *firmwares = json_array(), *one;

	rest_set(object, "firmwares", firmwares);
	for (size_t i = 0; i < v->n_firmwares; i++) {
		TRY(firmware_json(cx, &v->firmwares[i], &one));
		ASSERT(json_array_append_new(firmwares, one) == 0);
	}
	rest_set(object, "other_firmware_events",
	    json_integer(v->rest_events));
	http_add_revision(cx, reply, v->group.revision);
	http_reply_json(cx, reply, 200, json_incref(object));
	return OK;
}

static struct err
groups_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct report_group_filter filter = {
		.state = http_query(request, "state"),
		.event_type = http_query(request, "event_type"),
	};
	struct report_group *rows;
	struct page page;
	json_t *items;
	size_t n;

	TRY(http_query_page(cx, request, &page));
	TRY(http_query_time(cx, request, "from", INT64_MIN,
	    &filter.last_from_s));
	filter.after = page.after;
	filter.limit = page.limit;
	TRY(report_group_list(cx, a, request->tenant, &filter, &rows, &n));
	items = json_array();
	for (size_t i = 0; i < n; i++)
		ASSERT(json_array_append_new(items,
		    group_json(&rows[i])) == 0);
	http_reply_list(cx, reply, items,
	    n < page.limit ? 0 : rows[n - 1].id);
	return OK;
}

static struct err
group_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct report_group_view view;
	int64_t id;

	TRY(rest_id_read(cx, request, &id));
	TRY(report_group_get(cx, a, request->tenant, id, &view));
	return reply_group(cx, &view, reply);
}

static struct err
group_patch(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	struct report_group_change change = {
		.state = json_get_text(&in, "state", JSON_REQUIRED,
		    TEXT_NAME_MAX),
		.note = json_get_text(&in, "note", JSON_OPTIONAL,
		    REPORT_NOTE_MAX),
	};
	struct report_group_view view;
	int64_t id;

	TRY(json_in_done(&in));
	TRY(rest_id_read(cx, request, &id));
	TRY(http_if_match(cx, request, &change.revision));
	TRY(report_group_change(cx, a, request->tenant, request->principal,
	    id, &change, &view));
	return reply_group(cx, &view, reply);
}

static struct err
devices_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct report_group_device *rows;
	json_t *items;
	struct page page;
	int64_t id;
	size_t n;

	TRY(rest_id_read(cx, request, &id));
	TRY(http_query_page(cx, request, &page));
	TRY(report_group_devices(cx, a, request->tenant, id, page, &rows,
	    &n));
	items = json_array();
	for (size_t i = 0; i < n; i++) {
		json_t *object = json_object();

		rest_set_text(object, "device_id", rows[i].device_id);
		rest_set(object, "events", json_integer(rows[i].events));
		rest_set_time(object, "first_seen_at", rows[i].first_s);
		rest_set_time(object, "last_seen_at", rows[i].last_s);
		ASSERT(json_array_append_new(items, object) == 0);
	}
	http_reply_list(cx, reply, items,
	    n < page.limit ? 0 : rows[n - 1].id);
	return OK;
}

/* --- days --------------------------------------------------------------------- */

static json_t *
day_json(const struct report_day *d)
{
	json_t *object = json_object();
	char at[TEXT_TIME_SIZE];

	text_time(d->day * DAY_S, at);
	rest_set(object, "day", json_stringn(at, strlen("2026-11-22")));
	rest_set(object, "group", rest_id_json(d->group));
	rest_set_text(object, "event_type", d->event_type);
	rest_set(object, "events", json_integer(d->events));
	rest_set(object, "occurrences", json_integer(d->occurrences));
	return object;
}

static struct err
read_days(struct ctx *cx, const struct http_request *request,
    struct report_day_filter *out)
{
	const char *group = http_query(request, "group");
	int64_t from_s, to_s;
	struct page page;
	uint64_t id = 0;

	TRY(http_query_page(cx, request, &page));
	TRY(http_query_time(cx, request, "from", 0, &from_s));
	TRY(http_query_time(cx, request, "to", INT64_MAX - DAY_S, &to_s));
	if (group != NULL && (!text_parse_uint(group, INT64_MAX, &id) ||
	    id == 0))
		return FAIL_TELL(cx, ERR_PARAMETER,
		    "group is not the ID of one");
	*out = (struct report_day_filter){
		.from_day = from_s / DAY_S,
		/* A day that has begun before then is in. */
		.to_day = (to_s + DAY_S - 1) / DAY_S,
		.event_type = http_query(request, "event_type"),
		.group = (int64_t)id, .after = page.after,
		.limit = page.limit,
	};
	return OK;
}

static struct err
series_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct report_day_filter filter;
	struct report_day *rows;
	json_t *items;
	size_t n;

	TRY(read_days(cx, request, &filter));
	TRY(report_day_list(cx, a, request->tenant, &filter, &rows, &n));
	items = json_array();
	for (size_t i = 0; i < n; i++)
		ASSERT(json_array_append_new(items, day_json(&rows[i])) == 0);
	http_reply_list(cx, reply, items,
	    n < filter.limit ? 0 : rows[n - 1].id);
	return OK;
}

#define TENANT	"/v1/tenants/{tenant}"
#define JSON	"application/json"

static const struct route routes[] = {
	{ PLANE_OPERATOR, "GET", TENANT "/error-report-settings", AUTH_READ,
	    0, NULL, setting_get },
	{ PLANE_OPERATOR, "PATCH", TENANT "/error-report-settings", AUTH_OWN,
	    HTTP_BODY_JSON_MAX, JSON, setting_patch },
	{ PLANE_OPERATOR, "GET", TENANT "/error-groups", AUTH_READ,
	    0, NULL, groups_get },
	{ PLANE_OPERATOR, "GET", TENANT "/error-groups/{id}", AUTH_READ,
	    0, NULL, group_get },
	{ PLANE_OPERATOR, "PATCH", TENANT "/error-groups/{id}", AUTH_WRITE,
	    HTTP_BODY_JSON_MAX, JSON, group_patch },
	{ PLANE_OPERATOR, "GET", TENANT "/error-groups/{id}/devices", AUTH_READ,
	    0, NULL, devices_get },
	{ PLANE_OPERATOR, "GET", TENANT "/error-series", AUTH_READ,
	    0, NULL, series_get },
};

const struct route_table rest_error_group_routes = { routes, COUNT_OF(routes) };
