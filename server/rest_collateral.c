/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/collateral.h"
#include "base/base.h"
#include "base/text.h"
#include "server/http.h"
#include "server/rest_id.h"
#include "server/rest_json.h"

/* A CRL at its limit, in base64url, and what goes with it. */
#define BODY_MAX	(4u * 1024u * 1024u)

/* A path without {tenant} speaks of the platform's: request->tenant is NULL. */

static json_t *
collateral_json(struct ctx *cx, const struct db_collateral *c)
{
	json_t *object = json_object();

	rest_set(object, "id", rest_id_json(c->id));
	rest_set_text(object, "kind", c->kind);
	rest_set_text(object, "name", c->name);
	rest_set_text(object, "provenance", c->provenance);
	rest_set_text(object, "about", c->about);
	rest_set_hex(cx, object, "sha256", c->sha256);
	rest_set_time(object, "issued_at", c->issued_s);
	rest_set_time(object, "expires_at", c->expires_s);
	rest_set_time(object, "created_at", c->created_s);
	rest_set_text(object, "created_by", c->created_by);
	return object;
}

static struct err
say_collateral(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const void *made,
    struct http_reply *reply)
{
	(void)a;
	(void)request;
	http_reply_json(cx, reply, 201, collateral_json(cx, made));
	return OK;
}

static struct err
collateral_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	struct collateral_spec spec = {
		.kind = json_get_name(&in, "kind", JSON_REQUIRED),
		.name = json_get_text(&in, "name", JSON_REQUIRED,
		    COLLATERAL_NAME_MAX),
		.provenance = json_get_text(&in, "provenance", JSON_OPTIONAL,
		    COLLATERAL_PROVENANCE_MAX),
		.document = json_get(&in, "document", JSON_REQUIRED),
	};
	struct db_collateral made;

	(void)reply;
	TRY(json_in_done(&in));
	http_will_say(cx, a, request, say_collateral, &made);
	TRY(collateral_add(cx, a, request->tenant, request->principal, &spec,
	    &made));
	return http_say(cx, request);
}

static struct err
all_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct db_collateral *all;
	struct page page;
	json_t *items;
	int64_t next;
	size_t n;

	TRY(http_query_page(cx, request, &page));
	TRY(collateral_list(cx, a, request->tenant, page, &all, &n, &next));
	items = json_array();
	for (size_t i = 0; i < n; i++)
		ASSERT(json_array_append_new(items,
		    collateral_json(cx, &all[i])) == 0);
	http_reply_list(cx, reply, items, next);
	return OK;
}

static struct err
one_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct db_collateral one;
	json_t *object, *document;
	int64_t id;

	TRY(rest_id_read(cx, request, &id));
	TRY(collateral_get(cx, a, request->tenant, id, &one));
	if (failed(json_parse(cx, slice_text(one.document), &document)))
		return FAIL(cx, ERR_STORAGE, "collateral %lld is not JSON",
		    (long long)id);
	object = collateral_json(cx, &one);
	rest_set(object, "document", json_incref(document));
	http_reply_json(cx, reply, 200, object);
	return OK;
}

static struct err
one_delete(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	int64_t id;

	TRY(rest_id_read(cx, request, &id));
	TRY(collateral_delete(cx, a, request->tenant, request->principal,
	    id));
	http_reply_empty(reply, 204);
	return OK;
}

#define TENANT	"/v1/tenants/{tenant}"
#define JSON	"application/json"

/* As anchors: the platform's holds for every tenant, so every operator may see
 * it. */
static const struct route routes[] = {
	{ PLANE_OPERATOR, "POST", "/v1/collateral", AUTH_ADMIN,
	    BODY_MAX, JSON, collateral_post },
	{ PLANE_OPERATOR, "GET", "/v1/collateral", AUTH_READ,
	    0, NULL, all_get },
	{ PLANE_OPERATOR, "GET", "/v1/collateral/{id}", AUTH_READ,
	    0, NULL, one_get },
	{ PLANE_OPERATOR, "DELETE", "/v1/collateral/{id}", AUTH_ADMIN,
	    0, NULL, one_delete },
	{ PLANE_OPERATOR, "POST", TENANT "/collateral", AUTH_WRITE,
	    BODY_MAX, JSON, collateral_post },
	{ PLANE_OPERATOR, "GET", TENANT "/collateral", AUTH_READ,
	    0, NULL, all_get },
	{ PLANE_OPERATOR, "GET", TENANT "/collateral/{id}", AUTH_READ,
	    0, NULL, one_get },
	{ PLANE_OPERATOR, "DELETE", TENANT "/collateral/{id}", AUTH_OWN,
	    0, NULL, one_delete },
};

const struct route_table rest_collateral_routes = { routes, COUNT_OF(routes) };
