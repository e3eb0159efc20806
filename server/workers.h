/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Worker threads behind a bounded queue.  A place in the queue is taken
 * before the connection is suspended, so that a job that was handed over is
 * never refused afterwards.
 */
#ifndef DAAPKI_SERVER_WORKERS_H
#define DAAPKI_SERVER_WORKERS_H

#include "server/engine.h"

struct workers;

struct workers_conf {
	size_t	n;		/* threads */
	size_t	queue_max;	/* jobs that may wait */
	/* Called on the worker after job_run(): the job is the listener's. */
	void	(*done)(struct job *);
};

struct err	workers_start(struct ctx *, const struct workers_conf *,
		    struct workers **out);
/* Gives no more places, runs what has one, then ends the threads. */
void		workers_stop(struct workers *);
/* After workers_stop(), when nobody can ask for a place.  NULL is nothing. */
void		workers_free(struct workers *);

/* Take a place; false: the queue is full, or the workers stop. */
bool		workers_reserve(struct workers *);
/* Queue a job in the place taken. */
void		workers_push(struct workers *, struct job *);

/* Jobs that have a place and no worker yet. */
size_t		workers_waiting(struct workers *);

#endif
