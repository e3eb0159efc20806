/* SPDX-License-Identifier: Apache-2.0 */
/* The real daa-signer over a socketpair, and what openssl thinks of its work. */
#include "tests/unit/signer_process.h"

#include <sys/stat.h>
#include <sys/un.h>

#include <poll.h>
#include <signal.h>

#include "pki/cert.h"

#define N_LEAVES	1000u

START_TEST(chains_of_every_algorithm_are_accepted_by_openssl_in_strict_mode)
{
	static const char *const leaf_keys[] = {
		"P-256", "P-384", "ED25519", "RSA2048",
	};
	struct signer s;

	s = begin_signer();
	for (enum ca_alg alg = CA_ALG_P256; alg <= CA_ALG_RSA4096; alg++) {
		struct chain c = make_chain(&s, "tenant-a", alg);

		for (size_t i = 0; i < COUNT_OF(leaf_keys); i++) {
			struct order o = help_leaf("tenant-a",
			    c.issuing.sealed, help_spki(leaf_keys[i]));
			struct answer a = ask_ok(&s, &o);

			save("leaf.pem", PEM_CERTIFICATE, a.object);
			ck_assert(openssl_verify("-purpose sslclient",
			    "leaf.pem"));
			ck_assert(!openssl_verify("-purpose sslserver",
			    "leaf.pem"));
		}
	}
	stop(&s);
	end();
}
END_TEST

START_TEST(a_thousand_pipelined_leaves_are_good_and_their_serials_differ)
{
	struct signer s;
	struct chain c;
	struct cert issuer;
	struct slice spki, serials[N_LEAVES];
	struct answer a;

	s = begin_signer();
	c = make_chain(&s, "tenant-a", CA_ALG_P256);
	ck_ok(cert_parse(cx, c.issuing.object, &issuer));
	spki = help_spki("P-256");
	for (uint64_t i = 0; i < N_LEAVES; i++) {
		struct order o = help_leaf("tenant-a", c.issuing.sealed, spki);

		o.tag = i;
		tell(&s, &o);
	}
	for (uint64_t i = 0; i < N_LEAVES; i++) {
		struct cert cert;

		ck_assert(hear(&s, &a));
		ck_assert(!failed(a.err));
		ck_assert_uint_eq(a.tag, i);
		ck_ok(cert_parse(cx, a.object, &cert));
		ck_ok(cert_verify_issued(cx, &cert, &issuer, ctx_now(cx)));
		ck_assert_uint_eq(cert.serial.n, WIRE_SERIAL_SIZE);
		serials[i] = cert.serial;
		for (uint64_t k = 0; k < i; k++)
			ck_assert(!slice_equal(serials[k], cert.serial));
	}
	save("leaf.pem", PEM_CERTIFICATE, a.object);
	ck_assert(openssl_verify("", "leaf.pem"));
	stop(&s);
	end();
}
END_TEST

START_TEST(a_revoked_leaf_is_refused_by_openssl_and_another_is_not)
{
	struct signer s;
	struct chain c;
	struct answer good, bad, crl;
	struct order_crl_entry entry = { .reason = 1 };
	struct order o;
	struct cert cert;

	s = begin_signer();
	c = make_chain(&s, "tenant-a", CA_ALG_P256);
	o = help_leaf("tenant-a", c.issuing.sealed, help_spki("P-256"));
	good = ask_ok(&s, &o);
	bad = ask_ok(&s, &o);
	ck_ok(cert_parse(cx, bad.object, &cert));
	memcpy(entry.serial, cert.serial.p, sizeof(entry.serial));
	entry.revoked_s = ctx_now(cx);
	o = help_crl("tenant-a", c.issuing.sealed, 1);
	o.sign_crl.n_entries = 1;
	o.sign_crl.entries = &entry;
	crl = ask_ok(&s, &o);
	ck_assert_uint_eq(crl.crl_number, 1);
	save("good.pem", PEM_CERTIFICATE, good.object);
	save("bad.pem", PEM_CERTIFICATE, bad.object);
	save("crl.pem", PEM_CRL, crl.object);
	ck_assert(openssl_verify("-crl_check -CRLfile crl.pem", "good.pem"));
	ck_assert(!openssl_verify("-crl_check -CRLfile crl.pem", "bad.pem"));
	ck_assert(openssl_verify("", "bad.pem"));
	/* A database that was put back asks for a number that is spent. */
	crl = ask_ok(&s, &o);
	ck_assert_uint_eq(crl.crl_number, 2);
	o.sign_crl.number = 10;
	ck_assert_uint_eq(ask_ok(&s, &o).crl_number, 10);
	stop(&s);
	end();
}
END_TEST

START_TEST(a_server_certificate_is_accepted_by_openssl_for_its_names_only)
{
	struct signer s;
	struct order o;
	struct answer root, ca, leaf;

	s = begin_signer();
	o = help_root("platform", CA_ALG_P256);
	root = ask_ok(&s, &o);
	o = help_below("platform", CA_ROLE_SERVER, CA_ALG_P256, root.sealed);
	ca = ask_ok(&s, &o);
	o = help_leaf("platform", ca.sealed, help_spki("P-256"));
	o.issue.device_id = "";
	o.issue.flags = 0;
	o.issue.n_dns_names = 3;
	o.issue.dns_names[0] = "daad.example";
	o.issue.dns_names[1] = "192.0.2.1";
	o.issue.dns_names[2] = "2001:db8::1";
	leaf = ask_ok(&s, &o);
	save("root.pem", PEM_CERTIFICATE, root.object);
	save("issuing.pem", PEM_CERTIFICATE, ca.object);
	save("leaf.pem", PEM_CERTIFICATE, leaf.object);
	ck_assert(openssl_verify("-purpose sslserver -verify_hostname "
	    "daad.example", "leaf.pem"));
	ck_assert(openssl_verify("-verify_ip 192.0.2.1", "leaf.pem"));
	ck_assert(openssl_verify("-verify_ip 2001:db8::1", "leaf.pem"));
	ck_assert(!openssl_verify("-verify_hostname other.example",
	    "leaf.pem"));
	ck_assert(!openssl_verify("-purpose sslclient", "leaf.pem"));
	o.issue.dns_names[0] = "*.example";
	ck_assert_uint_eq(ask(&s, &o).err.code, ERR_CERT_LINT);
	stop(&s);
	end();
}
END_TEST

START_TEST(orders_that_break_a_rule_are_refused_and_the_next_is_served)
{
	struct signer s;
	struct chain a, b;
	struct order o;

	s = begin_signer();
	b = make_chain(&s, "tenant-b", CA_ALG_P256);
	a = make_chain(&s, "tenant-a", CA_ALG_P256);
	o = help_below("tenant-a", CA_ROLE_ISSUING, CA_ALG_P256,
	    a.issuing.sealed);
	ck_assert_uint_eq(ask(&s, &o).err.code, ERR_ORDER_ROLE);
	o = help_below("tenant-a", CA_ROLE_ISSUING, CA_ALG_P256,
	    b.root.sealed);
	ck_assert_uint_eq(ask(&s, &o).err.code, ERR_ORDER_TENANT);
	o = help_leaf("tenant-a", b.issuing.sealed, help_spki("P-256"));
	ck_assert_uint_eq(ask(&s, &o).err.code, ERR_ORDER_TENANT);
	o = help_leaf("tenant-a", a.issuing.sealed, help_spki("P-256"));
	o.issue.not_after_s = ctx_now(cx) + 31 * HELP_DAY;
	ck_assert_uint_eq(ask(&s, &o).err.code, ERR_ORDER_LIMIT);
	o.issue.not_after_s = ctx_now(cx) + HELP_DAY;
	o.issue.spki = slice_text("not a key");
	ck_assert_uint_eq(ask(&s, &o).err.code, ERR_CSR_KEY);
	o.issue.spki = help_spki("P-256");
	(void)ask_ok(&s, &o);
	stop(&s);
	end();
}
END_TEST

static const uint8_t nonsense[] = {
	0, 0, 0, 11,  0, 3,  0, 0, 0, 0, 0, 0, 0, 7,  0xff
};

START_TEST(a_malformed_order_is_answered_and_the_connection_closed)
{
	struct signer s;
	struct answer a;

	s = begin_signer();
	send_all(&s, SLICE_OF(nonsense));
	ck_assert(hear(&s, &a));
	ck_assert_uint_eq(a.err.code, ERR_ORDER_MALFORMED);
	ck_assert_uint_eq(a.tag, 7);
	ck_assert(!hear(&s, &a));
	stop(&s);
	end();
}
END_TEST

START_TEST(an_order_before_hello_is_answered_and_the_connection_closed)
{
	struct signer s;
	struct order o;
	struct answer a;

	begin();
	s = start();
	o = help_root("tenant-a", CA_ALG_P256);
	ck_assert_uint_eq(ask(&s, &o).err.code, ERR_ORDER_MALFORMED);
	ck_assert(!hear(&s, &a));
	stop(&s);
	end();
}
END_TEST

START_TEST(a_frame_longer_than_the_limit_closes_the_connection)
{
	static const uint8_t head[] = { 0xff, 0xff, 0xff, 0xff };
	struct signer s;
	struct answer a;

	s = begin_signer();
	send_all(&s, SLICE_OF(head));
	ck_assert(hear(&s, &a));
	ck_assert_uint_eq(a.err.code, ERR_ORDER_MALFORMED);
	ck_assert(!hear(&s, &a));
	stop(&s);
	end();
}
END_TEST

/* Read the whole journal into an array of N_LEAVES + 2 entries at most. */
static size_t
read_journal(struct signer *s, struct journal_entry *out, size_t max)
{
	struct order o = { .type = ORDER_READ_JOURNAL };
	size_t n = 0;

	for (;;) {
		struct answer a;

		o.read_journal.from = n + 1;
		a = ask_ok(s, &o);
		if (a.n_entries == 0)
			return n;
		for (size_t i = 0; i < a.n_entries; i++) {
			ck_assert_uint_lt(n, max);
			ck_assert_uint_eq(a.entries[i].seq, n + 1);
			out[n++] = a.entries[i];
		}
	}
}

static bool
is_in(const struct journal_entry *entries, size_t n, struct slice object)
{
	for (size_t i = 0; i < n; i++)
		if (slice_equal(entries[i].object, object))
			return true;
	return false;
}

START_TEST(kill_9_under_load_loses_no_certificate_that_was_answered)
{
	static struct journal_entry entries[8 * N_LEAVES];
	struct slice seen[8 * N_LEAVES], spki;
	struct signer s;
	struct chain c;
	struct order o;
	size_t n_seen = 0, n;

	s = begin_signer();
	c = make_chain(&s, "tenant-a", CA_ALG_P256);
	spki = help_spki("P-256");
	o = help_leaf("tenant-a", c.issuing.sealed, spki);
	for (unsigned round = 0; round < 8; round++) {
		struct answer a;

		for (o.tag = 1; o.tag <= 200; o.tag++)
			tell(&s, &o);
		for (unsigned i = 0; i < 20 + 19 * round; i++) {
			ck_assert(hear(&s, &a));
			ck_assert(!failed(a.err));
			seen[n_seen++] = a.object;
		}
		ck_assert_int_eq(kill(s.pid, SIGKILL), 0);
		(void)wait_for(&s);
		(void)close(s.fd);
		s = start();
		ck_assert_uint_gt(hello(&s).journal_next, n_seen + 2);
	}
	n = read_journal(&s, entries, COUNT_OF(entries));
	ck_assert(is_in(entries, n, c.root.object));
	for (size_t i = 0; i < n_seen; i++)
		ck_assert(is_in(entries, n, seen[i]));
	ck_assert_uint_eq(entries[0].kind, JOURNAL_CA);
	ck_assert(slice_equal(entries[1].sealed, c.issuing.sealed));
	ck_assert_str_eq(entries[1].tenant, "tenant-a");
	/* The sealed records are usable after the restart. */
	o.tag = 0;
	(void)ask_ok(&s, &o);
	stop(&s);
	end();
}
END_TEST

START_TEST(sigterm_ends_it_after_its_answers_have_left)
{
	struct signer s;
	struct chain c;
	struct order o;
	struct answer a;
	int status;

	s = begin_signer();
	c = make_chain(&s, "tenant-a", CA_ALG_P256);
	o = help_leaf("tenant-a", c.issuing.sealed, help_spki("P-256"));
	tell(&s, &o);
	ck_assert(hear(&s, &a));
	ck_assert(!failed(a.err));
	ck_assert_int_eq(kill(s.pid, SIGTERM), 0);
	ck_assert(!hear(&s, &a));
	(void)close(s.fd);
	status = wait_for(&s);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	end();
}
END_TEST

START_TEST(a_master_key_that_others_may_read_is_not_used)
{
	struct signer s;
	int status;

	begin();
	ck_assert_int_eq(chmod(in_folder("master"), 0640), 0);
	s = start();
	(void)close(s.fd);
	status = wait_for(&s);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) != 0);
	end();
}
END_TEST

START_TEST(a_ca_of_another_master_key_is_not_opened)
{
	struct signer s;
	struct chain c;
	struct order o;
	int status;

	s = begin_signer();
	c = make_chain(&s, "tenant-a", CA_ALG_P256);
	stop(&s);
	ck_assert_int_eq(unlink(in_folder("master")), 0);
	ck_assert_int_eq(run(arena_printf(cx->arena,
	    "./daa-signer --make-master-key %s/master", folder)), 0);
	/* Beside this journal it is refused at once; beside another, the
	 * CA is. */
	s = start();
	(void)close(s.fd);
	status = wait_for(&s);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	ck_assert_int_eq(rename(in_folder("journal"), in_folder("away")), 0);
	s = start();
	(void)hello(&s);
	o = help_leaf("tenant-a", c.issuing.sealed, help_spki("P-256"));
	ck_assert_uint_eq(ask(&s, &o).err.code, ERR_SEAL);
	stop(&s);
	end();
}
END_TEST

static pid_t
start_listening(const char *path)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		const char *sandbox = help_can_sandbox() ? NULL :
		    "--no-sandbox";

		(void)execl("./daa-signer", "daa-signer", "--master-key",
		    in_folder("master"), "--journal", in_folder("journal"),
		    "--socket", path, "--log-level", "error", sandbox,
		    (char *)NULL);
		_exit(127);
	}
	return pid;
}

static int
connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	memcpy(address.sun_path, path, strlen(path));
	for (unsigned i = 0; i < 400; i++) {
		if (connect(fd, (const struct sockaddr *)&address,
		    sizeof(address)) == 0)
			return fd;
		(void)poll(NULL, 0, 50);
	}
	ck_abort_msg("the signer does not listen");
	return -1;
}

START_TEST(two_peers_are_served_at_a_unix_socket_and_may_come_again)
{
	const char *path;
	struct signer one = { .cap_in = 1u << 20 }, two = one;
	pid_t pid;
	int status;

	begin();
	path = in_folder("socket");
	pid = start_listening(path);
	one.in = base_alloc(one.cap_in);
	two.in = base_alloc(two.cap_in);
	one.fd = connect_to(path);
	two.fd = connect_to(path);
	(void)hello(&two);
	(void)hello(&one);
	(void)close(one.fd);
	one.fd = connect_to(path);
	one.n_in = 0;
	(void)hello(&one);
	(void)make_chain(&two, "tenant-a", CA_ALG_P256);
	ck_assert_int_eq(kill(pid, SIGTERM), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	(void)close(one.fd);
	(void)close(two.fd);
	free(one.in);
	free(two.in);
	end();
}
END_TEST

UNIT_MAIN("signer process",
    chains_of_every_algorithm_are_accepted_by_openssl_in_strict_mode,
    a_thousand_pipelined_leaves_are_good_and_their_serials_differ,
    a_revoked_leaf_is_refused_by_openssl_and_another_is_not,
    a_server_certificate_is_accepted_by_openssl_for_its_names_only,
    orders_that_break_a_rule_are_refused_and_the_next_is_served,
    a_malformed_order_is_answered_and_the_connection_closed,
    an_order_before_hello_is_answered_and_the_connection_closed,
    a_frame_longer_than_the_limit_closes_the_connection,
    kill_9_under_load_loses_no_certificate_that_was_answered,
    sigterm_ends_it_after_its_answers_have_left,
    a_master_key_that_others_may_read_is_not_used,
    a_ca_of_another_master_key_is_not_opened,
    two_peers_are_served_at_a_unix_socket_and_may_come_again)
