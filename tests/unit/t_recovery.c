/* SPDX-License-Identifier: Apache-2.0 */
/* Tenants that nobody looks after, and those that somebody does. */
#include "tests/unit/older_db.h"
#include "tests/unit/soft_device.h"

#include "authority/feed.h"
#include "authority/recovery.h"
#include "authority/role.h"
#include "authority/token.h"
#include "db/fsck.h"

#define DAY	INT64_C(86400)

static struct tenant heir;
static struct dev devs[3];

static void
start(void)
{
	struct db_tenant row;

	begin();
	realm_use_clock(cx, realm);
	realm->authority->limits.recovery_wait_s = 7 * DAY;
	ck_ok(tenant_create(cx, realm->authority, &realm_admin, "heir", NULL,
	    &row));
	ck_ok(tenant_find(cx, realm->authority, "heir", &heir));
	for (size_t i = 0; i < COUNT_OF(devs); i++) {
		devs[i] = new_device();
		claim(&devs[i], "soft");
	}
}

static void
say(void *arg, const struct db_finding *finding)
{
	(void)arg;
	ck_abort_msg("%s: %s", finding->check, finding->what);
}

static struct err
fsck_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	(void)arg;
	return db_fsck(c, tx, ctx_now(c), say, NULL);
}

static void
stop(void)
{
	ck_ok(db_read(cx, realm->authority->db, fsck_work, NULL));
	end();
}

static struct err
begin_as(const char *from, const char *to, struct recovery_row *out)
{
	const struct recovery_spec spec = { from, to, NULL, "out of business" };

	return recovery_begin(cx, realm->authority, &realm_admin, &spec, out);
}

static struct recovery_row
begun(void)
{
	struct recovery_row row;

	ck_ok(begin_as("tenant-a", "heir", &row));
	return row;
}

static struct recovery_row
last(void)
{
	struct page page = { 0, 100 };
	struct recovery_row *rows;
	size_t n;

	ck_ok(recovery_list(cx, realm->authority, NULL, page, &rows, &n));
	ck_assert_uint_gt(n, 0);
	return rows[n - 1];
}

static bool
has(const struct tenant *who, const struct dev *dev)
{
	struct device_view view;
	struct err e = device_get(cx, realm->authority, who, dev->device_id,
	    &view);

	ctx_forget(cx);
	return !failed(e);
}

/* An owner of tenant-a, whose token is used now. */
static void
owner_comes(void)
{
	const struct token_spec spec = { .name = "owner",
	    .role = ROLE_OWNER };
	struct principal who;
	struct db_token token;
	const char *text;

	ck_ok(token_create(cx, realm->authority, &tenant, &realm_admin, &spec,
	    &token, &text));
	ck_ok(token_authenticate(cx, realm->authority, text, &who));
}

START_TEST(after_the_wait_the_devices_are_the_others_and_history_says_so)
{
	struct device_change ban = { .reason = "stolen" };
	struct claim_filter filter = { NULL, -1, 0, 10 };
	struct recovery_row r;
	struct enrollment e;
	struct claim_row *rows;
	struct device_view view;
	size_t n;

	start();
	ck_ok(enroll_now(&devs[0], &e));
	ban.device_id = devs[2].device_id;
	ck_ok(device_ban(cx, realm->authority, &tenant, &realm_admin, &ban,
	    &view));
	r = begun();
	ck_assert_int_eq(r.state, RECOVERY_WAITING);
	realm->ahead_s += 7 * DAY - 10;
	ck_ok(recovery_round(cx, realm->authority));
	ck_assert(has(&tenant, &devs[0]));
	realm->ahead_s += 10;
	ck_ok(recovery_round(cx, realm->authority));
	r = last();
	ck_assert_int_eq(r.state, RECOVERY_DONE);
	ck_assert_int_eq(r.moved, 2);
	ck_assert(has(&heir, &devs[0]) && has(&heir, &devs[1]));
	/* A ban is not shaken off. */
	ck_assert(has(&tenant, &devs[2]) && !has(&heir, &devs[2]));
	filter.device_id = devs[0].device_id;
	ck_ok(claim_list(cx, realm->authority, &heir, &filter, &rows, &n));
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(rows[0].transferred_from, "tenant-a");
	ck_ok(claim_list(cx, realm->authority, &tenant, &filter, &rows, &n));
	ck_assert_str_eq(rows[0].transferred_to, "heir");
	ck_assert_str_eq(rows[0].release_reason, "out of business");
	stop();
}
END_TEST

START_TEST(an_owner_who_objects_keeps_the_devices)
{
	struct recovery_row r;

	start();
	r = begun();
	ck_fails(recovery_object(cx, realm->authority, &heir, &realm_admin,
	    r.id, &r), ERR_NOT_FOUND);
	r = last();
	ck_ok(recovery_object(cx, realm->authority, &tenant, &realm_admin,
	    r.id, &r));
	ck_assert_int_eq(r.state, RECOVERY_OBJECTED);
	ck_fails(recovery_object(cx, realm->authority, &tenant, &realm_admin,
	    r.id, &r), ERR_CONFLICT);
	realm->ahead_s += 8 * DAY;
	ck_ok(recovery_round(cx, realm->authority));
	ck_assert(has(&tenant, &devs[0]));
	stop();
}
END_TEST

START_TEST(an_owner_who_is_there_is_an_objection)
{
	struct recovery_row r;

	start();
	r = begun();
	realm->ahead_s += DAY;
	owner_comes();
	realm->ahead_s += 7 * DAY;
	ck_ok(recovery_round(cx, realm->authority));
	r = last();
	ck_assert_int_eq(r.state, RECOVERY_OBJECTED);
	ck_assert(has(&tenant, &devs[0]));
	/* Nor does one begin soon after. */
	ck_ok(begin_as("tenant-a", "heir", &r));
	stop();
}
END_TEST

START_TEST(what_cannot_be_is_refused)
{
	struct recovery_row r;

	start();
	ck_fails(begin_as("tenant-a", "tenant-a", &r), ERR_FIELD);
	ck_fails(begin_as("tenant-a", "platform", &r), ERR_FIELD);
	ck_fails(begin_as("nobody", "heir", &r), ERR_NOT_FOUND);
	ck_fails(begin_as("tenant-a", "nobody", &r), ERR_NOT_FOUND);
	begun();
	ck_fails(begin_as("tenant-a", "heir", &r), ERR_CONFLICT);
	owner_comes();
	ck_fails(begin_as("tenant-a", "heir", &r), ERR_CONFLICT);
	stop();
}
END_TEST

START_TEST(a_proposal_that_is_carried_out_begins_it)
{
	const struct recovery_spec spec = { "tenant-a", "heir", NULL, "gone" };
	json_t *result = NULL, *params;

	start();
	params = json_keep(cx, recovery_params(&spec));
	ck_ok(recovery_carry_out(cx, realm->authority, NULL, &realm_admin,
	    params, &result));
	ck_assert_ptr_nonnull(result);
	json_decref(result);
	ck_assert_str_eq(last().reason, "gone");
	stop();
}
END_TEST

START_TEST(a_tenant_of_an_older_database_can_be_recovered)
{
	static const char old[] =
	    "INSERT INTO tenant (id, name, title, created_s) VALUES "
	    "(1, 'platform', '', 1), (2, 'old', '', 1), (3, 'heir', '', 1);"
	    "INSERT INTO device_group (id, tenant, name, title, "
	    "policy_version, created_s) VALUES (1, 2, 'default', '', 1, 1), "
	    "(2, 3, 'default', '', 1, 1);";
	const struct recovery_spec spec = { "old", "heir", NULL, "gone" };
	char folder[] = "/tmp/t_recovery.XXXXXX";
	struct authority a = { .limits.recovery_wait_s = 7 * DAY };
	struct page page = { 0, 100 };
	struct recovery_row *rows, row;
	size_t n;

	a.feed = feed_new();
	a.db = older_db(folder, "TABLE recovery ", old);
	ck_ok(recovery_list(cx, &a, NULL, page, &rows, &n));
	ck_assert_uint_eq(n, 0);
	ck_ok(recovery_begin(cx, &a, &realm_admin, &spec, &row));
	ck_fails(recovery_begin(cx, &a, &realm_admin, &spec, &row),
	    ERR_CONFLICT);
	ck_ok(recovery_list(cx, &a, NULL, page, &rows, &n));
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(rows[0].tenant, "old");
	ck_assert_str_eq(rows[0].group, "default");
	older_db_end(a.db, folder);
	feed_free(a.feed);
}
END_TEST

UNIT_MAIN("recovery",
    after_the_wait_the_devices_are_the_others_and_history_says_so,
    an_owner_who_objects_keeps_the_devices,
    an_owner_who_is_there_is_an_objection,
    what_cannot_be_is_refused,
    a_proposal_that_is_carried_out_begins_it,
    a_tenant_of_an_older_database_can_be_recovered)
