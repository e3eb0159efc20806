/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON for people: lists as aligned tables, objects as fields.
 *
 * What is printed may come from devices, so control and direction characters
 * are shown as \u escapes: nothing a device says can command the terminal.
 * Widths are those of characters, not bytes; the locale must be a UTF-8 one.
 */
#ifndef DAAPKI_CLI_TABLE_H
#define DAAPKI_CLI_TABLE_H

#include <stdio.h>

#include "base/ctx.h"
#include "codec/json.h"

#define TABLE_COLUMNS_MAX	12u

struct table_style { bool bold; };	/* headings stand out */

struct column {
	const char	*title;
	const char	*member;	/* "certificate.not_after": of an object */
	bool		 right;		/* numbers */
};

/* A table that comes in parts: widths only grow from part to part. */
struct table {
	FILE			*out;
	struct table_style	 style;
	const struct column	*columns;
	size_t			 n_columns;
	size_t			 widths[TABLE_COLUMNS_MAX];
	bool			 begun;
};

/* Print the rows (an array of objects), under headings the first time. */
void	 table_rows(struct ctx *, struct table *, const json_t *rows);
/* Print the members of an object, one a line; a PEM text follows the rest. */
void	 table_fields(struct ctx *, FILE *, const json_t *object);

/* A value as one line of printable text; "-" when there is none. */
const char	*table_text(struct ctx *, const json_t *value);
/* The text with what a terminal would act on escaped. */
const char	*table_safe(struct ctx *, const char *utf8);
/* Columns that a printable text takes. */
size_t	 table_width(const char *utf8);

#endif
