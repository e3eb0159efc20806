/* SPDX-License-Identifier: Apache-2.0 */
/* Issuers of OpenID Connect, whose JWTs are credentials of operators. */
#include "authority/oidc_issuer.h"
#include "base/base.h"
#include "server/http.h"
#include "server/rest_id.h"
#include "server/rest_json.h"

#define BODY_MAX	(JWKS_BYTES_MAX + HTTP_BODY_JSON_MAX)

/* What is known of them, and used. */
static struct err
keys_json(struct ctx *cx, const struct oidc_row *row, json_t **out)
{
	const char *text = row->jwks != NULL ? row->jwks : row->fetched;
	struct jwks *set = ARENA_NEW(cx->arena, struct jwks);
	json_t *json, *array = json_keep(cx, json_array());

	set->n = 0;
	if (text != NULL) {
		TRY(json_parse(cx, slice_text(text), &json));
		TRY(jwks_read(cx, json, set));
	}
	for (size_t i = 0; i < set->n; i++) {
		json_t *key = json_object();

		rest_set_text(key, "kid", set->keys[i].kid);
		rest_set_text(key, "kind", key_kind_name(set->keys[i].kind));
		rest_set_text(key, "alg", set->keys[i].alg);
		ASSERT(json_array_append_new(array, key) == 0);
	}
	*out = array;
	return OK;
}

static struct err
issuer_json(struct ctx *cx, const struct oidc_row *row, json_t **out)
{
	json_t *object = json_keep(cx, json_object()), *keys;

	rest_set(object, "id", rest_id_json(row->id));
	rest_set_text(object, "issuer", row->url);
	rest_set_text(object, "audience", row->audience);
	rest_set_text(object, "title", row->title);
	rest_set_text(object, "tenant", row->bound);
	rest_set(object, "platform", json_boolean(row->platform));
	TRY(rest_set_json(cx, object, "rules", row->rules));
	rest_set_text(object, "jwks_url", row->jwks_url);
	TRY(keys_json(cx, row, &keys));
	rest_set(object, "keys", json_incref(keys));
	rest_set_time(object, "fetched_at", row->fetched_s);
	rest_set_time(object, "tried_at", row->tried_s);
	rest_set_text(object, "fetch_error", row->fetch_error);
	rest_set_time(object, "created_at", row->created_s);
	rest_set_text(object, "created_by", row->created_by);
	*out = object;
	return OK;
}

static struct err
reply_row(struct ctx *cx, const struct oidc_row *row, unsigned status,
    struct http_reply *reply)
{
	json_t *object;

	TRY(issuer_json(cx, row, &object));
	http_add_revision(cx, reply, row->revision);
	http_reply_json(cx, reply, status, json_incref(object));
	return OK;
}

static struct err
say_made(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const void *made,
    struct http_reply *reply)
{
	(void)a;
	(void)request;
	return reply_row(cx, made, 201, reply);
}

/* --- the routes ------------------------------------------------------------- */

/* What can be changed, too. */
static void
read_changes(struct json_in *in, enum json_need need, struct oidc_spec *out)
{
	out->audience = json_get_text(in, "audience", need, JWT_AUDIENCE_MAX);
	out->title = json_get_text(in, "title", JSON_OPTIONAL,
	    OIDC_TITLE_MAX);
	out->jwks_url = json_get_text(in, "jwks_url", JSON_OPTIONAL,
	    OIDC_URL_MAX);
	out->jwks = json_get(in, "jwks", JSON_OPTIONAL);
	out->rules = json_get_array(in, "rules", need, OIDC_RULES_MAX);
}

static struct err
issuers_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	struct oidc_spec spec = { .url = json_get_text(&in, "issuer",
	    JSON_REQUIRED, JWT_ISSUER_MAX) };
	struct oidc_row made;

	(void)reply;
	read_changes(&in, JSON_REQUIRED, &spec);
	spec.tenant = json_get_name(&in, "tenant", JSON_OPTIONAL);
	spec.platform = json_get_bool(&in, "platform", false);
	TRY(json_in_done(&in));
	http_will_say(cx, a, request, say_made, &made);
	TRY(oidc_issuer_create(cx, a, request->principal, &spec, &made));
	return http_say(cx, request);
}

static struct err
issuers_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	json_t *items = json_keep(cx, json_array()), *item;
	struct oidc_row *rows;
	struct page page;
	int64_t next;
	size_t n;

	TRY(http_query_page(cx, request, &page));
	TRY(oidc_issuer_list(cx, a, page, &rows, &n, &next));
	for (size_t i = 0; i < n; i++) {
		TRY(issuer_json(cx, &rows[i], &item));
		ASSERT(json_array_append(items, item) == 0);
	}
	http_reply_list(cx, reply, json_incref(items), next);
	return OK;
}

static struct err
issuer_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct oidc_row row;
	int64_t id;

	TRY(rest_id_read(cx, request, &id));
	TRY(oidc_issuer_get(cx, a, id, &row));
	return reply_row(cx, &row, 200, reply);
}

static struct err
issuer_patch(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	struct oidc_spec spec = { .url = NULL };
	struct oidc_row row;
	int64_t id;

	read_changes(&in, JSON_OPTIONAL, &spec);
	TRY(json_in_done(&in));
	TRY(http_if_match(cx, request, &spec.revision));
	TRY(rest_id_read(cx, request, &id));
	TRY(oidc_issuer_change(cx, a, request->principal, id, &spec, &row));
	return reply_row(cx, &row, 200, reply);
}

static struct err
issuer_delete(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	int64_t id, revision;

	TRY(http_if_match(cx, request, &revision));
	TRY(rest_id_read(cx, request, &id));
	TRY(oidc_issuer_delete(cx, a, request->principal, id, revision));
	http_reply_empty(reply, 204);
	return OK;
}

#define ISSUERS	"/v1/issuers"
#define JSON	"application/json"

static const struct route routes[] = {
	{ PLANE_OPERATOR, "POST", ISSUERS, AUTH_ADMIN, BODY_MAX, JSON,
	    issuers_post },
	{ PLANE_OPERATOR, "GET", ISSUERS, AUTH_PLATFORM_AUDIT, 0, NULL,
	    issuers_get },
	{ PLANE_OPERATOR, "GET", ISSUERS "/{id}", AUTH_PLATFORM_AUDIT, 0,
	    NULL, issuer_get },
	{ PLANE_OPERATOR, "PATCH", ISSUERS "/{id}", AUTH_ADMIN, BODY_MAX,
	    JSON, issuer_patch },
	{ PLANE_OPERATOR, "DELETE", ISSUERS "/{id}", AUTH_ADMIN, 0, NULL,
	    issuer_delete },
};

const struct route_table rest_issuer_routes = { routes, COUNT_OF(routes) };
