/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/delivery.h"

#include "base/base.h"
#include "base/text.h"

#define SUBJECT_MAX	256u	/* bytes of a text in a body without data */

json_t *
delivery_data(struct ctx *cx, const struct event_row *e)
{
	json_t *data = json_loads(e->data, JSON_REJECT_DUPLICATES, NULL);

	return json_keep(cx, data == NULL ? json_object() : data);
}

static struct slice
body_with(struct ctx *cx, const struct event_row *e, json_t *about)
{
	return json_text(cx, json_keep(cx, json_pack("{s:s, s:s, s:O}",
	    "type", e->type, "timestamp", text_time_dup(cx->arena, e->at_s),
	    "data", about)));
}

static const char *
cut(struct ctx *cx, const char *text)
{
	size_t n = strlen(text);

	/* Not within a character of UTF-8. */
	if (n > SUBJECT_MAX)
		for (n = SUBJECT_MAX; n > 0 && (text[n] & 0xc0) == 0x80; n--)
			continue;
	return arena_strndup(cx->arena, text, n);
}

struct slice
delivery_body(struct ctx *cx, const struct event_row *e)
{
	const char *id = arena_printf(cx->arena, "%lld", (long long)e->id);
	json_t *about = json_keep(cx, json_pack("{s:s, s:s, s:s, s:O}",
	    "id", id, "subject", e->subject, "actor", e->actor,
	    "data", delivery_data(cx, e)));
	struct slice body = body_with(cx, e, about);

	if (body.n <= DELIVERY_BODY_MAX)
		return body;
	about = json_keep(cx, json_pack("{s:s, s:s, s:s, s:{}, s:b}",
	    "id", id, "subject", cut(cx, e->subject),
	    "actor", cut(cx, e->actor), "data", "data_omitted", true));
	body = body_with(cx, e, about);
	ASSERT(body.n <= DELIVERY_BODY_MAX);
	return body;
}

struct delivery_told
delivery_tell(const struct courier_answer *a)
{
	enum courier_outcome outcome = (enum courier_outcome)a->outcome;

	if (outcome == COURIER_FORBIDDEN || outcome == COURIER_RESOLVE)
		return (struct delivery_told){ COURIER_RESOLVE, 0,
		    "its name has no address that may be connected to" };
	return (struct delivery_told){ outcome, a->ms, a->why };
}
