/* SPDX-License-Identifier: Apache-2.0 */
#include "db/checkpoint.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/base.h"

struct checkpointer {
	sqlite3		*sqlite;	/* the thread's own; NULL: there is none */
	sqlite3		*writer;
	int		 done_to;	/* the writer's: pages, when last asked */

	pthread_mutex_t	 lock;		/* holds what follows */
	pthread_cond_t	 wake;
	bool		 wanted, stop;
	pthread_t	 thread;
};

/* A checkpoint that fails is tried again with the next: nothing is lost but
 * room on the disk. */
static void
checkpoint(sqlite3 *sqlite)
{
	(void)sqlite3_wal_checkpoint_v2(sqlite, NULL,
	    SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

static void *
checkpointer_main(void *arg)
{
	struct checkpointer *c = arg;

	ASSERT(pthread_mutex_lock(&c->lock) == 0);
	while (!c->stop) {
		if (!c->wanted) {
			ASSERT(pthread_cond_wait(&c->wake, &c->lock) == 0);
			continue;
		}
		c->wanted = false;
		ASSERT(pthread_mutex_unlock(&c->lock) == 0);
		checkpoint(c->sqlite);
		ASSERT(pthread_mutex_lock(&c->lock) == 0);
	}
	ASSERT(pthread_mutex_unlock(&c->lock) == 0);
	return NULL;
}

/* After each commit, in the thread that committed: so many pages are in the
 * log. */
static int
committed(void *arg, sqlite3 *sqlite, const char *name, int n_pages)
{
	struct checkpointer *c = arg;

	(void)name;
	/* While the thread is at it this does nothing: then after the next
	 * commit, for the thread is not woken again meanwhile. */
	if (n_pages >= (c->sqlite == NULL ? CHECKPOINT_EACH :
	    CHECKPOINT_WRITER_AT)) {
		checkpoint(sqlite);
		return SQLITE_OK;
	}
	if (n_pages < c->done_to)	/* the log has begun anew */
		c->done_to = 0;
	if (n_pages - c->done_to < CHECKPOINT_EACH)
		return SQLITE_OK;
	c->done_to = n_pages;
	ASSERT(pthread_mutex_lock(&c->lock) == 0);
	c->wanted = true;
	ASSERT(pthread_cond_signal(&c->wake) == 0);
	ASSERT(pthread_mutex_unlock(&c->lock) == 0);
	return SQLITE_OK;
}

static sqlite3 *
open_own(const char *path)
{
	sqlite3 *sqlite = NULL;

	if (sqlite3_open_v2(path, &sqlite, SQLITE_OPEN_READWRITE |
	    SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK &&
	    sqlite3_exec(sqlite, "PRAGMA synchronous = FULL; "
	    "PRAGMA cache_size = -64; SELECT count(*) FROM sqlite_schema",
	    NULL, NULL, NULL) == SQLITE_OK)
		return sqlite;
	(void)sqlite3_close(sqlite);
	return NULL;
}

struct checkpointer *
checkpointer_start(const char *path, sqlite3 *writer)
{
	struct checkpointer *c = base_alloc(sizeof(*c));

	c->writer = writer;
	c->sqlite = open_own(path);
	ASSERT(pthread_mutex_init(&c->lock, NULL) == 0);
	ASSERT(pthread_cond_init(&c->wake, NULL) == 0);
	if (c->sqlite != NULL)
		ASSERT(pthread_create(&c->thread, NULL, checkpointer_main,
		    c) == 0);
	(void)sqlite3_wal_hook(writer, committed, c);
	return c;
}

void
checkpointer_stop(struct checkpointer *c)
{
	if (c == NULL)
		return;
	(void)sqlite3_wal_hook(c->writer, NULL, NULL);
	ASSERT(pthread_mutex_lock(&c->lock) == 0);
	c->stop = true;
	ASSERT(pthread_cond_signal(&c->wake) == 0);
	ASSERT(pthread_mutex_unlock(&c->lock) == 0);
	if (c->sqlite != NULL) {
		ASSERT(pthread_join(c->thread, NULL) == 0);
		(void)sqlite3_close(c->sqlite);
	}
	(void)pthread_mutex_destroy(&c->lock);
	(void)pthread_cond_destroy(&c->wake);
	free(c);
}
