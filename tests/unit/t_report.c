/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/fleet.h"

#include "authority/claim.h"
#include "authority/device.h"
#include "authority/event.h"
#include "authority/report.h"

#define DAY	86400
#define LIMIT	10	/* fleet.a.limits.reports_per_day */
#define DEVICE	fleet_device_id(1)

static void
claim(unsigned tenant, const char *device_id)
{
	struct claim_request request = { .device_id = device_id };
	struct claim_result result;

	ck_ok(claim_make(cx, &fleet.a, &fleet.tenants[tenant],
	    &fleet.owners[tenant], &request, &result));
}

START_TEST(an_event_keeps_the_trace_of_what_made_it)
{
	static const char trace[] =
	    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
	struct event_row *rows;
	size_t n;

	fleet_open();
	claim(0, fleet_device_id(2));
	cx->trace = trace;
	claim(0, DEVICE);
	cx->trace = NULL;
	ck_ok(event_list(cx, &fleet.a, &fleet.tenants[0],
	    (struct page){ 0, 100 }, &rows, &n));
	ck_assert_uint_ge(n, 2);
	ck_assert_ptr_null(rows[n - 2].trace);
	ck_assert_str_eq(rows[n - 1].trace, trace);
	fleet_close();
}
END_TEST

/* A report of n events, named "<report_id> 0", "<report_id> 1", ... */
static struct err
send(const char *device_id, const char *report_id, size_t n,
    struct report_answer *out)
{
	struct report_event *events = arena_array(cx->arena, n,
	    sizeof(*events));
	struct report report = { report_id, events, n };

	for (size_t i = 0; i < n; i++)
		events[i] = (struct report_event){
			.event_type = i % 2 == 0 ? "AppCrash" : "OSUpdate",
			.event_class = "Application",
			.event_category = "planned", .event_count = 3,
			.description = arena_printf(cx->arena, "%s %zu",
			    report_id, i),
			.start_s = 0, .end_s = FLEET_NOW,
		};
	return report_take(cx, &fleet.a, &fleet.tenants[0], device_id,
	    &report, out);
}

static struct report_answer
sent(const char *device_id, const char *report_id, size_t n)
{
	struct report_answer answer;

	ck_ok(send(device_id, report_id, n, &answer));
	return answer;
}

static size_t
list(unsigned tenant, struct report_filter filter,
    struct report_event_row **out)
{
	size_t n;

	if (filter.to_s == 0)
		filter.to_s = INT64_MAX;
	if (filter.limit == 0)
		filter.limit = 1000;
	ck_ok(report_list(cx, &fleet.a, &fleet.tenants[tenant], &filter, out,
	    &n, &(int64_t){ 0 }));
	return n;
}

static size_t
quotas(unsigned tenant, const char *device_id, struct quota_row **out)
{
	struct quota_filter filter = { .device_id = device_id, .limit = 100 };
	size_t n;

	ck_ok(report_quota_list(cx, &fleet.a, &fleet.tenants[tenant],
	    &filter, out, &n, &(int64_t){ 0 }));
	return n;
}

#define ALL	((struct report_filter){ .after = 0 })

START_TEST(a_report_sent_again_is_answered_as_the_first_time)
{
	struct report_answer answer;
	struct report_event_row *rows;
	struct quota_row *quota;

	fleet_open();
	claim(0, DEVICE);
	answer = sent(DEVICE, "r1", 2);
	ck_assert(!answer.duplicate);
	ck_assert_int_eq(answer.accepted, 2);
	/* Also when it says something else the second time. */
	answer = sent(DEVICE, "r1", 5);
	ck_assert(answer.duplicate);
	ck_assert_int_eq(answer.accepted, 2);
	ck_assert_int_eq(answer.dropped, 0);
	ck_assert_uint_eq(list(0, ALL, &rows), 2);
	ck_assert_uint_eq(quotas(0, DEVICE, &quota), 1);
	ck_assert_int_eq(quota[0].taken, 2);
	fleet_close();
}
END_TEST

START_TEST(two_devices_may_use_one_report_id)
{
	struct report_event_row *rows;

	fleet_open();
	claim(0, DEVICE);
	claim(0, fleet_device_id(2));
	ck_assert(!sent(DEVICE, "r1", 1).duplicate);
	ck_assert(!sent(fleet_device_id(2), "r1", 1).duplicate);
	ck_assert_uint_eq(list(0, ALL, &rows), 2);
	ck_assert_uint_eq(list(0, (struct report_filter){
	    .device_id = fleet_device_id(2) }, &rows), 1);
	fleet_close();
}
END_TEST

START_TEST(what_is_above_the_quota_of_a_day_is_dropped_and_counted)
{
	struct report_answer answer;
	struct report_event_row *rows;
	struct quota_row *quota;

	fleet_open();
	claim(0, DEVICE);
	claim(0, fleet_device_id(2));
	ck_assert_int_eq(sent(DEVICE, "r1", 7).accepted, 7);
	answer = sent(DEVICE, "r2", 7);
	ck_assert_int_eq(answer.accepted, 3);
	ck_assert_int_eq(answer.dropped, 4);
	answer = sent(DEVICE, "r3", 5);
	ck_assert_int_eq(answer.accepted, 0);
	ck_assert_int_eq(answer.dropped, 5);
	answer = sent(DEVICE, "r3", 5);
	ck_assert(answer.duplicate);
	ck_assert_int_eq(answer.dropped, 5);
	ck_assert_uint_eq(list(0, ALL, &rows), LIMIT);
	ck_assert_str_eq(rows[9].event.description, "r2 2");
	ck_assert_uint_eq(quotas(0, DEVICE, &quota), 1);
	ck_assert_int_eq(quota[0].taken, LIMIT);
	ck_assert_int_eq(quota[0].dropped, 9);
	ck_assert_uint_eq(fleet_events(0, "error-report.dropped"), 1);
	/* Another device has a quota of its own. */
	ck_assert_int_eq(sent(fleet_device_id(2), "r1", 1).accepted, 1);
	fleet_close();
}
END_TEST

START_TEST(a_new_utc_day_has_a_new_quota)
{
	struct quota_row *quota;

	fleet_open();
	claim(0, DEVICE);
	ck_assert_int_eq(sent(DEVICE, "r1", LIMIT).accepted, LIMIT);
	fleet.now_s += DAY - FLEET_NOW % DAY - 1;
	ck_assert_int_eq(sent(DEVICE, "r2", 1).accepted, 0);
	fleet.now_s++;
	ck_assert_int_eq(sent(DEVICE, "r3", 1).accepted, 1);
	ck_assert_uint_eq(quotas(0, DEVICE, &quota), 2);
	ck_assert_int_eq(quota[1].day, quota[0].day + 1);
	ck_assert_int_eq(quota[1].dropped, 0);
	fleet_close();
}
END_TEST

START_TEST(empty_handed_reports_are_bounded_too_and_told_when_to_come_back)
{
	struct report_answer answer;
	struct quota_row *quota;

	fleet_open();
	claim(0, DEVICE);
	for (unsigned i = 0; i < LIMIT; i++)
		(void)sent(DEVICE, arena_printf(cx->arena, "r%u", i), 2);
	ck_fails(send(DEVICE, "one-more", 2, &answer), ERR_QUOTA);
	ck_assert_int_eq(cx->trail->retry_after_s, 16 * 3600);
	ck_assert_uint_eq(quotas(0, NULL, &quota), 1);
	ck_assert_int_eq(quota[0].reports, LIMIT);
	ck_assert_int_eq(quota[0].dropped, LIMIT + 2);
	/* One that is known is still answered. */
	ck_assert(sent(DEVICE, "r0", 2).duplicate);
	fleet_close();
}
END_TEST

START_TEST(a_report_keeps_what_its_device_was_attested_to_be)
{
	struct report_event_row *rows, row;

	fleet_open();
	claim(0, DEVICE);
	(void)sent(DEVICE, "before", 1);
	fleet.now_s += 60;
	(void)fleet_enroll(0, DEVICE, 0x11, FLEET_NOW + DAY);
	fleet.now_s += 60;
	(void)sent(DEVICE, "after", 1);
	ck_assert_uint_eq(list(0, ALL, &rows), 2);
	ck_assert_int_eq(rows[0].report.attested_s, 0);
	ck_assert_int_eq(rows[1].report.attested_s, FLEET_NOW + 60);
	ck_assert_int_eq(rows[1].report.received_s, FLEET_NOW + 120);

	/* It is a copy: it outlives the device's stay with the tenant. */
	ck_ok(claim_release(cx, &fleet.a, &fleet.tenants[0],
	    &fleet.owners[0], DEVICE, NULL));
	ck_ok(report_get(cx, &fleet.a, &fleet.tenants[0], rows[1].id, &row));
	ck_assert_str_eq(row.report.attested, "{\"secure_boot\":true}");
	ck_ok(report_get(cx, &fleet.a, &fleet.tenants[0], rows[0].id, &row));
	ck_assert_ptr_null(row.report.attested);
	ck_fails(report_get(cx, &fleet.a, &fleet.tenants[1], rows[1].id,
	    &row), ERR_NOT_FOUND);
	fleet_close();
}
END_TEST

START_TEST(events_are_listed_by_what_the_filter_asks_for)
{
	struct report_filter page = { .limit = 3 };
	struct report_event_row *rows;
	size_t n, seen = 0;

	fleet_open();
	claim(0, DEVICE);
	(void)sent(DEVICE, "r1", 4);
	fleet.now_s += 60;
	(void)sent(DEVICE, "r2", 3);
	ck_assert_uint_eq(list(0, (struct report_filter){
	    .event_type = "OSUpdate" }, &rows), 3);
	ck_assert_uint_eq(list(0, (struct report_filter){
	    .event_class = "OS" }, &rows), 0);
	ck_assert_uint_eq(list(0, (struct report_filter){
	    .event_class = "Application", .event_category = "planned",
	    .event_type = "AppCrash", .device_id = DEVICE }, &rows), 4);
	ck_assert_uint_eq(list(0, (struct report_filter){
	    .from_s = FLEET_NOW + 60 }, &rows), 3);
	ck_assert_uint_eq(list(0, (struct report_filter){
	    .to_s = FLEET_NOW + 60 }, &rows), 4);
	ck_assert_uint_eq(list(1, ALL, &rows), 0);
	do {
		n = list(0, page, &rows);
		seen += n;
		if (n > 0)
			page.after = rows[n - 1].id;
	} while (n == page.limit);
	ck_assert_uint_eq(seen, 7);
	fleet_close();
}
END_TEST

START_TEST(who_left_or_is_banned_cannot_report)
{
	struct device_change change = { .device_id = DEVICE };
	struct report_answer answer;
	struct device_view view;

	fleet_open();
	ck_fails(send(DEVICE, "r1", 1, &answer), ERR_AUTH_CERTIFICATE);
	claim(1, DEVICE);
	ck_fails(send(DEVICE, "r1", 1, &answer), ERR_AUTH_CERTIFICATE);
	ck_ok(claim_release(cx, &fleet.a, &fleet.tenants[1],
	    &fleet.owners[1], DEVICE, NULL));
	claim(0, DEVICE);
	ck_ok(device_ban(cx, &fleet.a, &fleet.tenants[0], &fleet.owners[0],
	    &change, &view));
	ck_fails(send(DEVICE, "r1", 1, &answer), ERR_HW_BANNED);
	fleet_close();
}
END_TEST

START_TEST(a_report_id_is_of_a_few_letters)
{
	char longest[REPORT_ID_MAX + 2];

	memset(longest, 'x', sizeof(longest));
	longest[REPORT_ID_MAX + 1] = '\0';
	ck_assert(!report_is_id(longest));
	longest[REPORT_ID_MAX] = '\0';
	ck_assert(report_is_id(longest));
	ck_assert(report_is_id("2026-11-22_a.Z"));
	ck_assert(!report_is_id(""));
	ck_assert(!report_is_id("a b"));
	ck_assert(!report_is_id("a/b"));
	ck_assert(!report_is_id("\xc3\xa4"));
}
END_TEST

START_TEST(the_feed_is_in_order_and_the_tenants_own)
{
	struct event_row *rows;
	struct page page = { 0, 1 };
	size_t n;

	fleet_open();
	claim(0, DEVICE);
	claim(1, fleet_device_id(2));
	claim(0, fleet_device_id(3));
	ck_ok(event_list(cx, &fleet.a, &fleet.tenants[0], page, &rows, &n));
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(rows[0].type, "device.claimed");
	ck_assert_str_eq(rows[0].subject, DEVICE);
	ck_assert_str_eq(rows[0].actor, "alpha");
	ck_assert_str_eq(rows[0].data, "{\"group\":\"default\"}");
	page.after = rows[0].id;
	page.limit = 10;
	ck_ok(event_list(cx, &fleet.a, &fleet.tenants[0], page, &rows, &n));
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(rows[0].subject, fleet_device_id(3));
	fleet_close();
}
END_TEST

UNIT_MAIN("report",
    an_event_keeps_the_trace_of_what_made_it,
    a_report_sent_again_is_answered_as_the_first_time,
    two_devices_may_use_one_report_id,
    what_is_above_the_quota_of_a_day_is_dropped_and_counted,
    a_new_utc_day_has_a_new_quota,
    empty_handed_reports_are_bounded_too_and_told_when_to_come_back,
    a_report_keeps_what_its_device_was_attested_to_be,
    events_are_listed_by_what_the_filter_asks_for,
    who_left_or_is_banned_cannot_report,
    a_report_id_is_of_a_few_letters,
    the_feed_is_in_order_and_the_tenants_own)
