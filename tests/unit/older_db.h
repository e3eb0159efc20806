/* SPDX-License-Identifier: Apache-2.0 */
/* A database as a release of before has left it. */
#ifndef DAAPKI_TESTS_UNIT_OLDER_DB_H
#define DAAPKI_TESTS_UNIT_OLDER_DB_H

#include <stdlib.h>
#include <unistd.h>

#include <sqlite3.h>

#include "db/db.h"
#include "db/schema.h"
#include "tests/unit/unit.h"

/*
 * Make one in a folder, a template of mkdtemp(), of the migrations before the
 * first that holds mark, with those rows in it; and open it, which brings it up
 * to date.
 */
static inline struct db *
older_db(char *folder, const char *mark, const char *rows)
{
	struct db_conf conf = { .n_readers = 1 };
	sqlite3 *sqlite;
	struct db *db;
	size_t n = 0;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	conf.path = arena_printf(cx->arena, "%s/db", folder);
	ck_assert_int_eq(sqlite3_open(conf.path, &sqlite), SQLITE_OK);
	for (; strstr(db_schema_migrations[n], mark) == NULL; n++)
		ck_assert_int_eq(sqlite3_exec(sqlite,
		    db_schema_migrations[n], NULL, NULL, NULL), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(sqlite, rows, NULL, NULL, NULL) ==
	    SQLITE_OK, "%s", sqlite3_errmsg(sqlite));
	ck_assert_int_eq(sqlite3_exec(sqlite, arena_printf(cx->arena,
	    "PRAGMA user_version = %zu", n), NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(sqlite), SQLITE_OK);
	ck_ok(db_open(cx, &conf, &db));
	return db;
}

/* Close it; that and the folder go. */
static inline void
older_db_end(struct db *db, const char *folder)
{
	db_close(db);
	ck_assert_int_eq(unlink(arena_printf(cx->arena, "%s/db", folder)), 0);
	(void)unlink(arena_printf(cx->arena, "%s/db-wal", folder));
	(void)unlink(arena_printf(cx->arena, "%s/db-shm", folder));
	ck_assert_int_eq(rmdir(folder), 0);
}

#endif
