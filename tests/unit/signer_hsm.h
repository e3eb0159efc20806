/* SPDX-License-Identifier: Apache-2.0 */
/* daa-signer with HSMs: tokens of SoftHSM2, alpha and beta, and daa-hsm. */
#ifndef DAAPKI_TESTS_SIGNER_HSM_H
#define DAAPKI_TESTS_SIGNER_HSM_H

#include "tests/unit/signer_process.h"

#include <signal.h>
#include <time.h>

#include "tests/unit/soft_hsm.h"

#define WAIT_S	60	/* for what has to come by itself */

static const char hsm_dir[] = "hsm";

static inline void
begin_hsm(void)
{
	begin();
	soft_make(folder, "alpha");
	soft_make(folder, "beta");
	signer_keys[2] = "--hsm-dir";
	signer_keys[3] = hsm_dir;
}

static inline struct order
root_in(const char *store, const char *tenant, enum ca_alg alg)
{
	struct order o = help_root(tenant, alg);

	o.make_ca.key_store = store;
	return o;
}

static inline struct order
issuing_in(const char *store, const char *tenant, enum ca_alg alg,
    struct slice parent)
{
	struct order o = help_below(tenant, CA_ROLE_ISSUING, alg, parent);

	o.make_ca.key_store = store;
	return o;
}

static inline struct chain
make_chain_in(struct signer *s, const char *store, const char *tenant,
    enum ca_alg alg)
{
	struct chain c;
	struct order o = root_in(store, tenant, alg);

	c.root = ask_ok(s, &o);
	o = issuing_in(store, tenant, alg, c.root.sealed);
	c.issuing = ask_ok(s, &o);
	save("root.pem", PEM_CERTIFICATE, c.root.object);
	save("issuing.pem", PEM_CERTIFICATE, c.issuing.object);
	return c;
}

static inline enum err_code
issue(struct signer *s, const char *tenant, struct slice ca)
{
	struct order o = help_leaf(tenant, ca, help_spki("P-256"));
	struct answer a = ask(s, &o);

	if (!failed(a.err))
		save("leaf.pem", PEM_CERTIFICATE, a.object);
	return a.err.code;
}

/* Until it issues again. */
static inline void
wait_back(struct signer *s, const char *tenant, struct slice ca)
{
	const struct timespec pause = { 0, 200000000 };

	for (int i = 0; i < WAIT_S * 5; i++) {
		if (issue(s, tenant, ca) == ERR_OK)
			return;
		(void)nanosleep(&pause, NULL);
	}
	ck_abort_msg("the HSM did not come back");
}

static inline pid_t
holder_of(const struct signer *s)
{
	const struct timespec pause = { 0, 100000000 };
	pid_t keeper = soft_child(s->pid), holder = 0;

	for (int i = 0; holder == 0 && i < WAIT_S * 10; i++) {
		holder = soft_child(keeper);
		if (holder == 0)
			(void)nanosleep(&pause, NULL);
	}
	ck_assert_int_gt(holder, 0);
	return holder;
}

/* Each kind of object that a CA of the algorithm signs. */
static inline void
all_objects(struct signer *s, enum ca_alg alg)
{
	static const struct order_ocsp_entry entry = { .serial = { 0x5d, 1 },
	    .n_serial = 2, .status = OCSP_GOOD };
	struct chain c = make_chain_in(s, "alpha", "tenant-a", alg);
	int64_t now = ctx_now(cx);
	struct order o;

	ck_assert_uint_eq(issue(s, "tenant-a", c.issuing.sealed), ERR_OK);
	ck_assert(openssl_verify("", "leaf.pem"));
	o = help_crl("tenant-a", c.issuing.sealed, 1);
	save("crl.pem", "X509 CRL", ask_ok(s, &o).object);
	ck_assert_int_eq(run(arena_printf(cx->arena, "cd %s && openssl crl "
	    "-in crl.pem -noout -CAfile issuing.pem >crl.out 2>&1 && "
	    "grep -q 'verify OK' crl.out", folder)), 0);
	o = (struct order){ .type = ORDER_SIGN_OCSP, .sign_ocsp = {
	    .ca = c.issuing.sealed, .tenant = "tenant-a",
	    .this_update_s = now, .next_update_s = now + 3600,
	    .n_entries = 1, .entries = &entry } };
	ck_assert_uint_gt(ask_ok(s, &o).object.n, 0);
	o = (struct order){ .type = ORDER_PROVE, .prove = {
	    .ca = c.issuing.sealed, .tenant = "tenant-a",
	    .nonce = "nonce" } };
	save("proof.pem", PEM_CERTIFICATE, ask_ok(s, &o).object);
	ck_assert(openssl_verify("", "proof.pem"));
}

static inline int
run_hsm_tests(const char *name, const TTest *const *tests, size_t n)
{
	bool have;

	unit_begin();
	have = soft_module() != NULL;
	unit_end();
	if (have)
		return unit_run(name, tests, n, NULL, NULL);
	(void)printf("1..%zu\n", n);
	for (size_t i = 0; i < n; i++)
		(void)printf("ok %zu - %s # SKIP softhsm2 or daa-hsm is not "
		    "here\n", i + 1, tests[i]->name);
	return EXIT_SUCCESS;
}

#endif
