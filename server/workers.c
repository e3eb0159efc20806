/* SPDX-License-Identifier: Apache-2.0 */
#include "server/workers.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/base.h"

/* Parsers and OpenSSL need far less; the default of 8 MiB times 512 is much. */
#define STACK_SIZE	(1024u * 1024u)

struct workers {
	struct workers_conf	 conf;
	pthread_mutex_t		 lock;
	pthread_cond_t		 more;
	struct job		*first, **last;
	size_t			 taken;		/* places, queued jobs included */
	bool			 stopping;
	size_t			 n_threads;
	pthread_t		 threads[];
};

static struct job *
next_job(struct workers *w)
{
	struct job *job;

	(void)pthread_mutex_lock(&w->lock);
	while (w->first == NULL && !(w->stopping && w->taken == 0))
		(void)pthread_cond_wait(&w->more, &w->lock);
	job = w->first;
	if (job != NULL) {
		w->first = job->next;
		if (w->first == NULL)
			w->last = &w->first;
		w->taken--;
		if (w->stopping && w->taken == 0)
			(void)pthread_cond_broadcast(&w->more);
	}
	(void)pthread_mutex_unlock(&w->lock);
	return job;
}

static void *
work(void *arg)
{
	struct workers *w = arg;
	struct job *job;

	while ((job = next_job(w)) != NULL) {
		job_run(job);
		w->conf.done(job);
	}
	return NULL;
}

static struct err
start_threads(struct ctx *cx, struct workers *w)
{
	pthread_attr_t attr;
	int failure = 0;

	ASSERT(pthread_attr_init(&attr) == 0);
	ASSERT(pthread_attr_setstacksize(&attr, STACK_SIZE) == 0);
	while (failure == 0 && w->n_threads < w->conf.n) {
		failure = pthread_create(&w->threads[w->n_threads], &attr,
		    work, w);
		if (failure == 0)
			w->n_threads++;
	}
	(void)pthread_attr_destroy(&attr);
	return failure == 0 ? OK : FAIL(cx, ERR_CONFIG,
	    "start worker %zu: %s", w->n_threads, strerror(failure));
}

struct err
workers_start(struct ctx *cx, const struct workers_conf *conf,
    struct workers **out)
{
	struct workers *w = base_alloc(sizeof(*w) +
	    conf->n * sizeof(w->threads[0]));
	struct err e;

	w->conf = *conf;
	w->last = &w->first;
	ASSERT(pthread_mutex_init(&w->lock, NULL) == 0);
	ASSERT(pthread_cond_init(&w->more, NULL) == 0);
	e = start_threads(cx, w);
	if (failed(e)) {
		workers_stop(w);
		workers_free(w);
		return e;
	}
	*out = w;
	return OK;
}

void
workers_stop(struct workers *w)
{
	(void)pthread_mutex_lock(&w->lock);
	w->stopping = true;
	(void)pthread_cond_broadcast(&w->more);
	(void)pthread_mutex_unlock(&w->lock);
	for (size_t i = 0; i < w->n_threads; i++)
		(void)pthread_join(w->threads[i], NULL);
}

void
workers_free(struct workers *w)
{
	if (w == NULL)
		return;
	(void)pthread_cond_destroy(&w->more);
	(void)pthread_mutex_destroy(&w->lock);
	free(w);
}

bool
workers_reserve(struct workers *w)
{
	bool ok;

	(void)pthread_mutex_lock(&w->lock);
	ok = !w->stopping && w->taken < w->conf.queue_max;
	w->taken += ok;
	(void)pthread_mutex_unlock(&w->lock);
	return ok;
}

void
workers_push(struct workers *w, struct job *job)
{
	job->next = NULL;
	(void)pthread_mutex_lock(&w->lock);
	*w->last = job;
	w->last = &job->next;
	(void)pthread_cond_signal(&w->more);
	(void)pthread_mutex_unlock(&w->lock);
}

size_t
workers_waiting(struct workers *w)
{
	size_t n;

	(void)pthread_mutex_lock(&w->lock);
	n = w->taken;
	(void)pthread_mutex_unlock(&w->lock);
	return n;
}
