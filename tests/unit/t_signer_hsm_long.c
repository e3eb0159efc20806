/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The largest keys, and HSMs that are lost, hang and come back.  These wait for
 * what takes its time, so contrib/check runs them once.
 */
#include "tests/unit/signer_hsm.h"

START_TEST(a_ca_of_the_largest_rsa_keys_signs_in_an_hsm)
{
	struct signer s;

	begin_hsm();
	s = start();
	(void)hello(&s);
	all_objects(&s, CA_ALG_RSA3072);
	all_objects(&s, CA_ALG_RSA4096);
	stop(&s);
	end();
}
END_TEST

START_TEST(a_token_that_is_lost_stops_its_tenants_only_until_it_is_back)
{
	struct chain alpha, beta, sealed;
	struct signer s;

	begin_hsm();
	s = start();
	(void)hello(&s);
	alpha = make_chain_in(&s, "alpha", "tenant-a", CA_ALG_P256);
	beta = make_chain_in(&s, "beta", "tenant-b", CA_ALG_P256);
	sealed = make_chain_in(&s, "", "tenant-c", CA_ALG_P256);
	soft_lose(folder, "alpha");
	ck_assert_uint_eq(issue(&s, "tenant-a", alpha.issuing.sealed),
	    ERR_HSM_GONE);
	ck_assert_uint_eq(issue(&s, "tenant-b", beta.issuing.sealed), ERR_OK);
	ck_assert_uint_eq(issue(&s, "tenant-c", sealed.issuing.sealed),
	    ERR_OK);
	ck_assert_uint_eq(issue(&s, "tenant-a", alpha.issuing.sealed),
	    ERR_HSM_GONE);
	soft_find(folder, "alpha");
	wait_back(&s, "tenant-a", alpha.issuing.sealed);
	stop(&s);
	end();
}
END_TEST

START_TEST(a_holder_that_is_killed_is_started_again)
{
	struct chain alpha, sealed;
	struct signer s;

	begin_hsm();
	ck_assert_int_eq(unlink(in_folder("hsm/beta.conf")), 0);
	s = start();
	(void)hello(&s);
	alpha = make_chain_in(&s, "alpha", "tenant-a", CA_ALG_P256);
	sealed = make_chain_in(&s, "", "tenant-c", CA_ALG_P256);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(kill(holder_of(&s), SIGKILL), 0);
		ck_assert_uint_eq(issue(&s, "tenant-c",
		    sealed.issuing.sealed), ERR_OK);
		wait_back(&s, "tenant-a", alpha.issuing.sealed);
	}
	stop(&s);
	end();
}
END_TEST

START_TEST(while_an_hsm_hangs_orders_of_others_are_answered_before_it)
{
	struct chain alpha, beta, sealed;
	struct order o;
	struct answer a;
	struct signer s;
	pid_t holder;

	begin_hsm();
	s = start();
	(void)hello(&s);
	alpha = make_chain_in(&s, "alpha", "tenant-a", CA_ALG_P256);
	beta = make_chain_in(&s, "beta", "tenant-b", CA_ALG_P256);
	sealed = make_chain_in(&s, "", "tenant-c", CA_ALG_P256);
	/* Whichever of the two it holds. */
	holder = holder_of(&s);
	ck_assert_int_eq(kill(holder, SIGSTOP), 0);
	o = help_leaf("tenant-a", alpha.issuing.sealed, help_spki("P-256"));
	o.tag = 1;
	tell(&s, &o);
	o = help_leaf("tenant-b", beta.issuing.sealed, help_spki("P-256"));
	o.tag = 2;
	tell(&s, &o);
	o = help_leaf("tenant-c", sealed.issuing.sealed, help_spki("P-256"));
	o.tag = 3;
	tell(&s, &o);
	/* The one that hangs is the last to be answered. */
	ck_assert(hear(&s, &a));
	ck_ok(a.err);
	ck_assert(hear(&s, &a));
	ck_ok(a.err);
	ck_assert(hear(&s, &a));
	ck_assert_uint_eq(a.err.code, ERR_HSM_GONE);
	ck_assert_ptr_nonnull(strstr(a.detail, "not answered"));
	ck_assert_uint_eq(a.tag == 1 ?
	    issue(&s, "tenant-a", alpha.issuing.sealed) :
	    issue(&s, "tenant-b", beta.issuing.sealed), ERR_HSM_GONE);
	ck_assert_int_eq(kill(holder, SIGCONT), 0);
	wait_back(&s, "tenant-a", alpha.issuing.sealed);
	wait_back(&s, "tenant-b", beta.issuing.sealed);
	stop(&s);
	end();
}
END_TEST

START_TEST(a_pin_that_is_refused_is_not_tried_again_until_it_is_changed)
{
	struct chain sealed, alpha;
	struct order o;
	struct signer s;

	begin_hsm();
	ck_assert_int_eq(unlink(in_folder("hsm/beta.conf")), 0);
	soft_pin(folder, "alpha", "1111\n");
	s = start();
	(void)hello(&s);
	o = root_in("alpha", "tenant-a", CA_ALG_P256);
	for (int i = 0; i < 3; i++) {
		const struct timespec pause = { 2, 500000000 };
		struct answer a = ask(&s, &o);

		ck_assert_uint_eq(a.err.code, ERR_HSM_GONE);
		ck_assert_ptr_nonnull(strstr(a.detail, "PIN"));
		ck_assert(i == 0 || strstr(a.detail, "not tried again"));
		if (i == 1)
			ck_assert_int_eq(kill(holder_of(&s), SIGKILL), 0);
		(void)nanosleep(&pause, NULL);
	}
	sealed = make_chain_in(&s, "", "tenant-c", CA_ALG_P256);
	ck_assert_uint_eq(issue(&s, "tenant-c", sealed.issuing.sealed),
	    ERR_OK);
	soft_pin(folder, "alpha", SOFT_PIN "\n");
	for (int i = 0; i < WAIT_S && failed(ask(&s, &o).err); i++)
		(void)sleep(1);
	alpha = make_chain_in(&s, "alpha", "tenant-a", CA_ALG_P256);
	ck_assert_uint_eq(issue(&s, "tenant-a", alpha.issuing.sealed),
	    ERR_OK);
	stop(&s);
	end();
}
END_TEST

START_TEST(a_signer_that_is_killed_takes_its_holders_with_it)
{
	const struct timespec pause = { 0, 100000000 };
	struct signer s;
	pid_t holder;

	begin_hsm();
	s = start();
	(void)hello(&s);
	holder = holder_of(&s);
	ck_assert_int_eq(kill(s.pid, SIGKILL), 0);
	(void)wait_for(&s);
	for (int i = 0; i < WAIT_S * 10 && kill(holder, 0) == 0; i++)
		(void)nanosleep(&pause, NULL);
	ck_assert_int_ne(kill(holder, 0), 0);
	end();
}
END_TEST

START_TEST(what_hsms_hold_is_used_again_by_the_next_signer)
{
	struct chain c;
	struct signer s;

	begin_hsm();
	s = start();
	(void)hello(&s);
	c = make_chain_in(&s, "alpha", "tenant-a", CA_ALG_P256);
	stop(&s);
	s = start();
	(void)hello(&s);
	ck_assert_uint_eq(issue(&s, "tenant-a", c.issuing.sealed), ERR_OK);
	ck_assert(openssl_verify("", "leaf.pem"));
	stop(&s);
	signer_keys[2] = NULL;
	s = start();
	(void)hello(&s);
	ck_assert_uint_eq(issue(&s, "tenant-a", c.issuing.sealed),
	    ERR_HSM_GONE);
	stop(&s);
	end();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		a_ca_of_the_largest_rsa_keys_signs_in_an_hsm,
		a_token_that_is_lost_stops_its_tenants_only_until_it_is_back,
		a_holder_that_is_killed_is_started_again,
		while_an_hsm_hangs_orders_of_others_are_answered_before_it,
		a_pin_that_is_refused_is_not_tried_again_until_it_is_changed,
		a_signer_that_is_killed_takes_its_holders_with_it,
		what_hsms_hold_is_used_again_by_the_next_signer,
	};

	return run_hsm_tests("signer_hsm_long", tests, COUNT_OF(tests));
}
