/* SPDX-License-Identifier: Apache-2.0 */
/* The devices' door: challenges, activation, enrolment, what we know of you. */
#include "authority/activation.h"
#include "authority/consent.h"
#include "authority/device.h"
#include "authority/enroll.h"
#include "authority/nonce.h"
#include "authority/ownership.h"
#include "base/base.h"
#include "codec/base64.h"
#include "pki/csr.h"
#include "pki/pem.h"
#include "server/http.h"
#include "server/rest_device_admin.h"
#include "server/rest_json.h"
#include "server/rest_report.h"

#define PUBLIC_KEY_MAX	1024u	/* SubjectPublicKeyInfo, DER */

static struct err
post_challenge(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	uint8_t nonce[NONCE_SIZE];
	int64_t expires_s;

	if (request->json != NULL) {
		struct json_in in = json_in(cx, request->json, "");

		TRY(json_in_done(&in));
	}
	nonce_make(cx, a, nonce, &expires_s);
	http_reply_json(cx, reply, 201, json_pack("{s:s, s:s, s:s}",
	    "nonce", text_hex(cx->arena, SLICE_OF(nonce)),
	    "expires_at", text_time_dup(cx->arena, expires_s),
	    "server_time", text_time_dup(cx->arena, ctx_now(cx))));
	return OK;
}

static struct err
post_activation(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	struct activation_request req;
	struct activation_challenge made;

	in.code = ERR_EV_MALFORMED;
	ek_read(&in, &req.ek);
	req.ak_public = json_get_bytes(&in, "ak_public", JSON_REQUIRED,
	    TPM_PUBLIC_MAX);
	TRY(json_in_done(&in));
	TRY(activation_begin(cx, a, &req, &made));
	http_reply_json(cx, reply, 201, json_pack("{s:s, s:s, s:s, s:s}",
	    "credential_blob", base64url(cx->arena, made.credential_blob),
	    "encrypted_secret", base64url(cx->arena, made.encrypted_secret),
	    "token", made.token,
	    "expires_at", text_time_dup(cx->arena, made.expires_s)));
	return OK;
}

static json_t *
attestation_json(struct ctx *cx, const struct enrollment *e)
{
	const struct attestation_row *row = &e->attested;
	json_t *claims = json_loads(row->claims, 0, NULL), *ear = NULL;

	ASSERT(claims != NULL);
	if (e->ear != NULL) {
		ear = json_loads(e->ear, 0, NULL);
		ASSERT(ear != NULL);
	}
	return json_pack("{s:s, s:s, s:s, s:I, s:o, s:o*}",
	    "at", text_time_dup(cx->arena, row->at_s),
	    "verdict", row->verdict, "format", row->format,
	    "policy_version", (json_int_t)row->policy_version,
	    "claims", claims, "ear", ear);
}

/* The issuer, what is between, the root. */
static const char *
chain_text(struct ctx *cx, const struct enrollment *e)
{
	const char *text = pem_text(cx->arena, PEM_CERTIFICATE, e->issuer);

	for (size_t i = 0; i < e->n_between; i++)
		text = arena_printf(cx->arena, "%s%s", text,
		    pem_text(cx->arena, PEM_CERTIFICATE, e->between[i]));
	return arena_printf(cx->arena, "%s%s", text,
	    pem_text(cx->arena, PEM_CERTIFICATE, e->root));
}

static json_t *
enrollment_json(struct ctx *cx, const struct enrollment *e)
{
	const char *chain = chain_text(cx, e);
	const char *leaf = pem_text(cx->arena, PEM_CERTIFICATE,
	    e->certificate);

	return json_pack("{s:s, s:s*, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s,"
	    " s:s, s:s, s:o}",
	    "device_id", e->device_id, "hardware_id", e->hardware_id,
	    "tenant", e->tenant, "group", e->group,
	    "serial", text_hex(cx->arena, e->serial),
	    "certificate", leaf,
	    "chain", chain,
	    "not_before", text_time_dup(cx->arena, e->not_before_s),
	    "not_after", text_time_dup(cx->arena, e->not_after_s),
	    "renew_after", text_time_dup(cx->arena, e->renew_after_s),
	    "renew_before", text_time_dup(cx->arena, e->renew_before_s),
	    "server_time", text_time_dup(cx->arena, ctx_now(cx)),
	    "attestation", attestation_json(cx, e));
}

static struct err
post_enrollment(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	struct enroll_request req = { .client = request->device,
	    .evidence_pointer = "/evidence" };
	struct enrollment made;

	req.evidence = json_get(&in, "evidence", JSON_OPTIONAL);
	req.nonce = json_get_hex(&in, "nonce", req.evidence == NULL ?
	    JSON_OPTIONAL : JSON_REQUIRED, NONCE_SIZE);
	req.csr = json_get_bytes(&in, "csr", JSON_REQUIRED, CSR_MAX);
	req.device_time_s = json_get_time(&in, "device_time", 0);
	TRY(json_in_done(&in));
	TRY(enroll(cx, a, &req, &made));
	http_reply_json(cx, reply, 201, enrollment_json(cx, &made));
	return OK;
}

static json_t *
offer_json(const struct transfer_row *t)
{
	json_t *object = json_object();

	rest_set_text(object, "to", t->to_name);
	rest_set_text(object, "state", db_transfer_state_name(t->state));
	rest_set(object, "require_evidence", json_boolean(t->needs_evidence));
	rest_set_time(object, "expires_at", t->expires_s);
	return object;
}

static struct err
post_ownership(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	struct ownership_request asked = { .evidence_pointer = "/evidence" };
	struct ownership o;
	json_t *object;

	asked.evidence = json_get(&in, "evidence", JSON_REQUIRED);
	asked.nonce = json_get_hex(&in, "nonce", JSON_REQUIRED, NONCE_SIZE);
	asked.spki = json_get_bytes(&in, "public_key", JSON_REQUIRED,
	    PUBLIC_KEY_MAX);
	TRY(json_in_done(&in));
	TRY(ownership_ask(cx, a, &asked, &o));
	object = json_object();
	rest_set_text(object, "device_id", o.device_id);
	rest_set_text(object, "hardware_id", o.hardware_id);
	rest_set(object, "claimed", json_boolean(o.claimed));
	rest_set_text(object, "tenant", o.tenant);
	if (o.tenant_title != NULL && o.tenant_title[0] != '\0')
		rest_set_text(object, "tenant_title", o.tenant_title);
	rest_set_text(object, "group", o.group);
	rest_set_time(object, "claimed_at", o.claimed_s);
	if (o.claimed)
		rest_set(object, "banned", json_boolean(o.banned));
	rest_set_text(object, "ban_reason", o.ban_reason);
	if (o.offered)
		rest_set(object, "offer", offer_json(&o.transfer));
	rest_set_time(object, "server_time", ctx_now(cx));
	http_reply_json(cx, reply, 200, object);
	return OK;
}

static struct err
post_consent(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	struct consent_request r = { .evidence_pointer = "/evidence" };
	struct consent given;

	r.tenant = json_get_name(&in, "tenant", JSON_REQUIRED);
	r.audience = json_get_text(&in, "audience", JSON_REQUIRED,
	    CONSENT_AUDIENCE_MAX);
	r.evidence = json_get(&in, "evidence", JSON_REQUIRED);
	r.nonce = json_get_hex(&in, "nonce", JSON_REQUIRED, NONCE_SIZE);
	r.spki = json_get_bytes(&in, "public_key", JSON_REQUIRED,
	    PUBLIC_KEY_MAX);
	TRY(json_in_done(&in));
	TRY(consent_give(cx, a, &r, &given));
	http_reply_json(cx, reply, 201, json_pack(
	    "{s:s, s:s, s:s, s:s, s:s, s:s}", "consent", given.text,
	    "device_id", given.device_id, "hardware_id", given.hardware_id,
	    "tenant", r.tenant,
	    "expires_at", text_time_dup(cx->arena, given.expires_s),
	    "server_time", text_time_dup(cx->arena, ctx_now(cx))));
	return OK;
}

static struct err
get_self(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	const struct client_device *client = request->device;
	struct device_view view;
	json_t *json;

	TRY(device_get(cx, a, &client->tenant, client->device_id, &view));
	TRY(rest_device_json(cx, &client->tenant, &view, &json));
	rest_set_time(json, "server_time", ctx_now(cx));
	http_reply_json(cx, reply, 200, json);
	return OK;
}

static const struct route routes[] = {
	{ PLANE_DEVICE, "POST", "/v1/challenges", AUTH_NONE,
	    HTTP_BODY_JSON_MAX, "application/json", post_challenge },
	{ PLANE_DEVICE, "POST", "/v1/tpm/activations", AUTH_NONE,
	    HTTP_BODY_JSON_MAX, "application/json", post_activation },
	{ PLANE_DEVICE, "POST", "/v1/enrollments", AUTH_CLIENT_MAYBE,
	    HTTP_BODY_EVIDENCE_MAX, "application/json", post_enrollment },
	{ PLANE_DEVICE, "POST", "/v1/ownership", AUTH_NONE,
	    HTTP_BODY_EVIDENCE_MAX, "application/json", post_ownership },
	{ PLANE_DEVICE, "POST", "/v1/claim-consents", AUTH_NONE,
	    HTTP_BODY_EVIDENCE_MAX, "application/json", post_consent },
	{ PLANE_DEVICE, "POST", "/v1/error-reports", AUTH_CLIENT,
	    REST_REPORT_BODY_MAX, "application/json", rest_error_report_post },
	{ PLANE_DEVICE, "GET", "/v1/self", AUTH_CLIENT, 0, NULL, get_self },
};

const struct route_table rest_device_routes = { routes, COUNT_OF(routes) };
