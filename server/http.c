/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http.h"

#include "base/base.h"
#include "base/text.h"
#include "server/engine.h"

const char *
http_query(const struct http_request *request, const char *name)
{
	const struct job *job = request->engine;

	for (size_t i = 0; i < job->n_query; i++)
		if (strcmp(job->query[i].name, name) == 0)
			return job->query[i].value;
	return NULL;
}

struct err
http_query_page(struct ctx *cx, const struct http_request *request,
    struct page *out)
{
	const char *after = http_query(request, "after");
	const char *limit = http_query(request, "limit");
	uint64_t after_n = 0, limit_n = PAGE_LIMIT_DEFAULT;

	if (after != NULL && !text_parse_uint(after, INT64_MAX, &after_n))
		return FAIL_TELL(cx, ERR_PARAMETER,
		    "after is not a cursor of this list");
	if (limit != NULL && (!text_parse_uint(limit, PAGE_LIMIT_MAX,
	    &limit_n) || limit_n == 0))
		return FAIL_TELL(cx, ERR_PARAMETER,
		    "limit is not a number from 1 to %u", PAGE_LIMIT_MAX);
	*out = (struct page){ (int64_t)after_n, (unsigned)limit_n };
	return OK;
}

struct err
http_query_time(struct ctx *cx, const struct http_request *request,
    const char *name, int64_t fallback_s, int64_t *out_s)
{
	const char *text = http_query(request, name);

	if (text == NULL) {
		*out_s = fallback_s;
		return OK;
	}
	if (!text_parse_time(text, out_s))
		return FAIL_TELL(cx, ERR_PARAMETER,
		    "%s is not a time such as 2026-11-22T07:52:50Z", name);
	return OK;
}

void
http_add_header(struct http_reply *reply, const char *name, const char *value)
{
	ASSERT(reply->n_headers < HTTP_HEADERS_MAX);
	reply->headers[reply->n_headers++] = (struct http_header){ name, value };
}

void
http_reply_json(struct ctx *cx, struct http_reply *reply, unsigned status,
    json_t *value)
{
	reply->status = status;
	reply->content_type = "application/json";
	reply->body = json_text(cx, json_keep(cx, value));
}

void
http_reply_list(struct ctx *cx, struct http_reply *reply, json_t *items,
    int64_t next)
{
	json_t *list = json_object();

	ASSERT(json_object_set_new(list, "items", items) == 0);
	if (next != 0)
		ASSERT(json_object_set_new(list, "next", json_string(
		    arena_printf(cx->arena, "%lld", (long long)next))) == 0);
	http_reply_json(cx, reply, 200, list);
}

void
http_reply_empty(struct http_reply *reply, unsigned status)
{
	reply->status = status;
	reply->content_type = NULL;
	reply->body = SLICE_NONE;
}
