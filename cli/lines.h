/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of claims, read in pieces of whole lines that each fit one bulk call,
 * so that a file of any length needs little memory.
 */
#ifndef DAAPKI_CLI_LINES_H
#define DAAPKI_CLI_LINES_H

#include <stdio.h>

#include "base/ctx.h"

#define LINES_LINE_MAX	4096u		/* bytes; a claim needs about 200 */
#define LINES_PIECE_MAX	(1024u * 1024u)	/* bytes of a piece; the server
					 * takes 16 MiB */
#define LINES_COUNT_MAX	1000u	/* lines of a piece, answered at once */

enum lines_form { LINES_CSV, LINES_NDJSON };

struct lines {
	FILE		*file;
	enum lines_form	 form;
	const char	*group;		/* for CSV lines that name none; or NULL */
	/* A first line that names other columns than id and group: each piece
	 * begins with it. */
	char		 header[LINES_LINE_MAX + 2];
	uint64_t	 n_read;	/* lines read so far, all of them */
	uint64_t	 n_bytes;
};

/* Some lines as they are to be sent. */
struct lines_piece {
	struct slice	 text;
	uint64_t	*numbers;	/* line of the file of each line sent */
	size_t		 n;
};

/*
 * The next piece, in cx->arena; out->n is 0 at the end.  Empty lines and a CSV
 * header ("id" or "id,group" first) are not sent, nor is any other header
 * counted.  Records of more than one line are no claims.
 * ERR_PARAMETER	a group for lines whose header names the columns
 * ERR_IO		the file cannot be read
 * ERR_TOO_LARGE	a line is longer than LINES_LINE_MAX
 * ERR_MALFORMED	a line holds a NUL
 */
struct err	lines_next(struct ctx *, struct lines *,
		    struct lines_piece *out);

#endif
