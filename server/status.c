/* SPDX-License-Identifier: Apache-2.0 */
/* What anyone may have without a credential: CRLs, CA certificates, health.
 * All of it from memory, so that a flood here does not reach the database. */
#include "authority/issuers.h"
#include "authority/signer.h"
#include "base/base.h"
#include "base/text.h"
#include "server/http.h"

#define RETRY_AFTER_S	1	/* a CRL is made within a second */

static struct err
find_issuer(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const struct issuer **out)
{
	uint8_t key_id[ISSUER_KEY_ID_SIZE];

	*out = NULL;
	if (text_unhex(request->params[0], key_id, sizeof(key_id)))
		*out = issuers_by_key_id(a, key_id);
	if (*out == NULL)
		return FAIL(cx, ERR_NOT_FOUND, "no CA with that key id");
	return OK;
}

/* A revocation must be seen at once, so caches have to ask each time. */
static struct err
crl_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	const struct issuer *issuer;
	int64_t this_s, next_s;
	uint64_t number;
	struct slice crl;

	TRY(find_issuer(cx, a, request, &issuer));
	if (!issuers_crl(cx, a, issuer, &crl, &number, &this_s, &next_s)) {
		cx->trail->retry_after_s = RETRY_AFTER_S;
		return FAIL(cx, ERR_BUSY, "no CRL yet");
	}
	reply->status = 200;
	reply->content_type = "application/pkix-crl";	/* RFC 2585, 4.2 */
	reply->body = crl;
	http_add_header(reply, "Cache-Control", "no-cache");
	http_add_header(reply, "ETag", arena_printf(cx->arena, "\"%llu\"",
	    (unsigned long long)number));
	return OK;
}

static struct err
certificate_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	const struct issuer *issuer;

	TRY(find_issuer(cx, a, request, &issuer));
	reply->status = 200;
	reply->content_type = "application/pkix-cert";	/* RFC 2585, 4.1 */
	reply->body = issuer->certificate;
	http_add_header(reply, "Cache-Control", "public, max-age=86400");
	return OK;
}

static struct err
healthz_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	(void)a;
	(void)request;
	http_reply_json(cx, reply, 200, json_pack("{s:s}", "status", "ok"));
	return OK;
}

/* Ready: what enrolment needs beside this process is there. */
static struct err
readyz_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	(void)request;
	if (!signer_is_up(a->signer))
		return FAIL(cx, ERR_SIGNER_GONE, "no connection");
	http_reply_json(cx, reply, 200,
	    json_pack("{s:s}", "status", "ready"));
	return OK;
}

static const struct route routes[] = {
	{ PLANE_STATUS, "GET", "/crl/{ca}.crl", AUTH_NONE, 0, NULL, crl_get },
	{ PLANE_STATUS, "GET", "/ca/{ca}.cer", AUTH_NONE,
	    0, NULL, certificate_get },
	{ PLANE_STATUS, "GET", "/healthz", AUTH_NONE, 0, NULL, healthz_get },
	{ PLANE_STATUS, "GET", "/readyz", AUTH_NONE, 0, NULL, readyz_get },
};

const struct route_table status_routes = { routes, COUNT_OF(routes) };
