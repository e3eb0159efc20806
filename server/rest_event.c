/* SPDX-License-Identifier: Apache-2.0 */
/* The feed of what happens in a tenant, and of all for the platform. */
#include "authority/event.h"
#include "authority/feed.h"
#include "base/base.h"
#include "base/text.h"
#include "server/http.h"
#include "server/rest_json.h"

static struct err
event_json(struct ctx *cx, const struct event_row *e, json_t **out)
{
	json_t *object = json_keep(cx, json_object());

	rest_set_text(object, "id", arena_printf(cx->arena, "%lld",
	    (long long)e->id));
	rest_set_time(object, "at", e->at_s);
	rest_set_text(object, "tenant", e->tenant);
	rest_set_text(object, "type", e->type);
	rest_set_text(object, "subject", e->subject);
	rest_set_text(object, "actor", e->actor);
	TRY(rest_set_json(cx, object, "data", e->data));
	rest_set_text(object, "trace", e->trace);
	*out = json_incref(object);
	return OK;
}

static json_t *
cursor_json(struct ctx *cx, int64_t cursor)
{
	return json_string(arena_printf(cx->arena, "%lld", (long long)cursor));
}

static struct err
reply_page(struct ctx *cx, const struct event_page *page,
    struct http_reply *reply)
{
	json_t *body = json_keep(cx, json_object());
	json_t *items = json_array(), *item;

	rest_set(body, "items", items);
	for (size_t i = 0; i < page->n; i++) {
		TRY(event_json(cx, &page->items[i], &item));
		ASSERT(json_array_append_new(items, item) == 0);
	}
	rest_set(body, "cursor", cursor_json(cx, page->cursor));
	if (page->more)
		rest_set(body, "next", cursor_json(cx, page->cursor));
	http_reply_json(cx, reply, 200, json_incref(body));
	return OK;
}

static struct err
read_wait(struct ctx *cx, const struct http_request *request,
    unsigned *out_seconds)
{
	const char *text = http_query(request, "wait");
	uint64_t n = 0;

	if (text != NULL && !text_parse_uint(text, HTTP_WAIT_MAX_S, &n))
		return FAIL_TELL(cx, ERR_PARAMETER,
		    "wait is not a number of seconds from 0 to %u",
		    HTTP_WAIT_MAX_S);
	*out_seconds = (unsigned)n;
	return OK;
}

/* after=latest: from now on. */
static struct err
read_page(struct ctx *cx, const struct http_request *request,
    struct page *out)
{
	const char *after = http_query(request, "after");
	bool latest = after != NULL && strcmp(after, "latest") == 0;

	if (!latest)
		return http_query_page(cx, request, out);
	TRY(http_query_limit(cx, request, &out->limit));
	out->after = EVENT_LATEST;
	return OK;
}

static struct err
feed_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	const struct tenant *tenant = request->tenant;
	struct http_wait wait = {
		.tenant_id = tenant == NULL ? FEED_ANY : tenant->id,
	};
	struct event_query query = {
		.type = http_query(request, "type"),
		.group_id = request->principal->group_id,
		.group = request->principal->group,
	};
	struct event_page found;
	struct page page;

	TRY(read_wait(cx, request, &wait.seconds));
	TRY(read_page(cx, request, &page));
	query.after = request->kept != 0 ? request->kept : page.after;
	query.limit = page.limit;
	wait.mark = feed_mark(a->feed, wait.tenant_id);
	TRY(event_feed(cx, a, tenant, &query, &found));
	TRY(reply_page(cx, &found, reply));
	wait.keep = found.cursor;
	if (found.n == 0 && !found.more)
		reply->wait = wait;
	return OK;
}

static const struct route routes[] = {
	{ PLANE_OPERATOR, "GET", "/v1/events", AUTH_ADMIN, 0, NULL, feed_get },
	{ PLANE_OPERATOR, "GET", "/v1/tenants/{tenant}/events",
	    AUTH_READ_GROUP, 0, NULL, feed_get },
};

const struct route_table rest_event_routes = { routes, COUNT_OF(routes) };
