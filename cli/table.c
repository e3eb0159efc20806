/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/base.h"

#define TEXT_MAX	65536u	/* bytes of one value that are printed */
#define DEPTH_MAX	8u	/* objects within objects that are printed */

/* What changes the direction of text, so that it reads as it is not. */
static bool
is_direction(wchar_t c)
{
	return c == 0x61c || c == 0x200e || c == 0x200f ||
	    (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* One character; bytes that are none count as one each and give false. */
static bool
next_character(const char **p, wchar_t *out)
{
	mbstate_t state = { 0 };
	size_t n = mbrtowc(out, *p, strlen(*p), &state);

	if (n == 0 || n > strlen(*p)) {
		*out = (unsigned char)**p;
		(*p)++;
		return false;
	}
	*p += n;
	return true;
}

const char *
table_safe(struct ctx *cx, const char *utf8)
{
	struct buf b = buf_in(cx->arena, TEXT_MAX);

	while (*utf8 != '\0') {
		const char *start = utf8;
		wchar_t c;

		if (!next_character(&utf8, &c))
			put_fmt(&b, "\\x%02x", (unsigned)c);
		else if (wcwidth(c) < 0 || is_direction(c))
			put_fmt(&b, "\\u%04x", (unsigned)c);
		else
			put_bytes(&b, SLICE(start, (size_t)(utf8 - start)));
	}
	put_u8(&b, 0);
	return b.bad ? "(too long to print; see --json)" : (const char *)b.p;
}

size_t
table_width(const char *utf8)
{
	size_t width = 0;

	while (*utf8 != '\0') {
		wchar_t c;
		int n = next_character(&utf8, &c) ? wcwidth(c) : 1;

		width += n > 0 ? (size_t)n : 0;
	}
	return width;
}

const char *
table_text(struct ctx *cx, const json_t *value)
{
	switch (value == NULL ? JSON_NULL : json_typeof(value)) {
	case JSON_NULL:
		return "-";
	case JSON_STRING:
		return json_string_length(value) == 0 ? "-" :
		    table_safe(cx, json_string_value(value));
	case JSON_TRUE:
		return "yes";
	case JSON_FALSE:
		return "no";
	case JSON_INTEGER:
		return arena_printf(cx->arena, "%lld",
		    (long long)json_integer_value(value));
	default:
		return table_safe(cx, (const char *)json_text(cx, value).p);
	}
}

/* The member that a path of names leads to: "last_refusal.code". */
static const json_t *
member_at(struct ctx *cx, const json_t *object, const char *path)
{
	char *rest = arena_strdup(cx->arena, path), *name;

	while (object != NULL && (name = strsep(&rest, ".")) != NULL)
		object = json_object_get(object, name);
	return object;
}

static void
print_cell(const struct table *t, size_t i, const char *text)
{
	size_t width = table_width(text);
	int pad = width < t->widths[i] ? (int)(t->widths[i] - width) : 0;
	bool last = i + 1 == t->n_columns;

	(void)fprintf(t->out, "%*s%s%*s%s",
	    t->columns[i].right ? pad : 0, "", text,
	    t->columns[i].right || last ? 0 : pad, "", last ? "\n" : "  ");
}

static void
print_titles(struct table *t)
{
	if (t->style.bold)
		(void)fputs("\033[1m", t->out);
	for (size_t i = 0; i < t->n_columns; i++)
		print_cell(t, i, t->columns[i].title);
	if (t->style.bold)
		(void)fputs("\033[0m", t->out);
	t->begun = true;
}

void
table_rows(struct ctx *cx, struct table *t, const json_t *rows)
{
	size_t n = json_array_size(rows), cols = t->n_columns;
	const char **cells = arena_array(cx->arena, n * cols + 1,
	    sizeof(*cells));

	ASSERT(cols > 0 && cols <= TABLE_COLUMNS_MAX);
	for (size_t i = 0; i < n * cols; i++) {
		const json_t *row = json_array_get(rows, i / cols);
		size_t width;

		cells[i] = table_text(cx, member_at(cx, row,
		    t->columns[i % cols].member));
		width = table_width(cells[i]);
		if (width > t->widths[i % cols])
			t->widths[i % cols] = width;
	}
	for (size_t i = 0; i < cols; i++)
		if (table_width(t->columns[i].title) > t->widths[i])
			t->widths[i] = table_width(t->columns[i].title);
	if (!t->begun)
		print_titles(t);
	for (size_t i = 0; i < n * cols; i++)
		print_cell(t, i % cols, cells[i]);
}

/* Text of several lines that a terminal takes as it is. */
static bool
is_pem(const json_t *value)
{
	const char *p = json_string_value(value);

	if (p == NULL || strncmp(p, "-----BEGIN ", 11) != 0)
		return false;
	while (*p == '\n' || (*p >= ' ' && *p <= '~'))
		p++;
	return *p == '\0';
}

/* An array whose items fit on one line. */
static bool
is_flat(const json_t *array)
{
	size_t i;
	json_t *item;

	json_array_foreach(array, i, item)
		if (json_is_object(item) || json_is_array(item))
			return false;
	return true;
}

static const char *
joined(struct ctx *cx, const json_t *array)
{
	struct buf b = buf_in(cx->arena, TEXT_MAX);
	size_t i;
	json_t *item;

	json_array_foreach(array, i, item)
		put_fmt(&b, "%s%s", i > 0 ? ", " : "", table_text(cx, item));
	put_u8(&b, 0);
	return b.bad ? "(too long to print; see --json)" :
	    b.n == 1 ? "-" : (const char *)b.p;
}

static void	print_members(struct ctx *, FILE *, const json_t *, unsigned);

static void
print_member(struct ctx *cx, FILE *out, const char *name, const json_t *value,
    unsigned depth, size_t width)
{
	size_t i;
	json_t *item;
	int pad = (int)(width - table_width(name));

	(void)fprintf(out, "%*s%s:", (int)depth * 2, "", name);
	if (json_is_object(value) && json_object_size(value) > 0 &&
	    depth < DEPTH_MAX) {
		(void)fputc('\n', out);
		print_members(cx, out, value, depth + 1);
	} else if (json_is_array(value) && !is_flat(value) &&
	    depth < DEPTH_MAX) {
		json_array_foreach(value, i, item) {
			(void)fputc('\n', out);
			if (json_is_object(item))
				print_members(cx, out, item, depth + 1);
		}
	} else if (json_is_array(value)) {
		(void)fprintf(out, "%*s %s\n", pad, "", joined(cx, value));
	} else {
		(void)fprintf(out, "%*s %s\n", pad, "", table_text(cx, value));
	}
}

static void
print_members(struct ctx *cx, FILE *out, const json_t *object, unsigned depth)
{
	json_t *members = json_keep(cx, json_incref((json_t *)object));
	const char *name;
	json_t *value;
	size_t width = 0;

	json_object_foreach(members, name, value) {
		size_t n = table_width(table_safe(cx, name));

		/* What opens a block of its own has no value to align. */
		if (!json_is_object(value) && n > width)
			width = n;
	}
	json_object_foreach(members, name, value) {
		const char *safe = table_safe(cx, name);
		size_t n = table_width(safe);

		if (!is_pem(value))
			print_member(cx, out, safe, value, depth,
			    n > width ? n : width);
	}
}

void
table_fields(struct ctx *cx, FILE *out, const json_t *object)
{
	json_t *members = json_keep(cx, json_incref((json_t *)object));
	const char *name;
	json_t *value;

	print_members(cx, out, object, 0);
	json_object_foreach(members, name, value)
		if (is_pem(value))
			(void)fputs(json_string_value(value), out);
}
