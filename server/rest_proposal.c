/* SPDX-License-Identifier: Apache-2.0 */
#include "server/rest_proposal.h"

#include "base/base.h"
#include "server/rest_id.h"
#include "server/rest_json.h"

static struct err
proposal_json(struct ctx *cx, const struct db_proposal *p, json_t **out)
{
	json_t *object = json_keep(cx, json_object());

	rest_set(object, "id", rest_id_json(p->id));
	rest_set_text(object, "kind", p->kind);
	rest_set_text(object, "subject", p->subject);
	rest_set_text(object, "state", p->state);
	TRY(rest_set_json(cx, object, "params", p->params));
	rest_set_text(object, "proposed_by", p->proposed_by);
	rest_set_text(object, "person", p->person);
	rest_set_time(object, "created_at", p->created_s);
	rest_set_time(object, "expires_at", p->expires_s);
	rest_set_text(object, "decided_by", p->decided_by);
	rest_set_time(object, "decided_at", p->decided_s);
	TRY(rest_set_json(cx, object, "outcome", p->outcome));
	*out = json_incref(object);
	return OK;
}

/* --- made by other doors -------------------------------------------------- */

static struct err
say_proposal(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const void *made,
    struct http_reply *reply)
{
	const struct db_proposal *p = made;
	json_t *object;

	(void)a;
	TRY(proposal_json(cx, p, &object));
	http_reply_json(cx, reply, 202, object);
	http_add_header(reply, "Location", p->tenant_id == 0 ?
	    arena_printf(cx->arena, "/v1/proposals/%lld", (long long)p->id) :
	    arena_printf(cx->arena, "/v1/tenants/%s/proposals/%lld",
	    request->tenant->name, (long long)p->id));
	return OK;
}

struct err
rest_proposal_make(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const struct tenant *tenant,
    const struct proposal_spec *spec)
{
	struct db_proposal made;

	http_will_say(cx, a, request, say_proposal, &made);
	TRY(proposal_make(cx, a, tenant, request->principal, spec, &made));
	return http_say(cx, request);
}

/* --- of the tenant in the path, or of the platform ------------------------ */

static struct err
reply_one(struct ctx *cx, const struct db_proposal *p,
    struct http_reply *reply)
{
	json_t *object;

	TRY(proposal_json(cx, p, &object));
	http_reply_json(cx, reply, 200, object);
	return OK;
}

static struct err
all_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	json_t *items = json_keep(cx, json_array()), *item;
	struct db_proposal *rows;
	struct page page;
	int64_t next;
	size_t n;

	TRY(http_query_page(cx, request, &page));
	TRY(proposal_list(cx, a, request->tenant, page, &rows, &n, &next));
	for (size_t i = 0; i < n; i++) {
		TRY(proposal_json(cx, &rows[i], &item));
		ASSERT(json_array_append_new(items, item) == 0);
	}
	http_reply_list(cx, reply, json_incref(items), next);
	return OK;
}

static struct err
one_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct db_proposal row;
	int64_t id;

	TRY(rest_id_read(cx, request, &id));
	TRY(proposal_get(cx, a, request->tenant, id, &row));
	return reply_one(cx, &row, reply);
}

typedef struct err decide_fn(struct ctx *, const struct authority *,
    const struct tenant *, const struct principal *, int64_t id,
    struct db_proposal *out);

static struct err
decide(struct ctx *cx, const struct authority *a,
    const struct http_request *request, decide_fn *fn,
    struct http_reply *reply)
{
	struct db_proposal row;
	int64_t id;

	if (request->json != NULL) {
		struct json_in in = json_in(cx, request->json, "");

		TRY(json_in_done(&in));
	}
	TRY(rest_id_read(cx, request, &id));
	TRY(fn(cx, a, request->tenant, request->principal, id, &row));
	return reply_one(cx, &row, reply);
}

static struct err
approve_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	return decide(cx, a, request, proposal_approve, reply);
}

static struct err
reject_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	return decide(cx, a, request, proposal_reject, reply);
}

#define OF_TENANT	"/v1/tenants/{tenant}/proposals"
#define OF_PLATFORM	"/v1/proposals"
#define JSON		"application/json"

static const struct route routes[] = {
	{ PLANE_OPERATOR, "GET", OF_TENANT, AUTH_READ, 0, NULL, all_get },
	{ PLANE_OPERATOR, "GET", OF_TENANT "/{id}", AUTH_READ,
	    0, NULL, one_get },
	{ PLANE_OPERATOR, "POST", OF_TENANT "/{id}/approve", AUTH_OWN,
	    HTTP_BODY_JSON_MAX, JSON, approve_post },
	{ PLANE_OPERATOR, "POST", OF_TENANT "/{id}/reject", AUTH_OWN,
	    HTTP_BODY_JSON_MAX, JSON, reject_post },
	{ PLANE_OPERATOR, "GET", OF_PLATFORM, AUTH_PLATFORM_READ,
	    0, NULL, all_get },
	{ PLANE_OPERATOR, "GET", OF_PLATFORM "/{id}", AUTH_PLATFORM_READ,
	    0, NULL, one_get },
	{ PLANE_OPERATOR, "POST", OF_PLATFORM "/{id}/approve", AUTH_ADMIN,
	    HTTP_BODY_JSON_MAX, JSON, approve_post },
	{ PLANE_OPERATOR, "POST", OF_PLATFORM "/{id}/reject", AUTH_ADMIN,
	    HTTP_BODY_JSON_MAX, JSON, reject_post },
};

const struct route_table rest_proposal_routes = { routes, COUNT_OF(routes) };
