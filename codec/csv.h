/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSV in (RFC 4180): records of fields, quoted where they hold a comma, a
 * quote or a line break; lines end in LF or CRLF.
 */
#ifndef DAAPKI_CODEC_CSV_H
#define DAAPKI_CODEC_CSV_H

#include "base/bytes.h"

#define CSV_FIELDS_MAX	16u
#define CSV_RECORD_MAX	4096u	/* bytes of one record, line breaks and all */

struct csv {
	struct slice	 rest;		/* borrowed */
	unsigned	 line;		/* lines read so far */
};

struct csv_record {
	unsigned	 line;		/* its first line, from 1 */
	bool		 bad;		/* no record; only line is set then */
	size_t		 n;
	const char	*fields[CSV_FIELDS_MAX];
};

/* Over a whole text; a byte order mark before it is passed over. */
struct csv	csv_of(struct slice);
/*
 * The next record, its fields in the arena; false at the end.  Empty lines are
 * passed over.  What is not CSV (a quote in the middle of a field, one that is
 * not closed within CSV_RECORD_MAX, a NUL, too many fields) is a bad record of
 * one line, and the next line begins a new one.
 */
bool		csv_next(struct csv *, struct arena *, struct csv_record *out);

#endif
