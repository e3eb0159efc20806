/* SPDX-License-Identifier: Apache-2.0 */
/* Only in builds with --enable-traffic. */
#include "server/traffic.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/base.h"
#include "codec/base64.h"

#define VARIABLE	"DAAPKI_TRAFFIC"
#define PATH_SIZE	512u

int
traffic_open(void)
{
	const char *folder = getenv(VARIABLE);
	char path[PATH_SIZE];
	int n, fd;

	if (folder == NULL || folder[0] == '\0')
		return -1;
	n = snprintf(path, sizeof(path), "%s/%ld", folder, (long)getpid());
	ASSERT(n > 0 && (size_t)n < sizeof(path));
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	/* A test must not believe that it was kept. */
	ASSERT(fd != -1);
	return fd;
}

static void
set(json_t *object, const char *name, json_t *value)
{
	ASSERT(json_object_set_new(object, name, value) == 0);
}

static void
set_body(struct ctx *cx, json_t *object, const char *name, struct slice body)
{
	if (body.n > TRAFFIC_BODY_MAX)
		set(object, name, json_integer((json_int_t)body.n));
	else
		set(object, name, json_string(base64url(cx->arena, body)));
}

/* Paths and headers are any bytes: what is no text is "". */
static json_t *
text_of(const char *text)
{
	json_t *value = json_string(text);

	return value != NULL ? value : json_string("");
}

static enum MHD_Result
add_header(void *arg, enum MHD_ValueKind kind, const char *name,
    const char *value)
{
	(void)kind;
	set(arg, name, json_string(value));
	return MHD_YES;
}

static json_t *
exchange(struct ctx *cx, const struct job *job, struct MHD_Response *response)
{
	static const char *const planes[] = { "device", "operator", "status" };
	const struct http_request *r = &job->request;
	json_t *object = json_object(), *query = json_object();
	json_t *headers = json_object();

	(void)MHD_get_response_headers(response, add_header, headers);
	for (size_t i = 0; i < job->n_query; i++)
		set(query, job->query[i].name,
		    json_string(job->query[i].value));
	set(object, "plane", json_string(planes[r->plane]));
	set(object, "method", json_string(r->method));
	set(object, "route", json_string(job->match.route == NULL ? "" :
	    job->match.route->path));
	set(object, "path", text_of(r->path));
	set(object, "query", query);
	set(object, "type", text_of(r->content_type));
	set_body(cx, object, "body", SLICE(job->body, job->body_n));
	set(object, "status", json_integer((json_int_t)job->reply.status));
	set(object, "headers", headers);
	set_body(cx, object, "answer", job->reply.body);
	return object;
}

void
traffic_put(int fd, struct job *job, struct MHD_Response *response)
{
	struct ctx *cx = &job->root.cx;
	struct slice text;
	char *line;

	if (fd == -1)
		return;
	text = json_text(cx, json_keep(cx, exchange(cx, job, response)));
	line = arena_printf(cx->arena, "%.*s\n", (int)text.n,
	    (const char *)text.p);
	/* One write, so that lines of several threads do not mix. */
	ASSERT(write(fd, line, text.n + 1) == (ssize_t)(text.n + 1));
}
