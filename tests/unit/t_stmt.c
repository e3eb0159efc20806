/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold of every SQL statement of db/. */
#include "tests/unit/unit.h"

#include <ctype.h>
#include <unistd.h>

#include <sqlite3.h>

#include "db/db.h"

/*
 * Statements that reach over tenants on purpose: a device that proves itself
 * is found before its tenant is known, a CA serves its CRL to anyone, a bearer
 * token names its tenant.
 */
static const char *const global_over_tenants[] = {
	"AUDIT_CHAINS", "AUDIT_UNBEGUN", "AUDIT_HEAD_GIVE_UP",
	"COUNT_EVENTS", "COUNT_DEVICES", "COUNT_AUDIT", "COLLATERAL_FORGET",
	"COUNT_REPORTS", "COUNT_WEBHOOKS",
	"COUNT_UNDELIVERED", "COUNT_UNDELIVERED_AGE", "COUNT_OPERATIONS",
	"COUNT_CRL_AGE", "COUNT_CRL_LEFT", "COUNT_ENDING",
	"DEVICE_BY_ID", "DEVICE_BY_HARDWARE", "DEVICE_BIND_HARDWARE",
	"CERTIFICATE_BY_CA", "CLAIM_NEWEST", "CRL_BEHIND", "RECOVERY_ALL", "RECOVERY_DUE", "TRANSFER_DUE",
	"BAN_SCAN_ALL", "BAN_SPAN_ALL",
	"CA_BY_ID", "CA_ANY_BY_KEY_ID", "CA_ALL", "CA_DUE",
	"ANCHOR_DUE", "REFERENCE_DUE", "REPORT_SETTING_KEEPERS", "CA_SIGNED_FORGET", "COLLATERAL_DUE", "RECEIPT_PRUNE",
	"OPERATION_BY_NAME", "OPERATION_BY_ID", "OPERATION_LIST_ALL",
	"OPERATION_NEXT", "OPERATION_OLD", "OPERATION_LEFT",
	"OPERATION_DELETE", "CLAIM_TRY_PRUNE", "TOKEN_BY_HASH",
	"TOKEN_BY_CERTIFICATE",
	"EVENT_LIST_ALL", "EVENT_NEWEST_ANY", "EVENT_OLDEST", "EVENT_DELETE",
	"EVENT_PRUNED_ANY", "WEBHOOK_ACTIVE", "LAPSE_TENANTS",
};

/* Read whole on purpose: one is only counted, at start; the next an index of
 * what a crash left behind; the last has one row a tenant. */
static const char *const scans[] = {
	"AUDIT_CHAINS", "AUDIT_UNBEGUN", "AUDIT_CHECKPOINTS_COUNT",
	"COUNT_EVENTS", "COUNT_DEVICES", "COUNT_AUDIT", "COUNT_REPORTS", "COUNT_WEBHOOKS",
	"COUNT_UNDELIVERED", "COUNT_UNDELIVERED_AGE", "COUNT_OPERATIONS",
	"COUNT_CRL_AGE", "COUNT_CRL_LEFT", "COUNT_ENDING",
	"STRAY_COUNT", "CRL_BEHIND", "EVENT_PRUNED_ANY",
};

/* Sorted in memory: a tenant has few of these. */
static const char *const sorts[] = {
	"CA_LIST", "GROUP_LIST", "ANCHOR_LIST", "ANCHOR_FOR", "COLLATERAL_FOR",
	"HARDWARE_FOR", "COUNT_REPORTS", "COUNT_WEBHOOKS", "COUNT_UNDELIVERED",
	"COUNT_UNDELIVERED_AGE", "COUNT_OPERATIONS", "COUNT_CRL_AGE",
	"COUNT_CRL_LEFT", "COUNT_ENDING",
};

static char *folder, *path;
static sqlite3 *sqlite;

static bool
is_in(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

/* Checks of everything there is, by hand and offline. */
static bool
is_of_fsck(const char *name)
{
	return strncmp(name, "FSCK_", 5) == 0;
}

/* What the engine says of itself. */
static const char *const of_the_engine[] = {
	"FSCK_INTEGRITY", "FSCK_FOREIGN",
};

/* A fresh schema, and a connection to it of the test's own. */
static void
open_fresh(void)
{
	struct db_conf conf = { .n_readers = 1 };
	struct db *db;

	folder = arena_strdup(cx->arena, "/tmp/t_stmt.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	path = arena_printf(cx->arena, "%s/db", folder);
	conf.path = path;
	ck_ok(db_open(cx, &conf, &db));
	db_close(db);
	ck_assert_int_eq(sqlite3_open(path, &sqlite), SQLITE_OK);
}

static void
close_fresh(void)
{
	static const char *const ends[] = { "", "-wal", "-shm" };

	ck_assert_int_eq(sqlite3_close(sqlite), SQLITE_OK);
	for (size_t i = 0; i < COUNT_OF(ends); i++)
		(void)unlink(arena_printf(cx->arena, "%s%s", path, ends[i]));
	ck_assert_int_eq(rmdir(folder), 0);
}

static sqlite3_stmt *
prepare(const char *name, const char *sql)
{
	sqlite3_stmt *stmt = NULL;

	ck_assert_msg(sqlite3_prepare_v2(sqlite, sql, -1, &stmt, NULL) ==
	    SQLITE_OK, "%s: %s", name, sqlite3_errmsg(sqlite));
	return stmt;
}

START_TEST(every_statement_prepares_on_a_fresh_schema)
{
	open_fresh();
	for (unsigned i = 0; i < STMT_COUNT; i++)
		sqlite3_finalize(prepare(db_stmt_name(i), db_stmt_sql(i)));
	close_fresh();
}
END_TEST

/*
 * A tenant of 0 is the platform, NULL in the table; an anchor or a part of the
 * platform holds for every tenant.
 */
static const char *const tenant_first[] = {
	"tenant = ?1", "coalesce(tenant, 0) = ?1",
	"coalesce(tenant, 0) IN (0, ?1)",
};

static bool
asks_for_tenant(const char *sql)
{
	for (size_t i = 0; i < COUNT_OF(tenant_first); i++)
		if (strstr(sql, tenant_first[i]) != NULL)
			return true;
	return false;
}

/* "INSERT INTO t (tenant, ...) VALUES (?1, ...)" */
static bool
inserts_tenant_first(const char *sql)
{
	const char *columns;

	if (strncmp(sql, "INSERT INTO ", 12) != 0)
		return false;
	columns = strchr(sql, '(');
	return columns != NULL && strncmp(columns, "(tenant,", 8) == 0 &&
	    (strstr(sql, "VALUES (?1,") != NULL ||
	    strstr(sql, "VALUES (nullif(?1, 0),") != NULL);
}

START_TEST(every_statement_of_a_tenant_takes_the_tenant_first)
{
	for (unsigned i = 0; i < STMT_COUNT; i++) {
		const char *sql = db_stmt_sql(i);

		if (db_stmt_scope(i) != DB_SCOPE_TENANT)
			continue;
		ck_assert_msg(asks_for_tenant(sql) ||
		    inserts_tenant_first(sql), "%s", db_stmt_name(i));
	}
}
END_TEST

/* Has the table a column named tenant? */
static bool
of_tenants(const char *table)
{
	sqlite3_stmt *stmt = prepare("pragma", "SELECT count(*) FROM "
	    "pragma_table_info(?1) WHERE name = 'tenant'");
	bool yes;

	sqlite3_bind_text(stmt, 1, table, -1, SQLITE_STATIC);
	ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
	yes = sqlite3_column_int(stmt, 0) == 1;
	sqlite3_finalize(stmt);
	return yes;
}

/* The word after FROM, INTO, UPDATE or JOIN. */
static bool
touches_tenants(const char *sql)
{
	static const char *const before[] = {
		"FROM ", "INTO ", "UPDATE ", "JOIN ",
	};

	for (size_t i = 0; i < COUNT_OF(before); i++) {
		const char *at = sql;

		while ((at = strstr(at, before[i])) != NULL) {
			size_t n;

			at += strlen(before[i]);
			n = strspn(at, "abcdefghijklmnopqrstuvwxyz_");
			if (of_tenants(arena_strndup(cx->arena, at, n)))
				return true;
		}
	}
	return false;
}

START_TEST(what_reaches_over_tenants_is_named_here)
{
	open_fresh();
	for (unsigned i = 0; i < STMT_COUNT; i++) {
		if (db_stmt_scope(i) != DB_SCOPE_GLOBAL ||
		    is_of_fsck(db_stmt_name(i)) || !touches_tenants(db_stmt_sql(i)))
			continue;
		ck_assert_msg(is_in(db_stmt_name(i), global_over_tenants,
		    COUNT_OF(global_over_tenants)), "%s", db_stmt_name(i));
	}
	close_fresh();
}
END_TEST

START_TEST(no_statement_reads_or_sorts_a_whole_table)
{
	open_fresh();
	for (unsigned i = 0; i < STMT_COUNT; i++) {
		const char *name = db_stmt_name(i);
		sqlite3_stmt *stmt = prepare(name, arena_printf(cx->arena,
		    "EXPLAIN QUERY PLAN %s", db_stmt_sql(i)));

		while (!is_of_fsck(name) && sqlite3_step(stmt) == SQLITE_ROW) {
			const char *step = (const char *)
			    sqlite3_column_text(stmt, 3);

			ck_assert_msg(strncmp(step, "SCAN", 4) != 0 ||
			    strstr(step, "CONSTANT ROW") != NULL ||
			    is_in(name, scans, COUNT_OF(scans)), "%s: %s",
			    name, step);
			ck_assert_msg(strstr(step, "FOR ORDER BY") == NULL ||
			    is_in(name, sorts, COUNT_OF(sorts)), "%s: %s",
			    name, step);
		}
		sqlite3_finalize(stmt);
	}
	close_fresh();
}
END_TEST

struct find { enum db_stmt stmt; const char *by; };

static void
check_finds(const struct find *finds, size_t n)
{
	open_fresh();
	for (size_t i = 0; i < n; i++) {
		sqlite3_stmt *stmt;
		bool found = false;

		ck_assert_int_eq(sqlite3_prepare_v2(sqlite, arena_printf(
		    cx->arena, "EXPLAIN QUERY PLAN %s",
		    db_stmt_sql(finds[i].stmt)), -1, &stmt, NULL), SQLITE_OK);
		while (sqlite3_step(stmt) == SQLITE_ROW) {
			const char *step =
			    (const char *)sqlite3_column_text(stmt, 3);

			found = found || strstr(step, finds[i].by) != NULL;
		}
		ck_assert_msg(found, "%s: %s", db_stmt_name(finds[i].stmt),
		    finds[i].by);
		sqlite3_finalize(stmt);
	}
	close_fresh();
}

/* A tenant may have millions of certificates: an index that only leads to the
 * tenant is none for these. */
START_TEST(a_certificate_is_found_by_its_own_columns)
{
	static const struct find finds[] = {
		{ STMT_CERTIFICATE_BY_CA, "(ca=? AND serial=?)" },
		{ STMT_CERTIFICATE_BY_SERIAL, "(ca=? AND serial=?)" },
		{ STMT_CERTIFICATE_NEWEST, "(tenant=? AND device_id=?)" },
		{ STMT_CRL_STATUS, "(ca=? AND serial=?)" },
		{ STMT_CRL_NOT_NOTED, "INDEX certificate_not_noted "
		    "(ca=? AND tenant=? AND revoke_noted=?)" },
		{ STMT_CRL_ENTRIES, "COVERING INDEX certificate_revoked "
		    "(ca=? AND tenant=? AND not_after_s>?)" },
		{ STMT_CRL_ENTRIES_OF_SHARD, "COVERING INDEX "
		    "certificate_revoked_shard "
		    "(ca=? AND shard=? AND tenant=? AND not_after_s>?)" },
	};

	check_finds(finds, COUNT_OF(finds));
}
END_TEST

/* Or a page of a list would cost what the whole list does. */
START_TEST(each_search_of_devices_walks_its_own_index_from_its_place)
{
#define BY(name, by) { STMT_DEVICE_SEARCH_##name, by }
	static const struct find finds[] = {
		BY(ALL, "device_tenant (tenant=? AND id>?)"),
		BY(GROUP, "(tenant=? AND device_group=? AND id>?)"),
		BY(STATE, "(tenant=? AND state=? AND id>?)"),
		BY(SEEN, "(tenant=? AND last_seen_s>? AND last_seen_s<?)"),
		BY(SEEN_SAME, "(tenant=? AND last_seen_s=? AND id>?)"),
		BY(END, "(tenant=? AND certificate_end_s>? AND "
		    "certificate_end_s<?)"),
		BY(END_SAME, "(tenant=? AND certificate_end_s=? AND id>?)"),
		BY(NEVER_ENROLLED, "(tenant=? AND last_seen_s=? AND id>?)"),
		BY(NEVER_RENEWED, "device_unrenewed (tenant=? AND id>?)"),
		BY(STALE_TCB, "device_stale (tenant=? AND id>?)"),
		BY(SOFTWARE_KEY, "device_software (tenant=? AND id>?)"),
		BY(CLOCK_SKEWED, "device_skewed (tenant=? AND id>?)"),
		BY(REFUSED, "(tenant=? AND last_refusal>?)"),
		BY(REFUSED_SAME, "(tenant=? AND last_refusal=? AND id>?)"),
		BY(REFUSAL, "(tenant=? AND last_refusal=? AND id>?)"),
		BY(LABEL, "(tenant=? AND name=? AND device>?)"),
		BY(LABEL_VALUE,
		    "(tenant=? AND name=? AND value=? AND device>?)"),
		BY(HARDWARE_ID,
		    "(tenant=? AND hardware_id>? AND hardware_id<?)"),
		BY(DEVICE_ID, "(tenant=? AND device_id>? AND device_id<?)"),
	};
#undef BY

	check_finds(finds, COUNT_OF(finds));
}
END_TEST

/* The rows that a page looks at, and what decides of each, by its place. */
START_TEST(a_page_of_certificates_or_reports_is_found_by_its_place)
{
#define OF_GROUP "SEARCH d USING INDEX sqlite_autoindex_device_1 (device_id=?)"
	static const struct find finds[] = {
		{ STMT_CERTIFICATE_LOOK, "COVERING INDEX certificate_tenant "
		    "(tenant=? AND id>?)" },
		{ STMT_CERTIFICATE_LIST, "certificate_tenant "
		    "(tenant=? AND id>? AND id<?)" },
		{ STMT_CERTIFICATE_LIST, OF_GROUP },
		{ STMT_REPORT_EVENT_FIRST, "COVERING INDEX error_report_reached "
		    "(tenant=? AND reached_s>?)" },
		{ STMT_REPORT_EVENT_FIRST, "error_event_report (report=?)" },
		{ STMT_REPORT_EVENT_LOOK, "COVERING INDEX error_event_tenant "
		    "(tenant=? AND id>?)" },
		{ STMT_REPORT_EVENT_LOOK_DEVICE,
		    "(tenant=? AND device_id=? AND id>?)" },
		{ STMT_REPORT_EVENT_LOOK_GROUP, "(report_group=? AND id>?)" },
		{ STMT_REPORT_EVENT_LIST, "error_event_tenant "
		    "(tenant=? AND id>? AND id<?)" },
		{ STMT_REPORT_EVENT_LIST, OF_GROUP },
		{ STMT_REPORT_EVENT_LIST_DEVICE,
		    "(tenant=? AND device_id=? AND id>? AND id<?)" },
		{ STMT_REPORT_EVENT_LIST_GROUP,
		    "(report_group=? AND id>? AND id<?)" },
		{ STMT_REPORT_REACHED, "error_report_reached (tenant=?)" },
		{ STMT_QUOTA_LIST, "(tenant=? AND id>? AND id<?)" },
		{ STMT_QUOTA_LIST, OF_GROUP },
	};
#undef OF_GROUP

	check_finds(finds, COUNT_OF(finds));
}
END_TEST

/* What PostgreSQL would not take, or would take to mean something else. */
START_TEST(statements_keep_to_sql_that_both_engines_know)
{
	static const char *const foreign[] = {
		"INSERT OR", "REPLACE INTO", "IFNULL", "ROWID", "DATETIME(",
		"STRFTIME", "PRINTF(", " GLOB ", "AUTOINCREMENT", "PRAGMA",
		"\"", "`", "==", " IS ?", "LAST_INSERT", "UNIXEPOCH",
		"JSON_", "TOTAL(", "IIF(", "INDEXED BY", ";",
	};

	for (unsigned i = 0; i < STMT_COUNT; i++) {
		char *sql = arena_strdup(cx->arena, db_stmt_sql(i));

		if (is_in(db_stmt_name(i), of_the_engine,
		    COUNT_OF(of_the_engine)))
			continue;

		for (char *c = sql; *c != '\0'; c++)
			*c = (char)toupper((unsigned char)*c);
		for (size_t j = 0; j < COUNT_OF(foreign); j++)
			ck_assert_msg(strstr(sql, foreign[j]) == NULL,
			    "%s: %s", db_stmt_name(i), foreign[j]);
	}
}
END_TEST

/* PostgreSQL takes a parameter's type from its first use, and "?3 IS NULL"
 * has none to give. */
START_TEST(a_parameter_is_compared_before_it_is_asked_for_null)
{
	for (unsigned i = 0; i < STMT_COUNT; i++) {
		const char *sql = db_stmt_sql(i), *at = sql;

		while ((at = strstr(at, " IS NULL")) != NULL) {
			const char *start = at;
			char *parameter;

			while (start > sql && isdigit((unsigned char)start[-1]))
				start--;
			if (start > sql && start[-1] == '?') {
				parameter = arena_strndup(cx->arena,
				    start - 1, (size_t)(at - start) + 1);
				ck_assert_msg(strstr(sql, parameter) <
				    start - 1, "%s: %s", db_stmt_name(i),
				    parameter);
			}
			at++;
		}
	}
}
END_TEST

UNIT_MAIN("stmt",
    every_statement_prepares_on_a_fresh_schema,
    every_statement_of_a_tenant_takes_the_tenant_first,
    what_reaches_over_tenants_is_named_here,
    no_statement_reads_or_sorts_a_whole_table,
    a_certificate_is_found_by_its_own_columns,
    a_page_of_certificates_or_reports_is_found_by_its_place,
		each_search_of_devices_walks_its_own_index_from_its_place,
    statements_keep_to_sql_that_both_engines_know,
    a_parameter_is_compared_before_it_is_asked_for_null)
