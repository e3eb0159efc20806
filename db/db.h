/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The database: the only room that knows SQL.
 *
 * A piece of work runs in a transaction.  Readers each see their own snapshot.
 * Writers join a group commit: a piece of work runs alone in a savepoint, then
 * waits, off the lock, until the batch it is in is durable.  db_write() returns
 * OK only then, so a reply that follows it speaks of what is on disk.
 *
 * This header is for authority/ (work) and for the files of this room
 * (statements).  Nothing here says which engine runs.
 */
#ifndef DAAPKI_DB_DB_H
#define DAAPKI_DB_DB_H

#include "base/ctx.h"

struct db;
struct db_tx;

struct db_conf {
	const char	*path;		/* SQLite file; made when absent */
	unsigned	 n_readers;	/* connections kept for readers */
	bool		 read_only;	/* db_write() is not called; a schema
					 * of another version is refused */
};

/*
 * Open, bring the schema up to date, prepare nothing yet.
 * ERR_STORAGE	cannot be opened, is of a newer schema, or is broken
 */
struct err	db_open(struct ctx *, const struct db_conf *, struct db **out);
/* Waits for nothing: no work may be running.  NULL is nothing. */
void		db_close(struct db *);

/*
 * A piece of work.  Whatever it fails with undoes what it wrote, and only
 * that.  It may be run again from the start when the engine asks for it, so it
 * must not keep state outside *arg that a second run would trip over, and it
 * must not wait for anything but the database.
 */
typedef struct err db_work(struct ctx *, struct db_tx *, void *arg);

/* Groups that were committed, and the pieces of work in them. */
struct db_stats { uint64_t commits, writes; };
void		db_count(struct db *, struct db_stats *out);

struct err	db_read(struct ctx *, struct db *, db_work *, void *arg);
struct err	db_write(struct ctx *, struct db *, db_work *, void *arg);

/*
 * Learning of commits.  Work may note what it is about, a number above 0; when
 * its batch is durable, and never before, the watcher is told of each once.  It
 * may be told of what was undone, too.  It is called by a thread that writes,
 * before db_write() returns, and must not use the database.
 */
#define DB_NOTES_MAX	64u	/* of a batch; more are told as one 0: anything */
typedef void db_watcher(void *arg, const int64_t *notes, size_t n);
void		db_note(struct db_tx *, int64_t what);
/* Before any work. */
void		db_watch(struct db *, db_watcher *, void *arg);

/* --- for the files of this room ------------------------------------- */

/* Statements: a closed table, all in the .def files of this folder. */
enum db_scope { DB_SCOPE_TENANT, DB_SCOPE_GLOBAL };

enum db_stmt {
#define STMT(name, scope, sql) STMT_##name,
#include "db/stmt.def"
#undef STMT
	STMT_COUNT
};

const char	*db_stmt_name(enum db_stmt);
const char	*db_stmt_sql(enum db_stmt);
enum db_scope	 db_stmt_scope(enum db_stmt);

enum db_type { DB_NULL, DB_INT, DB_TEXT, DB_BLOB };

struct db_value {
	enum db_type	type;
	int64_t		i;
	struct slice	bytes;
};

#define DB_I(v)		((struct db_value){ DB_INT, (v), SLICE_NONE })
#define DB_T(text)	db_text(text)	/* NULL text is NULL */
#define DB_B(slice)	((struct db_value){ DB_BLOB, 0, (slice) })
#define DB_N		((struct db_value){ DB_NULL, 0, SLICE_NONE })
#define DB_ARGS(...)	(const struct db_value[]){ __VA_ARGS__ }, \
    sizeof((const struct db_value[]){ __VA_ARGS__ }) / sizeof(struct db_value)

static inline struct db_value
db_text(const char *text)
{
	return text == NULL ? DB_N :
	    (struct db_value){ DB_TEXT, 0, slice_text(text) };
}

/* The present row.  Texts and blobs are copied to the arena. */
struct db_row;
int64_t		db_int(const struct db_row *, unsigned column);
bool		db_is_null(const struct db_row *, unsigned column);
/* NULL for SQL NULL. */
const char	*db_text_of(struct ctx *, const struct db_row *, unsigned column);
struct slice	db_blob_of(struct ctx *, const struct db_row *, unsigned column);

/* Called for each row; *stop = true ends the walk. */
typedef struct err db_row_fn(struct ctx *, const struct db_row *, void *arg,
    bool *stop);

/*
 * Run a statement that gives rows, each passed to fn.
 * ERR_STORAGE, or what fn fails with
 */
struct err	db_rows(struct ctx *, struct db_tx *, enum db_stmt,
		    const struct db_value *args, size_t n_args,
		    db_row_fn *fn, void *arg);
/*
 * Run a statement that changes rows.  out_changed may be NULL.
 * ERR_EXISTS	a UNIQUE or PRIMARY KEY rule was broken
 * ERR_STORAGE	anything else
 */
struct err	db_run(struct ctx *, struct db_tx *, enum db_stmt,
		    const struct db_value *args, size_t n_args,
		    int64_t *out_changed);
/* As db_run, and the rowid of the row inserted. */
struct err	db_insert(struct ctx *, struct db_tx *, enum db_stmt,
		    const struct db_value *args, size_t n_args,
		    int64_t *out_id);

#endif
