/* SPDX-License-Identifier: Apache-2.0 */
/* Long work: what is stored is worked off in batches, each item once. */
#include "tests/unit/fleet.h"
#include "tests/unit/older_db.h"

#include <time.h>

#include "authority/certificate.h"
#include "authority/claim_bulk.h"
#include "authority/proposal.h"

#define KEEP_S	3600

static int64_t turn_after;

static void
begin(void)
{
	fleet_open();
	fleet.a.limits.operation_keep_s = KEEP_S;
	turn_after = -1;
}

/* An operation about devices from..from+n-1 of that tenant. */
static struct operation_row
put(unsigned tenant, struct claim_bulk how, unsigned from, unsigned n)
{
	struct operation_input *in;
	struct operation_row row;

	ck_ok(claim_bulk_begin(cx, &fleet.a, &fleet.tenants[tenant],
	    &fleet.owners[tenant], &how, &in));
	for (unsigned i = 0; i < n; i++) {
		const char *id = fleet_device_id(from + i);
		struct claim_line line = { .number = i + 2, .id = id,
		    .request = { .device_id = id } };

		ck_ok(claim_bulk_put(cx, &fleet.a,
		    &fleet.tenants[tenant], in, &line));
	}
	ck_ok(operation_end(cx, in, &row));
	return row;
}

static bool
turn(void)
{
	bool did;

	ck_ok(operation_turn(cx, &fleet.a, &turn_after, &did));
	return did;
}

static void
run_all(void)
{
	while (turn())
		continue;
}

static struct operation_row
get(unsigned tenant, const char *name)
{
	struct operation_row row;

	ck_ok(operation_get(cx, &fleet.a, &fleet.owners[tenant], name, &row));
	return row;
}

static size_t
items(unsigned tenant, const char *name, const char *outcome,
    struct operation_item_row **out)
{
	size_t n;

	ck_ok(operation_items(cx, &fleet.a, &fleet.owners[tenant], name,
	    outcome, -1, 1000, out, &n));
	return n;
}

static size_t
n_claims(unsigned tenant)
{
	struct claim_filter filter = { NULL, 1, 0, 1000 };
	struct claim_row *rows;
	size_t n;

	ck_ok(claim_list(cx, &fleet.a, &fleet.tenants[tenant], &filter,
	    &rows, &n));
	return n;
}

START_TEST(each_item_has_one_outcome_with_its_line)
{
	struct operation_item_row *rows;
	struct operation_row o;

	begin();
	ck_ok(claim_make(cx, &fleet.a, &fleet.tenants[1], &fleet.owners[1],
	    &(struct claim_request){ .device_id = fleet_device_id(7) },
	    &(struct claim_result){ 0 }));
	o = put(0, (struct claim_bulk){ 0 }, 0, 200);
	ck_assert_str_eq(o.state, "queued");
	ck_assert_int_eq(o.items, 200);
	run_all();
	o = get(0, o.name);
	ck_assert_str_eq(o.state, "done");
	ck_assert_int_eq(o.done, 200);
	ck_assert_str_eq(o.counts, "{\"claimed\":199,\"refused\":1}");
	ck_assert_uint_eq(items(0, o.name, NULL, &rows), 200);
	for (size_t i = 0; i < 200; i++) {
		ck_assert_int_eq(rows[i].number, (int64_t)i);
		ck_assert_int_eq(rows[i].line, (int64_t)i + 2);
		ck_assert_str_eq(rows[i].subject, fleet_device_id(
		    (unsigned)i));
		ck_assert_str_eq(rows[i].outcome,
		    i == 7 ? "refused" : "claimed");
	}
	ck_assert_uint_eq(items(0, o.name, "refused", &rows), 1);
	ck_assert_str_eq(rows[0].code, "claim.taken");
	ck_assert_uint_eq(items(0, o.name, "claimed", &rows), 199);
	ck_assert_uint_eq(fleet_events(0, "device.claimed"), 199);
	ck_assert_uint_eq(fleet_events(0, "operation.ended"), 1);
	fleet_close();
}
END_TEST

/* What a crash leaves is a database between two turns. */
START_TEST(it_goes_on_where_it_was_when_the_database_is_opened_again)
{
	struct db_conf conf = { .n_readers = 2 };
	struct operation_item_row *rows;
	struct operation_row o;

	begin();
	conf.path = arena_printf(cx->arena, "%s/db", fleet.folder);
	o = put(0, (struct claim_bulk){ 0 }, 0, 3 * OPERATION_BATCH);
	ck_assert(turn());
	o = get(0, o.name);
	ck_assert_str_eq(o.state, "running");
	ck_assert_int_eq(o.done, OPERATION_BATCH);
	db_close(fleet.a.db);
	ck_ok(db_open(cx, &conf, &fleet.a.db));
	run_all();
	o = get(0, o.name);
	ck_assert_str_eq(o.state, "done");
	ck_assert_uint_eq(items(0, o.name, NULL, &rows), 3 * OPERATION_BATCH);
	ck_assert_uint_eq(n_claims(0), 3 * OPERATION_BATCH);
	ck_assert_uint_eq(items(0, o.name, "claimed", &rows),
	    3 * OPERATION_BATCH);
	fleet_close();
}
END_TEST

START_TEST(tenants_take_turns)
{
	struct operation_row a, b;

	begin();
	a = put(0, (struct claim_bulk){ 0 }, 0, 5 * OPERATION_BATCH);
	b = put(1, (struct claim_bulk){ 0 }, 5000, OPERATION_BATCH);
	ck_assert(turn());
	ck_assert(turn());
	ck_assert_int_eq(get(0, a.name).done, OPERATION_BATCH);
	ck_assert_str_eq(get(1, b.name).state, "done");
	fleet_close();
}
END_TEST

START_TEST(another_tenant_does_not_see_it_and_the_platform_does)
{
	const struct principal admin = { .role = ROLE_ADMIN, .name = "a" };
	struct operation_filter filter = { .limit = 10 };
	struct operation_row o, *rows;
	struct operation_item_row *none;
	size_t n;

	begin();
	o = put(0, (struct claim_bulk){ 0 }, 0, 3);
	ck_fails(operation_get(cx, &fleet.a, &fleet.owners[1], o.name, &o),
	    ERR_NOT_FOUND);
	ck_fails(operation_items(cx, &fleet.a, &fleet.owners[1], o.name,
	    NULL, -1, 10, &none, &n), ERR_NOT_FOUND);
	ck_fails(operation_cancel(cx, &fleet.a, &fleet.owners[1], o.name,
	    &o), ERR_NOT_FOUND);
	ck_ok(operation_list(cx, &fleet.a, &fleet.owners[1], NULL, &filter,
	    &rows, &n));
	ck_assert_uint_eq(n, 0);
	ck_fails(operation_list(cx, &fleet.a, &fleet.owners[1],
	    &fleet.tenants[0], &filter, &rows, &n), ERR_NOT_FOUND);
	ck_ok(operation_list(cx, &fleet.a, &admin, NULL, &filter, &rows, &n));
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(rows[0].tenant, "tenant-a");
	filter.state = "done";
	ck_ok(operation_list(cx, &fleet.a, &admin, NULL, &filter, &rows, &n));
	ck_assert_uint_eq(n, 0);
	fleet_close();
}
END_TEST

START_TEST(what_was_done_before_it_is_cancelled_stays_done)
{
	struct operation_row o;

	begin();
	o = put(0, (struct claim_bulk){ 0 }, 0, 3 * OPERATION_BATCH);
	ck_assert(turn());
	ck_ok(operation_cancel(cx, &fleet.a, &fleet.owners[0], o.name, &o));
	ck_assert_str_eq(o.state, "cancelled");
	run_all();
	o = get(0, o.name);
	ck_assert_str_eq(o.state, "cancelled");
	ck_assert_int_eq(o.done, OPERATION_BATCH);
	ck_assert_uint_eq(n_claims(0), OPERATION_BATCH);
	ck_fails(operation_cancel(cx, &fleet.a, &fleet.owners[0], o.name,
	    &o), ERR_CONFLICT);
	fleet_close();
}
END_TEST

START_TEST(a_dry_run_says_the_same_and_changes_nothing)
{
	struct operation_row o;

	begin();
	put(0, (struct claim_bulk){ 0 }, 0, 5);
	run_all();
	o = put(0, (struct claim_bulk){ .dry = true }, 0, 10);
	run_all();
	ck_assert_str_eq(get(0, o.name).counts,
	    "{\"already-claimed\":5,\"claimed\":5}");
	ck_assert_uint_eq(n_claims(0), 5);
	o = put(0, (struct claim_bulk){ .release = true, .dry = true }, 0, 6);
	run_all();
	ck_assert_str_eq(get(0, o.name).counts,
	    "{\"released\":5,\"refused\":1}");
	ck_assert_uint_eq(n_claims(0), 5);
	fleet_close();
}
END_TEST

START_TEST(many_are_released_and_their_certificates_revoked)
{
	struct certificate_filter filter = { .revoked = 1, .limit = 10 };
	struct certificate_row *rows;
	struct operation_row o;
	size_t n;

	begin();
	put(0, (struct claim_bulk){ 0 }, 0, 3);
	run_all();
	fleet_enroll(0, fleet_device_id(0), 1, FLEET_NOW + 86400);
	fleet_enroll(0, fleet_device_id(2), 2, FLEET_NOW + 86400);
	o = put(0, (struct claim_bulk){ .release = true, .reason = "sold" },
	    0, 4);
	run_all();
	ck_assert_str_eq(get(0, o.name).counts,
	    "{\"released\":3,\"refused\":1}");
	ck_assert_uint_eq(n_claims(0), 0);
	ck_ok(certificate_list(cx, &fleet.a, &fleet.tenants[0], &filter,
	    &rows, &n, &(int64_t){ 0 }));
	ck_assert_uint_eq(n, 2);
	fleet_close();
}
END_TEST

START_TEST(one_that_cannot_go_on_fails_and_the_others_go_on)
{
	struct operation_spec spec = { .tenant = &fleet.tenants[0],
	    .by = &fleet.owners[0], .kind = "unheard-of" };
	struct operation_input *in;
	struct operation_row bad, good;

	begin();
	ck_ok(operation_begin(cx, &fleet.a, &spec, &in));
	ck_ok(operation_put(cx, in, 1, slice_text("x")));
	ck_ok(operation_end(cx, in, &bad));
	good = put(0, (struct claim_bulk){ 0 }, 0, 3);
	run_all();
	bad = get(0, bad.name);
	ck_assert_str_eq(bad.state, "failed");
	ck_assert_str_eq(bad.code, "server.internal");
	ck_assert_int_eq(bad.done, 0);
	ck_assert_str_eq(get(0, good.name).state, "done");
	fleet_close();
}
END_TEST

START_TEST(input_that_never_ends_is_shown_to_nobody_and_taken_away)
{
	struct operation_spec spec = { .tenant = &fleet.tenants[0],
	    .by = &fleet.owners[0], .kind = "claim" };
	struct operation_filter filter = { .limit = 10 };
	uint8_t big[OPERATION_ITEM_MAX + 1] = { 0 };
	struct operation_row row, *rows;
	struct operation_input *in;
	size_t n;

	begin();
	ck_ok(operation_begin(cx, &fleet.a, &spec, &in));
	ck_fails(operation_end(cx, in, &row), ERR_FIELD);
	ck_fails(operation_put(cx, in, 1, SLICE_OF(big)), ERR_TOO_LARGE);
	for (unsigned i = 0; i < 100; i++)
		ck_ok(operation_put(cx, in, 1, SLICE(big,
		    OPERATION_ITEM_MAX)));
	ck_ok(operation_list(cx, &fleet.a, &fleet.owners[0], NULL, &filter,
	    &rows, &n));
	ck_assert_uint_eq(n, 0);
	ck_assert(!turn());
	fleet.now_s += 3601;
	ck_assert(turn());
	run_all();
	ck_assert(!turn());
	fleet_close();
}
END_TEST

START_TEST(a_tenant_makes_so_many_wait_and_no_more)
{
	struct operation_spec spec = { .tenant = &fleet.tenants[0],
	    .by = &fleet.owners[0], .kind = "claim", .held = true };
	struct operation_input *in;
	struct operation_row row;

	begin();
	for (unsigned i = 0; i < OPERATIONS_UNENDED_MAX; i++) {
		ck_ok(operation_begin(cx, &fleet.a, &spec, &in));
		ck_ok(operation_put(cx, in, 1, slice_text("x")));
		ck_ok(operation_end(cx, in, &row));
	}
	ck_fails(operation_begin(cx, &fleet.a, &spec, &in), ERR_QUOTA);
	ck_assert_int_gt(cx->trail->retry_after_s, 0);
	ck_ok(operation_cancel(cx, &fleet.a, &fleet.owners[0], row.name,
	    &row));
	ck_ok(operation_begin(cx, &fleet.a, &spec, &in));
	spec.tenant = &fleet.tenants[1];
	ck_ok(operation_begin(cx, &fleet.a, &spec, &in));
	fleet_close();
}
END_TEST

START_TEST(what_ended_long_ago_is_taken_away)
{
	struct operation_row o, young;

	begin();
	o = put(0, (struct claim_bulk){ 0 }, 0, 700);
	run_all();
	fleet.now_s += KEEP_S - 1;
	young = put(0, (struct claim_bulk){ 0 }, 0, 2);
	run_all();
	get(0, o.name);
	fleet.now_s += 1;
	run_all();
	ck_fails(operation_get(cx, &fleet.a, &fleet.owners[0], o.name, &o),
	    ERR_NOT_FOUND);
	get(0, young.name);
	fleet_close();
}
END_TEST

static struct err
let_go(struct ctx *c, struct db_tx *tx, void *arg)
{
	return operation_let_go(c, tx, fleet.tenants[0].id, arg);
}

START_TEST(a_held_one_waits_until_it_is_let_go)
{
	struct operation_row o;
	char *name;

	begin();
	o = put(0, (struct claim_bulk){ .held = true }, 0, 3);
	ck_assert_str_eq(o.state, "held");
	ck_assert(!turn());
	name = arena_strdup(cx->arena, o.name);
	ck_ok(db_write(cx, fleet.a.db, let_go, name));
	ck_fails(db_write(cx, fleet.a.db, let_go, name), ERR_CONFLICT);
	run_all();
	ck_assert_str_eq(get(0, name).state, "done");
	ck_fails(db_write(cx, fleet.a.db, let_go, name), ERR_CONFLICT);
	fleet_close();
}
END_TEST

START_TEST(who_may_not_release_may_not_stop_a_release)
{
	struct principal contributor;
	struct operation_row release, claim, after;

	begin();
	contributor = fleet.owners[0];
	contributor.role = ROLE_CONTRIBUTOR;
	claim = put(0, (struct claim_bulk){ 0 }, 0, 3);
	release = put(0, (struct claim_bulk){ .release = true }, 0, 3);
	ck_fails(operation_cancel(cx, &fleet.a, &contributor, release.name,
	    &after), ERR_AUTH_FORBIDDEN);
	ck_assert_str_eq(get(0, release.name).state, "queued");
	ck_ok(operation_cancel(cx, &fleet.a, &contributor, claim.name,
	    &after));
	ck_ok(operation_cancel(cx, &fleet.a, &fleet.owners[0], release.name,
	    &after));
	fleet_close();
}
END_TEST

START_TEST(a_release_that_another_person_approves_goes_once)
{
	struct operation_row o;
	json_t *params, *result = NULL;

	begin();
	put(0, (struct claim_bulk){ 0 }, 0, 3);
	run_all();
	o = put(0, (struct claim_bulk){ .release = true, .held = true }, 0,
	    3);
	run_all();
	ck_assert_uint_eq(n_claims(0), 3);
	params = json_keep(cx, json_pack("{s:s}", "operation", o.name));
	ck_fails(claim_release_carry_out(cx, &fleet.a, &fleet.tenants[1],
	    &fleet.owners[1], params, &result), ERR_NOT_FOUND);
	for (unsigned i = 0; i < 2; i++) {
		ck_ok(claim_release_carry_out(cx, &fleet.a,
		    &fleet.tenants[0], &fleet.owners[0], params, &result));
		json_decref(result);
		run_all();
		ck_assert_uint_eq(n_claims(0), 0);
		ck_assert_str_eq(get(0, o.name).counts, "{\"released\":3}");
	}
	fleet_close();
}
END_TEST

static struct err
add_few(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct operation_spec spec = { .tenant = &fleet.tenants[0],
	    .by = &fleet.owners[0], .kind = "unheard-of" };
	struct operation_item few[100];

	for (size_t i = 0; i < COUNT_OF(few); i++)
		few[i] = (struct operation_item){ .line = (int64_t)i + 1,
		    .input = arg == NULL ? SLICE_NONE : slice_text("x") };
	return operation_add(c, tx, &spec, few, COUNT_OF(few), arg);
}

START_TEST(one_is_made_in_the_transaction_of_its_caller)
{
	struct operation_row o;

	begin();
	ck_ok(db_write(cx, fleet.a.db, add_few, &o));
	ck_assert_int_eq(get(0, o.name).items, 100);
	fleet_close();
}
END_TEST

START_TEST(the_thread_does_it_without_being_asked_twice)
{
	const struct timespec tick = { 0, 10000000 };
	struct operation_row o;
	unsigned waits = 6000;

	begin();
	/* The thread goes by the clock of the machine. */
	fleet.now_s = clock_system.now_s(clock_system.arg);
	fleet.a.operations = operations_start(&fleet.a);
	o = put(0, (struct claim_bulk){ 0 }, 0, 300);
	while (strcmp(get(0, o.name).state, "done") != 0 && --waits > 0)
		(void)nanosleep(&tick, NULL);
	operations_stop(fleet.a.operations);
	ck_assert_str_eq(get(0, o.name).counts, "{\"claimed\":300}");
	fleet_close();
}
END_TEST

START_TEST(an_older_database_gets_the_tables)
{
	char *folder = arena_strdup(cx->arena, "/tmp/t_operation.XXXXXX");
	struct operation_filter filter = { .limit = 10 };
	struct operation_row *rows;
	size_t n;

	fleet = (struct fleet){ .folder = folder };
	fleet.a.db = older_db(folder, "TABLE operation ", "");
	ck_ok(operation_list(cx, &fleet.a, &(struct principal){
	    .role = ROLE_ADMIN }, NULL, &filter, &rows, &n));
	ck_assert_uint_eq(n, 0);
	fleet_close();
}
END_TEST

UNIT_MAIN("operation",
    each_item_has_one_outcome_with_its_line,
    it_goes_on_where_it_was_when_the_database_is_opened_again,
    tenants_take_turns,
    another_tenant_does_not_see_it_and_the_platform_does,
    what_was_done_before_it_is_cancelled_stays_done,
    a_dry_run_says_the_same_and_changes_nothing,
    many_are_released_and_their_certificates_revoked,
    one_that_cannot_go_on_fails_and_the_others_go_on,
    a_tenant_makes_so_many_wait_and_no_more,
    input_that_never_ends_is_shown_to_nobody_and_taken_away,
    what_ended_long_ago_is_taken_away,
    a_held_one_waits_until_it_is_let_go,
    who_may_not_release_may_not_stop_a_release,
    a_release_that_another_person_approves_goes_once,
    one_is_made_in_the_transaction_of_its_caller,
    the_thread_does_it_without_being_asked_twice,
    an_older_database_gets_the_tables)
