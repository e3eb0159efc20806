/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/ca.h"
#include "authority/role.h"
#include "authority/tenant.h"
#include "authority/tenant_delete.h"
#include "authority/token.h"
#include "base/base.h"
#include "base/text.h"
#include "server/http.h"
#include "server/rest_ca.h"
#include "server/rest_group.h"
#include "server/rest_id.h"
#include "server/rest_json.h"
#include "server/rest_proposal.h"

/* --- tenants ----------------------------------------------------------- */

static json_t *
tenant_json(const struct db_tenant *t)
{
	json_t *object = json_object();

	rest_set_text(object, "name", t->name);
	rest_set_text(object, "title", t->title);
	rest_set_text(object, "algorithm", t->algorithm);
	rest_set_time(object, "created_at", t->created_s);
	rest_set_time(object, "deleted_at", t->deleted_s);
	return object;
}

/* One tenant comes with its CAs; in lists they would be most of the bytes. */
static struct err
reply_tenant(struct ctx *cx, const struct authority *a,
    const struct db_tenant *row, struct http_reply *reply)
{
	struct tenant tenant = { .id = row->id };
	struct page page = { 0, PAGE_LIMIT_MAX };
	struct db_ca *cas;
	json_t *object;
	int64_t next;
	size_t n;

	TRY(ca_list(cx, a, &tenant, page, &cas, &n, &next));
	object = tenant_json(row);
	rest_set(object, "cas", rest_cas_json(cx, a, cas, n));
	http_add_revision(cx, reply, row->revision);
	http_reply_json(cx, reply, 200, object);
	return OK;
}

static struct err
say_tenant(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const void *made,
    struct http_reply *reply)
{
	const struct tenant_made *m = made;
	json_t *object = tenant_json(&m->row);

	(void)request;
	rest_set(object, "cas", rest_cas_json(cx, a, m->cas,
	    COUNT_OF(m->cas)));
	http_reply_json(cx, reply, 201, object);
	return OK;
}

static struct err
tenants_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	struct tenant_spec spec = {
		.name = json_get_name(&in, "name", JSON_REQUIRED),
		.title = json_get_text(&in, "title", JSON_OPTIONAL,
		    TENANT_TITLE_MAX),
		.algorithm = json_get_text(&in, "algorithm", JSON_OPTIONAL,
		    REST_ALGORITHM_MAX),
		.key_store = json_get_text(&in, "key_store", JSON_OPTIONAL,
		    TEXT_NAME_MAX),
		.edge = json_get_bool(&in, "edge", false),
	};
	struct tenant_made made;

	(void)reply;
	TRY(json_in_done(&in));
	http_will_say(cx, a, request, say_tenant, &made);
	TRY(tenant_make(cx, a, request->principal, &spec, &made));
	return http_say(cx, request);
}

static struct err
tenants_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct db_tenant *tenants;
	struct page page;
	json_t *items;
	int64_t next;
	size_t n;

	TRY(http_query_page(cx, request, &page));
	TRY(tenant_list(cx, a, request->principal, page, &tenants, &n,
	    &next));
	items = json_array();
	for (size_t i = 0; i < n; i++)
		ASSERT(json_array_append_new(items,
		    tenant_json(&tenants[i])) == 0);
	http_reply_list(cx, reply, items, next);
	return OK;
}

static struct err
one_tenant_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct db_tenant found;

	TRY(tenant_get(cx, a, request->tenant, &found));
	return reply_tenant(cx, a, &found, reply);
}

static struct err
say_deleted(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const void *made,
    struct http_reply *reply)
{
	(void)a;
	(void)request;
	http_reply_json(cx, reply, 200, tenant_json(made));
	return OK;
}

static struct err
one_tenant_delete(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct proposal_spec spec = {
		.kind = PROPOSAL_TENANT_DELETION,
		.subject = request->tenant->name,
	};
	struct db_tenant deleted;

	(void)reply;
	if (proposal_is_needed(a, PROPOSAL_TENANT_DELETION)) {
		spec.params = json_pack("{s:s}", "tenant",
		    request->tenant->name);
		return rest_proposal_make(cx, a, request, NULL, &spec);
	}
	http_will_say(cx, a, request, say_deleted, &deleted);
	TRY(tenant_delete(cx, a, request->tenant, request->principal,
	    &deleted));
	return http_say(cx, request);
}

/* --- tokens: of the tenant in the path, or of the platform ------------- */

static json_t *
token_json(const struct db_token *t, const char *text)
{
	json_t *object = json_object();

	rest_set(object, "id", rest_id_json(t->id));
	rest_set_text(object, "name", t->name);
	rest_set_text(object, "role", t->role);
	rest_set_text(object, "group", t->group);
	rest_set_text(object, "person", t->person);
	rest_set_text(object, "certificate", t->certificate);
	rest_set_text(object, "token", text);
	rest_set_time(object, "created_at", t->created_s);
	rest_set_time(object, "rotated_at", t->rotated_s);
	rest_set_time(object, "expires_at", t->expires_s);
	rest_set_time(object, "last_used_at", t->last_used_s);
	rest_set_time(object, "revoked_at", t->revoked_s);
	return object;
}

static enum role
read_role(struct json_in *in, enum json_need need)
{
	const char *text = json_get_text(in, "role", need,
	    ROLE_NAME_MAX);
	enum role role = ROLE_ADMIN;

	if (text != NULL && !role_find(text, &role))
		json_refuse(in, "role", "there is no such role");
	return role;
}

struct token_made { struct db_token row; const char *text; };

static struct err
say_token(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const void *made,
    struct http_reply *reply)
{
	const struct token_made *m = made;

	(void)a;
	(void)request;
	http_reply_json(cx, reply, 201, token_json(&m->row, m->text));
	return OK;
}

static struct err
tokens_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	struct token_spec spec = {
		.name = json_get_name(&in, "name", JSON_REQUIRED),
		.role = read_role(&in, request->tenant == NULL ?
		    JSON_OPTIONAL : JSON_REQUIRED),
		.expires_s = json_get_time(&in, "expires_at", 0),
		.group = json_get_name(&in, "group", JSON_OPTIONAL),
		.person = json_get_text(&in, "person", JSON_OPTIONAL,
		    ROLE_PERSON_MAX),
		.certificate = json_get_text(&in, "certificate",
		    JSON_OPTIONAL, TOKEN_CERTIFICATE_MAX),
	};
	struct token_made made;

	(void)reply;
	TRY(json_in_done(&in));
	/* The CAs are the platform's, and one certificate is one's. */
	if (spec.certificate != NULL &&
	    !role_may(request->principal->role, RIGHT_ADMIN))
		return FAIL_TELL(cx, ERR_AUTH_FORBIDDEN,
		    "certificate: for administrators of the platform");
	http_will_say(cx, a, request, say_token, &made);
	TRY(token_create(cx, a, request->tenant, request->principal, &spec,
	    &made.row, &made.text));
	return http_say(cx, request);
}

static struct err
tokens_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct db_token *tokens;
	struct page page;
	json_t *items;
	int64_t next;
	size_t n;

	TRY(http_query_page(cx, request, &page));
	TRY(token_list(cx, a, request->tenant, page, &tokens, &n, &next));
	items = json_array();
	for (size_t i = 0; i < n; i++)
		ASSERT(json_array_append_new(items,
		    token_json(&tokens[i], NULL)) == 0);
	http_reply_list(cx, reply, items, next);
	return OK;
}

static struct err
say_rotated(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const void *made,
    struct http_reply *reply)
{
	TRY(say_token(cx, a, request, made, reply));
	reply->status = 200;
	return OK;
}

static struct err
token_rotate_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	struct token_rotation what = {
		.overlap_s = json_get_int(&in, "overlap_s", 0,
		    TOKEN_OVERLAP_MAX_S, 0),
		.expires_s = json_get_time(&in, "expires_at", -1),
	};
	struct token_made made;

	(void)reply;
	TRY(json_in_done(&in));
	TRY(rest_id_read(cx, request, &what.id));
	http_will_say(cx, a, request, say_rotated, &made);
	TRY(token_rotate(cx, a, request->tenant, request->principal, &what,
	    &made.row, &made.text));
	return http_say(cx, request);
}

static struct err
token_delete(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	int64_t id;

	TRY(rest_id_read(cx, request, &id));
	TRY(token_revoke(cx, a, request->tenant, request->principal, id));
	http_reply_empty(reply, 204);
	return OK;
}

#define TENANT	"/v1/tenants/{tenant}"
#define JSON	"application/json"

static const struct route routes[] = {
	{ PLANE_OPERATOR, "POST", "/v1/tenants", AUTH_ADMIN,
	    HTTP_BODY_JSON_MAX, JSON, tenants_post },
	{ PLANE_OPERATOR, "GET", "/v1/tenants", AUTH_READ,
	    0, NULL, tenants_get },
	{ PLANE_OPERATOR, "GET", TENANT, AUTH_READ,
	    0, NULL, one_tenant_get },
	{ PLANE_OPERATOR, "DELETE", TENANT, AUTH_ADMIN,
	    0, NULL, one_tenant_delete },
	{ PLANE_OPERATOR, "POST", TENANT "/tokens", AUTH_OWN,
	    HTTP_BODY_JSON_MAX, JSON, tokens_post },
	{ PLANE_OPERATOR, "GET", TENANT "/tokens", AUTH_AUDIT,
	    0, NULL, tokens_get },
	{ PLANE_OPERATOR, "DELETE", TENANT "/tokens/{id}", AUTH_OWN,
	    0, NULL, token_delete },
	{ PLANE_OPERATOR, "POST", TENANT "/tokens/{id}/rotate", AUTH_OWN,
	    HTTP_BODY_JSON_MAX, JSON, token_rotate_post },
	{ PLANE_OPERATOR, "POST", "/v1/tokens/{id}/rotate", AUTH_ADMIN,
	    HTTP_BODY_JSON_MAX, JSON, token_rotate_post },
	{ PLANE_OPERATOR, "POST", "/v1/tokens", AUTH_ADMIN,
	    HTTP_BODY_JSON_MAX, JSON, tokens_post },
	{ PLANE_OPERATOR, "GET", "/v1/tokens", AUTH_PLATFORM_AUDIT,
	    0, NULL, tokens_get },
	{ PLANE_OPERATOR, "DELETE", "/v1/tokens/{id}", AUTH_ADMIN,
	    0, NULL, token_delete },
	{ PLANE_OPERATOR, "POST", TENANT "/groups", AUTH_WRITE,
	    HTTP_BODY_JSON_MAX, JSON, rest_group_post },
	{ PLANE_OPERATOR, "GET", TENANT "/groups", AUTH_READ_GROUP,
	    0, NULL, rest_group_list },
	{ PLANE_OPERATOR, "GET", TENANT "/groups/{group}", AUTH_READ_GROUP,
	    0, NULL, rest_group_get },
	{ PLANE_OPERATOR, "PATCH", TENANT "/groups/{group}", AUTH_WRITE_GROUP,
	    HTTP_BODY_JSON_MAX, JSON, rest_group_patch },
	{ PLANE_OPERATOR, "GET", TENANT "/groups/{group}/policy", AUTH_READ_GROUP,
	    0, NULL, rest_group_policy_get },
	{ PLANE_OPERATOR, "PUT", TENANT "/groups/{group}/policy", AUTH_WRITE_GROUP,
	    HTTP_BODY_JSON_MAX, JSON, rest_group_policy_put },
	{ PLANE_OPERATOR, "POST", TENANT "/groups/{group}/policy/learn",
	    AUTH_WRITE_GROUP, HTTP_BODY_JSON_MAX, JSON, rest_group_policy_learn },
};

const struct route_table rest_tenant_routes = { routes, COUNT_OF(routes) };
