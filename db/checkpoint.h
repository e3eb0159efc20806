/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checkpoints of SQLite's write-ahead log, by a thread and a connection of their
 * own, so that no writer waits while pages are brought into the database file.
 */
#ifndef DAAPKI_DB_CHECKPOINT_H
#define DAAPKI_DB_CHECKPOINT_H

#include <sqlite3.h>

/* Pages in the log between two checkpoints; and from which on the writer makes
 * one itself: it is short, since most is done by then, and it is what lets the
 * log begin anew while it is written to all the time. */
#define CHECKPOINT_EACH		1000
#define CHECKPOINT_WRITER_AT	8192	/* 32 MiB */

struct checkpointer;

/* Take over from the writer.  Should the thread get no connection, then the
 * writer makes all of them, as SQLite does by itself. */
struct checkpointer	*checkpointer_start(const char *path,
			    sqlite3 *writer);
/* Before the writer is closed.  NULL is nothing. */
void			 checkpointer_stop(struct checkpointer *);

#endif
