/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of devices by what is known of them, and the facts they go by. */
#include "tests/unit/fleet.h"
#include "tests/unit/older_db.h"

#include <stdlib.h>

#include "authority/certificate.h"
#include "authority/claim.h"
#include "authority/device.h"
#include "authority/device_search.h"

#define DAY	86400
#define MANY	(DEVICE_SEARCH_LOOK_MAX + 100)

static const char *
name_of(unsigned n)
{
	return fleet_device_id(n);
}

static void
claim(unsigned tenant, unsigned n, const char *group)
{
	struct claim_request request = { .device_id = name_of(n), .group = group };
	struct claim_result result;

	ck_ok(claim_make(cx, &fleet.a, &fleet.tenants[tenant],
	    &fleet.owners[tenant], &request, &result));
}

/* The device ID of one row. */
#define IS(n) "device_id = printf('%064x', " #n ")"

static struct device_page
page_of(unsigned tenant, struct device_query query)
{
	struct device_page page;

	if (query.limit == 0)
		query.limit = 100;
	ck_ok(device_list(cx, &fleet.a, &fleet.tenants[tenant], &query,
	    &page));
	return page;
}

/* The last digit of each, in the order of the list: "134". */
static const char *
found(struct device_query query)
{
	char *out = arena_strdup(cx->arena, "");
	struct device_page page;

	do {
		page = page_of(0, query);
		for (size_t i = 0; i < page.n; i++)
			out = arena_printf(cx->arena, "%s%s", out,
			    page.items[i].device.device_id + 63);
		query.after = page.next;
	} while (page.next != NULL);
	return out;
}

/* In pages of every size the list is the same. */
static void
lists(struct device_query query, const char *wanted)
{
	for (query.limit = 1; query.limit < 5; query.limit++)
		ck_assert_str_eq(found(query), wanted);
}

#define FILTER(...)	((struct device_query){ .filter = { __VA_ARGS__ } })
#define FACT(fact, w)	FILTER(.facts = { [DEVICE_##fact] = DEVICE_##w })

/* Six devices of one tenant, and one of another that is as the first. */
static void
open_six(void)
{
	fleet_open();
	for (unsigned i = 1; i <= 6; i++)
		claim(0, i, i <= 2 ? "other" : NULL);
	claim(1, 9, NULL);
	(void)fleet_enroll(1, name_of(9), 0x19, FLEET_NOW + DAY);
}

START_TEST(a_list_without_a_filter_has_all_devices_of_its_tenant)
{
	open_six();
	lists((struct device_query){ .group = NULL }, "123456");
	ck_assert_uint_eq(page_of(1, (struct device_query){ .limit = 9 }).n,
	    1);
	fleet_close();
}
END_TEST

START_TEST(a_list_is_by_group_and_state)
{
	struct device_change change = { .device_id = name_of(3),
	    .reason = "stolen" };
	struct device_view out;

	open_six();
	(void)fleet_enroll(0, name_of(2), 0x12, FLEET_NOW + DAY);
	ck_ok(device_ban(cx, &fleet.a, &fleet.tenants[0], &fleet.owners[0],
	    &change, &out));
	lists((struct device_query){ .group = "other" }, "12");
	lists(FILTER(.state = "claimed"), "1456");
	lists(FILTER(.state = "active"), "2");
	lists(FILTER(.state = "banned"), "3");
	lists((struct device_query){ .group = "other",
	    .filter = { .state = "claimed" } }, "1");
	lists((struct device_query){ .group = "other",
	    .filter = { .state = "banned" } }, "");
	fleet_close();
}
END_TEST

START_TEST(what_ends_soon_is_listed_soonest_first)
{
	struct certificate_change change;
	struct certificate_row row;
	uint8_t serial[16];

	open_six();
	(void)fleet_enroll(0, name_of(1), 0x11, FLEET_NOW + 3 * DAY);
	(void)fleet_enroll(0, name_of(2), 0x12, FLEET_NOW + 1 * DAY);
	(void)fleet_enroll(0, name_of(3), 0x13, FLEET_NOW + 2 * DAY);
	(void)fleet_enroll(0, name_of(4), 0x14, FLEET_NOW + 2 * DAY);
	lists(FILTER(.end_before_s = FLEET_NOW + 3 * DAY), "234");
	lists(FILTER(.end_before_s = FLEET_NOW + 9 * DAY), "2341");
	/* Another certificate ends later, and one that is revoked never. */
	(void)fleet_enroll(0, name_of(2), 0x22, FLEET_NOW + 5 * DAY);
	lists(FILTER(.end_before_s = FLEET_NOW + 9 * DAY), "3412");
	memset(serial, 0x13, sizeof(serial));
	change = (struct certificate_change){
		text_hex(cx->arena, SLICE_OF(serial)), REVOKE_SUPERSEDED };
	ck_ok(certificate_revoke(cx, &fleet.a, &fleet.tenants[0],
	    &fleet.owners[0], &change, &row));
	lists(FILTER(.end_before_s = FLEET_NOW + 9 * DAY), "412");
	/* An old one that is revoked says nothing of the new one. */
	memset(serial, 0x12, sizeof(serial));
	ck_ok(certificate_revoke(cx, &fleet.a, &fleet.tenants[0],
	    &fleet.owners[0], &change, &row));
	lists(FILTER(.end_before_s = FLEET_NOW + 9 * DAY), "412");
	fleet_close();
}
END_TEST

START_TEST(who_fell_silent_is_listed_longest_silent_first)
{
	open_six();
	for (unsigned i = 1; i <= 4; i++) {
		fleet.now_s = FLEET_NOW + (i == 3 ? 1 : 10 * (int64_t)i);
		(void)fleet_enroll(0, name_of(i), (uint8_t)(0x10 + i),
		    FLEET_NOW + DAY);
	}
	lists(FILTER(.seen_before_s = FLEET_NOW + 40), "312");
	lists(FILTER(.seen_before_s = FLEET_NOW), "");
	lists(FACT(NEVER_ENROLLED, YES), "56");
	lists(FACT(NEVER_ENROLLED, NO), "1234");
	(void)fleet_enroll(0, name_of(3), 0x23, FLEET_NOW + DAY);
	lists(FACT(NEVER_RENEWED, YES), "124");
	lists(FACT(NEVER_RENEWED, NO), "356");
	ck_assert_int_eq(page_of(0, FACT(NEVER_ENROLLED, NO)).items[2].issued,
	    2);
	fleet_close();
}
END_TEST

/* --- facts of a row ------------------------------------------------------ */

struct noting {
	unsigned		 n;
	const char		*tcb_status;
	struct device_clock	 clock;
	bool			 software;
	const char		*refusal;
};

static struct err
note_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	const struct noting *n = arg;
	int64_t tenant_id = fleet.tenants[0].id;
	struct device_row row;
	bool known;

	TRY(db_device_by_id(c, tx, name_of(n->n), &row, &known));
	ck_assert(known);
	if (n->refusal != NULL)
		return db_device_refused(c, tx, tenant_id, row.id,
		    &(struct device_refused){ n->refusal, NULL, fleet.now_s,
		    n->clock });
	TRY(db_device_attested(c, tx, tenant_id, row.id, SLICE_NONE,
	    n->tcb_status));
	return db_device_enrolled(c, tx, tenant_id, row.id,
	    &(struct device_enrolled){ .at_s = fleet.now_s,
	    .hardware_key = !n->software, .clock = n->clock });
}

static void
note(struct noting n)
{
	ck_ok(db_write(cx, fleet.a.db, note_work, &n));
}

START_TEST(a_list_is_by_tcb_key_and_clock)
{
	open_six();
	note((struct noting){ 1, "OutOfDate", { true, 301 }, true, NULL });
	note((struct noting){ 2, "UpToDate", { true, -301 }, false, NULL });
	note((struct noting){ 3, "Revoked", { true, 300 }, true, NULL });
	note((struct noting){ 4, NULL, { false, 0 }, true, NULL });
	lists(FACT(STALE_TCB, YES), "13");
	lists(FACT(STALE_TCB, NO), "2456");
	lists(FACT(SOFTWARE_KEY, YES), "134");
	lists(FACT(SOFTWARE_KEY, NO), "256");
	lists(FACT(CLOCK_SKEWED, YES), "12");
	lists(FACT(CLOCK_SKEWED, NO), "3456");
	/* Who does not tell its time is not taken to have the right one. */
	note((struct noting){ 1, "UpToDate", { false, 0 }, false, NULL });
	lists(FACT(CLOCK_SKEWED, YES), "12");
	lists(FACT(STALE_TCB, YES), "3");
	note((struct noting){ 1, "UpToDate", { true, 2 }, false, NULL });
	lists(FACT(CLOCK_SKEWED, YES), "2");
	fleet_close();
}
END_TEST

START_TEST(a_list_is_by_what_the_last_refusal_was)
{
	open_six();
	note((struct noting){ .n = 1, .refusal = "policy.tcb" });
	note((struct noting){ .n = 2, .refusal = "policy.boot",
	    .clock = { true, 4000 } });
	note((struct noting){ .n = 5, .refusal = "policy.boot" });
	/* In order of the code, then as they came. */
	lists(FACT(REFUSED, YES), "251");
	lists(FACT(REFUSED, NO), "346");
	lists(FACT(CLOCK_SKEWED, YES), "2");
	lists(FILTER(.refusal = "policy.boot"), "25");
	lists(FILTER(.refusal = "policy.none"), "");
	note((struct noting){ 2, NULL, { false, 0 }, false, NULL });
	lists(FILTER(.refusal = "policy.boot"), "5");
	fleet_close();
}
END_TEST

START_TEST(a_list_is_by_label_with_or_without_a_value)
{
	struct device_query both = FILTER(.labels = { { "site", "b" },
	    { "line", NULL } }, .n_labels = 2);

	open_six();
	fleet_sql("UPDATE device SET labels = '{\"site\":\"a\"}' WHERE " IS(1)
	    "; UPDATE device SET labels = '{\"site\":\"b\",\"line\":\"7\"}' "
	    "WHERE " IS(2)
	    "; UPDATE device SET labels = '{\"site\":\"b\"}' WHERE " IS(3)
	    "; UPDATE device SET labels = '{\"site\":\"b\",\"line\":\"\"}' "
	    "WHERE " IS(6)
	    "; UPDATE device SET labels = '{\"site\":\"b\"}' WHERE " IS(9));
	lists(FILTER(.labels = { { "site", NULL } }, .n_labels = 1), "1236");
	lists(FILTER(.labels = { { "site", "b" } }, .n_labels = 1), "236");
	lists(FILTER(.labels = { { "site", "c" } }, .n_labels = 1), "");
	lists(FILTER(.labels = { { "line", NULL }, { "site", "b" } },
	    .n_labels = 2), "26");
	lists(both, "26");
	/* What the row says is what is searched. */
	fleet_sql("UPDATE device SET labels = '{\"line\":\"8\"}' WHERE " IS(2));
	lists(both, "6");
	ck_ok(claim_release(cx, &fleet.a, &fleet.tenants[0],
	    &fleet.owners[0], name_of(6), NULL));
	lists(both, "");
	fleet_close();
}
END_TEST

START_TEST(a_list_is_by_how_an_id_begins)
{
	open_six();
	fleet_sql("UPDATE device SET device_id = 'ab' || substr(device_id, 3) "
	    "WHERE " IS(2) " OR " IS(5) " OR " IS(9)
	    "; UPDATE device SET device_id = 'b0' || substr(device_id, 3) "
	    "WHERE " IS(3)
	    "; UPDATE device SET hardware_id = 'key:' || device_id");
	lists((struct device_query){ .prefix = "a" }, "25");
	lists((struct device_query){ .prefix = "ab0" }, "25");
	lists((struct device_query){ .prefix = "aa" }, "");
	lists((struct device_query){ .prefix = "b" }, "3");
	lists((struct device_query){ .prefix = "key:ab" }, "25");
	lists((struct device_query){ .prefix = "key" }, "146253");
	lists((struct device_query){ .prefix = "key:ab", .group = "other" },
	    "2");
	fleet_close();
}
END_TEST

START_TEST(filters_are_asked_together)
{
	open_six();
	note((struct noting){ 1, "OutOfDate", { true, 900 }, true, NULL });
	note((struct noting){ 2, "OutOfDate", { true, 900 }, false, NULL });
	note((struct noting){ 3, "OutOfDate", { true, 900 }, true, NULL });
	note((struct noting){ 4, "OutOfDate", { true, 9 }, true, NULL });
	lists((struct device_query){ .group = "other", .filter = {
	    .state = "active", .seen_before_s = FLEET_NOW + 1, .facts = {
	    [DEVICE_STALE_TCB] = DEVICE_YES, [DEVICE_SOFTWARE_KEY] =
	    DEVICE_YES, [DEVICE_CLOCK_SKEWED] = DEVICE_YES,
	    [DEVICE_NEVER_RENEWED] = DEVICE_YES,
	    [DEVICE_REFUSED] = DEVICE_NO } } }, "1");
	lists(FILTER(.facts = { [DEVICE_STALE_TCB] = DEVICE_YES,
	    [DEVICE_CLOCK_SKEWED] = DEVICE_NO }), "4");
	fleet_close();
}
END_TEST

/* --- pages ---------------------------------------------------------------- */

START_TEST(a_search_that_finds_little_answers_in_short_pages)
{
	struct device_query query = (struct device_query){ .group = "default",
	    .filter = { .facts = { [DEVICE_STALE_TCB] = DEVICE_NO,
	    [DEVICE_SOFTWARE_KEY] = DEVICE_NO } } };
	struct device_page page;

	fleet_open();
	claim(0, 1, NULL);
	fleet_sql(arena_printf(cx->arena, "WITH RECURSIVE n (i) AS (SELECT 2 "
	    "UNION ALL SELECT i + 1 FROM n WHERE i < %u) INSERT INTO device "
	    "(tenant, device_id, device_group, state, claimed_s, software_key) "
	    "SELECT d.tenant, printf('%%064x', n.i), d.device_group, 'claimed', "
	    "1, n.i < %u FROM n, (SELECT * FROM device LIMIT 1) d",
	    MANY, MANY));
	query.limit = 2;
	page = page_of(0, query);
	ck_assert_uint_eq(page.n, 1);
	ck_assert_str_eq(page.items[0].device.device_id, name_of(1));
	ck_assert_ptr_nonnull(page.next);
	query.after = page.next;
	page = page_of(0, query);
	ck_assert_uint_eq(page.n, 1);
	ck_assert_str_eq(page.items[0].device.device_id, name_of(MANY));
	ck_assert_ptr_null(page.next);
	fleet_close();
}
END_TEST

START_TEST(a_cursor_keeps_its_place_whatever_comes_and_goes)
{
	struct device_query query = { .limit = 2 };

	open_six();
	query.after = page_of(0, query).next;
	ck_ok(claim_release(cx, &fleet.a, &fleet.tenants[0],
	    &fleet.owners[0], name_of(2), NULL));
	claim(0, 7, NULL);
	query.limit = 9;
	ck_assert_str_eq(found(query), "34567");
	fleet_close();
}
END_TEST

START_TEST(a_cursor_is_of_one_search)
{
	struct device_query query = { .limit = 2 };
	struct device_page page;
	char *cursor;

	open_six();
	cursor = arena_strdup(cx->arena, page_of(0, query).next);
	query.after = cursor;
	query.filter.state = "claimed";
	ck_fails(device_list(cx, &fleet.a, &fleet.tenants[0], &query, &page),
	    ERR_PARAMETER);
	query.filter.state = NULL;
	query.group = "default";
	ck_fails(device_list(cx, &fleet.a, &fleet.tenants[0], &query, &page),
	    ERR_PARAMETER);
	query.group = NULL;
	/* One that was cut or is none at all is refused as well. */
	for (size_t n = strlen(cursor); n-- > 0;) {
		query.after = arena_strndup(cx->arena, cursor, n);
		if (n % 4 != 1 && n > 29)
			continue;	/* a place with another text */
		ck_fails(device_list(cx, &fleet.a, &fleet.tenants[0], &query,
		    &page), ERR_PARAMETER);
	}
	query.after = "100";
	ck_fails(device_list(cx, &fleet.a, &fleet.tenants[0], &query, &page),
	    ERR_PARAMETER);
	/* In another tenant it is a place among that tenant's devices. */
	query.after = cursor;
	page = page_of(1, query);
	ck_assert_uint_eq(page.n, 1);
	fleet_close();
}
END_TEST

START_TEST(a_filter_by_what_is_not_there_is_refused)
{
	static const char *const prefixes[] = { "", "AB", "a b", "%", "x'y" };
	struct device_query query = { .filter = { .state = "lost" },
	    .limit = 10 };
	struct device_page page;

	fleet_open();
	ck_fails(device_list(cx, &fleet.a, &fleet.tenants[0], &query, &page),
	    ERR_PARAMETER);
	query = (struct device_query){ .group = "none", .limit = 10 };
	ck_fails(device_list(cx, &fleet.a, &fleet.tenants[0], &query, &page),
	    ERR_NOT_FOUND);
	for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
		query = (struct device_query){ .prefix = prefixes[i],
		    .limit = 10 };
		ck_fails(device_list(cx, &fleet.a, &fleet.tenants[0], &query,
		    &page), ERR_PARAMETER);
	}
	fleet_close();
}
END_TEST

/* --- of before ------------------------------------------------------------- */

/* As the schema of before had them: two devices, one of which renewed. */
static const char old_rows[] =
    "PRAGMA foreign_keys = OFF;"
    "INSERT INTO tenant (id, name, title, created_s) VALUES (7, 't', '', 1);"
    "INSERT INTO device_group (id, tenant, name, title, policy_version, "
    "created_s) VALUES (3, 7, 'default', '', 1, 1);"
    "INSERT INTO device (id, tenant, device_id, device_group, state, "
    "claimed_s, last_seen_s) VALUES "
    "(1, 7, printf('%064x', 1), 3, 'active', 100, 200),"
    "(2, 7, printf('%064x', 2), 3, 'active', 100, 300),"
    "(3, 7, printf('%064x', 3), 3, 'claimed', 100, NULL),"
    "(4, 7, printf('%064x', 4), 3, 'active', 100, 150);"
    "INSERT INTO certificate (tenant, ca, serial, device_id, spki_sha256, "
    "hardware_key, not_before_s, not_after_s, issued_s, der, recovered, "
    "revoked_s, revoke_reason) VALUES "
    "(7, 1, x'01', printf('%064x', 1), x'', 1, 0, 1000, 200, x'', 0, NULL, "
    "NULL),"
    "(7, 1, x'02', printf('%064x', 2), x'', 1, 0, 1000, 200, x'', 0, NULL, "
    "NULL),"
    "(7, 1, x'03', printf('%064x', 2), x'', 0, 0, 2000, 300, x'', 0, NULL, "
    "NULL),"
    "(7, 1, x'04', printf('%064x', 4), x'', 1, 0, 1000, 150, x'', 0, 160, 0);"
    "INSERT INTO attestation (device, tenant, at_s, format, verdict, claims, "
    "evidence_sha256, policy_version) VALUES "
    "(1, 7, 200, 'snp', 'warning', '{\"status\":\"OutOfDate\"}', x'', 1),"
    "(2, 7, 200, 'tpm2', 'affirming', '{\"hardware_key\":true}', x'', 1);";

START_TEST(devices_of_before_are_found_by_their_facts)
{
	char folder[] = "/tmp/t_search.XXXXXX";

	fleet.a.db = older_db(folder, "device_label", old_rows);
	fleet.tenants[0].id = 7;
	lists(FACT(NEVER_ENROLLED, YES), "3");
	lists(FACT(NEVER_RENEWED, YES), "14");
	lists(FACT(SOFTWARE_KEY, YES), "2");
	lists(FACT(STALE_TCB, YES), "1");
	lists(FILTER(.end_before_s = 9999), "12");
	lists(FILTER(.seen_before_s = 250), "41");
	older_db_end(fleet.a.db, folder);
}
END_TEST

UNIT_MAIN("device search",
    a_list_without_a_filter_has_all_devices_of_its_tenant,
    a_list_is_by_group_and_state,
    what_ends_soon_is_listed_soonest_first,
    who_fell_silent_is_listed_longest_silent_first,
    a_list_is_by_tcb_key_and_clock,
    a_list_is_by_what_the_last_refusal_was,
    a_list_is_by_label_with_or_without_a_value,
    a_list_is_by_how_an_id_begins,
    filters_are_asked_together,
    a_search_that_finds_little_answers_in_short_pages,
    a_cursor_keeps_its_place_whatever_comes_and_goes,
    a_cursor_is_of_one_search,
    a_filter_by_what_is_not_there_is_refused,
    devices_of_before_are_found_by_their_facts)
