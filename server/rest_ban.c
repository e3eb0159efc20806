/* SPDX-License-Identifier: Apache-2.0 */
/* Bans by rule, of a tenant and of the platform. */
#include "authority/ban.h"
#include "base/base.h"
#include "base/text.h"
#include "server/http.h"
#include "server/rest_device_admin.h"
#include "server/rest_json.h"

static json_t *
id_json(struct ctx *cx, int64_t id)
{
	return json_string(arena_printf(cx->arena, "%lld", (long long)id));
}

static struct err
ban_json(struct ctx *cx, const struct ban_row *row, json_t **out)
{
	json_t *object = json_keep(cx, json_object());

	rest_set(object, "id", id_json(cx, row->id));
	TRY(rest_set_json(cx, object, "match", row->match));
	rest_set_text(object, "action", row->action);
	rest_set_text(object, "reason", row->reason);
	rest_set_time(object, "created_at", row->created_s);
	rest_set_text(object, "created_by", row->created_by);
	rest_set_time(object, "lifted_at", row->lifted_s);
	rest_set_text(object, "lifted_by", row->lifted_by);
	*out = json_incref(object);
	return OK;
}

/* --- making ---------------------------------------------------------------- */

static struct err
say_made(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const void *arg,
    struct http_reply *reply)
{
	const struct ban_made *made = arg;
	json_t *object;

	(void)a;
	(void)request;
	TRY(ban_json(cx, &made->row, &object));
	rest_set_text(object, "operation", made->operation);
	http_reply_json(cx, reply, 201, object);
	return OK;
}

static void
reply_count(struct ctx *cx, const struct ban_count *n,
    struct http_reply *reply)
{
	json_t *object = json_object(), *groups = json_object();
	json_t *ids = json_array();

	for (size_t i = 0; i < n->n_groups; i++)
		rest_set(groups, n->groups[i].name,
		    json_integer((json_int_t)n->groups[i].n));
	for (size_t i = 0; i < n->n_device_ids; i++)
		ASSERT(json_array_append_new(ids,
		    json_string(n->device_ids[i])) == 0);
	rest_set(object, "dry_run", json_true());
	rest_set(object, "matched", json_integer((json_int_t)n->matched));
	rest_set(object, "already_banned",
	    json_integer((json_int_t)n->already));
	rest_set(object, "looked", json_integer((json_int_t)n->looked));
	rest_set(object, "groups", groups);
	rest_set(object, "device_ids", ids);
	if (n->next != 0)
		rest_set(object, "next", id_json(cx, n->next));
	http_reply_json(cx, reply, 200, object);
}

static struct err
ban_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	struct ban_request wanted = { .pointer = "/match" };
	struct ban_count count;
	struct ban_made made;
	const char *after;
	uint64_t place = 0;
	bool dry;

	wanted.match = json_get(&in, "match", JSON_REQUIRED);
	wanted.action = json_get_text(&in, "action", JSON_REQUIRED, 16);
	wanted.reason = json_get_text(&in, "reason", JSON_OPTIONAL,
	    BAN_REASON_MAX);
	dry = json_get_bool(&in, "dry_run", false);
	after = json_get_text(&in, "after", JSON_OPTIONAL, 19);
	if (after != NULL && (!dry || !text_parse_uint(after, INT64_MAX,
	    &place)))
		json_refuse(&in, "after", "is of a dry run");
	TRY(json_in_done(&in));
	if (dry) {
		TRY(ban_dry_run(cx, a, request->tenant, &wanted,
		    (int64_t)place, &count));
		reply_count(cx, &count, reply);
		return OK;
	}
	http_will_say(cx, a, request, say_made, &made);
	TRY(ban_make(cx, a, request->tenant, request->principal, &wanted,
	    &made));
	return http_say(cx, request);
}

/* --- the rest ----------------------------------------------------------------- */

/* The last parameter of the path. */
static struct err
id_of(struct ctx *cx, const struct http_request *request, int64_t *out)
{
	const char *text = request->params[request->tenant == NULL ? 0 : 1];
	uint64_t id;

	if (!text_parse_uint(text, INT64_MAX, &id))
		return FAIL(cx, ERR_NOT_FOUND, "ban %s", text);
	*out = (int64_t)id;
	return OK;
}

static struct err
ban_list_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	json_t *items = json_keep(cx, json_array()), *item;
	struct ban_row *rows;
	struct page page;
	size_t n;

	TRY(http_query_page(cx, request, &page));
	TRY(ban_list(cx, a, request->tenant, page, &rows, &n));
	for (size_t i = 0; i < n; i++) {
		TRY(ban_json(cx, &rows[i], &item));
		ASSERT(json_array_append_new(items, item) == 0);
	}
	http_reply_list(cx, reply, json_incref(items),
	    n < page.limit ? 0 : rows[n - 1].id);
	return OK;
}

static struct err
ban_one_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct ban_row row;
	json_t *object;
	int64_t id;

	TRY(id_of(cx, request, &id));
	TRY(ban_get(cx, a, request->tenant, id, &row));
	TRY(ban_json(cx, &row, &object));
	http_reply_json(cx, reply, 200, object);
	return OK;
}

static struct err
ban_delete(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	const char *operation;
	struct ban_row row;
	json_t *object;
	int64_t id;
	int unban;

	TRY(id_of(cx, request, &id));
	TRY(rest_query_flag(cx, request, "unban", &unban));
	TRY(ban_lift(cx, a, request->tenant, request->principal, id,
	    unban == 1, &operation));
	TRY(ban_get(cx, a, request->tenant, id, &row));
	TRY(ban_json(cx, &row, &object));
	rest_set_text(object, "operation", operation);
	http_reply_json(cx, reply, 200, object);
	return OK;
}

#define TENANT	"/v1/tenants/{tenant}"
#define JSON	"application/json"

static const struct route routes[] = {
	{ PLANE_OPERATOR, "POST", TENANT "/bans", AUTH_OWN,
	    HTTP_BODY_JSON_MAX, JSON, ban_post },
	{ PLANE_OPERATOR, "GET", TENANT "/bans", AUTH_READ,
	    0, NULL, ban_list_get },
	{ PLANE_OPERATOR, "GET", TENANT "/bans/{ban}", AUTH_READ,
	    0, NULL, ban_one_get },
	{ PLANE_OPERATOR, "DELETE", TENANT "/bans/{ban}", AUTH_OWN,
	    0, NULL, ban_delete },
	{ PLANE_OPERATOR, "POST", "/v1/bans", AUTH_ADMIN,
	    HTTP_BODY_JSON_MAX, JSON, ban_post },
	{ PLANE_OPERATOR, "GET", "/v1/bans", AUTH_PLATFORM_READ,
	    0, NULL, ban_list_get },
	{ PLANE_OPERATOR, "GET", "/v1/bans/{ban}", AUTH_PLATFORM_READ,
	    0, NULL, ban_one_get },
	{ PLANE_OPERATOR, "DELETE", "/v1/bans/{ban}", AUTH_ADMIN,
	    0, NULL, ban_delete },
};

const struct route_table rest_ban_routes = { routes, COUNT_OF(routes) };
