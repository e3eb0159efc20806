/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/csv.h"

struct csv
csv_of(struct slice text)
{
	static const uint8_t bom[] = { 0xef, 0xbb, 0xbf };

	if (text.n >= sizeof(bom) && memcmp(text.p, bom, sizeof(bom)) == 0)
		text = SLICE(text.p + sizeof(bom), text.n - sizeof(bom));
	return (struct csv){ text, 0 };
}

/* One field, from *at on; *at is left at what ended it. */
static bool
read_field(struct slice text, size_t *at, struct arena *arena,
    const char **out)
{
	bool quoted = *at < text.n && text.p[*at] == '"', closed = !quoted;
	size_t max = text.n - *at, n = 0;
	char *field = arena_alloc(arena, max + 1);
	size_t i = *at + quoted;

	for (; i < text.n; i++) {
		uint8_t c = text.p[i];

		if (quoted && !closed && c == '"') {
			if (i + 1 < text.n && text.p[i + 1] == '"')
				i++;
			else {
				closed = true;
				continue;
			}
		} else if ((!quoted || closed) &&
		    (c == ',' || c == '\n' || c == '\r')) {
			break;
		} else if (c == '\0' || (quoted ? closed : c == '"')) {
			return false;
		}
		field[n++] = (char)c;
	}
	field[n] = '\0';
	*at = i;
	*out = field;
	return closed;
}

/* Where the record ends is known when its fields are. */
static bool
read_record(struct slice text, struct arena *arena, struct csv_record *r,
    size_t *out_n)
{
	size_t at = 0;

	while (r->n < CSV_FIELDS_MAX) {
		if (!read_field(text, &at, arena, &r->fields[r->n]))
			return false;
		r->n++;
		if (at < text.n && text.p[at] == ',') {
			at++;
			continue;
		}
		if (at < text.n && text.p[at] == '\r')
			at++;
		if (at < text.n && text.p[at] != '\n')
			return false;
		*out_n = at < text.n ? at + 1 : at;
		return true;
	}
	return false;
}

static size_t
line_length(struct slice text)
{
	const uint8_t *end = memchr(text.p, '\n', text.n);

	return end == NULL ? text.n : (size_t)(end - text.p) + 1;
}

static void
advance(struct csv *csv, size_t n)
{
	for (size_t i = 0; i < n; i++)
		csv->line += csv->rest.p[i] == '\n';
	csv->rest = SLICE(csv->rest.p + n, csv->rest.n - n);
}

static bool
is_empty_line(struct slice text)
{
	return text.p[0] == '\n' ||
	    (text.n > 1 && text.p[0] == '\r' && text.p[1] == '\n');
}

bool
csv_next(struct csv *csv, struct arena *arena, struct csv_record *out)
{
	struct slice head;
	size_t n = 0;

	while (csv->rest.n > 0 && is_empty_line(csv->rest))
		advance(csv, line_length(csv->rest));
	if (csv->rest.n == 0)
		return false;
	*out = (struct csv_record){ .line = csv->line + 1 };
	/* A record that fits: what is not quoted ends at the line's end. */
	head = SLICE(csv->rest.p, csv->rest.n < CSV_RECORD_MAX ?
	    csv->rest.n : CSV_RECORD_MAX);
	if (memchr(head.p, '"', line_length(head)) == NULL)
		head.n = line_length(head);
	if (!read_record(head, arena, out, &n) ||
	    (n == CSV_RECORD_MAX && head.p[n - 1] != '\n')) {
		*out = (struct csv_record){ .line = csv->line + 1,
		    .bad = true };
		n = line_length(csv->rest);
	}
	advance(csv, n);
	return true;
}
