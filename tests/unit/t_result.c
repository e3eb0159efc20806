/* SPDX-License-Identifier: Apache-2.0 */
/* What relying parties are told of a device, and the keys that sign it. */
#include "tests/unit/soft_device.h"

#include <sqlite3.h>

#include "authority/delegate.h"
#include "authority/issuers.h"
#include "authority/reseal.h"
#include "authority/result.h"

/* Its result, as it would be signed. */
static struct ear
result_now(const struct dev *dev)
{
	struct ear ear;
	struct slice jwt;

	ck_ok(result_get(cx, realm->authority, &tenant, dev->device_id, NULL,
	    &ear));
	ck_ok(result_sign(cx, realm->authority, &tenant, &ear, &jwt));
	return ear;
}

static void
move(const struct dev *dev, const char *group)
{
	const struct device_change change = { .device_id = dev->device_id,
	    .group = group };
	struct device_view view;

	ck_ok(device_update(cx, realm->authority, &tenant, &realm_admin,
	    &change, &view));
}

START_TEST(a_result_tells_of_a_refusal_until_the_device_shows_better)
{
	struct dev dev = new_device();
	struct enroll_request r;
	struct enrollment e;
	struct ear ear;

	claim(&dev, "soft");
	ck_fails(result_get(cx, realm->authority, &tenant, dev.device_id,
	    NULL, &ear), ERR_NOT_FOUND);
	ck_ok(enroll_now(&dev, &e));
	ck_assert_int_eq(result_now(&dev).tier, AR4SI_AFFIRMING);
	move(&dev, "default");
	ck_fails(enroll_now(&dev, &e), ERR_POLICY_KEY);
	ear = result_now(&dev);
	ck_assert_int_eq(ear.tier, AR4SI_CONTRAINDICATED);
	ck_assert_str_eq(ear.group, "default");
	ck_assert_int_eq(ear.vector[AR4SI_INSTANCE_IDENTITY],
	    AR4SI_AFFIRMING);
	ck_assert_int_eq(ear.vector[AR4SI_STORAGE_OPAQUE],
	    AR4SI_CONTRAINDICATED);
	/* What is not its own says nothing of it. */
	move(&dev, "soft");
	ck_ok(enroll_now(&dev, &e));
	r = request_of(&dev, new_key());
	r.csr = csr_of(new_key());
	ck_fails(enroll(cx, realm->authority, &r, &e), ERR_EV_SIGNATURE);
	ck_assert_int_eq(result_now(&dev).tier, AR4SI_AFFIRMING);
}
END_TEST

START_TEST(a_result_of_a_device_that_was_only_refused_ends_with_its_claim)
{
	struct dev dev = new_device();
	struct enrollment e;
	struct ear ear;

	claim(&dev, "default");
	ck_fails(enroll_now(&dev, &e), ERR_POLICY_KEY);
	ck_assert_int_eq(result_now(&dev).tier, AR4SI_CONTRAINDICATED);
	ck_ok(claim_release(cx, realm->authority, &tenant, &realm_admin,
	    dev.device_id, NULL));
	claim(&dev, "soft");
	ck_fails(result_get(cx, realm->authority, &tenant, dev.device_id,
	    NULL, &ear), ERR_NOT_FOUND);
}
END_TEST

START_TEST(a_banned_device_has_no_good_result)
{
	struct device_change change = { .reason = "stolen" };
	struct dev dev = new_device();
	struct device_view view;
	struct enrollment e;
	struct ear ear;

	claim(&dev, "soft");
	ck_ok(enroll_now(&dev, &e));
	change.device_id = dev.device_id;
	ck_ok(device_ban(cx, realm->authority, &tenant, &realm_admin,
	    &change, &view));
	ear = result_now(&dev);
	ck_assert_int_eq(ear.tier, AR4SI_CONTRAINDICATED);
	ck_assert_int_eq(ear.vector[AR4SI_INSTANCE_IDENTITY],
	    AR4SI_CONTRAINDICATED);
}
END_TEST

/* --- keys -------------------------------------------------------------------- */

static const struct issuer *
issuing(void)
{
	return issuers_active(realm->authority, tenant.id, CA_ROLE_ISSUING);
}

/* The record of the key of that CA. */
static struct slice
key_of(const struct issuer *issuer)
{
	struct delegate_view key;

	ck_ok(delegate_get(cx, realm->authority, issuer, CA_ROLE_RESULT,
	    false, &key));
	return key.sealed;
}

static void
forget_rows(void)
{
	sqlite3 *sqlite;

	ck_assert_int_eq(sqlite3_open(realm->conf.db.path, &sqlite),
	    SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(sqlite, "DELETE FROM ca_signed; "
	    "DELETE FROM meta WHERE key = 'journal_seen'", NULL, NULL, NULL),
	    SQLITE_OK);
	ck_assert_int_eq(sqlite3_changes(sqlite), 1);
	ck_assert_int_eq(sqlite3_close(sqlite), SQLITE_OK);
}

START_TEST(a_result_key_is_kept_over_a_restart_and_found_in_the_journal)
{
	struct slice first = key_of(issuing());

	ck_assert(slice_equal(key_of(issuing()), first));
	realm_reopen(cx, realm);
	ck_assert(slice_equal(key_of(issuing()), first));
	forget_rows();
	realm_reopen(cx, realm);
	ck_assert(slice_equal(key_of(issuing()), first));
}
END_TEST

START_TEST(a_result_key_is_no_key_for_ocsp_and_the_other_way_round)
{
	struct slice result = key_of(issuing());
	struct delegate_view ocsp;

	ck_ok(delegate_get(cx, realm->authority, issuing(), CA_ROLE_OCSP,
	    false, &ocsp));
	ck_assert(!slice_equal(result, ocsp.sealed));
	realm_reopen(cx, realm);
	ck_assert(slice_equal(key_of(issuing()), result));
}
END_TEST

START_TEST(after_a_change_of_the_master_key_results_are_signed_by_another)
{
	struct dev dev = new_device();
	struct enrollment e;
	struct resealed sum;
	struct slice first;

	claim(&dev, "soft");
	ck_ok(enroll_now(&dev, &e));
	(void)result_now(&dev);
	first = key_of(issuing());
	ck_ok(reseal_all(cx, realm->authority->db, realm->authority->signer,
	    &sum));
	realm_reopen(cx, realm);
	(void)result_now(&dev);
	ck_assert(!slice_equal(key_of(issuing()), first));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		a_result_tells_of_a_refusal_until_the_device_shows_better,
		a_result_of_a_device_that_was_only_refused_ends_with_its_claim,
		a_banned_device_has_no_good_result,
		a_result_key_is_kept_over_a_restart_and_found_in_the_journal,
		a_result_key_is_no_key_for_ocsp_and_the_other_way_round,
		after_a_change_of_the_master_key_results_are_signed_by_another,
	};

	return unit_run("result", tests, COUNT_OF(tests), begin, end);
}
