/* SPDX-License-Identifier: Apache-2.0 */
/* Reference values as operators see them. */
#include "authority/reference.h"
#include "base/base.h"
#include "base/text.h"
#include "server/http.h"
#include "server/rest_id.h"
#include "server/rest_json.h"

static json_t *
set_json(const struct reference_set *s)
{
	json_t *object = json_object();

	rest_set_text(object, "name", s->name);
	rest_set_text(object, "note", s->note);
	rest_set(object, "revision", json_integer(s->revision));
	rest_set(object, "entries", json_integer(s->entries));
	rest_set_time(object, "created_at", s->created_s);
	rest_set_time(object, "changed_at", s->changed_s);
	rest_set_text(object, "changed_by", s->changed_by);
	return object;
}

static json_t *
value_json(const struct reference_value *v)
{
	json_t *object = json_object();

	rest_set(object, "id", rest_id_json(v->id));
	rest_set_text(object, "value", v->value);
	rest_set_text(object, "note", v->note);
	rest_set_text(object, "provenance", v->provenance);
	rest_set_time(object, "valid_until", v->valid_until_s);
	rest_set_time(object, "created_at", v->created_s);
	rest_set_text(object, "created_by", v->created_by);
	return object;
}

/* --- sets ----------------------------------------------------------------- */

static struct err
sets_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct reference_set *rows;
	struct page page;
	json_t *items;
	int64_t next;
	size_t n;

	TRY(http_query_page(cx, request, &page));
	TRY(reference_sets(cx, a, request->tenant, page, &rows, &n, &next));
	items = json_array();
	for (size_t i = 0; i < n; i++)
		ASSERT(json_array_append_new(items, set_json(&rows[i])) == 0);
	http_reply_list(cx, reply, items, next);
	return OK;
}

static struct err
set_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct reference_set set;

	TRY(reference_set_get(cx, a, request->tenant, request->params[1],
	    &set));
	http_add_revision(cx, reply, set.revision);
	http_reply_json(cx, reply, 200, set_json(&set));
	return OK;
}

static struct err
set_put(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	const char *note = json_get_text(&in, "note", JSON_OPTIONAL,
	    REFERENCE_NOTE_MAX);
	struct reference_set set;
	int64_t revision;

	TRY(json_in_done(&in));
	if (!text_is_name(request->params[1]))
		return FAIL_TELL(cx, ERR_PARAMETER, "a set's name is 1 to %u "
		    "of a-z, 0-9 and -", TEXT_NAME_MAX);
	TRY(http_if_match(cx, request, &revision));
	TRY(reference_set_put(cx, a, request->tenant, request->principal,
	    request->params[1], note, revision, &set));
	http_add_revision(cx, reply, set.revision);
	http_reply_json(cx, reply, 200, set_json(&set));
	return OK;
}

static struct err
set_delete(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	int64_t revision;

	TRY(http_if_match(cx, request, &revision));
	TRY(reference_set_delete(cx, a, request->tenant, request->principal,
	    request->params[1], revision));
	http_reply_empty(reply, 204);
	return OK;
}

/* --- values --------------------------------------------------------------- */

static struct err
values_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct reference_value *rows;
	struct page page;
	json_t *items;
	int64_t next;
	size_t n;

	TRY(http_query_page(cx, request, &page));
	TRY(reference_values(cx, a, request->tenant, request->params[1],
	    page, &rows, &n, &next));
	items = json_array();
	for (size_t i = 0; i < n; i++)
		ASSERT(json_array_append_new(items,
		    value_json(&rows[i])) == 0);
	http_reply_list(cx, reply, items, next);
	return OK;
}

static struct err
say_value(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const void *made,
    struct http_reply *reply)
{
	(void)a;
	(void)request;
	http_reply_json(cx, reply, 201, value_json(made));
	return OK;
}

static const char *
text_or_none(struct json_in *in, const char *name, size_t max)
{
	const char *text = json_get_text(in, name, JSON_OPTIONAL, max);

	return text == NULL ? "" : text;
}

static struct err
values_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	struct reference_value made, value = {
		.value = json_get_text(&in, "value", JSON_REQUIRED,
		    POLICY_VALUE_TEXT_MAX),
		.note = text_or_none(&in, "note", REFERENCE_NOTE_MAX),
		.provenance = text_or_none(&in, "provenance",
		    REFERENCE_PROVENANCE_MAX),
		.valid_until_s = json_get_time(&in, "valid_until", 0),
	};

	(void)reply;
	TRY(json_in_done(&in));
	http_will_say(cx, a, request, say_value, &made);
	TRY(reference_value_add(cx, a, request->tenant, request->principal,
	    request->params[1], &value, &made));
	return http_say(cx, request);
}

static struct err
value_delete(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	uint64_t id;

	if (!text_parse_uint(request->params[2], INT64_MAX, &id))
		return FAIL(cx, ERR_NOT_FOUND, "not an id");
	TRY(reference_value_delete(cx, a, request->tenant, request->principal,
	    request->params[1], (int64_t)id));
	http_reply_empty(reply, 204);
	return OK;
}

#define SETS	"/v1/tenants/{tenant}/reference-values"
#define JSON	"application/json"

static const struct route routes[] = {
	{ PLANE_OPERATOR, "GET", SETS, AUTH_READ, 0, NULL, sets_get },
	{ PLANE_OPERATOR, "GET", SETS "/{set}", AUTH_READ, 0, NULL, set_get },
	{ PLANE_OPERATOR, "PUT", SETS "/{set}", AUTH_WRITE,
	    HTTP_BODY_JSON_MAX, JSON, set_put },
	{ PLANE_OPERATOR, "DELETE", SETS "/{set}", AUTH_OWN,
	    0, NULL, set_delete },
	{ PLANE_OPERATOR, "GET", SETS "/{set}/entries", AUTH_READ,
	    0, NULL, values_get },
	{ PLANE_OPERATOR, "POST", SETS "/{set}/entries", AUTH_WRITE,
	    HTTP_BODY_JSON_MAX, JSON, values_post },
	{ PLANE_OPERATOR, "DELETE", SETS "/{set}/entries/{id}", AUTH_WRITE,
	    0, NULL, value_delete },
};

const struct route_table rest_reference_routes = { routes, COUNT_OF(routes) };
