/* SPDX-License-Identifier: Apache-2.0 */
#include "server/rest_operation.h"

#include <stdlib.h>

#include "authority/tenant.h"
#include "base/base.h"
#include "base/text.h"
#include "server/rest_csv.h"
#include "server/rest_json.h"

/* A text without ?limit= is whole, up to this many items. */
#define EXPORT_MAX	100000u
#define EXPORT_BYTES	(128u * 1024u * 1024u)

/* Stored by ourselves: an object, else a bug. */
static json_t *
stored(struct ctx *cx, const char *text)
{
	json_t *value;
	struct err e = json_parse(cx, slice_text(text), &value);

	ASSERT(!failed(e));
	return json_incref(value);
}

static json_t *
operation_json(struct ctx *cx, const struct operation_row *o)
{
	json_t *object = json_object(), *params = stored(cx, o->params);

	rest_set_text(object, "id", o->name);
	rest_set_text(object, "kind", o->kind);
	rest_set_text(object, "tenant", o->tenant);
	rest_set_text(object, "group", o->group);
	rest_set_text(object, "state", o->state);
	rest_set(object, "total", json_integer(o->items));
	rest_set(object, "done", json_integer(o->done));
	rest_set(object, "counts", stored(cx, o->counts));
	rest_set(object, "params", params);
	rest_set_text(object, "code", o->code);
	rest_set_time(object, "created_at", o->created_s);
	rest_set_text(object, "created_by", o->created_by);
	rest_set_time(object, "started_at", o->started_s);
	rest_set_time(object, "ended_at", o->ended_s);
	return object;
}

void
rest_operation_reply(struct ctx *cx, const struct operation_row *row,
    struct http_reply *reply)
{
	http_add_header(reply, "Location", arena_printf(cx->arena,
	    "/v1/operations/%s", row->name));
	http_reply_json(cx, reply, 202, operation_json(cx, row));
}

static struct err
operation_list_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	const char *name = http_query(request, "tenant");
	struct operation_filter filter = {
		.state = http_query(request, "state"),
		.kind = http_query(request, "kind"),
	};
	struct operation_row *rows;
	struct tenant tenant;
	struct page page;
	json_t *items;
	size_t n;

	TRY(http_query_page(cx, request, &page));
	if (name != NULL)
		TRY(tenant_find(cx, a, name, &tenant));
	filter.after = page.after;
	filter.limit = page.limit;
	TRY(operation_list(cx, a, request->principal, name == NULL ? NULL :
	    &tenant, &filter, &rows, &n));
	items = json_array();
	for (size_t i = 0; i < n; i++)
		ASSERT(json_array_append_new(items,
		    operation_json(cx, &rows[i])) == 0);
	http_reply_list(cx, reply, items,
	    n < page.limit ? 0 : rows[n - 1].id);
	return OK;
}

static struct err
operation_one_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct operation_row row;

	TRY(operation_get(cx, a, request->principal, request->params[0],
	    &row));
	http_reply_json(cx, reply, 200, operation_json(cx, &row));
	return OK;
}

static struct err
operation_cancel_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in;
	struct operation_row row;

	if (request->json != NULL) {
		in = json_in(cx, request->json, "");
		TRY(json_in_done(&in));
	}
	TRY(operation_cancel(cx, a, request->principal, request->params[0],
	    &row));
	http_reply_json(cx, reply, 200, operation_json(cx, &row));
	return OK;
}

/* --- items ----------------------------------------------------------- */

static json_t *
item_json(const struct operation_item_row *item)
{
	json_t *object = json_object();

	rest_set(object, "line", json_integer(item->line));
	rest_set_text(object, "id", item->subject[0] == '\0' ? NULL :
	    item->subject);
	rest_set_text(object, "outcome", item->outcome);
	rest_set_text(object, "code", item->code);
	rest_set_text(object, "detail", item->detail);
	return object;
}

static void
item_ndjson(struct buf *b, const struct operation_item_row *item)
{
	json_t *object = item_json(item);
	char *text = json_dumps(object, JSON_COMPACT);

	ASSERT(text != NULL);
	put_text(b, text);
	put_u8(b, '\n');
	free(text);
	json_decref(object);
}

static void
item_csv(struct buf *b, const struct operation_item_row *item)
{
	put_fmt(b, "%lld", (long long)item->line);
	rest_csv_put(b, false, item->subject);
	rest_csv_put(b, false, item->outcome);
	rest_csv_put(b, false, item->code == NULL ? "" : item->code);
	rest_csv_put(b, false, item->detail == NULL ? "" : item->detail);
	rest_csv_end(b);
}

static const struct form {
	const char	*media_type, *head;
	void		(*print)(struct buf *, const struct operation_item_row *);
} forms[] = {
	{ "text/csv", "line,id,outcome,code,detail\r\n", item_csv },
	{ "application/x-ndjson", "", item_ndjson },
};

/* NULL: the usual JSON list. */
static const struct form *
form_for(const struct http_request *request)
{
	for (size_t i = 0; i < COUNT_OF(forms); i++)
		if (strstr(request->accept, forms[i].media_type) != NULL)
			return &forms[i];
	return NULL;
}

static struct err
reply_text(struct ctx *cx, const struct form *form,
    const struct operation_item_row *rows, size_t n, int64_t next,
    struct http_reply *reply)
{
	struct buf b = buf_in(cx->arena, EXPORT_BYTES);

	put_text(&b, form->head);
	for (size_t i = 0; i < n; i++)
		form->print(&b, &rows[i]);
	if (b.bad)
		return FAIL_TELL(cx, ERR_TOO_LARGE,
		    "the list is too long: give a limit");
	if (next != 0)
		http_add_header(reply, "X-Next-After", arena_printf(cx->arena,
		    "%lld", (long long)next));
	reply->status = 200;
	reply->content_type = form->media_type;
	reply->body = buf_slice(&b);
	return OK;
}

/* A cursor is the number of the next item: the first is 0, and no cursor is
 * the same as that. */
static struct err
operation_items_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	const struct form *form = form_for(request);
	struct operation_item_row *rows;
	struct page page;
	json_t *items;
	int64_t next;
	size_t n;

	TRY(http_query_page(cx, request, &page));
	if (form != NULL && http_query(request, "limit") == NULL)
		page.limit = EXPORT_MAX;
	TRY(operation_items(cx, a, request->principal, request->params[0],
	    http_query(request, "outcome"), page.after - 1, page.limit,
	    &rows, &n));
	next = n < page.limit ? 0 : rows[n - 1].number + 1;
	if (form != NULL)
		return reply_text(cx, form, rows, n, next, reply);
	items = json_array();
	for (size_t i = 0; i < n; i++)
		ASSERT(json_array_append_new(items, item_json(&rows[i])) == 0);
	http_reply_list(cx, reply, items, next);
	return OK;
}

#define OPERATION	"/v1/operations/{operation}"
#define JSON		"application/json"

static const struct route routes[] = {
	{ PLANE_OPERATOR, "GET", "/v1/operations", AUTH_READ_GROUP,
	    0, NULL, operation_list_get },
	{ PLANE_OPERATOR, "GET", OPERATION, AUTH_READ_GROUP,
	    0, NULL, operation_one_get },
	{ PLANE_OPERATOR, "GET", OPERATION "/items", AUTH_READ_GROUP,
	    0, NULL, operation_items_get },
	{ PLANE_OPERATOR, "POST", OPERATION "/cancel", AUTH_WRITE_GROUP,
	    HTTP_BODY_JSON_MAX, JSON, operation_cancel_post },
};

const struct route_table rest_operation_routes = { routes, COUNT_OF(routes) };
