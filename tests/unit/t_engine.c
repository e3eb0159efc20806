/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <pthread.h>

#include "base/text.h"
#include "server/engine.h"
#include "server/problem.h"
#include "server/workers.h"

static struct err
echo(struct ctx *c, const struct authority *a, const struct http_request *r,
    struct http_reply *reply)
{
	(void)c;
	(void)a;
	reply->status = 200;
	reply->content_type = "text/plain";
	reply->body = r->body;
	return OK;
}

static struct err
refuse(struct ctx *c, const struct authority *a, const struct http_request *r,
    struct http_reply *reply)
{
	(void)a;
	(void)r;
	/* What was said before a failure must not get out. */
	http_add_header(reply, "X-Secret", "1");
	c->trail->retry_after_s = 7;
	return FAIL(c, ERR_PACING, "not for strangers");
}

static struct err
only_passed_up(struct ctx *c, const struct authority *a,
    const struct http_request *r, struct http_reply *reply)
{
	(void)a;
	(void)r;
	(void)reply;
	ck_assert(failed(FAIL_AT(c, ERR_FIELD, "/x", "of something else")));
	return (struct err){ ERR_STORAGE };
}

static struct err
show_page(struct ctx *c, const struct authority *a,
    const struct http_request *r, struct http_reply *reply)
{
	struct page page;

	(void)a;
	TRY(http_query_page(c, r, &page));
	http_reply_list(c, reply, json_pack("[i]", (int)page.limit),
	    page.after);
	return OK;
}

/* Has half of it in memory, so to say. */
static struct err
soon(struct ctx *c, const struct authority *a, const struct http_request *r,
    struct http_reply *reply)
{
	(void)a;
	if (r->at_once && http_query(r, "wait") != NULL) {
		http_add_header(reply, "X-Of-The-First-Try", "1");
		http_reply_later(reply);
		return OK;
	}
	if (http_query(r, "refuse") != NULL)
		return FAIL(c, ERR_NOT_FOUND, "none");
	http_reply_json(c, reply, 200, json_pack("{s:b}", "at_once",
	    (int)r->at_once));
	return OK;
}

static const struct route routes[] = {
	{ PLANE_STATUS, "GET", "/soon", AUTH_NONE_AT_ONCE, 0, NULL, soon },
	{ PLANE_STATUS, "POST", "/echo", AUTH_NONE, 10, "text/csv,text/plain",
	    echo },
	{ PLANE_STATUS, "POST", "/json", AUTH_NONE, 100, "application/json",
	    echo },
	{ PLANE_STATUS, "GET", "/refuse", AUTH_NONE, 0, NULL, refuse },
	{ PLANE_STATUS, "GET", "/passed", AUTH_NONE, 0, NULL, only_passed_up },
	{ PLANE_STATUS, "GET", "/page", AUTH_NONE, 0, NULL, show_page },
	{ PLANE_OPERATOR, "GET", "/own", AUTH_READ, 0, NULL, echo },
	{ PLANE_DEVICE, "GET", "/self", AUTH_CLIENT, 0, NULL, echo },
};
static const struct route_table table = { routes, COUNT_OF(routes) };
static const struct route_table *const tables[] = { &table };

static struct engine *
engine_new(void)
{
	struct engine *engine = ARENA_NEW(cx->arena, struct engine);

	engine->tables = tables;
	engine->n_tables = 1;
	return engine;
}

static struct job *
job_of(struct engine *engine, const char *method, const char *path,
    const char *type, const char *body)
{
	struct job *job = job_new(engine);
	struct job_head head = {
		.plane = PLANE_STATUS, .method = method, .path = path,
		.address = "192.0.2.1", .content_type = type,
		.content_length = body == NULL ? NULL : arena_printf(cx->arena,
		    "%zu", strlen(body)),
	};

	job_begin(job, &head);
	if (body != NULL)
		ck_assert(job_add_body(job, body, strlen(body)));
	return job;
}

/* The problem's member of that name, as text. */
static const char *
problem(const struct job *job, const char *name)
{
	json_t *json;

	ck_assert_str_eq(job->reply.content_type, "application/problem+json");
	ck_ok(json_parse(cx, job->reply.body, &json));
	return json_string_value(json_object_get(json, name));
}

static const char *
header_of(const struct job *job, const char *name)
{
	for (size_t i = 0; i < job->reply.n_headers; i++)
		if (strcmp(job->reply.headers[i].name, name) == 0)
			return job->reply.headers[i].value;
	return NULL;
}

static void
expect(struct job *job, unsigned status, const char *code)
{
	job_run(job);
	ck_assert_uint_eq(job->reply.status, status);
	ck_assert_str_eq(problem(job, "code"), code);
	job_free(job);
}

START_TEST(a_request_reaches_its_handler_with_its_body)
{
	struct job *job = job_of(engine_new(), "POST", "/echo",
	    "Text/CSV; charset=utf-8", "0123456789");

	job_run(job);
	ck_assert_uint_eq(job->reply.status, 200);
	ck_assert(slice_equal(job->reply.body, slice_text("0123456789")));
	job_free(job);
}
END_TEST

START_TEST(a_body_above_the_limit_of_its_route_is_413)
{
	struct engine *engine = engine_new();
	struct job *job = job_of(engine, "POST", "/echo", "text/csv",
	    "0123456789a");

	ck_assert(!job_is_hopeless(job));
	expect(job, 413, "request.too-large");
	expect(job_of(engine, "GET", "/refuse", NULL, "x"), 413,
	    "request.too-large");
	ck_assert_uint_eq(atomic_load(&engine->body_bytes[PLANE_STATUS]), 0);
}
END_TEST

START_TEST(a_body_that_grows_above_the_limit_is_413)
{
	struct job *job = job_new(engine_new());
	struct job_head head = {
		.plane = PLANE_STATUS, .method = "POST", .path = "/echo",
		.address = "-", .content_type = "text/csv",
		.transfer_encoding = "chunked",
	};

	job_begin(job, &head);
	ck_assert(job_add_body(job, "012345", 6));
	ck_assert(job_add_body(job, "678901", 6));
	expect(job, 413, "request.too-large");
}
END_TEST

START_TEST(a_body_without_end_is_cut_off)
{
	struct job *job = job_of(engine_new(), "POST", "/nothing", NULL, NULL);
	static const char block[65536];
	size_t n = 0;

	while (job_add_body(job, block, sizeof(block)))
		n += sizeof(block);
	ck_assert_uint_le(n, 2 * ENGINE_DISCARD_MAX);
	job_free(job);
}
END_TEST

START_TEST(a_body_said_to_be_huge_is_not_read)
{
	struct job *job = job_new(engine_new());
	struct job_head head = {
		.plane = PLANE_STATUS, .method = "POST", .path = "/echo",
		.address = "-", .content_length = "99999999999",
	};

	job_begin(job, &head);
	ck_assert(job_is_hopeless(job));
	expect(job, 413, "request.too-large");
}
END_TEST

START_TEST(all_bodies_together_are_bounded)
{
	struct engine *engine = engine_new();
	struct job *job;

	atomic_store(&engine->body_bytes[PLANE_STATUS], ENGINE_BODIES_MAX);
	expect(job_of(engine, "POST", "/echo", "text/csv", "1"), 503,
	    "server.busy");
	ck_assert_uint_eq(atomic_load(&engine->body_bytes[PLANE_STATUS]),
	    ENGINE_BODIES_MAX);
	/* Those of another plane take nothing from this one. */
	atomic_store(&engine->body_bytes[PLANE_STATUS], 0);
	atomic_store(&engine->body_bytes[PLANE_DEVICE], ENGINE_BODIES_MAX);
	job = job_of(engine, "POST", "/echo", "text/csv", "1");
	job_run(job);
	ck_assert_uint_eq(job->reply.status, 200);
	job_free(job);
}
END_TEST

START_TEST(another_media_type_is_415)
{
	static const char *const types[] = {
		NULL, "", "text/csvx", "text", "application/json", ",",
	};
	struct engine *engine = engine_new();

	for (size_t i = 0; i < COUNT_OF(types); i++)
		expect(job_of(engine, "POST", "/echo", types[i], "1"), 415,
		    "request.media-type");
}
END_TEST

START_TEST(what_is_in_memory_is_answered_at_once_and_the_rest_later)
{
	struct engine *engine = engine_new();
	struct job *job = job_of(engine, "GET", "/soon", NULL, NULL);

	ck_assert(job_run_at_once(job));
	ck_assert(job->is_run);
	ck_assert_uint_eq(job->reply.status, 200);
	ck_assert(slice_equal(job->reply.body,
	    slice_text("{\"at_once\":true}")));
	job_free(job);

	job = job_of(engine, "GET", "/soon", NULL, NULL);
	job_add_query(job, "wait", "1");
	ck_assert(!job_run_at_once(job));
	ck_assert(!job->is_run);
	job_run(job);
	ck_assert_uint_eq(job->reply.status, 200);
	ck_assert(slice_equal(job->reply.body,
	    slice_text("{\"at_once\":false}")));
	ck_assert_ptr_null(header_of(job, "X-Of-The-First-Try"));
	job_free(job);

	job = job_of(engine, "GET", "/soon", NULL, NULL);
	job_add_query(job, "refuse", "1");
	ck_assert(job_run_at_once(job));
	ck_assert_uint_eq(job->reply.status, 404);
	job_free(job);
}
END_TEST

START_TEST(what_was_refused_or_does_not_say_so_is_not_tried_at_once)
{
	struct engine *engine = engine_new();
	struct job *job = job_of(engine, "GET", "/page", NULL, NULL);

	ck_assert(!job_run_at_once(job));
	ck_assert(!job->is_run);
	job_free(job);
	job = job_of(engine, "GET", "/none", NULL, NULL);
	ck_assert(!job_run_at_once(job));
	job_free(job);
}
END_TEST

START_TEST(an_empty_body_needs_no_media_type)
{
	struct job *job = job_of(engine_new(), "POST", "/json", NULL, "");

	job_run(job);
	ck_assert_uint_eq(job->reply.status, 200);
	job_free(job);
}
END_TEST

START_TEST(malformed_json_is_400_and_says_where)
{
	struct job *job = job_of(engine_new(), "POST", "/json",
	    "application/json", "{\"a\":\n tru}");

	job_run(job);
	ck_assert_uint_eq(job->reply.status, 400);
	ck_assert_str_eq(problem(job, "code"), "request.json");
	ck_assert_ptr_nonnull(strstr(problem(job, "detail"), "line 2"));
	job_free(job);
}
END_TEST

START_TEST(a_wrong_method_is_405_with_allow)
{
	struct job *job = job_of(engine_new(), "DELETE", "/refuse", NULL,
	    NULL);

	job_run(job);
	ck_assert_uint_eq(job->reply.status, 405);
	ck_assert_str_eq(header_of(job, "Allow"), "GET, HEAD");
	job_free(job);
}
END_TEST

START_TEST(a_problem_has_every_member_of_the_contract)
{
	struct job *job = job_of(engine_new(), "GET", "/refuse", NULL, NULL);

	job_run(job);
	ck_assert_uint_eq(job->reply.status, 429);
	ck_assert_str_eq(problem(job, "type"),
	    "urn:daapki:problem:pacing.too-early");
	ck_assert_str_eq(problem(job, "title"),
	    "It is too early to ask again.");
	ck_assert_str_eq(problem(job, "instance"), arena_printf(cx->arena,
	    "urn:daapki:request:%s", job->id));
	ck_assert_str_eq(header_of(job, "Retry-After"), "7");
	job_free(job);
}
END_TEST

START_TEST(a_problem_tells_nothing_that_was_not_meant_to_be_told)
{
	struct job *job = job_of(engine_new(), "GET", "/refuse", NULL, NULL);

	job_run(job);
	ck_assert_ptr_null(problem(job, "detail"));
	ck_assert_ptr_null(header_of(job, "X-Secret"));
	job_free(job);
}
END_TEST

START_TEST(a_failure_is_not_explained_by_the_trail_of_another)
{
	struct job *job = job_of(engine_new(), "GET", "/passed", NULL, NULL);

	job_run(job);
	ck_assert_uint_eq(job->reply.status, 503);
	ck_assert_str_eq(problem(job, "code"), "server.storage");
	ck_assert_ptr_null(problem(job, "detail"));
	ck_assert_ptr_null(problem(job, "pointer"));
	ck_assert_str_eq(header_of(job, "Retry-After"), "1");
	job_free(job);
}
END_TEST

START_TEST(an_operator_route_asks_for_a_token)
{
	struct job *job = job_new(engine_new());
	struct job_head head = {
		.plane = PLANE_OPERATOR, .method = "GET", .path = "/own",
		.address = "-",
	};

	job_begin(job, &head);
	job_run(job);
	ck_assert_uint_eq(job->reply.status, 401);
	ck_assert_str_eq(problem(job, "code"), "auth.required");
	ck_assert_ptr_nonnull(header_of(job, "WWW-Authenticate"));
	job_free(job);
}
END_TEST

START_TEST(a_token_of_another_scheme_is_refused)
{
	struct job *job = job_new(engine_new());
	struct job_head head = {
		.plane = PLANE_OPERATOR, .method = "GET", .path = "/own",
		.address = "-", .authorization = "Basic YTpi",
	};

	job_begin(job, &head);
	expect(job, 401, "auth.token");
}
END_TEST

START_TEST(a_device_route_asks_for_a_certificate)
{
	struct job *job = job_new(engine_new());
	struct job_head head = {
		.plane = PLANE_DEVICE, .method = "GET", .path = "/self",
		.address = "-",
	};

	job_begin(job, &head);
	expect(job, 401, "auth.required");
}
END_TEST

START_TEST(too_many_letters_of_headers_are_413)
{
	struct job *job = job_new(engine_new());
	struct job_head head = {
		.plane = PLANE_STATUS, .method = "GET", .path = "/refuse",
		.address = "-", .headers_n = ENGINE_HEADERS_MAX + 1,
	};

	job_begin(job, &head);
	expect(job, 413, "request.too-large");
}
END_TEST

START_TEST(the_query_is_read_and_checked)
{
	struct engine *engine = engine_new();
	struct job *job = job_of(engine, "GET", "/page", NULL, NULL);
	json_t *json;

	job_add_query(job, "after", "%35");
	job_add_query(job, "limit", "7");
	job_run(job);
	ck_assert_uint_eq(job->reply.status, 200);
	ck_ok(json_parse(cx, job->reply.body, &json));
	ck_assert_str_eq(json_string_value(json_object_get(json, "next")), "5");
	ck_assert_int_eq(json_integer_value(json_array_get(
	    json_object_get(json, "items"), 0)), 7);
	job_free(job);
}
END_TEST

START_TEST(a_query_that_cannot_be_read_is_400)
{
	static const char *const bad[][2] = {
		{ "limit", "0" }, { "limit", "1001" }, { "limit", "-1" },
		{ "limit", "" }, { "limit", NULL }, { "after", "x" },
		{ "after", "99999999999999999999" }, { "a", "%" },
		{ "%zz", "1" }, { "a", "%00" }, { "a", "%0a" }, { "a", "%ff" },
	};
	struct engine *engine = engine_new();
	struct job *job;

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		job = job_of(engine, "GET", "/page", NULL, NULL);
		job_add_query(job, bad[i][0], bad[i][1]);
		expect(job, 400, "request.parameter");
	}
	job = job_of(engine, "GET", "/page", NULL, NULL);
	job_add_query(job, "limit", "1");
	job_add_query(job, "limit", "1");
	expect(job, 400, "request.parameter");
	job = job_of(engine, "GET", "/page", NULL, NULL);
	for (unsigned i = 0; i <= ENGINE_QUERY_MAX; i++)
		job_add_query(job, arena_printf(cx->arena, "a%u", i), "1");
	expect(job, 400, "request.parameter");
}
END_TEST

START_TEST(a_server_that_stops_says_so)
{
	struct engine *engine = engine_new();

	atomic_store(&engine->stopping, true);
	expect(job_of(engine, "GET", "/page", NULL, NULL), 503,
	    "server.stopping");
}
END_TEST

START_TEST(request_ids_are_sixteen_hex_letters_and_differ)
{
	struct engine *engine = engine_new();
	struct job *a = job_new(engine), *b = job_new(engine);
	uint8_t bytes[8];

	ck_assert(text_unhex(a->id, bytes, sizeof(bytes)));
	ck_assert_str_ne(a->id, b->id);
	job_free(a);
	job_free(b);
}
END_TEST

START_TEST(work_is_done_under_the_trace_that_its_request_names)
{
	static const char sent[] =
	    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
	struct engine *engine = engine_new();
	struct job *a = job_new(engine), *b = job_new(engine);
	struct job_head head = {
		.plane = PLANE_STATUS, .method = "GET", .path = "/soon",
		.address = "192.0.2.1", .traceparent = sent,
	};

	job_begin(a, &head);
	head.traceparent = NULL;
	job_begin(b, &head);
	ck_assert_str_eq(a->trace.id, "0af7651916cd43dd8448eb211c80319c");
	ck_assert_ptr_eq(a->root.cx.trace, a->trace.text);
	ck_assert_str_ne(a->trace.text, sent);
	ck_assert_str_ne(b->trace.id, a->trace.id);
	ck_assert_uint_eq(strlen(b->root.cx.trace), TRACE_PARENT_LETTERS);
	job_free(a);
	job_free(b);
}
END_TEST

/* --- workers ----------------------------------------------------------- */

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static atomic_uint n_done;

static void
on_done(struct job *job)
{
	(void)pthread_mutex_lock(&gate);
	(void)pthread_mutex_unlock(&gate);
	atomic_fetch_add(&n_done, 1);
	job_free(job);
}

START_TEST(the_queue_is_bounded_and_a_place_in_it_is_kept)
{
	struct workers_conf conf = { .n = 1, .queue_max = 3, .done = on_done };
	struct engine *engine = engine_new();
	struct workers *w;
	unsigned n = 0;

	atomic_store(&n_done, 0);
	(void)pthread_mutex_lock(&gate);
	ck_ok(workers_start(cx, &conf, &w));
	/* One on the worker at most, three in the queue. */
	for (int i = 0; i < 100; i++) {
		if (!workers_reserve(w))
			continue;
		workers_push(w, job_of(engine, "GET", "/page", NULL, NULL));
		n++;
	}
	ck_assert_uint_ge(n, 3);
	ck_assert_uint_le(n, 4);
	ck_assert_uint_eq(atomic_load(&n_done), 0);
	(void)pthread_mutex_unlock(&gate);
	workers_stop(w);
	ck_assert_uint_eq(atomic_load(&n_done), n);
	workers_free(w);
}
END_TEST

START_TEST(workers_that_stop_give_no_places)
{
	struct workers_conf conf = { .n = 2, .queue_max = 3, .done = on_done };
	struct workers *w;

	ck_ok(workers_start(cx, &conf, &w));
	workers_stop(w);
	ck_assert(!workers_reserve(w));
	workers_free(w);
}
END_TEST

UNIT_MAIN("engine",
    a_request_reaches_its_handler_with_its_body,
    a_body_above_the_limit_of_its_route_is_413,
    a_body_that_grows_above_the_limit_is_413,
    a_body_without_end_is_cut_off,
    a_body_said_to_be_huge_is_not_read,
    all_bodies_together_are_bounded,
    another_media_type_is_415,
    what_is_in_memory_is_answered_at_once_and_the_rest_later,
    what_was_refused_or_does_not_say_so_is_not_tried_at_once,
    an_empty_body_needs_no_media_type,
    malformed_json_is_400_and_says_where,
    a_wrong_method_is_405_with_allow,
    a_problem_has_every_member_of_the_contract,
    a_problem_tells_nothing_that_was_not_meant_to_be_told,
    a_failure_is_not_explained_by_the_trail_of_another,
    an_operator_route_asks_for_a_token,
    a_token_of_another_scheme_is_refused,
    a_device_route_asks_for_a_certificate,
    too_many_letters_of_headers_are_413,
    the_query_is_read_and_checked,
    a_query_that_cannot_be_read_is_400,
    a_server_that_stops_says_so,
    request_ids_are_sixteen_hex_letters_and_differ,
    work_is_done_under_the_trace_that_its_request_names,
    the_queue_is_bounded_and_a_place_in_it_is_kept,
    workers_that_stop_give_no_places)
