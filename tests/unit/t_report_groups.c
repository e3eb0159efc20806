/* SPDX-License-Identifier: Apache-2.0 */
/* Error events by signature and day, retention, spikes. */
#include "tests/unit/fleet.h"
#include "tests/unit/older_db.h"

#include "authority/claim.h"
#include "authority/report.h"
#include "authority/report_group.h"
#include "authority/report_signature.h"

#define DAY	86400

static const struct tenant *const mine = &fleet.tenants[0];
static const struct principal *const me = &fleet.owners[0];

/* --- signatures ------------------------------------------------------------ */

START_TEST(what_differs_each_time_is_no_part_of_a_signature)
{
	static const struct { const char *description, *plain; } cases[] = {
		{ "", "" },
		{ "exit code 139", "exit code #" },
		{ "pc=0x0001f3a4 lr=0X1F", "pc=# lr=#" },
		{ "at deadbeef and dead and d00d", "at # and dead and #" },
		{ "id 550e8400-e29b-41d4-a716-446655440000",
		    "id #-#-#-#-#" },
		{ "took 1.5s \t of\n2", "took #.#s of #" },
		{ "thread2 of app_v17", "thread# of app_v#" },
		{ "facade effaced", "facade effaced" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		ck_assert_str_eq(report_signature_plain(cx,
		    cases[i].description), cases[i].plain);
}
END_TEST

START_TEST(a_signature_keeps_its_parts_apart)
{
	static const struct report_event a = { "x", "y", "z", 1, "", 0, 0 };
	static const struct report_event b = { "xy", "", "z", 1, "", 0, 0 };
	uint8_t of_a[REPORT_SIGNATURE_SIZE], of_b[REPORT_SIGNATURE_SIZE];

	report_signature(&a, "d", of_a);
	report_signature(&b, "d", of_b);
	ck_assert_int_ne(memcmp(of_a, of_b, sizeof(of_a)), 0);
	report_signature(&a, "e", of_b);
	ck_assert_int_ne(memcmp(of_a, of_b, sizeof(of_a)), 0);
	report_signature(&a, "d", of_b);
	ck_assert_int_eq(memcmp(of_a, of_b, sizeof(of_a)), 0);
}
END_TEST

/* --- counting ---------------------------------------------------------------- */

static void
claim(const char *device_id)
{
	struct claim_request request = { .device_id = device_id };
	struct claim_result result;

	ck_ok(claim_make(cx, &fleet.a, mine, me, &request, &result));
}

/* A report of n events alike, each of which stands for two. */
static void
send(const char *device_id, const char *what, size_t n)
{
	static unsigned number;	/* no report ID twice */
	struct report_event *events = arena_array(cx->arena, n,
	    sizeof(*events));
	struct report report = { arena_printf(cx->arena, "r%u", number++),
	    events, n };
	struct report_answer answer;

	for (size_t i = 0; i < n; i++)
		events[i] = (struct report_event){
			.event_type = "AppCrash", .event_class = "Exit",
			.event_category = "Application", .event_count = 2,
			.description = arena_printf(cx->arena, "%s %zu", what,
			    i),
			.start_s = 0, .end_s = FLEET_NOW,
		};
	ck_ok(report_take(cx, &fleet.a, mine, device_id, &report, &answer));
	ck_assert_int_eq(answer.accepted, (int64_t)n);
}

static struct report_group *
groups(const char *state, size_t want)
{
	struct report_group_filter filter = {
		.state = state, .last_from_s = INT64_MIN, .limit = 1000
	};
	struct report_group *rows;
	size_t n;

	ck_ok(report_group_list(cx, &fleet.a, mine, &filter, &rows, &n));
	ck_assert_uint_eq(n, want);
	return rows;
}

static struct report_group_view
view_of(int64_t id)
{
	struct report_group_view view;

	ck_ok(report_group_get(cx, &fleet.a, mine, id, &view));
	return view;
}

static void
begin(void)
{
	fleet_open();
	fleet.a.limits.reports_per_day = 1000;
	claim(fleet_device_id(1));
	claim(fleet_device_id(2));
}

static void
end(void)
{
	fleet_close();
}

START_TEST(events_alike_are_one_group_with_its_devices_and_times)
{
	struct report_group_device *devices;
	struct report_event_row *events;
	struct report_filter filter = { .from_s = INT64_MIN,
	    .to_s = INT64_MAX, .limit = 100 };
	struct page page = { 0, 10 };
	struct report_group *g;
	size_t n;

	send(fleet_device_id(1), "exit code", 3);
	fleet.now_s += 60;
	send(fleet_device_id(2), "exit  code", 1);
	send(fleet_device_id(2), "signal", 1);
	g = groups(NULL, 2);
	ck_assert_str_eq(g[0].description, "exit code #");
	ck_assert_str_eq(g[0].state, "open");
	ck_assert_int_eq(g[0].events, 4);
	ck_assert_int_eq(g[0].occurrences, 8);
	ck_assert_int_eq(g[0].devices, 2);
	ck_assert_int_eq(g[0].first_s, FLEET_NOW);
	ck_assert_int_eq(g[0].last_s, FLEET_NOW + 60);
	ck_assert_str_eq(g[0].first_device, fleet_device_id(1));
	ck_ok(report_group_devices(cx, &fleet.a, mine, g[0].id, page,
	    &devices, &n));
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(devices[0].events, 3);
	filter.group = g[0].id;
	ck_ok(report_list(cx, &fleet.a, mine, &filter, &events, &n,
	    &(int64_t){ 0 }));
	ck_assert_uint_eq(n, 4);
	filter.device_id = fleet_device_id(2);
	ck_ok(report_list(cx, &fleet.a, mine, &filter, &events, &n,
	    &(int64_t){ 0 }));
	ck_assert_uint_eq(n, 1);
	ck_fails(report_group_devices(cx, &fleet.a, &fleet.tenants[1],
	    g[0].id, page, &devices, &n), ERR_NOT_FOUND);
}
END_TEST

START_TEST(what_is_dropped_is_in_no_group)
{
	struct report_setting_change change = { .keep_days = REPORT_AS_IT_IS,
	    .events_per_day = 2, .spike_least = REPORT_AS_IT_IS,
	    .spike_factor = REPORT_AS_IT_IS };
	struct report_event event = { "T", "C", "K", 1, "d", 0, 0 };
	const struct report_event events[] = { event, event, event };
	struct report report = { "one", events, 3 };
	struct report_setting setting;
	struct report_answer answer;

	ck_ok(report_setting_change(cx, &fleet.a, mine, me, &change,
	    &setting));
	ck_ok(report_take(cx, &fleet.a, mine, fleet_device_id(1), &report,
	    &answer));
	ck_assert_int_eq(answer.accepted, 2);
	ck_assert_int_eq(answer.dropped, 1);
	ck_assert_int_eq(groups(NULL, 1)[0].events, 2);
	/* The same report again counts nothing. */
	ck_ok(report_take(cx, &fleet.a, mine, fleet_device_id(1), &report,
	    &answer));
	ck_assert(answer.duplicate);
	ck_assert_int_eq(groups(NULL, 1)[0].events, 2);
}
END_TEST

START_TEST(a_tenant_lowers_the_number_of_events_and_does_not_raise_it)
{
	const struct report_setting chosen[] = {
		{ .events_per_day = 0 }, { .events_per_day = 9 },
		{ .events_per_day = 10 }, { .events_per_day = 11 },
	};
	const int64_t limits[] = { 10, 9, 10, 10 };

	for (size_t i = 0; i < COUNT_OF(chosen); i++)
		ck_assert_int_eq(report_setting_limit(&chosen[i], 10),
		    limits[i]);
}
END_TEST

START_TEST(days_are_counted_by_group)
{
	struct report_day_filter filter = { .to_day = INT64_MAX,
	    .limit = 100 };
	struct report_day *days;
	struct report_group *g;
	size_t n;

	send(fleet_device_id(1), "a", 2);
	fleet.now_s += DAY;
	send(fleet_device_id(1), "a", 3);
	send(fleet_device_id(1), "b", 1);
	g = groups(NULL, 2);
	ck_ok(report_day_list(cx, &fleet.a, mine, &filter, &days, &n));
	ck_assert_uint_eq(n, 3);
	ck_assert_int_eq(days[0].day, FLEET_NOW / DAY);
	ck_assert_int_eq(days[0].events, 2);
	ck_assert_int_eq(days[1].day, FLEET_NOW / DAY + 1);
	ck_assert_int_eq(days[1].occurrences, 6);
	ck_assert_str_eq(days[1].event_type, "AppCrash");
	filter.group = g[1].id;
	ck_ok(report_day_list(cx, &fleet.a, mine, &filter, &days, &n));
	ck_assert_uint_eq(n, 1);
	filter.group = 0;
	filter.to_day = FLEET_NOW / DAY + 1;
	ck_ok(report_day_list(cx, &fleet.a, mine, &filter, &days, &n));
	ck_assert_uint_eq(n, 1);
	ck_ok(report_day_list(cx, &fleet.a, &fleet.tenants[1], &filter, &days,
	    &n));
	ck_assert_uint_eq(n, 0);
}
END_TEST

/* --- firmware ---------------------------------------------------------------- */

struct shown { const char *device_id, *claims; };

static struct err
show_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	const struct shown *s = arg;
	struct attestation_row row = {
		.at_s = fleet.now_s, .format = "tpm2", .verdict = "affirming",
		.vector = SLICE("\x02\0\0\0\0\0\0", 8),
		.policy_group = "default", .policy_sha256 = SLICE("h", 1),
		.claims = s->claims, .evidence_sha256 = SLICE("e", 1),
		.policy_version = 1,
	};
	struct device_row device;
	bool found;

	TRY(db_device_by_id(c, tx, s->device_id, &device, &found));
	ck_assert(found);
	return db_attestation_put(c, tx, mine->id, device.id, &row);
}

static void
attested(const char *device_id, const char *claims)
{
	struct shown s = { device_id, claims };

	ck_ok(db_write(cx, fleet.a.db, show_work, &s));
}

#define FIRMWARE(v, clock) "{\"measurement\":\"" v "\",\"tpm_clock_ms\":" clock "}"

START_TEST(a_group_knows_the_firmware_it_was_seen_with)
{
	struct report_group_view v;

	attested(fleet_device_id(1), FIRMWARE("aa", "5"));
	send(fleet_device_id(1), "a", 1);
	attested(fleet_device_id(1), FIRMWARE("aa", "9"));
	send(fleet_device_id(1), "a", 1);
	send(fleet_device_id(2), "a", 1);	/* never attested */
	v = view_of(groups(NULL, 1)[0].id);
	ck_assert_uint_eq(v.n_firmwares, 2);
	ck_assert_str_eq(v.firmwares[0].measurements,
	    "{\"measurement\":\"aa\"}");
	ck_assert_uint_eq(v.firmwares[0].sha256.n, 32);
	ck_assert_int_eq(v.firmwares[0].events, 2);
	ck_assert_uint_eq(v.firmwares[1].sha256.n, 0);
	ck_assert_ptr_null(v.firmwares[1].measurements);
}
END_TEST

static struct report_group_view
set_state(int64_t id, const char *state)
{
	struct report_group_change change = { state, "by hand", 0 };
	struct report_group_view view;

	ck_ok(report_group_change(cx, &fleet.a, mine, me, id, &change,
	    &view));
	return view;
}

START_TEST(a_resolved_group_is_open_again_with_new_firmware_only)
{
	struct report_group_change bad = { "gone", NULL, 0 };
	struct report_group_change stale = { "open", NULL, 1 };
	struct report_group_view v;
	int64_t id;

	attested(fleet_device_id(1), FIRMWARE("aa", "5"));
	send(fleet_device_id(1), "a", 1);
	id = groups(NULL, 1)[0].id;
	v = set_state(id, "resolved");
	ck_assert_int_eq(v.group.revision, 2);
	ck_assert_str_eq(v.group.note, "by hand");
	ck_fails(report_group_change(cx, &fleet.a, mine, me, id, &stale, &v),
	    ERR_PRECONDITION);
	ck_fails(report_group_change(cx, &fleet.a, mine, me, id, &bad, &v),
	    ERR_FIELD);
	send(fleet_device_id(1), "a", 1);
	(void)groups("resolved", 1);
	attested(fleet_device_id(1), FIRMWARE("bb", "6"));
	send(fleet_device_id(1), "a", 1);
	(void)groups("open", 1);
	ck_assert_uint_eq(fleet_events(0, "error-group.reopened"), 1);
}
END_TEST

static int
number(const char *query)
{
	sqlite3 *sqlite;
	sqlite3_stmt *stmt;
	int n;

	ck_assert_int_eq(sqlite3_open(arena_printf(cx->arena, "%s/db",
	    fleet.folder), &sqlite), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(sqlite, query, -1, &stmt, NULL),
	    SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(stmt), SQLITE_ROW);
	n = sqlite3_column_int(stmt, 0);
	ck_assert_int_eq(sqlite3_finalize(stmt), SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(sqlite), SQLITE_OK);
	return n;
}

/* That many kinds of firmware more, and rows of the first group for them. */
static void
fill_firmware(unsigned sets, unsigned rows)
{
	fleet_sql(arena_printf(cx->arena, "WITH RECURSIVE n(i) AS (SELECT 1 UNION "
	    "ALL SELECT i + 1 FROM n WHERE i < %u) INSERT INTO "
	    "report_firmware (tenant, sha256, measurements) SELECT %lld, "
	    "CAST(printf('%%032d', i) AS BLOB), '{}' FROM n;"
	    "INSERT INTO report_group_firmware (tenant, report_group, "
	    "firmware, events, first_s, last_s) SELECT f.tenant, g.id, f.id, "
	    "1, 1, 1 FROM report_firmware f, report_group g "
	    "WHERE f.measurements = '{}' LIMIT %u", sets,
	    (long long)mine->id, rows));
}

START_TEST(more_kinds_of_firmware_than_a_group_keeps_are_counted_together)
{
	struct report_group_view v;
	int64_t id;

	attested(fleet_device_id(1), FIRMWARE("aa", "5"));
	send(fleet_device_id(1), "a", 1);
	id = groups(NULL, 1)[0].id;
	fill_firmware(REPORT_GROUP_FIRMWARES_MAX - 2,
	    REPORT_GROUP_FIRMWARES_MAX - 2);
	/* The last that has a row of its own, and what is beyond. */
	attested(fleet_device_id(1), FIRMWARE("bb", "6"));
	send(fleet_device_id(1), "a", 1);
	ck_assert_int_eq(view_of(id).rest_events, 0);
	(void)set_state(id, "resolved");
	attested(fleet_device_id(1), FIRMWARE("cc", "7"));
	send(fleet_device_id(1), "a", 1);
	(void)groups("open", 1);
	(void)set_state(id, "resolved");
	attested(fleet_device_id(1), FIRMWARE("dd", "8"));
	send(fleet_device_id(1), "a", 1);
	(void)groups("resolved", 1);
	ck_assert_int_eq(view_of(id).rest_events, 2);
	/* What was known before still is. */
	attested(fleet_device_id(1), FIRMWARE("aa", "9"));
	send(fleet_device_id(1), "a", 1);
	v = view_of(id);
	ck_assert_int_eq(v.rest_events, 2);
	ck_assert_int_eq(v.firmwares[0].events, 2);
	ck_assert_int_eq(number("SELECT count(*) FROM report_group_firmware"),
	    REPORT_GROUP_FIRMWARES_MAX + 1);
}
END_TEST

START_TEST(a_tenant_keeps_so_many_kinds_of_firmware_until_they_are_forgotten)
{
	struct report_setting_change keep = { .keep_days = 1,
	    .events_per_day = REPORT_AS_IT_IS, .spike_least = REPORT_AS_IT_IS,
	    .spike_factor = REPORT_AS_IT_IS };
	struct report_setting setting;
	int64_t id;

	attested(fleet_device_id(1), FIRMWARE("aa", "5"));
	send(fleet_device_id(1), "a", 1);
	id = groups(NULL, 1)[0].id;
	fill_firmware(REPORT_TENANT_FIRMWARES_MAX - 1, 0);
	attested(fleet_device_id(1), FIRMWARE("bb", "6"));
	send(fleet_device_id(1), "a", 1);
	ck_assert_int_eq(view_of(id).rest_events, 1);
	ck_assert_int_eq(number("SELECT count(*) FROM report_firmware"),
	    REPORT_TENANT_FIRMWARES_MAX);
	ck_ok(report_setting_change(cx, &fleet.a, mine, me, &keep, &setting));
	fleet.now_s += 3 * DAY;
	ck_ok(report_group_round(cx, &fleet.a));
	ck_assert_int_eq(number("SELECT count(*) FROM report_firmware"), 0);
}
END_TEST

/* --- spikes ------------------------------------------------------------------ */

START_TEST(a_day_far_above_the_week_before_is_told_once)
{
	for (unsigned i = 0; i < REPORT_SPIKE_DAYS; i++) {
		send(fleet_device_id(1), "a", 10);
		fleet.now_s += DAY;
	}
	ck_assert_uint_eq(fleet_events(0, "error-report.spike"), 0);
	send(fleet_device_id(1), "a", 49);
	ck_assert_uint_eq(fleet_events(0, "error-report.spike"), 0);
	send(fleet_device_id(2), "a", 1);
	ck_assert_uint_eq(fleet_events(0, "error-report.spike"), 1);
	send(fleet_device_id(2), "a", 100);
	ck_assert_uint_eq(fleet_events(0, "error-report.spike"), 1);
	fleet.now_s += DAY;
	send(fleet_device_id(2), "a", 200);
	ck_assert_uint_eq(fleet_events(0, "error-report.spike"), 2);
}
END_TEST

START_TEST(a_muted_group_is_counted_and_makes_no_event)
{
	struct report_group *g;

	send(fleet_device_id(1), "a", 1);
	(void)set_state(groups(NULL, 1)[0].id, "muted");
	send(fleet_device_id(1), "a", 500);
	g = groups("muted", 1);
	ck_assert_int_eq(g[0].events, 501);
	ck_assert_uint_eq(fleet_events(0, "error-report.spike"), 0);
	/* A new one is told of without a week before it. */
	send(fleet_device_id(1), "b", REPORT_SPIKE_LEAST);
	ck_assert_uint_eq(fleet_events(0, "error-report.spike"), 1);
}
END_TEST

/* --- keeping ----------------------------------------------------------------- */

START_TEST(what_a_tenant_keeps_no_longer_is_forgotten_whole)
{
	struct report_setting_change change = { .keep_days = 30,
	    .events_per_day = REPORT_AS_IT_IS, .spike_least = REPORT_AS_IT_IS,
	    .spike_factor = REPORT_AS_IT_IS };
	struct report_filter filter = { .from_s = INT64_MIN,
	    .to_s = INT64_MAX, .limit = 1000 };
	struct report_day_filter day_filter = { .to_day = INT64_MAX,
	    .limit = 100 };
	struct quota_filter quota_filter = { .device_id = NULL, .limit = 100 };
	struct report_setting setting;
	struct report_event_row *events;
	struct quota_row *quotas;
	struct report_day *days;
	size_t n;

	for (unsigned i = 0; i < 150; i++)	/* more than one batch */
		send(fleet_device_id(1), "old", 1);
	send(fleet_device_id(1), "both", 1);
	fleet.now_s += 31 * DAY;
	send(fleet_device_id(1), "both", 1);
	ck_ok(report_group_round(cx, &fleet.a));
	(void)groups(NULL, 2);	/* for ever, until a tenant says how long */
	ck_ok(report_setting_change(cx, &fleet.a, mine, me, &change,
	    &setting));
	ck_assert_int_eq(setting.revision, 1);
	ck_ok(report_group_round(cx, &fleet.a));
	ck_assert_str_eq(groups(NULL, 1)[0].description, "both #");
	ck_ok(report_list(cx, &fleet.a, mine, &filter, &events, &n,
	    &(int64_t){ 0 }));
	ck_assert_uint_eq(n, 1);
	ck_ok(report_day_list(cx, &fleet.a, mine, &day_filter, &days, &n));
	ck_assert_uint_eq(n, 1);
	ck_ok(report_quota_list(cx, &fleet.a, mine, &quota_filter, &quotas,
	    &n, &(int64_t){ 0 }));
	ck_assert_uint_eq(n, 1);
}
END_TEST

START_TEST(settings_that_were_changed_meanwhile_are_not_changed_again)
{
	struct report_setting_change change = { .keep_days = 30,
	    .events_per_day = REPORT_AS_IT_IS, .spike_least = REPORT_AS_IT_IS,
	    .spike_factor = 3, .revision = 1 };
	struct report_setting setting;

	ck_ok(report_setting_get(cx, &fleet.a, mine, &setting));
	ck_assert_int_eq(setting.spike_least, REPORT_SPIKE_LEAST);
	ck_assert_int_eq(setting.keep_days, 0);
	ck_ok(report_setting_change(cx, &fleet.a, mine, me, &change,
	    &setting));
	ck_assert_int_eq(setting.spike_least, REPORT_SPIKE_LEAST);
	ck_assert_int_eq(setting.spike_factor, 3);
	ck_fails(report_setting_change(cx, &fleet.a, mine, me, &change,
	    &setting), ERR_PRECONDITION);
}
END_TEST

/* --- from before ---------------------------------------------------------------- */

static const char before[] =
    "INSERT INTO tenant (id, name, title, created_s) VALUES "
    "(7, 'tenant-a', 'A', 200);"
    "INSERT INTO error_report (id, tenant, device_id, report_id, received_s, "
    "accepted, dropped) VALUES (1, 7, 'd', 'r', 5, 1, 0);"
    "INSERT INTO error_event (tenant, report, device_id, event_type, "
    "event_class, event_category, event_count, description, start_s, end_s) "
    "VALUES (7, 1, 'd', 'T', 'C', 'K', 1, 'x 1', 1, 2);";

struct seen { struct report_event_row *events; size_t n, n_forgotten; };

static struct err
look(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct report_filter filter = { .from_s = INT64_MIN,
	    .to_s = INT64_MAX, .limit = 10 };
	struct seen *s = arg;

	TRY(db_report_event_list(c, tx, 7, &filter, &s->events, &s->n,
	    &(int64_t){ 0 }));
	return db_report_forget(c, tx, 7, 6, 10, &s->n_forgotten);
}

START_TEST(an_older_database_keeps_its_events_and_can_forget_them)
{
	char path[] = "/tmp/t_report_groups.XXXXXX";
	struct seen s;
	struct db *db;

	db = older_db(path, "report_group", before);
	ck_ok(db_write(cx, db, look, &s));
	ck_assert_uint_eq(s.n, 1);
	ck_assert_str_eq(s.events[0].event.description, "x 1");
	ck_assert_uint_eq(s.n_forgotten, 1);
	older_db_end(db, path);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		what_differs_each_time_is_no_part_of_a_signature,
		a_signature_keeps_its_parts_apart,
		an_older_database_keeps_its_events_and_can_forget_them,
		events_alike_are_one_group_with_its_devices_and_times,
		what_is_dropped_is_in_no_group,
		a_tenant_lowers_the_number_of_events_and_does_not_raise_it,
		days_are_counted_by_group,
		a_group_knows_the_firmware_it_was_seen_with,
		a_resolved_group_is_open_again_with_new_firmware_only,
		more_kinds_of_firmware_than_a_group_keeps_are_counted_together,
		a_tenant_keeps_so_many_kinds_of_firmware_until_they_are_forgotten,
		a_day_far_above_the_week_before_is_told_once,
		a_muted_group_is_counted_and_makes_no_event,
		what_a_tenant_keeps_no_longer_is_forgotten_whole,
		settings_that_were_changed_meanwhile_are_not_changed_again,
	};

	return unit_run("report groups", tests, COUNT_OF(tests), begin, end);
}
