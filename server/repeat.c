/* SPDX-License-Identifier: Apache-2.0 */
#include "server/repeat.h"

#include "base/base.h"
#include "base/failpoint.h"

_Static_assert(HTTP_HEADERS_MAX <= RECEIPT_HEADERS_MAX,
    "a receipt holds all headers of a reply");

/* --- what handlers call ------------------------------------------------- */

static struct err
say(struct ctx *cx, struct job *job)
{
	const struct http_saying *s = &job->saying;

	return s->say(cx, s->authority, &job->request, s->made, &job->reply);
}

/* receipt_add() asks for the answer. */
static struct err
say_to_receipt(struct ctx *cx, void *arg, struct receipt_answer *out)
{
	struct job *job = arg;
	const struct http_reply *r = &job->reply;

	job->reply = (struct http_reply){ .status = 0 };
	TRY(say(cx, job));
	*out = (struct receipt_answer){ .status = r->status,
	    .content_type = r->content_type, .body = r->body,
	    .n_headers = r->n_headers };
	for (size_t i = 0; i < r->n_headers; i++)
		out->headers[i] = (struct receipt_header){
		    r->headers[i].name, r->headers[i].value };
	return OK;
}

void
http_will_say(struct ctx *cx, const struct authority *a,
    const struct http_request *request, http_say_fn *fn, void *made)
{
	struct job *job = request->engine;

	job->saying = (struct http_saying){ fn, a, made };
	if (cx->receipt != NULL) {
		cx->receipt->say = say_to_receipt;
		cx->receipt->arg = job;
	}
}

struct err
http_say(struct ctx *cx, const struct http_request *request)
{
	struct job *job = request->engine;

	failpoint("reply.ready");
	if (cx->receipt != NULL && cx->receipt->is_added)
		return OK;
	return say(cx, job);
}

/* --- answering again ---------------------------------------------------- */

/* The parameters as one text, in the order in which they were sent. */
static const char *
query_text(struct ctx *cx, const struct job *job)
{
	const char *text = "";

	for (size_t i = 0; i < job->n_query; i++)
		text = arena_printf(cx->arena, "%s%zu:%s=%s&", text,
		    strlen(job->query[i].name), job->query[i].name,
		    job->query[i].value);
	return text;
}

static void
replay(struct job *job, const struct receipt_answer *answer)
{
	struct http_reply *r = &job->reply;

	*r = (struct http_reply){ .status = answer->status,
	    .content_type = answer->content_type, .body = answer->body };
	for (size_t i = 0; i < answer->n_headers; i++)
		http_add_header(r, answer->headers[i].name,
		    answer->headers[i].value);
	http_add_header(r, REPEAT_HEADER, "true");
}

static struct err
run_with_key(struct ctx *cx, struct job *job, const char *header)
{
	const struct http_request *r = &job->request;
	const struct receipt_asked asked = { .who = r->principal,
	    .tenant = r->tenant, .method = r->method, .path = r->path,
	    .query = query_text(cx, job), .content_type = r->content_type,
	    .body = r->body };
	struct receipt_answer answer;
	const char *key;
	bool found;
	struct err e, looked;

	TRY(receipt_key_read(cx, header, &key));
	receipt_init(job->engine->authority, key, &asked, &job->receipt);
	TRY(receipt_find(cx, &job->receipt, false, &answer, &found));
	if (found) {
		replay(job, &answer);
		return OK;
	}
	cx->receipt = &job->receipt;
	e = job->match.route->handle(cx, job->engine->authority, r,
	    &job->reply);
	cx->receipt = NULL;
	/* What was kept by this very call and failed later is told as that. */
	if (!failed(e) || job->receipt.is_added)
		return e;
	/* Its like may have been first: then the name is taken, say. */
	looked = receipt_find(cx, &job->receipt, true, &answer, &found);
	if (failed(looked))
		return looked;
	if (!found)
		return e;
	replay(job, &answer);
	return OK;
}

struct err
repeat_run(struct ctx *cx, struct job *job)
{
	const struct route *route = job->match.route;
	const char *header = http_header(&job->request, "Idempotency-Key");

	if (header != NULL && route->plane == PLANE_OPERATOR &&
	    job->request.principal != NULL &&
	    strcmp(route->method, "POST") == 0)
		return run_with_key(cx, job, header);
	return route->handle(cx, job->engine->authority, &job->request,
	    &job->reply);
}
