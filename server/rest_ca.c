/* SPDX-License-Identifier: Apache-2.0 */
#include "server/rest_ca.h"

#include "authority/bundle.h"
#include "authority/certificate.h"
#include "authority/life.h"
#include "authority/own_root.h"
#include "authority/proof.h"
#include "base/base.h"
#include "base/text.h"
#include "pki/pem.h"
#include "server/http.h"
#include "server/rest_device_admin.h"
#include "server/rest_json.h"
#include "server/rest_proposal.h"

/* --- showing ----------------------------------------------------------- */

static void
set_certificate(struct ctx *cx, const struct authority *a, json_t *object,
    const struct db_ca *ca)
{
	if (ca->csr.n > 0)
		rest_set_text(object, "csr", pem_text(cx->arena, PEM_CSR,
		    ca->csr));
	if (ca->certificate.n == 0)
		return;
	rest_set_text(object, "subject", ca_subject(cx, ca));
	rest_set_time(object, "not_before", ca->not_before_s);
	rest_set_time(object, "not_after", ca->not_after_s);
	rest_set_text(object, "certificate", pem_text(cx->arena,
	    PEM_CERTIFICATE, ca->certificate));
	rest_set_text(object, "crl_url", ca_crl_url(cx, a, ca->key_id.p));
	rest_set_text(object, "ca_url", ca_url(cx, a, ca->key_id.p));
}

static void
set_calendar(const struct authority *a, json_t *object,
    const struct db_ca *ca)
{
	json_t *calendar = json_object();

	rest_set_time(calendar, "staged_at", ca->staged_s);
	rest_set_time(calendar, "activate_at", ca->activate_s);
	rest_set_time(calendar, "activated_at", ca->activated_s);
	rest_set_time(calendar, "retire_at", ca->retire_s);
	rest_set_time(calendar, "retired_at", ca->retired_s);
	rest_set_time(calendar, "tainted_at", ca->tainted_s);
	rest_set_time(calendar, "revoked_at", ca->revoked_s);
	if (strcmp(ca->state, "active") == 0)
		rest_set_time(calendar, "successor_due_at", life_due(a, ca));
	rest_set(object, "calendar", calendar);
}

static json_t *
ca_json(struct ctx *cx, const struct authority *a, const struct db_ca *ca)
{
	json_t *object = json_object();

	rest_set_hex(cx, object, "id", ca->key_id);
	rest_set_text(object, "role", ca->role);
	rest_set_text(object, "state", ca->state);
	rest_set_text(object, "algorithm", ca->algorithm);
	rest_set_text(object, "key_store", ca_key_store(cx, ca));
	rest_set_text(object, "root", ca->own_root ? "own" : "service");
	if (strcmp(ca->role, "issuing") == 0 && ca->certificate.n > 0)
		rest_set(object, "edge", json_boolean(ca_may_edge(cx,
		    ca->certificate)));
	set_certificate(cx, a, object, ca);
	set_calendar(a, object, ca);
	if (ca->revoked_s != 0)
		rest_set_text(object, "revoke_reason",
		    life_reason_word(ca->revoke_reason));
	return object;
}

json_t *
rest_cas_json(struct ctx *cx, const struct authority *a,
    const struct db_ca *cas, size_t n)
{
	json_t *items = json_array();

	for (size_t i = 0; i < n; i++)
		ASSERT(json_array_append_new(items,
		    ca_json(cx, a, &cas[i])) == 0);
	return items;
}

static struct err
cas_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct page page;
	struct db_ca *cas;
	int64_t next;
	size_t n;

	TRY(http_query_page(cx, request, &page));
	TRY(ca_list(cx, a, request->tenant, page, &cas, &n, &next));
	http_reply_list(cx, reply, rest_cas_json(cx, a, cas, n), next);
	return OK;
}

static struct err
one_ca_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct db_ca ca;

	TRY(ca_get(cx, a, request->tenant, request->params[1], &ca));
	http_add_revision(cx, reply, ca.revision);
	http_reply_json(cx, reply, 200, ca_json(cx, a, &ca));
	return OK;
}

/* Who has to renew before it is revoked. */
static struct err
ca_certificates_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct certificate_filter filter = { .revoked = -1 };
	struct certificate_row *rows;
	struct page page;
	struct db_ca ca;
	int unexpired;
	int64_t next;
	size_t n;

	TRY(http_query_page(cx, request, &page));
	TRY(rest_query_flag(cx, request, "revoked", &filter.revoked));
	TRY(rest_query_flag(cx, request, "unexpired", &unexpired));
	TRY(ca_get(cx, a, request->tenant, request->params[1], &ca));
	filter.ca_id = ca.id;
	filter.since_s = unexpired == 1 ? ctx_now(cx) : 0;
	filter.after = page.after;
	filter.limit = page.limit;
	TRY(certificate_list(cx, a, request->tenant, &filter, &rows, &n,
	    &next));
	http_reply_list(cx, reply, rest_certificates_json(cx, rows, n), next);
	return OK;
}

/* --- the life ------------------------------------------------------------ */

static enum ca_role
read_role(struct json_in *in)
{
	const char *text = json_get_text(in, "role", JSON_REQUIRED, 16);
	enum ca_role role = CA_ROLE_ISSUING;

	if (text != NULL && !ca_role_find(text, &role))
		json_refuse(in, "role", "must be issuing or root");
	return role;
}

static bool
read_own_root(struct json_in *in)
{
	const char *text = json_get_text(in, "root", JSON_OPTIONAL, 16);

	if (text != NULL && strcmp(text, "own") != 0 &&
	    strcmp(text, "service") != 0)
		json_refuse(in, "root", "must be own or service");
	return text != NULL && strcmp(text, "own") == 0;
}

/* Absent: as the active one. */
static enum life_edge
read_edge(struct json_in *in, const json_t *body)
{
	bool edge = json_get_bool(in, "edge", false);

	if (json_object_get(body, "edge") == NULL)
		return LIFE_EDGE_AS_BEFORE;
	return edge ? LIFE_EDGE_YES : LIFE_EDGE_NO;
}

static struct err
say_staged(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const void *made,
    struct http_reply *reply)
{
	(void)request;
	http_reply_json(cx, reply, 201, ca_json(cx, a, made));
	return OK;
}

static struct err
say_changed(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const void *made,
    struct http_reply *reply)
{
	const struct db_ca *ca = made;

	(void)request;
	http_add_revision(cx, reply, ca->revision);
	http_reply_json(cx, reply, 200, ca_json(cx, a, ca));
	return OK;
}

static struct err
cas_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	struct life_plan plan = {
		.role = read_role(&in),
		.algorithm = json_get_text(&in, "algorithm", JSON_OPTIONAL,
		    REST_ALGORITHM_MAX),
		.activate_s = json_get_time(&in, "activate_at", 0),
		.retire_s = json_get_time(&in, "retire_at", 0),
		.own_root = read_own_root(&in),
		.key_store = json_get_text(&in, "key_store", JSON_OPTIONAL,
		    TEXT_NAME_MAX),
		.edge = read_edge(&in, request->json),
	};
	struct db_ca made;

	(void)reply;
	TRY(json_in_done(&in));
	http_will_say(cx, a, request, say_staged, &made);
	TRY(life_stage(cx, a, request->tenant, request->principal, &plan,
	    &made));
	return http_say(cx, request);
}

/* Absent leaves a plan as it is; null takes it back. */
static int64_t
read_plan(struct json_in *in, const json_t *body, const char *name)
{
	int64_t at_s = json_get_time(in, name, LIFE_AS_IT_IS);

	return json_is_null(json_object_get(body, name)) ? 0 : at_s;
}

static struct err
ca_patch(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	struct life_calendar calendar = {
		.activate_s = read_plan(&in, request->json, "activate_at"),
		.retire_s = read_plan(&in, request->json, "retire_at"),
	};
	struct db_ca changed;

	TRY(json_in_done(&in));
	TRY(http_if_match(cx, request, &calendar.revision));
	TRY(life_schedule(cx, a, request->tenant, request->principal,
	    request->params[1], &calendar, &changed));
	http_add_revision(cx, reply, changed.revision);
	http_reply_json(cx, reply, 200, ca_json(cx, a, &changed));
	return OK;
}

static struct err
step(struct ctx *cx, const struct authority *a,
    const struct http_request *request, life_fn *fn, int reason)
{
	struct life_step what = { request->params[1], reason, REVISION_ANY };
	struct db_ca changed;

	TRY(http_if_match(cx, request, &what.revision));
	http_will_say(cx, a, request, say_changed, &changed);
	TRY(fn(cx, a, request->tenant, request->principal, &what, &changed));
	return http_say(cx, request);
}

/* A step that takes nothing: no body, or an empty object. */
static struct err
bare_step(struct ctx *cx, const struct authority *a,
    const struct http_request *request, life_fn *fn)
{
	if (request->json != NULL) {
		struct json_in in = json_in(cx, request->json, "");

		TRY(json_in_done(&in));
	}
	return step(cx, a, request, fn, 0);
}

static struct err
activate_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	(void)reply;
	return bare_step(cx, a, request, life_activate);
}

static struct err
retire_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	(void)reply;
	return bare_step(cx, a, request, life_retire);
}

static struct err
taint_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	(void)reply;
	return bare_step(cx, a, request, life_taint);
}

static struct err
propose_revocation(struct ctx *cx, const struct authority *a,
    const struct http_request *request, int reason)
{
	struct proposal_spec spec = {
		.kind = PROPOSAL_CA_REVOCATION, .subject = request->params[1],
	};
	struct db_ca ca;

	TRY(ca_get(cx, a, request->tenant, request->params[1], &ca));
	spec.params = json_pack("{s:s,s:i}", "ca", request->params[1],
	    "reason", reason);
	return rest_proposal_make(cx, a, request, request->tenant, &spec);
}

static struct err
revoke_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	const char *word = json_get_text(&in, "reason", JSON_OPTIONAL, 32);
	int reason = 0;

	(void)reply;
	if (word != NULL && !life_reason_find(word, &reason))
		json_refuse(&in, "reason", "not one that fits a CA");
	TRY(json_in_done(&in));
	if (proposal_is_needed(a, PROPOSAL_CA_REVOCATION))
		return propose_revocation(cx, a, request, reason);
	return step(cx, a, request, life_revoke, reason);
}

static struct err
certificate_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	const json_t *text = json_get(&in, "certificate", JSON_REQUIRED);
	struct slice chain[WIRE_CHAIN_MAX + 1];
	struct db_ca adopted;
	struct err e;
	size_t n;

	(void)reply;
	if (text != NULL && !json_is_string(text))
		json_refuse(&in, "certificate", "must be a string");
	TRY(json_in_done(&in));
	e = pem_parse_all(cx, PEM_CERTIFICATE,
	    slice_text(json_string_value(text)), chain, COUNT_OF(chain), &n);
	if (e.code == ERR_MALFORMED)
		return FAIL_AT(cx, ERR_FIELD, "/certificate", "certificate: "
		    "is not 2 to %zu PEM certificates", COUNT_OF(chain));
	TRY(e);
	http_will_say(cx, a, request, say_changed, &adopted);
	TRY(own_root_adopt(cx, a, request->tenant, request->principal,
	    request->params[1], chain, n, &adopted));
	return http_say(cx, request);
}

static struct err
say_proof(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const void *made,
    struct http_reply *reply)
{
	const struct slice *der = made;

	(void)a;
	(void)request;
	http_reply_json(cx, reply, 201, json_pack("{s:s}", "certificate",
	    pem_text(cx->arena, PEM_CERTIFICATE, *der)));
	return OK;
}

static struct err
proof_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	const char *nonce = json_get_text(&in, "nonce", JSON_REQUIRED,
	    WIRE_PROOF_NONCE_MAX);
	struct slice der;

	(void)reply;
	TRY(json_in_done(&in));
	http_will_say(cx, a, request, say_proof, &der);
	TRY(proof_make(cx, a, request->tenant, request->principal,
	    request->params[1], nonce, &der));
	return http_say(cx, request);
}

/* --- bundles --------------------------------------------------------------- */

static struct err
format_of(struct ctx *cx, const struct http_request *request,
    enum bundle_format *out)
{
	const char *word = http_query(request, "format");

	if (word == NULL)
		*out = bundle_format_accepted(request->accept);
	else if (!bundle_format_find(word, out))
		return FAIL_TELL(cx, ERR_PARAMETER,
		    "format: pem, der, pkcs7, jwks or spiffe");
	return OK;
}

static void
reply_bundle(struct http_reply *reply, const struct bundle *bundle)
{
	reply->status = 200;
	reply->content_type = bundle->media_type;
	reply->body = bundle->bytes;
}

static struct err
bundle_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	const char *chain = http_query(request, "chain");
	enum bundle_format format;
	struct bundle bundle;

	if (chain != NULL && strcmp(chain, "0") != 0 &&
	    strcmp(chain, "1") != 0)
		return FAIL_TELL(cx, ERR_PARAMETER, "chain: 0 or 1");
	TRY(format_of(cx, request, &format));
	TRY(bundle_of_tenant(cx, a, request->tenant, format,
	    chain != NULL && chain[0] == '1', &bundle));
	reply_bundle(reply, &bundle);
	return OK;
}

static struct err
chain_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	enum bundle_format format;
	struct bundle bundle;

	TRY(format_of(cx, request, &format));
	TRY(bundle_of_ca(cx, a, request->tenant, request->params[1], format,
	    &bundle));
	reply_bundle(reply, &bundle);
	return OK;
}

#define CAS	"/v1/tenants/{tenant}/cas"
#define CA	"/v1/tenants/{tenant}/cas/{ca}"
#define JSON	"application/json"

static const struct route routes[] = {
	{ PLANE_OPERATOR, "GET", CAS, AUTH_READ, 0, NULL, cas_get },
	{ PLANE_OPERATOR, "POST", CAS, AUTH_OWN,
	    HTTP_BODY_JSON_MAX, JSON, cas_post },
	{ PLANE_OPERATOR, "GET", CA, AUTH_READ, 0, NULL, one_ca_get },
	{ PLANE_OPERATOR, "PATCH", CA, AUTH_OWN,
	    HTTP_BODY_JSON_MAX, JSON, ca_patch },
	{ PLANE_OPERATOR, "GET", CA "/certificates", AUTH_READ,
	    0, NULL, ca_certificates_get },
	{ PLANE_OPERATOR, "GET", CA "/chain", AUTH_READ,
	    0, NULL, chain_get },
	{ PLANE_OPERATOR, "POST", CA "/activate", AUTH_OWN,
	    HTTP_BODY_JSON_MAX, JSON, activate_post },
	{ PLANE_OPERATOR, "POST", CA "/retire", AUTH_OWN,
	    HTTP_BODY_JSON_MAX, JSON, retire_post },
	{ PLANE_OPERATOR, "POST", CA "/taint", AUTH_OWN,
	    HTTP_BODY_JSON_MAX, JSON, taint_post },
	{ PLANE_OPERATOR, "POST", CA "/revoke", AUTH_OWN,
	    HTTP_BODY_JSON_MAX, JSON, revoke_post },
	{ PLANE_OPERATOR, "POST", CA "/certificate", AUTH_OWN,
	    HTTP_BODY_JSON_MAX, JSON, certificate_post },
	{ PLANE_OPERATOR, "POST", CA "/proof", AUTH_OWN,
	    HTTP_BODY_JSON_MAX, JSON, proof_post },
	{ PLANE_OPERATOR, "GET", "/v1/tenants/{tenant}/bundle", AUTH_READ,
	    0, NULL, bundle_get },
};

const struct route_table rest_ca_routes = { routes, COUNT_OF(routes) };
