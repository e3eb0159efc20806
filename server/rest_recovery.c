/* SPDX-License-Identifier: Apache-2.0 */
/* Tenants that nobody looks after any more. */
#include "authority/recovery.h"
#include "base/base.h"
#include "server/http.h"
#include "server/rest_id.h"
#include "server/rest_json.h"
#include "server/rest_proposal.h"

static json_t *
recovery_json(const struct recovery_row *r)
{
	json_t *object = json_object();

	rest_set(object, "id", rest_id_json(r->id));
	rest_set_text(object, "tenant", r->tenant);
	rest_set_text(object, "to", r->to);
	rest_set_text(object, "group", r->group);
	rest_set_text(object, "reason", r->reason);
	rest_set_text(object, "state", db_recovery_state_name(r->state));
	rest_set_time(object, "begun_at", r->begun_s);
	rest_set_text(object, "begun_by", r->begun_by);
	rest_set_time(object, "ready_at", r->ready_s);
	rest_set(object, "moved", json_integer(r->moved));
	rest_set_time(object, "ended_at", r->ended_s);
	rest_set_text(object, "ended_by", r->ended_by);
	return object;
}

static struct err
say_recovery(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const void *made,
    struct http_reply *reply)
{
	(void)a, (void)request;
	http_reply_json(cx, reply, 200, recovery_json(made));
	return OK;
}

static struct err
say_begun(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const void *made,
    struct http_reply *reply)
{
	TRY(say_recovery(cx, a, request, made, reply));
	reply->status = 201;
	return OK;
}

static struct err
recovery_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	struct recovery_spec spec = {
		.tenant = json_get_name(&in, "tenant", JSON_REQUIRED),
		.to = json_get_name(&in, "to", JSON_REQUIRED),
		.group = json_get_name(&in, "group", JSON_OPTIONAL),
		.reason = json_get_text(&in, "reason", JSON_REQUIRED,
		    RECOVERY_REASON_MAX),
	};
	struct recovery_row begun;

	(void)reply;
	TRY(json_in_done(&in));
	if (proposal_is_needed(a, PROPOSAL_TENANT_RECOVERY))
		return rest_proposal_make(cx, a, request, NULL,
		    &(struct proposal_spec){ PROPOSAL_TENANT_RECOVERY,
		    spec.tenant, recovery_params(&spec) });
	http_will_say(cx, a, request, say_begun, &begun);
	TRY(recovery_begin(cx, a, request->principal, &spec, &begun));
	return http_say(cx, request);
}

/* Of the path's tenant, or of all. */
static struct err
recoveries_list(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct recovery_row *rows;
	struct page page;
	json_t *items;
	size_t n;

	TRY(http_query_page(cx, request, &page));
	TRY(recovery_list(cx, a, request->tenant, page, &rows, &n));
	items = json_array();
	for (size_t i = 0; i < n; i++)
		ASSERT(json_array_append_new(items,
		    recovery_json(&rows[i])) == 0);
	http_reply_list(cx, reply, items,
	    n < page.limit ? 0 : rows[n - 1].id);
	return OK;
}

static struct err
recovery_post_object(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct recovery_row row;
	int64_t id;

	(void)reply;
	if (request->json != NULL) {
		struct json_in in = json_in(cx, request->json, "");

		TRY(json_in_done(&in));
	}
	TRY(rest_id_read(cx, request, &id));
	http_will_say(cx, a, request, say_recovery, &row);
	TRY(recovery_object(cx, a, request->tenant, request->principal, id,
	    &row));
	return http_say(cx, request);
}

#define OF_TENANT	"/v1/tenants/{tenant}/recoveries"
#define JSON		"application/json"

static const struct route routes[] = {
	{ PLANE_OPERATOR, "POST", "/v1/recoveries", AUTH_ADMIN,
	    HTTP_BODY_JSON_MAX, JSON, recovery_post },
	{ PLANE_OPERATOR, "GET", "/v1/recoveries", AUTH_ADMIN,
	    0, NULL, recoveries_list },
	{ PLANE_OPERATOR, "GET", OF_TENANT, AUTH_READ,
	    0, NULL, recoveries_list },
	{ PLANE_OPERATOR, "POST", OF_TENANT "/{id}/object", AUTH_OWN,
	    HTTP_BODY_JSON_MAX, JSON, recovery_post_object },
};

const struct route_table rest_recovery_routes = { routes, COUNT_OF(routes) };
