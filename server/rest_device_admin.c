/* SPDX-License-Identifier: Apache-2.0 */
#include "server/rest_device_admin.h"

#include "authority/basis.h"
#include "authority/certificate.h"
#include "authority/refusal.h"
#include "authority/result.h"
#include "authority/scope.h"
#include "base/base.h"
#include "pki/pem.h"
#include "server/rest_json.h"

struct err
rest_query_flag(struct ctx *cx, const struct http_request *request,
    const char *name, int *out)
{
	const char *text = http_query(request, name);

	if (text == NULL)
		*out = -1;
	else if (strcmp(text, "true") == 0)
		*out = 1;
	else if (strcmp(text, "false") == 0)
		*out = 0;
	else
		return FAIL_TELL(cx, ERR_PARAMETER, "%s: true or false", name);
	return OK;
}

/* --- devices --------------------------------------------------------- */

static struct err
set_attestation(struct ctx *cx, json_t *object, const struct device_view *v)
{
	json_t *inner = json_object();

	rest_set(object, "attestation", inner);
	rest_set_time(inner, "at", v->attested_s);
	rest_set_text(inner, "format", v->format);
	rest_set_text(inner, "verdict", v->verdict);
	rest_set(inner, "policy_version", json_integer(v->policy_version));
	rest_set_text(inner, "tcb_status", v->tcb_status);
	return rest_set_json(cx, inner, "claims", v->claims);
}

static void
set_certificate(struct ctx *cx, json_t *object, const struct device_view *v)
{
	json_t *inner = json_object();

	rest_set(object, "certificate", inner);
	rest_set_hex(cx, inner, "serial", v->serial);
	rest_set_time(inner, "not_after", v->not_after_s);
	rest_set_time(inner, "revoked_at", v->revoked_s);
	rest_set(inner, "hardware_key", json_boolean(v->hardware_key));
}

/* The sentence of a code; NULL when this release does not have it. */
static const char *
title_of(const char *code)
{
	struct err e;

	return err_find(code, &e) ? err_title(e) : NULL;
}

static void
set_refusal(json_t *object, const struct device_row *d)
{
	json_t *inner = json_object();

	rest_set(object, "last_refusal", inner);
	rest_set_text(inner, "code", d->last_refusal);
	rest_set_text(inner, "title", title_of(d->last_refusal));
	rest_set_text(inner, "detail", d->last_refusal_detail);
	rest_set_time(inner, "at", d->last_refusal_s);
}

struct err
rest_device_json(struct ctx *cx, const struct tenant *tenant,
    const struct device_view *v, json_t **out)
{
	const struct device_row *d = &v->device;
	json_t *object = json_keep(cx, json_object());

	rest_set_text(object, "device_id", d->device_id);
	rest_set_text(object, "hardware_id", d->hardware_id);
	rest_set_text(object, "tenant", tenant->name);
	rest_set_text(object, "group", v->group);
	rest_set_text(object, "state", db_device_state_name(d->state));
	rest_set_time(object, "claimed_at", d->claimed_s);
	rest_set_time(object, "last_seen_at", d->last_seen_s);
	if (v->issued != 0)
		rest_set(object, "certificates_issued",
		    json_integer(v->issued));
	if (v->clock.told)
		rest_set(object, "clock_ahead_seconds",
		    json_integer(v->clock.ahead_s));
	TRY(rest_set_json(cx, object, "labels", v->labels));
	rest_set_text(object, "ban_reason", d->ban_reason);
	rest_set_time(object, "banned_at", d->banned_s);
	if (d->last_refusal != NULL)
		set_refusal(object, d);
	if (v->attested_s != 0)
		TRY(set_attestation(cx, object, v));
	if (v->serial.n > 0)
		set_certificate(cx, object, v);
	*out = json_incref(object);
	return OK;
}

static struct err
reply_device(struct ctx *cx, const struct http_request *request,
    const struct device_view *v, struct http_reply *reply)
{
	json_t *object;

	TRY(rest_device_json(cx, request->tenant, v, &object));
	http_add_revision(cx, reply, v->device.revision);
	http_reply_json(cx, reply, 200, object);
	return OK;
}

struct err
rest_device_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct device_view view;

	TRY(device_get(cx, a, request->tenant, request->params[1], &view));
	return reply_device(cx, request, &view, reply);
}

struct err
rest_device_patch(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	struct device_change change = { .device_id = request->params[1] };
	struct device_view view;

	change.group = json_get_name(&in, "group", JSON_OPTIONAL);
	change.labels = json_get(&in, "labels", JSON_OPTIONAL);
	TRY(json_in_done(&in));
	if (change.group != NULL)
		TRY(scope_group(cx, request->principal, change.group,
		    &change.group));
	TRY(http_if_match(cx, request, &change.revision));
	TRY(device_update(cx, a, request->tenant, request->principal, &change,
	    &view));
	return reply_device(cx, request, &view, reply);
}

struct err
rest_device_ban(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct device_change change = { .device_id = request->params[1] };
	struct device_view view;

	if (request->json != NULL) {
		struct json_in in = json_in(cx, request->json, "");

		change.reason = json_get_text(&in, "reason", JSON_OPTIONAL,
		    DEVICE_REASON_MAX);
		TRY(json_in_done(&in));
	}
	TRY(http_if_match(cx, request, &change.revision));
	TRY(device_ban(cx, a, request->tenant, request->principal, &change,
	    &view));
	return reply_device(cx, request, &view, reply);
}

struct err
rest_device_unban(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct device_change change = { .device_id = request->params[1] };
	struct device_view view;

	if (request->json != NULL) {
		struct json_in in = json_in(cx, request->json, "");

		TRY(json_in_done(&in));
	}
	TRY(http_if_match(cx, request, &change.revision));
	TRY(device_unban(cx, a, request->tenant, request->principal, &change,
	    &view));
	return reply_device(cx, request, &view, reply);
}

static struct err
refusal_json(struct ctx *cx, const struct refusal_row *r, json_t **out)
{
	json_t *object = json_keep(cx, json_object());

	rest_set_time(object, "at", r->at_s);
	rest_set_text(object, "code", r->code);
	rest_set_text(object, "title", title_of(r->code));
	if (r->detail != NULL && r->detail[0] != '\0')
		rest_set_text(object, "detail", r->detail);
	rest_set_text(object, "format", r->format);
	rest_set_text(object, "group", r->policy_group);
	if (r->policy_version != 0)
		rest_set(object, "policy_version",
		    json_integer(r->policy_version));
	rest_set_text(object, "claim", r->claim);
	TRY(rest_set_json(cx, object, "wanted", r->wanted));
	TRY(rest_set_json(cx, object, "found", r->found));
	*out = json_incref(object);
	return OK;
}

struct err
rest_device_refusals(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	json_t *items = json_keep(cx, json_array()), *item;
	struct refusal_row *rows;
	size_t n;

	TRY(refusal_list(cx, a, request->tenant, request->params[1], &rows,
	    &n));
	for (size_t i = 0; i < n; i++) {
		TRY(refusal_json(cx, &rows[i], &item));
		ASSERT(json_array_append_new(items, item) == 0);
	}
	http_reply_page(cx, reply, json_incref(items), NULL);
	return OK;
}

/* --- attestation results --------------------------------------------- */

#define TYPE_JWT	"application/eat+jwt"	/* RFC 9782 */
#define TYPE_JSON	"application/json"

/* The JWT unless only the other is asked for by name. */
static bool
wants_claims(const struct http_request *request)
{
	return strstr(request->accept, TYPE_JSON) != NULL &&
	    strstr(request->accept, TYPE_JWT) == NULL;
}

struct err
rest_device_result(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	const char *nonce = http_query(request, "nonce"), *claims;
	struct ear ear;

	TRY(result_get(cx, a, request->tenant, request->params[1], nonce,
	    &ear));
	reply->status = 200;
	if (wants_claims(request)) {
		TRY(ear_claims(cx, &ear, &claims));
		reply->content_type = TYPE_JSON;
		reply->body = slice_text(claims);
	} else {
		TRY(result_sign(cx, a, request->tenant, &ear, &reply->body));
		reply->content_type = TYPE_JWT "; eat_profile=\"" EAR_PROFILE
		    "\"";
	}
	return OK;
}

/* --- certificates ---------------------------------------------------- */

static json_t *
basis_json(struct ctx *cx, const struct certificate_basis *b)
{
	json_t *object = json_object();

	rest_set_text(object, "format", b->format);
	rest_set_time(object, "appraised_at", b->appraised_s);
	rest_set_text(object, "verdict", b->verdict);
	rest_set_hex(cx, object, "evidence_sha256", b->evidence_sha256);
	rest_set_text(object, "policy_group", b->policy_group);
	rest_set(object, "policy_version", json_integer(b->policy_version));
	rest_set_hex(cx, object, "policy_sha256", b->policy_sha256);
	rest_set_hex(cx, object, "collateral_sha256", b->collateral_sha256);
	return object;
}

static json_t *
certificate_json(struct ctx *cx, const struct certificate_row *c)
{
	json_t *object = json_object();

	rest_set_hex(cx, object, "serial", c->serial);
	rest_set_text(object, "device_id", c->device_id);
	rest_set_hex(cx, object, "ca", c->ca_key_id);
	rest_set_time(object, "not_before", c->not_before_s);
	rest_set_time(object, "not_after", c->not_after_s);
	rest_set_time(object, "issued_at", c->issued_s);
	rest_set(object, "hardware_key", json_boolean(c->hardware_key));
	if (c->profile != NULL) {
		rest_set_text(object, "profile", c->profile);
		rest_set(object, "profile_version",
		    json_integer(c->profile_version));
	}
	if (c->revoked_s != 0) {
		rest_set_time(object, "revoked_at", c->revoked_s);
		rest_set_text(object, "revoke_reason",
		    certificate_reason_name(c->revoke_reason));
	}
	rest_set(object, "recovered", json_boolean(c->recovered));
	if (c->basis != NULL)
		rest_set(object, "issued_on", basis_json(cx, c->basis));
	if (c->der.n > 0)
		rest_set_text(object, "certificate", pem_text(cx->arena,
		    PEM_CERTIFICATE, c->der));
	return object;
}

json_t *
rest_certificates_json(struct ctx *cx, const struct certificate_row *rows,
    size_t n)
{
	json_t *items = json_array();

	for (size_t i = 0; i < n; i++)
		ASSERT(json_array_append_new(items,
		    certificate_json(cx, &rows[i])) == 0);
	return items;
}

struct err
rest_certificate_list(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct certificate_filter filter = {
		.device_id = http_query(request, "device_id"),
		.group_id = request->principal->group_id,
	};
	struct certificate_row *rows;
	struct page page;
	int64_t next;
	size_t n;

	TRY(scope_list(cx, a, request->principal, filter.device_id));
	TRY(http_query_page(cx, request, &page));
	TRY(rest_query_flag(cx, request, "revoked", &filter.revoked));
	filter.after = page.after;
	filter.limit = page.limit;
	TRY(certificate_list(cx, a, request->tenant, &filter, &rows, &n,
	    &next));
	http_reply_list(cx, reply, rest_certificates_json(cx, rows, n), next);
	return OK;
}

struct err
rest_certificate_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct certificate_row row;

	TRY(certificate_get(cx, a, request->tenant, request->params[1],
	    &row));
	http_reply_json(cx, reply, 200, certificate_json(cx, &row));
	return OK;
}

struct err
rest_certificate_revoke(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct json_in in = json_in(cx, request->json, "");
	struct certificate_change change = { .serial = request->params[1] };
	struct certificate_row row;
	const char *reason;

	reason = json_get_text(&in, "reason", JSON_REQUIRED, 64);
	if (reason != NULL && !certificate_reason_find(reason,
	    &change.reason))
		json_refuse(&in, "reason", "is not a reason for a device");
	TRY(json_in_done(&in));
	TRY(certificate_revoke(cx, a, request->tenant, request->principal,
	    &change, &row));
	http_reply_json(cx, reply, 200, certificate_json(cx, &row));
	return OK;
}

static struct err
replay_json(struct ctx *cx, const char *serial, const struct replay *r,
    json_t **out)
{
	json_t *object = json_keep(cx, json_object());

	rest_set_text(object, "serial", serial);
	rest_set_text(object, "outcome", replay_outcome_name(r->outcome));
	rest_set_text(object, "part", r->part);
	rest_set_text(object, "detail", r->detail);
	rest_set_text(object, "code", r->code);
	if (r->has_basis)
		rest_set(object, "issued_on", basis_json(cx, &r->basis));
	rest_set_text(object, "verdict", r->verdict);
	TRY(rest_set_json(cx, object, "claims", r->claims));
	*out = json_incref(object);
	return OK;
}

struct err
rest_certificate_replay(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	const json_t *evidence = NULL;
	struct replay replay;
	json_t *object;

	if (request->json != NULL) {
		struct json_in in = json_in(cx, request->json, "");

		evidence = json_get(&in, "evidence", JSON_OPTIONAL);
		TRY(json_in_done(&in));
	}
	TRY(basis_replay(cx, a, request->tenant, request->params[1], evidence,
	    &replay));
	TRY(replay_json(cx, request->params[1], &replay, &object));
	http_reply_json(cx, reply, 200, object);
	return OK;
}
