/* SPDX-License-Identifier: Apache-2.0 */
/* Claims as JSON and as files of many lines: read, and say how they went. */
#ifndef DAAPKI_SERVER_REST_BULK_H
#define DAAPKI_SERVER_REST_BULK_H

#include "authority/claim_bulk.h"
#include "codec/csv.h"
#include "codec/json.h"

/* One claim, with what it is to prove.  ERR_FIELD */
struct err	rest_claim_read(struct ctx *, const json_t *,
		    struct claim_request *out);
/* One of many.  ERR_FIELD */
struct err	rest_bulk_read(struct ctx *, const json_t *,
		    struct claim_request *out);

enum rest_bulk_column {
	BULK_ID,		/* a hardware ID has a colon */
	BULK_DEVICE_ID,
	BULK_HARDWARE_ID,
	BULK_GROUP,
	BULK_CLAIM_SECRET,
	BULK_CONSENT,
	BULK_LABELS,		/* name=value, joined by commas */
	BULK_COLUMN_COUNT,
};

/* A file as it is read. */
struct rest_bulk {
	bool			 is_csv;
	struct csv		 csv;		/* NDJSON too: rest and line */
	enum rest_bulk_column	 columns[CSV_FIELDS_MAX];
	size_t			 n_columns;
};

/*
 * Begin with CSV (RFC 4180) or NDJSON (objects as rest_bulk_read takes them).
 * The first line of CSV names the columns, in any order, of id, device_id,
 * hardware_id, group, claim_secret, consent and labels; where it names
 * none, the columns are id and group.
 * The text is borrowed.
 * ERR_FIELD	a header with a name that is none of these, or one twice
 */
struct err	rest_bulk_begin(struct ctx *, struct slice body, bool csv,
		    struct rest_bulk *out);
/* The next line, in cx->arena; false at the end.  One that cannot be read comes
 * as CLAIM_REFUSED; empty ones are passed over. */
bool		rest_bulk_next(struct ctx *, struct rest_bulk *,
		    struct claim_line *out);
/* All lines.  ERR_FIELD; ERR_TOO_LARGE: more than CLAIM_AT_ONCE_MAX */
struct err	rest_bulk_lines(struct ctx *, struct slice body, bool csv,
		    struct claim_line **out, size_t *out_n);
/* NDJSON: an object a line.  ERR_INTERNAL */
struct err	rest_bulk_print(struct ctx *, const struct claim_line *,
		    size_t n, struct slice *out);

#endif
