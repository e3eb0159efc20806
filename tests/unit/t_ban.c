/* SPDX-License-Identifier: Apache-2.0 */
/* Bans by rule: what a match is about, what a rule does to those that are
 * there, and how it is lifted. */
#include "tests/unit/fleet.h"

#include "authority/ban.h"
#include "authority/claim.h"
#include "authority/device.h"
#include "authority/operation.h"
#include "policy/match.h"

#define DAY	86400
#define OLD	"{\"status\":\"OutOfDate\",\"tcb_snp\":7}"
#define NEW	"{\"status\":\"UpToDate\",\"tcb_snp\":22}"
#define BELOW	"{\"fails\":{\"rules\":[{\"claim\":\"tcb_snp\",\"at_least\":22}]}}"

static const char *
name_of(unsigned n)
{
	return fleet_device_id(n);
}

static json_t *
json_of(const char *text)
{
	json_t *json;

	ck_ok(json_parse(cx, slice_text(text), &json));
	return json;
}

/* --- matches ------------------------------------------------------------- */

static bool
fits(const char *match, struct match_device d)
{
	struct match m;

	ck_ok(match_read(cx, json_of(match), "/match", &m));
	return match_fits(cx, &m, &d, FLEET_NOW);
}

START_TEST(a_match_is_about_a_device_when_each_member_fits)
{
	struct match_device d = { .device_id = name_of(1), .group = "lab",
	    .labels = "{\"site\":\"a\",\"line\":\"7\"}" };

	ck_assert(fits("{\"group\":\"lab\"}", d));
	ck_assert(!fits("{\"group\":\"line\"}", d));
	ck_assert(fits("{\"labels\":{\"site\":\"a\"}}", d));
	ck_assert(fits("{\"labels\":{\"line\":\"7\",\"site\":\"a\"}}", d));
	ck_assert(!fits("{\"labels\":{\"site\":\"b\"}}", d));
	ck_assert(!fits("{\"labels\":{\"room\":\"\"}}", d));
	ck_assert(!fits("{\"labels\":{\"site\":\"a\"},\"group\":\"line\"}", d));
	ck_assert(fits(arena_printf(cx->arena, "{\"device_ids\":[\"%s\",\"%s\"]}",
	    name_of(2), name_of(1)), d));
	ck_assert(!fits(arena_printf(cx->arena, "{\"device_ids\":[\"%s\"]}",
	    name_of(2)), d));
	d.labels = NULL;
	ck_assert(!fits("{\"labels\":{\"site\":\"a\"}}", d));
	/* Nobody knows what it would show. */
	ck_assert(!fits(BELOW, d));
}
END_TEST

START_TEST(what_a_device_shows_and_fails_is_asked_by_policies)
{
	struct claims claims = claims_in(cx->arena);
	struct match_device d = { .device_id = name_of(1), .format = "snp",
	    .claims = &claims };

	claims_add_uint(&claims, "tcb_snp", 7);
	claims_add_text(&claims, "tpm_manufacturer", "494e5443");
	ck_assert(fits(BELOW, d));
	ck_assert(!fits("{\"fails\":{\"rules\":[{\"claim\":\"tcb_snp\","
	    "\"at_least\":7}]}}", d));
	/* It has no such claim, so it fails none over it. */
	ck_assert(!fits("{\"fails\":{\"rules\":[{\"claim\":\"tcb_tee\","
	    "\"at_least\":7}]}}", d));
	ck_assert(fits("{\"fails\":{\"rules\":[{\"claim\":\"tcb_tee\","
	    "\"at_least\":7},{\"claim\":\"tcb_snp\",\"at_least\":9}]}}", d));
	ck_assert(fits("{\"shows\":{\"rules\":[{\"claim\":\"tpm_manufacturer\","
	    "\"one_of\":[\"494e5443\",\"53544d20\"]}]}}", d));
	ck_assert(!fits("{\"shows\":{\"rules\":[{\"claim\":\"tcb_snp\","
	    "\"equals\":7},{\"claim\":\"debug\",\"equals\":true}]}}", d));
	ck_assert(!fits("{\"shows\":{\"formats\":[\"tdx\"],\"rules\":[{"
	    "\"claim\":\"tcb_snp\",\"equals\":7}]}}", d));
	ck_assert(fits("{\"shows\":{\"formats\":[\"snp\"],\"rules\":[{"
	    "\"claim\":\"tcb_snp\",\"equals\":7}]}}", d));
}
END_TEST

START_TEST(a_match_that_is_about_nothing_or_everything_is_refused)
{
	static const struct { const char *text, *pointer; } bad[] = {
		{ "{}", "/match" }, { "{\"device_ids\":[]}", "/match/device_ids" },
		{ "{\"device_ids\":[\"ab\"]}", "/match/device_ids" },
		{ "{\"group\":\"No\"}", "/match/group" },
		{ "{\"labels\":{}}", "/match/labels" },
		{ "{\"labels\":{\"a\":1}}", "/match/labels" },
		{ "{\"everything\":true}", "/match/everything" },
		{ "{\"shows\":{\"rules\":[]}}", "/match/shows/rules" },
		{ "{\"fails\":{\"rules\":[{\"claim\":\"x\",\"equals\":1}]}}",
		    "/match/fails/rules/0/claim" },
	};
	struct match m;

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		ck_fails(match_read(cx, json_of(bad[i].text), "/match", &m),
		    ERR_FIELD);
		ck_assert_str_eq(cx->trail->pointer, bad[i].pointer);
	}
}
END_TEST

/* --- rules over a fleet ----------------------------------------------------- */

/* 1 to 4 of the first tenant, 5 and 6 of the second; odd ones are old. */
static void
open_fleet(void)
{
	fleet_open();
	fleet_sql("INSERT INTO tenant (name, title, created_s) "
	    "VALUES ('platform', '', 1)");
	for (unsigned i = 1; i <= 6; i++) {
		struct claim_request request = { .device_id = name_of(i),
		    .group = i == 3 ? "other" : "default" };
		struct claim_result result;
		unsigned tenant = i > 4;

		ck_ok(claim_make(cx, &fleet.a, &fleet.tenants[tenant],
		    &fleet.owners[tenant], &request, &result));
		(void)fleet_enroll(tenant, name_of(i), (uint8_t)(0x10 + i),
		    FLEET_NOW + DAY);
		fleet_sql(arena_printf(cx->arena, "UPDATE attestation SET claims = "
		    "'%s' WHERE device = (SELECT id FROM device WHERE "
		    "device_id = '%s')", i % 2 ? OLD : NEW, name_of(i)));
	}
}

static enum device_state
state_of(unsigned n)
{
	unsigned tenant = n > 4;
	struct device_view v;

	ck_ok(device_get(cx, &fleet.a, &fleet.tenants[tenant], name_of(n),
	    &v));
	return v.device.state;
}

static struct ban_request
request_of(const char *action, const char *match)
{
	return (struct ban_request){ .match = json_of(match),
	    .pointer = "/match", .action = action, .reason = "old" };
}

static void
run_all(void)
{
	int64_t after = -1;
	bool did;

	do
		ck_ok(operation_turn(cx, &fleet.a, &after, &did));
	while (did);
}

static int64_t
make(const char *action, const char *match, bool platform)
{
	struct ban_request r = request_of(action, match);
	struct ban_made made;

	ck_ok(ban_make(cx, &fleet.a, platform ? NULL : &fleet.tenants[0],
	    &fleet.owners[0], &r, &made));
	run_all();
	return made.row.id;
}

static void
lift(int64_t id, bool unban, bool platform)
{
	const char *operation;

	ck_ok(ban_lift(cx, &fleet.a, platform ? NULL : &fleet.tenants[0],
	    &fleet.owners[0], id, unban, &operation));
	ck_assert_int_eq(operation != NULL, unban);
	run_all();
}

START_TEST(a_dry_run_counts_and_changes_nothing)
{
	struct ban_request r;
	struct ban_count n;

	open_fleet();
	r = request_of("ban", BELOW);
	ck_ok(ban_dry_run(cx, &fleet.a, &fleet.tenants[0], &r, 0, &n));
	ck_assert_uint_eq(n.looked, 4);
	ck_assert_uint_eq(n.matched, 2);
	ck_assert_uint_eq(n.already, 0);
	ck_assert_uint_eq(n.n_groups, 2);
	ck_assert_str_eq(n.groups[1].name, "other");
	ck_assert_uint_eq(n.groups[1].n, 1);
	ck_assert_uint_eq(n.n_device_ids, 2);
	ck_assert_str_eq(n.device_ids[0], name_of(1));
	ck_assert_int_eq(n.next, 0);
	ck_ok(ban_dry_run(cx, &fleet.a, NULL, &r, 0, &n));
	ck_assert_uint_eq(n.matched, 3);
	ck_assert_int_eq(state_of(1), DEVICE_ACTIVE);
	r.action = "burn";
	ck_fails(ban_dry_run(cx, &fleet.a, NULL, &r, 0, &n), ERR_FIELD);
	fleet_close();
}
END_TEST

START_TEST(a_rule_bans_those_that_fit_and_no_others)
{
	open_fleet();
	(void)make("ban", BELOW, false);
	ck_assert_int_eq(state_of(1), DEVICE_BANNED);
	ck_assert_int_eq(state_of(2), DEVICE_ACTIVE);
	ck_assert_int_eq(state_of(3), DEVICE_BANNED);
	ck_assert_int_eq(state_of(5), DEVICE_ACTIVE);
	ck_assert_uint_eq(fleet_events(0, "device.banned"), 2);
	ck_assert_uint_eq(fleet_events(0, "ban.created"), 1);
	ck_assert_uint_eq(fleet_events(1, "device.banned"), 0);
	fleet_close();
}
END_TEST

START_TEST(a_rule_of_the_platform_is_over_all_tenants)
{
	int64_t id;

	open_fleet();
	id = make("ban", BELOW, true);
	ck_assert_int_eq(state_of(1), DEVICE_BANNED);
	ck_assert_int_eq(state_of(5), DEVICE_BANNED);
	ck_assert_int_eq(state_of(6), DEVICE_ACTIVE);
	lift(id, true, true);
	ck_assert_int_eq(state_of(1), DEVICE_ACTIVE);
	ck_assert_int_eq(state_of(5), DEVICE_ACTIVE);
	fleet_close();
}
END_TEST

START_TEST(a_quarantine_revokes_nothing_and_may_become_a_ban)
{
	struct device_view v;

	open_fleet();
	(void)make("quarantine", BELOW, false);
	ck_assert_int_eq(state_of(1), DEVICE_QUARANTINED);
	ck_ok(device_get(cx, &fleet.a, &fleet.tenants[0], name_of(1), &v));
	ck_assert_int_eq(v.revoked_s, 0);
	ck_fails(claim_release(cx, &fleet.a, &fleet.tenants[0],
	    &fleet.owners[0], name_of(1), NULL), ERR_CONFLICT);
	(void)make("ban", "{\"group\":\"other\"}", false);
	ck_assert_int_eq(state_of(1), DEVICE_QUARANTINED);
	ck_assert_int_eq(state_of(3), DEVICE_BANNED);
	ck_ok(device_get(cx, &fleet.a, &fleet.tenants[0], name_of(3), &v));
	ck_assert_int_ne(v.revoked_s, 0);
	fleet_close();
}
END_TEST

START_TEST(lifting_frees_those_that_the_rule_alone_had_hit)
{
	struct device_change by_hand = { .device_id = name_of(2) };
	struct device_view v;
	int64_t old, other;

	open_fleet();
	ck_ok(device_ban(cx, &fleet.a, &fleet.tenants[0], &fleet.owners[0],
	    &by_hand, &v));
	old = make("ban", BELOW, false);
	other = make("ban", "{\"group\":\"other\"}", false);
	lift(old, true, false);
	ck_assert_int_eq(state_of(1), DEVICE_ACTIVE);
	ck_assert_int_eq(state_of(2), DEVICE_BANNED);
	ck_assert_int_eq(state_of(3), DEVICE_BANNED);
	lift(other, false, false);
	ck_assert_int_eq(state_of(3), DEVICE_BANNED);
	fleet_close();
}
END_TEST

/* --- evidence ----------------------------------------------------------------- */

struct checking { struct match_device device; int64_t newest; };

static struct err
check_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct checking *k = arg;

	return ban_check(c, tx, fleet.tenants[0].id, &k->device, &k->newest);
}

START_TEST(evidence_that_fits_is_refused_until_the_rule_is_lifted)
{
	struct claims claims = claims_in(cx->arena);
	struct checking k = { .device = { .device_id = name_of(9),
	    .group = "default", .format = "snp", .claims = &claims } };
	int64_t id;

	open_fleet();
	claims_add_uint(&claims, "tcb_snp", 7);
	ck_ok(db_read(cx, fleet.a.db, check_work, &k));
	ck_assert_int_eq(k.newest, 0);
	id = make("ban", BELOW, true);
	ck_fails(db_read(cx, fleet.a.db, check_work, &k), ERR_HW_BANNED);
	ck_assert_str_eq(cx->trail->tell, arena_printf(cx->arena,
	    "ban %lld: old", (long long)id));
	claims.items[0].uint = 22;
	ck_ok(db_read(cx, fleet.a.db, check_work, &k));
	ck_assert_int_eq(k.newest, id);
	claims.items[0].uint = 7;
	lift(id, false, true);
	ck_ok(db_read(cx, fleet.a.db, check_work, &k));
	fleet_close();
}
END_TEST

START_TEST(rules_are_listed_and_each_tenant_has_its_own)
{
	struct ban_row *rows, row;
	const char *none;
	int64_t id;
	size_t n;

	open_fleet();
	id = make("ban", BELOW, false);
	ck_ok(ban_list(cx, &fleet.a, &fleet.tenants[0], (struct page){ 0, 9 },
	    &rows, &n));
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(rows[0].action, "ban");
	ck_assert_str_eq(rows[0].match, BELOW);
	ck_ok(ban_list(cx, &fleet.a, &fleet.tenants[1], (struct page){ 0, 9 },
	    &rows, &n));
	ck_assert_uint_eq(n, 0);
	ck_fails(ban_get(cx, &fleet.a, &fleet.tenants[1], id, &row),
	    ERR_NOT_FOUND);
	ck_fails(ban_lift(cx, &fleet.a, &fleet.tenants[1], &fleet.owners[1],
	    id, true, &none), ERR_NOT_FOUND);
	lift(id, false, false);
	ck_fails(ban_lift(cx, &fleet.a, &fleet.tenants[0], &fleet.owners[0],
	    id, true, &none), ERR_NOT_FOUND);
	ck_ok(ban_get(cx, &fleet.a, &fleet.tenants[0], id, &row));
	ck_assert_int_eq(row.lifted_s, FLEET_NOW);
	fleet_close();
}
END_TEST

UNIT_MAIN("ban",
    a_match_is_about_a_device_when_each_member_fits,
    what_a_device_shows_and_fails_is_asked_by_policies,
    a_match_that_is_about_nothing_or_everything_is_refused,
    a_dry_run_counts_and_changes_nothing,
    a_rule_bans_those_that_fit_and_no_others,
    a_rule_of_the_platform_is_over_all_tenants,
    a_quarantine_revokes_nothing_and_may_become_a_ban,
    lifting_frees_those_that_the_rule_alone_had_hit,
    evidence_that_fits_is_refused_until_the_rule_is_lifted,
    rules_are_listed_and_each_tenant_has_its_own)
