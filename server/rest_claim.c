/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/claim.h"
#include "authority/scope.h"
#include "base/base.h"
#include "base/text.h"
#include "server/http.h"
#include "server/rest_bulk.h"
#include "server/rest_claim_bulk.h"
#include "server/rest_device_admin.h"
#include "server/rest_device_search.h"
#include "server/rest_json.h"

/* --- one ------------------------------------------------------------- */

static struct err
say_claim(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const void *made,
    struct http_reply *reply)
{
	const struct claim_result *claim = made;
	json_t *object = json_object();

	(void)a;
	rest_set_text(object, "device_id", claim->device_id);
	rest_set_text(object, "hardware_id", claim->hardware_id);
	rest_set_text(object, "tenant", request->tenant->name);
	rest_set_text(object, "group", claim->group);
	rest_set_time(object, "claimed_at", claim->claimed_s);
	rest_set_text(object, "claimed_by", claim->claimed_by);
	http_reply_json(cx, reply, claim->was_own ? 200 : 201, object);
	return OK;
}

static struct err
claim_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct claim_request wanted;
	struct claim_result made;

	(void)reply;
	TRY(rest_claim_read(cx, request->json, &wanted));
	TRY(scope_group(cx, request->principal, wanted.group,
	    &wanted.group));
	http_will_say(cx, a, request, say_claim, &made);
	TRY(claim_make(cx, a, request->tenant, request->principal, &wanted,
	    &made));
	return http_say(cx, request);
}

static struct err
say_restored(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const void *made,
    struct http_reply *reply)
{
	TRY(say_claim(cx, a, request, made, reply));
	reply->status = 200;
	return OK;
}

static struct err
claim_post_restore(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct claim_result restored;

	if (request->json != NULL) {
		struct json_in in = json_in(cx, request->json, "");

		TRY(json_in_done(&in));
	}
	(void)reply;
	http_will_say(cx, a, request, say_restored, &restored);
	TRY(claim_restore(cx, a, request->tenant, request->principal,
	    request->params[1], &restored));
	return http_say(cx, request);
}

static struct err
claim_delete(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	const char *reason;

	TRY(rest_query_reason(cx, request, &reason));
	TRY(claim_release(cx, a, request->tenant, request->principal,
	    request->params[1], reason));
	http_reply_empty(reply, 204);
	return OK;
}

/* --- history --------------------------------------------------------- */

static json_t *
claim_json(const struct claim_row *c)
{
	json_t *object = json_object();

	rest_set_text(object, "device_id", c->device_id);
	rest_set_text(object, "group", c->group);
	rest_set_time(object, "claimed_at", c->claimed_s);
	rest_set_text(object, "claimed_by", c->claimed_by);
	rest_set_time(object, "released_at", c->released_s);
	rest_set_text(object, "released_by", c->released_by);
	rest_set_text(object, "release_reason", c->release_reason);
	rest_set_text(object, "transferred_from", c->transferred_from);
	rest_set_text(object, "transferred_to", c->transferred_to);
	return object;
}

static struct err
reply_history(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const char *device_id,
    struct http_reply *reply)
{
	struct claim_filter filter = { .device_id = device_id };
	struct claim_row *rows;
	struct page page;
	json_t *items;
	size_t n;

	TRY(http_query_page(cx, request, &page));
	TRY(rest_query_flag(cx, request, "active", &filter.active));
	filter.after = page.after;
	filter.limit = page.limit;
	TRY(claim_list(cx, a, request->tenant, &filter, &rows, &n));
	items = json_array();
	for (size_t i = 0; i < n; i++)
		ASSERT(json_array_append_new(items,
		    claim_json(&rows[i])) == 0);
	http_reply_list(cx, reply, items,
	    n < page.limit ? 0 : rows[n - 1].id);
	return OK;
}

static struct err
claim_history(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	return reply_history(cx, a, request, NULL, reply);
}

static struct err
device_history(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	return reply_history(cx, a, request, request->params[1], reply);
}

#define TENANT	"/v1/tenants/{tenant}"
#define JSON	"application/json"

static const struct route routes[] = {
	{ PLANE_OPERATOR, "POST", TENANT "/claims", AUTH_WRITE_GROUP,
	    HTTP_BODY_JSON_MAX, JSON, claim_post },
	{ PLANE_OPERATOR, "POST", TENANT "/claims/bulk", AUTH_WRITE_GROUP,
	    REST_BULK_BODY_MAX, "text/csv,application/x-ndjson",
	    rest_bulk_claim },
	{ PLANE_OPERATOR, "POST", TENANT "/claims/bulk-release",
	    AUTH_OWN_GROUP, REST_BULK_BODY_MAX, "text/csv,application/x-ndjson",
	    rest_bulk_release },
	{ PLANE_OPERATOR, "GET", TENANT "/claims", AUTH_READ,
	    0, NULL, claim_history },
	{ PLANE_OPERATOR, "DELETE", TENANT "/claims/{device}", AUTH_OWN_GROUP,
	    0, NULL, claim_delete },
	{ PLANE_OPERATOR, "POST", TENANT "/claims/{device}/restore",
	    AUTH_WRITE, HTTP_BODY_JSON_MAX, JSON, claim_post_restore },
	{ PLANE_OPERATOR, "GET", TENANT "/devices", AUTH_READ_GROUP,
	    0, NULL, rest_device_list },
	{ PLANE_OPERATOR, "GET", TENANT "/devices/{device}", AUTH_READ_GROUP,
	    0, NULL, rest_device_get },
	{ PLANE_OPERATOR, "PATCH", TENANT "/devices/{device}", AUTH_WRITE_GROUP,
	    HTTP_BODY_JSON_MAX, JSON, rest_device_patch },
	{ PLANE_OPERATOR, "GET", TENANT "/devices/{device}/claims", AUTH_READ_GROUP,
	    0, NULL, device_history },
	{ PLANE_OPERATOR, "GET", TENANT "/devices/{device}/refusals",
	    AUTH_READ_GROUP, 0, NULL, rest_device_refusals },
	{ PLANE_OPERATOR, "GET", TENANT "/devices/{device}/attestation-result",
	    AUTH_READ_GROUP, 0, NULL, rest_device_result },
	{ PLANE_OPERATOR, "POST", TENANT "/devices/{device}/ban", AUTH_WRITE_GROUP,
	    HTTP_BODY_JSON_MAX, JSON, rest_device_ban },
	{ PLANE_OPERATOR, "POST", TENANT "/devices/{device}/unban",
	    AUTH_OWN_GROUP, HTTP_BODY_JSON_MAX, JSON, rest_device_unban },
	{ PLANE_OPERATOR, "GET", TENANT "/certificates", AUTH_READ_GROUP,
	    0, NULL, rest_certificate_list },
	{ PLANE_OPERATOR, "GET", TENANT "/certificates/{serial}", AUTH_READ_GROUP,
	    0, NULL, rest_certificate_get },
	{ PLANE_OPERATOR, "POST", TENANT "/certificates/{serial}/replay",
	    AUTH_AUDIT, HTTP_BODY_EVIDENCE_MAX, JSON,
	    rest_certificate_replay },
	{ PLANE_OPERATOR, "POST", TENANT "/certificates/{serial}/revoke",
	    AUTH_OWN_GROUP, HTTP_BODY_JSON_MAX, JSON, rest_certificate_revoke },
};

const struct route_table rest_claim_routes = { routes, COUNT_OF(routes) };
