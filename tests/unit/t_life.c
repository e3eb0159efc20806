/* SPDX-License-Identifier: Apache-2.0 */
/* Each step of a CA's life, each that is refused, and a crash after each. */
#include "tests/unit/leaves.h"

#include <unistd.h>

#include "authority/bundle.h"
#include "authority/client.h"
#include "authority/crls.h"
#include "authority/event.h"
#include "authority/issuers.h"
#include "authority/life.h"
#include "authority/rollover.h"
#include "pki/cert.h"

static const struct authority *a;

static void
begin(void)
{
	leaves_open();
	/* Only what a test does, happens. */
	realm->authority->limits.ca_rollover_auto = false;
	a = realm->authority;
}

static void
reopen(void)
{
	realm_reopen(cx, realm);
	realm->authority->limits.ca_rollover_auto = false;
	a = realm->authority;
}

static struct db_ca
row_of(const uint8_t *key_id)
{
	struct db_ca ca;

	ck_ok(ca_get(cx, a, &tenant, text_hex(cx->arena,
	    SLICE(key_id, ISSUER_KEY_ID_SIZE)), &ca));
	return ca;
}

static struct db_ca
active(enum ca_role role)
{
	const struct issuer *issuer = issuers_active(a, tenant.id, role);

	ck_assert_ptr_nonnull(issuer);
	return row_of(issuer->key_id);
}

static struct err
try_stage(enum ca_role role, struct db_ca *out)
{
	struct life_plan plan = { .role = role };

	return life_stage(cx, a, &tenant, &realm_admin, &plan, out);
}

static struct db_ca
stage(enum ca_role role)
{
	struct db_ca ca;

	ck_ok(try_stage(role, &ca));
	return ca;
}

static struct err
step(life_fn *fn, const struct db_ca *ca)
{
	struct life_step what = { text_hex(cx->arena, ca->key_id), 2,
	    REVISION_ANY };
	struct db_ca out;

	return fn(cx, a, &tenant, &realm_admin, &what, &out);
}

static const char *
state_of(const struct db_ca *ca)
{
	return row_of(ca->key_id.p).state;
}

static unsigned
n_events(const char *type)
{
	struct page page = { 0, 1000 };
	struct event_row *events;
	unsigned found = 0;
	size_t n;

	ck_ok(event_list(cx, a, &tenant, page, &events, &n));
	for (size_t i = 0; i < n; i++)
		found += strcmp(events[i].type, type) == 0;
	return found;
}

START_TEST(a_staged_ca_issues_nothing_until_it_is_activated)
{
	struct db_ca old, next;
	struct certificate_row leaf;

	begin();
	old = active(CA_ROLE_ISSUING);
	next = stage(CA_ROLE_ISSUING);
	ck_assert_str_eq(next.state, "staged");
	ck_assert_str_eq(ca_subject(cx, &next), "O=tenant-a, CN=Issuing CA 2");
	ck_assert_int_eq(next.parent_id, old.parent_id);
	leaf = leaves_issue(&tenant);
	ck_assert_int_eq(leaf.ca_id, old.id);
	ck_ok(step(life_activate, &next));
	leaf = leaves_issue(&tenant);
	ck_assert_int_eq(leaf.ca_id, next.id);
	ck_assert_str_eq(state_of(&old), "retiring");
	ck_assert_str_eq(state_of(&next), "active");
	ck_assert_uint_eq(n_events("ca.staged"), 1);
	ck_assert_uint_eq(n_events("ca.activated"), 1);
	ck_assert_uint_eq(n_events("ca.retiring"), 1);
	leaves_close();
}
END_TEST

START_TEST(one_of_a_role_is_staged_at_a_time)
{
	struct db_ca next, other;

	begin();
	next = stage(CA_ROLE_ISSUING);
	ck_fails(try_stage(CA_ROLE_ISSUING, &other), ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(cx->trail->tell, text_hex(cx->arena,
	    next.key_id)));
	(void)stage(CA_ROLE_ROOT);
	ck_ok(step(life_retire, &next));
	ck_assert_str_eq(state_of(&next), "retired");
	ck_ok(try_stage(CA_ROLE_ISSUING, &other));
	ck_fails(try_stage(CA_ROLE_SERVER, &other), ERR_FIELD);
	leaves_close();
}
END_TEST

START_TEST(only_a_staged_ca_is_activated)
{
	static life_fn *const ends[] = { life_retire, life_taint, life_revoke };
	struct db_ca now;

	begin();
	now = active(CA_ROLE_ISSUING);
	ck_fails(step(life_activate, &now), ERR_CONFLICT);
	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		struct db_ca ca = stage(CA_ROLE_ISSUING);

		ck_ok(step(ends[i], &ca));
		ck_fails(step(life_activate, &ca), ERR_CONFLICT);
	}
	ck_assert_str_eq(state_of(&now), "active");
	leaves_close();
}
END_TEST

START_TEST(a_ca_retires_only_when_nothing_of_it_is_valid)
{
	struct certificate_row leaf;
	struct db_ca old, next;

	begin();
	realm_use_clock(cx, realm);
	old = active(CA_ROLE_ISSUING);
	leaf = leaves_issue(&tenant);
	ck_fails(step(life_retire, &old), ERR_CONFLICT);
	next = stage(CA_ROLE_ISSUING);
	ck_ok(step(life_activate, &next));
	ck_fails(step(life_retire, &old), ERR_CONFLICT);
	realm->ahead_s = leaf.not_after_s - ctx_now(cx);
	ck_fails(step(life_retire, &old), ERR_CONFLICT);
	realm->ahead_s += 2;
	ck_ok(step(life_retire, &old));
	ck_assert_str_eq(state_of(&old), "retired");
	ck_fails(step(life_retire, &old), ERR_CONFLICT);
	ck_fails(step(life_taint, &old), ERR_CONFLICT);
	leaves_close();
}
END_TEST

START_TEST(a_taint_hands_over_to_the_staged_one_and_stops_nothing_else)
{
	struct certificate_filter filter = { .revoked = 0, .limit = 10 };
	struct certificate_row leaf, *rows;
	struct db_ca old, next;
	size_t n;

	begin();
	old = active(CA_ROLE_ISSUING);
	leaf = leaves_issue(&tenant);
	next = stage(CA_ROLE_ISSUING);
	ck_ok(step(life_taint, &old));
	ck_assert_str_eq(state_of(&old), "tainted");
	ck_assert_str_eq(state_of(&next), "active");
	ck_assert(issuers_is_alive(a, issuers_by_id(a, old.id)));
	ck_assert_int_eq(leaves_issue(&tenant).ca_id, next.id);
	filter.ca_id = old.id;
	filter.since_s = ctx_now(cx);
	ck_ok(certificate_list(cx, a, &tenant, &filter, &rows, &n,
	    &(int64_t){ 0 }));
	ck_assert_uint_eq(n, 1);
	ck_assert(slice_equal(rows[0].serial, leaf.serial));
	filter.since_s = leaf.not_after_s + 1;
	ck_ok(certificate_list(cx, a, &tenant, &filter, &rows, &n,
	    &(int64_t){ 0 }));
	ck_assert_uint_eq(n, 0);
	ck_fails(step(life_taint, &old), ERR_CONFLICT);
	ck_fails(step(life_retire, &old), ERR_CONFLICT);
	leaves_close();
}
END_TEST

START_TEST(a_taint_without_a_successor_stops_issuing_or_makes_one)
{
	struct db_ca old, now;

	begin();
	old = active(CA_ROLE_ISSUING);
	ck_ok(step(life_taint, &old));
	ck_assert_ptr_null(issuers_active(a, tenant.id, CA_ROLE_ISSUING));
	realm->authority->limits.ca_rollover_auto = true;
	ck_ok(rollover_round(cx, a));
	now = active(CA_ROLE_ISSUING);
	ck_assert_int_ne(now.id, old.id);
	ck_ok(step(life_taint, &now));
	ck_assert_int_ne(active(CA_ROLE_ISSUING).id, now.id);
	ck_assert_uint_eq(n_events("ca.tainted"), 2);
	leaves_close();
}
END_TEST

static bool
list_shows(const struct issuer *issuer, unsigned shard, struct slice serial)
{
	struct crl_view list;

	for (unsigned i = 0; i < 500; i++) {
		ck_ok(crls_get(cx, a, issuer, shard, &list));
		if (memmem(list.der.p, list.der.n, serial.p, serial.n) !=
		    NULL)
			return true;
		(void)usleep(10000);
	}
	return false;
}

START_TEST(a_revoked_ca_is_on_its_roots_list_with_all_that_it_issued)
{
	struct certificate_row leaf, after;
	const struct issuer *issuer;
	struct db_ca old, next;

	begin();
	old = active(CA_ROLE_ISSUING);
	leaf = leaves_issue(&tenant);
	next = stage(CA_ROLE_ISSUING);
	ck_ok(step(life_revoke, &old));
	old = row_of(old.key_id.p);
	ck_assert_str_eq(old.state, "revoked");
	ck_assert_int_eq(old.revoke_reason, 2);
	ck_assert_str_eq(state_of(&next), "active");
	issuer = issuers_by_id(a, old.id);
	ck_assert(!issuers_is_alive(a, issuer));
	ck_assert(list_shows(issuer->parent, CRL_COMPLETE, old.serial));
	ck_assert(list_shows(issuer, CRL_COMPLETE, leaf.serial));
	ck_assert(list_shows(issuer, leaf.shard, leaf.serial));
	ck_ok(certificate_get(cx, a, &tenant, text_hex(cx->arena,
	    leaf.serial), &after));
	ck_assert_int_eq(after.revoke_reason, 4);
	ck_fails(step(life_revoke, &old), ERR_CONFLICT);
	reopen();
	ck_assert(list_shows(issuers_by_id(a, old.parent_id), CRL_COMPLETE,
	    old.serial));
	ck_assert_int_eq(active(CA_ROLE_ISSUING).id, next.id);
	leaves_close();
}
END_TEST

START_TEST(a_root_is_not_revoked_before_those_under_it)
{
	struct db_ca root, next, issuing;
	struct bundle bundle;

	begin();
	root = active(CA_ROLE_ROOT);
	issuing = active(CA_ROLE_ISSUING);
	ck_fails(step(life_revoke, &root), ERR_CONFLICT);
	next = stage(CA_ROLE_ROOT);
	ck_ok(step(life_activate, &next));
	ck_fails(step(life_retire, &root), ERR_CONFLICT);
	ck_ok(step(life_revoke, &issuing));
	ck_ok(step(life_revoke, &root));
	ck_ok(bundle_of_tenant(cx, a, &tenant, BUNDLE_DER, false, &bundle));
	ck_assert(slice_equal(bundle.bytes, next.certificate));
	/* For ever, whatever became of it. */
	ck_ok(bundle_of_ca(cx, a, &tenant, text_hex(cx->arena,
	    issuing.key_id), BUNDLE_PEM, &bundle));
	leaves_close();
}
END_TEST

START_TEST(nothing_can_be_staged_or_activated_without_its_root)
{
	struct db_ca root, next, other;

	begin();
	root = active(CA_ROLE_ROOT);
	next = stage(CA_ROLE_ISSUING);
	ck_ok(step(life_taint, &root));
	ck_fails(step(life_activate, &next), ERR_CONFLICT);
	ck_ok(step(life_retire, &next));
	ck_fails(try_stage(CA_ROLE_ISSUING, &other), ERR_CONFLICT);
	/* What is there goes on meanwhile. */
	(void)leaves_issue(&tenant);
	leaves_close();
}
END_TEST

START_TEST(a_calendar_is_kept_changed_and_checked)
{
	struct life_calendar when = { .retire_s = LIFE_AS_IT_IS };
	struct life_plan plan = { .role = CA_ROLE_ISSUING };
	const char *id;
	struct db_ca next, out;

	begin();
	realm_use_clock(cx, realm);
	plan.activate_s = ctx_now(cx) + 100;
	plan.retire_s = plan.activate_s;
	ck_fails(life_stage(cx, a, &tenant, &realm_admin, &plan, &next),
	    ERR_FIELD);
	ck_assert_str_eq(cx->trail->pointer, "/retire_at");
	plan.retire_s = plan.activate_s + 86400;
	ck_ok(life_stage(cx, a, &tenant, &realm_admin, &plan, &next));
	id = text_hex(cx->arena, next.key_id);
	ck_ok(rollover_round(cx, a));
	ck_assert_str_eq(state_of(&next), "staged");
	when.activate_s = ctx_now(cx) + 50;
	ck_ok(life_schedule(cx, a, &tenant, &realm_admin, id, &when, &out));
	/* Who read it before that is told so. */
	when.revision = out.revision - 1;
	ck_fails(life_schedule(cx, a, &tenant, &realm_admin, id, &when, &out),
	    ERR_PRECONDITION);
	when.revision = REVISION_ANY;
	ck_assert_int_eq(out.retire_s, plan.retire_s);
	when.activate_s = next.not_after_s;
	ck_fails(life_schedule(cx, a, &tenant, &realm_admin, id, &when, &out),
	    ERR_FIELD);
	realm->ahead_s = 60;
	ck_ok(rollover_round(cx, a));
	ck_assert_str_eq(state_of(&next), "active");
	ck_fails(life_schedule(cx, a, &tenant, &realm_admin, id, &when, &out),
	    ERR_CONFLICT);
	leaves_close();
}
END_TEST

START_TEST(a_crash_after_any_step_loses_none)
{
	struct certificate_row leaf;
	struct db_ca old, next;

	begin();
	old = active(CA_ROLE_ISSUING);
	leaf = leaves_issue(&tenant);
	next = stage(CA_ROLE_ISSUING);
	reopen();
	ck_assert_str_eq(state_of(&next), "staged");
	ck_assert_int_eq(leaves_issue(&tenant).ca_id, old.id);
	ck_ok(step(life_activate, &next));
	reopen();
	ck_assert_int_eq(leaves_issue(&tenant).ca_id, next.id);
	ck_assert_str_eq(state_of(&old), "retiring");
	ck_ok(step(life_taint, &old));
	reopen();
	ck_assert_str_eq(state_of(&old), "tainted");
	ck_ok(step(life_revoke, &old));
	reopen();
	ck_assert_str_eq(state_of(&old), "revoked");
	ck_assert(list_shows(issuers_by_id(a, old.id), CRL_COMPLETE,
	    leaf.serial));
	ck_assert_uint_eq(n_events("ca.revoked"), 1);
	leaves_close();
}
END_TEST

START_TEST(what_was_made_but_never_recorded_comes_back_retired)
{
	struct ca_spec spec = { .tenant = "tenant-a",
	    .role = CA_ROLE_ISSUING, .alg = CA_ALG_P384, .number = 9 };
	struct db_ca root, lost, found;

	begin();
	root = active(CA_ROLE_ROOT);
	spec.parent = &root;
	ck_ok(ca_make(cx, a, &spec, &lost));	/* and then the power fails */
	reopen();
	found = row_of(lost.key_id.p);
	ck_assert_str_eq(found.state, "retired");
	ck_assert_str_eq(found.algorithm, "p384");
	ck_fails(step(life_activate, &found), ERR_CONFLICT);
	leaves_close();
}
END_TEST

START_TEST(another_tenants_cas_are_not_there)
{
	struct life_calendar when = { LIFE_AS_IT_IS, LIFE_AS_IT_IS,
	    REVISION_ANY };
	static life_fn *const steps[] = {
		life_activate, life_retire, life_taint, life_revoke,
	};
	struct bundle bundle;
	struct tenant other;
	struct db_ca ca, out;
	const char *id;

	begin();
	leaves_tenant("tenant-b", &other);
	ca = stage(CA_ROLE_ISSUING);
	id = text_hex(cx->arena, ca.key_id);
	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		struct life_step what = { id, 0, REVISION_ANY };

		ck_fails(steps[i](cx, a, &other, &realm_admin, &what, &out),
		    ERR_NOT_FOUND);
	}
	ck_fails(life_schedule(cx, a, &other, &realm_admin, id, &when, &out),
	    ERR_NOT_FOUND);
	ck_fails(bundle_of_ca(cx, a, &other, id, BUNDLE_PEM, &bundle),
	    ERR_NOT_FOUND);
	ck_assert_str_eq(state_of(&ca), "staged");
	leaves_close();
}
END_TEST

UNIT_MAIN("life",
    a_staged_ca_issues_nothing_until_it_is_activated,
    one_of_a_role_is_staged_at_a_time,
    only_a_staged_ca_is_activated,
    a_ca_retires_only_when_nothing_of_it_is_valid,
    a_taint_hands_over_to_the_staged_one_and_stops_nothing_else,
    a_taint_without_a_successor_stops_issuing_or_makes_one,
    a_revoked_ca_is_on_its_roots_list_with_all_that_it_issued,
    a_root_is_not_revoked_before_those_under_it,
    nothing_can_be_staged_or_activated_without_its_root,
    a_calendar_is_kept_changed_and_checked,
    a_crash_after_any_step_loses_none,
    what_was_made_but_never_recorded_comes_back_retired,
    another_tenants_cas_are_not_there)
