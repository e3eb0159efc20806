/* SPDX-License-Identifier: Apache-2.0 */
/* What two people decide, and the end of a tenant. */
#include "tests/unit/leaves.h"

#include <sqlite3.h>

#include "authority/ban.h"
#include "authority/ca.h"
#include "authority/claim.h"
#include "authority/device.h"
#include "authority/device_search.h"
#include "authority/life.h"
#include "authority/operation.h"
#include "authority/proposal.h"
#include "authority/role.h"
#include "authority/tenant_delete.h"
#include "authority/token.h"
#include "db/schema.h"

static const struct authority *a;

static const struct principal alice = { .token_id = 1, .role = ROLE_ADMIN,
    .name = "alice", .id = "token:1", .person = "alice", .lineage = "init" };
static const struct principal bob = { .token_id = 2, .role = ROLE_ADMIN,
    .name = "bob", .id = "token:2", .person = "bob", .lineage = "init" };
static const struct principal puppet = { .token_id = 3, .role = ROLE_ADMIN,
    .name = "ci", .id = "token:3", .person = "ci",
    .lineage = "alice\ninit" };

static void
begin(void)
{
	leaves_open();
	realm_use_clock(cx, realm);
	realm->authority->limits.two_person =
	    1u << PROPOSAL_TENANT_DELETION | 1u << PROPOSAL_CA_REVOCATION;
	realm->authority->limits.proposal_life_s = 1000;
	a = realm->authority;
}

static struct db_ca
issuing(void)
{
	struct page page = { 0, PAGE_LIMIT_MAX };
	struct db_ca *cas;
	int64_t next;
	size_t n;

	ck_ok(ca_list(cx, a, &tenant, page, &cas, &n, &next));
	for (size_t i = 0; i < n; i++)
		if (strcmp(cas[i].role, "issuing") == 0)
			return cas[i];
	ck_abort_msg("no issuing CA");
}

static struct err
propose(struct db_proposal *out)
{
	struct db_ca ca = issuing();
	struct proposal_spec spec = {
		.kind = PROPOSAL_CA_REVOCATION,
		.subject = text_hex(cx->arena, ca.key_id),
	};

	spec.params = json_pack("{s:s,s:i}", "ca", spec.subject, "reason", 1);
	return proposal_make(cx, a, &tenant, &alice, &spec, out);
}

START_TEST(words_of_the_setting_are_kinds)
{
	unsigned set;

	ck_ok(proposal_kinds_read(cx, "", &set));
	ck_assert_uint_eq(set, 0);
	ck_ok(proposal_kinds_read(cx, " ca-revocation,tenant-deletion ",
	    &set));
	ck_assert_uint_eq(set, 1u << PROPOSAL_TENANT_DELETION |
	    1u << PROPOSAL_CA_REVOCATION);
	ck_fails(proposal_kinds_read(cx, "ca-revocations", &set), ERR_CONFIG);
	ck_fails(proposal_kinds_read(cx, "ca", &set), ERR_CONFIG);
}
END_TEST

START_TEST(nobody_approves_what_they_proposed)
{
	struct db_proposal made, after;

	ck_ok(propose(&made));
	ck_fails(proposal_approve(cx, a, &tenant, &alice, made.id, &after),
	    ERR_TWO_PERSONS);
	ck_fails(proposal_approve(cx, a, &tenant, &puppet, made.id, &after),
	    ERR_TWO_PERSONS);
	ck_ok(proposal_get(cx, a, &tenant, made.id, &after));
	ck_assert_str_eq(after.state, "open");
	ck_assert_str_eq(issuing().state, "active");
}
END_TEST

START_TEST(what_another_approves_is_done_once)
{
	struct db_proposal made, after;

	ck_ok(propose(&made));
	ck_ok(proposal_approve(cx, a, &tenant, &bob, made.id, &after));
	ck_assert_str_eq(after.state, "done");
	ck_assert_str_eq(after.decided_by, "bob");
	ck_assert_str_eq(issuing().state, "revoked");
	ck_fails(proposal_approve(cx, a, &tenant, &bob, made.id, &after),
	    ERR_CONFLICT);
	ck_fails(proposal_reject(cx, a, &tenant, &bob, made.id, &after),
	    ERR_CONFLICT);
}
END_TEST

START_TEST(what_is_rejected_or_too_old_is_not_done)
{
	struct db_proposal made, after;

	ck_ok(propose(&made));
	ck_fails(propose(&after), ERR_EXISTS);
	ck_ok(proposal_reject(cx, a, &tenant, &alice, made.id, &after));
	ck_assert_str_eq(after.state, "rejected");
	ck_fails(proposal_approve(cx, a, &tenant, &bob, made.id, &after),
	    ERR_CONFLICT);
	ck_ok(propose(&made));
	realm->ahead_s += 1000;
	ck_fails(proposal_approve(cx, a, &tenant, &bob, made.id, &after),
	    ERR_CONFLICT);
	ck_ok(proposal_get(cx, a, &tenant, made.id, &after));
	ck_assert_str_eq(after.state, "expired");
	/* An old one is not in the way of a new one. */
	ck_ok(propose(&made));
	ck_ok(proposal_approve(cx, a, &tenant, &bob, made.id, &after));
}
END_TEST

START_TEST(what_can_not_be_done_has_failed)
{
	struct db_proposal made, after;
	struct proposal_spec spec = {
		.kind = PROPOSAL_CA_REVOCATION, .subject = "x",
		.params = json_pack("{s:s,s:i}", "ca",
		    "0000000000000000000000000000000000000000", "reason", 1),
	};

	ck_ok(proposal_make(cx, a, &tenant, &alice, &spec, &made));
	ck_fails(proposal_approve(cx, a, &tenant, &bob, made.id, &after),
	    ERR_NOT_FOUND);
	ck_ok(proposal_get(cx, a, &tenant, made.id, &after));
	ck_assert_str_eq(after.state, "failed");
	ck_assert_ptr_nonnull(strstr(after.outcome, "resource.not-found"));
}
END_TEST

START_TEST(a_proposal_is_its_tenants)
{
	struct db_proposal made, after, *rows;
	struct page page = { 0, 10 };
	struct tenant other;
	int64_t next;
	size_t n;

	leaves_tenant("tenant-b", &other);
	ck_ok(propose(&made));
	ck_fails(proposal_get(cx, a, &other, made.id, &after), ERR_NOT_FOUND);
	ck_fails(proposal_get(cx, a, NULL, made.id, &after), ERR_NOT_FOUND);
	ck_fails(proposal_approve(cx, a, &other, &bob, made.id, &after),
	    ERR_NOT_FOUND);
	ck_fails(proposal_reject(cx, a, NULL, &bob, made.id, &after),
	    ERR_NOT_FOUND);
	ck_ok(proposal_list(cx, a, &other, page, &rows, &n, &next));
	ck_assert_uint_eq(n, 0);
}
END_TEST

/* --- the end of a tenant -------------------------------------------------- */

#define DEVICES	3u

static const char *
claim(unsigned i)
{
	struct claim_request wanted = {
		.device_id = arena_printf(cx->arena, "%064x", i + 1),
	};
	struct claim_result made;

	ck_ok(claim_make(cx, a, &tenant, &alice, &wanted, &made));
	return made.device_id;
}

static void
is_at_its_end(void)
{
	struct page page = { 0, PAGE_LIMIT_MAX };
	struct device_query query = { .limit = 10 };
	struct device_page devices;
	struct db_tenant row;
	struct db_ca *cas;
	int64_t next;
	size_t n;

	ck_ok(tenant_get(cx, a, &tenant, &row));
	ck_assert_int_ne(row.deleted_s, 0);
	ck_assert_int_ne(row.ended_s, 0);
	ck_ok(device_list(cx, a, &tenant, &query, &devices));
	ck_assert_uint_eq(devices.n, 0);
	ck_ok(ca_list(cx, a, &tenant, page, &cas, &n, &next));
	ck_assert_uint_ge(n, 2);
	for (size_t i = 0; i < n; i++) {
		ck_assert_str_eq(cas[i].state, "revoked");
		ck_assert_uint_gt(cas[i].certificate.n, 0);
	}
}

START_TEST(a_deleted_tenant_has_nothing_left_but_its_history)
{
	struct token_spec spec = { .name = "owner", .role = ROLE_OWNER };
	struct device_change ban = { .reason = "stolen" };
	struct device_view view;
	struct claim_filter filter = { .active = 0, .limit = 10 };
	struct claim_row *claims;
	struct db_token token;
	struct db_tenant row;
	struct principal who;
	const char *text;
	size_t n;

	ck_ok(token_create(cx, a, &tenant, &alice, &spec, &token, &text));
	for (unsigned i = 0; i < DEVICES; i++)
		ban.device_id = claim(i);
	ck_ok(device_ban(cx, a, &tenant, &alice, &ban, &view));
	ck_ok(tenant_delete(cx, a, &tenant, &alice, &row));
	is_at_its_end();
	ck_fails(token_authenticate(cx, a, text, &who), ERR_AUTH_TOKEN);
	ck_ok(claim_list(cx, a, &tenant, &filter, &claims, &n));
	ck_assert_uint_eq(n, DEVICES);
	ck_ok(tenant_find(cx, a, "tenant-a", &tenant));
	ck_assert(tenant.is_deleted);
	ck_fails(tenant_create(cx, a, &alice, "tenant-a", NULL, &row),
	    ERR_EXISTS);
	/* Again is no change, and the clock makes no new CA. */
	ck_ok(tenant_delete(cx, a, &tenant, &alice, &row));
	is_at_its_end();
}
END_TEST

/* More than a page of CAs that were long retired. */
static struct err
add_retired(struct ctx *c, struct db_tx *tx, void *arg)
{
	const struct db_ca *like = arg;

	for (unsigned i = 0; i < PAGE_LIMIT_MAX; i++) {
		struct db_ca ca = *like;
		int64_t id;

		ca.state = "retired";
		ca.key_id = slice_text(arena_printf(c->arena, "%020u", i));
		ca.serial = slice_text(arena_printf(c->arena, "%016u", i));
		TRY(db_ca_insert(c, tx, &ca, &id));
	}
	return OK;
}

START_TEST(a_tenant_with_more_cas_than_a_page_has_none_left_in_use)
{
	struct life_plan plan = { .role = CA_ROLE_ISSUING };
	struct page page = { 0, PAGE_LIMIT_MAX };
	struct db_ca like = issuing(), staged, *cas;
	struct db_tenant row;
	size_t n;

	ck_ok(db_write(cx, a->db, add_retired, &like));
	ck_ok(life_stage(cx, a, &tenant, &alice, &plan, &staged));
	ck_ok(tenant_delete(cx, a, &tenant, &alice, &row));
	do {
		ck_ok(ca_list(cx, a, &tenant, page, &cas, &n, &page.after));
		for (size_t i = 0; i < n; i++)
			ck_assert_msg(strcmp(cas[i].state, "revoked") == 0 ||
			    strcmp(cas[i].state, "retired") == 0, "%s",
			    cas[i].state);
	} while (page.after != 0);
	ck_assert(slice_equal(cas[n - 1].key_id, staged.key_id));
}
END_TEST

static void
quarantine_all(void)
{
	struct ban_request request = { .action = "quarantine",
	    .pointer = "/match" };
	json_t *match;
	struct ban_made made;
	int64_t after = -1;
	bool did = true;

	ck_ok(json_parse(cx, slice_text("{\"group\":\"default\"}"), &match));
	request.match = match;
	ck_ok(ban_make(cx, a, &tenant, &alice, &request, &made));
	while (did)
		ck_ok(operation_turn(cx, a, &after, &did));
}

START_TEST(a_device_in_quarantine_does_not_keep_a_tenant)
{
	const char *device_id = claim(0);
	struct device_view view;
	struct db_tenant row;

	quarantine_all();
	ck_ok(device_get(cx, a, &tenant, device_id, &view));
	ck_assert_int_eq(view.device.state, DEVICE_QUARANTINED);
	ck_ok(tenant_delete(cx, a, &tenant, &alice, &row));
	is_at_its_end();
}
END_TEST

/* As far as the first commit. */
static struct err
only_begin(struct ctx *c, struct db_tx *tx, void *arg)
{
	(void)arg;
	return db_tenant_delete(c, tx, tenant.id, ctx_now(c));
}

START_TEST(a_deletion_that_was_cut_off_is_gone_on_with)
{
	struct db_tenant row;

	(void)claim(0);
	ck_ok(db_write(cx, a->db, only_begin, NULL));
	realm_reopen(cx, realm);
	a = realm->authority;
	ck_ok(tenant_get(cx, a, &tenant, &row));
	ck_assert_int_eq(row.ended_s, 0);
	ck_ok(tenant_delete_round(cx, a));
	is_at_its_end();
	ck_ok(tenant_delete_round(cx, a));
}
END_TEST

START_TEST(the_platform_itself_stays)
{
	struct db_tenant row;
	struct tenant platform;

	ck_ok(tenant_find(cx, a, TENANT_PLATFORM, &platform));
	ck_fails(tenant_delete(cx, a, &platform, &alice, &row), ERR_CONFLICT);
	ck_ok(tenant_get(cx, a, &platform, &row));
	ck_assert_int_eq(row.deleted_s, 0);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		words_of_the_setting_are_kinds,
		nobody_approves_what_they_proposed,
		what_another_approves_is_done_once,
		what_is_rejected_or_too_old_is_not_done,
		what_can_not_be_done_has_failed,
		a_proposal_is_its_tenants,
		a_deleted_tenant_has_nothing_left_but_its_history,
		a_tenant_with_more_cas_than_a_page_has_none_left_in_use,
		a_device_in_quarantine_does_not_keep_a_tenant,
		a_deletion_that_was_cut_off_is_gone_on_with,
		the_platform_itself_stays,
	};

	return unit_run("proposal", tests, COUNT_OF(tests), begin,
	    leaves_close);
}
