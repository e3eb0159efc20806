/* SPDX-License-Identifier: Apache-2.0 */
#include "server/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include <sodium.h>

#include "authority/audit.h"
#include "base/base.h"
#include "base/text.h"
#include "server/auth.h"
#include "server/problem.h"
#include "server/repeat.h"

#define BODY_FIRST	4096u	/* most bodies fit */
#define ID_BYTES	8u

struct job *
job_new(struct engine *engine)
{
	struct job *job = base_alloc(sizeof(*job));
	struct ctx *cx = &job->root.cx;
	uint8_t random[ID_BYTES];

	ctx_root_init(&job->root, engine->log);
	job->engine = engine;
	job->refused = OK;
	job->began_us = cx->clock->ticks_us(cx->clock->arg);
	ctx_random(cx, random, sizeof(random));
	(void)sodium_bin2hex(job->id, sizeof(job->id), random, sizeof(random));
	cx->request_id = job->id;
	return job;
}

/* Each plane has a share of its own, so that none can take another's. */
static atomic_size_t *
bodies_of(struct job *job)
{
	return &job->engine->body_bytes[job->request.plane];
}

void
job_free(struct job *job)
{
	if (job == NULL)
		return;
	atomic_fetch_sub(bodies_of(job), job->body_cap);
	if (job->authorization != NULL)
		sodium_memzero((void *)(uintptr_t)job->authorization,
		    strlen(job->authorization));
	free(job->body);
	ctx_root_fini(&job->root);
	free(job);
}

/* --- the head ---------------------------------------------------------- */

/* "Application/JSON; charset=utf-8" to "application/json". */
static const char *
media_type_of(struct arena *arena, const char *text)
{
	size_t n = text == NULL ? 0 : strcspn(text, "; \t,");
	char *type = arena_strndup(arena, text, n);

	for (char *p = type; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return type;
}

static bool
is_listed(const char *list, const char *item)
{
	size_t n = strlen(item);

	while (list != NULL && *list != '\0') {
		size_t length = strcspn(list, ",");

		if (length == n && n > 0 && memcmp(list, item, n) == 0)
			return true;
		list += length;
		list += strspn(list, ", ");
	}
	return false;
}

static struct err
check_head(struct ctx *cx, struct job *job, const struct job_head *head)
{
	const struct route *route;
	uint64_t length = 0;
	bool has_body = head->transfer_encoding != NULL;

	if (head->headers_n > ENGINE_HEADERS_MAX)
		return FAIL_TELL(cx, ERR_TOO_LARGE,
		    "more than %u bytes of headers", ENGINE_HEADERS_MAX);
	TRY(router_find(cx, job->engine->tables, job->engine->n_tables,
	    head->plane, head->method, head->path, &job->match));
	if (atomic_load(&job->engine->stopping))
		return FAIL(cx, ERR_STOPPING, "draining");
	route = job->match.route;
	if (head->content_length != NULL && !text_parse_uint(
	    head->content_length, INT64_MAX, &length))
		return FAIL_TELL(cx, ERR_MALFORMED,
		    "Content-Length is not a number");
	job->body_said = (size_t)length;
	has_body |= length > 0;
	if (length > route->body_max)
		return FAIL_TELL(cx, ERR_TOO_LARGE,
		    "this path takes at most %zu bytes", route->body_max);
	if (has_body && route->body_max > 0 &&
	    !is_listed(route->media_types, job->request.content_type))
		return FAIL_TELL(cx, ERR_MEDIA_TYPE,
		    "this path takes %s", route->media_types);
	return OK;
}

static void
begin_trace(struct job *job, const char *sent)
{
	struct ctx *cx = &job->root.cx;
	uint8_t random[TRACE_RANDOM_SIZE];

	ctx_random(cx, random, sizeof(random));
	trace_begin(sent, random, &job->trace);
	cx->trace = job->trace.text;
	if (job->engine->log == NULL)
		return;
	job->log = *job->engine->log;
	job->log.trace = job->trace.id;
	cx->log = &job->log;
}

void
job_begin(struct job *job, const struct job_head *head)
{
	struct arena *arena = job->root.cx.arena;
	struct http_request *r = &job->request;

	begin_trace(job, head->traceparent);
	*r = (struct http_request){
		.plane = head->plane,
		.method = arena_strdup(arena, head->method),
		.path = arena_strdup(arena, head->path),
		.accept = head->accept == NULL ? "" :
		    arena_strdup(arena, head->accept),
		.content_type = media_type_of(arena, head->content_type),
		.address = arena_strdup(arena, head->address),
		.engine = job,
	};
	if (head->authorization != NULL)
		job->authorization = arena_strdup(arena, head->authorization);
	job->refused = check_head(&job->root.cx, job, head);
	memcpy(r->params, job->match.params, sizeof(r->params));
}

const char *const engine_headers[ENGINE_HEADERS_KEPT] = {
	"If-None-Match", "If-Modified-Since", "If-Match", "Idempotency-Key",
	"Prefer",
};

void
job_add_header(struct job *job, size_t which, const char *value)
{
	ASSERT(which < ENGINE_HEADERS_KEPT);
	if (value != NULL)
		job->headers[which] = arena_strdup(job->root.cx.arena, value);
}

void
job_add_query(struct job *job, const char *name, const char *value)
{
	struct ctx *cx = &job->root.cx;
	char *name_text, *value_text;
	bool good;

	if (failed(job->refused))
		return;
	if (value == NULL)
		value = "";
	good = job->n_query < ENGINE_QUERY_MAX &&
	    strlen(value) <= ENGINE_QUERY_TEXT_MAX &&
	    router_decode(cx->arena, slice_text(name), &name_text) &&
	    router_decode(cx->arena, slice_text(value), &value_text) &&
	    text_is_printable(slice_text(name_text)) &&
	    text_is_printable(slice_text(value_text)) &&
	    http_query(&job->request, name_text) == NULL;
	if (!good) {
		job->refused = FAIL_TELL(cx, ERR_PARAMETER,
		    "the query cannot be read, or names something twice");
		return;
	}
	job->query[job->n_query++] =
	    (struct job_query){ name_text, value_text };
}

bool
job_is_hopeless(const struct job *job)
{
	return failed(job->refused) && job->body_said > ENGINE_DISCARD_MAX;
}

/* --- the body ---------------------------------------------------------- */

static struct err
grow_body(struct ctx *cx, struct job *job, size_t n)
{
	size_t max = job->match.route->body_max, cap = job->body_cap;

	if (n > max - job->body_n)
		return FAIL_TELL(cx, ERR_TOO_LARGE,
		    "this path takes at most %zu bytes", max);
	while (cap < job->body_n + n)
		cap = cap == 0 ? BODY_FIRST : cap * 2;
	if (cap == job->body_cap)
		return OK;
	if (atomic_fetch_add(bodies_of(job), cap - job->body_cap) +
	    cap - job->body_cap > ENGINE_BODIES_MAX) {
		atomic_fetch_sub(bodies_of(job), cap - job->body_cap);
		return FAIL(cx, ERR_BUSY, "request bodies fill the memory");
	}
	job->body = base_realloc(job->body, cap);
	job->body_cap = cap;
	return OK;
}

bool
job_add_body(struct job *job, const void *p, size_t n)
{
	if (!failed(job->refused))
		job->refused = grow_body(&job->root.cx, job, n);
	if (failed(job->refused)) {
		job->dropped += n;
		return job->dropped <= 2 * ENGINE_DISCARD_MAX;
	}
	if (n > 0)
		memcpy(job->body + job->body_n, p, n);
	job->body_n += n;
	return true;
}

void
job_refuse(struct job *job, enum err_code code, const char *why)
{
	if (!failed(job->refused))
		job->refused = FAIL(&job->root.cx, code, "%s", why);
}

/* --- the work ---------------------------------------------------------- */

/* Whom the audit names. */
static void
note_actor(struct ctx *cx, struct job *job)
{
	const struct http_request *r = &job->request;

	if (r->principal != NULL)
		job->actor = (struct actor){ "operator", r->principal->name,
		    r->principal->id };
	else if (r->device != NULL)
		job->actor = (struct actor){ "device", r->device->device_id,
		    arena_printf(cx->arena, "certificate:%s",
		    text_hex(cx->arena, r->device->serial)) };
	else
		return;
	cx->actor = &job->actor;
	cx->audited = &job->n_audited;
}

/* What an operator asked for and got is told even where nothing came of it: a
 * ban of a device that is banned, say. */
static void
audit_request(struct ctx *cx, const struct job *job)
{
	const struct http_request *r = &job->request;
	const struct authority *a = job->engine->authority;

	if (r->principal == NULL || job->n_audited > 0 || a == NULL ||
	    strcmp(r->method, "GET") == 0 || strcmp(r->method, "HEAD") == 0)
		return;
	if (failed(audit_note(cx, a, r->tenant != NULL ? r->tenant->id :
	    AUDIT_PLATFORM, "operator.request", arena_printf(cx->arena,
	    "%s %s", r->method, job->match.route->path), r->principal->name,
	    json_pack("{s:s,s:i}", "path", r->path, "status",
	    (int)job->reply.status))))
		log_put(cx->log, LOG_LEVEL_ERROR, "audit.failed", "note",
		    cx->trail->note, NULL);
}

/* What a stranger sends is no name of anything. */
static void
audit_refusal(struct ctx *cx, const struct job *job, struct err e)
{
	const struct http_request *r = &job->request;
	unsigned status = err_http(e);

	if (r->plane != PLANE_OPERATOR || (status != 401 && status != 403) ||
	    job->engine->authority == NULL)
		return;
	audit_refused(cx, job->engine->authority, &(struct audit_refusal){
	    .tenant_id = r->tenant != NULL ? r->tenant->id : AUDIT_PLATFORM,
	    .actor = cx->actor != NULL ? cx->actor->name : "",
	    .credential = cx->actor != NULL ? cx->actor->credential : "",
	    .what = cx->actor == NULL || job->match.route == NULL ?
		"operator plane" : arena_printf(cx->arena, "%s %s", r->method,
		job->match.route->path),
	    .err = e });
}

static struct err
run(struct ctx *cx, struct job *job)
{
	struct http_request *r = &job->request;
	json_t *json;
	struct err e;

	TRY(job->refused);
	e = auth_check(cx, job);
	note_actor(cx, job);
	TRY(e);
	r->body = SLICE(job->body, job->body_n);
	if (r->body.n > 0 && strcmp(r->content_type, "application/json") == 0) {
		TRY(json_parse(cx, r->body, &json));
		r->json = json;
	}
	return repeat_run(cx, job);
}

static void
finish(struct ctx *cx, struct job *job, struct err e)
{
	if (failed(e)) {
		/* A failure that was only passed up has no trail of its own. */
		if (cx->trail->err.code != e.code)
			e = FAIL(cx, (enum err_code)e.code, "%s", err_name(e));
		audit_refusal(cx, job, e);
		problem_reply(cx, e, job->request.plane,
		    e.code == ERR_METHOD ? job->match.allow : NULL,
		    &job->reply);
	} else {
		audit_request(cx, job);
		ctx_forget(cx);
	}
	job->is_run = true;
}

void
job_run(struct job *job)
{
	struct ctx *cx = &job->root.cx;

	job->reply = (struct http_reply){ .status = 0 };
	finish(cx, job, run(cx, job));
}

bool
job_run_at_once(struct job *job)
{
	struct ctx *cx = &job->root.cx;
	struct err e;

	if (failed(job->refused) ||
	    job->match.route->auth != AUTH_NONE_AT_ONCE)
		return false;
	job->request.at_once = true;
	e = run(cx, job);
	job->request.at_once = false;
	if (!failed(e) && job->reply.is_later) {
		job->reply = (struct http_reply){ .status = 0 };
		return false;
	}
	finish(cx, job, e);
	return true;
}

/* --- waiting ----------------------------------------------------------- */

#define RUNS_MAX	4u	/* of a job for which there is news at once */

/* Once it waits it may be run, or be gone, before this returns. */
static bool
wait_or_run(struct job *job, struct feed *feed)
{
	struct ctx *cx = &job->root.cx;
	uint64_t mark = job->reply.wait.mark;

	switch (feed_wait(feed, &job->waiter, mark)) {
	case FEED_WAITS:
		return true;
	case FEED_NEWS:
		job_run(job);
		return false;
	case FEED_FULL:
		finish(cx, job, FAIL_TELL(cx, ERR_QUOTA,
		    "%u requests wait for events of this feed already",
		    FEED_WAITERS_MAX));
		return false;
	case FEED_CLOSED:
		job->reply.wait.seconds = 0;
	}
	return false;
}

bool
job_waits(struct job *job, void (*wake)(struct feed_waiter *, bool news))
{
	const struct ctx *cx = &job->root.cx;
	uint64_t now_us = cx->clock->ticks_us(cx->clock->arg);

	for (unsigned i = 0; i < RUNS_MAX; i++) {
		const struct http_wait *wait = &job->reply.wait;

		if (wait->seconds == 0)
			return false;
		if (job->waiter.until_us == 0)
			job->waiter.until_us = now_us +
			    wait->seconds * UINT64_C(1000000);
		if (now_us >= job->waiter.until_us)
			return false;
		job->request.kept = wait->keep;
		job->waiter.tenant_id = wait->tenant_id;
		job->waiter.wake = wake;
		if (wait_or_run(job, job->engine->authority->feed))
			return true;
	}
	return false;
}

static enum log_level
level_of(struct err e)
{
	enum err_blame blame = err_blame(e);

	if (blame != ERR_BLAME_PEER && blame != ERR_BLAME_SELF)
		return LOG_LEVEL_INFO;
	/* A full queue is no mistake, and says so often. */
	return err_http(e) == 503 ? LOG_LEVEL_WARN : LOG_LEVEL_ERROR;
}

/* "server/engine.c" of the path that the compiler was given. */
static const char *
room_and_file(const char *path)
{
	const char *found = path;

	if (path == NULL)
		return "";
	for (const char *p = path, *last = path; *p != '\0'; p++) {
		if (*p == '/') {
			found = last;
			last = p + 1;
		}
	}
	return found;
}

void
job_log(const struct job *job, unsigned status)
{
	static const char *const planes[] = { "device", "operator", "status" };
	const struct ctx *cx = &job->root.cx;
	const struct trail *t = cx->trail;
	const struct http_request *r = &job->request;
	const char *tenant = r->tenant != NULL ? r->tenant->name :
	    r->device != NULL ? r->device->tenant.name : NULL;
	char status_text[16], us[24], where[96], span[TRACE_SPAN_LETTERS + 1];

	uint64_t took_us = cx->clock->ticks_us(cx->clock->arg) - job->began_us;

	if (job->engine->metrics != NULL)
		metrics_count(job->engine->metrics, &(struct metrics_request){
		    r->plane, job->match.route, status, t->err, took_us });
	(void)snprintf(status_text, sizeof(status_text), "%u", status);
	(void)snprintf(us, sizeof(us), "%llu", (unsigned long long)took_us);
	(void)snprintf(where, sizeof(where), "%s:%d",
	    room_and_file(t->file), t->line);
	trace_span(&job->trace, span);
	log_put(cx->log, level_of(t->err), "request", "id", job->id,
	    "plane", planes[r->plane], "method", r->method,
	    "route", job->match.route != NULL ? job->match.route->path : "-",
	    "status", status_text,
	    "code", status != 0 ? err_dotted(t->err) : NULL, "us", us,
	    "tenant", tenant,
	    "device", r->device != NULL ? r->device->device_id : NULL,
	    "actor", r->principal != NULL ? r->principal->name : NULL,
	    "address", r->address,
	    "note", failed(t->err) ? t->note : NULL,
	    "at", level_of(t->err) >= LOG_LEVEL_WARN ? where : NULL,
	    "span", span, "parent",
	    job->trace.parent[0] != '\0' ? job->trace.parent : NULL, NULL);
}
