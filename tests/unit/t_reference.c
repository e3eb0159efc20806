/* SPDX-License-Identifier: Apache-2.0 */
/* Reference values: sets, what policies make of them, and their ends. */
#include "tests/unit/soft_device.h"

#include "authority/dry_run.h"
#include "authority/event.h"
#include "authority/policies.h"
#include "authority/reference.h"
#include "policy/appraise.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define FORMAT_IN "{\"rules\":[{\"claim\":\"format\",\"in_set\":\"good\"}]}"

static const struct page all = { 0, 1000 };

static struct err
put(const char *name, const char *note, int64_t revision,
    struct reference_set *out)
{
	return reference_set_put(cx, realm->authority, &tenant, &realm_admin,
	    name, note, revision, out);
}

static struct err
add(const char *value, int64_t until_s, struct reference_value *out)
{
	struct reference_value v = { .value = value, .note = "",
	    .provenance = "release notes", .valid_until_s = until_s };

	return reference_value_add(cx, realm->authority, &tenant,
	    &realm_admin, "good", &v, out);
}

static struct reference_set
set_of(const char *name)
{
	struct reference_set set;

	ck_ok(reference_set_get(cx, realm->authority, &tenant, name, &set));
	return set;
}

static struct err
set_policy(const char *text)
{
	struct policy policy;
	struct db_policy made;

	ck_ok(policy_parse(cx, text, &policy));
	return group_set_policy(cx, realm->authority, &tenant, &realm_admin,
	    "soft", REVISION_ANY, &policy, &made);
}

/* --- sets and values ---------------------------------------------------------- */

START_TEST(a_set_counts_its_values_and_changes)
{
	struct reference_value v, other, *values;
	struct reference_set s;
	int64_t next;
	size_t n;

	ck_ok(put("good", "pumps", 0, &s));
	ck_assert_int_eq(s.revision, 1);
	ck_assert_str_eq(s.note, "pumps");
	ck_ok(add(A64, 0, &v));
	ck_ok(add(B64, 0, &other));
	ck_fails(add(A64, 0, &other), ERR_EXISTS);
	s = set_of("good");
	ck_assert_int_eq(s.entries, 2);
	ck_assert_int_eq(s.revision, 3);
	ck_ok(reference_values(cx, realm->authority, &tenant, "good", all,
	    &values, &n, &next));
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(values[0].value, A64);
	ck_assert_str_eq(values[0].provenance, "release notes");
	ck_ok(reference_value_delete(cx, realm->authority, &tenant,
	    &realm_admin, "good", v.id));
	ck_fails(reference_value_delete(cx, realm->authority, &tenant,
	    &realm_admin, "good", v.id), ERR_NOT_FOUND);
	s = set_of("good");
	ck_assert_int_eq(s.entries, 1);
	ck_assert_int_eq(s.revision, 4);
	ck_fails(put("good", "valves", 3, &s), ERR_PRECONDITION);
	ck_ok(put("good", "valves", 4, &s));
	ck_fails(put("new", NULL, 1, &s), ERR_PRECONDITION);
}
END_TEST

START_TEST(a_value_that_no_verifier_writes_is_refused)
{
	struct reference_set s;
	struct reference_value v;

	ck_ok(put("good", NULL, 0, &s));
	ck_fails(add("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 0, &v), ERR_FIELD);
	ck_assert_str_eq(cx->trail->pointer, "/value");
	ck_fails(add(A64, 5, &v), ERR_FIELD);
	ck_assert_str_eq(cx->trail->pointer, "/valid_until");
	/* A name of a product may have capitals. */
	ck_ok(add("EPYC", 0, &v));
}
END_TEST

START_TEST(a_set_that_a_policy_names_is_there_and_stays)
{
	struct reference_set s;
	struct db_policy_draft draft;
	struct policy policy;

	ck_fails(set_policy(FORMAT_IN), ERR_FIELD);
	ck_assert_str_eq(cx->trail->pointer, "/rules/0/in_set");
	ck_ok(put("good", NULL, 0, &s));
	ck_ok(policy_parse(cx, FORMAT_IN, &policy));
	ck_ok(policies_draft_put(cx, realm->authority, &tenant, &realm_admin,
	    "soft", &policy, REVISION_ANY, &draft));
	ck_fails(reference_set_delete(cx, realm->authority, &tenant,
	    &realm_admin, "good", 0), ERR_CONFLICT);
	ck_ok(policies_draft_drop(cx, realm->authority, &tenant, &realm_admin,
	    "soft", REVISION_ANY));
	ck_ok(set_policy(FORMAT_IN));
	ck_fails(reference_set_delete(cx, realm->authority, &tenant,
	    &realm_admin, "good", 0), ERR_CONFLICT);
	ck_ok(set_policy(SOFT_POLICY));
	ck_ok(reference_set_delete(cx, realm->authority, &tenant,
	    &realm_admin, "good", 0));
	ck_fails(reference_set_get(cx, realm->authority, &tenant, "good", &s),
	    ERR_NOT_FOUND);
}
END_TEST

/* --- appraisal ------------------------------------------------------------------ */

START_TEST(a_value_counts_from_its_commit_on_without_a_new_policy)
{
	struct dev dev = new_device();
	struct reference_set s;
	struct reference_value v;
	struct enrollment e;
	struct slice before;

	claim(&dev, "soft");
	ck_ok(put("good", NULL, 0, &s));
	ck_ok(set_policy(FORMAT_IN));
	ck_fails(enroll_now(&dev, &e), ERR_POLICY_FORMAT);
	ck_assert_ptr_nonnull(strstr(cx->trail->tell, "good"));
	ck_ok(add("key", 0, &v));
	ck_ok(enroll_now(&dev, &e));
	ck_assert_str_eq(e.attested.verdict, "affirming");
	before = slice_dup(cx->arena, e.attested.policy_sha256);
	/* The result says that it rests on another revision of the set. */
	ck_ok(add("tpm2", 0, &v));
	ck_ok(enroll_now(&dev, &e));
	ck_assert(!slice_equal(before, e.attested.policy_sha256));
}
END_TEST

START_TEST(a_value_past_its_end_stops_counting_and_is_told_before)
{
	struct dev dev;
	struct reference_set s;
	struct reference_value v;
	struct event_row *events;
	struct enrollment e;
	size_t n, told = 0;

	realm_use_clock(cx, realm);
	dev = new_device();
	claim(&dev, "soft");
	ck_ok(put("good", NULL, 0, &s));
	ck_ok(set_policy(FORMAT_IN));
	ck_ok(add("key", ctx_now(cx) + 1000, &v));
	ck_ok(enroll_now(&dev, &e));
	/* An end is no toleration: the device is affirmed until then. */
	ck_assert_str_eq(e.attested.verdict, "affirming");
	realm->authority->limits.anchor_warn_s = 2000;
	ck_ok(reference_round(cx, realm->authority));
	ck_ok(reference_round(cx, realm->authority));
	ck_ok(event_list(cx, realm->authority, &tenant, all, &events, &n));
	for (size_t i = 0; i < n; i++)
		told += strcmp(events[i].type, "reference.expiring") == 0;
	ck_assert_uint_eq(told, 1);
	realm->ahead_s += 1001;
	ck_fails(enroll_now(&dev, &e), ERR_POLICY_FORMAT);
	ck_assert_ptr_nonnull(strstr(cx->trail->tell, "until"));
}
END_TEST

START_TEST(a_dry_run_looks_into_sets)
{
	struct dev dev = new_device();
	struct reference_set s;
	struct reference_value v;
	struct policy policy;
	struct dry_run_spec spec = { .policy = &policy };
	struct enrollment e;
	struct dry_run run;

	claim(&dev, "soft");
	ck_ok(enroll_now(&dev, &e));
	ck_ok(put("good", NULL, 0, &s));
	ck_ok(policy_parse(cx, FORMAT_IN, &policy));
	ck_ok(dry_run(cx, realm->authority, &tenant, "soft", &spec, all,
	    &run));
	ck_assert_uint_eq(run.counts[DRY_RUN_NEWLY_FAILS], 1);
	ck_ok(add("key", 0, &v));
	ck_ok(dry_run(cx, realm->authority, &tenant, "soft", &spec, all,
	    &run));
	ck_assert_uint_eq(run.counts[DRY_RUN_PASSES], 1);
}
END_TEST

struct applying { const char *policy; struct claims *claims; struct policy out; };

static struct err
apply_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct applying *a = arg;

	TRY(policy_parse(c, a->policy, &a->out));
	return reference_apply(c, tx, tenant.id, a->claims, &a->out);
}

static enum err_code
code_of(const char *policy, struct claims *claims)
{
	struct applying a = { policy, claims, { 0 } };
	struct verdict verdict;

	ck_ok(db_read(cx, realm->authority->db, apply_work, &a));
	policy_appraise(cx, &a.out, 1, ctx_now(cx), "tpm2", claims, &verdict);
	return (enum err_code)verdict.refusal.code;
}

START_TEST(claims_of_each_type_are_looked_up_as_they_are_written)
{
	static const char *const both[] = { A64, B64 }, *const one[] = { A64 };
	struct claims claims = claims_in(cx->arena);
	struct claims more = claims_in(cx->arena);
	struct reference_set s;
	struct reference_value v;
	uint8_t bytes[32];

	memset(bytes, 0xaa, sizeof(bytes));
	ck_ok(put("good", NULL, 0, &s));
	ck_ok(add(A64, 0, &v));
	ck_ok(add("7", 0, &v));
	ck_ok(add("EPYC", 0, &v));
	claims_add_bytes(&claims, "measurement", SLICE_OF(bytes));
	claims_add_uint(&claims, "vmpl", 7);
	claims_add_text(&claims, "product", "EPYC");
	claims_add_list(&claims, "boot_components", one, 1);
#define IN(claim) "{\"claim\":\"" claim "\",\"in_set\":\"good\"}"
	ck_assert_int_eq(code_of("{\"rules\":[" IN("measurement") ","
	    IN("vmpl") "," IN("product") "," IN("boot_components") "]}",
	    &claims), ERR_OK);
	claims_add_list(&more, "boot_components", both, 2);
	ck_assert_int_eq(code_of("{\"rules\":[" IN("boot_components") "]}",
	    &more), ERR_POLICY_BOOT);
	ck_assert_int_eq(code_of("{\"rules\":[" IN("measurement") "]}",
	    &more), ERR_POLICY_MEASUREMENT);
	/* A set that is not there has nothing in it. */
	ck_assert_int_eq(code_of("{\"rules\":[{\"claim\":\"product\","
	    "\"in_set\":\"none\"}]}", &claims), ERR_POLICY_CLAIM);
}
END_TEST

START_TEST(a_set_of_another_tenant_is_none_of_this_one)
{
	struct tenant other;
	struct db_tenant row;
	struct reference_set s;
	struct reference_value v = { .value = "key", .note = "",
	    .provenance = "" };

	ck_ok(tenant_create(cx, realm->authority, &realm_admin, "tenant-b",
	    NULL, &row));
	ck_ok(tenant_find(cx, realm->authority, "tenant-b", &other));
	ck_ok(put("good", NULL, 0, &s));
	ck_fails(reference_set_get(cx, realm->authority, &other, "good", &s),
	    ERR_NOT_FOUND);
	ck_fails(reference_value_add(cx, realm->authority, &other,
	    &realm_admin, "good", &v, &v), ERR_NOT_FOUND);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		a_set_counts_its_values_and_changes,
		a_value_that_no_verifier_writes_is_refused,
		a_set_that_a_policy_names_is_there_and_stays,
		a_value_counts_from_its_commit_on_without_a_new_policy,
		a_value_past_its_end_stops_counting_and_is_told_before,
		a_dry_run_looks_into_sets,
		claims_of_each_type_are_looked_up_as_they_are_written,
		a_set_of_another_tenant_is_none_of_this_one,
	};

	return unit_run("reference", tests, COUNT_OF(tests), begin, end);
}
