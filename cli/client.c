/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/client.h"

#include <curl/curl.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <sodium.h>

#include "base/base.h"
#include "base/text.h"
#include "codec/json.h"

#define PROBLEM_TYPE "application/problem+json"

struct client {
	CURL			*curl;
	char			*url;		/* without a slash at its end */
	struct curl_slist	*authorization;	/* the header, a secret */
	struct client_problem	 problem;
	bool			 has_problem;
};

/* One exchange while libcurl runs it. */
struct exchange {
	struct client			*client;
	const struct client_call	*call;
	struct ctx			*cx;
	struct buf			 body;
	const char			*next, *type;
	char				 request_id[64];
	int64_t				 retry_after_s;
};

void
client_free(struct client *client)
{
	if (client == NULL)
		return;
	if (client->authorization != NULL)
		sodium_memzero(client->authorization->data,
		    strlen(client->authorization->data));
	curl_slist_free_all(client->authorization);
	curl_easy_cleanup(client->curl);
	free(client->url);
	free(client);
}

/* Add a header; out of memory ends the process as everywhere else. */
static struct curl_slist *
add_header(struct curl_slist *list, const char *header)
{
	struct curl_slist *longer = curl_slist_append(list, header);

	ASSERT(longer != NULL);
	return longer;
}

static void
set_up(CURL *curl, const struct settings *settings)
{
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CLIENT_CONNECT_S);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, CLIENT_SILENCE_S);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "daactl/" PACKAGE_VERSION);
	if (settings->ca_file == NULL)
		return;
	/* Those certificates and no others. */
	curl_easy_setopt(curl, CURLOPT_CAINFO, settings->ca_file);
	curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
}

struct err
client_new(struct ctx *cx, const struct settings *settings,
    struct client **out)
{
	struct client *client;
	const char *token;
	char *header;
	size_t n = strlen(settings->url);

	TRY(settings_token(cx, settings, &token));
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return FAIL(cx, ERR_INTERNAL, "libcurl cannot start");
	client = base_alloc(sizeof(*client));
	client->curl = curl_easy_init();
	ASSERT(client->curl != NULL);
	client->url = base_strdup(settings->url);
	while (n > 0 && client->url[n - 1] == '/')
		client->url[--n] = '\0';
	header = arena_printf(cx->arena, "Authorization: Bearer %s", token);
	client->authorization = add_header(NULL, header);
	sodium_memzero(header, strlen(header));
	set_up(client->curl, settings);
	*out = client;
	return OK;
}

static size_t
take_body(char *p, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;

	ASSERT(size == 1);
	put_bytes(&x->body, SLICE(p, n));
	return x->body.bad ? 0 : n;
}

/* The value of a header line when it is that header; NULL when not. */
static const char *
header_value(struct ctx *cx, const char *line, size_t n, const char *name)
{
	size_t n_name = strlen(name);

	if (n <= n_name || line[n_name] != ':' ||
	    strncasecmp(line, name, n_name) != 0)
		return NULL;
	line += n_name + 1;
	n -= n_name + 1;
	while (n > 0 && (*line == ' ' || *line == '\t'))
		line++, n--;
	while (n > 0 && (unsigned char)line[n - 1] <= ' ')
		n--;
	return arena_strndup(cx->arena, line, n);
}

static size_t
take_header(char *p, size_t size, size_t n, void *arg)
{
	struct exchange *x = arg;
	const char *value;
	uint64_t seconds;

	ASSERT(size == 1);
	if ((value = header_value(x->cx, p, n, "X-Request-Id")) != NULL)
		(void)snprintf(x->request_id, sizeof(x->request_id), "%s",
		    value);
	else if ((value = header_value(x->cx, p, n, "X-Next-After")) != NULL)
		x->next = value;
	else if ((value = header_value(x->cx, p, n, "Content-Type")) != NULL)
		x->type = value;
	else if ((value = header_value(x->cx, p, n, "Retry-After")) != NULL &&
	    text_parse_uint(value, 86400, &seconds))
		x->retry_after_s = (int64_t)seconds;
	return n;
}

struct err
client_err_of(const char *code, unsigned status)
{
	static const struct { unsigned status; enum err_code code; } by[] = {
		{ 401, ERR_AUTH_REQUIRED }, { 403, ERR_AUTH_FORBIDDEN },
		{ 404, ERR_NOT_FOUND }, { 408, ERR_TIMEOUT },
		{ 409, ERR_CONFLICT }, { 413, ERR_TOO_LARGE },
		{ 429, ERR_QUOTA }, { 503, ERR_BUSY },
	};
	struct err e;

	if (err_find(code, &e) && failed(e))
		return e;
	for (size_t i = 0; i < COUNT_OF(by); i++)
		if (by[i].status == status)
			return (struct err){ (uint16_t)by[i].code };
	return (struct err){ status >= 500 ? ERR_INTERNAL : ERR_MALFORMED };
}

static void
copy_member(char *to, size_t size, const json_t *document, const char *name)
{
	const char *text = json_string_value(json_object_get(document, name));

	(void)snprintf(to, size, "%s", text == NULL ? "" : text);
}

/* An answer that is a failure: the problem document, when it is one. */
static struct err
read_problem(struct exchange *x, unsigned status)
{
	struct client_problem *problem = &x->client->problem;
	json_t *document;
	struct err e;

	if (x->type == NULL || strncasecmp(x->type, PROBLEM_TYPE,
	    strlen(PROBLEM_TYPE)) != 0 ||
	    failed(json_parse(x->cx, buf_slice(&x->body), &document)))
		return FAIL(x->cx, status == 503 || status == 502 ?
		    ERR_HTTP : ERR_MALFORMED,
		    "the server answered %u and did not say why", status);
	copy_member(problem->code, sizeof(problem->code), document, "code");
	copy_member(problem->title, sizeof(problem->title), document, "title");
	copy_member(problem->detail, sizeof(problem->detail), document,
	    "detail");
	copy_member(problem->pointer, sizeof(problem->pointer), document,
	    "pointer");
	memcpy(problem->request_id, x->request_id,
	    sizeof(problem->request_id));
	problem->retry_after_s = x->retry_after_s;
	x->client->has_problem = true;
	e = client_err_of(problem->code, status);
	return FAIL(x->cx, e.code, "%s: %s", problem->code, problem->title);
}

static struct curl_slist *
call_headers(struct client *client, struct ctx *cx,
    const struct client_call *call)
{
	struct curl_slist *headers = add_header(NULL,
	    client->authorization->data);

	headers = add_header(headers, arena_printf(cx->arena, "Accept: %s",
	    call->accept == NULL ? "application/json" : call->accept));
	if (call->if_match != NULL)
		headers = add_header(headers, arena_printf(cx->arena,
		    "If-Match: %s", call->if_match));
	if (call->key != NULL)
		headers = add_header(headers, arena_printf(cx->arena,
		    "Idempotency-Key: \"%s\"", call->key));
	/* A body of 16 MiB is not worth a round trip to be let in. */
	headers = add_header(headers, "Expect:");
	return add_header(headers, call->content_type == NULL ?
	    "Content-Type:" : arena_printf(cx->arena, "Content-Type: %s",
	    call->content_type));
}

static void
prepare(struct exchange *x, struct curl_slist *headers, char *error)
{
	const struct client_call *call = x->call;
	CURL *curl = x->client->curl;
	const char *body = call->body.n == 0 ? "" : (const char *)call->body.p;
	bool has_body = call->content_type != NULL ||
	    strcmp(call->method, "POST") == 0;

	curl_easy_setopt(curl, CURLOPT_URL, arena_printf(x->cx->arena, "%s%s",
	    x->client->url, call->path));
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, x);
	/* The fields make it a POST, so what it is must be said after them. */
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, has_body ? body : NULL);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
	    (curl_off_t)(has_body ? call->body.n : 0));
	curl_easy_setopt(curl, has_body ? CURLOPT_POST : CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->method);
}

static struct err
finish(struct exchange *x, CURLcode result, const char *error,
    struct client_answer *out)
{
	long status = 0;

	if (x->body.bad)
		return FAIL(x->cx, ERR_MALFORMED, "the answer is longer than "
		    "%u bytes", CLIENT_ANSWER_MAX);
	if (result != CURLE_OK)
		return FAIL(x->cx, ERR_HTTP, "%s: %s", x->client->url,
		    error[0] != '\0' ? error : curl_easy_strerror(result));
	curl_easy_getinfo(x->client->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200 || status > 299)
		return read_problem(x, (unsigned)status);
	/* A NUL after the body, so that it can be read as text. */
	*put_space(&x->body, 1) = 0;
	*out = (struct client_answer){
		.status = (unsigned)status,
		.body = SLICE(x->body.p, x->body.n - 1), .next = x->next,
	};
	return OK;
}

struct err
client_ask(struct ctx *cx, struct client *client,
    const struct client_call *call, struct client_answer *out)
{
	struct exchange x = {
		.client = client, .call = call, .cx = cx,
		.body = buf_in(cx->arena, CLIENT_ANSWER_MAX + 1),
	};
	struct curl_slist *headers = call_headers(client, cx, call);
	char error[CURL_ERROR_SIZE] = "";
	CURLcode result;

	client->has_problem = false;
	prepare(&x, headers, error);
	result = curl_easy_perform(client->curl);
	/* libcurl keeps these beyond the call, we do not. */
	curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, NULL);
	curl_easy_setopt(client->curl, CURLOPT_ERRORBUFFER, NULL);
	sodium_memzero(headers->data, strlen(headers->data));
	curl_slist_free_all(headers);
	return finish(&x, result, error, out);
}

const struct client_problem *
client_problem(const struct client *client)
{
	return client != NULL && client->has_problem ? &client->problem : NULL;
}
