/* SPDX-License-Identifier: Apache-2.0 */
/* Webhooks: where a tenant has its events sent to. */
#include "authority/event.h"
#include "authority/webhook.h"
#include "base/base.h"
#include "base/text.h"
#include "server/http.h"
#include "server/rest_id.h"
#include "server/rest_json.h"
#include "wire/courier.h"

#define OVERLAP_S	86400	/* unless it is said */

static json_t *
words_json(const char *words)
{
	json_t *array = json_array();

	while (*words != '\0') {
		size_t n = strcspn(words, " ");

		ASSERT(json_array_append_new(array,
		    json_stringn(words, n)) == 0);
		words += n;
		words += strspn(words, " ");
	}
	return array;
}

static json_t *
cursor_json(struct ctx *cx, int64_t cursor)
{
	return json_string(arena_printf(cx->arena, "%lld", (long long)cursor));
}

/* What more than the row there is: a key that is shown. */
static struct err
webhook_json(struct ctx *cx, const struct authority *a,
    const struct webhook_row *row, json_t **out)
{
	json_t *object = json_keep(cx, json_object());
	const char *public;

	TRY(webhook_public(cx, a, row, &public));
	rest_set(object, "id", rest_id_json(row->id));
	rest_set_text(object, "url", row->url);
	rest_set(object, "types", words_json(row->types));
	rest_set_text(object, "kind", row->kind);
	rest_set_text(object, "description", row->description);
	rest_set_text(object, "state", row->state);
	rest_set_text(object, "reason", row->reason);
	rest_set_text(object, "public_key", public);
	rest_set(object, "cursor", cursor_json(cx, row->cursor));
	rest_set(object, "attempts", json_integer(row->attempts));
	rest_set_time(object, "next_attempt_at", row->next_s);
	rest_set_time(object, "failing_since", row->failing_since_s);
	rest_set_time(object, "old_key_until", row->old_until_s);
	rest_set_time(object, "created_at", row->created_s);
	rest_set_text(object, "created_by", row->created_by);
	*out = object;
	return OK;
}

static struct err
say_made(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const void *made,
    struct http_reply *reply)
{
	const struct webhook_made *m = made;
	json_t *object;

	TRY(webhook_json(cx, a, &m->row, &object));
	rest_set_text(object, "secret", m->secret);
	http_reply_json(cx, reply, request->params[1] == NULL ? 201 : 200,
	    json_incref(object));
	return OK;
}

/* --- what is asked ---------------------------------------------------------- */

static struct err
read_types(struct ctx *cx, const json_t *array, const char **out)
{
	struct buf b = buf_in(cx->arena, WEBHOOK_TYPES_TEXT_MAX);
	size_t n = array == NULL ? 0 : json_array_size(array);

	for (size_t i = 0; i < n; i++) {
		const char *type = json_string_value(json_array_get(array, i));

		if (type == NULL || !event_filter_is_known(type))
			return FAIL_AT(cx, ERR_FIELD, json_pointer_item(cx,
			    "/types", i), "there are no events of that type");
		put_fmt(&b, "%s%s", i == 0 ? "" : " ", type);
	}
	put_u8(&b, 0);
	if (b.bad)
		return FAIL_AT(cx, ERR_FIELD, "/types", "too long");
	*out = (const char *)b.p;
	return OK;
}

static struct err
read_spec(struct ctx *cx, const json_t *json, struct webhook_spec *out)
{
	struct json_in in = json_in(cx, json, "");
	const json_t *types = json_get_array(&in, "types", JSON_OPTIONAL,
	    WEBHOOK_TYPES_MAX);
	const char *kind, *description;

	out->url = json_get_text(&in, "url", JSON_REQUIRED, COURIER_URL_MAX);
	kind = json_get_text(&in, "kind", JSON_OPTIONAL, 16);
	description = json_get_text(&in, "description", JSON_OPTIONAL,
	    WEBHOOK_DESCRIPTION_MAX);
	out->kind = kind == NULL ? "hmac" : kind;
	out->description = description == NULL ? "" : description;
	TRY(json_in_done(&in));
	return read_types(cx, types, &out->types);
}

/* --- the routes ---------------------------------------------------------------- */

static struct err
webhooks_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct webhook_spec spec;
	struct webhook_made made;

	(void)reply;
	TRY(read_spec(cx, request->json, &spec));
	http_will_say(cx, a, request, say_made, &made);
	TRY(webhook_create(cx, a, request->tenant, request->principal, &spec,
	    &made));
	return http_say(cx, request);
}

static struct err
webhooks_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	json_t *items = json_keep(cx, json_array()), *item;
	struct webhook_row *rows;
	struct page page;
	size_t n;

	TRY(http_query_page(cx, request, &page));
	TRY(webhook_list(cx, a, request->tenant, page, &rows, &n));
	for (size_t i = 0; i < n; i++) {
		TRY(webhook_json(cx, a, &rows[i], &item));
		ASSERT(json_array_append(items, item) == 0);
	}
	http_reply_list(cx, reply, json_incref(items),
	    n < page.limit ? 0 : rows[n - 1].id);
	return OK;
}

static struct err
reply_row(struct ctx *cx, const struct authority *a,
    const struct webhook_row *row, struct http_reply *reply)
{
	json_t *object;

	TRY(webhook_json(cx, a, row, &object));
	http_reply_json(cx, reply, 200, json_incref(object));
	return OK;
}

static struct err
webhook_one_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct webhook_row row;
	int64_t id;

	TRY(rest_id_read(cx, request, &id));
	TRY(webhook_get(cx, a, request->tenant, id, &row));
	return reply_row(cx, a, &row, reply);
}

static struct err
webhook_one_delete(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	int64_t id;

	TRY(rest_id_read(cx, request, &id));
	TRY(webhook_delete(cx, a, request->tenant, request->principal, id));
	http_reply_empty(reply, 204);
	return OK;
}

static struct err
rotate_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	int64_t overlap_s = json_get_int(&in, "overlap_s", 0,
	    WEBHOOK_OVERLAP_MAX_S, OVERLAP_S), id;
	struct webhook_made made;

	(void)reply;
	TRY(json_in_done(&in));
	TRY(rest_id_read(cx, request, &id));
	http_will_say(cx, a, request, say_made, &made);
	TRY(webhook_rotate(cx, a, request->tenant, request->principal, id,
	    overlap_s, &made));
	return http_say(cx, request);
}

static struct err
test_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	int64_t id;

	TRY(rest_id_read(cx, request, &id));
	TRY(webhook_test(cx, a, request->tenant, request->principal, id));
	http_reply_empty(reply, 204);
	return OK;
}

static struct err
enable_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct webhook_row row;
	int64_t id;

	TRY(rest_id_read(cx, request, &id));
	TRY(webhook_enable(cx, a, request->tenant, request->principal, id,
	    &row));
	return reply_row(cx, a, &row, reply);
}

static struct err
replay_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	const char *after = json_get_text(&in, "after", JSON_OPTIONAL, 19);
	int64_t from_s = json_get_time(&in, "from", 0), id;
	struct webhook_row row;
	uint64_t cursor = 0;

	TRY(json_in_done(&in));
	TRY(rest_id_read(cx, request, &id));
	if ((after == NULL) == (from_s == 0))
		return FAIL_AT(cx, ERR_FIELD, "", "one of after and from");
	if (after != NULL && !text_parse_uint(after, INT64_MAX, &cursor))
		return FAIL_AT(cx, ERR_FIELD, "/after", "not a cursor");
	TRY(webhook_replay(cx, a, request->tenant, request->principal, id,
	    (int64_t)cursor, from_s, &row));
	return reply_row(cx, a, &row, reply);
}

static json_t *
delivery_json(const struct delivery_row *d)
{
	json_t *object = json_object();

	rest_set(object, "id", rest_id_json(d->id));
	rest_set(object, "event", rest_id_json(d->event_id));
	rest_set_text(object, "type", d->type);
	rest_set_time(object, "at", d->at_s);
	rest_set(object, "attempt", json_integer(d->attempt));
	rest_set_text(object, "outcome", d->outcome);
	if (d->status != 0)
		rest_set(object, "status", json_integer(d->status));
	rest_set(object, "ms", json_integer(d->ms));
	rest_set_text(object, "excerpt", d->excerpt);
	return object;
}

static struct err
deliveries_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct delivery_row *rows;
	struct page page;
	json_t *items;
	int64_t id;
	size_t n;

	TRY(http_query_page(cx, request, &page));
	TRY(rest_id_read(cx, request, &id));
	TRY(webhook_deliveries(cx, a, request->tenant, id, page, &rows, &n));
	items = json_array();
	for (size_t i = 0; i < n; i++)
		ASSERT(json_array_append_new(items,
		    delivery_json(&rows[i])) == 0);
	http_reply_list(cx, reply, items,
	    n < page.limit ? 0 : rows[n - 1].id);
	return OK;
}

#define HOOKS	"/v1/tenants/{tenant}/webhooks"

static const struct route routes[] = {
	{ PLANE_OPERATOR, "POST", HOOKS, AUTH_WRITE, HTTP_BODY_JSON_MAX,
	    "application/json", webhooks_post },
	{ PLANE_OPERATOR, "GET", HOOKS, AUTH_READ, 0, NULL, webhooks_get },
	{ PLANE_OPERATOR, "GET", HOOKS "/{webhook}", AUTH_READ, 0, NULL,
	    webhook_one_get },
	{ PLANE_OPERATOR, "DELETE", HOOKS "/{webhook}", AUTH_OWN, 0, NULL,
	    webhook_one_delete },
	{ PLANE_OPERATOR, "POST", HOOKS "/{webhook}/rotate", AUTH_WRITE,
	    HTTP_BODY_JSON_MAX, "application/json", rotate_post },
	{ PLANE_OPERATOR, "POST", HOOKS "/{webhook}/test", AUTH_WRITE,
	    0, NULL, test_post },
	{ PLANE_OPERATOR, "POST", HOOKS "/{webhook}/enable", AUTH_WRITE,
	    0, NULL, enable_post },
	{ PLANE_OPERATOR, "POST", HOOKS "/{webhook}/replay", AUTH_WRITE,
	    HTTP_BODY_JSON_MAX, "application/json", replay_post },
	{ PLANE_OPERATOR, "GET", HOOKS "/{webhook}/deliveries", AUTH_READ,
	    0, NULL, deliveries_get },
};

const struct route_table rest_webhook_routes = { routes, COUNT_OF(routes) };
