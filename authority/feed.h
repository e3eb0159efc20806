/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who waits for events, and is to be woken when one of a tenant is durable.
 *
 * A waiter takes a mark before it looks and gives it when it waits: what was
 * committed in between is not missed.  Waking may be for nothing; not waking
 * never is.
 */
#ifndef DAAPKI_AUTHORITY_FEED_H
#define DAAPKI_AUTHORITY_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FEED_WAITERS_MAX	64u	/* of a tenant, or of the platform */
#define FEED_ANY		0	/* tenant: all of them */

struct feed;

/* The caller's until wake() was called, once. */
struct feed_waiter {
	struct feed_waiter	*prev, *next;	/* the feed's */
	int64_t			 tenant_id;	/* or FEED_ANY */
	uint64_t		 until_us;	/* clock_system's ticks */
	/* From any thread; news: not only because time is over. */
	void			(*wake)(struct feed_waiter *, bool news);
};

enum feed_outcome {
	FEED_WAITS,	/* wake() will be called, or was already */
	FEED_NEWS,	/* something came since the mark: look again */
	FEED_FULL,	/* FEED_WAITERS_MAX wait */
	FEED_CLOSED,	/* nobody is to wait any more */
};

struct feed	*feed_new(void);
/* Nobody may wait.  NULL is nothing. */
void		 feed_free(struct feed *);

uint64_t	 feed_mark(struct feed *, int64_t tenant_id);
enum feed_outcome feed_wait(struct feed *, struct feed_waiter *,
		    uint64_t mark);
/* How many wait. */
size_t		 feed_waiting(struct feed *);

/* Something of these tenants is durable; a 0 among them: of any. */
void		 feed_told(struct feed *, const int64_t *tenants, size_t n);
/* Wake whose time is over; call it each second. */
void		 feed_tick(struct feed *, uint64_t now_us);
/* Wake everybody, and let nobody wait from here on. */
void		 feed_close(struct feed *);

#endif
