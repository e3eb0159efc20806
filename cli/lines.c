/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lines.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/base.h"

/* The text without white space around it, cut in place. */
static char *
trim(char *text)
{
	size_t n;

	while (isspace((unsigned char)*text))
		text++;
	n = strlen(text);
	while (n > 0 && isspace((unsigned char)text[n - 1]))
		text[--n] = '\0';
	return text;
}

static bool
is_header(const struct lines *lines, const char *line)
{
	static const char *const headers[] = { "id", "id,group" };

	if (lines->form != LINES_CSV || lines->n_read != 1)
		return false;
	for (size_t i = 0; i < COUNT_OF(headers); i++)
		if (strcmp(line, headers[i]) == 0)
			return true;
	return false;
}

/* A line of the file into line; *out is NULL at its end. */
static struct err
read_line(struct ctx *cx, struct lines *lines,
    char line[static LINES_LINE_MAX + 2], char **out)
{
	size_t n = 0;
	int c;

	while ((c = getc(lines->file)) != EOF && c != '\n') {
		if (c == '\0')
			return FAIL(cx, ERR_MALFORMED, "line %llu holds a NUL",
			    (unsigned long long)lines->n_read + 1);
		if (n == LINES_LINE_MAX)
			return FAIL(cx, ERR_TOO_LARGE,
			    "line %llu is longer than %u bytes",
			    (unsigned long long)lines->n_read + 1,
			    LINES_LINE_MAX);
		line[n++] = (char)c;
	}
	line[n] = '\0';
	if (ferror(lines->file))
		return FAIL(cx, ERR_IO, "the file cannot be read: %s",
		    strerror(errno));
	*out = c == EOF && n == 0 ? NULL : line;
	if (*out != NULL) {
		lines->n_read++;
		lines->n_bytes += n + 1;
	}
	return OK;
}

struct err
lines_next(struct ctx *cx, struct lines *lines, struct lines_piece *out)
{
	struct lines_piece piece = {
		.numbers = arena_array(cx->arena, LINES_COUNT_MAX,
		    sizeof(*piece.numbers)),
	};
	struct buf b = buf_in(cx->arena, LINES_PIECE_MAX + 2 * LINES_LINE_MAX);
	char line[LINES_LINE_MAX + 2], *text = NULL;

	while (b.n < LINES_PIECE_MAX && piece.n < LINES_COUNT_MAX) {
		TRY(read_line(cx, lines, line, &text));
		if (text == NULL)
			break;
		text = trim(text);
		if (text[0] == '\0' || is_header(lines, text))
			continue;
		put_text(&b, text);
		if (lines->group != NULL && strchr(text, ',') == NULL)
			put_fmt(&b, ",%s", lines->group);
		put_u8(&b, '\n');
		piece.numbers[piece.n++] = lines->n_read;
	}
	if (b.bad)
		return FAIL(cx, ERR_TOO_LARGE, "the group's name is too long");
	piece.text = buf_slice(&b);
	*out = piece;
	return OK;
}
