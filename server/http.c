/* SPDX-License-Identifier: Apache-2.0 */
#include "server/http.h"

#include <stdio.h>
#include <strings.h>
#include <time.h>

#include "base/base.h"
#include "base/text.h"
#include "server/engine.h"

const char *
http_header(const struct http_request *request, const char *name)
{
	const struct job *job = request->engine;

	for (size_t i = 0; i < ENGINE_HEADERS_KEPT; i++)
		if (strcasecmp(engine_headers[i], name) == 0)
			return job->headers[i];
	base_bug(__FILE__, __LINE__, name);
}

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
http_query_limit(struct ctx *cx, const struct http_request *request,
    unsigned *out)
{
	const char *limit = http_query(request, "limit");
	uint64_t n = PAGE_LIMIT_DEFAULT;

	if (limit != NULL && (!text_parse_uint(limit, PAGE_LIMIT_MAX, &n) ||
	    n == 0))
		return FAIL_TELL(cx, ERR_PARAMETER,
		    "limit is not a number from 1 to %u", PAGE_LIMIT_MAX);
	*out = (unsigned)n;
	return OK;
}

struct err
http_query_page(struct ctx *cx, const struct http_request *request,
    struct page *out)
{
	const char *after = http_query(request, "after");
	uint64_t after_n = 0;
	unsigned limit;

	if (after != NULL && !text_parse_uint(after, INT64_MAX, &after_n))
		return FAIL_TELL(cx, ERR_PARAMETER,
		    "after is not a cursor of this list");
	TRY(http_query_limit(cx, request, &limit));
	*out = (struct page){ (int64_t)after_n, limit };
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

#define TAG_MAX	22u	/* INT64_MAX and its quotes */

struct err
http_if_match(struct ctx *cx, const struct http_request *request,
    int64_t *out_revision)
{
	const char *tag = http_header(request, "If-Match");
	size_t n = tag == NULL ? 0 : strlen(tag);
	uint64_t revision;

	*out_revision = REVISION_ANY;
	if (tag == NULL || strcmp(tag, "*") == 0)
		return OK;
	if (n < 3 || n > TAG_MAX || tag[0] != '"' || tag[n - 1] != '"' ||
	    !text_parse_uint(arena_strndup(cx->arena, tag + 1, n - 2),
	    INT64_MAX, &revision) || revision == 0)
		return FAIL_TELL(cx, ERR_PRECONDITION,
		    "If-Match holds no revision of it");
	*out_revision = (int64_t)revision;
	return OK;
}

void
http_add_revision(struct ctx *cx, struct http_reply *reply, int64_t revision)
{
	http_add_header(reply, "ETag", arena_printf(cx->arena, "\"%lld\"",
	    (long long)revision));
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
http_reply_page(struct ctx *cx, struct http_reply *reply, json_t *items,
    const char *next)
{
	json_t *list = json_object();

	ASSERT(json_object_set_new(list, "items", items) == 0);
	if (next != NULL)
		ASSERT(json_object_set_new(list, "next",
		    json_string(next)) == 0);
	http_reply_json(cx, reply, 200, list);
}

void
http_reply_list(struct ctx *cx, struct http_reply *reply, json_t *items,
    int64_t next)
{
	http_reply_page(cx, reply, items, next == 0 ? NULL :
	    arena_printf(cx->arena, "%lld", (long long)next));
}

void
http_reply_empty(struct http_reply *reply, unsigned status)
{
	reply->status = status;
	reply->content_type = NULL;
	reply->body = SLICE_NONE;
}

void
http_reply_later(struct http_reply *reply)
{
	reply->is_later = true;
}

/* RFC 9110, 5.6.7: "Sun, 22 Nov 2026 09:07:11 GMT". */
static const char *
http_date(struct ctx *cx, int64_t at_s)
{
	static const char days[][4] =
	    { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May",
	    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t at = (time_t)at_s;
	struct tm tm;

	ASSERT(gmtime_r(&at, &tm) != NULL);
	return arena_printf(cx->arena, "%s, %02d %s %04d %02d:%02d:%02d GMT",
	    days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
	    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* RFC 9110, 13.1.2: any of the list, compared weakly. */
static bool
has_tag(const char *list, const char *etag)
{
	size_t n = strlen(etag);

	while (*list != '\0') {
		list += strspn(list, " \t,");
		if (*list == '*')
			return true;
		if (strncmp(list, "W/", 2) == 0)
			list += 2;
		if (strncmp(list, etag, n) == 0)
			return true;
		list += strcspn(list, ",");
	}
	return false;
}

/* If-None-Match counts alone when it is there (RFC 9110, 13.1.3).  A client
 * gives the time back as it was told, so that it need not be read. */
static bool
client_has_it(const struct http_request *request, const char *etag,
    const char *modified)
{
	const char *tags = http_header(request, "If-None-Match");
	const char *since = http_header(request, "If-Modified-Since");

	if (strcmp(request->method, "GET") != 0 &&
	    strcmp(request->method, "HEAD") != 0)
		return false;
	if (tags != NULL)
		return has_tag(tags, etag);
	return since != NULL && strcmp(since, modified) == 0;
}

void
http_reply_cached(struct ctx *cx, const struct http_request *request,
    struct http_reply *reply, const struct http_freshness *fresh)
{
	const char *modified = http_date(cx, fresh->modified_s);

	http_add_header(reply, "ETag", fresh->etag);
	http_add_header(reply, "Last-Modified", modified);
	if (fresh->expires_s != 0)
		http_add_header(reply, "Expires",
		    http_date(cx, fresh->expires_s));
	http_add_header(reply, "Cache-Control", arena_printf(cx->arena,
	    "max-age=%lld, public, no-transform, must-revalidate",
	    (long long)fresh->age_s));
	if (client_has_it(request, fresh->etag, modified))
		http_reply_empty(reply, 304);
}
