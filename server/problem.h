/* SPDX-License-Identifier: Apache-2.0 */
/* Failures as RFC 9457 problem details. */
#ifndef DAAPKI_SERVER_PROBLEM_H
#define DAAPKI_SERVER_PROBLEM_H

#include "server/http.h"

#define PROBLEM_RETRY_AFTER_S	1	/* when a 503 does not say it */

/*
 * Say the failure e, whose trail is in cx, as application/problem+json, with
 * Retry-After for 429 and 503, WWW-Authenticate for 401 on the operator plane
 * and, when allow is not empty, Allow.  What reply held before is dropped.
 */
void	problem_reply(struct ctx *, struct err e, enum plane,
	    const char *allow, struct http_reply *reply);

#endif
