/* SPDX-License-Identifier: Apache-2.0 */
/* Devices that go from tenant to tenant; each side is shown what is its own. */
#include "attest/attest.h"
#include "authority/transfer.h"
#include "base/base.h"
#include "server/http.h"
#include "server/rest_json.h"

/* What both sides may see, then what only one may. */
static json_t *
transfer_json(const struct tenant *tenant, const struct transfer_row *t)
{
	bool giver = t->tenant_id == tenant->id;
	json_t *object = json_object();

	rest_set_text(object, "id", t->handle);
	rest_set_text(object, "direction", giver ? "out" : "in");
	rest_set_text(object, "device_id", t->device_id);
	rest_set_text(object, "from", t->from_name);
	rest_set_text(object, "to", t->to_name);
	rest_set_text(object, "state", db_transfer_state_name(t->state));
	rest_set(object, "require_evidence", json_boolean(t->needs_evidence));
	rest_set_text(object, "reason", t->reason);
	rest_set_time(object, "offered_at", t->offered_s);
	rest_set_time(object, "expires_at", t->expires_s);
	rest_set(object, "undo_s", json_integer(t->undo_s));
	rest_set_time(object, "accepted_at", t->accepted_s);
	rest_set_time(object, "done_at", t->done_s);
	if (t->done_s != 0)
		rest_set_time(object, "undo_until", t->done_s + t->undo_s);
	rest_set_time(object, "ended_at", t->ended_s);
	if (giver) {
		rest_set_text(object, "offered_by", t->offered_by);
		if (t->state != TRANSFER_REJECTED)
			rest_set_text(object, "ended_by", t->ended_by);
		return object;
	}
	rest_set_text(object, "group", t->group);
	rest_set_text(object, "accepted_by", t->accepted_by);
	if (t->state == TRANSFER_REJECTED)
		rest_set_text(object, "ended_by", t->ended_by);
	rest_set_text(object, "refusal", t->refusal);
	rest_set_time(object, "refused_at", t->refusal_s);
	return object;
}

static struct err
say_transfer(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const void *made,
    struct http_reply *reply)
{
	(void)a;
	http_reply_json(cx, reply, 200, transfer_json(request->tenant, made));
	return OK;
}

static struct err
say_offered(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const void *made,
    struct http_reply *reply)
{
	TRY(say_transfer(cx, a, request, made, reply));
	reply->status = 201;
	return OK;
}

static struct err
transfer_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	struct transfer_offer offer = {
		.device_id = json_get_text(&in, "device_id", JSON_REQUIRED,
		    DEVICE_ID_SIZE - 1),
		.to = json_get_name(&in, "to", JSON_REQUIRED),
		.reason = json_get_text(&in, "reason", JSON_OPTIONAL,
		    TRANSFER_REASON_MAX),
		.needs_evidence = json_get_bool(&in, "require_evidence",
		    false),
		.expires_s = json_get_time(&in, "expires_at", 0),
	};
	struct transfer_row made;

	(void)reply;
	TRY(json_in_done(&in));
	http_will_say(cx, a, request, say_offered, &made);
	TRY(transfer_make(cx, a, request->tenant, request->principal, &offer,
	    &made));
	return http_say(cx, request);
}

static struct err
transfer_show(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct transfer_row row;

	TRY(transfer_get(cx, a, request->tenant, request->params[1], &row));
	http_reply_json(cx, reply, 200, transfer_json(request->tenant, &row));
	return OK;
}

static struct err
read_direction(struct ctx *cx, const struct http_request *request, bool *out)
{
	const char *text = http_query(request, "direction");

	if (text == NULL || strcmp(text, "in") == 0)
		*out = true;
	else if (strcmp(text, "out") == 0)
		*out = false;
	else
		return FAIL_TELL(cx, ERR_PARAMETER, "direction: in or out");
	return OK;
}

static struct err
transfers_list(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct transfer_filter filter = {
		.state = http_query(request, "state"),
	};
	struct transfer_row *rows;
	struct page page;
	json_t *items;
	size_t n;

	TRY(http_query_page(cx, request, &page));
	TRY(read_direction(cx, request, &filter.incoming));
	filter.after = page.after;
	filter.limit = page.limit;
	TRY(transfer_list(cx, a, request->tenant, &filter, &rows, &n));
	items = json_array();
	for (size_t i = 0; i < n; i++)
		ASSERT(json_array_append_new(items,
		    transfer_json(request->tenant, &rows[i])) == 0);
	http_reply_list(cx, reply, items,
	    n < page.limit ? 0 : rows[n - 1].id);
	return OK;
}

static struct err
take_step(struct ctx *cx, const struct authority *a,
    const struct http_request *request, enum transfer_step step,
    struct http_reply *reply)
{
	const char *group = NULL;
	struct transfer_row row;

	if (request->json != NULL) {
		struct json_in in = json_in(cx, request->json, "");

		if (step == TRANSFER_ACCEPT)
			group = json_get_name(&in, "group", JSON_OPTIONAL);
		TRY(json_in_done(&in));
	}
	(void)reply;
	http_will_say(cx, a, request, say_transfer, &row);
	TRY(transfer_take_step(cx, a, request->tenant, request->principal,
	    step, request->params[1], group, &row));
	return http_say(cx, request);
}

static struct err
transfer_accept(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	return take_step(cx, a, request, TRANSFER_ACCEPT, reply);
}

static struct err
transfer_reject(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	return take_step(cx, a, request, TRANSFER_REJECT, reply);
}

static struct err
transfer_cancel(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	return take_step(cx, a, request, TRANSFER_CANCEL, reply);
}

static struct err
transfer_undo(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	return take_step(cx, a, request, TRANSFER_UNDO, reply);
}

#define TRANSFERS	"/v1/tenants/{tenant}/transfers"
#define JSON		"application/json"

static const struct route routes[] = {
	{ PLANE_OPERATOR, "POST", TRANSFERS, AUTH_OWN,
	    HTTP_BODY_JSON_MAX, JSON, transfer_post },
	{ PLANE_OPERATOR, "GET", TRANSFERS, AUTH_READ,
	    0, NULL, transfers_list },
	{ PLANE_OPERATOR, "GET", TRANSFERS "/{transfer}", AUTH_READ,
	    0, NULL, transfer_show },
	{ PLANE_OPERATOR, "POST", TRANSFERS "/{transfer}/accept", AUTH_WRITE,
	    HTTP_BODY_JSON_MAX, JSON, transfer_accept },
	{ PLANE_OPERATOR, "POST", TRANSFERS "/{transfer}/reject", AUTH_WRITE,
	    HTTP_BODY_JSON_MAX, JSON, transfer_reject },
	{ PLANE_OPERATOR, "POST", TRANSFERS "/{transfer}/cancel", AUTH_OWN,
	    HTTP_BODY_JSON_MAX, JSON, transfer_cancel },
	{ PLANE_OPERATOR, "POST", TRANSFERS "/{transfer}/undo", AUTH_OWN,
	    HTTP_BODY_JSON_MAX, JSON, transfer_undo },
};

const struct route_table rest_transfer_routes = { routes, COUNT_OF(routes) };
