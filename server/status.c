/* SPDX-License-Identifier: Apache-2.0 */
/* What anyone may have without a credential: CRLs, CA certificates, health.
 * From memory, so that a flood here does not reach the database; OCSP is in
 * server/ocsp.c. */
#include "authority/crls.h"
#include "authority/signer.h"
#include "base/base.h"
#include "base/text.h"
#include "server/http.h"

#define CA_AGE_S	86400	/* a CA certificate does not change */

static struct err
find_issuer(struct ctx *cx, const struct authority *a,
    const struct http_request *request, const struct issuer **out)
{
	uint8_t key_id[ISSUER_KEY_ID_SIZE];
	const struct issuer *issuer = NULL;

	if (text_unhex(request->params[0], key_id, sizeof(key_id)))
		issuer = issuers_by_key_id(a, key_id);
	if (issuer == NULL)
		return FAIL(cx, ERR_NOT_FOUND, "no CA with that key id");
	*out = issuer;
	return OK;
}

/* Until when a cache need not ask, no longer than the object is good. */
static int64_t
age_of(const struct ctx *cx, const struct authority *a, int64_t next_s)
{
	int64_t left_s = next_s - ctx_now(cx);

	return left_s < 0 ? 0 : left_s < a->limits.cache_age_s ? left_s :
	    a->limits.cache_age_s;
}

static struct err
give_crl(struct ctx *cx, const struct authority *a,
    const struct http_request *request, unsigned shard,
    struct http_reply *reply)
{
	const struct issuer *issuer;
	struct http_freshness fresh;
	struct crl_view crl;

	TRY(find_issuer(cx, a, request, &issuer));
	if (!request->at_once) {
		TRY(crls_get(cx, a, issuer, shard, &crl));
	} else if (!crls_held(cx, a, issuer, shard, &crl)) {
		http_reply_later(reply);
		return OK;
	}
	reply->status = 200;
	reply->content_type = "application/pkix-crl";	/* RFC 2585, 4.2 */
	reply->body = crl.der;
	fresh = (struct http_freshness){
		.etag = arena_printf(cx->arena, "\"%llu\"",
		    (unsigned long long)crl.number),
		.modified_s = crl.this_s, .expires_s = crl.next_s,
		.age_s = age_of(cx, a, crl.next_s),
	};
	http_reply_cached(cx, request, reply, &fresh);
	return OK;
}

static struct err
crl_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	return give_crl(cx, a, request, CRL_COMPLETE, reply);
}

static struct err
shard_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	uint64_t shard;

	if (!text_parse_uint(request->params[1], CRL_SHARDS_MAX, &shard) ||
	    shard == CRL_COMPLETE)
		return FAIL(cx, ERR_NOT_FOUND, "no such shard");
	return give_crl(cx, a, request, (unsigned)shard, reply);
}

static struct err
certificate_get(struct ctx *cx, const struct authority *a,
    const struct http_request *request, struct http_reply *reply)
{
	const struct issuer *issuer;
	struct http_freshness fresh;

	TRY(find_issuer(cx, a, request, &issuer));
	reply->status = 200;
	reply->content_type = "application/pkix-cert";	/* RFC 2585, 4.1 */
	reply->body = issuer->certificate;
	fresh = (struct http_freshness){
		/* The key id in its URL names the one certificate there is. */
		.etag = arena_printf(cx->arena, "\"%s\"",
		    request->params[0]),
		.modified_s = issuer->not_before_s,
		.age_s = CA_AGE_S,
	};
	http_reply_cached(cx, request, reply, &fresh);
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
	{ PLANE_STATUS, "GET", "/crl/{ca}.crl", AUTH_NONE_AT_ONCE,
	    0, NULL, crl_get },
	{ PLANE_STATUS, "GET", "/crl/{ca}/{shard}.crl", AUTH_NONE_AT_ONCE,
	    0, NULL, shard_get },
	{ PLANE_STATUS, "GET", "/ca/{ca}.cer", AUTH_NONE_AT_ONCE,
	    0, NULL, certificate_get },
	{ PLANE_STATUS, "GET", "/healthz", AUTH_NONE_AT_ONCE, 0, NULL,
	    healthz_get },
	{ PLANE_STATUS, "GET", "/readyz", AUTH_NONE_AT_ONCE, 0, NULL,
	    readyz_get },
};

const struct route_table status_routes = { routes, COUNT_OF(routes) };
