/* SPDX-License-Identifier: Apache-2.0 */
/* Rollover by time, and under load. */
#include "tests/unit/soft_device.h"

#include <pthread.h>

#include "authority/event.h"
#include "authority/issuers.h"
#include "authority/life.h"
#include "authority/rollover.h"
#include "pki/cert.h"

/*
 * The signer's clock is the machine's, and it makes nothing that begins more
 * than 300 s ahead: so these CAs live for minutes.
 */
#define CA_LIFE_S	240
#define ANNOUNCE_S	20
#define LEAF_S		40

static void
begin_short(void)
{
	struct group_spec spec = { .profile = "soft",
	    .profile_version = PROFILE_NEWEST };
	struct db_tenant row;
	struct db_group group;
	struct policy policy;

	realm = realm_open(cx);
	realm_use_clock(cx, realm);
	realm->authority->limits.ca_issuing_life_s = CA_LIFE_S;
	realm->authority->limits.ca_announce_s = ANNOUNCE_S;
	ck_ok(tenant_create(cx, realm->authority, &realm_admin, "tenant-a",
	    NULL, &row));
	ck_ok(tenant_find(cx, realm->authority, "tenant-a", &tenant));
	ck_ok(policy_parse(cx, SOFT_POLICY, &policy));
	make_profile("soft", arena_printf(cx->arena, "{\"lifetime_s\":%d,"
	    "\"backdate_s\":5,\"renew_without_evidence_s\":3600,"
	    "\"min_interval_s\":1}", LEAF_S));
	ck_ok(group_create(cx, realm->authority, &tenant, &realm_admin,
	    "soft", &spec, &policy, &group));
}

static const struct issuer *
active(void)
{
	const struct issuer *issuer = issuers_active(realm->authority,
	    tenant.id, CA_ROLE_ISSUING);

	ck_assert_ptr_nonnull(issuer);
	return issuer;
}

static struct db_ca
row_of(const struct issuer *issuer)
{
	struct db_ca ca;

	ck_ok(ca_get(cx, realm->authority, &tenant, text_hex(cx->arena,
	    SLICE_OF(issuer->key_id)), &ca));
	return ca;
}

/* Second by second, as the upkeep would, until the state is that. */
static void
run_until(const struct issuer *issuer, const char *state)
{
	for (unsigned i = 0; i < 300; i++) {
		ck_ok(rollover_round(cx, realm->authority));
		if (strcmp(row_of(issuer).state, state) == 0)
			return;
		realm->ahead_s++;
	}
	ck_abort_msg("%s, never %s", row_of(issuer).state, state);
}

static bool
is_accepted(const struct enrollment *e)
{
	struct client_device client;
	struct err err = client_authenticate(cx, realm->authority,
	    e->certificate, &client);

	ctx_forget(cx);
	return !failed(err);
}

static const struct issuer *
issuer_of(const struct enrollment *e)
{
	struct cert cert;

	ck_ok(cert_parse(cx, e->certificate, &cert));
	return issuers_by_key_id(realm->authority, cert.aki.p);
}

START_TEST(a_fleet_goes_through_a_rollover_without_anybodys_hand)
{
	const struct issuer *first, *second;
	struct enrollment before, late, after;
	struct dev devices[2];
	struct db_ca staged;

	begin_short();
	for (size_t i = 0; i < 2; i++) {
		devices[i] = new_device();
		claim(&devices[i], "soft");
	}
	ck_ok(enroll_now(&devices[0], &before));
	first = active();
	/* Staged at two thirds, announced, then active. */
	realm->ahead_s = CA_LIFE_S * 2 / 3 - 12;
	ck_ok(rollover_round(cx, realm->authority));
	ck_assert_ptr_eq(active(), first);
	ck_ok(enroll_now(&devices[1], &late));
	ck_assert_ptr_eq(issuer_of(&late), first);
	run_until(first, "retiring");
	second = active();
	staged = row_of(second);
	ck_assert_int_ge(staged.activated_s, staged.staged_s + ANNOUNCE_S);
	/* But for the seconds that making it takes. */
	ck_assert_int_ge(staged.staged_s,
	    row_of(first).staged_s + CA_LIFE_S * 2 / 3 - 10);
	/* Both verify; what is new is of the new one. */
	ck_assert(!is_accepted(&before));	/* it has expired by now */
	ck_assert(is_accepted(&late));
	ck_ok(enroll_now(&devices[0], &after));
	ck_assert_ptr_eq(issuer_of(&after), second);
	ck_assert(is_accepted(&after));
	ck_assert(slice_equal(after.root, before.root));
	/* The old one goes with its last certificate. */
	run_until(first, "retired");
	ck_assert_int_gt(ctx_now(cx), late.not_after_s);
	ck_assert(!is_accepted(&late));
	run_until(first, "expired");
	ck_assert_ptr_eq(active(), second);
	end();
}
END_TEST

START_TEST(a_crash_between_the_steps_of_a_rollover_only_delays_it)
{
	const struct issuer *first;
	struct db_ca last;

	begin_short();
	first = active();
	for (unsigned i = 0; i < CA_LIFE_S - 20; i += 10) {
		struct slice id = slice_dup(cx->arena,
		    SLICE_OF(first->key_id));

		realm->ahead_s = i;
		realm_reopen(cx, realm);
		realm->authority->limits.ca_issuing_life_s = CA_LIFE_S;
		realm->authority->limits.ca_announce_s = ANNOUNCE_S;
		ck_ok(rollover_round(cx, realm->authority));
		first = issuers_by_key_id(realm->authority, id.p);
		(void)active();
	}
	last = row_of(first);
	ck_assert_str_eq(last.state, "retired");
	ck_assert_str_eq(row_of(active()).state, "active");
	ck_assert(active() != first);
	end();
}
END_TEST

START_TEST(without_automatic_rollover_an_event_asks_for_a_successor_once)
{
	struct page page = { 0, 1000 };
	struct event_row *events;
	unsigned asked = 0;
	size_t n;

	begin_short();
	realm->authority->limits.ca_rollover_auto = false;
	realm->ahead_s = CA_LIFE_S * 2 / 3 + 1;
	for (unsigned i = 0; i < 3; i++)
		ck_ok(rollover_round(cx, realm->authority));
	ck_ok(event_list(cx, realm->authority, &tenant, page, &events, &n));
	for (size_t i = 0; i < n; i++)
		asked += strcmp(events[i].type, "ca.successor-due") == 0;
	ck_assert_uint_eq(asked, 1);
	ck_assert_str_eq(row_of(active()).state, "active");
	end();
}
END_TEST

/* As when the server was off for long, or the plan was forgotten. */
START_TEST(an_active_ca_that_expires_is_followed_by_what_there_is)
{
	const struct issuer *first;
	struct life_plan plan = { .role = CA_ROLE_ISSUING };
	struct db_ca staged;

	begin_short();
	realm->authority->limits.ca_rollover_auto = false;
	first = active();
	realm->ahead_s = 100;
	ck_ok(life_stage(cx, realm->authority, &tenant, &realm_admin, &plan,
	    &staged));
	realm->ahead_s = CA_LIFE_S + 2;
	ck_ok(rollover_round(cx, realm->authority));
	ck_assert_str_eq(row_of(first).state, "expired");
	ck_assert_int_eq(active()->id, staged.id);
	end();
	/* And with automatic rollover, where there is nothing, by a new one. */
	begin_short();
	first = active();
	realm->ahead_s = CA_LIFE_S + 2;
	ck_ok(rollover_round(cx, realm->authority));
	ck_assert_str_eq(row_of(first).state, "expired");
	ck_assert(active() != first);
	end();
}
END_TEST

START_TEST(the_service_own_server_ca_rolls_over_too)
{
	const struct issuer *first, *second;
	struct tenant platform;

	begin_short();
	ck_ok(tenant_find(cx, realm->authority, TENANT_PLATFORM, &platform));
	first = issuers_active(realm->authority, platform.id, CA_ROLE_SERVER);
	realm->authority->limits.ca_announce_s = 1;
	/* Its life was a long one: only a taint can hurry it. */
	{
		struct life_step what = { .key_id = text_hex(cx->arena,
		    SLICE_OF(first->key_id)) };
		struct db_ca out;

		ck_ok(life_taint(cx, realm->authority, &platform,
		    &realm_admin, &what, &out));
	}
	second = issuers_active(realm->authority, platform.id,
	    CA_ROLE_SERVER);
	ck_assert_ptr_nonnull(second);
	ck_assert(second != first);
	ck_assert_ptr_eq(second->parent, first->parent);
	end();
}
END_TEST

/* --- races ------------------------------------------------------------------ */

#define THREADS		4
#define EACH		12
#define ROLLS		6

static pthread_mutex_t	check_lock = PTHREAD_MUTEX_INITIALIZER;

struct enroller {
	pthread_t		 thread;
	struct enroll_request	*requests;
	struct slice		 certificates[EACH];
	unsigned		 n;
};

static void *
enroll_many(void *arg)
{
	struct enroller *e = arg;
	struct ctx_root root;

	ctx_root_init(&root, NULL);
	for (unsigned i = 0; i < EACH; i++) {
		struct enrollment out;
		struct err err = enroll(&root.cx, realm->authority,
		    &e->requests[i], &out);

		/* Between a taint and its successor there may be none. */
		if (failed(err) && err.code != ERR_CONFLICT) {
			(void)fprintf(stderr, "%s\n", root.trail.note);
			break;
		}
		if (failed(err))
			continue;
		(void)pthread_mutex_lock(&check_lock);
		e->certificates[e->n++] = slice_dup(cx->arena,
		    out.certificate);
		(void)pthread_mutex_unlock(&check_lock);
	}
	ctx_root_fini(&root);
	return NULL;
}

/* Every certificate that was given out is of a CA that was in service, and is
 * good, or its CA was tainted after it was given out. */
START_TEST(enrolment_goes_on_while_cas_change)
{
	static life_fn *const steps[] = { life_activate, life_taint };
	struct enroller all[THREADS] = { { .n = 0 } };
	unsigned n_good = 0;

	begin();
	for (size_t t = 0; t < THREADS; t++) {
		all[t].requests = arena_array(cx->arena, EACH,
		    sizeof(*all[t].requests));
		for (unsigned i = 0; i < EACH; i++) {
			struct dev dev = new_device();

			claim(&dev, "soft");
			all[t].requests[i] = request_of(&dev, new_key());
		}
	}
	for (size_t t = 0; t < THREADS; t++)
		ck_assert_int_eq(pthread_create(&all[t].thread, NULL,
		    enroll_many, &all[t]), 0);
	for (unsigned i = 0; i < ROLLS; i++) {
		struct ctx_root root;
		struct life_plan plan = { .role = CA_ROLE_ISSUING };
		struct life_step what = { .key_id = NULL };
		struct db_ca ca;

		ctx_root_init(&root, NULL);
		what.key_id = text_hex(root.cx.arena,
		    SLICE_OF(active()->key_id));
		ck_ok(life_stage(&root.cx, realm->authority, &tenant,
		    &realm_admin, &plan, &ca));
		if (i % 2 == 0)
			what.key_id = text_hex(root.cx.arena, ca.key_id);
		ck_ok(steps[i % 2](&root.cx, realm->authority, &tenant,
		    &realm_admin, &what, &ca));
		ctx_root_fini(&root);
	}
	for (size_t t = 0; t < THREADS; t++)
		ck_assert_int_eq(pthread_join(all[t].thread, NULL), 0);
	for (size_t t = 0; t < THREADS; t++) {
		for (unsigned i = 0; i < all[t].n; i++) {
			struct client_device client;

			ck_ok(client_authenticate(cx, realm->authority,
			    all[t].certificates[i], &client));
			n_good++;
		}
	}
	ck_assert_uint_eq(n_good, THREADS * EACH);
	end();
}
END_TEST

UNIT_MAIN("rollover",
    a_fleet_goes_through_a_rollover_without_anybodys_hand,
    a_crash_between_the_steps_of_a_rollover_only_delays_it,
    without_automatic_rollover_an_event_asks_for_a_successor_once,
    an_active_ca_that_expires_is_followed_by_what_there_is,
    the_service_own_server_ca_rolls_over_too,
    enrolment_goes_on_while_cas_change)
