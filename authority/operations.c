/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/operation.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/base.h"

#define IDLE_MS		60000u	/* to the next look when nothing is to do */
#define RETRY_MS	2000u	/* after the database failed */
#define REST_MS_MAX	200u

struct operations {
	const struct authority	*authority;
	pthread_mutex_t		 lock;
	pthread_cond_t		 wake;
	bool			 stop, woken;
	pthread_t		 thread;
};

/* A turn in memory of its own.  How long to leave the database to others. */
static unsigned
one_turn(const struct authority *a, int64_t *after_tenant)
{
	struct ctx_root root;
	uint64_t began_us, us;
	bool did = false;
	struct err e;

	ctx_root_init(&root, a->log);
	began_us = root.cx.clock->ticks_us(root.cx.clock->arg);
	e = operation_turn(&root.cx, a, after_tenant, &did);
	us = root.cx.clock->ticks_us(root.cx.clock->arg) - began_us;
	if (failed(e))
		log_put(a->log, LOG_LEVEL_ERROR, "operation.waits", "code",
		    err_dotted(e), "note", root.trail.note, NULL);
	ctx_root_fini(&root);
	if (failed(e))
		return RETRY_MS;
	if (!did)
		return IDLE_MS;
	us = us + us / 2 > OPERATION_PACE_US ? us / 2 :
	    OPERATION_PACE_US - us;
	return us < 1000 ? 1 : us / 1000 > REST_MS_MAX ? REST_MS_MAX :
	    (unsigned)(us / 1000);
}

static void
wait_ms(struct operations *o, unsigned ms)
{
	bool idle = ms == IDLE_MS;
	struct timespec until;

	ASSERT(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	while (!o->stop && !(idle && o->woken) && pthread_cond_timedwait(
	    &o->wake, &o->lock, &until) == 0)
		continue;
	o->woken = false;
}

static void *
operations_main(void *arg)
{
	struct operations *o = arg;
	int64_t after_tenant = -1;
	unsigned ms;

	ASSERT(pthread_mutex_lock(&o->lock) == 0);
	while (!o->stop) {
		ASSERT(pthread_mutex_unlock(&o->lock) == 0);
		ms = one_turn(o->authority, &after_tenant);
		ASSERT(pthread_mutex_lock(&o->lock) == 0);
		wait_ms(o, ms);
	}
	ASSERT(pthread_mutex_unlock(&o->lock) == 0);
	return NULL;
}

struct operations *
operations_start(const struct authority *a)
{
	struct operations *o = base_alloc(sizeof(*o));
	pthread_condattr_t attr;

	o->authority = a;
	ASSERT(pthread_mutex_init(&o->lock, NULL) == 0);
	ASSERT(pthread_condattr_init(&attr) == 0);
	ASSERT(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
	ASSERT(pthread_cond_init(&o->wake, &attr) == 0);
	(void)pthread_condattr_destroy(&attr);
	ASSERT(pthread_create(&o->thread, NULL, operations_main, o) == 0);
	return o;
}

void
operations_stop(struct operations *o)
{
	if (o == NULL)
		return;
	ASSERT(pthread_mutex_lock(&o->lock) == 0);
	o->stop = true;
	ASSERT(pthread_cond_signal(&o->wake) == 0);
	ASSERT(pthread_mutex_unlock(&o->lock) == 0);
	ASSERT(pthread_join(o->thread, NULL) == 0);
	(void)pthread_mutex_destroy(&o->lock);
	(void)pthread_cond_destroy(&o->wake);
	free(o);
}

void
operation_wake(const struct authority *a)
{
	struct operations *o = a->operations;

	if (o == NULL)
		return;
	ASSERT(pthread_mutex_lock(&o->lock) == 0);
	o->woken = true;
	ASSERT(pthread_cond_signal(&o->wake) == 0);
	ASSERT(pthread_mutex_unlock(&o->lock) == 0);
}
