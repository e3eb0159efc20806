/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/profile.h"
#include "base/base.h"
#include "base/text.h"
#include "server/http.h"
#include "server/rest_json.h"


static struct err
profile_json(struct ctx *cx, const struct db_profile *p, json_t **out)
{
	json_t *object = json_keep(cx, json_object());

	rest_set_text(object, "name", p->name);
	rest_set(object, "version", json_integer(p->version));
	TRY(rest_set_json(cx, object, "profile", p->document));
	rest_set_time(object, "created_at", p->created_s);
	rest_set_text(object, "created_by", p->created_by);
	*out = object;
	return OK;
}

static struct err
reply_profile(struct ctx *cx, const struct db_profile *p, unsigned status,
    struct http_reply *reply)
{
	json_t *object;

	TRY(profile_json(cx, p, &object));
	http_add_revision(cx, reply, p->version);
	http_reply_json(cx, reply, status, json_incref(object));
	return OK;
}

static struct err
reply_list(struct ctx *cx, const struct db_profile *profiles, size_t n,
    int64_t next, struct http_reply *reply)
{
	json_t *items = json_keep(cx, json_array()), *one;

	for (size_t i = 0; i < n; i++) {
		TRY(profile_json(cx, &profiles[i], &one));
		ASSERT(json_array_append(items, one) == 0);
	}
	http_reply_list(cx, reply, json_incref(items), next);
	return OK;
}

/* --- making, changing ------------------------------------------------------ */

static struct err
say_profile(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const void *made,
    struct http_reply *reply)
{
	(void)a;
	(void)request;
	return reply_profile(cx, made, 201, reply);
}

static struct err
profiles_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	const char *name = json_get_name(&in, "name", JSON_REQUIRED);
	const json_t *document = json_get(&in, "profile", JSON_REQUIRED);
	struct profile profile;
	struct profile_change change = { name, &profile, "/profile",
	    PROFILE_NEWEST };
	struct db_profile made;

	(void)reply;
	TRY(json_in_done(&in));
	TRY(profile_read(cx, document, "/profile", &profile));
	http_will_say(cx, a, request, say_profile, &made);
	TRY(profile_create(cx, a, request->tenant, request->principal,
	    &change, &made));
	return http_say(cx, request);
}

static struct err
profile_put(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct profile profile;
	struct profile_change change = { request->params[1], &profile, "",
	    PROFILE_NEWEST };
	struct db_profile changed;

	TRY(http_if_match(cx, request, &change.from_version));
	TRY(profile_read(cx, request->json, "", &profile));
	TRY(profile_update(cx, a, request->tenant, request->principal,
	    &change, &changed));
	return reply_profile(cx, &changed, 200, reply);
}

/* --- looking ---------------------------------------------------------------- */

static struct err
profiles_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct db_profile *profiles;
	struct page page;
	int64_t next;
	size_t n;

	TRY(http_query_page(cx, request, &page));
	TRY(profile_list(cx, a, request->tenant, page, &profiles, &n, &next));
	return reply_list(cx, profiles, n, next, reply);
}

static struct err
one_profile_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct db_profile found;

	TRY(profile_get(cx, a, request->tenant, request->params[1],
	    PROFILE_NEWEST, &found));
	return reply_profile(cx, &found, 200, reply);
}

static struct err
versions_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct db_profile *profiles;
	struct page page;
	int64_t next;
	size_t n;

	TRY(http_query_page(cx, request, &page));
	TRY(profile_versions(cx, a, request->tenant, request->params[1], page,
	    &profiles, &n, &next));
	return reply_list(cx, profiles, n, next, reply);
}

static struct err
one_version_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct db_profile found;
	uint64_t version;

	if (!text_parse_uint(request->params[2], INT64_MAX, &version) ||
	    version == 0)
		return FAIL(cx, ERR_NOT_FOUND, "not a version");
	TRY(profile_get(cx, a, request->tenant, request->params[1],
	    (int64_t)version, &found));
	return reply_profile(cx, &found, 200, reply);
}

#define PROFILES	"/v1/tenants/{tenant}/profiles"
#define JSON		"application/json"

static const struct route routes[] = {
	{ PLANE_OPERATOR, "POST", PROFILES, AUTH_WRITE,
	    HTTP_BODY_JSON_MAX, JSON, profiles_post },
	{ PLANE_OPERATOR, "GET", PROFILES, AUTH_READ,
	    0, NULL, profiles_get },
	{ PLANE_OPERATOR, "GET", PROFILES "/{profile}", AUTH_READ,
	    0, NULL, one_profile_get },
	{ PLANE_OPERATOR, "PUT", PROFILES "/{profile}", AUTH_WRITE,
	    HTTP_BODY_JSON_MAX, JSON, profile_put },
	{ PLANE_OPERATOR, "GET", PROFILES "/{profile}/versions", AUTH_READ,
	    0, NULL, versions_get },
	{ PLANE_OPERATOR, "GET", PROFILES "/{profile}/versions/{version}", AUTH_READ,
	    0, NULL, one_version_get },
};

const struct route_table rest_profile_routes = { routes, COUNT_OF(routes) };
