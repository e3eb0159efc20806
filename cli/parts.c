/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/parts.h"

#include "base/base.h"
#include "base/text.h"
#include "codec/csv.h"
#include "codec/json.h"
#include "pki/jws.h"

#define SECRET_LEAST	8u
#define LINES_A_RESET	256u	/* lines that are read in one memory */
#define N_MEMBERS	COUNT_OF(members)

static const struct { const char *name; size_t max; } members[] = {
	{ "hardware_id", 160 },		/* first: each has one */
	{ "public_key", 1500 },
	{ "model", 200 },
	{ "batch", 200 },
	{ "claim_secret", 128 },
};

struct reading {
	/* What is done with each part. */
	struct err	(*put)(struct ctx *, struct reading *,
			    const json_t *);
	const char	*batch, *group;		/* of claims; or NULL */
	bool		 csv;
	struct csv	 in;		/* NDJSON too: rest and line */
	unsigned	 line;		/* that is being read */
	size_t		 columns[CSV_FIELDS_MAX];	/* in members */
	size_t		 n_columns;
	struct buf	 out;
	size_t		 n;
};

/* A scheme, a colon and hex; which schemes there are, the server knows. */
static bool
is_hardware_id(const char *text)
{
	const char *colon = strchr(text, ':');

	return colon != NULL && colon != text && colon[1] != '\0' &&
	    strspn(text, "abcdefghijklmnopqrstuvwxyz-") ==
	    (size_t)(colon - text) &&
	    colon[1 + strspn(colon + 1, "0123456789abcdef")] == '\0';
}

static struct err
put_part(struct ctx *cx, struct reading *r, const json_t *object)
{
	struct json_in in = json_in(cx, object, "");
	const char *values[N_MEMBERS];
	struct slice line;

	for (size_t i = 0; i < N_MEMBERS; i++)
		values[i] = json_get_text(&in, members[i].name, i == 0 ?
		    JSON_REQUIRED : JSON_OPTIONAL, members[i].max);
	if (values[0] != NULL && !is_hardware_id(values[0]))
		json_refuse(&in, "hardware_id",
		    "is not <scheme>:<lower-case hex>");
	if (values[N_MEMBERS - 1] != NULL &&
	    strlen(values[N_MEMBERS - 1]) < SECRET_LEAST)
		json_refuse(&in, "claim_secret", "is too short");
	TRY(json_in_done(&in));
	line = json_text(cx, object);
	if (line.n > PARTS_LINE_MAX)
		return FAIL(cx, ERR_TOO_LARGE, "more than %u bytes",
		    PARTS_LINE_MAX);
	put_bytes(&r->out, line);
	put_u8(&r->out, '\n');
	r->n++;
	return OK;
}

/* --- CSV ------------------------------------------------------------- */

static struct err
read_header(struct ctx *cx, struct reading *r)
{
	bool seen[N_MEMBERS] = { false };
	struct csv_record record;

	if (!csv_next(&r->in, cx->arena, &record) || record.bad)
		return FAIL(cx, ERR_MALFORMED, "the first line must name the "
		    "columns: hardware_id, public_key, model, batch, "
		    "claim_secret");
	for (size_t i = 0; i < record.n; i++) {
		size_t m = 0;

		while (m < N_MEMBERS &&
		    strcmp(record.fields[i], members[m].name) != 0)
			m++;
		if (m == N_MEMBERS || seen[m])
			return FAIL(cx, ERR_MALFORMED, "column %zu is not one "
			    "of hardware_id, public_key, model, batch, "
			    "claim_secret, or is there twice", i + 1);
		seen[m] = true;
		r->columns[i] = m;
	}
	r->n_columns = record.n;
	return OK;
}

static struct err
next_csv(struct ctx *cx, struct reading *r, bool *out_end)
{
	json_t *object = json_keep(cx, json_object());
	struct csv_record record;

	*out_end = !csv_next(&r->in, cx->arena, &record);
	if (*out_end)
		return OK;
	r->line = record.line;
	if (record.bad || record.n > r->n_columns)
		return FAIL(cx, ERR_MALFORMED,
		    "not a record with those columns");
	for (size_t i = 0; i < record.n; i++) {
		const char *field = record.fields[i];

		if (!text_is_utf8(slice_text(field)))
			return FAIL(cx, ERR_MALFORMED, "is not UTF-8");
		if (field[0] != '\0')
			ASSERT(json_object_set_new(object,
			    members[r->columns[i]].name,
			    json_string(field)) == 0);
	}
	return r->put(cx, r, object);
}

/* --- NDJSON ---------------------------------------------------------- */

static struct err
next_ndjson(struct ctx *cx, struct reading *r, bool *out_end)
{
	struct slice rest = r->in.rest, line = rest;
	const uint8_t *end;
	json_t *object;

	*out_end = rest.n == 0;
	if (*out_end)
		return OK;
	end = memchr(rest.p, '\n', rest.n);
	if (end != NULL)
		line.n = (size_t)(end - rest.p);
	r->line = ++r->in.line;
	r->in.rest = end == NULL ? SLICE_NONE :
	    SLICE(end + 1, rest.n - line.n - 1);
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	if (line.n == 0)
		return OK;
	TRY(json_parse(cx, line, &object));
	return r->put(cx, r, object);
}

/* The note is of the first line that is wrong. */
static struct err
read_all(struct ctx *cx, struct reading *r, struct slice *out, size_t *out_n)
{
	struct ctx_root root;
	struct err e = OK;
	bool end = false;

	r->line = 1;
	r->out = buf_in(cx->arena, PARTS_FILE_MAX);
	ctx_root_init(&root, cx->log);
	if (r->csv)
		e = read_header(&root.cx, r);
	for (size_t n = 1; !failed(e) && !end; n++) {
		e = r->csv ? next_csv(&root.cx, r, &end) :
		    next_ndjson(&root.cx, r, &end);
		if (!failed(e) && n % LINES_A_RESET == 0)
			ctx_root_reset(&root);
	}
	if (failed(e))
		e = FAIL(cx, ERR_MALFORMED, "line %u: %s", r->line,
		    root.trail.note);
	ctx_root_fini(&root);
	TRY(e);
	if (r->out.bad)
		return FAIL(cx, ERR_TOO_LARGE, "more than %u bytes of parts",
		    PARTS_FILE_MAX);
	*out = buf_slice(&r->out);
	*out_n = r->n;
	return OK;
}

struct err
parts_read(struct ctx *cx, struct slice text, bool csv, struct slice *out,
    size_t *out_n)
{
	struct reading r = { .put = put_part, .csv = csv,
	    .in = csv_of(text) };

	return read_all(cx, &r, out, out_n);
}

/* --- manifests ------------------------------------------------------- */

bool
parts_is_manifest(struct slice text)
{
	static const char brace[] = "eyJ";	/* {" in base64url */

	return text.n >= sizeof(brace) - 1 &&
	    memcmp(text.p, brace, sizeof(brace) - 1) == 0;
}

static struct err
put_claim(struct ctx *cx, struct reading *r, const json_t *part)
{
	const char *id = json_string_value(json_object_get(part,
	    "hardware_id"));
	const char *batch = json_string_value(json_object_get(part,
	    "batch"));
	const json_t *secret = json_object_get(part, "claim_secret");
	json_t *claim;

	if (id == NULL)
		return FAIL(cx, ERR_MALFORMED, "a part without hardware_id");
	if (r->batch != NULL &&
	    (batch == NULL || strcmp(batch, r->batch) != 0))
		return OK;
	claim = json_keep(cx, json_pack("{s:s, s:s*}", "hardware_id", id,
	    "group", r->group));
	if (json_is_string(secret))
		ASSERT(json_object_set_new(claim, "claim_secret",
		    json_string(json_string_value(secret))) == 0);
	put_bytes(&r->out, json_text(cx, claim));
	put_u8(&r->out, '\n');
	r->n++;
	return OK;
}

struct err
parts_claims(struct ctx *cx, struct slice text, const char *batch,
    const char *group, struct slice *out, size_t *out_n)
{
	struct reading r = { .put = put_claim, .batch = batch,
	    .group = group };
	struct jws jws;

	if (group != NULL && !text_is_name(group))
		return FAIL(cx, ERR_PARAMETER, "the group is not a name");
	/* An editor's line break at the end is no part of it. */
	while (text.n > 0 && text.p[text.n - 1] == '\n')
		text.n--;
	TRY(jws_parse(cx, text, PARTS_FILE_MAX, &jws));
	r.in = csv_of(jws.payload);
	return read_all(cx, &r, out, out_n);
}
