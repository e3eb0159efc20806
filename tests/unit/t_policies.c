/* SPDX-License-Identifier: Apache-2.0 */
/* The life of policies: drafts, dry runs, activation, grace, history. */
#include "tests/unit/soft_device.h"
#include "tests/unit/older_db.h"

#include <unistd.h>

#include "authority/dry_run.h"
#include "authority/event.h"
#include "authority/policies.h"
#include "db/attestation.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define PCR7(v)	"{\"rules\":[{\"claim\":\"pcr.sha256.7\",\"equals\":\"" v "\"}]}"
#define STRICT	"{\"rules\":[{\"claim\":\"secure_boot\",\"equals\":true}]}"

static const struct page all = { 0, 1000 };

static const char *
id_of(unsigned number)
{
	return arena_printf(cx->arena, "%064x", number);
}

static struct policy
policy_of(const char *text)
{
	struct policy policy;

	ck_ok(policy_parse(cx, text, &policy));
	return policy;
}

static struct err
draft(const char *text, int64_t from, struct db_policy_draft *out)
{
	struct policy policy = policy_of(text);

	return policies_draft_put(cx, realm->authority, &tenant, &realm_admin,
	    "soft", &policy, from, out);
}

static struct err
activate(struct activation_spec spec, struct db_policy_activation *out)
{
	if (spec.reason == NULL)
		spec.reason = "";
	return policies_activate(cx, realm->authority, &tenant, &realm_admin,
	    "soft", &spec, out);
}

static const char *
in_force(void)
{
	struct db_policy policy;

	ck_ok(group_policy(cx, realm->authority, &tenant, "soft", &policy));
	return policy.document;
}

/* --- drafts ---------------------------------------------------------------- */

START_TEST(a_draft_is_not_in_force_until_it_is_activated)
{
	struct db_policy_draft d;
	struct db_policy_activation made;

	ck_fails(policies_draft(cx, realm->authority, &tenant, "soft", &d),
	    ERR_NOT_FOUND);
	ck_ok(draft(STRICT, REVISION_ANY, &d));
	ck_assert_int_eq(d.revision, 1);
	ck_assert_int_eq(d.base_version, 1);
	ck_assert_str_eq(in_force(), SOFT_POLICY);
	ck_ok(activate((struct activation_spec){ .draft = 1,
	    .reason = "firmware 7.2" }, &made));
	ck_assert_int_eq(made.version, 2);
	ck_assert_int_eq(made.from_version, 1);
	ck_assert_int_eq(made.grace_until_s, 0);
	ck_assert_str_eq(in_force(), STRICT);
	ck_fails(policies_draft(cx, realm->authority, &tenant, "soft", &d),
	    ERR_NOT_FOUND);
}
END_TEST

START_TEST(who_was_overtaken_changes_nothing)
{
	struct db_policy_draft d;
	struct db_policy_activation made;

	ck_fails(draft(STRICT, 1, &d), ERR_PRECONDITION);
	ck_ok(draft(STRICT, REVISION_ANY, &d));
	ck_ok(draft(PCR7(A64), 1, &d));
	ck_assert_int_eq(d.revision, 2);
	ck_fails(draft(PCR7(B64), 1, &d), ERR_PRECONDITION);
	ck_fails(activate((struct activation_spec){ .draft = 1 }, &made),
	    ERR_PRECONDITION);
	ck_fails(policies_draft_drop(cx, realm->authority, &tenant,
	    &realm_admin, "soft", 1), ERR_PRECONDITION);
	ck_fails(activate((struct activation_spec){ .draft = 2,
	    .from_version = 2 }, &made), ERR_PRECONDITION);
	ck_assert_str_eq(in_force(), SOFT_POLICY);
	ck_ok(activate((struct activation_spec){ .draft = 2,
	    .from_version = 1 }, &made));
	ck_assert_str_eq(in_force(), PCR7(A64));
}
END_TEST

START_TEST(a_revision_is_never_used_twice)
{
	struct db_policy_draft d;
	struct db_policy_activation made;

	ck_ok(draft(STRICT, REVISION_ANY, &d));
	ck_ok(policies_draft_drop(cx, realm->authority, &tenant, &realm_admin,
	    "soft", REVISION_ANY));
	ck_fails(policies_draft_drop(cx, realm->authority, &tenant,
	    &realm_admin, "soft", REVISION_ANY), ERR_NOT_FOUND);
	ck_ok(draft(PCR7(A64), REVISION_ANY, &d));
	ck_assert_int_eq(d.revision, 3);
	ck_fails(activate((struct activation_spec){ .draft = 1 }, &made),
	    ERR_PRECONDITION);
}
END_TEST

START_TEST(a_draft_with_a_format_that_no_verifier_has_is_refused)
{
	struct db_policy_draft d;

	ck_fails(draft("{\"formats\":[\"tmp2\"],\"rules\":[{\"claim\":"
	    "\"hardware_key\",\"equals\":true}]}", REVISION_ANY, &d),
	    ERR_FIELD);
	ck_assert_str_eq(cx->trail->pointer, "/formats/0");
}
END_TEST

/* --- versions ---------------------------------------------------------------- */

static struct db_policy
set(const char *text)
{
	struct policy policy = policy_of(text);
	struct db_policy made;

	ck_ok(group_set_policy(cx, realm->authority, &tenant, &realm_admin,
	    "soft", REVISION_ANY, &policy, &made));
	return made;
}

START_TEST(an_older_version_comes_into_force_again_and_history_says_so)
{
	struct db_policy_activation made, *rows;
	struct db_policy *versions, one;
	int64_t next;
	size_t n;

	(void)set(STRICT);
	ck_fails(activate((struct activation_spec){ .version = 2 }, &made),
	    ERR_CONFLICT);
	ck_fails(activate((struct activation_spec){ .version = 9 }, &made),
	    ERR_NOT_FOUND);
	ck_ok(activate((struct activation_spec){ .version = 1,
	    .reason = "too strict" }, &made));
	ck_assert_str_eq(in_force(), SOFT_POLICY);
	/* The next one is the third all the same. */
	ck_assert_int_eq(set(PCR7(A64)).version, 3);
	ck_ok(policies_activations(cx, realm->authority, &tenant, "soft", all,
	    &rows, &n, &next));
	ck_assert_uint_eq(n, 4);
	ck_assert_int_eq(next, 0);
	ck_assert_int_eq(rows[0].from_version, 0);
	ck_assert_int_eq(rows[2].version, 1);
	ck_assert_int_eq(rows[2].from_version, 2);
	ck_assert_str_eq(rows[2].reason, "too strict");
	ck_assert_str_eq(rows[2].actor, realm_admin.name);
	ck_assert_int_eq(rows[3].from_version, 1);
	ck_ok(policies_versions(cx, realm->authority, &tenant, "soft",
	    (struct page){ 1, 1 }, &versions, &n, &next));
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(versions[0].version, 2);
	ck_assert_int_eq(next, 2);
	ck_ok(policies_version(cx, realm->authority, &tenant, "soft", 2,
	    &one));
	ck_assert_str_eq(one.document, STRICT);
	ck_fails(policies_version(cx, realm->authority, &tenant, "soft", 4,
	    &one), ERR_NOT_FOUND);
}
END_TEST

/* --- grace ------------------------------------------------------------------- */

/* A device that has enrolled, and how it asks again by its certificate. */
struct renewing { struct dev dev; struct client_device client; EVP_PKEY *key; };

static struct renewing
enrolled(void)
{
	struct renewing r = { .dev = new_device(), .key = new_key() };
	struct enroll_request request;
	struct enrollment e;

	claim(&r.dev, "soft");
	request = request_of(&r.dev, r.key);
	ck_ok(enroll(cx, realm->authority, &request, &e));
	ck_ok(client_authenticate(cx, realm->authority, e.certificate,
	    &r.client));
	return r;
}

static struct err
renew(const struct renewing *r)
{
	struct enroll_request request = { .csr = csr_of(r->key),
	    .client = &r->client, .evidence_pointer = "/evidence" };
	struct enrollment e;

	return enroll(cx, realm->authority, &request, &e);
}

START_TEST(without_a_grace_what_no_longer_passes_needs_evidence)
{
	struct renewing r = enrolled();

	ck_ok(renew(&r));
	(void)set(STRICT);
	ck_fails(renew(&r), ERR_FIELD);
}
END_TEST

START_TEST(a_grace_lets_the_certificate_alone_renew_until_it_ends)
{
	struct renewing r;
	struct db_policy_draft d;
	struct db_policy_activation made;

	realm_use_clock(cx, realm);
	r = enrolled();
	ck_ok(draft(STRICT, REVISION_ANY, &d));
	ck_ok(activate((struct activation_spec){ .draft = 1,
	    .grace_s = 600 }, &made));
	ck_assert_int_eq(made.grace_until_s, made.at_s + 600);
	realm->ahead_s += 500;
	ck_ok(renew(&r));
	realm->ahead_s += 200;
	ck_fails(renew(&r), ERR_FIELD);
}
END_TEST

START_TEST(evidence_is_held_against_what_is_in_force_and_ends_the_grace)
{
	struct renewing r = enrolled();
	struct db_policy_draft d;
	struct db_policy_activation made;
	struct enroll_request request;
	struct enrollment e;

	ck_ok(draft(STRICT, REVISION_ANY, &d));
	ck_ok(activate((struct activation_spec){ .draft = 1,
	    .grace_s = 600 }, &made));
	ck_ok(renew(&r));
	request = request_of(&r.dev, r.key);
	ck_fails(enroll(cx, realm->authority, &request, &e), ERR_POLICY_BOOT);
	ck_fails(renew(&r), ERR_FIELD);
}
END_TEST

START_TEST(the_next_activation_ends_a_grace)
{
	struct renewing r = enrolled();
	struct db_policy_draft d;
	struct db_policy_activation made;

	ck_ok(draft(STRICT, REVISION_ANY, &d));
	ck_ok(activate((struct activation_spec){ .draft = 1,
	    .grace_s = 600 }, &made));
	ck_ok(renew(&r));
	(void)set(PCR7(A64));
	ck_fails(renew(&r), ERR_FIELD);
}
END_TEST

/* --- dry runs ---------------------------------------------------------------- */

struct shown { const char *device_id, *claims; bool refused; };

static struct err
show_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	const struct shown *s = arg;
	struct attestation_row row = {
		.at_s = ctx_now(c), .format = "key",
		.verdict = s->refused ? "contraindicated" : "affirming",
		.vector = SLICE("\x02\0\0\0\0\0\0", 8),
		.policy_group = "soft", .policy_sha256 = SLICE("h", 1),
		.claims = s->claims, .evidence_sha256 = SLICE("e", 1),
		.policy_version = 1,
	};
	struct device_row device;
	bool found;

	TRY(db_device_by_id(c, tx, s->device_id, &device, &found));
	ck_assert(found);
	return s->refused ? db_attestation_refuse(c, tx, tenant.id, device.id,
	    &row) : db_attestation_put(c, tx, tenant.id, device.id, &row);
}

/* A device of the group; claims NULL: it was never attested. */
static const char *
member(unsigned number, const char *claims, bool refused)
{
	const char *device_id = id_of(number);
	struct claim_request request = { .device_id = device_id, .group = "soft" };
	struct shown s = { device_id, claims, refused };
	struct claim_result result;

	ck_ok(claim_make(cx, realm->authority, &tenant, &realm_admin,
	    &request, &result));
	if (claims != NULL)
		ck_ok(db_write(cx, realm->authority->db, show_work, &s));
	return device_id;
}

static struct dry_run
tried(const char *text, struct page page)
{
	struct policy policy = policy_of(text);
	struct dry_run_spec spec = { .policy = &policy };
	struct dry_run run;

	ck_ok(dry_run(cx, realm->authority, &tenant, "soft", &spec, page,
	    &run));
	return run;
}

#define SHOWS(v) "{\"format\":\"key\",\"pcr.sha256.7\":\"" v "\"}"

START_TEST(a_dry_run_tells_each_device_apart)
{
	struct device_change ban = { .device_id = id_of(7) };
	struct device_view view;
	struct dry_run run;

	(void)member(1, SHOWS(A64), false);
	(void)member(2, SHOWS(B64), false);
	(void)member(3, "{\"pcr.sha256.7\":\"" A64 "\"}", true);
	(void)member(4, "{\"pcr.sha256.7\":\"" B64 "\"}", true);
	(void)member(5, NULL, false);
	(void)member(6, "", true);
	(void)member(7, SHOWS(A64), false);
	ck_ok(device_ban(cx, realm->authority, &tenant, &realm_admin, &ban,
	    &view));
	run = tried(PCR7(A64), all);
	ck_assert_uint_eq(run.n_devices, 7);
	ck_assert_int_eq(run.next, 0);
	ck_assert_int_eq(run.in_force, 1);
	ck_assert_uint_eq(run.counts[DRY_RUN_PASSES], 1);
	ck_assert_uint_eq(run.counts[DRY_RUN_NEWLY_FAILS], 1);
	ck_assert_uint_eq(run.counts[DRY_RUN_NEWLY_PASSES], 1);
	ck_assert_uint_eq(run.counts[DRY_RUN_FAILS], 1);
	ck_assert_uint_eq(run.counts[DRY_RUN_UNKNOWN], 2);
	ck_assert_uint_eq(run.counts[DRY_RUN_BANNED], 1);
	ck_assert_uint_eq(run.n_items, 6);
	ck_assert_int_eq(run.items[0].outcome, DRY_RUN_NEWLY_FAILS);
	ck_assert_str_eq(run.items[0].device_id, id_of(2));
	ck_assert_str_eq(run.items[0].code, "policy.measurement");
	ck_assert_str_eq(run.items[0].claim, "pcr.sha256.7");
	ck_assert_str_eq(run.items[0].detail, "rule 0: pcr.sha256.7 is " B64);
	ck_assert_int_eq(run.items[1].outcome, DRY_RUN_NEWLY_PASSES);
	ck_assert(run.items[1].refused);
	ck_assert_str_eq(run.items[1].claim, "format");
	ck_assert_int_eq(run.items[3].outcome, DRY_RUN_UNKNOWN);
	ck_assert_int_eq(run.items[3].attested_s, 0);
	ck_assert_int_eq(run.items[5].outcome, DRY_RUN_BANNED);
}
END_TEST

START_TEST(a_dry_run_says_what_enrolment_then_does)
{
	struct renewing r = enrolled();
	struct db_policy_draft d;
	struct db_policy_activation made;
	struct dry_run_spec spec = { .policy = NULL };
	struct dry_run run;
	struct enrollment e;

	ck_fails(dry_run(cx, realm->authority, &tenant, "soft", &spec, all,
	    &run), ERR_NOT_FOUND);
	ck_ok(draft(STRICT, REVISION_ANY, &d));
	ck_ok(dry_run(cx, realm->authority, &tenant, "soft", &spec, all,
	    &run));
	ck_assert_int_eq(run.revision, 1);
	ck_assert_uint_eq(run.counts[DRY_RUN_NEWLY_FAILS], 1);
	ck_assert_str_eq(run.items[0].device_id, r.dev.device_id);
	ck_ok(activate((struct activation_spec){ .draft = 1 }, &made));
	ck_fails(enroll_now(&r.dev, &e), ERR_POLICY_BOOT);
	ck_assert_str_eq(run.items[0].code, "policy.boot");
	ck_assert_str_eq(cx->trail->tell, run.items[0].detail);
	/* Refused, its claims are kept: the version of before lets it in. */
	spec.version = 1;
	ck_ok(dry_run(cx, realm->authority, &tenant, "soft", &spec, all,
	    &run));
	ck_assert_int_eq(run.version, 1);
	ck_assert_uint_eq(run.counts[DRY_RUN_NEWLY_PASSES], 1);
	ck_assert(run.items[0].refused);
}
END_TEST

START_TEST(a_dry_run_comes_in_pages_that_add_up)
{
	const unsigned n_devices = 120;	/* more than two batches */
	struct page page = { 0, 70 };
	struct dry_run run;
	size_t n = 0, n_fail = 0, n_pages = 0;

	for (unsigned i = 0; i < n_devices; i++)
		(void)member(i, i % 3 == 0 ? SHOWS(B64) : SHOWS(A64), false);
	do {
		run = tried(PCR7(A64), page);
		n += run.n_devices;
		n_fail += run.counts[DRY_RUN_NEWLY_FAILS];
		ck_assert_uint_eq(run.n_reasons, 1);
		ck_assert_uint_eq(run.reasons[0].n, run.n_items);
		ck_assert_str_eq(run.reasons[0].first[9],
		    run.items[9].device_id);
		page.after = run.next;
		n_pages++;
	} while (run.next != 0);
	ck_assert_uint_eq(n, n_devices);
	ck_assert_uint_eq(n_fail, n_devices / 3);
	ck_assert_uint_eq(n_pages, 2);
}
END_TEST

START_TEST(a_dry_run_sees_no_other_group_and_no_other_tenant)
{
	struct tenant other;
	struct db_tenant row;
	struct dry_run_spec spec = { .version = 1 };
	struct claim_request request = { .device_id = id_of(9), .group = "default" };
	struct claim_result result;
	struct dry_run run;

	ck_ok(claim_make(cx, realm->authority, &tenant, &realm_admin,
	    &request, &result));
	(void)member(1, SHOWS(A64), false);
	run = tried(PCR7(A64), all);
	ck_assert_uint_eq(run.n_devices, 1);
	ck_ok(tenant_create(cx, realm->authority, &realm_admin, "tenant-b",
	    NULL, &row));
	ck_ok(tenant_find(cx, realm->authority, "tenant-b", &other));
	ck_fails(dry_run(cx, realm->authority, &other, "soft", &spec, all,
	    &run), ERR_NOT_FOUND);
}
END_TEST

/* --- from before ---------------------------------------------------------------- */

/* What of the database stands before policies had a life. */
static const char before[] =
    "INSERT INTO tenant (id, name, title, created_s) VALUES "
    "(7, 'tenant-a', 'A', 200);"
    "INSERT INTO device_group (id, tenant, name, title, profile, "
    "policy_version, created_s) VALUES (3, 7, 'lab', '', 'default', 2, 300);"
    "INSERT INTO policy (tenant, device_group, version, document, created_s, "
    "created_by) VALUES (7, 3, 1, '{}', 300, 'x'), "
    "(7, 3, 2, '{}', 400, 'y');"
    "INSERT INTO device (id, tenant, device_id, device_group, state) VALUES "
    "(1, 7, 'd', 3, 'active');"
    "INSERT INTO appraisal_refused (device, tenant, at_s, format, "
    "policy_version, vector, policy_group, policy_sha256) VALUES "
    "(1, 7, 5, 'key', 1, x'', 'lab', x'');";

struct seen {
	struct db_policy_activation	*rows;
	struct attestation_shown	*shown;
	size_t				 n, n_shown;
};

static struct err
look(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct seen *s = arg;

	TRY(db_attestation_shown(c, tx, 7, 3, 0, 10, &s->shown,
	    &s->n_shown));
	return db_policy_activation_list(c, tx, 7, 3, 0, 10, &s->rows, &s->n);
}

START_TEST(an_older_database_knows_when_its_versions_came_into_force)
{
	char path[] = "/tmp/t_policies.XXXXXX";
	struct seen s;
	struct db *db;

	db = older_db(path, "policy_activation", before);
	ck_ok(db_read(cx, db, look, &s));
	ck_assert_uint_eq(s.n, 2);
	ck_assert_int_eq(s.rows[0].from_version, 0);
	ck_assert_int_eq(s.rows[1].version, 2);
	ck_assert_int_eq(s.rows[1].from_version, 1);
	ck_assert_int_eq(s.rows[1].at_s, 400);
	ck_assert_str_eq(s.rows[1].actor, "y");
	ck_assert_uint_eq(s.n_shown, 1);
	ck_assert(s.shown[0].refused);
	ck_assert_str_eq(s.shown[0].claims, "");
	older_db_end(db, path);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		a_draft_is_not_in_force_until_it_is_activated,
		who_was_overtaken_changes_nothing,
		a_revision_is_never_used_twice,
		a_draft_with_a_format_that_no_verifier_has_is_refused,
		an_older_version_comes_into_force_again_and_history_says_so,
		without_a_grace_what_no_longer_passes_needs_evidence,
		a_grace_lets_the_certificate_alone_renew_until_it_ends,
		evidence_is_held_against_what_is_in_force_and_ends_the_grace,
		the_next_activation_ends_a_grace,
		a_dry_run_tells_each_device_apart,
		a_dry_run_says_what_enrolment_then_does,
		a_dry_run_comes_in_pages_that_add_up,
		a_dry_run_sees_no_other_group_and_no_other_tenant,
		an_older_database_knows_when_its_versions_came_into_force,
	};

	return unit_run("policies", tests, COUNT_OF(tests), begin, end);
}
