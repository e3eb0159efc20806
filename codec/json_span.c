/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json_span.h"

static void
skip_space(struct reader *r)
{
	while (r->n > 0 && (r->p[0] == ' ' || r->p[0] == '\t' ||
	    r->p[0] == '\n' || r->p[0] == '\r'))
		(void)read_bytes(r, 1);
}

static bool
take(struct reader *r, uint8_t c)
{
	skip_space(r);
	if (r->n == 0 || r->p[0] != c)
		return false;
	(void)read_bytes(r, 1);
	return true;
}

/* A string, without its quotes. */
static struct slice
take_string(struct reader *r)
{
	const uint8_t *start;

	if (!take(r, '"')) {
		r->bad = true;
		return SLICE_NONE;
	}
	start = r->p;
	while (!r->bad && r->n > 0 && r->p[0] != '"')
		(void)read_bytes(r, r->p[0] == '\\' ? 2 : 1);
	/* Then nothing follows it, and who called finds nothing. */
	if (r->bad || r->n == 0)
		return SLICE_NONE;
	(void)read_bytes(r, 1);
	return SLICE(start, (size_t)(r->p - start) - 1);
}

/* Any value: up to the comma or brace that ends it, strings and what is
 * nested passed over. */
static struct slice
take_value(struct reader *r)
{
	const uint8_t *start;
	size_t depth = 0, n;

	skip_space(r);
	start = r->p;
	while (r->n > 0 && !r->bad) {
		uint8_t c = r->p[0];

		if (c == '"') {
			(void)take_string(r);
			continue;
		}
		if (depth == 0 && (c == ',' || c == '}' || c == ']'))
			break;
		if (c == '{' || c == '[')
			depth++;
		else if (c == '}' || c == ']')
			depth--;
		(void)read_bytes(r, 1);
	}
	if (r->bad || r->n == 0)
		return SLICE_NONE;
	n = (size_t)(r->p - start);
	while (n > 0 && (start[n - 1] == ' ' || start[n - 1] == '\t' ||
	    start[n - 1] == '\n' || start[n - 1] == '\r'))
		n--;
	return SLICE(start, n);
}

bool
json_span(struct slice text, const char *name, struct slice *out)
{
	struct reader r = reader_of(text);

	if (!take(&r, '{'))
		return false;
	do {
		struct slice key = take_string(&r), value;

		if (!take(&r, ':'))
			return false;
		value = take_value(&r);
		if (r.bad || value.n == 0)
			return false;
		if (slice_equal(key, slice_text(name))) {
			*out = value;
			return true;
		}
	} while (take(&r, ','));
	return false;
}
