/* SPDX-License-Identifier: Apache-2.0 */
/* What a principal of one group is shown and may do, and that a page of a list
 * looks at so many rows only. */
#include "tests/unit/fleet.h"
#include "tests/unit/older_db.h"

#include <stdlib.h>

#include "authority/certificate.h"
#include "authority/claim_bulk.h"
#include "authority/device.h"
#include "authority/event.h"
#include "authority/report.h"
#include "authority/scope.h"

#define DAY	86400
#define MINE	fleet_device_id(1)	/* of the group "other" */
#define ELSE	fleet_device_id(2)	/* of "default" */

static struct principal scoped;

static struct err
find_group(struct ctx *c, struct db_tx *tx, void *arg)
{
	return db_group_by_name(c, tx, fleet.tenants[0].id, "other", arg);
}

static void
claim(const char *device_id, const char *group)
{
	struct claim_request request = { .device_id = device_id,
	    .group = group };
	struct claim_result result;

	ck_ok(claim_make(cx, &fleet.a, &fleet.tenants[0], &fleet.owners[0],
	    &request, &result));
}

/* One device of the group, one of another, and a principal of the group. */
static void
begin(void)
{
	struct db_group group;

	fleet_open();
	fleet.a.limits.operation_keep_s = DAY;
	ck_ok(db_read(cx, fleet.a.db, find_group, &group));
	scoped = fleet.owners[0];
	scoped.name = "scoped";
	scoped.group_id = group.id;
	scoped.group = "other";
	claim(MINE, "other");
	claim(ELSE, NULL);
}

/* Rows of a number i from 1 on, for what INSERT INTO is before SELECT. */
#define MANY(insert, n, values)						\
	fleet_sql(arena_printf(cx->arena, "WITH RECURSIVE n(i) AS (SELECT 1 UNION " \
	    "ALL SELECT i + 1 FROM n WHERE i < %u) INSERT INTO " insert	\
	    " SELECT " values " FROM n", (unsigned)(n)))

/* --- certificates ----------------------------------------------------- */

static struct certificate_row *
certificates(struct certificate_filter f, size_t *out_n, int64_t *out_next)
{
	struct certificate_row *rows;

	ck_ok(certificate_list(cx, &fleet.a, &fleet.tenants[0], &f, &rows,
	    out_n, out_next));
	return rows;
}

START_TEST(certificates_of_a_group_are_those_of_its_devices_now)
{
	struct certificate_filter f = { .revoked = -1, .limit = 10,
	    .group_id = 0 };
	struct device_change move = { .device_id = ELSE, .group = "other",
	    .revision = REVISION_ANY };
	struct device_view view;
	struct certificate_row *rows;
	int64_t next;
	size_t n;

	begin();
	(void)fleet_enroll(0, ELSE, 0x12, FLEET_NOW + DAY);
	(void)fleet_enroll(0, MINE, 0x11, FLEET_NOW + DAY);
	(void)certificates(f, &n, &next);
	ck_assert_uint_eq(n, 2);
	f.group_id = scoped.group_id;
	rows = certificates(f, &n, &next);
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(rows[0].device_id, MINE);
	ck_assert_int_eq(next, 0);
	f.limit = 1;
	(void)certificates(f, &n, &next);
	ck_assert_int_eq(next, rows[0].id);
	f.limit = 10;
	ck_ok(device_update(cx, &fleet.a, &fleet.tenants[0], &fleet.owners[0],
	    &move, &view));
	(void)certificates(f, &n, &next);
	ck_assert_uint_eq(n, 2);
	fleet_close();
}
END_TEST

/* The one of the group is behind what a page looks at. */
START_TEST(a_page_of_certificates_looks_at_so_many_and_goes_on)
{
	struct certificate_filter f = { .revoked = -1, .limit = 10 };
	struct certificate_row *rows;
	int64_t next;
	size_t n;

	begin();
	MANY("certificate (tenant, ca, serial, device_id, spki_sha256, "
	    "hardware_key, not_before_s, not_after_s, issued_s, der, "
	    "recovered)", CERTIFICATE_LOOK_MAX + 5, "1, 1, "
	    "CAST(printf('%%08d', i) AS BLOB), printf('%%064x', 2), x'00', 1, "
	    "1, 2, 1, x'00', 0");
	(void)fleet_enroll(0, MINE, 0x11, FLEET_NOW + DAY);
	(void)certificates(f, &n, &next);
	ck_assert_uint_eq(n, 10);
	f.group_id = scoped.group_id;
	(void)certificates(f, &n, &next);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(next, CERTIFICATE_LOOK_MAX);
	f.after = next;
	rows = certificates(f, &n, &next);
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(rows[0].device_id, MINE);
	ck_assert_int_eq(next, 0);
	f = (struct certificate_filter){ .revoked = 1, .limit = 10 };
	(void)certificates(f, &n, &next);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_ne(next, 0);
	fleet_close();
}
END_TEST

/* --- error reports ---------------------------------------------------- */

static void
report(const char *device_id, const char *report_id)
{
	struct report_event event = { "AppCrash", "Exit", "App", 1, "x",
	    FLEET_NOW, FLEET_NOW };
	struct report r = { report_id, &event, 1 };
	struct report_answer answer;

	ck_ok(report_take(cx, &fleet.a, &fleet.tenants[0], device_id, &r,
	    &answer));
}

#define ANY	.from_s = INT64_MIN, .to_s = INT64_MAX, .limit = 10

static struct report_event_row *
reports(struct report_filter f, size_t *out_n, int64_t *out_next)
{
	struct report_event_row *rows;

	ck_ok(report_list(cx, &fleet.a, &fleet.tenants[0], &f, &rows, out_n,
	    out_next));
	return rows;
}

START_TEST(error_reports_of_a_group_are_those_of_its_devices)
{
	struct report_filter f = { ANY };
	struct quota_filter q = { .limit = 10 };
	struct report_event_row *rows;
	struct quota_row *quotas;
	int64_t next;
	size_t n;

	begin();
	report(ELSE, "a");
	report(MINE, "b");
	(void)reports(f, &n, &next);
	ck_assert_uint_eq(n, 2);
	f.device_group = q.device_group = scoped.group_id;
	rows = reports(f, &n, &next);
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(rows[0].report.device_id, MINE);
	ck_assert_int_eq(next, 0);
	f.device_id = ELSE;
	(void)reports(f, &n, &next);
	ck_assert_uint_eq(n, 0);
	f.device_id = NULL;
	/* Both are of one group of errors. */
	f.group = 1;
	rows = reports(f, &n, &next);
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(rows[0].report.device_id, MINE);
	ck_ok(report_quota_list(cx, &fleet.a, &fleet.tenants[0], &q, &quotas,
	    &n, &next));
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(quotas[0].device_id, MINE);
	fleet_close();
}
END_TEST

/* The clock is set back in between: the order of times is not that of rows. */
START_TEST(reports_from_a_time_on_are_all_found_after_a_clock_was_set_back)
{
	static const int64_t at_s[] = { 10, 50, 20, 30, 60, 40 };
	struct report_filter f = { ANY };
	int64_t next;
	size_t n;

	begin();
	for (size_t i = 0; i < COUNT_OF(at_s); i++) {
		fleet.now_s = FLEET_NOW + at_s[i];
		report(MINE, arena_printf(cx->arena, "r%zu", i));
	}
	for (int64_t from = 0; from <= 70; from += 5) {
		size_t wanted = 0;

		for (size_t i = 0; i < COUNT_OF(at_s); i++)
			wanted += at_s[i] >= from;
		f.from_s = FLEET_NOW + from;
		(void)reports(f, &n, &next);
		ck_assert_uint_eq(n, wanted);
		ck_assert_int_eq(next, 0);
	}
	fleet_close();
}
END_TEST

static void
many_reports(unsigned n)
{
	MANY("error_report (id, tenant, device_id, report_id, received_s, "
	    "accepted, dropped, reached_s)", n,
	    "i, 1, printf('%%064x', 2), i, i, 1, 0, i");
	MANY("error_event (id, tenant, report, device_id, event_type, "
	    "event_class, event_category, event_count, description, start_s, "
	    "end_s)", n, "i, 1, i, printf('%%064x', 2), 'T', 'C', 'K', 1, '', "
	    "1, 2");
}

START_TEST(a_page_of_reports_begins_at_its_time_and_looks_at_so_many)
{
	struct report_filter f = { ANY };
	struct report_event_row *rows;
	int64_t next;
	size_t n;

	begin();
	many_reports(REPORT_LOOK_MAX + 5);
	report(MINE, "mine");
	f.from_s = REPORT_LOOK_MAX + 4;
	rows = reports(f, &n, &next);
	ck_assert_uint_eq(n, 3);
	ck_assert_int_eq(rows[0].id, REPORT_LOOK_MAX + 4);
	ck_assert_int_eq(next, 0);
	f.from_s = INT64_MIN;
	f.device_group = scoped.group_id;
	(void)reports(f, &n, &next);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(next, REPORT_LOOK_MAX);
	f.after = next;
	rows = reports(f, &n, &next);
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(rows[0].report.device_id, MINE);
	ck_assert_int_eq(next, 0);
	/* A whole export looks at as many as it may have. */
	f.after = 0;
	f.limit = 2 * REPORT_LOOK_MAX;
	(void)reports(f, &n, &next);
	ck_assert_uint_eq(n, 1);
	f = (struct report_filter){ ANY, .event_type = "None" };
	(void)reports(f, &n, &next);
	ck_assert_int_eq(next, REPORT_LOOK_MAX);
	f.device_id = ELSE;
	(void)reports(f, &n, &next);
	ck_assert_int_eq(next, REPORT_LOOK_MAX);
	fleet_close();
}
END_TEST

/* Rows that a database had before it was known how late it was. */
static const char before[] =
    "INSERT INTO tenant (id, name, title, created_s) VALUES (7, 't', '', 1);"
    "INSERT INTO error_report (id, tenant, device_id, report_id, received_s, "
    "accepted, dropped) VALUES (1, 7, 'd', 'r1', 5, 1, 0), "
    "(2, 7, 'd', 'r2', 9, 1, 0), (3, 7, 'd', 'r3', 7, 1, 0);"
    "INSERT INTO error_event (id, tenant, report, device_id, event_type, "
    "event_class, event_category, event_count, description, start_s, end_s) "
    "SELECT id, 7, id, 'd', 'T', 'C', 'K', 1, 'x', 1, 2 FROM error_report;";

struct seen { struct report_filter filter; size_t n; int64_t next; };

static struct err
look(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct report_event_row *rows;
	struct seen *s = arg;

	return db_report_event_list(c, tx, 7, &s->filter, &rows, &s->n,
	    &s->next);
}

START_TEST(an_older_database_finds_its_reports_by_time)
{
	char path[] = "/tmp/t_scope.XXXXXX";
	struct seen s = { .filter = { ANY } };
	struct db *db = older_db(path, "reached_s", before);

	for (int64_t from = 4; from < 11; from++) {
		s.filter.from_s = from;
		ck_ok(db_read(cx, db, look, &s));
		ck_assert_int_eq((int64_t)s.n, (5 >= from) + (9 >= from) +
		    (7 >= from));
	}
	older_db_end(db, path);
}
END_TEST

/* --- claims ------------------------------------------------------------- */

static struct err
claim_scoped(const char *device_id, const char *group,
    struct claim_result *out)
{
	struct claim_request request = { .device_id = device_id,
	    .group = group };

	return claim_make(cx, &fleet.a, &fleet.tenants[0], &scoped, &request,
	    out);
}

START_TEST(who_has_one_group_claims_into_it_and_sees_no_other_device)
{
	struct claim_result made;

	begin();
	ck_ok(claim_scoped(fleet_device_id(3), NULL, &made));
	ck_assert_str_eq(made.group, "other");
	ck_ok(claim_scoped(fleet_device_id(4), "other", &made));
	ck_ok(claim_scoped(MINE, NULL, &made));
	ck_assert(made.was_own);
	ck_fails(claim_scoped(fleet_device_id(5), "default", &made),
	    ERR_NOT_FOUND);
	/* As if another tenant had it. */
	ck_fails(claim_scoped(ELSE, NULL, &made), ERR_CLAIM_TAKEN);
	ck_fails(claim_release(cx, &fleet.a, &fleet.tenants[0], &scoped, ELSE,
	    NULL), ERR_NOT_FOUND);
	ck_ok(claim_release(cx, &fleet.a, &fleet.tenants[0], &scoped, MINE,
	    NULL));
	fleet_close();
}
END_TEST

#define N_LINES	4

/* A new device, the group's own, another group's, and one for another group. */
static void
make_lines(struct claim_line lines[static N_LINES])
{
	const char *const ids[N_LINES] = { fleet_device_id(3), MINE, ELSE,
	    fleet_device_id(5) };

	for (unsigned i = 0; i < N_LINES; i++)
		lines[i] = (struct claim_line){ .number = i + 1, .id = ids[i],
		    .request = { .device_id = ids[i],
		    .group = i == 3 ? "default" : NULL } };
}

/* The request was let in, and then the device went to another group. */
START_TEST(a_device_that_moves_away_meanwhile_is_neither_changed_nor_revoked)
{
	struct device_change change = { .device_id = ELSE, .group = "other",
	    .reason = "mine", .revision = REVISION_ANY };
	struct certificate_change revoke = { .reason = REVOKE_UNSPECIFIED };
	struct certificate_filter f = { .revoked = -1, .limit = 10 };
	struct certificate_row *rows, row;
	struct device_view view;
	int64_t next;
	size_t n;

	begin();
	(void)fleet_enroll(0, ELSE, 0x12, FLEET_NOW + DAY);
	rows = certificates(f, &n, &next);
	ck_assert_uint_eq(n, 1);
	revoke.serial = text_hex(cx->arena, rows[0].serial);
	ck_fails(device_update(cx, &fleet.a, &fleet.tenants[0], &scoped,
	    &change, &view), ERR_NOT_FOUND);
	ck_fails(device_ban(cx, &fleet.a, &fleet.tenants[0], &scoped, &change,
	    &view), ERR_NOT_FOUND);
	ck_fails(certificate_revoke(cx, &fleet.a, &fleet.tenants[0], &scoped,
	    &revoke, &row), ERR_NOT_FOUND);
	ck_ok(device_get(cx, &fleet.a, &fleet.tenants[0], ELSE, &view));
	ck_assert_str_eq(view.group, "default");
	ck_assert_int_eq(view.device.state, DEVICE_ACTIVE);
	f.revoked = 1;
	(void)certificates(f, &n, &next);
	ck_assert_uint_eq(n, 0);
	ck_ok(device_ban(cx, &fleet.a, &fleet.tenants[0], &fleet.owners[0],
	    &change, &view));
	ck_fails(device_unban(cx, &fleet.a, &fleet.tenants[0], &scoped,
	    &change, &view), ERR_NOT_FOUND);
	change.device_id = MINE;
	ck_ok(device_ban(cx, &fleet.a, &fleet.tenants[0], &scoped, &change,
	    &view));
	ck_ok(device_unban(cx, &fleet.a, &fleet.tenants[0], &scoped, &change,
	    &view));
	fleet_close();
}
END_TEST

START_TEST(lines_at_once_are_of_that_group_only)
{
	static const struct { enum claim_outcome outcome; enum err_code code; }
	    wanted[2][N_LINES] = {
		{ { CLAIM_CLAIMED, ERR_OK }, { CLAIM_ALREADY, ERR_OK },
		    { CLAIM_REFUSED, ERR_CLAIM_TAKEN },
		    { CLAIM_REFUSED, ERR_NOT_FOUND } },
		{ { CLAIM_RELEASED, ERR_OK }, { CLAIM_RELEASED, ERR_OK },
		    { CLAIM_REFUSED, ERR_NOT_FOUND },
		    { CLAIM_REFUSED, ERR_NOT_FOUND } },
	};
	struct claim_line lines[N_LINES];

	begin();
	for (size_t k = 0; k < 2; k++) {
		struct claim_bulk how = { .release = k == 1 };

		make_lines(lines);
		ck_ok(claim_many(cx, &fleet.a, &fleet.tenants[0], &scoped,
		    &how, lines, N_LINES));
		for (size_t i = 0; i < N_LINES; i++) {
			ck_assert_int_eq(lines[i].outcome,
			    wanted[k][i].outcome);
			ck_assert_int_eq(lines[i].code, wanted[k][i].code);
		}
	}
	fleet_close();
}
END_TEST

static struct operation_row
operate(const struct principal *by, bool release)
{
	struct claim_bulk how = { .release = release };
	struct claim_line lines[N_LINES];
	struct operation_input *in;
	struct operation_row row;
	int64_t turn = -1;
	bool did = true;

	make_lines(lines);
	ck_ok(claim_bulk_begin(cx, &fleet.a, &fleet.tenants[0], by, &how,
	    &in));
	for (size_t i = 0; i < N_LINES; i++)
		ck_ok(claim_bulk_put(cx, &fleet.a, &fleet.tenants[0], in,
		    &lines[i]));
	ck_ok(operation_end(cx, in, &row));
	while (did)
		ck_ok(operation_turn(cx, &fleet.a, &turn, &did));
	return row;
}

START_TEST(an_operation_is_of_the_group_of_who_began_it)
{
	struct operation_filter filter = { .limit = 10 };
	struct operation_row mine, theirs, row, *rows;
	struct operation_item_row *items;
	struct principal third;
	size_t n;

	begin();
	mine = operate(&scoped, false);
	ck_ok(operation_get(cx, &fleet.a, &scoped, mine.name, &row));
	ck_assert_str_eq(row.group, "other");
	ck_assert_str_eq(row.counts,
	    "{\"claimed\":1,\"already-claimed\":1,\"refused\":2}");
	ck_ok(operation_items(cx, &fleet.a, &scoped, mine.name, NULL, -1, 10,
	    &items, &n));
	ck_assert_str_eq(items[2].code, "claim.taken");
	ck_assert_str_eq(items[3].code, "resource.not-found");
	mine = operate(&scoped, true);
	ck_ok(operation_get(cx, &fleet.a, &scoped, mine.name, &row));
	ck_assert_str_eq(row.counts, "{\"released\":2,\"refused\":2}");
	theirs = operate(&fleet.owners[0], false);
	ck_fails(operation_get(cx, &fleet.a, &scoped, theirs.name, &row),
	    ERR_NOT_FOUND);
	ck_fails(operation_cancel(cx, &fleet.a, &scoped, theirs.name, &row),
	    ERR_NOT_FOUND);
	ck_ok(operation_list(cx, &fleet.a, &scoped, NULL, &filter, &rows, &n));
	ck_assert_uint_eq(n, 2);
	third = scoped;
	third.group_id++;
	ck_ok(operation_list(cx, &fleet.a, &third, NULL, &filter, &rows, &n));
	ck_assert_uint_eq(n, 0);
	ck_ok(operation_list(cx, &fleet.a, &fleet.owners[0], NULL, &filter,
	    &rows, &n));
	ck_assert_uint_eq(n, 3);
	ck_ok(scope_check(cx, &fleet.a, &scoped, "operation", mine.name));
	ck_fails(scope_check(cx, &fleet.a, &scoped, "operation", theirs.name),
	    ERR_NOT_FOUND);
	fleet_close();
}
END_TEST

/* --- events ------------------------------------------------------------- */

static struct event_page
feed(int64_t after, unsigned limit, const char *type)
{
	struct event_query query = { .after = after, .limit = limit,
	    .type = type, .group_id = scoped.group_id, .group = "other" };
	struct event_page page;

	ck_ok(event_feed(cx, &fleet.a, &fleet.tenants[0], &query, &page));
	return page;
}

static struct err
add_events(struct ctx *c, struct db_tx *tx, void *arg)
{
	static const char *const groups[] = { "default", "other" };
	int64_t tenant_id = fleet.tenants[0].id;

	(void)arg;
	for (size_t i = 0; i < 2; i++) {
		TRY(event_add(c, tx, tenant_id, EVENT_POLICY_SET, groups[i],
		    "x", json_pack("{s:i}", "version", 2)));
		TRY(event_add(c, tx, tenant_id, EVENT_CERTIFICATE_REVOKED,
		    "0a", "x", json_pack("{s:s}", "device_id",
		    i == 0 ? ELSE : MINE)));
	}
	/* What only is called like the group. */
	return event_add(c, tx, tenant_id, EVENT_ANCHOR_ADDED, "other", "x",
	    NULL);
}

START_TEST(the_feed_of_a_group_is_about_it_and_its_devices_now)
{
	struct event_page page;
	int64_t old;

	begin();
	page = feed(0, 100, NULL);
	ck_assert_uint_eq(page.n, 1);
	ck_assert_str_eq(page.items[0].subject, MINE);
	old = page.cursor;
	ck_ok(db_write(cx, fleet.a.db, add_events, NULL));
	page = feed(old, 100, NULL);
	ck_assert_uint_eq(page.n, 2);
	ck_assert_str_eq(page.items[0].type, "policy.set");
	ck_assert_str_eq(page.items[0].subject, "other");
	ck_assert_str_eq(page.items[1].type, "certificate.revoked");
	ck_assert_uint_eq(feed(old, 100, "policy.*").n, 1);
	/* A cursor goes on, also over what is not told. */
	page = feed(old, 1, NULL);
	ck_assert_uint_eq(page.n, 0);
	ck_assert(page.more);
	ck_assert_int_gt(page.cursor, old);
	/* Who leaves the group, leaves with all that was told of it. */
	ck_ok(device_update(cx, &fleet.a, &fleet.tenants[0], &fleet.owners[0],
	    &(struct device_change){ .device_id = MINE, .group = "default",
	    .revision = REVISION_ANY }, &(struct device_view){ .labels = NULL }));
	page = feed(0, 100, "device.*");
	ck_assert_uint_eq(page.n, 0);
	fleet_close();
}
END_TEST

UNIT_MAIN("scope",
    certificates_of_a_group_are_those_of_its_devices_now,
    a_page_of_certificates_looks_at_so_many_and_goes_on,
    error_reports_of_a_group_are_those_of_its_devices,
    reports_from_a_time_on_are_all_found_after_a_clock_was_set_back,
    a_page_of_reports_begins_at_its_time_and_looks_at_so_many,
    an_older_database_finds_its_reports_by_time,
    who_has_one_group_claims_into_it_and_sees_no_other_device,
    a_device_that_moves_away_meanwhile_is_neither_changed_nor_revoked,
    lines_at_once_are_of_that_group_only,
    an_operation_is_of_the_group_of_who_began_it,
    the_feed_of_a_group_is_about_it_and_its_devices_now)
