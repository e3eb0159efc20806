/* SPDX-License-Identifier: Apache-2.0 */
/* SQL that no use case offers, in a test's database beside who has it open. */
#ifndef DAAPKI_TESTS_SQL_H
#define DAAPKI_TESTS_SQL_H

#include "tests/unit/unit.h"

#include <sqlite3.h>

static inline void
sql_run(const char *path, const char *sql)
{
	char *message = NULL;
	sqlite3 *sqlite;

	ck_assert_int_eq(sqlite3_open(path, &sqlite), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(sqlite, sql, NULL, NULL, &message) ==
	    SQLITE_OK, "%s: %s", sql, message);
	ck_assert_int_eq(sqlite3_close(sqlite), SQLITE_OK);
}

#endif
