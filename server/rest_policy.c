/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a group's policies: drafts, dry runs, what was in force when. */
#include "authority/dry_run.h"
#include "authority/policies.h"
#include "authority/reference.h"
#include "base/base.h"
#include "base/text.h"
#include "server/http.h"
#include "server/rest_json.h"

/* Of the text alone, which stays; and as attestation results of now name it,
 * with the sets of reference values as they are. */
static struct err
set_hashes(struct ctx *cx, const struct authority *a,
    const struct http_request *request, json_t *object, const char *document)
{
	uint8_t sha256[32];

	reference_hash(document, NULL, sha256);
	rest_set_hex(cx, object, "document_sha256", SLICE_OF(sha256));
	TRY(reference_digest_now(cx, a, request->tenant->id, document,
	    sha256));
	rest_set_hex(cx, object, "policy_sha256", SLICE_OF(sha256));
	return OK;
}

/* --- versions ------------------------------------------------------------- */

static struct err
version_json(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const struct db_policy *p,
    bool with_document, json_t **out)
{
	json_t *object = json_keep(cx, json_object());

	rest_set(object, "version", json_integer(p->version));
	TRY(set_hashes(cx, a, request, object, p->document));
	if (with_document)
		TRY(rest_set_json(cx, object, "policy", p->document));
	rest_set_time(object, "created_at", p->created_s);
	rest_set_text(object, "created_by", p->created_by);
	*out = json_incref(object);
	return OK;
}

static struct err
versions_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	json_t *items = json_keep(cx, json_array()), *item;
	struct db_policy *rows;
	struct page page;
	int64_t next;
	size_t n;

	TRY(http_query_page(cx, request, &page));
	TRY(policies_versions(cx, a, request->tenant, request->params[1],
	    page, &rows, &n, &next));
	for (size_t i = 0; i < n; i++) {
		TRY(version_json(cx, a, request, &rows[i], false, &item));
		ASSERT(json_array_append_new(items, item) == 0);
	}
	http_reply_list(cx, reply, json_incref(items), next);
	return OK;
}

static struct err
version_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct db_policy row;
	uint64_t version;
	json_t *object;

	if (!text_parse_uint(request->params[2], INT64_MAX, &version))
		return FAIL(cx, ERR_NOT_FOUND, "not a version");
	TRY(policies_version(cx, a, request->tenant, request->params[1],
	    (int64_t)version, &row));
	TRY(version_json(cx, a, request, &row, true, &object));
	http_reply_json(cx, reply, 200, object);
	return OK;
}

static json_t *
activation_json(struct ctx *cx, const struct db_policy_activation *a)
{
	json_t *object = json_object();

	rest_set_text(object, "id", arena_printf(cx->arena, "%lld",
	    (long long)a->id));
	rest_set(object, "version", json_integer(a->version));
	if (a->from_version != 0)
		rest_set(object, "from_version",
		    json_integer(a->from_version));
	rest_set_time(object, "activated_at", a->at_s);
	rest_set_text(object, "activated_by", a->actor);
	rest_set_text(object, "reason", a->reason);
	rest_set_time(object, "grace_until", a->grace_until_s);
	return object;
}

static struct err
activations_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct db_policy_activation *rows;
	struct page page;
	json_t *items;
	int64_t next;
	size_t n;

	TRY(http_query_page(cx, request, &page));
	TRY(policies_activations(cx, a, request->tenant, request->params[1],
	    page, &rows, &n, &next));
	items = json_array();
	for (size_t i = 0; i < n; i++)
		ASSERT(json_array_append_new(items,
		    activation_json(cx, &rows[i])) == 0);
	http_reply_list(cx, reply, items, next);
	return OK;
}

/* --- the draft -------------------------------------------------------------- */

static struct err
reply_draft(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const struct db_policy_draft *d,
    struct http_reply *reply)
{
	json_t *object = json_keep(cx, json_object());

	rest_set(object, "revision", json_integer(d->revision));
	TRY(set_hashes(cx, a, request, object, d->document));
	TRY(rest_set_json(cx, object, "policy", d->document));
	rest_set(object, "base_version", json_integer(d->base_version));
	rest_set_time(object, "changed_at", d->changed_s);
	rest_set_text(object, "changed_by", d->changed_by);
	http_add_revision(cx, reply, d->revision);
	http_reply_json(cx, reply, 200, json_incref(object));
	return OK;
}

static struct err
draft_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct db_policy_draft draft;

	TRY(policies_draft(cx, a, request->tenant, request->params[1],
	    &draft));
	return reply_draft(cx, a, request, &draft, reply);
}

static struct err
draft_put(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct db_policy_draft draft;
	struct policy policy;
	int64_t revision;

	TRY(http_if_match(cx, request, &revision));
	TRY(policy_read(cx, request->json, "", &policy));
	TRY(policies_draft_put(cx, a, request->tenant, request->principal,
	    request->params[1], &policy, revision, &draft));
	return reply_draft(cx, a, request, &draft, reply);
}

static struct err
draft_delete(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	int64_t revision;

	TRY(http_if_match(cx, request, &revision));
	TRY(policies_draft_drop(cx, a, request->tenant, request->principal,
	    request->params[1], revision));
	http_reply_empty(reply, 204);
	return OK;
}

/* --- putting in force --------------------------------------------------------- */

static struct err
say_activation(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const void *made,
    struct http_reply *reply)
{
	(void)a;
	(void)request;
	http_reply_json(cx, reply, 200, activation_json(cx, made));
	return OK;
}

static struct err
activate_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	struct activation_spec spec = {
		.version = json_get_int(&in, "version", 1, INT64_MAX, 0),
		.draft = json_get_int(&in, "draft", 1, INT64_MAX, 0),
		.grace_s = json_get_int(&in, "grace_s", 0,
		    POLICIES_GRACE_MAX_S, 0),
		.reason = json_get_text(&in, "reason", JSON_OPTIONAL,
		    POLICIES_REASON_MAX),
	};
	struct db_policy_activation made;

	(void)reply;
	if ((spec.version == 0) == (spec.draft == 0))
		json_refuse(&in, "version", "say either a version or the "
		    "revision of the draft");
	TRY(json_in_done(&in));
	TRY(http_if_match(cx, request, &spec.from_version));
	if (spec.reason == NULL)
		spec.reason = "";
	http_will_say(cx, a, request, say_activation, &made);
	TRY(policies_activate(cx, a, request->tenant, request->principal,
	    request->params[1], &spec, &made));
	return http_say(cx, request);
}

/* --- dry runs --------------------------------------------------------------- */

static void
set_why(json_t *object, enum dry_run_outcome outcome, const char *code,
    const char *claim)
{
	rest_set_text(object, "outcome", dry_run_outcome_name(outcome));
	rest_set_text(object, "code", code);
	rest_set_text(object, "claim", claim);
}

static json_t *
reasons_json(const struct dry_run *run)
{
	json_t *array = json_array();

	for (size_t i = 0; i < run->n_reasons; i++) {
		const struct dry_run_reason *r = &run->reasons[i];
		json_t *object = json_object(), *first = json_array();

		set_why(object, r->outcome, r->code, r->claim);
		rest_set(object, "devices", json_integer((json_int_t)r->n));
		for (size_t k = 0; k < r->n && k < DRY_RUN_FIRST; k++)
			ASSERT(json_array_append_new(first,
			    json_string(r->first[k])) == 0);
		rest_set(object, "first", first);
		ASSERT(json_array_append_new(array, object) == 0);
	}
	return array;
}

static json_t *
items_json(const struct dry_run *run)
{
	json_t *array = json_array();

	for (size_t i = 0; i < run->n_items; i++) {
		const struct dry_run_item *item = &run->items[i];
		json_t *object = json_object();

		rest_set_text(object, "device_id", item->device_id);
		set_why(object, item->outcome, item->code, item->claim);
		rest_set_text(object, "detail", item->detail);
		rest_set_time(object, "attested_at", item->attested_s);
		if (item->attested_s != 0)
			rest_set(object, "refused",
			    json_boolean(item->refused));
		ASSERT(json_array_append_new(array, object) == 0);
	}
	return array;
}

static json_t *
run_json(struct ctx *cx, const struct dry_run *run)
{
	json_t *object = json_object(), *counts = json_object();

	rest_set_time(object, "at", run->at_s);
	rest_set(object, "in_force", json_integer(run->in_force));
	if (run->version != 0)
		rest_set(object, "version", json_integer(run->version));
	if (run->revision != 0)
		rest_set(object, "draft", json_integer(run->revision));
	rest_set_hex(cx, object, "policy_sha256",
	    SLICE_OF(run->policy_sha256));
	rest_set(object, "devices", json_integer((json_int_t)run->n_devices));
	for (unsigned i = 0; i < DRY_RUN_OUTCOMES; i++)
		rest_set(counts, dry_run_outcome_name(i),
		    json_integer((json_int_t)run->counts[i]));
	rest_set(object, "counts", counts);
	rest_set(object, "reasons", reasons_json(run));
	rest_set(object, "items", items_json(run));
	if (run->next != 0)
		rest_set_text(object, "next", arena_printf(cx->arena, "%lld",
		    (long long)run->next));
	return object;
}

/* A page is a thousand devices unless fewer are asked for: most are not in it,
 * as they pass. */
static struct err
dry_run_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	const json_t *document = json_get(&in, "policy", JSON_OPTIONAL);
	struct dry_run_spec spec = {
		.version = json_get_int(&in, "version", 1, INT64_MAX, 0),
	};
	struct policy policy;
	struct dry_run run;
	struct page page;

	if (document != NULL && spec.version != 0)
		json_refuse(&in, "version", "say either a version or a policy");
	TRY(json_in_done(&in));
	TRY(http_query_page(cx, request, &page));
	if (http_query(request, "limit") == NULL)
		page.limit = DRY_RUN_PAGE_MAX;
	if (document != NULL) {
		TRY(policy_read(cx, document, "/policy", &policy));
		spec.policy = &policy;
	}
	TRY(dry_run(cx, a, request->tenant, request->params[1], &spec, page,
	    &run));
	http_reply_json(cx, reply, 200, run_json(cx, &run));
	return OK;
}

#define POLICY	"/v1/tenants/{tenant}/groups/{group}/policy"
#define JSON	"application/json"

static const struct route routes[] = {
	{ PLANE_OPERATOR, "GET", POLICY "/versions", AUTH_READ_GROUP,
	    0, NULL, versions_get },
	{ PLANE_OPERATOR, "GET", POLICY "/versions/{version}", AUTH_READ_GROUP,
	    0, NULL, version_get },
	{ PLANE_OPERATOR, "GET", POLICY "/activations", AUTH_READ_GROUP,
	    0, NULL, activations_get },
	{ PLANE_OPERATOR, "GET", POLICY "/draft", AUTH_READ_GROUP,
	    0, NULL, draft_get },
	{ PLANE_OPERATOR, "PUT", POLICY "/draft", AUTH_WRITE_GROUP,
	    HTTP_BODY_JSON_MAX, JSON, draft_put },
	{ PLANE_OPERATOR, "DELETE", POLICY "/draft", AUTH_WRITE_GROUP,
	    0, NULL, draft_delete },
	{ PLANE_OPERATOR, "POST", POLICY "/dry-run", AUTH_WRITE_GROUP,
	    HTTP_BODY_JSON_MAX, JSON, dry_run_post },
	{ PLANE_OPERATOR, "POST", POLICY "/activate", AUTH_WRITE_GROUP,
	    HTTP_BODY_JSON_MAX, JSON, activate_post },
};

const struct route_table rest_policy_routes = { routes, COUNT_OF(routes) };
