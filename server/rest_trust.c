/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/attest.h"
#include "authority/anchor.h"
#include "authority/claim_proof.h"
#include "authority/hardware.h"
#include "base/base.h"
#include "base/text.h"
#include "codec/base64.h"
#include "pki/pem.h"
#include "server/http.h"
#include "server/rest_id.h"
#include "server/rest_json.h"

/* A path without {tenant} speaks of the platform's: request->tenant is NULL. */

/* --- trust anchors ----------------------------------------------------- */

static json_t *
anchor_json(struct ctx *cx, const struct db_anchor *anchor)
{
	json_t *object = json_object();

	rest_set(object, "id", rest_id_json(anchor->id));
	rest_set_text(object, "scheme", anchor->scheme);
	rest_set_text(object, "name", anchor->name);
	rest_set_hex(cx, object, "sha256", anchor->sha256);
	rest_set_text(object, "subject", anchor->subject);
	if (anchor->provenance[0] != '\0')
		rest_set_text(object, "provenance", anchor->provenance);
	rest_set_time(object, "not_after", anchor->not_after_s);
	rest_set_time(object, "created_at", anchor->created_s);
	rest_set_text(object, "created_by", anchor->created_by);
	return object;
}

/* PEM as people have it, or base64url as everything else here. */
static struct slice
read_certificate(struct json_in *in)
{
	const json_t *value = json_get(in, "certificate", JSON_REQUIRED);
	const char *text = json_string_value(value);
	struct slice der;

	if (value == NULL)
		return SLICE_NONE;
	if (text != NULL && strstr(text, "-----BEGIN") != NULL) {
		if (!failed(pem_parse(in->cx, PEM_CERTIFICATE,
		    slice_text(text), &der)))
			return der;
		json_refuse(in, "certificate",
		    "must be exactly one certificate in PEM");
		return SLICE_NONE;
	}
	if (text == NULL || !base64url_parse(in->cx->arena, text,
	    strlen(text), ATTEST_CERT_MAX, &der) || der.n == 0) {
		json_refuse(in, "certificate",
		    "must be PEM, or DER in base64url without padding");
		return SLICE_NONE;
	}
	return der;
}

static struct err
say_anchor(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const void *made,
    struct http_reply *reply)
{
	(void)a;
	(void)request;
	http_reply_json(cx, reply, 201, anchor_json(cx, made));
	return OK;
}

static struct err
anchors_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	struct anchor_spec spec = {
		.scheme = json_get_name(&in, "scheme", JSON_REQUIRED),
		.name = json_get_text(&in, "name", JSON_REQUIRED,
		    ANCHOR_NAME_MAX),
		.certificate = read_certificate(&in),
		.provenance = json_get_text(&in, "provenance", JSON_OPTIONAL,
		    ANCHOR_PROVENANCE_MAX),
	};
	struct db_anchor made;

	(void)reply;
	TRY(json_in_done(&in));
	http_will_say(cx, a, request, say_anchor, &made);
	TRY(anchor_add(cx, a, request->tenant, request->principal, &spec,
	    &made));
	return http_say(cx, request);
}

static struct err
anchors_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct db_anchor *anchors;
	struct page page;
	json_t *items;
	int64_t next;
	size_t n;

	TRY(http_query_page(cx, request, &page));
	TRY(anchor_list(cx, a, request->tenant, page, &anchors, &n, &next));
	items = json_array();
	for (size_t i = 0; i < n; i++)
		ASSERT(json_array_append_new(items,
		    anchor_json(cx, &anchors[i])) == 0);
	http_reply_list(cx, reply, items, next);
	return OK;
}

static struct err
one_anchor_delete(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	int64_t id;

	TRY(rest_id_read(cx, request, &id));
	TRY(anchor_delete(cx, a, request->tenant, request->principal, id));
	http_reply_empty(reply, 204);
	return OK;
}

/* --- hardware inventory ------------------------------------------------ */

static json_t *
hardware_json(const struct db_hardware *h)
{
	json_t *object = json_object();

	rest_set(object, "id", rest_id_json(h->id));
	rest_set_text(object, "hardware_id", h->hardware_id);
	rest_set_text(object, "device_id", h->device_id);
	rest_set_text(object, "note", h->note);
	rest_set_text(object, "model", h->model != NULL && h->model[0] != '\0' ?
	    h->model : NULL);
	rest_set_text(object, "batch", h->batch != NULL && h->batch[0] != '\0' ?
	    h->batch : NULL);
	rest_set_text(object, "manifest", h->manifest != NULL &&
	    h->manifest[0] != '\0' ? h->manifest : NULL);
	if (h->claim_secret.n > 0)
		rest_set(object, "has_claim_secret", json_true());
	rest_set_time(object, "expires_at", h->expires_s);
	rest_set_time(object, "created_at", h->created_s);
	rest_set_text(object, "created_by", h->created_by);
	return object;
}

static struct err
say_hardware(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const void *made,
    struct http_reply *reply)
{
	(void)a;
	(void)request;
	http_reply_json(cx, reply, 201, hardware_json(made));
	return OK;
}

static struct err
hardware_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	struct hardware_spec spec = {
		.hardware_id = json_get_text(&in, "hardware_id",
		    JSON_OPTIONAL, HARDWARE_ID_MAX - 1),
		.ek_public = json_get_bytes(&in, "ek_public", JSON_OPTIONAL,
		    HARDWARE_KEY_MAX),
		.public_key = json_get_bytes(&in, "public_key", JSON_OPTIONAL,
		    HARDWARE_KEY_MAX),
		.note = json_get_text(&in, "note", JSON_OPTIONAL,
		    HARDWARE_NOTE_MAX),
		.expires_s = json_get_time(&in, "expires_at", 0),
		.claim_secret = json_get_text(&in, "claim_secret",
		    JSON_OPTIONAL, CLAIM_SECRET_MAX),
		.model = json_get_text(&in, "model", JSON_OPTIONAL,
		    HARDWARE_WORD_MAX),
		.batch = json_get_text(&in, "batch", JSON_OPTIONAL,
		    HARDWARE_WORD_MAX),
	};
	struct db_hardware made;

	(void)reply;
	TRY(json_in_done(&in));
	http_will_say(cx, a, request, say_hardware, &made);
	TRY(hardware_add(cx, a, request->tenant, request->principal, &spec,
	    &made));
	return http_say(cx, request);
}

static struct err
hardware_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct db_hardware *parts;
	struct page page;
	json_t *items;
	int64_t next;
	size_t n;

	TRY(http_query_page(cx, request, &page));
	TRY(hardware_list(cx, a, request->tenant, page, &parts, &n, &next));
	items = json_array();
	for (size_t i = 0; i < n; i++)
		ASSERT(json_array_append_new(items,
		    hardware_json(&parts[i])) == 0);
	http_reply_list(cx, reply, items, next);
	return OK;
}

static struct err
one_hardware_delete(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	int64_t id;

	TRY(rest_id_read(cx, request, &id));
	TRY(hardware_delete(cx, a, request->tenant, request->principal, id));
	http_reply_empty(reply, 204);
	return OK;
}

#define TENANT	"/v1/tenants/{tenant}"
#define JSON	"application/json"

/* The platform's anchors hold for every tenant, so every operator may see
 * them; its inventory names devices of others. */
static const struct route routes[] = {
	{ PLANE_OPERATOR, "POST", "/v1/anchors", AUTH_ADMIN,
	    HTTP_BODY_JSON_MAX, JSON, anchors_post },
	{ PLANE_OPERATOR, "GET", "/v1/anchors", AUTH_READ,
	    0, NULL, anchors_get },
	{ PLANE_OPERATOR, "DELETE", "/v1/anchors/{id}", AUTH_ADMIN,
	    0, NULL, one_anchor_delete },
	{ PLANE_OPERATOR, "POST", TENANT "/anchors", AUTH_WRITE,
	    HTTP_BODY_JSON_MAX, JSON, anchors_post },
	{ PLANE_OPERATOR, "GET", TENANT "/anchors", AUTH_READ,
	    0, NULL, anchors_get },
	{ PLANE_OPERATOR, "DELETE", TENANT "/anchors/{id}", AUTH_OWN,
	    0, NULL, one_anchor_delete },
	{ PLANE_OPERATOR, "POST", "/v1/hardware", AUTH_ADMIN,
	    HTTP_BODY_JSON_MAX, JSON, hardware_post },
	{ PLANE_OPERATOR, "GET", "/v1/hardware", AUTH_PLATFORM_READ,
	    0, NULL, hardware_get },
	{ PLANE_OPERATOR, "DELETE", "/v1/hardware/{id}", AUTH_ADMIN,
	    0, NULL, one_hardware_delete },
	{ PLANE_OPERATOR, "POST", TENANT "/hardware", AUTH_WRITE,
	    HTTP_BODY_JSON_MAX, JSON, hardware_post },
	{ PLANE_OPERATOR, "GET", TENANT "/hardware", AUTH_READ,
	    0, NULL, hardware_get },
	{ PLANE_OPERATOR, "DELETE", TENANT "/hardware/{id}", AUTH_OWN,
	    0, NULL, one_hardware_delete },
};

const struct route_table rest_trust_routes = { routes, COUNT_OF(routes) };
