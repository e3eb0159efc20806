/* SPDX-License-Identifier: Apache-2.0 */
/* Signed lists of parts, and the keys that sign them. */
#include "authority/hardware.h"
#include "authority/manifest.h"
#include "base/base.h"
#include "base/text.h"
#include "server/http.h"
#include "server/rest_json.h"
#include "server/rest_operation.h"

static json_t *
key_json(struct ctx *cx, const struct manifest_key_row *k)
{
	json_t *object = json_object();

	rest_set_text(object, "id", arena_printf(cx->arena, "%lld",
	    (long long)k->id));
	rest_set_text(object, "name", k->name);
	rest_set_text(object, "key_id", k->key_id);
	rest_set_time(object, "created_at", k->created_s);
	rest_set_text(object, "created_by", k->created_by);
	return object;
}

static struct err
say_key(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const void *made,
    struct http_reply *reply)
{
	(void)a;
	(void)request;
	http_reply_json(cx, reply, 201, key_json(cx, made));
	return OK;
}

static struct err
key_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	const char *name = json_get_text(&in, "name", JSON_REQUIRED,
	    MANIFEST_KEY_NAME_MAX);
	struct slice spki = json_get_bytes(&in, "public_key", JSON_REQUIRED,
	    HARDWARE_KEY_MAX);
	struct manifest_key_row made;

	(void)reply;
	TRY(json_in_done(&in));
	http_will_say(cx, a, request, say_key, &made);
	TRY(manifest_key_add(cx, a, request->principal, name, spki, &made));
	return http_say(cx, request);
}

static struct err
key_list_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct manifest_key_row *rows;
	struct page page;
	json_t *items;
	size_t n;

	TRY(http_query_page(cx, request, &page));
	TRY(manifest_key_list(cx, a, page, &rows, &n));
	items = json_array();
	for (size_t i = 0; i < n; i++)
		ASSERT(json_array_append_new(items,
		    key_json(cx, &rows[i])) == 0);
	http_reply_list(cx, reply, items,
	    n < page.limit ? 0 : rows[n - 1].id);
	return OK;
}

static struct err
key_delete(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	uint64_t id;

	if (!text_parse_uint(request->params[0], INT64_MAX, &id))
		return FAIL(cx, ERR_NOT_FOUND, "key %s", request->params[0]);
	TRY(manifest_key_delete(cx, a, request->principal, (int64_t)id));
	http_reply_empty(reply, 204);
	return OK;
}

static struct err
say_import(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const void *made,
    struct http_reply *reply)
{
	(void)a;
	(void)request;
	rest_operation_reply(cx, made, reply);
	return OK;
}

static struct err
manifest_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct operation_row row;

	(void)reply;
	http_will_say(cx, a, request, say_import, &row);
	TRY(manifest_import(cx, a, request->principal, request->body, &row));
	return http_say(cx, request);
}

static const struct route routes[] = {
	{ PLANE_OPERATOR, "POST", "/v1/manifests", AUTH_ADMIN,
	    MANIFEST_BYTES_MAX, "application/jose", manifest_post },
	{ PLANE_OPERATOR, "POST", "/v1/manifest-keys", AUTH_ADMIN,
	    HTTP_BODY_JSON_MAX, "application/json", key_post },
	{ PLANE_OPERATOR, "GET", "/v1/manifest-keys", AUTH_PLATFORM_READ,
	    0, NULL, key_list_get },
	{ PLANE_OPERATOR, "DELETE", "/v1/manifest-keys/{id}", AUTH_ADMIN,
	    0, NULL, key_delete },
};

const struct route_table rest_manifest_routes = { routes, COUNT_OF(routes) };
