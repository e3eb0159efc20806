/* SPDX-License-Identifier: Apache-2.0 */
#include "server/rest_bulk.h"

#include <stdlib.h>

#include "base/base.h"
#include "base/text.h"
#include "server/rest_json.h"

#define LINE_MAX_BYTES	1024u			/* one line of a file */
#define PRINT_MAX	(128u * 1024u * 1024u)	/* of 100,000 outcomes */

struct err
rest_bulk_read(struct ctx *cx, const json_t *object,
    struct claim_request *out)
{
	struct json_in in = json_in(cx, object, "");
	struct claim_request r;

	r.device_id = json_get_text(&in, "device_id", JSON_OPTIONAL,
	    DEVICE_ID_SIZE - 1);
	r.hardware_id = json_get_text(&in, "hardware_id", JSON_OPTIONAL,
	    HARDWARE_ID_MAX - 1);
	r.group = json_get_name(&in, "group", JSON_OPTIONAL);
	TRY(json_in_done(&in));
	*out = r;
	return OK;
}

/* --- lines in -------------------------------------------------------- */

/* Cut the next line off; its CR and LF are gone. */
static struct slice
next_line(struct slice *rest)
{
	const uint8_t *end = memchr(rest->p, '\n', rest->n);
	struct slice line = *rest;

	if (end == NULL) {
		*rest = SLICE_NONE;
	} else {
		line.n = (size_t)(end - rest->p);
		*rest = SLICE(end + 1, rest->n - line.n - 1);
	}
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

static void
refuse(struct claim_line *line, enum err_code code, const char *detail)
{
	line->outcome = CLAIM_REFUSED;
	line->code = code;
	line->detail = detail;
}

static void
read_csv(struct ctx *cx, struct slice text, struct claim_line *line)
{
	char *id = arena_strndup(cx->arena, (const char *)text.p, text.n);
	char *group = strchr(id, ',');

	if (group != NULL)
		*group++ = '\0';
	line->id = id;
	if (strchr(id, ':') != NULL)
		line->request.hardware_id = id;
	else
		line->request.device_id = id;
	if (group == NULL || *group == '\0')
		return;
	if (!text_is_name(group))
		refuse(line, ERR_FIELD, "the second column is not a group");
	line->request.group = group;
}

static void
read_json(struct ctx *cx, struct slice text, struct claim_line *line)
{
	json_t *object;
	struct err e;

	e = json_parse(cx, text, &object);
	if (!failed(e))
		e = rest_bulk_read(cx, object, &line->request);
	if (failed(e)) {
		refuse(line, e.code, arena_strdup(cx->arena,
		    cx->trail->tell));
		ctx_forget(cx);
		return;
	}
	line->id = line->request.hardware_id != NULL ?
	    line->request.hardware_id : line->request.device_id;
}

static bool
is_header(struct slice text)
{
	return slice_equal(text, slice_text("id")) ||
	    slice_equal(text, slice_text("id,group"));
}

static struct err
more_room(struct ctx *cx, struct claim_line **lines, size_t n, size_t *cap)
{
	struct claim_line *larger;
	size_t want = n * 2 > 64 ? n * 2 : 64;

	if (n < *cap)
		return OK;
	if (n == CLAIM_BULK_MAX)
		return FAIL_TELL(cx, ERR_TOO_LARGE, "more than %u lines",
		    CLAIM_BULK_MAX);
	*cap = want < CLAIM_BULK_MAX ? want : CLAIM_BULK_MAX;
	larger = arena_array(cx->arena, *cap, sizeof(*larger));
	if (n > 0)
		memcpy(larger, *lines, n * sizeof(*larger));
	*lines = larger;
	return OK;
}

struct err
rest_bulk_lines(struct ctx *cx, struct slice body, bool csv,
    struct claim_line **out, size_t *out_n)
{
	struct claim_line *lines = NULL;
	struct slice rest = body;
	size_t n = 0, cap = 0;

	for (unsigned number = 1; rest.n > 0; number++) {
		struct slice text = next_line(&rest);
		struct claim_line line = { .number = number };

		if (text.n == 0 || (csv && number == 1 && is_header(text)))
			continue;
		TRY(more_room(cx, &lines, n, &cap));
		if (text.n > LINE_MAX_BYTES || !text_is_printable(text))
			refuse(&line, ERR_MALFORMED,
			    "not a line of at most 1024 printable bytes");
		else if (csv)
			read_csv(cx, text, &line);
		else
			read_json(cx, text, &line);
		lines[n++] = line;
	}
	*out = lines;
	*out_n = n;
	return OK;
}

/* --- outcomes out ---------------------------------------------------- */

static json_t *
outcome_json(const struct claim_line *line)
{
	json_t *object = json_object();

	rest_set(object, "line", json_integer(line->number));
	rest_set_text(object, "id", line->id);
	rest_set_text(object, "outcome", claim_outcome_name(line->outcome));
	if (line->outcome == CLAIM_REFUSED)
		rest_set_text(object, "code",
		    err_dotted((struct err){ (uint16_t)line->code }));
	rest_set_text(object, "detail", line->detail);
	return object;
}

struct err
rest_bulk_print(struct ctx *cx, const struct claim_line *lines, size_t n,
    struct slice *out)
{
	struct buf b = buf_in(cx->arena, PRINT_MAX);

	for (size_t i = 0; i < n; i++) {
		json_t *object = outcome_json(&lines[i]);
		char *text = json_dumps(object, JSON_COMPACT);

		ASSERT(text != NULL);
		put_text(&b, text);
		put_u8(&b, '\n');
		free(text);
		json_decref(object);
	}
	if (b.bad)
		return FAIL(cx, ERR_INTERNAL, "outcomes above %u bytes",
		    PRINT_MAX);
	*out = buf_slice(&b);
	return OK;
}
