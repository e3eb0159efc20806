/* SPDX-License-Identifier: Apache-2.0 */
/* Claims and releases by the file: part of rest_claim_routes. */
#ifndef DAAPKI_SERVER_REST_CLAIM_BULK_H
#define DAAPKI_SERVER_REST_CLAIM_BULK_H

#include "server/http.h"

/* 1,000,000 lines of CSV with a hardware ID, a group and more; the memory of
 * a body grows in powers of two. */
#define REST_BULK_BODY_MAX	(128u * 1024u * 1024u)

/* POST .../claims/bulk and .../claims/bulk-release */
struct err	rest_bulk_claim(struct ctx *, const struct authority *,
		    const struct http_request *, struct http_reply *);
struct err	rest_bulk_release(struct ctx *, const struct authority *,
		    const struct http_request *, struct http_reply *);

/* ?reason= of a release; NULL when it was not given.  ERR_PARAMETER */
struct err	rest_query_reason(struct ctx *, const struct http_request *,
		    const char **out);

#endif
