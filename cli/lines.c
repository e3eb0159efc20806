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

/* The server takes as one what names a column that tells devices apart. */
static bool
names_a_column(const char *line)
{
	static const char *const columns[] = {
		"id", "device_id", "hardware_id",
	};

	while (*line != '\0') {
		size_t n, quote = *line == '"';

		line += quote;
		n = strcspn(line, quote ? "\"" : ",");
		for (size_t i = 0; i < COUNT_OF(columns); i++)
			if (strlen(columns[i]) == n &&
			    memcmp(line, columns[i], n) == 0)
				return true;
		line += n;
		line += strcspn(line, ",");
		line += *line == ',';
	}
	return false;
}

/* A header is read, and kept where the pieces need it. */
static bool
take_header(struct lines *lines, const char *line)
{
	static const char bom[] = "\xef\xbb\xbf";

	if (lines->form != LINES_CSV || lines->n_read != 1)
		return false;
	if (strncmp(line, bom, sizeof(bom) - 1) == 0)
		line += sizeof(bom) - 1;
	if (strcmp(line, "id") == 0 || strcmp(line, "id,group") == 0)
		return true;
	if (!names_a_column(line))
		return false;
	(void)snprintf(lines->header, sizeof(lines->header), "%s", line);
	return true;
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
		if (text[0] == '\0' || take_header(lines, text))
			continue;
		if (piece.n == 0 && lines->header[0] != '\0')
			put_fmt(&b, "%s\n", lines->header);
		if (lines->group != NULL && lines->header[0] != '\0')
			return FAIL(cx, ERR_PARAMETER, "the file names its "
			    "columns: the group belongs into one of them");
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
