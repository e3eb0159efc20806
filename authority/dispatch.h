/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends events to webhooks, by a thread of its own and daa-courier.
 *
 * A webhook goes on in rounds: the next events that it wants, of as many
 * devices at once, but of each device one; when all are answered the round is
 * recorded in one transaction, and the next begins.  So the events of a device
 * come in order, over retries and crashes: one that was answered in vain is the
 * first of the next round, and none that follows it is sent before.  An event
 * that was recorded is not sent again; one that was sent and not recorded is,
 * with the same webhook-id.
 */
#ifndef DAAPKI_AUTHORITY_DISPATCH_H
#define DAAPKI_AUTHORITY_DISPATCH_H

#include "authority/authority.h"

#define DISPATCH_ROUND_MAX	16u	/* events of a round */
#define DISPATCH_TENANT_MAX	32u	/* under way of a tenant */
#define DISPATCH_ALL_MAX	192u	/* under way: the courier has more places */
#define DISPATCH_CONNECT_MS	5000u
#define DISPATCH_TOTAL_MS	15000u
#define DISPATCH_EXCERPT_MAX	256u	/* of an answer */

struct dispatch;

/* a->courier is there. */
struct dispatch	*dispatch_start(const struct authority *);
/* Begins nothing more; what is under way may be sent again by the next start.
 * NULL is nothing. */
void		 dispatch_stop(struct dispatch *);
/* After courier_close().  NULL is nothing. */
void		 dispatch_free(struct dispatch *);

/* For all of these NULL is nothing.  Events of these tenants are durable; 0
 * among them: of any. */
void		 dispatch_told(struct dispatch *, const int64_t *tenants,
		    size_t n);
/* Webhooks were changed. */
void		 dispatch_reload(struct dispatch *);

/* When to try again after so many attempts in vain, without jitter. */
int64_t		 dispatch_delay_s(int64_t attempts);

#endif
