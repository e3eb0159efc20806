/* SPDX-License-Identifier: Apache-2.0 */
/* OCSP over HTTP (RFC 6960, A): every answer is 200, also one that refuses. */
#include "authority/responder.h"
#include "base/base.h"
#include "base/text.h"
#include "server/http.h"

#define TYPE		"application/ocsp-response"
#define PATH		"/ocsp/{ca}"

/* What a failure is in OCSP; a row that is not here is internalError. */
static const struct { enum err_code code; enum ocsp_error status; }
    statuses[] = {
	{ ERR_MALFORMED, OCSP_ERROR_MALFORMED },
	{ ERR_NOT_FOUND, OCSP_ERROR_UNAUTHORIZED },	/* RFC 5019, 2.2.3 */
	{ ERR_SIGNER_GONE, OCSP_ERROR_TRY_LATER },
	{ ERR_HSM_GONE, OCSP_ERROR_TRY_LATER },
	{ ERR_BUSY, OCSP_ERROR_TRY_LATER },
};

static enum ocsp_error
status_of(struct err e)
{
	for (size_t i = 0; i < COUNT_OF(statuses); i++)
		if (statuses[i].code == e.code)
			return statuses[i].status;
	return OCSP_ERROR_INTERNAL;
}

static void
refuse(struct ctx *cx, struct err e, struct http_reply *reply)
{
	enum ocsp_error status = status_of(e);

	if (status == OCSP_ERROR_INTERNAL || status == OCSP_ERROR_TRY_LATER)
		log_put(cx->log, LOG_LEVEL_ERROR, "ocsp.failed",
		    "id", cx->request_id, "code", err_dotted(e),
		    "note", cx->trail->note, NULL);
	reply->body = ocsp_error_der(status);
	http_add_header(reply, "Cache-Control", "no-store");
}

static struct err
ask(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const struct ocsp_request *ocsp,
    struct responder_answer *out, bool *out_later)
{
	uint8_t key_id[ISSUER_KEY_ID_SIZE];
	const struct issuer *issuer = NULL;

	if (text_unhex(request->params[0], key_id, sizeof(key_id)))
		issuer = issuers_by_key_id(a, key_id);
	if (issuer == NULL)
		return FAIL(cx, ERR_NOT_FOUND, "no CA with that key id");
	if (!request->at_once)
		return responder_ask(cx, a, issuer, ocsp, out);
	*out_later = !responder_kept(cx, a, issuer, ocsp, out);
	return OK;
}

/* RFC 5019, 6.2 and draft-ietf-lamps-rfc5019bis: what caches may do. */
static void
give(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const struct responder_answer *answer,
    struct http_reply *reply)
{
	int64_t left_s = answer->next_s - ctx_now(cx) - 1;
	struct http_freshness fresh = {
		.etag = answer->etag, .modified_s = answer->this_s,
		.expires_s = answer->next_s, .age_s = a->limits.cache_age_s,
	};

	reply->body = answer->der;
	if (!answer->is_kept) {
		http_add_header(reply, "Cache-Control", "no-store");
		return;
	}
	if (fresh.age_s > left_s)
		fresh.age_s = left_s < 0 ? 0 : left_s;
	/* The headers keep a pointer to it. */
	fresh.etag = arena_strdup(cx->arena, answer->etag);
	http_reply_cached(cx, request, reply, &fresh);
}

static void
answer(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct err parsed,
    const struct ocsp_request *ocsp, struct http_reply *reply)
{
	struct responder_answer answer;
	struct err e = parsed;
	bool later = false;

	reply->status = 200;
	reply->content_type = TYPE;
	if (!failed(e))
		e = ask(cx, a, request, ocsp, &answer, &later);
	if (failed(e))
		refuse(cx, e, reply);
	else if (later)
		http_reply_later(reply);
	else
		give(cx, a, request, &answer, reply);
}

static struct err
ocsp_post(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct ocsp_request ocsp = { .n = 0 };
	struct err e = ocsp_request_parse(cx, request->body, &ocsp);

	answer(cx, a, request, e, &ocsp, reply);
	return OK;
}

/*
 * What clients make of base64 in a path: '+' that was taken for a space, a
 * slash too many before it, no padding.  A request begins with 0x30, so its
 * base64 with 'M', never with a slash.
 */
static const char *
repaired(struct ctx *cx, const char *text)
{
	static const char *const padding[] = { "", "", "==", "=" };
	size_t n;
	char *copy;

	text += strspn(text, "/");
	n = strlen(text);
	copy = arena_printf(cx->arena, "%s%s", text, padding[n % 4]);
	for (char *p = copy; *p != '\0'; p++)
		if (*p == ' ')
			*p = '+';
	return copy;
}

static struct err
ocsp_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	struct ocsp_request ocsp = { .n = 0 };
	struct err e = ocsp_request_parse_base64(cx,
	    repaired(cx, request->params[1]), &ocsp);

	answer(cx, a, request, e, &ocsp, reply);
	return OK;
}

static const struct route routes[] = {
	{ PLANE_STATUS, "POST", PATH, AUTH_NONE_AT_ONCE,
	    OCSP_REQUEST_MAX, "application/ocsp-request", ocsp_post },
	{ PLANE_STATUS, "GET", PATH "/{request*}", AUTH_NONE_AT_ONCE, 0,
	    NULL, ocsp_get },
};

const struct route_table ocsp_routes = { routes, COUNT_OF(routes) };
