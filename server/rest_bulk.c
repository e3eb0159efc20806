/* SPDX-License-Identifier: Apache-2.0 */
#include "server/rest_bulk.h"

#include <stdlib.h>

#include "authority/claim_proof.h"
#include "authority/consent.h"
#include "authority/device_label.h"
#include "base/base.h"
#include "base/text.h"
#include "server/rest_json.h"

#define LINE_MAX_BYTES	1024u			/* one line of a file */
#define PROOF_MAX	16u			/* letters */
#define PRINT_MAX	(128u * 1024u * 1024u)	/* of 100,000 outcomes */

/* Checked here, so that a line is refused for them and no more than it. */
static struct err
read_labels(struct ctx *cx, const json_t *labels, struct claim_request *out)
{
	const char *name;
	json_t *value;

	if (labels == NULL)
		return OK;
	/* There are none yet that null could take away. */
	json_object_foreach((json_t *)(uintptr_t)labels, name, value)
		if (json_is_null(value))
			return FAIL_AT(cx, ERR_FIELD, "/labels",
			    "labels: %s is null", name);
	return device_label_merge(cx, NULL, labels, &out->labels);
}

static struct err
read_members(struct json_in *in, struct claim_request *out)
{
	*out = (struct claim_request){ .device_id = NULL };
	out->device_id = json_get_text(in, "device_id", JSON_OPTIONAL,
	    DEVICE_ID_SIZE - 1);
	out->hardware_id = json_get_text(in, "hardware_id", JSON_OPTIONAL,
	    HARDWARE_ID_MAX - 1);
	out->group = json_get_name(in, "group", JSON_OPTIONAL);
	out->claim_secret = json_get_text(in, "claim_secret", JSON_OPTIONAL,
	    CLAIM_SECRET_MAX);
	out->consent = json_get_text(in, "consent", JSON_OPTIONAL,
	    CONSENT_TEXT_MAX);
	return read_labels(in->cx, json_get(in, "labels", JSON_OPTIONAL), out);
}

struct err
rest_claim_read(struct ctx *cx, const json_t *object,
    struct claim_request *out)
{
	struct json_in in = json_in(cx, object, "");
	struct claim_request r;

	TRY(read_members(&in, &r));
	r.proof = json_get_text(&in, "proof", JSON_OPTIONAL, PROOF_MAX);
	TRY(json_in_done(&in));
	*out = r;
	return OK;
}

struct err
rest_bulk_read(struct ctx *cx, const json_t *object,
    struct claim_request *out)
{
	struct json_in in = json_in(cx, object, "");
	struct claim_request r;

	TRY(read_members(&in, &r));
	TRY(json_in_done(&in));
	*out = r;
	return OK;
}

/* --- lines in -------------------------------------------------------- */

static const char *const column_names[BULK_COLUMN_COUNT] = {
	[BULK_ID] = "id",
	[BULK_DEVICE_ID] = "device_id",
	[BULK_HARDWARE_ID] = "hardware_id",
	[BULK_GROUP] = "group",
	[BULK_CLAIM_SECRET] = "claim_secret",
	[BULK_CONSENT] = "consent",
	[BULK_LABELS] = "labels",
};

static size_t
column_of(const char *name)
{
	size_t i = 0;

	while (i < BULK_COLUMN_COUNT && strcmp(column_names[i], name) != 0)
		i++;
	return i;
}

/* A header names at least one column that tells devices apart. */
static bool
is_header(const struct csv_record *r)
{
	for (size_t i = 0; !r->bad && i < r->n; i++)
		if (column_of(r->fields[i]) <= BULK_HARDWARE_ID)
			return true;
	return false;
}

static struct err
read_header(struct ctx *cx, const struct csv_record *r,
    struct rest_bulk *out)
{
	bool seen[BULK_COLUMN_COUNT] = { false };

	for (size_t i = 0; i < r->n; i++) {
		size_t column = column_of(r->fields[i]);

		if (column == BULK_COLUMN_COUNT)
			return FAIL_TELL(cx, ERR_FIELD, "column %zu is not "
			    "one of id, device_id, hardware_id, group, "
			    "claim_secret, consent, labels",
			    i + 1);
		if (seen[column])
			return FAIL_TELL(cx, ERR_FIELD, "column %zu is "
			    "there twice", i + 1);
		seen[column] = true;
		out->columns[i] = (enum rest_bulk_column)column;
	}
	out->n_columns = r->n;
	return OK;
}

struct err
rest_bulk_begin(struct ctx *cx, struct slice body, bool csv,
    struct rest_bulk *out)
{
	struct rest_bulk b = {
		.is_csv = csv, .csv = csv_of(body),
		.columns = { BULK_ID, BULK_GROUP }, .n_columns = 2,
	};
	struct csv after = b.csv;
	struct csv_record r;

	if (csv && csv_next(&after, cx->arena, &r) && is_header(&r)) {
		TRY(read_header(cx, &r, &b));
		b.csv = after;
	}
	*out = b;
	return OK;
}

static void
refuse(struct claim_line *line, enum err_code code, const char *detail)
{
	line->outcome = CLAIM_REFUSED;
	line->code = code;
	line->detail = detail;
}

/* A failure of what is the line's own to say. */
static void
refuse_for(struct ctx *cx, struct claim_line *line, struct err e)
{
	refuse(line, (enum err_code)e.code, arena_strdup(cx->arena,
	    cx->trail->tell));
	ctx_forget(cx);
}

/* "site=berlin,line=4": as a list of devices is filtered. */
static void
set_labels(struct ctx *cx, struct claim_line *line, const char *text)
{
	json_t *labels = json_keep(cx, json_object());
	char *rest = arena_strdup(cx->arena, text), *name;
	struct err e;

	while ((name = strsep(&rest, ",")) != NULL) {
		char *value = strchr(name, '=');

		if (value == NULL || json_object_size(labels) ==
		    DEVICE_LABELS_MAX) {
			refuse(line, ERR_FIELD, "labels: at most 16 of "
			    "name=value, joined by commas");
			return;
		}
		*value++ = '\0';
		if (json_object_get(labels, name) != NULL) {
			refuse(line, ERR_FIELD, "labels: one is there twice");
			return;
		}
		ASSERT(json_object_set_new(labels, name,
		    json_string(value)) == 0);
	}
	e = read_labels(cx, labels, &line->request);
	if (failed(e))
		refuse_for(cx, line, e);
}

#define NOT_A_LINE "not a line of at most 1024 printable bytes"

static void
set_field(struct ctx *cx, struct claim_line *line,
    enum rest_bulk_column column, const char *text)
{
	if (text[0] == '\0')
		return;
	if (column == BULK_ID)
		column = strchr(text, ':') != NULL ? BULK_HARDWARE_ID :
		    BULK_DEVICE_ID;
	if (column == BULK_HARDWARE_ID)
		line->id = line->request.hardware_id = text;
	else if (column == BULK_DEVICE_ID)
		line->id = line->request.device_id = text;
	else if (column == BULK_CLAIM_SECRET)
		line->request.claim_secret = text;
	else if (column == BULK_CONSENT)
		line->request.consent = text;
	else if (column == BULK_LABELS)
		set_labels(cx, line, text);
	else if (!text_is_name(text))
		refuse(line, ERR_FIELD, "group is not a name");
	else
		line->request.group = text;
}

static void
read_csv(struct ctx *cx, const struct rest_bulk *b,
    const struct csv_record *r, struct claim_line *line)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++) {
		n += strlen(r->fields[i]);
		if (n > LINE_MAX_BYTES ||
		    !text_is_printable(slice_text(r->fields[i]))) {
			refuse(line, ERR_MALFORMED, NOT_A_LINE);
			return;
		}
	}
	for (size_t i = 0; i < r->n && i < b->n_columns; i++)
		set_field(cx, line, b->columns[i], r->fields[i]);
	if (r->n > b->n_columns)
		refuse(line, ERR_FIELD, "more fields than columns");
}

static bool
next_csv(struct ctx *cx, struct rest_bulk *b, struct claim_line *line)
{
	struct csv_record r;

	if (!csv_next(&b->csv, cx->arena, &r))
		return false;
	line->number = r.line;
	if (r.bad)
		refuse(line, ERR_MALFORMED, "not a record of CSV");
	else
		read_csv(cx, b, &r, line);
	return true;
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
		refuse_for(cx, line, e);
		return;
	}
	line->id = line->request.hardware_id != NULL ?
	    line->request.hardware_id : line->request.device_id;
}

/* Cut the next line off; its CR and LF are gone. */
static struct slice
next_line(struct csv *csv)
{
	struct slice *rest = &csv->rest, line = *rest;
	const uint8_t *end = memchr(rest->p, '\n', rest->n);

	csv->line++;
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

static bool
next_ndjson(struct ctx *cx, struct rest_bulk *b, struct claim_line *line)
{
	struct slice text = SLICE_NONE;

	while (text.n == 0 && b->csv.rest.n > 0)
		text = next_line(&b->csv);
	if (text.n == 0)
		return false;
	line->number = b->csv.line;
	if (text.n > LINE_MAX_BYTES || !text_is_printable(text))
		refuse(line, ERR_MALFORMED, NOT_A_LINE);
	else
		read_json(cx, text, line);
	return true;
}

bool
rest_bulk_next(struct ctx *cx, struct rest_bulk *b, struct claim_line *out)
{
	*out = (struct claim_line){ .outcome = CLAIM_PENDING };
	return b->is_csv ? next_csv(cx, b, out) : next_ndjson(cx, b, out);
}

struct err
rest_bulk_lines(struct ctx *cx, struct slice body, bool csv,
    struct claim_line **out, size_t *out_n)
{
	struct claim_line *lines = NULL, line;
	size_t n = 0, cap = 0;
	struct rest_bulk b;

	TRY(rest_bulk_begin(cx, body, csv, &b));
	while (rest_bulk_next(cx, &b, &line)) {
		if (n == CLAIM_AT_ONCE_MAX)
			return FAIL_TELL(cx, ERR_TOO_LARGE,
			    "more than %u lines", CLAIM_AT_ONCE_MAX);
		if (n == cap) {
			struct claim_line *larger = arena_array(cx->arena,
			    cap = cap * 2 + 64, sizeof(*larger));

			if (n > 0)
				memcpy(larger, lines, n * sizeof(*larger));
			lines = larger;
		}
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
