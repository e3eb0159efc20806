/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine on SQLite: one connection that writes, some that read, a
 * write-ahead log synced at every commit.
 *
 * Group commit.  The first writer opens a batch (BEGIN); each writer does its
 * work in a savepoint under the write lock and takes a reference to the batch.
 * Then one of those waiting becomes the committer: it takes the write lock
 * again, so whoever came meanwhile is in the batch too, and commits for all.
 * A writer waits for its batch before it begins another piece of work, so a
 * batch holds at most one piece a thread.
 */
#include "db/db.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <sqlite3.h>

#include "base/base.h"
#include "db/checkpoint.h"
#include "db/schema.h"

#define READERS_MAX	32u
#define BUSY_WAIT_MS	10000	/* for another process, a backup say */

/* One connection and its statements, prepared when first used. */
struct conn {
	sqlite3		*sqlite;
	sqlite3_stmt	*stmts[STMT_COUNT];
};

/* What was written between one BEGIN and its COMMIT. */
struct batch {
	unsigned	refs;		/* writers that wait for it */
	bool		done;
	struct err	err;		/* how the commit went, when done */
	size_t		n_notes;
	int64_t		notes[DB_NOTES_MAX];
};

struct db {
	struct conn	writer;
	atomic_uint_fast64_t commits, writes;
	struct checkpointer *checkpointer;
	db_watcher	*watcher;	/* or NULL */
	void		*watcher_arg;
	pthread_mutex_t	write_lock;	/* holds writer and open */
	struct batch	*open;		/* NULL between batches */

	pthread_mutex_t	wait_lock;	/* holds committing and batches' fields */
	pthread_cond_t	committed;
	bool		committing;

	pthread_mutex_t	read_lock;	/* holds the stack of idle readers */
	pthread_cond_t	reader_idle;
	struct conn	readers[READERS_MAX];
	struct conn	*idle[READERS_MAX];
	size_t		n_readers, n_idle;
};

struct db_tx { struct conn *conn; struct batch *batch; bool writing; };
struct db_row { sqlite3_stmt *stmt; };

static struct err
sqlite_fail(struct ctx *cx, sqlite3 *sqlite, const char *what)
{
	int code = sqlite3_extended_errcode(sqlite);
	bool unique = code == SQLITE_CONSTRAINT_UNIQUE ||
	    code == SQLITE_CONSTRAINT_PRIMARYKEY ||
	    code == SQLITE_CONSTRAINT_ROWID;

	return FAIL(cx, unique ? ERR_EXISTS : ERR_STORAGE, "%s: %s", what,
	    sqlite3_errmsg(sqlite));
}

static struct err
exec(struct ctx *cx, struct conn *conn, const char *sql)
{
	if (sqlite3_exec(conn->sqlite, sql, NULL, NULL, NULL) != SQLITE_OK)
		return sqlite_fail(cx, conn->sqlite, sql);
	return OK;
}

static struct err
conn_open(struct ctx *cx, const char *path, bool writing, struct conn *conn)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
	    SQLITE_OPEN_EXRESCODE | (writing ? SQLITE_OPEN_CREATE : 0);

	if (sqlite3_open_v2(path, &conn->sqlite, flags, NULL) != SQLITE_OK)
		return FAIL(cx, ERR_STORAGE, "open %s: %s", path,
		    conn->sqlite == NULL ? "no memory" :
		    sqlite3_errmsg(conn->sqlite));
	(void)sqlite3_busy_timeout(conn->sqlite, BUSY_WAIT_MS);
	TRY(exec(cx, conn, "PRAGMA journal_mode = WAL"));
	/* FULL: the log is synced at each commit, also before a power cut. */
	TRY(exec(cx, conn, "PRAGMA synchronous = FULL"));
	TRY(exec(cx, conn, "PRAGMA foreign_keys = ON"));
	TRY(exec(cx, conn, "PRAGMA trusted_schema = OFF"));
	TRY(exec(cx, conn, "PRAGMA cache_size = -8192"));
	/* The journal of a long savepoint would spill to a file in a folder
	 * that the sandbox does not let this process write to. */
	TRY(exec(cx, conn, "PRAGMA temp_store = MEMORY"));
	if (!writing)
		TRY(exec(cx, conn, "PRAGMA query_only = ON"));
	return OK;
}

static void
conn_close(struct conn *conn)
{
	for (size_t i = 0; i < STMT_COUNT; i++)
		(void)sqlite3_finalize(conn->stmts[i]);
	(void)sqlite3_close(conn->sqlite);
}

/* --- schema ---------------------------------------------------------- */

static struct err
schema_version(struct ctx *cx, struct conn *conn, size_t *out)
{
	sqlite3_stmt *stmt = NULL;
	int step;

	if (sqlite3_prepare_v2(conn->sqlite, "PRAGMA user_version", -1, &stmt,
	    NULL) != SQLITE_OK)
		return sqlite_fail(cx, conn->sqlite, "schema version");
	step = sqlite3_step(stmt);
	*out = (size_t)sqlite3_column_int64(stmt, 0);
	(void)sqlite3_finalize(stmt);
	if (step != SQLITE_ROW)
		return sqlite_fail(cx, conn->sqlite, "schema version");
	return OK;
}

/* Forward only, each step whole or not at all. */
static struct err
migrate(struct ctx *cx, struct conn *conn)
{
	size_t version = 0;

	TRY(schema_version(cx, conn, &version));
	if (version > db_schema_n_migrations)
		return FAIL(cx, ERR_STORAGE, "the database has schema %zu, "
		    "this program knows %zu: it is too old", version,
		    db_schema_n_migrations);
	for (; version < db_schema_n_migrations; version++) {
		struct err e;

		TRY(exec(cx, conn, "BEGIN EXCLUSIVE"));
		e = exec(cx, conn, db_schema_migrations[version]);
		if (!failed(e))
			e = exec(cx, conn, arena_printf(cx->arena,
			    "PRAGMA user_version = %zu", version + 1));
		if (!failed(e))
			e = exec(cx, conn, "COMMIT");
		if (failed(e)) {
			(void)sqlite3_exec(conn->sqlite, "ROLLBACK", NULL,
			    NULL, NULL);
			return e;
		}
	}
	return OK;
}

static struct err
check_version(struct ctx *cx, struct conn *conn)
{
	size_t version = 0;

	TRY(schema_version(cx, conn, &version));
	if (version != db_schema_n_migrations)
		return FAIL(cx, ERR_STORAGE, "the database has schema %zu, "
		    "this program knows %zu: start daad once to bring it up "
		    "to date", version, db_schema_n_migrations);
	return OK;
}

void
db_count(struct db *db, struct db_stats *out)
{
	out->commits = atomic_load(&db->commits);
	out->writes = atomic_load(&db->writes);
}

/* --- open, close ------------------------------------------------------ */

static struct err
open_all(struct ctx *cx, const struct db_conf *conf, struct db *db)
{
	size_t n = conf->n_readers;

	TRY(conn_open(cx, conf->path, !conf->read_only, &db->writer));
	TRY(conf->read_only ? check_version(cx, &db->writer) :
	    migrate(cx, &db->writer));
	if (!conf->read_only)
		db->checkpointer = checkpointer_start(conf->path,
		    db->writer.sqlite);
	n = n < 1 ? 1 : n > READERS_MAX ? READERS_MAX : n;
	for (; db->n_readers < n; db->n_readers++) {
		struct conn *reader = &db->readers[db->n_readers];

		TRY(conn_open(cx, conf->path, false, reader));
		db->idle[db->n_idle++] = reader;
	}
	return OK;
}

struct err
db_open(struct ctx *cx, const struct db_conf *conf, struct db **out)
{
	struct db *db = base_alloc(sizeof(*db));
	struct err e;

	ASSERT(pthread_mutex_init(&db->write_lock, NULL) == 0);
	ASSERT(pthread_mutex_init(&db->wait_lock, NULL) == 0);
	ASSERT(pthread_mutex_init(&db->read_lock, NULL) == 0);
	ASSERT(pthread_cond_init(&db->committed, NULL) == 0);
	ASSERT(pthread_cond_init(&db->reader_idle, NULL) == 0);
	e = open_all(cx, conf, db);
	if (failed(e)) {
		db_close(db);
		return e;
	}
	*out = db;
	return OK;
}

void
db_close(struct db *db)
{
	if (db == NULL)
		return;
	checkpointer_stop(db->checkpointer);
	for (size_t i = 0; i < db->n_readers; i++)
		conn_close(&db->readers[i]);
	conn_close(&db->writer);
	(void)pthread_mutex_destroy(&db->write_lock);
	(void)pthread_mutex_destroy(&db->wait_lock);
	(void)pthread_mutex_destroy(&db->read_lock);
	(void)pthread_cond_destroy(&db->committed);
	(void)pthread_cond_destroy(&db->reader_idle);
	free(db);
}

/* --- reading ---------------------------------------------------------- */

struct err
db_read(struct ctx *cx, struct db *db, db_work *work, void *arg)
{
	struct db_tx tx = { .writing = false };
	struct err e;

	ASSERT(pthread_mutex_lock(&db->read_lock) == 0);
	while (db->n_idle == 0)
		ASSERT(pthread_cond_wait(&db->reader_idle, &db->read_lock) == 0);
	tx.conn = db->idle[--db->n_idle];
	ASSERT(pthread_mutex_unlock(&db->read_lock) == 0);

	e = exec(cx, tx.conn, "BEGIN");
	if (!failed(e))
		e = work(cx, &tx, arg);
	/* Nothing was written: how a snapshot ends does not matter. */
	(void)sqlite3_exec(tx.conn->sqlite, "ROLLBACK", NULL, NULL, NULL);

	ASSERT(pthread_mutex_lock(&db->read_lock) == 0);
	db->idle[db->n_idle++] = tx.conn;
	ASSERT(pthread_cond_signal(&db->reader_idle) == 0);
	ASSERT(pthread_mutex_unlock(&db->read_lock) == 0);
	return e;
}

/* --- writing ---------------------------------------------------------- */

/* Run what ends something; true when it failed. */
static bool
undo(struct db *db, const char *sql)
{
	return sqlite3_exec(db->writer.sqlite, sql, NULL, NULL, NULL) !=
	    SQLITE_OK;
}

/* With the write lock: the batch is over; its writers learn how it went. */
static void
batch_end(struct db *db, struct err e)
{
	struct batch *batch = db->open;

	db->open = NULL;
	ASSERT(pthread_mutex_lock(&db->wait_lock) == 0);
	batch->done = true;
	batch->err = e;
	atomic_fetch_add(&db->commits, batch->refs > 0 ? 1 : 0);
	atomic_fetch_add(&db->writes, batch->refs);
	if (batch->refs == 0)
		free(batch);
	ASSERT(pthread_cond_broadcast(&db->committed) == 0);
	ASSERT(pthread_mutex_unlock(&db->wait_lock) == 0);
}

static struct err
batch_commit(struct ctx *cx, struct db *db)
{
	struct err e = exec(cx, &db->writer, "COMMIT");

	if (failed(e))
		(void)undo(db, "ROLLBACK");
	else if (db->open->n_notes > 0 && db->watcher != NULL)
		db->watcher(db->watcher_arg, db->open->notes,
		    db->open->n_notes);
	batch_end(db, e);
	return e;
}

/* With the write lock: run work in a savepoint of the open batch. */
static struct err
run_in_batch(struct ctx *cx, struct db *db, db_work *work, void *arg,
    struct batch **out)
{
	struct db_tx tx = { .conn = &db->writer, .writing = true };
	struct err e;

	if (db->open == NULL) {
		TRY(exec(cx, &db->writer, "BEGIN IMMEDIATE"));
		db->open = base_alloc(sizeof(*db->open));
	}
	*out = tx.batch = db->open;
	TRY(exec(cx, &db->writer, "SAVEPOINT work"));
	e = work(cx, &tx, arg);
	/*
	 * A full disk or a read error may have ended the whole transaction
	 * (SQLite, "Response To Errors Within A Transaction"): then what the
	 * others of the batch wrote is gone too, and they must hear of it.
	 */
	if (sqlite3_get_autocommit(db->writer.sqlite) != 0) {
		if (!failed(e))
			e = FAIL(cx, ERR_STORAGE, "the transaction was lost");
		batch_end(db, (struct err){ ERR_STORAGE });
		*out = NULL;
		return e;
	}
	if ((failed(e) && undo(db, "ROLLBACK TO work")) ||
	    undo(db, "RELEASE work")) {
		/* Half a piece of work must never be committed with others. */
		(void)undo(db, "ROLLBACK");
		batch_end(db, (struct err){ ERR_STORAGE });
		*out = NULL;
		return FAIL(cx, ERR_STORAGE, "the savepoint was lost");
	}
	return e;
}

/* Wait until the batch is durable; whoever comes first commits it. */
static struct err
batch_wait(struct ctx *cx, struct db *db, struct batch *batch)
{
	struct err e;

	ASSERT(pthread_mutex_lock(&db->wait_lock) == 0);
	while (!batch->done) {
		if (db->committing) {
			ASSERT(pthread_cond_wait(&db->committed,
			    &db->wait_lock) == 0);
			continue;
		}
		db->committing = true;
		ASSERT(pthread_mutex_unlock(&db->wait_lock) == 0);
		ASSERT(pthread_mutex_lock(&db->write_lock) == 0);
		if (db->open == batch) {
			struct err ignored = batch_commit(cx, db);

			(void)ignored;	/* read below, as by everyone */
		}
		ASSERT(pthread_mutex_unlock(&db->write_lock) == 0);
		ASSERT(pthread_mutex_lock(&db->wait_lock) == 0);
		db->committing = false;
		ASSERT(pthread_cond_broadcast(&db->committed) == 0);
	}
	e = batch->err;
	if (--batch->refs == 0)
		free(batch);
	ASSERT(pthread_mutex_unlock(&db->wait_lock) == 0);
	return failed(e) ? FAIL(cx, ERR_STORAGE, "commit failed") : OK;
}

void
db_watch(struct db *db, db_watcher *watcher, void *arg)
{
	db->watcher = watcher;
	db->watcher_arg = arg;
}

void
db_note(struct db_tx *tx, int64_t what)
{
	struct batch *batch = tx->batch;

	ASSERT(tx->writing && what > 0);
	for (size_t i = 0; i < batch->n_notes; i++)
		if (batch->notes[i] == what || batch->notes[i] == 0)
			return;
	if (batch->n_notes < DB_NOTES_MAX) {
		batch->notes[batch->n_notes++] = what;
		return;
	}
	batch->notes[0] = 0;
	batch->n_notes = 1;
}

struct err
db_write(struct ctx *cx, struct db *db, db_work *work, void *arg)
{
	struct batch *batch = NULL;
	struct err e;

	ASSERT(pthread_mutex_lock(&db->write_lock) == 0);
	e = run_in_batch(cx, db, work, arg, &batch);
	if (failed(e) && batch != NULL && batch->refs == 0) {
		/* Nobody is in it: do not leave a transaction open. */
		(void)undo(db, "ROLLBACK");
		batch_end(db, OK);
	}
	if (!failed(e)) {
		ASSERT(pthread_mutex_lock(&db->wait_lock) == 0);
		batch->refs++;
		ASSERT(pthread_mutex_unlock(&db->wait_lock) == 0);
	}
	ASSERT(pthread_mutex_unlock(&db->write_lock) == 0);
	return failed(e) ? e : batch_wait(cx, db, batch);
}

/* --- statements -------------------------------------------------------- */

static struct err
bind(struct ctx *cx, sqlite3_stmt *stmt, const struct db_value *args,
    size_t n_args)
{
	ASSERT(sqlite3_bind_parameter_count(stmt) == (int)n_args);
	for (size_t i = 0; i < n_args; i++) {
		const struct db_value *v = &args[i];
		/* A NULL pointer would bind NULL: an empty value is none. */
		const void *p = v->bytes.n > 0 ? v->bytes.p :
		    (const uint8_t *)"";
		int at = (int)i + 1, n = (int)v->bytes.n, rc = SQLITE_OK;

		ASSERT(v->bytes.n <= INT32_MAX);
		if (v->type == DB_INT)
			rc = sqlite3_bind_int64(stmt, at, v->i);
		else if (v->type == DB_TEXT)
			rc = sqlite3_bind_text(stmt, at, p, n, SQLITE_STATIC);
		else if (v->type == DB_BLOB)
			rc = sqlite3_bind_blob(stmt, at, p, n, SQLITE_STATIC);
		if (rc != SQLITE_OK)
			return FAIL(cx, ERR_STORAGE, "bind: %d", rc);
	}
	return OK;
}

static struct err
prepare(struct ctx *cx, struct conn *conn, enum db_stmt which,
    const struct db_value *args, size_t n_args, sqlite3_stmt **out)
{
	sqlite3_stmt **stmt = &conn->stmts[which];

	if (*stmt == NULL && sqlite3_prepare_v3(conn->sqlite,
	    db_stmt_sql(which), -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL) !=
	    SQLITE_OK)
		return sqlite_fail(cx, conn->sqlite, db_stmt_name(which));
	/* A walk that runs its own statement again would lose its place. */
	ASSERT(!sqlite3_stmt_busy(*stmt));
	TRY(bind(cx, *stmt, args, n_args));
	*out = *stmt;
	return OK;
}

static void
finish(sqlite3_stmt *stmt)
{
	(void)sqlite3_reset(stmt);
	(void)sqlite3_clear_bindings(stmt);
}

struct err
db_rows(struct ctx *cx, struct db_tx *tx, enum db_stmt which,
    const struct db_value *args, size_t n_args, db_row_fn *fn, void *arg)
{
	struct db_row row = { NULL };
	struct err e = OK;
	bool stop = false;
	int step = SQLITE_ROW;

	TRY(prepare(cx, tx->conn, which, args, n_args, &row.stmt));
	while (!stop && !failed(e) &&
	    (step = sqlite3_step(row.stmt)) == SQLITE_ROW)
		e = fn(cx, &row, arg, &stop);
	if (!failed(e) && step != SQLITE_ROW && step != SQLITE_DONE)
		e = sqlite_fail(cx, tx->conn->sqlite, db_stmt_name(which));
	finish(row.stmt);
	return e;
}

struct err
db_run(struct ctx *cx, struct db_tx *tx, enum db_stmt which,
    const struct db_value *args, size_t n_args, int64_t *out_changed)
{
	struct err e = OK;
	sqlite3_stmt *stmt;

	ASSERT(tx->writing);
	TRY(prepare(cx, tx->conn, which, args, n_args, &stmt));
	if (sqlite3_step(stmt) != SQLITE_DONE)
		e = sqlite_fail(cx, tx->conn->sqlite, db_stmt_name(which));
	finish(stmt);
	if (!failed(e) && out_changed != NULL)
		*out_changed = sqlite3_changes64(tx->conn->sqlite);
	return e;
}

struct err
db_insert(struct ctx *cx, struct db_tx *tx, enum db_stmt which,
    const struct db_value *args, size_t n_args, int64_t *out_id)
{
	TRY(db_run(cx, tx, which, args, n_args, NULL));
	*out_id = sqlite3_last_insert_rowid(tx->conn->sqlite);
	return OK;
}

/* --- columns ----------------------------------------------------------- */

int64_t
db_int(const struct db_row *row, unsigned column)
{
	return sqlite3_column_int64(row->stmt, (int)column);
}

bool
db_is_null(const struct db_row *row, unsigned column)
{
	return sqlite3_column_type(row->stmt, (int)column) == SQLITE_NULL;
}

const char *
db_text_of(struct ctx *cx, const struct db_row *row, unsigned column)
{
	const char *text =
	    (const char *)sqlite3_column_text(row->stmt, (int)column);

	return text == NULL ? NULL : arena_strdup(cx->arena, text);
}

struct slice
db_blob_of(struct ctx *cx, const struct db_row *row, unsigned column)
{
	const void *p = sqlite3_column_blob(row->stmt, (int)column);
	size_t n = (size_t)sqlite3_column_bytes(row->stmt, (int)column);

	return slice_dup(cx->arena, SLICE(p, n));
}
