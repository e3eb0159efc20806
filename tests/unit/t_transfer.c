/* SPDX-License-Identifier: Apache-2.0 */
/* Devices from tenant to tenant: each step, who may take it, what each side is
 * shown, and what is left on record. */
#include "tests/unit/soft_device.h"
#include "tests/unit/older_db.h"

#include "authority/certificate.h"
#include "authority/event.h"
#include "authority/fsck.h"
#include "authority/transfer.h"
#include "db/fsck.h"

#define DAY	INT64_C(86400)

static struct tenant sides[2];
static struct principal owners[2];
static struct dev dev;

#define A	0
#define B	1

/* tenant-a, with a device that has enrolled, and tenant-b, each with a group
 * "soft" that takes software keys. */
static void
start(void)
{
	struct db_tenant row;
	struct group_spec spec = { .profile = "soft",
	    .profile_version = PROFILE_NEWEST };
	struct db_group group;
	struct policy policy;

	begin();
	realm_use_clock(cx, realm);
	sides[A] = tenant;
	ck_ok(tenant_create(cx, realm->authority, &realm_admin, "tenant-b",
	    NULL, &row));
	ck_ok(tenant_find(cx, realm->authority, "tenant-b", &sides[B]));
	tenant = sides[B];
	make_profile("soft", "{}");
	ck_ok(policy_parse(cx, SOFT_POLICY, &policy));
	ck_ok(group_create(cx, realm->authority, &sides[B], &realm_admin,
	    "soft", &spec, &policy, &group));
	tenant = sides[A];
	for (int i = 0; i < 2; i++)
		owners[i] = (struct principal){ .token_id = 1,
		    .role = ROLE_OWNER, .tenant_id = sides[i].id,
		    .name = i == A ? "alice" : "bob" };
	dev = new_device();
	claim(&dev, "soft");
}

static struct err
offer_as(struct transfer_offer offer, struct transfer_row *out)
{
	if (offer.device_id == NULL)
		offer.device_id = dev.device_id;
	if (offer.to == NULL)
		offer.to = "tenant-b";
	return transfer_make(cx, realm->authority, &sides[A], &owners[A],
	    &offer, out);
}

static struct transfer_row
offered(bool needs_evidence)
{
	struct transfer_row row;

	ck_ok(offer_as((struct transfer_offer){ .reason = "sold",
	    .needs_evidence = needs_evidence }, &row));
	return row;
}

static struct err
step(unsigned side, enum transfer_step which, const struct transfer_row *t)
{
	struct transfer_row row;

	return transfer_take_step(cx, realm->authority, &sides[side],
	    &owners[side], which, t->handle,
	    which == TRANSFER_ACCEPT ? "soft" : NULL, &row);
}

static struct transfer_row
now(unsigned side, const struct transfer_row *t)
{
	struct transfer_row row;

	ck_ok(transfer_get(cx, realm->authority, &sides[side], t->handle,
	    &row));
	return row;
}

static enum transfer_state
state(const struct transfer_row *t)
{
	return now(A, t).state;
}

static bool
has(unsigned side)
{
	struct device_view view;
	struct err e = device_get(cx, realm->authority, &sides[side],
	    dev.device_id, &view);

	ctx_forget(cx);
	return !failed(e);
}

static struct certificate_row
certificate(unsigned side, struct slice serial)
{
	struct certificate_row row;

	ck_ok(certificate_get(cx, realm->authority, &sides[side],
	    text_hex(cx->arena, serial), &row));
	return row;
}

static size_t
claims_of(unsigned side, struct claim_row **out)
{
	struct claim_filter filter = { dev.device_id, -1, 0, 100 };
	size_t n;

	ck_ok(claim_list(cx, realm->authority, &sides[side], &filter, out,
	    &n));
	return n;
}

/* The data of the newest event of that type, or NULL. */
static const struct event_row *
event_of(unsigned side, const char *type)
{
	struct page page = { 0, 1000 };
	struct event_row *rows;
	const struct event_row *found = NULL;
	size_t n;

	ck_ok(event_list(cx, realm->authority, &sides[side], page, &rows,
	    &n));
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].type, type) == 0)
			found = &rows[i];
	return found;
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

/* The books are in order whenever a test ends. */
static void
stop(void)
{
	ck_ok(db_read(cx, realm->authority->db, fsck_work, NULL));
	end();
}

/* --- without evidence -------------------------------------------------------- */

START_TEST(what_is_accepted_is_the_takers_at_once)
{
	struct transfer_row t;
	struct enrollment e;
	struct device_view view;
	struct claim_row *rows;

	start();
	ck_ok(enroll_now(&dev, &e));
	t = offered(false);
	ck_assert_int_eq(state(&t), TRANSFER_OFFERED);
	ck_assert(has(A));
	ck_ok(step(B, TRANSFER_ACCEPT, &t));
	ck_assert_int_eq(state(&t), TRANSFER_DONE);
	ck_assert(!has(A));
	ck_ok(device_get(cx, realm->authority, &sides[B], dev.device_id,
	    &view));
	ck_assert_str_eq(view.group, "soft");
	ck_assert_int_eq(view.device.state, DEVICE_CLAIMED);
	ck_assert_int_eq(view.attested_s, 0);
	ck_assert_int_eq(certificate(A, e.serial).revoke_reason,
	    REVOKE_CESSATION);

	/* Both sides' history says so, each its own part. */
	ck_assert_uint_eq(claims_of(A, &rows), 1);
	ck_assert_str_eq(rows[0].transferred_to, "tenant-b");
	ck_assert_ptr_null(rows[0].transferred_from);
	ck_assert_str_eq(rows[0].released_by, "alice");
	ck_assert_str_eq(rows[0].release_reason, "sold");
	ck_assert_uint_eq(claims_of(B, &rows), 1);
	ck_assert_str_eq(rows[0].transferred_from, "tenant-a");
	ck_assert_ptr_null(rows[0].transferred_to);
	ck_assert_str_eq(rows[0].claimed_by, "bob");
	ck_assert_int_eq(rows[0].released_s, 0);

	/* And it enrols in the taker's CA. */
	ck_ok(enroll_now(&dev, &e));
	ck_assert_str_eq(e.tenant, "tenant-b");
	stop();
}
END_TEST

START_TEST(a_side_is_told_nobodys_name_of_the_other)
{
	static const char *const types[] = {
		"device.transfer-offered", "device.transfer-accepted",
		"device.transferred",
	};
	struct transfer_row t;

	start();
	t = offered(false);
	ck_ok(step(B, TRANSFER_ACCEPT, &t));
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		const struct event_row *a = event_of(A, types[i]);
		const struct event_row *b = event_of(B, types[i]);

		ck_assert_ptr_nonnull(a);
		ck_assert_ptr_nonnull(b);
		ck_assert_str_ne(a->actor, "bob");
		ck_assert_str_ne(b->actor, "alice");
		ck_assert_ptr_nonnull(strstr(a->data, "\"direction\":\"out\""));
		ck_assert_ptr_nonnull(strstr(b->data, "\"direction\":\"in\""));
		ck_assert_ptr_nonnull(strstr(a->data, t.handle));
	}
	stop();
}
END_TEST

START_TEST(an_offer_to_nobody_looks_like_any_other_and_lapses)
{
	struct transfer_row to_b, to_nobody;
	struct db_tenant made;
	struct dev other;

	start();
	other = new_device();
	claim(&other, "soft");
	to_b = offered(false);
	ck_ok(offer_as((struct transfer_offer){ .device_id = other.device_id,
	    .to = "nobody", .reason = "sold" }, &to_nobody));
	to_b = now(A, &to_b);
	to_nobody = now(A, &to_nobody);
	ck_assert_int_eq(to_b.state, to_nobody.state);
	ck_assert_int_eq(to_b.expires_s, to_nobody.expires_s);
	ck_assert_uint_eq(strlen(to_b.handle), strlen(to_nobody.handle));
	ck_fails(step(B, TRANSFER_ACCEPT, &to_nobody), ERR_NOT_FOUND);
	/* A tenant that is made later does not get it. */
	ck_ok(tenant_create(cx, realm->authority, &realm_admin, "nobody",
	    NULL, &made));
	ck_ok(tenant_find(cx, realm->authority, "nobody", &sides[B]));
	ck_fails(step(B, TRANSFER_ACCEPT, &to_nobody), ERR_NOT_FOUND);
	realm->ahead_s += TRANSFER_LIFE_S;
	ck_ok(transfer_round(cx, realm->authority));
	ck_assert_int_eq(state(&to_b), TRANSFER_EXPIRED);
	stop();
}
END_TEST

START_TEST(each_step_is_one_sides_and_of_some_states)
{
	struct transfer_row t;

	start();
	t = offered(false);
	ck_fails(step(A, TRANSFER_ACCEPT, &t), ERR_NOT_FOUND);
	ck_fails(step(A, TRANSFER_REJECT, &t), ERR_NOT_FOUND);
	ck_fails(step(B, TRANSFER_CANCEL, &t), ERR_NOT_FOUND);
	ck_fails(step(B, TRANSFER_UNDO, &t), ERR_NOT_FOUND);
	ck_fails(step(A, TRANSFER_UNDO, &t), ERR_CONFLICT);
	ck_ok(step(B, TRANSFER_REJECT, &t));
	ck_fails(step(B, TRANSFER_ACCEPT, &t), ERR_CONFLICT);
	ck_fails(step(A, TRANSFER_CANCEL, &t), ERR_CONFLICT);
	t = offered(false);
	ck_ok(step(A, TRANSFER_CANCEL, &t));
	ck_fails(step(B, TRANSFER_ACCEPT, &t), ERR_CONFLICT);
	t = offered(false);
	ck_ok(step(B, TRANSFER_ACCEPT, &t));
	ck_fails(step(B, TRANSFER_REJECT, &t), ERR_CONFLICT);
	ck_fails(step(A, TRANSFER_CANCEL, &t), ERR_CONFLICT);
	ck_fails(step(B, TRANSFER_ACCEPT, &t), ERR_CONFLICT);
	stop();
}
END_TEST

START_TEST(a_device_has_one_open_offer)
{
	struct transfer_row t, row;

	start();
	t = offered(false);
	ck_fails(offer_as((struct transfer_offer){ .to = "tenant-c" }, &row),
	    ERR_CONFLICT);
	realm->ahead_s += TRANSFER_LIFE_S;
	/* What is past its end is in nobody's way, looked through or not. */
	ck_fails(step(B, TRANSFER_ACCEPT, &t), ERR_CONFLICT);
	offered(false);
	ck_assert_int_eq(state(&t), TRANSFER_EXPIRED);
	ck_assert_ptr_nonnull(event_of(B, "device.transfer-expired"));
	stop();
}
END_TEST

START_TEST(only_what_one_has_is_offered_and_not_to_oneself)
{
	struct transfer_row row;
	struct transfer_offer offer = { .device_id = dev.device_id,
	    .to = "tenant-a" };

	start();
	offer.device_id = dev.device_id;
	ck_fails(transfer_make(cx, realm->authority, &sides[B], &owners[B],
	    &offer, &row), ERR_NOT_FOUND);
	ck_fails(offer_as(offer, &row), ERR_FIELD);
	ck_assert_str_eq(cx->trail->pointer, "/to");
	ck_fails(offer_as((struct transfer_offer){ .expires_s = 5 }, &row),
	    ERR_FIELD);
	ck_fails(offer_as((struct transfer_offer){ .expires_s = ctx_now(cx) +
	    TRANSFER_LIFE_S_MAX + 1 }, &row), ERR_FIELD);
	stop();
}
END_TEST

static void
ban(unsigned side, bool banned)
{
	struct device_change change = { .device_id = dev.device_id,
	    .reason = "stolen" };
	struct device_view view;

	ck_ok((banned ? device_ban : device_unban)(cx, realm->authority,
	    &sides[side], &owners[side], &change, &view));
}

START_TEST(a_banned_device_stays_where_it_is)
{
	struct transfer_row t, row;

	start();
	t = offered(false);
	ban(A, true);
	ck_fails(step(B, TRANSFER_ACCEPT, &t), ERR_CONFLICT);
	ck_ok(step(A, TRANSFER_CANCEL, &t));
	ck_fails(offer_as((struct transfer_offer){ .to = "tenant-b" }, &row),
	    ERR_CONFLICT);
	ban(A, false);
	t = offered(false);
	ck_ok(step(B, TRANSFER_ACCEPT, &t));
	ban(B, true);
	ck_fails(step(A, TRANSFER_UNDO, &t), ERR_CONFLICT);
	ban(B, false);
	ck_ok(step(A, TRANSFER_UNDO, &t));
	stop();
}
END_TEST

START_TEST(who_releases_a_device_offers_it_no_more)
{
	struct transfer_row t;

	start();
	t = offered(true);
	ck_ok(step(B, TRANSFER_ACCEPT, &t));
	ck_ok(claim_release(cx, realm->authority, &sides[A], &owners[A],
	    dev.device_id, NULL));
	ck_assert_int_eq(state(&t), TRANSFER_CANCELLED);
	stop();
}
END_TEST

/* --- with evidence -------------------------------------------------------------- */

START_TEST(with_evidence_the_next_enrolment_is_the_transfer)
{
	struct transfer_row t;
	struct enrollment before, after;
	struct certificate_row old;

	start();
	ck_ok(enroll_now(&dev, &before));
	t = offered(true);
	ck_ok(step(B, TRANSFER_ACCEPT, &t));
	ck_assert_int_eq(state(&t), TRANSFER_AWAITING);
	ck_assert(has(A) && !has(B));
	ck_assert_int_eq(certificate(A, before.serial).revoked_s, 0);
	ck_ok(enroll_now(&dev, &after));
	ck_assert_str_eq(after.tenant, "tenant-b");
	ck_assert_str_eq(after.group, "soft");
	ck_assert_int_eq(state(&t), TRANSFER_DONE);
	ck_assert(has(B) && !has(A));
	old = certificate(A, before.serial);
	ck_assert_int_eq(old.revoke_reason, REVOKE_CESSATION);
	ck_assert_int_eq(certificate(B, after.serial).revoked_s, 0);
	ck_assert_ptr_nonnull(event_of(B, "device.enrolled"));
	ck_assert_ptr_nonnull(event_of(A, "device.transferred"));
	stop();
}
END_TEST

START_TEST(evidence_that_the_takers_policy_refuses_moves_nothing)
{
	struct transfer_row t, seen;
	struct enrollment e;

	start();
	ck_ok(enroll_now(&dev, &e));
	t = offered(true);
	/* The default group of tenant-b wants a measured boot. */
	ck_ok(transfer_take_step(cx, realm->authority, &sides[B], &owners[B],
	    TRANSFER_ACCEPT, t.handle, NULL, &seen));
	ck_assert_int_eq(err_blame(enroll_now(&dev, &e)), ERR_BLAME_POLICY);
	ctx_forget(cx);
	ck_assert_int_eq(state(&t), TRANSFER_AWAITING);
	ck_assert(has(A) && !has(B));
	seen = now(B, &t);
	ck_assert_ptr_nonnull(seen.refusal);
	/* The code is the taker's to know. */
	ck_assert_ptr_nonnull(strstr(event_of(B,
	    "device.transfer-refused")->data, seen.refusal));
	ck_assert_ptr_null(strstr(event_of(A,
	    "device.transfer-refused")->data, "code"));
	/* The giver calls it off, and the device goes on as before. */
	ck_ok(step(A, TRANSFER_CANCEL, &t));
	ck_ok(enroll_now(&dev, &e));
	ck_assert_str_eq(e.tenant, "tenant-a");
	stop();
}
END_TEST

START_TEST(a_transfer_that_waits_too_long_is_over)
{
	struct transfer_row t;
	struct enrollment e;

	start();
	ck_ok(offer_as((struct transfer_offer){ .needs_evidence = true,
	    .expires_s = ctx_now(cx) + 60 }, &t));
	ck_ok(step(B, TRANSFER_ACCEPT, &t));
	realm->ahead_s += 60;
	ck_ok(enroll_now(&dev, &e));
	ck_assert_str_eq(e.tenant, "tenant-a");
	ck_ok(transfer_round(cx, realm->authority));
	ck_assert_int_eq(state(&t), TRANSFER_EXPIRED);
	stop();
}
END_TEST

START_TEST(a_ban_by_the_giver_holds_for_the_enrolment_that_would_move_it)
{
	struct transfer_row t;
	struct enrollment e;
	struct certificate_filter filter = { .device_id = dev.device_id,
	    .revoked = 1, .limit = 10 };
	struct certificate_row *rows;
	size_t n;

	start();
	filter.device_id = dev.device_id;
	ck_ok(enroll_now(&dev, &e));
	t = offered(true);
	ck_ok(step(B, TRANSFER_ACCEPT, &t));
	ban(A, true);
	ck_fails(enroll_now(&dev, &e), ERR_HW_BANNED);
	ban(A, false);
	ck_ok(certificate_list(cx, realm->authority, &sides[B], &filter,
	    &rows, &n, &(int64_t){ 0 }));
	ck_assert_uint_eq(n, 0);
	ck_assert(has(A));
	stop();
}
END_TEST

START_TEST(a_setting_asks_every_offer_for_evidence)
{
	struct transfer_row t;

	start();
	realm->authority->limits.transfer_evidence = true;
	t = offered(false);
	ck_assert(t.needs_evidence);
	ck_ok(step(B, TRANSFER_ACCEPT, &t));
	ck_assert_int_eq(state(&t), TRANSFER_AWAITING);
	stop();
}
END_TEST

/* --- taking back ------------------------------------------------------------------ */

START_TEST(the_giver_takes_back_in_time_and_what_the_taker_issued_is_revoked)
{
	struct transfer_row t;
	struct enrollment e;
	struct device_view view;
	struct claim_row *rows;

	start();
	t = offered(false);
	ck_ok(step(B, TRANSFER_ACCEPT, &t));
	ck_ok(enroll_now(&dev, &e));
	realm->ahead_s += DAY;
	ck_ok(step(A, TRANSFER_UNDO, &t));
	ck_assert_int_eq(state(&t), TRANSFER_UNDONE);
	ck_assert_int_eq(certificate(B, e.serial).revoke_reason,
	    REVOKE_CESSATION);
	ck_ok(device_get(cx, realm->authority, &sides[A], dev.device_id,
	    &view));
	ck_assert_str_eq(view.group, "soft");
	ck_assert(!has(B));
	ck_assert_uint_eq(claims_of(A, &rows), 2);
	ck_assert_str_eq(rows[1].transferred_from, "tenant-b");
	ck_assert_uint_eq(claims_of(B, &rows), 1);
	ck_assert_str_eq(rows[0].transferred_to, "tenant-a");
	ck_assert_str_eq(rows[0].released_by, "tenant-a");
	ck_fails(step(A, TRANSFER_UNDO, &t), ERR_CONFLICT);
	stop();
}
END_TEST

START_TEST(what_is_taken_back_is_offered_by_the_taker_no_more)
{
	struct transfer_row t, on;
	struct transfer_offer offer = { .to = "tenant-c", .device_id =
	    dev.device_id };

	start();
	offer.device_id = dev.device_id;
	t = offered(false);
	ck_ok(step(B, TRANSFER_ACCEPT, &t));
	ck_ok(transfer_make(cx, realm->authority, &sides[B], &owners[B],
	    &offer, &on));
	ck_ok(step(A, TRANSFER_UNDO, &t));
	ck_ok(transfer_get(cx, realm->authority, &sides[B], on.handle, &on));
	ck_assert_int_eq(on.state, TRANSFER_CANCELLED);
	stop();
}
END_TEST

START_TEST(nothing_is_undone_too_late)
{
	struct transfer_row t;

	start();
	t = offered(false);
	ck_ok(step(B, TRANSFER_ACCEPT, &t));
	realm->ahead_s += 3 * DAY + 1;
	ck_fails(step(A, TRANSFER_UNDO, &t), ERR_CONFLICT);
	ck_assert(has(B));
	stop();
}
END_TEST

START_TEST(what_the_taker_has_no_more_cannot_be_taken_back_from_it)
{
	struct claim_result result;
	struct claim_request request = { .device_id = dev.device_id };
	struct transfer_row t;

	start();
	request.device_id = dev.device_id;
	t = offered(false);
	ck_ok(step(B, TRANSFER_ACCEPT, &t));
	ck_ok(claim_release(cx, realm->authority, &sides[B], &owners[B],
	    dev.device_id, NULL));
	ck_fails(step(A, TRANSFER_UNDO, &t), ERR_CONFLICT);
	/* Nor when it has it again by a claim of its own. */
	ck_ok(claim_make(cx, realm->authority, &sides[B], &owners[B],
	    &request, &result));
	ck_fails(step(A, TRANSFER_UNDO, &t), ERR_CONFLICT);
	ck_assert(has(B));
	stop();
}
END_TEST

static struct err
restore(unsigned side)
{
	struct claim_result result;

	return claim_restore(cx, realm->authority, &sides[side],
	    &owners[side], dev.device_id, &result);
}

static void
release(unsigned side)
{
	ck_ok(claim_release(cx, realm->authority, &sides[side],
	    &owners[side], dev.device_id, NULL));
}

START_TEST(a_release_is_undone_in_time_into_the_group_of_before)
{
	struct device_view view;

	start();
	release(A);
	ck_fails(restore(B), ERR_NOT_FOUND);
	realm->ahead_s += DAY;
	ck_ok(restore(A));
	ck_ok(device_get(cx, realm->authority, &sides[A], dev.device_id,
	    &view));
	ck_assert_str_eq(view.group, "soft");
	/* Once more is no change. */
	ck_ok(restore(A));
	release(A);
	realm->ahead_s += 3 * DAY;
	ck_fails(restore(A), ERR_CONFLICT);
	stop();
}
END_TEST

START_TEST(what_somebody_claimed_since_is_not_restored)
{
	struct claim_request request = { .device_id = dev.device_id };
	struct claim_result result;

	start();
	request.device_id = dev.device_id;
	release(A);
	ck_ok(claim_make(cx, realm->authority, &sides[B], &owners[B],
	    &request, &result));
	ck_fails(restore(A), ERR_CLAIM_TAKEN);
	release(B);
	ck_fails(restore(A), ERR_CLAIM_TAKEN);
	ck_ok(restore(B));
	stop();
}
END_TEST

/* --- others ------------------------------------------------------------------------ */

START_TEST(a_third_tenant_sees_nothing_of_it)
{
	struct tenant third;
	struct db_tenant made;
	struct transfer_filter filter = { .incoming = true, .limit = 10 };
	struct transfer_row t, *rows;
	size_t n;

	start();
	ck_ok(tenant_create(cx, realm->authority, &realm_admin, "tenant-c",
	    NULL, &made));
	ck_ok(tenant_find(cx, realm->authority, "tenant-c", &third));
	t = offered(false);
	ck_fails(transfer_get(cx, realm->authority, &third, t.handle, &t),
	    ERR_NOT_FOUND);
	ck_ok(transfer_list(cx, realm->authority, &third, &filter, &rows,
	    &n));
	ck_assert_uint_eq(n, 0);
	ck_ok(transfer_list(cx, realm->authority, &sides[B], &filter, &rows,
	    &n));
	ck_assert_uint_eq(n, 1);
	filter.state = "done";
	ck_ok(transfer_list(cx, realm->authority, &sides[B], &filter, &rows,
	    &n));
	ck_assert_uint_eq(n, 0);
	filter = (struct transfer_filter){ .state = "x", .limit = 10 };
	ck_fails(transfer_list(cx, realm->authority, &sides[A], &filter,
	    &rows, &n), ERR_PARAMETER);
	stop();
}
END_TEST

START_TEST(claims_of_an_older_database_are_kept)
{
	static const char old[] =
	    "INSERT INTO tenant (id, name, title, created_s) "
	    "VALUES (1, 'old', '', 1);"
	    "INSERT INTO device_group (id, tenant, name, title, "
	    "policy_version, created_s) VALUES (1, 1, 'default', '', 1, 1);"
	    "INSERT INTO claim (tenant, device_id, device_group, claimed_s, "
	    "claimed_by) VALUES (1, 'd', 1, 1, 'x');";
	char folder[] = "/tmp/t_transfer.XXXXXX";
	struct claim_filter filter = { NULL, -1, 0, 10 };
	struct tenant old_tenant = { .id = 1 };
	struct authority a = { .db = NULL };
	struct claim_row *rows;
	size_t n_rows;

	a.db = older_db(folder, "TABLE transfer", old);
	ck_ok(claim_list(cx, &a, &old_tenant, &filter, &rows, &n_rows));
	ck_assert_uint_eq(n_rows, 1);
	ck_assert_str_eq(rows[0].claimed_by, "x");
	ck_assert_ptr_null(rows[0].transferred_from);
	older_db_end(a.db, folder);
}
END_TEST

UNIT_MAIN("transfer",
    what_is_accepted_is_the_takers_at_once,
    a_side_is_told_nobodys_name_of_the_other,
    an_offer_to_nobody_looks_like_any_other_and_lapses,
    each_step_is_one_sides_and_of_some_states,
    a_device_has_one_open_offer,
    only_what_one_has_is_offered_and_not_to_oneself,
    a_banned_device_stays_where_it_is,
    who_releases_a_device_offers_it_no_more,
    with_evidence_the_next_enrolment_is_the_transfer,
    evidence_that_the_takers_policy_refuses_moves_nothing,
    a_transfer_that_waits_too_long_is_over,
    a_ban_by_the_giver_holds_for_the_enrolment_that_would_move_it,
    a_setting_asks_every_offer_for_evidence,
    the_giver_takes_back_in_time_and_what_the_taker_issued_is_revoked,
    what_is_taken_back_is_offered_by_the_taker_no_more,
    nothing_is_undone_too_late,
    what_the_taker_has_no_more_cannot_be_taken_back_from_it,
    a_release_is_undone_in_time_into_the_group_of_before,
    what_somebody_claimed_since_is_not_restored,
    a_third_tenant_sees_nothing_of_it,
    claims_of_an_older_database_are_kept)
