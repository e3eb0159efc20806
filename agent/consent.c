/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/consent.h"

#include <curl/curl.h>
#include <sodium.h>

#include "base/base.h"
#include "base/text.h"

struct err
consent_audience(struct ctx *cx, const char *url, const char **out)
{
	CURLU *parsed = curl_url();
	char *host = NULL;
	size_t n;

	ASSERT(parsed != NULL);
	if (url != NULL && curl_url_set(parsed, CURLUPART_URL, url, 0) ==
	    CURLUE_OK)
		(void)curl_url_get(parsed, CURLUPART_HOST, &host, 0);
	curl_url_cleanup(parsed);
	if (host == NULL || host[0] == '\0') {
		curl_free(host);
		return FAIL(cx, ERR_CONFIG, "server names no host");
	}
	n = strlen(host);
	*out = host[0] == '[' ? arena_strndup(cx->arena, host + 1, n - 2) :
	    arena_strndup(cx->arena, host, n);
	curl_free(host);
	return OK;
}

struct slice
consent_hash(struct ctx *cx, const char *audience, const char *tenant,
    struct slice nonce)
{
	static const char tag[] = "daapki-claim-consent-1";
	uint8_t *out = arena_alloc(cx->arena, crypto_hash_sha512_BYTES);
	struct buf b = buf_in(cx->arena, 1024);

	/* The NULs are hashed. */
	put_bytes(&b, SLICE(tag, sizeof(tag)));
	put_bytes(&b, SLICE(audience, strlen(audience) + 1));
	put_bytes(&b, SLICE(tenant, strlen(tenant) + 1));
	put_bytes(&b, nonce);
	ASSERT(!b.bad);
	(void)crypto_hash_sha512(out, b.p, b.n);
	return SLICE(out, crypto_hash_sha512_BYTES);
}

struct err
consent_statement(struct ctx *cx, const char *url, const char *tenant,
    struct slice nonce, json_t *body, struct slice *out)
{
	const char *audience;

	if (!text_is_name(tenant))
		return FAIL(cx, ERR_PARAMETER, "%s is not a tenant's name",
		    tenant);
	TRY(consent_audience(cx, url, &audience));
	if (strlen(audience) > 255)
		return FAIL(cx, ERR_CONFIG, "server names too long a host");
	ASSERT(json_object_set_new(body, "audience",
	    json_string(audience)) == 0 &&
	    json_object_set_new(body, "tenant", json_string(tenant)) == 0);
	*out = consent_hash(cx, audience, tenant, nonce);
	return OK;
}
