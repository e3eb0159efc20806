/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/courier.h"

#include "base/base.h"
#include "base/text.h"

_Static_assert(COURIER_BODY_MAX + COURIER_URL_MAX +
    COURIER_HEADERS_MAX * (COURIER_HEADER_MAX + 2) + 64 < COURIER_PACKET_MAX,
    "what is allowed fits");
_Static_assert(COURIER_ANSWER_MAX + COURIER_WHY_MAX + 64 < COURIER_PACKET_MAX,
    "what is allowed fits");

const char *
courier_outcome_text(enum courier_outcome outcome)
{
	static const char *const texts[] = {
		[COURIER_ANSWERED] = "answered",
		[COURIER_URL] = "bad-url",
		[COURIER_FORBIDDEN] = "forbidden-address",
		[COURIER_RESOLVE] = "no-address",
		[COURIER_CONNECT] = "no-connection",
		[COURIER_TLS] = "tls",
		[COURIER_TIMEOUT] = "timeout",
		[COURIER_TOO_LARGE] = "answer-too-large",
		[COURIER_FAILED] = "failed",
		[COURIER_BUSY] = "busy",
		[COURIER_LOST] = "lost",
	};

	ASSERT(outcome < COURIER_OUTCOMES);
	return texts[outcome];
}

/* Nothing that could end a line, or begin a header of its own. */
static bool
is_line(const char *text, size_t max)
{
	size_t n = strlen(text);

	if (n == 0 || n > max)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((uint8_t)text[i] < 0x20 || (uint8_t)text[i] > 0x7e)
			return false;
	return true;
}

static bool
request_is_right(const struct courier_request *r)
{
	for (size_t i = 0; i < r->n_headers; i++)
		if (!is_line(r->headers[i], COURIER_HEADER_MAX) ||
		    strchr(r->headers[i], ':') == NULL)
			return false;
	return r->use < COURIER_USES && (r->method == COURIER_GET ? r->body.n == 0 :
	    r->method == COURIER_POST) && is_line(r->url, COURIER_URL_MAX) &&
	    r->body.n <= COURIER_BODY_MAX &&
	    r->answer_max <= COURIER_ANSWER_MAX &&
	    r->connect_ms > 0 && r->connect_ms <= COURIER_MS_MAX &&
	    r->total_ms > 0 && r->total_ms <= COURIER_MS_MAX;
}

static bool
answer_is_right(const struct courier_answer *a)
{
	if (a->outcome >= COURIER_OUTCOMES || a->body.n > COURIER_ANSWER_MAX)
		return false;
	if (a->outcome == COURIER_ANSWERED)
		return a->status >= 100 && a->status <= 999 &&
		    a->why[0] == '\0';
	return a->status == 0 && a->body.n == 0 &&
	    is_line(a->why, COURIER_WHY_MAX);
}

struct err
courier_request_encode(struct ctx *cx, const struct courier_request *r,
    struct buf *b)
{
	if (r->n_headers > COURIER_HEADERS_MAX || !request_is_right(r))
		return FAIL(cx, ERR_INTERNAL, "a request breaks a limit");
	put_be32(b, r->seq);
	put_u8(b, r->use);
	put_u8(b, r->method);
	put_be32(b, r->connect_ms);
	put_be32(b, r->total_ms);
	put_be32(b, r->answer_max);
	put_be16_bytes(b, slice_text(r->url));
	put_u8(b, (uint8_t)r->n_headers);
	for (size_t i = 0; i < r->n_headers; i++)
		put_be16_bytes(b, slice_text(r->headers[i]));
	put_be32_bytes(b, r->body);
	return b->bad ? FAIL(cx, ERR_INTERNAL, "a request is too long") : OK;
}

struct err
courier_answer_encode(struct ctx *cx, const struct courier_answer *a,
    struct buf *b)
{
	if (!answer_is_right(a))
		return FAIL(cx, ERR_INTERNAL, "an answer breaks a limit");
	put_be32(b, a->seq);
	put_u8(b, a->outcome);
	put_be16(b, a->status);
	put_be32(b, a->ms);
	put_be16_bytes(b, slice_text(a->why));
	put_be32_bytes(b, a->body);
	return b->bad ? FAIL(cx, ERR_INTERNAL, "an answer is too long") : OK;
}

/* "" for one that holds a NUL, which no text may be. */
static const char *
read_text(struct ctx *cx, struct reader *r, size_t max)
{
	struct slice s = read_be16_bytes(r, max);

	if (s.n == 0 || memchr(s.p, '\0', s.n) != NULL)
		return "";
	return arena_strndup(cx->arena, (const char *)s.p, s.n);
}

struct err
courier_request_decode(struct ctx *cx, struct slice packet,
    struct courier_request *out)
{
	struct reader r = reader_of(packet);
	struct courier_request q = { .seq = read_be32(&r) };

	q.use = read_u8(&r);
	q.method = read_u8(&r);
	q.connect_ms = read_be32(&r);
	q.total_ms = read_be32(&r);
	q.answer_max = read_be32(&r);
	q.url = read_text(cx, &r, COURIER_URL_MAX);
	q.n_headers = read_u8(&r);
	if (q.n_headers > COURIER_HEADERS_MAX)
		return FAIL(cx, ERR_ORDER_MALFORMED, "too many headers");
	for (size_t i = 0; i < q.n_headers; i++)
		q.headers[i] = read_text(cx, &r, COURIER_HEADER_MAX);
	q.body = read_be32_bytes(&r, COURIER_BODY_MAX);
	if (!read_done(&r) || !request_is_right(&q))
		return FAIL(cx, ERR_ORDER_MALFORMED, "not a request");
	*out = q;
	return OK;
}

struct err
courier_answer_decode(struct ctx *cx, struct slice packet,
    struct courier_answer *out)
{
	struct reader r = reader_of(packet);
	struct courier_answer a = { .seq = read_be32(&r) };
	struct slice why;

	a.outcome = read_u8(&r);
	a.status = read_be16(&r);
	a.ms = read_be32(&r);
	why = read_be16_bytes(&r, COURIER_WHY_MAX);
	a.body = read_be32_bytes(&r, COURIER_ANSWER_MAX);
	if (!read_done(&r) || (why.n > 0 &&
	    memchr(why.p, '\0', why.n) != NULL))
		return FAIL(cx, ERR_ORDER_MALFORMED, "not an answer");
	a.why = why.n == 0 ? "" : arena_strndup(cx->arena,
	    (const char *)why.p, why.n);
	if (!answer_is_right(&a))
		return FAIL(cx, ERR_ORDER_MALFORMED, "not an answer");
	*out = a;
	return OK;
}
