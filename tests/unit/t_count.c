/* SPDX-License-Identifier: Apache-2.0 */
/* What metrics are made of, as the database counts it. */
#include "tests/unit/fleet.h"

#include "db/count.h"
#include "tests/unit/older_db.h"

struct looking { struct db *db; enum db_count_kind kind; const char *text; };

static struct err
take(struct ctx *c, void *arg, const struct db_count *n)
{
	struct looking *l = arg;

	l->text = arena_printf(c->arena, "%s%s/%s=%lld ", l->text, n->tenant,
	    n->what, (long long)n->n);
	return OK;
}

static struct err
count_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	const struct db_count_at at = { FLEET_NOW, FLEET_NOW + 100 };
	struct looking *l = arg;

	return db_count_each(c, tx, l->kind, &at, take, l);
}

/* "tenant/what=n " of each row. */
static const char *
counted_in(struct db *db, enum db_count_kind kind)
{
	struct looking l = { db, kind, "" };

	ck_ok(db_read(cx, db, count_work, &l));
	return l.text;
}

static const char *
counted(enum db_count_kind kind)
{
	return counted_in(fleet.a.db, kind);
}

#define EVENTS "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 " \
    "FROM n WHERE i < %u) INSERT INTO event (tenant, at_s, type, subject, " \
    "actor, data) SELECT %lld, %lld, 'x.y', '', '', '{}' FROM n"
#define HOOK "INSERT INTO webhook (tenant, url, types, description, kind, " \
    "state, reason, sealed, cursor, failing_since_s, created_s, created_by) " \
    "VALUES (%lld, 'u', '', '', 'hmac', %s, x'', %s, %s, 1, 'x')"

static void
add_events(int64_t tenant, unsigned n, int64_t at_s)
{
	fleet_sql(arena_printf(cx->arena, EVENTS, n, (long long)tenant,
	    (long long)at_s));
}

static void
add_hook(int64_t tenant, const char *state, const char *cursor,
    const char *failing)
{
	fleet_sql(arena_printf(cx->arena, HOOK, (long long)tenant, state,
	    cursor, failing));
}

START_TEST(webhooks_tell_how_far_they_are_behind)
{
	int64_t a = fleet.tenants[0].id, b = fleet.tenants[1].id;

	ck_assert_str_eq(counted(DB_COUNT_WEBHOOKS), "");
	add_events(a, 3, FLEET_NOW - 50);
	add_hook(a, "'active', NULL", "(SELECT max(id) FROM event)", "NULL");
	ck_assert_str_eq(counted(DB_COUNT_UNDELIVERED), "tenant-a/=0 ");
	ck_assert_str_eq(counted(DB_COUNT_UNDELIVERED_AGE), "tenant-a/=0 ");
	add_hook(a, "'active', NULL", "(SELECT max(id) FROM event) - 2",
	    "5");
	add_hook(a, "'disabled', 'gone'", "0", "5");
	add_events(b, 1500, FLEET_NOW - 70);
	add_hook(b, "'active', NULL", "0", "5");
	ck_assert_str_eq(counted(DB_COUNT_WEBHOOKS), "tenant-a/disabled=1 "
	    "tenant-a/failing=1 tenant-a/working=1 tenant-b/failing=1 ");
	ck_assert_str_eq(counted(DB_COUNT_UNDELIVERED),
	    "tenant-a/=2 tenant-b/=1000 ");
	ck_assert_str_eq(counted(DB_COUNT_UNDELIVERED_AGE),
	    "tenant-a/=50 tenant-b/=70 ");
}
END_TEST

START_TEST(devices_whose_certificates_end_are_counted_up_to_a_bound)
{
	static const char add[] = "WITH RECURSIVE n(i) AS (SELECT 1 UNION "
	    "ALL SELECT i + 1 FROM n WHERE i < %u) INSERT INTO device "
	    "(device_id, tenant, device_group, state, certificate_end_s) "
	    "SELECT '%s' || i, %lld, (SELECT min(id) FROM device_group WHERE "
	    "tenant = %lld), '%s', %lld FROM n";
	const struct { unsigned n; const char *id, *state; int64_t end_s; }
	    rows[] = {
		{ 1200, "ended", "active", FLEET_NOW - 1 },
		{ 1, "now", "active", FLEET_NOW },
		{ 2, "soon", "active", FLEET_NOW + 100 },
		{ 5, "later", "active", FLEET_NOW + 101 },
		{ 7, "held", "quarantined", FLEET_NOW + 50 },
	};
	long long a = fleet.tenants[0].id;

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		fleet_sql(arena_printf(cx->arena, add, rows[i].n, rows[i].id, a,
		    a, rows[i].state, (long long)rows[i].end_s));
	ck_assert_str_eq(counted(DB_COUNT_ENDING), "tenant-a/ended=1000 "
	    "tenant-a/soon=9 tenant-b/ended=0 tenant-b/soon=0 ");
}
END_TEST

START_TEST(lists_of_cas_that_issue_tell_their_age_and_what_is_left)
{
	static const char add[] = "INSERT INTO crl (ca, shard, tenant, "
	    "number, this_s, next_s, der) VALUES (%lld, %u, %lld, 1, %lld, "
	    "%lld, %s)";
	long long a = fleet.tenants[0].id, ca = fleet.cas[0];

	fleet_sql(arena_printf(cx->arena, add, ca, 0u, a,
	    (long long)FLEET_NOW - 30, (long long)FLEET_NOW + 500, "x'00'"));
	fleet_sql(arena_printf(cx->arena, add, ca, 1u, a,
	    (long long)FLEET_NOW - 40, (long long)FLEET_NOW + 600, "x'00'"));
	fleet_sql(arena_printf(cx->arena, add, ca, 2u, a, 1LL, 2LL, "NULL"));
	ck_assert_str_eq(counted(DB_COUNT_CRL_AGE), "tenant-a/=40 ");
	ck_assert_str_eq(counted(DB_COUNT_CRL_LEFT), "tenant-a/=500 ");
	fleet_sql("UPDATE ca SET state = 'retired'");
	ck_assert_str_eq(counted(DB_COUNT_CRL_AGE), "");
}
END_TEST

START_TEST(events_of_error_reports_are_counted_as_they_come)
{
	static const char add[] = "INSERT INTO error_quota (tenant, device_id, "
	    "day, reports, taken, dropped) VALUES (%lld, '%s', %u, 1, %u, %u) "
	    "ON CONFLICT (tenant, device_id, day) DO UPDATE SET taken = "
	    "error_quota.taken + excluded.taken, dropped = "
	    "error_quota.dropped + excluded.dropped";
	long long a = fleet.tenants[0].id;

	fleet_sql(arena_printf(cx->arena, add, a, "d1", 1u, 5u, 2u));
	fleet_sql(arena_printf(cx->arena, add, a, "d1", 1u, 1u, 3u));
	fleet_sql(arena_printf(cx->arena, add, a, "d2", 2u, 0u, 10u));
	ck_assert_str_eq(counted(DB_COUNT_REPORTS),
	    "tenant-a/dropped=15 tenant-a/taken=6 ");
	/* What is pruned has happened all the same. */
	fleet_sql("DELETE FROM error_quota");
	ck_assert_str_eq(counted(DB_COUNT_REPORTS),
	    "tenant-a/dropped=15 tenant-a/taken=6 ");
}
END_TEST

START_TEST(long_work_that_has_not_ended_is_counted)
{
	static const char add[] = "INSERT INTO operation (tenant, name, kind, "
	    "state, params, items, created_s, created_by) VALUES (%s, "
	    "hex(randomblob(8)), 'k', '%s', '{}', 1, 1, 'x')";
	static const char *const rows[][2] = {
		{ "NULL", "running" }, { "2", "queued" }, { "2", "queued" },
		{ "2", "done" }, { "2", "held" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		fleet_sql(arena_printf(cx->arena, add, rows[i][0], rows[i][1]));
	ck_assert_str_eq(counted(DB_COUNT_OPERATIONS),
	    "platform/running=1 tenant-b/queued=2 ");
}
END_TEST

START_TEST(an_older_database_begins_with_what_its_quotas_say)
{
	char folder[] = "/tmp/t_count.XXXXXX";
	struct db *db;

	db = older_db(folder, "TABLE report_count",
	    "INSERT INTO tenant (id, name, title, created_s) VALUES "
	    "(7, 'old', '', 1);"
	    "INSERT INTO error_quota (tenant, device_id, day, reports, taken, "
	    "dropped) VALUES (7, 'a', 1, 1, 2, 3), (7, 'b', 1, 1, 4, 5)");
	ck_assert_str_eq(counted_in(db, DB_COUNT_REPORTS),
	    "old/dropped=8 old/taken=6 ");
	older_db_end(db, folder);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		webhooks_tell_how_far_they_are_behind,
		devices_whose_certificates_end_are_counted_up_to_a_bound,
		lists_of_cas_that_issue_tell_their_age_and_what_is_left,
		events_of_error_reports_are_counted_as_they_come,
		long_work_that_has_not_ended_is_counted,
		an_older_database_begins_with_what_its_quotas_say,
	};

	return unit_run("count", tests, COUNT_OF(tests), fleet_open,
	    fleet_close);
}
