/* SPDX-License-Identifier: Apache-2.0 */
#include "courier/post.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/base.h"
#include "wire/courier.h"

#define WAIT_MS		1000
#define KEPT_MAX	64L	/* connections that are kept for the next */

struct post {
	const struct post_conf	*conf;
	int			 fd;
	CURLM			*multi;
	size_t			 n_under_way;
};

/* One request; its memory is its own. */
struct trip {
	struct ctx_root		 root;
	const struct post	*post;
	struct courier_request	 request;
	CURL			*curl;
	struct curl_slist	*headers;
	bool			 forbidden;	/* an address was refused */
	bool			 too_large;
	uint8_t			*body;
	size_t			 n_body, n_read;
	char			 error[CURL_ERROR_SIZE];
};

static const struct post_use *
use_of(const struct trip *t)
{
	return &t->post->conf->uses[t->request.use];
}

/* --- what libcurl asks ----------------------------------------------------- */

/* The address that is looked at is the one that is connected to: a name that
 * has another one a moment later leads nowhere (DNS rebinding). */
static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct trip *t = arg;

	(void)purpose;
	if (!guard_allows(&use_of(t)->guard, &address->addr)) {
		t->forbidden = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC,
	    address->protocol);
}

static size_t
take_body(char *p, size_t size, size_t n, void *arg)
{
	struct trip *t = arg;
	size_t room = t->request.answer_max - t->n_body;

	n *= size;
	t->n_read += n;
	if (t->n_read > COURIER_ANSWER_MAX) {
		t->too_large = true;
		return 0;
	}
	if (room > n)
		room = n;
	if (room > 0)
		memcpy(t->body + t->n_body, p, room);
	t->n_body += room;
	return n;
}

/* Trailers, chunk headers and such: a server may not send them without end. */
static size_t
take_header(char *p, size_t size, size_t n, void *arg)
{
	struct trip *t = arg;

	(void)p;
	t->n_read += n * size;
	if (t->n_read > COURIER_ANSWER_MAX) {
		t->too_large = true;
		return 0;
	}
	return n * size;
}

/* --- a trip ------------------------------------------------------------- */

static void
trip_free(struct trip *t)
{
	curl_slist_free_all(t->headers);
	curl_easy_cleanup(t->curl);
	ctx_root_fini(&t->root);
	free(t->body);
	free(t);
}

static struct err
send_answer(struct ctx *cx, const struct post *post,
    const struct courier_answer *a)
{
	struct buf b = buf_in(cx->arena, COURIER_PACKET_MAX);

	TRY(courier_answer_encode(cx, a, &b));
	if (send(post->fd, b.p, b.n, MSG_NOSIGNAL) != (ssize_t)b.n)
		return FAIL(cx, ERR_IO, "send: %s", strerror(errno));
	return OK;
}

static enum courier_outcome
outcome_of(const struct trip *t, CURLcode code)
{
	static const struct { CURLcode code; enum courier_outcome outcome; }
	rows[] = {
		{ CURLE_OK, COURIER_ANSWERED },
		{ CURLE_UNSUPPORTED_PROTOCOL, COURIER_URL },
		{ CURLE_URL_MALFORMAT, COURIER_URL },
		{ CURLE_COULDNT_RESOLVE_HOST, COURIER_RESOLVE },
		{ CURLE_COULDNT_CONNECT, COURIER_CONNECT },
		{ CURLE_OPERATION_TIMEDOUT, COURIER_TIMEOUT },
		{ CURLE_SSL_CONNECT_ERROR, COURIER_TLS },
		{ CURLE_PEER_FAILED_VERIFICATION, COURIER_TLS },
		{ CURLE_SSL_CERTPROBLEM, COURIER_TLS },
		{ CURLE_SSL_CACERT_BADFILE, COURIER_TLS },
		{ CURLE_SSL_ISSUER_ERROR, COURIER_TLS },
		{ CURLE_FILESIZE_EXCEEDED, COURIER_TOO_LARGE },
	};

	if (t->too_large)
		return COURIER_TOO_LARGE;
	if (t->forbidden && code == CURLE_COULDNT_CONNECT)
		return COURIER_FORBIDDEN;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (rows[i].code == code)
			return rows[i].outcome;
	return COURIER_FAILED;
}

/* libcurl's words are ASCII, but they may quote what a server said. */
static const char *
words(struct ctx *cx, const char *text)
{
	char *copy = arena_strndup(cx->arena, text,
	    strnlen(text, COURIER_WHY_MAX - 1));

	for (char *p = copy; *p != '\0'; p++)
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
	return copy;
}

static struct err
answer(struct post *post, struct trip *t, CURLcode code)
{
	struct ctx *cx = &t->root.cx;
	struct courier_answer a = { .seq = t->request.seq, .why = "",
	    .outcome = (uint8_t)outcome_of(t, code) };
	curl_off_t us = 0;
	long status = 0;

	(void)curl_easy_getinfo(t->curl, CURLINFO_TOTAL_TIME_T, &us);
	(void)curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	a.ms = (uint32_t)(us / 1000);
	if (a.outcome == COURIER_ANSWERED && (status < 100 || status > 999))
		a.outcome = COURIER_FAILED;
	if (a.outcome == COURIER_ANSWERED) {
		a.status = (uint16_t)status;
		a.body = SLICE(t->body, t->n_body);
	} else if (a.outcome == COURIER_FORBIDDEN) {
		a.why = "the address is not one to connect to";
	} else {
		a.why = words(cx, t->error[0] != '\0' ? t->error :
		    curl_easy_strerror(code));
	}
	return send_answer(cx, post, &a);
}

static void
set_safety(struct trip *t)
{
	const struct post_use *conf = use_of(t);
	CURL *c = t->curl;

	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR,
	    conf->http ? "https,http" : "https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	/* A connection that is kept was looked at by the rules of its use, so
	 * only that of webhooks is. */
	if (t->request.use != COURIER_WEBHOOK) {
		curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, 1L);
		curl_easy_setopt(c, CURLOPT_FORBID_REUSE, 1L);
	}
	curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, t);
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(c, CURLOPT_HTTP09_ALLOWED, 0L);
	if (conf->ca_file != NULL) {
		curl_easy_setopt(c, CURLOPT_CAINFO, conf->ca_file);
		curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	}
}

static bool
set_request(struct trip *t)
{
	const struct courier_request *r = &t->request;
	CURL *c = t->curl;

	for (size_t i = 0; i < r->n_headers; i++) {
		struct curl_slist *more = curl_slist_append(t->headers,
		    r->headers[i]);

		if (more == NULL)
			return false;
		t->headers = more;
	}
	if (r->method == COURIER_POST) {
		curl_easy_setopt(c, CURLOPT_POST, 1L);
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)r->body.n);
		curl_easy_setopt(c, CURLOPT_COPYPOSTFIELDS,
		    r->body.n > 0 ? (const char *)r->body.p : "");
	}
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, t->headers);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "daa-courier/" VERSION);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)r->connect_ms);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)r->total_ms);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(c, CURLOPT_PRIVATE, t);
	return curl_easy_setopt(c, CURLOPT_URL, r->url) == CURLE_OK;
}

static struct err
begin(struct ctx *cx, struct post *post, const struct courier_request *r)
{
	struct courier_answer busy = { .seq = r->seq, .outcome = COURIER_BUSY,
	    .why = "too many requests are under way" };
	struct trip *t;

	if (post->n_under_way >= COURIER_AT_ONCE_MAX)
		return send_answer(cx, post, &busy);
	t = base_alloc(sizeof(*t));
	ctx_root_init(&t->root, cx->log);
	t->post = post;
	t->request = *r;
	t->body = base_alloc(r->answer_max + 1);
	t->curl = curl_easy_init();
	if (t->curl == NULL) {
		trip_free(t);
		return FAIL(cx, ERR_IO, "libcurl: no handle");
	}
	set_safety(t);
	if (!set_request(t) ||
	    curl_multi_add_handle(post->multi, t->curl) != CURLM_OK) {
		struct err e = answer(post, t, CURLE_FAILED_INIT);

		trip_free(t);
		return e;
	}
	post->n_under_way++;
	return OK;
}

/* --- the loop ----------------------------------------------------------- */

/* false: daad has closed its end. */
static struct err
take_requests(struct ctx_root *root, struct post *post, bool *out_open)
{
	static const size_t each_max = 64;	/* before trips go on */
	struct ctx *cx = &root->cx;
	uint8_t *packet = arena_alloc(cx->arena, COURIER_PACKET_MAX);

	*out_open = true;
	for (size_t i = 0; i < each_max; i++) {
		ssize_t n = recv(post->fd, packet, COURIER_PACKET_MAX,
		    MSG_DONTWAIT);
		struct courier_request r;

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return OK;
		*out_open = n > 0;
		if (n <= 0)
			return n == 0 || errno == ECONNRESET ? OK :
			    FAIL(cx, ERR_IO, "recv: %s", strerror(errno));
		TRY(courier_request_decode(cx, SLICE(packet, (size_t)n), &r));
		TRY(begin(cx, post, &r));
	}
	return OK;
}

static struct err
end_trips(struct post *post)
{
	struct err e = OK;
	CURLMsg *message;
	int left;

	while (!failed(e) && (message = curl_multi_info_read(post->multi,
	    &left)) != NULL) {
		CURLcode code = message->data.result;
		CURL *curl = message->easy_handle;
		char *private = NULL;
		struct trip *t;

		(void)curl_easy_getinfo(curl, CURLINFO_PRIVATE, &private);
		t = (struct trip *)(void *)private;
		(void)curl_multi_remove_handle(post->multi, curl);
		post->n_under_way--;
		e = answer(post, t, code);
		trip_free(t);
	}
	return e;
}

static struct err
turn(struct ctx_root *root, struct post *post, bool *out_open)
{
	struct curl_waitfd wait = { .fd = post->fd, .events = CURL_WAIT_POLLIN };
	int running = 0;

	if (curl_multi_perform(post->multi, &running) != CURLM_OK)
		return FAIL(&root->cx, ERR_IO, "libcurl: perform");
	TRY(end_trips(post));
	if (curl_multi_poll(post->multi, &wait, 1, WAIT_MS, NULL) != CURLM_OK)
		return FAIL(&root->cx, ERR_IO, "libcurl: poll");
	return take_requests(root, post, out_open);
}

struct err
post_serve(struct ctx_root *root, const struct post_conf *conf, int fd)
{
	struct post post = { .conf = conf, .fd = fd,
	    .multi = curl_multi_init() };
	bool open = true;
	struct err e = OK;

	if (post.multi == NULL)
		return FAIL(&root->cx, ERR_IO, "libcurl: no memory");
	curl_multi_setopt(post.multi, CURLMOPT_MAXCONNECTS, KEPT_MAX);
	while (open && !failed(e)) {
		struct ctx_root round;

		ctx_root_init(&round, root->cx.log);
		e = turn(&round, &post, &open);
		if (failed(e))
			root->trail = round.trail;
		ctx_root_fini(&round);
	}
	/* What is under way ends with the process: daad will not hear of it. */
	return e;
}
