/* SPDX-License-Identifier: Apache-2.0 */
/* Claims as JSON and as files of many lines: read, and say how they went. */
#ifndef DAAPKI_SERVER_REST_BULK_H
#define DAAPKI_SERVER_REST_BULK_H

#include "authority/claim.h"
#include "codec/json.h"

/* One claim object.  ERR_FIELD */
struct err	rest_bulk_read(struct ctx *, const json_t *,
		    struct claim_request *out);
/*
 * Lines of CSV ("id" or "id,group", after a header of these names or none) or
 * of NDJSON (objects as rest_bulk_read takes them), ended by LF or CRLF; empty
 * ones are passed over.  A line that cannot be read comes as CLAIM_REFUSED.
 * ERR_TOO_LARGE	more than CLAIM_BULK_MAX
 */
struct err	rest_bulk_lines(struct ctx *, struct slice body, bool csv,
		    struct claim_line **out, size_t *out_n);
/* NDJSON: an object a line.  ERR_INTERNAL */
struct err	rest_bulk_print(struct ctx *, const struct claim_line *,
		    size_t n, struct slice *out);

#endif
