/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/feed.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/base.h"

#define BUCKETS	256u	/* tenants that share one wake each other for nothing */
#define OF_ANY	BUCKETS	/* the bucket of those who wait for all */

struct bucket {
	uint64_t		 count;		/* of what was told */
	struct feed_waiter	*first;
};

struct feed {
	pthread_mutex_t	lock;
	bool		closed;
	size_t		n_waiting;
	struct bucket	buckets[BUCKETS + 1];
};

struct feed *
feed_new(void)
{
	struct feed *f = base_alloc(sizeof(*f));

	ASSERT(pthread_mutex_init(&f->lock, NULL) == 0);
	return f;
}

void
feed_free(struct feed *f)
{
	if (f == NULL)
		return;
	ASSERT(f->n_waiting == 0);
	(void)pthread_mutex_destroy(&f->lock);
	free(f);
}

static struct bucket *
bucket_of(struct feed *f, int64_t tenant_id)
{
	return &f->buckets[tenant_id == FEED_ANY ? OF_ANY :
	    (uint64_t)tenant_id % BUCKETS];
}

static void
lock(struct feed *f)
{
	ASSERT(pthread_mutex_lock(&f->lock) == 0);
}

static void
unlock(struct feed *f)
{
	ASSERT(pthread_mutex_unlock(&f->lock) == 0);
}

uint64_t
feed_mark(struct feed *f, int64_t tenant_id)
{
	uint64_t count;

	lock(f);
	count = bucket_of(f, tenant_id)->count;
	unlock(f);
	return count;
}

static size_t
n_like(const struct bucket *b, int64_t tenant_id)
{
	size_t n = 0;

	for (const struct feed_waiter *w = b->first; w != NULL; w = w->next)
		n += w->tenant_id == tenant_id;
	return n;
}

enum feed_outcome
feed_wait(struct feed *f, struct feed_waiter *w, uint64_t mark)
{
	struct bucket *b = bucket_of(f, w->tenant_id);
	enum feed_outcome outcome = FEED_WAITS;

	lock(f);
	if (f->closed)
		outcome = FEED_CLOSED;
	else if (b->count != mark)
		outcome = FEED_NEWS;
	else if (n_like(b, w->tenant_id) >= FEED_WAITERS_MAX)
		outcome = FEED_FULL;
	if (outcome == FEED_WAITS) {
		w->prev = NULL;
		w->next = b->first;
		if (b->first != NULL)
			b->first->prev = w;
		b->first = w;
		f->n_waiting++;
	}
	unlock(f);
	return outcome;
}

size_t
feed_waiting(struct feed *f)
{
	size_t n;

	lock(f);
	n = f->n_waiting;
	unlock(f);
	return n;
}

/* With the lock: move those of a bucket whose time is over by then to *out. */
static void
take(struct feed *f, struct bucket *b, uint64_t until_us,
    struct feed_waiter **out)
{
	struct feed_waiter *next;

	for (struct feed_waiter *w = b->first; w != NULL; w = next) {
		next = w->next;
		if (w->until_us > until_us)
			continue;
		if (w->prev != NULL)
			w->prev->next = w->next;
		else
			b->first = w->next;
		if (w->next != NULL)
			w->next->prev = w->prev;
		w->next = *out;
		*out = w;
		f->n_waiting--;
	}
}

/* Without the lock: who is woken may wait again at once. */
static void
wake_all(struct feed_waiter *first, bool news)
{
	while (first != NULL) {
		struct feed_waiter *w = first;

		first = w->next;
		w->wake(w, news);
	}
}

static void
tell(struct feed *f, struct bucket *b, struct feed_waiter **out)
{
	b->count++;
	take(f, b, UINT64_MAX, out);
}

void
feed_told(struct feed *f, const int64_t *tenants, size_t n)
{
	struct feed_waiter *woken = NULL;

	lock(f);
	for (size_t i = 0; i < n; i++) {
		if (tenants[i] != 0)
			tell(f, bucket_of(f, tenants[i]), &woken);
		for (size_t j = 0; tenants[i] == 0 && j < BUCKETS; j++)
			tell(f, &f->buckets[j], &woken);
	}
	if (n > 0)
		tell(f, &f->buckets[OF_ANY], &woken);
	unlock(f);
	wake_all(woken, true);
}

void
feed_tick(struct feed *f, uint64_t now_us)
{
	struct feed_waiter *woken = NULL;

	lock(f);
	for (size_t i = 0; i <= BUCKETS && f->n_waiting > 0; i++)
		take(f, &f->buckets[i], now_us, &woken);
	unlock(f);
	wake_all(woken, false);
}

void
feed_close(struct feed *f)
{
	struct feed_waiter *woken = NULL;

	lock(f);
	f->closed = true;
	for (size_t i = 0; i <= BUCKETS; i++)
		take(f, &f->buckets[i], UINT64_MAX, &woken);
	unlock(f);
	wake_all(woken, false);
}
