/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fetches the keys of issuers that give them by URL, by the courier: at the
 * start, when an issuer is made or changed, from time to time, and when a JWT
 * names a key that is not known.  A thread of its own does it, one at a time.
 * What was fetched before holds until there is a newer set; one of which nothing
 * can be used leaves the issuer without keys.
 */
#ifndef DAAPKI_AUTHORITY_OIDC_FETCH_H
#define DAAPKI_AUTHORITY_OIDC_FETCH_H

#include "authority/authority.h"

#define OIDC_FETCH_ASK_S	5	/* between two that JWTs ask for */
#define OIDC_FETCH_RETRY_S	60	/* after one that failed */
#define OIDC_FETCH_CONNECT_MS	5000u
#define OIDC_FETCH_TOTAL_MS	10000u
#define OIDC_FETCH_WAIT_S	5	/* that a request waits for it */
#define OIDC_FETCH_WAITERS_MAX	4u	/* requests that do so at once */

struct oidc_fetch;

struct oidc_fetch	*oidc_fetch_start(const struct authority *);
/* The thread ends; then the courier is closed, then this is freed.  NULL is
 * nothing, for both. */
void		oidc_fetch_stop(struct oidc_fetch *);
void		oidc_fetch_free(struct oidc_fetch *);
/* Issuers were changed.  NULL is nothing. */
void		oidc_fetch_told(struct oidc_fetch *);
/*
 * Have keys of an issuer fetched, and wait.  *out_fetched is false when it was
 * tried just before; with NULL, too.
 * ERR_BUSY	too many wait, or it takes too long
 */
struct err	oidc_fetch_ask(struct ctx *, struct oidc_fetch *, int64_t id,
		    bool *out_fetched);

#endif
