/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often one may ask: a token bucket for each who asks.  A bucket holds so
 * many requests as may come at once (burst), and so many come to it a second.
 *
 * Buckets are kept for the last ones who asked, a fixed number; who was
 * forgotten begins with a full one.  All calls may come from several threads.
 */
#ifndef DAAPKI_SERVER_RATE_H
#define DAAPKI_SERVER_RATE_H

#include "base/ctx.h"

struct rate;

#define RATE_TEXT_MAX	48u

/* How it stands, as draft-ietf-httpapi-ratelimit-headers says it: RateLimit
 * and RateLimit-Policy.  Empty: there is no limit. */
struct rate_said {
	char	now[RATE_TEXT_MAX];	/* "principal";r=9;t=2 */
	char	policy[RATE_TEXT_MAX];	/* "principal";q=10;w=5 */
};

/* per_s 0: no limit, and NULL.  burst is at least 1. */
struct rate	*rate_new(struct ctx *, unsigned per_s, unsigned burst);
void		 rate_free(struct rate *);

/*
 * Take one request from the bucket of who.  rate NULL is no limit; said may be
 * NULL, and is filled also when this is refused.
 * ERR_RATE	the bucket is empty; retry_after_s of the trail is set
 */
struct err	 rate_take(struct ctx *, struct rate *, const char *who,
		    struct rate_said *said);
/* Would one be taken?  ERR_RATE */
struct err	 rate_look(struct ctx *, struct rate *, const char *who);

#endif
