/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/http.h"

#include <signal.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "agent/tls.h"
#include "base/base.h"

#define PROBLEM_TYPE	"application/problem+json"
#define JSON_TYPE	"application/json"

AUTO_DEFINE(CURL, curl_easy_cleanup);
typedef struct curl_slist curl_list;
AUTO_DEFINE(curl_list, curl_slist_free_all);

struct exchange {
	struct ctx			*cx;
	const struct http_client	*client;
	struct buf			 reply;
	struct err			 tls;	/* why no certificate was shown */
};

static size_t
take_reply(char *p, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;

	put_bytes(&x->reply, SLICE(p, size * n));
	return x->reply.bad ? 0 : size * n;
}

/* libcurl takes keys as files only; the TLS context takes them as objects. */
static CURLcode
set_client(CURL *curl, void *ssl_ctx, void *arg)
{
	struct exchange *x = arg;

	(void)curl;
	x->tls = tls_set_client(x->cx, ssl_ctx, x->client->key,
	    x->client->certificate, x->client->chain);
	return failed(x->tls) ? CURLE_SSL_CERTPROBLEM : CURLE_OK;
}

/* A daemon that was told to stop does not wait for an answer. */
static int
is_stopping(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	sigset_t pending;

	(void)arg;
	(void)a;
	(void)b;
	(void)c;
	(void)d;
	return sigpending(&pending) == 0 && (sigismember(&pending, SIGTERM) ||
	    sigismember(&pending, SIGINT));
}

static void
set_options(CURL *curl, const struct http_peer *peer, const char *url,
    struct exchange *x, char *error)
{
	(void)curl_easy_setopt(curl, CURLOPT_URL, url);
	(void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
	(void)curl_easy_setopt(curl, CURLOPT_SSLVERSION,
	    (long)CURL_SSLVERSION_TLSv1_2);
	(void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
	(void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT,
	    (long)HTTP_CONNECT_MAX_S);
	(void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)peer->timeout_s);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_reply);
	(void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, x);
	(void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, is_stopping);
	(void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	if (peer->ca != NULL) {
		/* Pinned: the system's own list is left out. */
		(void)curl_easy_setopt(curl, CURLOPT_CAINFO, peer->ca);
		(void)curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
	}
	if (peer->client != NULL) {
		(void)curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION,
		    set_client);
		(void)curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, x);
	}
}

static const char *
text_member(struct ctx *cx, const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text == NULL ? NULL : arena_strdup(cx->arena, text);
}

static bool
is_type(const char *content_type, const char *type)
{
	size_t n = strlen(type);

	return content_type != NULL &&
	    strncasecmp(content_type, type, n) == 0 &&
	    (content_type[n] == '\0' || content_type[n] == ';' ||
	    content_type[n] == ' ');
}

/* RFC 9457, or at least the status. */
static struct err
read_problem(struct ctx *cx, unsigned status, const json_t *body,
    int64_t retry_after_s, struct http_problem *out)
{
	const char *request = text_member(cx, body, "instance");
	struct http_problem p = {
		.status = status,
		.code = text_member(cx, body, "code"),
		.detail = text_member(cx, body, "detail"),
		.pointer = text_member(cx, body, "pointer"),
		.retry_after_s = retry_after_s,
		.request = request,
	};
	int64_t wait_s = json_integer_value(json_object_get(body,
	    "retry_after"));
	struct err e = { ERR_HTTP };

	if (p.retry_after_s == 0 && wait_s > 0)
		p.retry_after_s = wait_s;
	if (p.detail == NULL)
		p.detail = text_member(cx, body, "title");
	if (p.code == NULL)
		p.code = arena_printf(cx->arena, "http.%u", status);
	if (!err_find(p.code, &e) || !failed(e))
		e = (struct err){ ERR_HTTP };
	*out = p;
	cx->trail->retry_after_s = p.retry_after_s;
	return FAIL(cx, (enum err_code)e.code, "the server refused: %s: %s%s%s",
	    p.code, p.detail != NULL ? p.detail : "no detail",
	    p.pointer != NULL ? " at " : "",
	    p.pointer != NULL ? p.pointer : "");
}

struct err
http_read_reply(struct ctx *cx, unsigned status, const char *content_type,
    int64_t retry_after_s, struct slice content, json_t **out_reply,
    struct http_problem *out_problem)
{
	json_t *body = NULL;
	bool is_json = is_type(content_type, JSON_TYPE) ||
	    is_type(content_type, PROBLEM_TYPE);

	if (is_json && failed(json_parse(cx, content, &body)))
		body = NULL;
	ctx_forget(cx);
	if (status >= 300 || status < 200)
		return read_problem(cx, status, body, retry_after_s,
		    out_problem);
	if (content.n > 0 && body == NULL)
		return FAIL(cx, ERR_HTTP, "the server's answer is not JSON");
	*out_reply = body;
	return OK;
}

static struct err
perform(struct ctx *cx, CURL *curl, struct exchange *x, const char *url,
    const char *error, json_t **out_reply, struct http_problem *out_problem)
{
	curl_off_t retry_after_s = 0;
	char *type = NULL;
	long status = 0;
	CURLcode code = curl_easy_perform(curl);

	if (failed(x->tls))
		return x->tls;
	if (code != CURLE_OK)
		return FAIL(cx, ERR_HTTP, "%s: %s", url,
		    x->reply.bad ? "the answer is too long" :
		    *error != '\0' ? error : curl_easy_strerror(code));
	(void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
	(void)curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after_s);
	return http_read_reply(cx, (unsigned)status, type, retry_after_s,
	    buf_slice(&x->reply), out_reply, out_problem);
}

static struct err
request(struct ctx *cx, const struct http_peer *peer, const char *path,
    bool post, const json_t *body, json_t **out_reply,
    struct http_problem *out_problem)
{
	struct exchange x = {
		.cx = cx, .client = peer->client,
		.reply = buf_in(cx->arena, HTTP_REPLY_MAX),
	};
	AUTO(CURL) curl = curl_easy_init();
	AUTO(curl_list) headers = NULL;
	struct slice text = body == NULL ? SLICE("", 0) : json_text(cx, body);
	char error[CURL_ERROR_SIZE] = "";
	const char *url;

	*out_problem = (struct http_problem){ .status = 0 };
	*out_reply = NULL;
	if (peer->base == NULL)
		return FAIL(cx, ERR_CONFIG, "the setting server is needed");
	url = arena_printf(cx->arena, "%.*s%s", (int)(strlen(peer->base) -
	    (peer->base[strlen(peer->base) - 1] == '/')), peer->base, path);
	headers = curl_slist_append(NULL, "Expect:");
	if (body != NULL)
		headers = curl_slist_append(headers,
		    "Content-Type: " JSON_TYPE);
	ASSERT(curl != NULL && headers != NULL);
	set_options(curl, peer, url, &x, error);
	(void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	if (post) {
		(void)curl_easy_setopt(curl, CURLOPT_POST, 1L);
		(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, text.p);
		(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)text.n);
	}
	return perform(cx, curl, &x, url, error, out_reply, out_problem);
}

struct err
http_post(struct ctx *cx, const struct http_peer *peer, const char *path,
    const json_t *body, json_t **out_reply, struct http_problem *out_problem)
{
	return request(cx, peer, path, true, body, out_reply, out_problem);
}

struct err
http_get(struct ctx *cx, const struct http_peer *peer, const char *path,
    json_t **out_reply, struct http_problem *out_problem)
{
	return request(cx, peer, path, false, NULL, out_reply, out_problem);
}
