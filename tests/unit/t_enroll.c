/* SPDX-License-Identifier: Apache-2.0 */
/* The main loop on a whole authority, by devices with a raw P-256 key. */
#include "tests/unit/soft_device.h"

#include <pthread.h>
#include <unistd.h>

#include "authority/crls.h"
#include "authority/device.h"
#include "authority/issuers.h"
#include "authority/refusal.h"
#include "authority/signer.h"
#include "pki/cert.h"

START_TEST(a_claimed_device_gets_a_certificate_of_its_tenant)
{
	struct dev dev = new_device();
	struct client_device client;
	struct enrollment e;
	struct cert leaf, issuer, root;

	claim(&dev, "soft");
	ck_ok(enroll_now(&dev, &e));
	ck_assert_str_eq(e.device_id, dev.device_id);
	ck_assert_str_eq(e.tenant, "tenant-a");
	ck_ok(cert_parse(cx, e.certificate, &leaf));
	ck_ok(cert_parse(cx, e.issuer, &issuer));
	ck_ok(cert_parse(cx, e.root, &root));
	ck_ok(cert_verify_issued(cx, &leaf, &issuer, ctx_now(cx)));
	ck_ok(cert_verify_issued(cx, &issuer, &root, ctx_now(cx)));
	ck_assert_str_eq(leaf.common_name, dev.device_id);
	ck_assert_int_eq(leaf.policy, CERT_POLICY_SOFTWARE);
	ck_assert_int_lt(e.renew_after_s, e.renew_before_s);
	ck_assert_int_lt(e.renew_before_s, e.not_after_s);
	ck_ok(client_authenticate(cx, realm->authority, e.certificate,
	    &client));
	ck_assert_str_eq(client.device_id, dev.device_id);
}
END_TEST

START_TEST(a_device_that_nobody_claimed_learns_so_only_after_its_proof)
{
	struct dev dev = new_device(), other = new_device();
	struct enroll_request r = request_of(&dev, new_key());
	struct enrollment e;

	ck_fails(enroll(cx, realm->authority, &r, &e), ERR_CLAIM_NONE);
	/* Signed by another device's key: not a word about claims. */
	r = request_of(&dev, new_key());
	memcpy(other.xy, dev.xy, sizeof(other.xy));
	r.evidence = evidence_of(&other, r.nonce, new_key());
	ck_fails(enroll(cx, realm->authority, &r, &e), ERR_EV_SIGNATURE);
}
END_TEST

START_TEST(evidence_for_one_key_does_not_certify_another)
{
	struct dev dev = new_device();
	struct enroll_request r;
	struct enrollment e;

	claim(&dev, "soft");
	r = request_of(&dev, new_key());
	r.csr = csr_of(new_key());
	ck_fails(enroll(cx, realm->authority, &r, &e), ERR_EV_SIGNATURE);
}
END_TEST

START_TEST(what_is_accepted_for_a_time_is_told_as_a_warning_and_ends)
{
	struct dev dev = new_device();
	struct group_spec spec = { NULL, NULL, GROUP_AS_IT_IS, REVISION_ANY };
	const int64_t until_s = ctx_now(cx) + 600;
	struct enroll_request r;
	struct policy policy;
	struct db_group group;
	struct enrollment e;

	ck_ok(policy_parse(cx, arena_printf(cx->arena, "{\"rules\":[{\"claim\":"
	    "\"format\",\"one_of\":[{\"value\":\"key\",\"until\":\"%s\"}]}]}",
	    text_time_dup(cx->arena, until_s)), &policy));
	ck_ok(group_create(cx, realm->authority, &tenant, &realm_admin,
	    "ending", &spec, &policy, &group));
	claim(&dev, "ending");
	r = request_of(&dev, new_key());
	ck_ok(enroll(cx, realm->authority, &r, &e));
	ck_assert_str_eq(e.attested.verdict, "warning");
	ck_assert_ptr_nonnull(strstr(e.ear, "{\"ear_status\":\"warning\",\""
	    "ear_trustworthiness_vector\":{\"instance-identity\":32"));
	ck_assert_ptr_nonnull(strstr(e.ear,
	    "\"urn:daapki:tenant-a:policy:ending:1:sha-256:"));
	realm_use_clock(cx, realm);
	realm->ahead_s = 601;
	r = request_of(&dev, new_key());
	ck_fails(enroll(cx, realm->authority, &r, &e), ERR_POLICY_FORMAT);
}
END_TEST

START_TEST(a_nonce_appraises_once)
{
	struct dev dev = new_device();
	struct enroll_request r;
	struct enrollment e;

	claim(&dev, "soft");
	r = request_of(&dev, new_key());
	ck_ok(enroll(cx, realm->authority, &r, &e));
	ck_fails(enroll(cx, realm->authority, &r, &e), ERR_NONCE_USED);
}
END_TEST

START_TEST(a_nonce_of_yesterday_is_expired)
{
	struct dev dev = new_device();
	struct enroll_request r;
	struct enrollment e;

	claim(&dev, "soft");
	r = request_of(&dev, new_key());
	realm_use_clock(cx, realm);
	realm->ahead_s = 86400;
	ck_fails(enroll(cx, realm->authority, &r, &e), ERR_NONCE_EXPIRED);
}
END_TEST

START_TEST(a_refusal_by_policy_is_told_and_kept)
{
	struct dev dev = new_device();
	struct device_view view;
	struct enroll_request r;
	struct enrollment e;

	claim(&dev, "default");
	r = request_of(&dev, new_key());
	r.device_time_s = ctx_now(cx) - 4000;
	ck_fails(enroll(cx, realm->authority, &r, &e), ERR_POLICY_KEY);
	ck_assert_str_ne(cx->trail->tell, "");
	ck_ok(device_get(cx, realm->authority, &tenant, dev.device_id,
	    &view));
	ck_assert_str_eq(view.device.last_refusal, "policy.software-key");
	ck_assert(view.clock.told && view.clock.ahead_s <= -4000 &&
	    view.clock.ahead_s > -4100);
	ck_fails(enroll(cx, realm->authority, &r, &e), ERR_NONCE_USED);
}
END_TEST

START_TEST(the_last_ten_refusals_say_what_was_wanted_and_what_was_shown)
{
	struct dev dev = new_device();
	struct refusal_row *rows;
	struct enroll_request r;
	struct enrollment e;
	size_t n;

	claim(&dev, "default");
	for (unsigned i = 0; i <= REFUSALS_KEPT; i++) {
		r = request_of(&dev, new_key());
		ck_fails(enroll(cx, realm->authority, &r, &e),
		    ERR_POLICY_KEY);
	}
	ck_ok(refusal_list(cx, realm->authority, &tenant, dev.device_id,
	    &rows, &n));
	ck_assert_uint_eq(n, REFUSALS_KEPT);
	ck_assert_str_eq(rows[0].code, "policy.software-key");
	ck_assert_str_eq(rows[0].format, "key");
	ck_assert_str_eq(rows[0].policy_group, "default");
	ck_assert_int_ge(rows[0].policy_version, 1);
	ck_assert_str_eq(rows[0].claim, "hardware_key");
	ck_assert_str_eq(rows[0].wanted,
	    "[{\"claim\":\"hardware_key\",\"equals\":true}]");
	ck_assert_str_eq(rows[0].found, "false");
	ck_ok(claim_release(cx, realm->authority, &tenant, &realm_admin,
	    dev.device_id, NULL));
	ck_fails(refusal_list(cx, realm->authority, &tenant, dev.device_id,
	    &rows, &n), ERR_NOT_FOUND);
	claim(&dev, "default");
	ck_ok(refusal_list(cx, realm->authority, &tenant, dev.device_id,
	    &rows, &n));
	ck_assert_uint_eq(n, 0);
}
END_TEST

/* Is that serial on the tenant's CRL, soon? */
static bool
crl_shows(struct slice serial)
{
	const struct issuer *issuer = issuers_active(realm->authority,
	    tenant.id, CA_ROLE_ISSUING);
	struct crl_view crl;

	for (int i = 0; i < 6000; i++) {
		ck_ok(crls_get(cx, realm->authority, issuer, CRL_COMPLETE,
		    &crl));
		if (memmem(crl.der.p, crl.der.n, serial.p, serial.n) != NULL)
			return true;
		(void)usleep(10000);
	}
	return false;
}

START_TEST(a_ban_revokes_shows_on_the_crl_and_stops_enrolment)
{
	struct dev dev = new_device();
	struct device_change change = { .device_id = dev.device_id,
	    .reason = "stolen" };
	struct client_device client;
	struct device_view view;
	struct enrollment e;
	struct slice serial;

	claim(&dev, "soft");
	ck_ok(enroll_now(&dev, &e));
	serial = e.serial;
	ck_ok(device_ban(cx, realm->authority, &tenant, &realm_admin, &change,
	    &view));
	ck_assert(crl_shows(serial));
	ck_fails(client_authenticate(cx, realm->authority, e.certificate,
	    &client), ERR_CERT_REVOKED);
	ck_fails(enroll_now(&dev, &e), ERR_HW_BANNED);
	ck_ok(device_unban(cx, realm->authority, &tenant, &realm_admin,
	    &change, &view));
	ck_ok(enroll_now(&dev, &e));
}
END_TEST

static struct err
revoke_quietly(struct ctx *c, struct db_tx *tx, void *arg)
{
	const struct slice *serial = arg;
	struct certificate_row row;
	bool found, changed;

	TRY(db_certificate_by_serial(c, tx, tenant.id, *serial, &row, &found));
	ck_assert(found);
	return db_certificate_revoke(c, tx, tenant.id, row.id, 1, ctx_now(c),
	    &changed);
}

START_TEST(a_revocation_on_disk_is_on_the_crl_after_a_crash)
{
	struct dev dev = new_device();
	struct enrollment e;
	struct slice first;

	claim(&dev, "soft");
	ck_ok(enroll_now(&dev, &e));
	first = e.serial;
	ck_ok(enroll_now(&dev, &e));
	ck_ok(db_write(cx, realm->authority->db, revoke_quietly, &first));
	crls_changed(realm->authority, issuers_active(realm->authority,
	    tenant.id, CA_ROLE_ISSUING)->id, CRL_COMPLETE);
	ck_assert(crl_shows(first));
	/* Committed, and then the power went before a CRL was made. */
	ck_ok(db_write(cx, realm->authority->db, revoke_quietly, &e.serial));
	realm_reopen(cx, realm);
	ck_assert(crl_shows(first));
	ck_assert(crl_shows(e.serial));
}
END_TEST

START_TEST(without_evidence_only_the_same_key_is_prolonged_and_not_for_long)
{
	struct dev dev = new_device();
	struct enroll_request r = { .evidence_pointer = "/evidence" };
	struct client_device client;
	EVP_PKEY *key = new_key();
	struct enrollment e;

	claim(&dev, "soft");
	r = request_of(&dev, key);
	ck_ok(enroll(cx, realm->authority, &r, &e));
	ck_ok(client_authenticate(cx, realm->authority, e.certificate,
	    &client));
	r = (struct enroll_request){ .csr = csr_of(key), .client = &client,
	    .evidence_pointer = "/evidence" };
	ck_ok(enroll(cx, realm->authority, &r, &e));
	r.csr = csr_of(new_key());
	ck_fails(enroll(cx, realm->authority, &r, &e), ERR_EV_KEY_NOT_BOUND);
	r.csr = csr_of(key);
	realm_use_clock(cx, realm);
	realm->ahead_s = 3601;
	ck_fails(enroll(cx, realm->authority, &r, &e), ERR_FIELD);
	r.client = NULL;
	ck_fails(enroll(cx, realm->authority, &r, &e), ERR_FIELD);
}
END_TEST

START_TEST(without_evidence_the_policy_of_now_holds_for_the_last_attestation)
{
	struct dev dev = new_device();
	struct device_change change = { .device_id = dev.device_id,
	    .group = "strict" };
	struct group_spec spec = { .profile = "soft",
	    .profile_version = PROFILE_NEWEST };
	struct client_device client;
	struct enroll_request r;
	struct device_view view;
	EVP_PKEY *key = new_key();
	struct db_group group;
	struct enrollment e;

	claim(&dev, "soft");
	r = request_of(&dev, key);
	ck_ok(enroll(cx, realm->authority, &r, &e));
	ck_ok(client_authenticate(cx, realm->authority, e.certificate,
	    &client));
	/* The policy of a new group asks for a key in hardware. */
	ck_ok(group_create(cx, realm->authority, &tenant, &realm_admin,
	    "strict", &spec, NULL, &group));
	ck_ok(device_update(cx, realm->authority, &tenant, &realm_admin,
	    &change, &view));
	r = (struct enroll_request){ .csr = csr_of(key), .client = &client,
	    .evidence_pointer = "/evidence" };
	ck_fails(enroll(cx, realm->authority, &r, &e), ERR_FIELD);
	change.group = "soft";
	ck_ok(device_update(cx, realm->authority, &tenant, &realm_admin,
	    &change, &view));
	ck_ok(enroll(cx, realm->authority, &r, &e));
}
END_TEST

START_TEST(what_only_the_journal_knows_is_brought_in_at_the_next_start)
{
	struct dev dev = new_device();
	struct order order = { .type = ORDER_ISSUE };
	struct client_device client;
	const struct issuer *issuer;
	struct answer answer;

	claim(&dev, "soft");
	issuer = issuers_active(realm->authority, tenant.id, CA_ROLE_ISSUING);
	order.issue = (struct order_issue){
		.ca = issuer->sealed, .tenant = tenant.name,
		.device_id = dev.device_id, .spki = spki_of(new_key()),
		.not_before_s = ctx_now(cx) - 60,
		.not_after_s = ctx_now(cx) + 3600,
		.flags = LEAF_CLIENT_AUTH | LEAF_SAN_URN |
		    LEAF_SAN_PERMANENT_ID,
		.crl_url = "http://127.0.0.1:8080/crl/x.crl",
		.aia_url = "http://127.0.0.1:8080/ca/x.cer",
	};
	ck_ok(signer_call(cx, realm->authority->signer, &order, &answer));
	ck_fails(client_authenticate(cx, realm->authority, answer.object,
	    &client), ERR_AUTH_CERTIFICATE);
	realm_reopen(cx, realm);
	ck_ok(client_authenticate(cx, realm->authority, answer.object,
	    &client));
}
END_TEST

START_TEST(a_killed_signer_is_replaced_and_nothing_is_asked_of_anybody)
{
	struct dev dev = new_device();
	struct enrollment e;

	claim(&dev, "soft");
	for (int i = 0; i < 5; i++) {
		realm_kill_signer(realm);
		while (signer_is_up(realm->authority->signer))
			(void)usleep(1000);
		ck_ok(enroll_now(&dev, &e));
	}
}
END_TEST

struct racer { const struct enroll_request *request; struct err end; };

static void *
race(void *arg)
{
	struct racer *racer = arg;
	struct ctx_root root;
	struct enrollment e;

	ctx_root_init(&root, NULL);
	racer->end = enroll(&root.cx, realm->authority, racer->request, &e);
	ctx_root_fini(&root);
	return NULL;
}

START_TEST(a_device_that_asks_many_times_at_once_is_paced_all_the_same)
{
	struct enroll_request requests[8];
	struct racer racers[8];
	pthread_t threads[8];
	struct dev dev = new_device();
	struct enrollment e;
	int n_ok = 0;

	(void)change_profile("soft", "{\"min_interval_s\":3600}");
	claim(&dev, "soft");
	for (int i = 0; i < 8; i++) {
		requests[i] = request_of(&dev, new_key());
		racers[i] = (struct racer){ &requests[i], OK };
		ck_assert_int_eq(pthread_create(&threads[i], NULL, race,
		    &racers[i]), 0);
	}
	for (int i = 0; i < 8; i++) {
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
		n_ok += !failed(racers[i].end);
		ck_assert(!failed(racers[i].end) ||
		    racers[i].end.code == ERR_PACING);
	}
	ck_assert_int_eq(n_ok, 1);
	ck_fails(enroll_now(&dev, &e), ERR_PACING);
	ck_assert_int_gt(cx->trail->retry_after_s, 3500);
}
END_TEST

START_TEST(a_device_released_and_claimed_again_starts_anew)
{
	struct dev dev = new_device();
	struct client_device client;
	struct enrollment e;

	claim(&dev, "soft");
	ck_ok(enroll_now(&dev, &e));
	ck_ok(claim_release(cx, realm->authority, &tenant, &realm_admin,
	    dev.device_id, NULL));
	ck_fails(client_authenticate(cx, realm->authority, e.certificate,
	    &client), ERR_CERT_REVOKED);
	ck_fails(enroll_now(&dev, &e), ERR_CLAIM_NONE);
	claim(&dev, "soft");
	ck_ok(enroll_now(&dev, &e));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		a_claimed_device_gets_a_certificate_of_its_tenant,
		a_device_that_nobody_claimed_learns_so_only_after_its_proof,
		evidence_for_one_key_does_not_certify_another,
		what_is_accepted_for_a_time_is_told_as_a_warning_and_ends,
		a_nonce_appraises_once,
		a_nonce_of_yesterday_is_expired,
		a_refusal_by_policy_is_told_and_kept,
		the_last_ten_refusals_say_what_was_wanted_and_what_was_shown,
		a_ban_revokes_shows_on_the_crl_and_stops_enrolment,
		a_revocation_on_disk_is_on_the_crl_after_a_crash,
		without_evidence_only_the_same_key_is_prolonged_and_not_for_long,
		without_evidence_the_policy_of_now_holds_for_the_last_attestation,
		what_only_the_journal_knows_is_brought_in_at_the_next_start,
		a_killed_signer_is_replaced_and_nothing_is_asked_of_anybody,
		a_device_that_asks_many_times_at_once_is_paced_all_the_same,
		a_device_released_and_claimed_again_starts_anew,
	};

	return unit_run("enroll", tests, COUNT_OF(tests), begin, end);
}
