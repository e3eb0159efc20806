/* SPDX-License-Identifier: Apache-2.0 */
#include "server/problem.h"

#include "base/base.h"

static void
set(json_t *object, const char *name, json_t *value)
{
	ASSERT(json_object_set_new(object, name, value) == 0);
}

/* Notes are cut at their size, which may cut a letter of UTF-8 in two. */
static json_t *
text_of(const char *text)
{
	json_t *value = json_string(text);

	for (size_t n = strlen(text); value == NULL && n > 0; n--)
		value = json_stringn(text, n - 1);
	return value;
}

static json_t *
body_of(struct ctx *cx, struct err e, const struct trail *t,
    int64_t retry_after_s)
{
	json_t *body = json_object();

	set(body, "type", json_string(arena_printf(cx->arena,
	    "urn:daapki:problem:%s", err_dotted(e))));
	set(body, "title", json_string(err_title(e)));
	set(body, "status", json_integer((json_int_t)err_http(e)));
	if (t->tell[0] != '\0')
		set(body, "detail", text_of(t->tell));
	set(body, "code", json_string(err_dotted(e)));
	if (cx->request_id != NULL)
		set(body, "instance", json_string(arena_printf(cx->arena,
		    "urn:daapki:request:%s", cx->request_id)));
	/* "" is a pointer too: the whole document (RFC 6901, 5). */
	if (t->pointer[0] != '\0' || e.code == ERR_FIELD)
		set(body, "pointer", text_of(t->pointer));
	if (retry_after_s > 0)
		set(body, "retry_after", json_integer(retry_after_s));
	return body;
}

void
problem_reply(struct ctx *cx, struct err e, enum plane plane,
    const char *allow, struct http_reply *reply)
{
	static const struct trail none = { .retry_after_s = 0 };
	/* A trail of another failure would tell what is not so. */
	const struct trail *t = cx->trail->err.code == e.code ?
	    cx->trail : &none;
	unsigned status = err_http(e);
	int64_t retry_after_s = cx->trail->retry_after_s;

	if (status != 429 && status != 503)
		retry_after_s = 0;
	else if (retry_after_s <= 0)
		retry_after_s = PROBLEM_RETRY_AFTER_S;
	*reply = (struct http_reply){ .status = 0 };
	http_reply_json(cx, reply, status, body_of(cx, e, t, retry_after_s));
	reply->content_type = "application/problem+json";
	if (retry_after_s > 0)
		http_add_header(reply, "Retry-After",
		    arena_printf(cx->arena, "%lld", (long long)retry_after_s));
	if (status == 401 && plane == PLANE_OPERATOR)
		http_add_header(reply, "WWW-Authenticate",
		    "Bearer realm=\"daapki\"");
	if (allow != NULL && allow[0] != '\0')
		http_add_header(reply, "Allow", arena_strdup(cx->arena, allow));
}
