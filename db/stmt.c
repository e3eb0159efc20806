/* SPDX-License-Identifier: Apache-2.0 */
#include "db/db.h"

#include "base/base.h"

static const struct { const char *name, *sql; enum db_scope scope; } stmts[] = {
#define STMT(name, scope, sql) { #name, sql, DB_SCOPE_##scope },
#include "db/stmt.def"
#undef STMT
};

const char *
db_stmt_name(enum db_stmt stmt)
{
	ASSERT(stmt < STMT_COUNT);
	return stmts[stmt].name;
}

const char *
db_stmt_sql(enum db_stmt stmt)
{
	ASSERT(stmt < STMT_COUNT);
	return stmts[stmt].sql;
}

enum db_scope
db_stmt_scope(enum db_stmt stmt)
{
	ASSERT(stmt < STMT_COUNT);
	return stmts[stmt].scope;
}
