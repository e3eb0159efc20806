/* SPDX-License-Identifier: Apache-2.0 */
/* Revisions of groups, devices and tenants, on a real database. */
#include "tests/unit/fleet.h"
#include "tests/unit/older_db.h"

#include "authority/claim.h"
#include "authority/device.h"
#include "authority/group.h"
#include "authority/tenant.h"

static const struct tenant *const mine = &fleet.tenants[0];
static const struct principal *const me = &fleet.owners[0];

static struct db_group
group_now(void)
{
	struct db_group found;

	ck_ok(group_get(cx, &fleet.a, mine, "default", &found));
	return found;
}

static struct err
retitle(const char *title, int64_t revision, struct db_group *out)
{
	struct group_spec spec = { title, NULL, GROUP_AS_IT_IS, revision };

	return group_change(cx, &fleet.a, mine, me, "default", &spec, out);
}

static const char *
claimed(unsigned n)
{
	struct claim_request request = { .device_id = fleet_device_id(n) };
	struct claim_result made;

	ck_ok(claim_make(cx, &fleet.a, mine, me, &request, &made));
	return made.device_id;
}

static int64_t
device_revision(const char *device_id)
{
	struct device_view view;

	ck_ok(device_get(cx, &fleet.a, mine, device_id, &view));
	return view.device.revision;
}

START_TEST(a_change_of_the_revision_that_was_read_is_made_and_counted)
{
	struct db_group changed;

	fleet_open();
	ck_assert_int_eq(group_now().revision, 1);
	ck_ok(retitle("One", 1, &changed));
	ck_assert_int_eq(changed.revision, 2);
	ck_assert_int_eq(group_now().revision, 2);
	fleet_close();
}
END_TEST

START_TEST(who_read_an_older_revision_changes_nothing)
{
	struct db_group changed;

	fleet_open();
	ck_ok(retitle("One", REVISION_ANY, &changed));
	ck_fails(retitle("Two", 1, &changed), ERR_PRECONDITION);
	ck_assert_str_eq(group_now().title, "One");
	ck_assert_uint_eq(fleet_events(0, "group.changed"), 1);
	fleet_close();
}
END_TEST

START_TEST(what_is_said_as_it_is_already_is_no_new_revision)
{
	struct db_group changed;

	fleet_open();
	ck_ok(retitle("One", REVISION_ANY, &changed));
	ck_ok(retitle("One", 2, &changed));
	ck_assert_int_eq(changed.revision, 2);
	fleet_close();
}
END_TEST

START_TEST(a_device_is_moved_and_banned_by_who_read_it_last)
{
	struct device_change change = { .group = "other", .revision = 1 };
	struct device_view view;

	fleet_open();
	change.device_id = claimed(1);
	ck_assert_int_eq(device_revision(change.device_id), 1);
	ck_ok(device_update(cx, &fleet.a, mine, me, &change, &view));
	ck_assert_int_eq(view.device.revision, 2);
	ck_fails(device_update(cx, &fleet.a, mine, me, &change, &view),
	    ERR_PRECONDITION);
	ck_fails(device_ban(cx, &fleet.a, mine, me, &change, &view),
	    ERR_PRECONDITION);
	ck_fails(device_unban(cx, &fleet.a, mine, me, &change, &view),
	    ERR_PRECONDITION);
	change.revision = 2;
	ck_ok(device_ban(cx, &fleet.a, mine, me, &change, &view));
	ck_assert_int_eq(view.device.revision, 3);
	fleet_close();
}
END_TEST

START_TEST(what_a_device_does_itself_is_counted_once_at_most)
{
	const char *id;
	int64_t active;

	fleet_open();
	id = claimed(1);
	(void)fleet_enroll(0, id, 1, FLEET_NOW + 1000);
	active = device_revision(id);	/* claimed became active */
	ck_assert_int_eq(active, 2);
	fleet.now_s += 100;
	(void)fleet_enroll(0, id, 2, FLEET_NOW + 2000);
	ck_assert_int_eq(device_revision(id), active);
	fleet_close();
}
END_TEST

START_TEST(rows_from_before_revisions_begin_at_the_first)
{
	char *dir = arena_strdup(cx->arena, "/tmp/t_revision.XXXXXX");
	struct authority a = { .db = NULL };
	struct tenant tenant;
	struct db_tenant found;

	a.db = older_db(dir, "COLUMN revision",
	    "INSERT INTO tenant (name, title, created_s) VALUES "
	    "('old', 'Old', 1)");
	ck_ok(tenant_find(cx, &a, "old", &tenant));
	ck_ok(tenant_get(cx, &a, &tenant, &found));
	ck_assert_int_eq(found.revision, 1);
	older_db_end(a.db, dir);
}
END_TEST

UNIT_MAIN("revision",
    a_change_of_the_revision_that_was_read_is_made_and_counted,
    who_read_an_older_revision_changes_nothing,
    what_is_said_as_it_is_already_is_no_new_revision,
    a_device_is_moved_and_banned_by_who_read_it_last,
    what_a_device_does_itself_is_counted_once_at_most,
    rows_from_before_revisions_begin_at_the_first)
