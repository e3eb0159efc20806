/* SPDX-License-Identifier: Apache-2.0 */
/* CAs whose keys are in an HSM. */
#include "tests/unit/signer_hsm.h"
#include "wire/hsm.h"
#include "wire/record.h"

/* --- objects ------------------------------------------------------------- */

START_TEST(a_ca_of_each_kind_signs_in_an_hsm_what_openssl_accepts)
{
	static const enum ca_alg algs[] = {
		CA_ALG_P256, CA_ALG_P384, CA_ALG_ED25519, CA_ALG_RSA2048,
	};
	struct signer s;

	begin_hsm();
	s = start();
	(void)hello(&s);
	for (size_t i = 0; i < COUNT_OF(algs); i++)
		all_objects(&s, algs[i]);
	stop(&s);
	end();
}
END_TEST

START_TEST(a_long_crl_is_signed_in_an_hsm_also_by_ed25519)
{
	const size_t n = 20000;
	struct order_crl_entry *entries =
	    arena_array(cx->arena, n, sizeof(*entries));
	struct chain c;
	struct order o;
	struct signer s;

	begin_hsm();
	s = start();
	(void)hello(&s);
	c = make_chain_in(&s, "alpha", "tenant-a", CA_ALG_ED25519);
	for (size_t i = 0; i < n; i++)
		entries[i] = (struct order_crl_entry){
			.serial = { 0x5d, (uint8_t)(i >> 16),
			    (uint8_t)(i >> 8), (uint8_t)i },
			.revoked_s = ctx_now(cx) - 60, .reason = 1 };
	o = help_crl("tenant-a", c.issuing.sealed, 1);
	o.sign_crl.n_entries = n;
	o.sign_crl.entries = entries;
	ck_assert_uint_gt(ask_ok(&s, &o).object.n, 20 * n);
	stop(&s);
	end();
}
END_TEST

START_TEST(root_and_issuing_ca_may_be_in_two_hsms_or_one_of_them_sealed)
{
	static const char *const stores[] = { "", "alpha", "beta" };
	struct signer s;

	begin_hsm();
	s = start();
	(void)hello(&s);
	for (size_t i = 0; i < 9; i++) {
		struct order o = root_in(stores[i / 3], "tenant-a",
		    CA_ALG_P256);
		struct answer root = ask_ok(&s, &o), issuing;

		o = issuing_in(stores[i % 3], "tenant-a", CA_ALG_P256,
		    root.sealed);
		issuing = ask_ok(&s, &o);
		save("root.pem", PEM_CERTIFICATE, root.object);
		save("issuing.pem", PEM_CERTIFICATE, issuing.object);
		ck_assert_uint_eq(issue(&s, "tenant-a", issuing.sealed),
		    ERR_OK);
		ck_assert(openssl_verify("", "leaf.pem"));
	}
	stop(&s);
	end();
}
END_TEST

START_TEST(a_root_in_one_hsm_cross_certifies_a_root_in_another)
{
	struct order o;
	struct answer old, new;
	struct signer s;

	begin_hsm();
	s = start();
	(void)hello(&s);
	o = root_in("alpha", "tenant-a", CA_ALG_P256);
	old = ask_ok(&s, &o);
	o = root_in("beta", "tenant-a", CA_ALG_P384);
	o.make_ca.common_name = "root 2";
	new = ask_ok(&s, &o);
	o = (struct order){ .type = ORDER_CROSS_SIGN, .cross_sign = {
	    .ca = old.sealed, .subject = new.sealed, .tenant = "tenant-a",
	    .crl_url = HELP_CRL_URL, .aia_url = HELP_AIA_URL } };
	save("root.pem", PEM_CERTIFICATE, old.object);
	save("issuing.pem", PEM_CERTIFICATE, old.object);
	save("cross.pem", PEM_CERTIFICATE, ask_ok(&s, &o).object);
	ck_assert(openssl_verify("", "cross.pem"));
	stop(&s);
	end();
}
END_TEST

START_TEST(crls_of_one_ca_that_wait_together_have_different_numbers)
{
	enum { N = 16 };
	uint64_t seen[N];
	struct chain c;
	struct order o;
	struct signer s;

	begin_hsm();
	s = start();
	(void)hello(&s);
	c = make_chain_in(&s, "alpha", "tenant-a", CA_ALG_P256);
	o = help_crl("tenant-a", c.issuing.sealed, 1);
	for (size_t i = 0; i < N; i++) {
		o.tag = 100 + i;
		tell(&s, &o);
	}
	for (size_t i = 0; i < N; i++) {
		struct answer a;

		ck_assert(hear(&s, &a));
		ck_assert_msg(!failed(a.err) || a.err.code == ERR_BUSY,
		    "%s: %s", err_name(a.err), a.detail);
		seen[i] = failed(a.err) ? 0 : a.crl_number;
		for (size_t j = 0; j < i; j++)
			ck_assert(seen[i] == 0 || seen[i] != seen[j]);
	}
	stop(&s);
	end();
}
END_TEST

/* --- who may what -------------------------------------------------------- */

START_TEST(private_keys_cannot_be_taken_out_of_the_hsm)
{
	struct signer s;

	begin_hsm();
	s = start();
	(void)hello(&s);
	(void)make_chain_in(&s, "alpha", "tenant-a", CA_ALG_P256);
	(void)make_chain_in(&s, "alpha", "tenant-a", CA_ALG_RSA2048);
	stop(&s);
	if (run("command -v pkcs11-tool >/dev/null") != 0) {
		(void)puts("# pkcs11-tool is not here");
		end();
		return;
	}
	ck_assert_int_eq(soft_run(folder, "alpha", arena_printf(cx->arena,
	    "pkcs11-tool --module %s --token-label alpha --login --pin "
	    SOFT_PIN " --list-objects --type privkey >%s/keys 2>&1",
	    soft_module(), folder)), 0);
	ck_assert_int_eq(run(arena_printf(cx->arena, "cd %s && test $(grep "
	    "-c 'Private Key Object' keys) = 4 && test $(grep -c 'sensitive, "
	    "always sensitive, never extractable, local' keys) = 4 && ! grep "
	    "-E 'Usage:.*(decrypt|unwrap|derive)' keys", folder)), 0);
	ck_assert_int_ne(soft_run(folder, "alpha", arena_printf(cx->arena,
	    "pkcs11-tool --module %s --token-label alpha --login --pin "
	    SOFT_PIN " --read-object --type privkey --label 'daapki tenant-a' "
	    "--output-file %s/out >/dev/null 2>&1 && test -s %s/out",
	    soft_module(), folder, folder)), 0);
	end();
}
END_TEST

START_TEST(each_flipped_bit_of_an_hsm_record_is_refused)
{
	struct chain c;
	struct signer s;
	uint8_t *copy;

	begin_hsm();
	s = start();
	(void)hello(&s);
	c = make_chain_in(&s, "alpha", "tenant-a", CA_ALG_P256);
	ck_assert_str_eq(record_key_store(cx->arena, c.issuing.sealed),
	    "alpha");
	copy = arena_dup(cx->arena, c.issuing.sealed.p, c.issuing.sealed.n);
	for (size_t i = 0; i < c.issuing.sealed.n; i++) {
		enum err_code code;

		copy[i] ^= (uint8_t)(1u << (i % 8));
		code = issue(&s, "tenant-a", SLICE(copy, c.issuing.sealed.n));
		ck_assert_msg(code == ERR_SEAL, "byte %zu", i);
		copy[i] ^= (uint8_t)(1u << (i % 8));
	}
	ck_assert_uint_eq(issue(&s, "tenant-a", c.issuing.sealed), ERR_OK);
	stop(&s);
	end();
}
END_TEST

/* What is before the sealed part names the tenant, the HSM and all else; what
 * is sealed is the key's ID. */
START_TEST(no_record_makes_a_tenant_use_the_key_of_another)
{
	struct chain a, b;
	struct signer s;
	const size_t n_box = 24 + 2 + HSM_KEY_ID_SIZE + 16;
	uint8_t *forged;
	size_t n;

	begin_hsm();
	s = start();
	(void)hello(&s);
	a = make_chain_in(&s, "alpha", "tenant-a", CA_ALG_P256);
	b = make_chain_in(&s, "alpha", "tenant-b", CA_ALG_P256);
	ck_assert_uint_eq(issue(&s, "tenant-b", a.issuing.sealed),
	    ERR_ORDER_TENANT);
	n = a.issuing.sealed.n;
	forged = arena_dup(cx->arena, a.issuing.sealed.p, n);
	memcpy(forged + n - n_box, b.issuing.sealed.p + b.issuing.sealed.n -
	    n_box, n_box);
	ck_assert_uint_eq(issue(&s, "tenant-a", SLICE(forged, n)), ERR_SEAL);
	stop(&s);
	end();
}
END_TEST

START_TEST(a_key_store_that_is_not_configured_is_refused_by_name)
{
	struct order o;
	struct answer a;
	struct signer s;

	begin_hsm();
	s = start();
	(void)hello(&s);
	o = root_in("gamma", "tenant-a", CA_ALG_P256);
	a = ask(&s, &o);
	ck_assert_uint_eq(a.err.code, ERR_ORDER_KEY_STORE);
	ck_assert_ptr_nonnull(strstr(a.detail, "gamma"));
	stop(&s);
	end();
}
END_TEST

/* What was made while it was named goes on. */
START_TEST(keys_are_made_in_an_hsm_only_for_tenants_that_its_file_names)
{
	static const char *const stores[] = { "alpha", "beta", "delta" };
	struct answer a, request;
	struct chain before;
	struct order o;
	struct signer s;

	begin_hsm();
	s = start();
	(void)hello(&s);
	before = make_chain_in(&s, "alpha", "tenant-a", CA_ALG_P256);
	stop(&s);
	ck_assert_int_eq(run(arena_printf(cx->arena, "cd %s && "
	    "rm -r beta.tokens && sed -i "
	    "'s/^tenants.*/tenants = tenant-b tenant-c/' hsm/alpha.conf",
	    folder)), 0);
	soft_make_for(folder, "beta", "");
	soft_make_for(folder, "delta", "tenants = tenant-a\n");
	s = start();
	(void)hello(&s);
	for (size_t i = 0; i < COUNT_OF(stores); i++) {
		o = root_in(stores[i], "tenant-a", CA_ALG_P256);
		a = ask(&s, &o);
		ck_assert_uint_eq(a.err.code, i == 2 ? ERR_OK :
		    ERR_ORDER_KEY_STORE);
		ck_assert(i == 2 || strstr(a.detail, stores[i]) != NULL);
		ck_assert(i == 2 || strstr(a.detail, "tenant-a") != NULL);
	}
	(void)make_chain_in(&s, "alpha", "tenant-c", CA_ALG_P256);
	o = issuing_in("alpha", "tenant-a", CA_ALG_P256, before.root.sealed);
	ck_assert_uint_eq(ask(&s, &o).err.code, ERR_ORDER_KEY_STORE);
	o = (struct order){ .type = ORDER_REQUEST_CA, .request_ca = {
	    .tenant = "tenant-a", .alg = CA_ALG_P256, .common_name = "CA",
	    .leaf_max_s = HELP_DAY, .key_store = "alpha" } };
	request = ask(&s, &o);
	ck_assert_uint_eq(request.err.code, ERR_ORDER_KEY_STORE);
	ck_assert_uint_eq(issue(&s, "tenant-a", before.issuing.sealed),
	    ERR_OK);
	/* Nobody has to wait for the token to learn that. */
	soft_lose(folder, "alpha");
	o = root_in("alpha", "tenant-a", CA_ALG_P256);
	ck_assert_uint_eq(ask(&s, &o).err.code, ERR_ORDER_KEY_STORE);
	stop(&s);
	end();
}
END_TEST

START_TEST(a_malformed_order_for_an_hsm_closes_the_connection_too)
{
	struct chain c;
	struct order o;
	struct answer a;
	struct signer s;

	begin_hsm();
	s = start();
	(void)hello(&s);
	c = make_chain_in(&s, "alpha", "tenant-a", CA_ALG_P256);
	o = help_leaf("-a", c.issuing.sealed, help_spki("P-256"));
	a = ask(&s, &o);
	ck_assert_uint_eq(a.err.code, ERR_ORDER_MALFORMED);
	ck_assert(!hear(&s, &a));
	stop(&s);
	end();
}
END_TEST

START_TEST(records_of_an_hsm_are_sealed_anew_under_another_master_key)
{
	struct chain c;
	struct order o;
	struct answer again;
	struct signer s;

	begin_hsm();
	s = start();
	(void)hello(&s);
	c = make_chain_in(&s, "alpha", "tenant-a", CA_ALG_P256);
	stop(&s);
	ck_assert_int_eq(run(arena_printf(cx->arena, "mv %s/master %s/old && "
	    "./daa-signer --make-master-key %s/master", folder, folder,
	    folder)), 0);
	signer_keys[4] = "--old-master-key";
	signer_keys[5] = "old";
	s = start();
	(void)hello(&s);
	o = (struct order){ .type = ORDER_RESEAL, .reseal = {
	    c.issuing.sealed } };
	again = ask_ok(&s, &o);
	ck_assert(!slice_equal(again.sealed, c.issuing.sealed));
	stop(&s);
	signer_keys[4] = NULL;
	s = start();
	(void)hello(&s);
	ck_assert_uint_eq(issue(&s, "tenant-a", c.issuing.sealed), ERR_SEAL);
	ck_assert_uint_eq(issue(&s, "tenant-a", again.sealed), ERR_OK);
	ck_assert(openssl_verify("", "leaf.pem"));
	stop(&s);
	end();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		a_ca_of_each_kind_signs_in_an_hsm_what_openssl_accepts,
		a_long_crl_is_signed_in_an_hsm_also_by_ed25519,
		root_and_issuing_ca_may_be_in_two_hsms_or_one_of_them_sealed,
		a_root_in_one_hsm_cross_certifies_a_root_in_another,
		crls_of_one_ca_that_wait_together_have_different_numbers,
		private_keys_cannot_be_taken_out_of_the_hsm,
		each_flipped_bit_of_an_hsm_record_is_refused,
		no_record_makes_a_tenant_use_the_key_of_another,
		a_key_store_that_is_not_configured_is_refused_by_name,
		keys_are_made_in_an_hsm_only_for_tenants_that_its_file_names,
		a_malformed_order_for_an_hsm_closes_the_connection_too,
		records_of_an_hsm_are_sealed_anew_under_another_master_key,
	};

	return run_hsm_tests("signer_hsm", tests, COUNT_OF(tests));
}
