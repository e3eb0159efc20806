/* SPDX-License-Identifier: Apache-2.0 */
/* Groups and policies, on a real database. */
#include "tests/unit/fleet.h"

#include "authority/claim.h"
#include "authority/device.h"
#include "authority/event.h"
#include "authority/group.h"
#include "authority/profile.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const struct group_spec as_it_is = { NULL, NULL, GROUP_AS_IT_IS, REVISION_ANY };

static const struct tenant *const mine = &fleet.tenants[0];
static const struct tenant *const other = &fleet.tenants[1];
static const struct principal *const me = &fleet.owners[0];

static struct policy
policy_of(const char *text)
{
	struct policy policy;

	ck_ok(policy_parse(cx, text, &policy));
	return policy;
}

static struct db_group
make(const char *name)
{
	struct db_group group;

	ck_ok(group_create(cx, &fleet.a, mine, me, name, &as_it_is, NULL,
	    &group));
	return group;
}

static bool
has_event(const char *type, const char *subject)
{
	struct event_row *events;
	struct page page = { 0, 1000 };
	size_t n;

	ck_ok(event_list(cx, &fleet.a, mine, page, &events, &n));
	for (size_t i = 0; i < n; i++)
		if (strcmp(events[i].type, type) == 0 &&
		    strcmp(events[i].subject, subject) == 0)
			return true;
	return false;
}

START_TEST(a_group_has_the_defaults_of_the_contract_and_the_first_policy)
{
	struct db_group made, found;
	struct db_policy policy;

	fleet_open();
	made = make("pumps");
	ck_ok(group_get(cx, &fleet.a, mine, "pumps", &found));
	ck_assert_int_eq(found.id, made.id);
	ck_assert_str_eq(found.profile, "default");
	ck_assert_int_eq(found.profile_version, PROFILE_NEWEST);
	ck_assert_int_eq(found.policy_version, 1);
	ck_assert_int_eq(found.created_s, FLEET_NOW);
	ck_ok(group_policy(cx, &fleet.a, mine, "pumps", &policy));
	ck_assert_int_eq(policy.version, 1);
	ck_assert_str_eq(policy.document,
	    "{\"rules\":[{\"claim\":\"hardware_key\",\"equals\":true}]}");
	ck_assert_str_eq(policy.created_by, me->name);
	ck_assert(has_event("group.created", "pumps"));
	fleet_close();
}
END_TEST

START_TEST(a_name_is_taken_once_in_a_tenant_and_again_in_another)
{
	struct db_group group;

	fleet_open();
	(void)make("pumps");
	ck_fails(group_create(cx, &fleet.a, mine, me, "pumps", &as_it_is,
	    NULL, &group), ERR_EXISTS);
	ck_ok(group_create(cx, &fleet.a, other, &fleet.owners[1], "pumps",
	    &as_it_is, NULL, &group));
	fleet_close();
}
END_TEST

START_TEST(a_group_of_another_tenant_is_not_found)
{
	struct db_group group;
	struct db_policy policy;
	struct policy wanted;

	fleet_open();
	(void)make("pumps");
	wanted = policy_of("{\"rules\":[{\"claim\":\"debug\","
	    "\"equals\":false}]}");
	ck_fails(group_get(cx, &fleet.a, other, "pumps", &group),
	    ERR_NOT_FOUND);
	ck_fails(group_change(cx, &fleet.a, other, me, "pumps", &as_it_is,
	    &group), ERR_NOT_FOUND);
	ck_fails(group_policy(cx, &fleet.a, other, "pumps", &policy),
	    ERR_NOT_FOUND);
	ck_fails(group_set_policy(cx, &fleet.a, other, me, "pumps",
	    REVISION_ANY, &wanted, &policy), ERR_NOT_FOUND);
	fleet_close();
}
END_TEST

START_TEST(a_profile_or_version_that_is_not_there_is_refused)
{
	static const struct { struct group_spec spec; const char *pointer; }
	bad[] = {
		{ { .profile = "nope",
		    .profile_version = GROUP_AS_IT_IS }, "/profile" },
		{ { .profile = "default", .profile_version = 2 }, "/profile_version" },
		{ { .profile_version = 2 }, "/profile_version" },
	};
	struct db_group group;

	fleet_open();
	(void)make("pumps");
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		ck_fails(group_create(cx, &fleet.a, mine, me, "bad",
		    &bad[i].spec, NULL, &group), ERR_FIELD);
		ck_assert_str_eq(cx->trail->pointer, bad[i].pointer);
		ck_fails(group_change(cx, &fleet.a, mine, me, "pumps",
		    &bad[i].spec, &group), ERR_FIELD);
		ck_assert_str_eq(cx->trail->pointer, bad[i].pointer);
	}
	ck_fails(group_get(cx, &fleet.a, mine, "bad", &group), ERR_NOT_FOUND);
	ck_ok(group_get(cx, &fleet.a, mine, "pumps", &group));
	ck_assert_str_eq(group.profile, "default");
	fleet_close();
}
END_TEST

START_TEST(a_change_touches_only_what_it_names)
{
	static const struct group_spec title = {
		.title = "Pumps", .profile_version = GROUP_AS_IT_IS
	}, pin = { .profile_version = 1 }, again = {
		.profile = "default", .profile_version = GROUP_AS_IT_IS
	};
	struct db_group group;

	fleet_open();
	(void)make("pumps");
	ck_ok(group_change(cx, &fleet.a, mine, me, "pumps", &pin, &group));
	ck_ok(group_change(cx, &fleet.a, mine, me, "pumps", &title, &group));
	ck_ok(group_get(cx, &fleet.a, mine, "pumps", &group));
	ck_assert_str_eq(group.title, "Pumps");
	ck_assert_str_eq(group.profile, "default");
	ck_assert_int_eq(group.profile_version, 1);
	ck_assert_int_eq(group.policy_version, 1);
	ck_assert(has_event("group.changed", "pumps"));
	/* Who names a profile and no version follows it. */
	ck_ok(group_change(cx, &fleet.a, mine, me, "pumps", &again, &group));
	ck_assert_int_eq(group.profile_version, PROFILE_NEWEST);
	fleet_close();
}
END_TEST

START_TEST(a_new_policy_is_a_new_version_and_the_old_one_stays)
{
	static const char strict[] = "{\"rules\":[{\"claim\":"
	    "\"secure_boot\",\"equals\":true}]}";
	struct db_group group;
	struct db_policy set, found;
	struct policy policy;

	fleet_open();
	(void)make("pumps");
	policy = policy_of(strict);
	fleet.now_s += 60;
	ck_ok(group_set_policy(cx, &fleet.a, mine, me, "pumps",
	    REVISION_ANY, &policy, &set));
	ck_assert_int_eq(set.version, 2);
	ck_ok(group_policy(cx, &fleet.a, mine, "pumps", &found));
	ck_assert_int_eq(found.version, 2);
	ck_assert_str_eq(found.document, strict);
	ck_assert_int_eq(found.created_s, FLEET_NOW + 60);
	ck_ok(group_get(cx, &fleet.a, mine, "pumps", &group));
	ck_assert_int_eq(group.policy_version, 2);
	ck_ok(group_set_policy(cx, &fleet.a, mine, me, "pumps",
	    REVISION_ANY, &policy, &set));
	ck_assert_int_eq(set.version, 3);
	ck_assert(has_event("policy.set", "pumps"));
	fleet_close();
}
END_TEST

START_TEST(a_policy_follows_the_version_that_its_author_saw)
{
	struct db_policy set;
	struct policy policy;

	fleet_open();
	(void)make("pumps");
	policy = policy_of("{\"rules\":[{\"claim\":\"secure_boot\","
	    "\"equals\":true}]}");
	ck_ok(group_set_policy(cx, &fleet.a, mine, me, "pumps", 1, &policy,
	    &set));
	ck_assert_int_eq(set.version, 2);
	ck_fails(group_set_policy(cx, &fleet.a, mine, me, "pumps", 1, &policy,
	    &set), ERR_PRECONDITION);
	ck_ok(group_policy(cx, &fleet.a, mine, "pumps", &set));
	ck_assert_int_eq(set.version, 2);
	ck_ok(group_set_policy(cx, &fleet.a, mine, me, "pumps", 2, &policy,
	    &set));
	fleet_close();
}
END_TEST

START_TEST(a_group_is_not_made_with_a_set_or_profile_that_is_not_there)
{
	struct group_spec spec = as_it_is;
	struct db_group group;
	struct policy policy;

	fleet_open();
	policy = policy_of("{\"rules\":[{\"claim\":\"hardware_key\","
	    "\"equals\":true},{\"claim\":\"measurement\","
	    "\"in_set\":\"nowhere\"}]}");
	ck_fails(group_create(cx, &fleet.a, mine, me, "pumps", &as_it_is,
	    &policy, &group), ERR_FIELD);
	ck_assert_str_eq(cx->trail->pointer, "/policy/rules/1/in_set");
	spec.profile = "nowhere";
	ck_fails(group_create(cx, &fleet.a, mine, me, "pumps", &spec, NULL,
	    &group), ERR_FIELD);
	ck_assert_str_eq(cx->trail->pointer, "/profile");
	ck_fails(group_get(cx, &fleet.a, mine, "pumps", &group),
	    ERR_NOT_FOUND);
	fleet_close();
}
END_TEST

START_TEST(a_format_that_no_verifier_has_is_refused)
{
	struct db_group group;
	struct db_policy set;
	struct policy policy;

	fleet_open();
	(void)make("pumps");
	policy = policy_of("{\"formats\":[\"tpm2\",\"tmp2\"],\"rules\":["
	    "{\"claim\":\"hardware_key\",\"equals\":true}]}");
	ck_fails(group_set_policy(cx, &fleet.a, mine, me, "pumps",
	    REVISION_ANY, &policy, &set), ERR_FIELD);
	ck_assert_str_eq(cx->trail->pointer, "/formats/1");
	ck_fails(group_create(cx, &fleet.a, mine, me, "valves", &as_it_is,
	    &policy, &group), ERR_FIELD);
	ck_assert_str_eq(cx->trail->pointer, "/policy/formats/1");
	fleet_close();
}
END_TEST

START_TEST(lists_come_in_pages_that_end)
{
	struct page page = { 0, 2 };
	struct db_group *groups;
	size_t n, n_all = 0;
	int64_t next;

	fleet_open();
	(void)make("one");
	(void)make("two");	/* beside the two groups of the fleet */
	do {
		ck_ok(group_list(cx, &fleet.a, mine, page, &groups, &n,
		    &next));
		ck_assert_uint_eq(n, 2);
		n_all += n;
		page.after = next;
	} while (next != 0);
	ck_assert_uint_eq(n_all, 4);
	ck_assert_str_eq(groups[1].name, "two");
	fleet_close();
}
END_TEST

/* --- learning ------------------------------------------------------------ */

struct shown { const char *device_id, *claims; };

static struct err
show_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	const struct shown *shown = arg;
	struct attestation_row row = {
		.at_s = fleet.now_s, .format = "tpm2", .verdict = "affirming",
		.vector = SLICE("\x02\0\0\0\0\0\0", 8),
		.policy_group = "default", .policy_sha256 = SLICE("h", 1),
		.claims = shown->claims,
		.evidence_sha256 = SLICE("e", 1), .policy_version = 1,
	};
	struct device_row device;
	bool found;

	TRY(db_device_by_id(c, tx, shown->device_id, &device, &found));
	ck_assert(found);
	return db_attestation_put(c, tx, mine->id, device.id, &row);
}

/* A device of that group, claimed and (if claims) attested. */
static void
golden(const char *device_id, const char *group, const char *claims)
{
	struct claim_request request = { .device_id = device_id, .group = group };
	struct shown shown = { device_id, claims };
	struct claim_result result;

	ck_ok(claim_make(cx, &fleet.a, mine, me, &request, &result));
	if (claims != NULL)
		ck_ok(db_write(cx, fleet.a.db, show_work, &shown));
}

static const char *const pcr7[] = { "pcr.sha256.7" };
static const struct policy_learn learn_pcr7 = { pcr7, 1, false };

START_TEST(what_a_golden_device_was_attested_with_becomes_a_rule)
{
	struct db_policy learned;

	fleet_open();
	(void)make("pumps");
	golden(A64, "pumps", "{\"hardware_key\":true,\"pcr.sha256.7\":\"" B64
	    "\"}");
	ck_ok(group_learn_policy(cx, &fleet.a, mine, me, "pumps", A64,
	    &learn_pcr7, &learned));
	ck_assert_int_eq(learned.version, 2);
	ck_assert_str_eq(learned.document, "{\"rules\":[{\"claim\":"
	    "\"hardware_key\",\"equals\":true},{\"claim\":\"pcr.sha256.7\","
	    "\"one_of\":[\"" B64 "\"]}]}");
	ck_assert(has_event("policy.learned", "pumps"));
	fleet_close();
}
END_TEST

START_TEST(nothing_is_learned_from_a_device_that_is_no_model)
{
	struct device_change ban = { .device_id = A64 };
	struct device_view view;
	struct db_policy learned;

	fleet_open();
	(void)make("pumps");
	ck_fails(group_learn_policy(cx, &fleet.a, mine, me, "pumps", A64,
	    &learn_pcr7, &learned), ERR_NOT_FOUND);
	golden(A64, "pumps", NULL);
	ck_fails(group_learn_policy(cx, &fleet.a, mine, me, "pumps", A64,
	    &learn_pcr7, &learned), ERR_CONFLICT);
	golden(B64, "default", "{\"pcr.sha256.7\":\"" B64 "\"}");
	ck_fails(group_learn_policy(cx, &fleet.a, mine, me, "pumps", B64,
	    &learn_pcr7, &learned), ERR_CONFLICT);
	/* Another tenant's device is none of this one's business. */
	ck_fails(group_learn_policy(cx, &fleet.a, other, me, "default", B64,
	    &learn_pcr7, &learned), ERR_NOT_FOUND);
	golden(A64, "pumps", "{\"pcr.sha256.7\":\"" B64 "\"}");
	ck_ok(device_ban(cx, &fleet.a, mine, me, &ban, &view));
	ck_fails(group_learn_policy(cx, &fleet.a, mine, me, "pumps", A64,
	    &learn_pcr7, &learned), ERR_CONFLICT);
	ck_ok(group_policy(cx, &fleet.a, mine, "pumps", &learned));
	ck_assert_int_eq(learned.version, 1);
	fleet_close();
}
END_TEST

UNIT_MAIN("group",
    a_group_has_the_defaults_of_the_contract_and_the_first_policy,
    a_name_is_taken_once_in_a_tenant_and_again_in_another,
    a_group_of_another_tenant_is_not_found,
    a_profile_or_version_that_is_not_there_is_refused,
    a_change_touches_only_what_it_names,
    a_new_policy_is_a_new_version_and_the_old_one_stays,
    a_policy_follows_the_version_that_its_author_saw,
    a_group_is_not_made_with_a_set_or_profile_that_is_not_there,
    a_format_that_no_verifier_has_is_refused,
    lists_come_in_pages_that_end,
    what_a_golden_device_was_attested_with_becomes_a_rule,
    nothing_is_learned_from_a_device_that_is_no_model)
