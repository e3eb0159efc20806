/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/fetch.h"

#include <curl/curl.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <sodium.h>

#include "base/base.h"
#include "base/text.h"

#define CHAIN_HEADER_MAX	32768u	/* bytes: three certificates escaped */

AUTO_DEFINE(CURL, curl_easy_cleanup);

struct exchange {
	struct ctx	*cx;
	struct buf	 body;
	const char	*issuer_chain;
	CURL		*curl;
};

static size_t
take_body(char *p, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;

	ASSERT(size == 1);
	put_bytes(&x->body, SLICE(p, n));
	return x->body.bad ? 0 : n;
}

/*
 * Intel's services call it TCB-Info-Issuer-Chain, SGX-TCB-Info-Issuer-Chain,
 * SGX-Enclave-Identity-Issuer-Chain, SGX-PCK-CRL-Issuer-Chain.
 */
static size_t
take_header(char *p, size_t size, size_t n, void *arg)
{
	static const char ending[] = "-Issuer-Chain";
	struct exchange *x = arg;
	const char *colon = memchr(p, ':', n);
	size_t n_name = colon == NULL ? 0 : (size_t)(colon - p);
	size_t n_end = sizeof(ending) - 1, n_value;
	char *plain;
	int n_plain;

	ASSERT(size == 1);
	if (n > 5 && strncmp(p, "HTTP/", 5) == 0)
		x->issuer_chain = NULL;	/* an answer after a redirect */
	if (n_name < n_end || n > CHAIN_HEADER_MAX ||
	    strncasecmp(colon - n_end, ending, n_end) != 0)
		return n;
	colon++;
	n_value = n - n_name - 1;
	while (n_value > 0 && (*colon == ' ' || *colon == '\t'))
		colon++, n_value--;
	while (n_value > 0 && (unsigned char)colon[n_value - 1] <= ' ')
		n_value--;
	if (n_value == 0)
		return n;
	plain = curl_easy_unescape(x->curl, colon, (int)n_value, &n_plain);
	if (plain != NULL)
		x->issuer_chain = arena_strndup(x->cx->arena, plain,
		    (size_t)n_plain);
	curl_free(plain);
	return n;
}

static void
set_up(struct exchange *x, const struct fetch_call *call, char *error)
{
	const char *protocols = call->https_only ? "https" : "https,http";
	CURL *curl = x->curl;

	curl_easy_setopt(curl, CURLOPT_URL, call->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocols);
	curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
	/* libcurl would take a header of ours along to wherever it is sent. */
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION,
	    call->api_key == NULL ? 1L : 0L);
	curl_easy_setopt(curl, CURLOPT_MAXREDIRS, FETCH_REDIRECTS_MAX);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION,
	    (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, FETCH_CONNECT_S);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, FETCH_WHOLE_S);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "daactl/" PACKAGE_VERSION);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, x);
	if (call->ca_file == NULL)
		return;
	curl_easy_setopt(curl, CURLOPT_CAINFO, call->ca_file);
	curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
}

static struct err
finish(struct exchange *x, const struct fetch_call *call, CURLcode result,
    const char *error, struct fetch_answer *out)
{
	long status = 0;

	if (x->body.bad)
		return FAIL(x->cx, ERR_HTTP, "%s: longer than %u bytes",
		    call->url, FETCH_MAX);
	if (result != CURLE_OK)
		return FAIL(x->cx, ERR_HTTP, "%s: %s", call->url,
		    error[0] != '\0' ? error : curl_easy_strerror(result));
	curl_easy_getinfo(x->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200)
		return FAIL(x->cx, status == 404 ? ERR_NOT_FOUND : ERR_HTTP,
		    "%s: answered %ld", call->url, status);
	*put_space(&x->body, 1) = 0;
	*out = (struct fetch_answer){
		.body = SLICE(x->body.p, x->body.n - 1),
		.issuer_chain = x->issuer_chain,
	};
	return OK;
}

/* The header's text is a secret, and is wiped wherever it was. */
static struct curl_slist *
key_header(struct ctx *cx, const char *api_key)
{
	char *line = arena_printf(cx->arena, "Ocp-Apim-Subscription-Key: %s",
	    api_key);
	struct curl_slist *list = curl_slist_append(NULL, line);

	ASSERT(list != NULL);
	sodium_memzero(line, strlen(line));
	return list;
}

/* Over plain HTTP, and not to this machine: others could read a key. */
static bool
is_in_the_clear(const char *url)
{
	static const char *const here[] = {
		"http://127.0.0.1", "http://[::1]", "http://localhost",
	};

	if (strncmp(url, "http://", 7) != 0)
		return false;
	for (size_t i = 0; i < COUNT_OF(here); i++) {
		size_t n = strlen(here[i]);

		if (strncmp(url, here[i], n) == 0 &&
		    strchr(":/", url[n]) != NULL)
			return strchr(url, '@') != NULL;
	}
	return true;
}

struct err
fetch(struct ctx *cx, const struct fetch_call *call, struct fetch_answer *out)
{
	struct curl_slist *headers = NULL;
	struct exchange x = {
		.cx = cx, .body = buf_in(cx->arena, FETCH_MAX + 1),
	};
	AUTO(CURL) curl = NULL;
	char error[CURL_ERROR_SIZE] = "";
	CURLcode result;

	if (strncmp(call->url, "https://", 8) != 0 && (call->https_only ||
	    strncmp(call->url, "http://", 7) != 0))
		return FAIL(cx, ERR_PARAMETER, "%s is not an https%s URL",
		    call->url, call->https_only ? "" : " or http");
	if (call->api_key != NULL && is_in_the_clear(call->url))
		return FAIL(cx, ERR_PARAMETER, "%s: a key is not sent over "
		    "plain HTTP", call->url);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return FAIL(cx, ERR_INTERNAL, "libcurl cannot start");
	x.curl = curl = curl_easy_init();
	ASSERT(curl != NULL);
	set_up(&x, call, error);
	if (call->api_key != NULL)
		headers = key_header(cx, call->api_key);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	result = curl_easy_perform(curl);
	if (headers != NULL)
		sodium_memzero(headers->data, strlen(headers->data));
	curl_slist_free_all(headers);
	return finish(&x, call, result, error, out);
}
