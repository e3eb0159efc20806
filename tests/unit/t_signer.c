/* SPDX-License-Identifier: Apache-2.0 */
/* The signer's own limits, its sealed records and its sandbox. */
#include "tests/unit/signer_help.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "signer/checkpoint.h"
#include "signer/rules.h"
#include "signer/sandbox.h"
#include "signer/work.h"

#define NOW	INT64_C(1795334400)

static int64_t
fixed_now(void *arg)
{
	(void)arg;
	return NOW;
}

static const struct clock fixed = { fixed_now, NULL, NULL };

static char folder[32];
static struct work work;
static struct master *master;

static const char *
in_folder(const char *name)
{
	return arena_printf(cx->arena, "%s/%s", folder, name);
}

/* name NULL: the systemd credential. */
static struct err
open_key(const char *name, struct master **out)
{
	const struct master_source source = {
		.key_file = name != NULL ? in_folder(name) : NULL,
		.params_folder = folder,
	};

	return master_open(cx, &source, out);
}

static void
remove_folder(void)
{
	char command[64];

	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static void
begin(void)
{
	struct journal_conf conf;

	cx->clock = &fixed;
	memcpy(folder, "/tmp/daapki-t-XXXXXX", 21);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_ok(master_make(cx, in_folder("master")));
	ck_ok(open_key("master", &master));
	conf = (struct journal_conf){ .folder = in_folder("journal"),
	    .segment_max = 4096 };
	work.master = master;
	work.cas = ca_cache_new(master);
	ck_ok(journal_open(cx, &conf, &work.journal));
}

static void
end(void)
{
	ca_cache_free(work.cas);
	journal_close(work.journal);
	master_free(master);
	remove_folder();
}

static struct answer
done(const struct order *order)
{
	struct answer a;

	work_do(cx, &work, order, &a);
	ck_assert_msg(!failed(a.err), "%s: %s", err_name(a.err), a.detail);
	return a;
}

/* --- rules --------------------------------------------------------------- */

static struct answer root, issuing, server, other_root, other_issuing;
static struct slice leaf_spki;
static struct order order;

static void
make_cas(void)
{
	order = help_root("tenant-a", CA_ALG_P256);
	root = done(&order);
	order = help_below("tenant-a", CA_ROLE_ISSUING, CA_ALG_P256,
	    root.sealed);
	issuing = done(&order);
	order = help_below("tenant-a", CA_ROLE_SERVER, CA_ALG_ED25519,
	    root.sealed);
	server = done(&order);
	order = help_root("tenant-b", CA_ALG_P256);
	other_root = done(&order);
	order = help_below("tenant-b", CA_ROLE_ISSUING, CA_ALG_P256,
	    other_root.sealed);
	other_issuing = done(&order);
	leaf_spki = help_spki("P-256");
}

static void
good_leaf(void) { order = help_leaf("tenant-a", issuing.sealed, leaf_spki); }
static void
good_crl(void) { order = help_crl("tenant-a", issuing.sealed, 1); }
static void
good_root(void) { order = help_root("tenant-a", CA_ALG_P256); }

static void
good_server(void)
{
	order = help_leaf("tenant-a", server.sealed, leaf_spki);
	order.issue.device_id = "";
	order.issue.flags = 0;
	order.issue.n_dns_names = 1;
	order.issue.dns_names[0] = "a.example";
}

static void
good_issuing(void)
{
	order = help_below("tenant-a", CA_ROLE_ISSUING, CA_ALG_P256,
	    root.sealed);
}

/* Leaves. */
static void
leaf_other_tenant(void) { order.issue.ca = other_issuing.sealed; }
static void
leaf_bad_tenant(void) { order.issue.tenant = "Tenant A"; }
static void
leaf_by_root(void) { order.issue.ca = root.sealed; }
static void
leaf_by_server(void) { order.issue.ca = server.sealed; }
static void
leaf_device_short(void) { order.issue.device_id = "0123"; }
static void
leaf_device_upper(void)
{
	char *id = arena_strdup(cx->arena, HELP_DEVICE);

	id[10] = 'A';
	order.issue.device_id = id;
}
static void
leaf_host(void)
{
	order.issue.n_dns_names = 1;
	order.issue.dns_names[0] = "a.example";
}
static void
leaf_too_long(void) { order.issue.not_after_s = NOW + 30 * 86400 + 1; }
static void
leaf_over(void)
{
	order.issue.not_before_s = NOW - 10;
	order.issue.not_after_s = NOW;
}
static void
leaf_backdated(void)
{
	order.issue.not_before_s = NOW - RULES_BACKDATE_MAX_S - 1;
}
static void
leaf_ahead(void)
{
	order.issue.not_before_s = NOW + RULES_AHEAD_MAX_S + 1;
}
static void
leaf_backwards(void) { order.issue.not_after_s = NOW - 301; }
static void
leaf_https(void) { order.issue.crl_url = "https://a.example/"; }
static void
leaf_url_space(void) { order.issue.aia_url = "http://a.example/ b"; }
static void
leaf_url_empty(void) { order.issue.aia_url = "http://"; }
static void
leaf_bad_key(void) { order.issue.spki = slice_text("key"); }
static void
leaf_key_of_issuer(void)
{
	struct cert cert;

	ck_ok(cert_parse(cx, issuing.object, &cert));
	order.issue.spki = cert.spki;
}
static void
leaf_not_sealed(void) { order.issue.ca = slice_text("DAS1"); }

/* Server leaves. */
static void
server_device(void) { order.issue.device_id = HELP_DEVICE; }
static void
server_hardware(void) { order.issue.flags = LEAF_HARDWARE_KEY; }
static void
server_nameless(void) { order.issue.n_dns_names = 0; }
static void
server_by_issuing(void) { order.issue.ca = issuing.sealed; }
static void
server_wildcard(void) { order.issue.dns_names[0] = "*.example"; }

/* CAs. */
static void
ca_by_issuing(void) { order.make_ca.parent = issuing.sealed; }
static void
ca_by_server(void) { order.make_ca.parent = server.sealed; }
static void
ca_other_tenant(void) { order.make_ca.parent = other_root.sealed; }
static void
ca_orphan(void) { order.make_ca.parent = SLICE_NONE; }
static void
ca_outlives(void) { order.make_ca.not_after_s = NOW + 3651 * 86400; }
static void
ca_leaf_none(void) { order.make_ca.leaf_max_s = 0; }
static void
ca_leaf_much(void) { order.make_ca.leaf_max_s = RULES_LEAF_MAX_S + 1; }
static void
ca_nameless(void) { order.make_ca.common_name = ""; }
static void
ca_long_name(void) { order.make_ca.common_name = HELP_DEVICE "x"; }
static void
ca_backdated(void) { order.make_ca.not_before_s = NOW - 8 * 86400; }
static void
ca_bad_tenant(void) { order.make_ca.tenant = "-a"; }
static void
ca_https(void) { order.make_ca.aia_url = "https://a.example/"; }
static void
root_with_parent(void) { order.make_ca.parent = root.sealed; }
static void
root_with_leaves(void) { order.make_ca.leaf_max_s = 1; }
static void
root_with_crl(void) { order.make_ca.crl_url = HELP_CRL_URL; }
static void
root_for_ever(void)
{
	order.make_ca.not_after_s = NOW + RULES_CA_LIFE_MAX_S + 1;
}

/* CRLs. */
static struct order_crl_entry entry;
static void
crl_other_tenant(void) { order.sign_crl.ca = other_issuing.sealed; }
static void
crl_backwards(void)
{
	order.sign_crl.next_update_s = order.sign_crl.this_update_s;
}
static void
crl_long(void)
{
	order.sign_crl.next_update_s = NOW + RULES_CRL_LIFE_MAX_S + 1;
}
static void
crl_later(void) { order.sign_crl.this_update_s = NOW + 301; }
static void
crl_with(uint8_t first, uint8_t reason)
{
	entry = (struct order_crl_entry){ { first }, NOW, reason };
	order.sign_crl.n_entries = 1;
	order.sign_crl.entries = &entry;
}
static void
crl_reason_7(void) { crl_with(0x5d, 7); }
static void
crl_reason_8(void) { crl_with(0x5d, 8); }
static void
crl_serial_zero(void) { crl_with(0, 1); }
static void
crl_serial_negative(void) { crl_with(0x80, 1); }

static const struct {
	const char	*name;
	void		(*good)(void);
	void		(*wrong)(void);
	enum err_code	 code;
} refusals[] = {
#define R(good, wrong, code) { #wrong, good, wrong, code }
	R(good_leaf, leaf_other_tenant, ERR_ORDER_TENANT),
	R(good_leaf, leaf_bad_tenant, ERR_ORDER_MALFORMED),
	R(good_leaf, leaf_by_root, ERR_ORDER_ROLE),
	R(good_leaf, leaf_by_server, ERR_ORDER_ROLE),
	R(good_leaf, leaf_device_short, ERR_ORDER_MALFORMED),
	R(good_leaf, leaf_device_upper, ERR_ORDER_MALFORMED),
	R(good_leaf, leaf_host, ERR_ORDER_ROLE),
	R(good_leaf, leaf_too_long, ERR_ORDER_LIMIT),
	R(good_leaf, leaf_over, ERR_ORDER_LIMIT),
	R(good_leaf, leaf_backdated, ERR_ORDER_LIMIT),
	R(good_leaf, leaf_ahead, ERR_ORDER_LIMIT),
	R(good_leaf, leaf_backwards, ERR_ORDER_LIMIT),
	R(good_leaf, leaf_https, ERR_ORDER_LIMIT),
	R(good_leaf, leaf_url_space, ERR_ORDER_LIMIT),
	R(good_leaf, leaf_url_empty, ERR_ORDER_LIMIT),
	R(good_leaf, leaf_bad_key, ERR_CSR_KEY),
	R(good_leaf, leaf_key_of_issuer, ERR_ORDER_ROLE),
	R(good_leaf, leaf_not_sealed, ERR_SEAL),
	R(good_server, server_device, ERR_ORDER_ROLE),
	R(good_server, server_hardware, ERR_ORDER_ROLE),
	R(good_server, server_nameless, ERR_ORDER_MALFORMED),
	R(good_server, server_by_issuing, ERR_ORDER_MALFORMED),
	R(good_server, server_wildcard, ERR_CERT_LINT),
	R(good_issuing, ca_by_issuing, ERR_ORDER_ROLE),
	R(good_issuing, ca_by_server, ERR_ORDER_ROLE),
	R(good_issuing, ca_other_tenant, ERR_ORDER_TENANT),
	R(good_issuing, ca_orphan, ERR_ORDER_ROLE),
	R(good_issuing, ca_outlives, ERR_ORDER_LIMIT),
	R(good_issuing, ca_leaf_none, ERR_ORDER_LIMIT),
	R(good_issuing, ca_leaf_much, ERR_ORDER_LIMIT),
	R(good_issuing, ca_nameless, ERR_ORDER_LIMIT),
	R(good_issuing, ca_long_name, ERR_ORDER_LIMIT),
	R(good_issuing, ca_backdated, ERR_ORDER_LIMIT),
	R(good_issuing, ca_bad_tenant, ERR_ORDER_MALFORMED),
	R(good_issuing, ca_https, ERR_ORDER_LIMIT),
	R(good_root, root_with_parent, ERR_ORDER_ROLE),
	R(good_root, root_with_leaves, ERR_ORDER_LIMIT),
	R(good_root, root_with_crl, ERR_ORDER_LIMIT),
	R(good_root, root_for_ever, ERR_ORDER_LIMIT),
	R(good_crl, crl_other_tenant, ERR_ORDER_TENANT),
	R(good_crl, crl_backwards, ERR_ORDER_LIMIT),
	R(good_crl, crl_long, ERR_ORDER_LIMIT),
	R(good_crl, crl_later, ERR_ORDER_LIMIT),
	R(good_crl, crl_reason_7, ERR_ORDER_LIMIT),
	R(good_crl, crl_reason_8, ERR_ORDER_LIMIT),
	R(good_crl, crl_serial_zero, ERR_ORDER_LIMIT),
	R(good_crl, crl_serial_negative, ERR_ORDER_LIMIT),
#undef R
};

START_TEST(every_order_that_breaks_a_rule_is_refused_and_leaves_no_trace)
{
	begin();
	make_cas();
	for (size_t i = 0; i < COUNT_OF(refusals); i++) {
		uint64_t next;
		struct answer a;

		refusals[i].good();
		(void)done(&order);
		next = journal_next(work.journal);
		refusals[i].wrong();
		work_do(cx, &work, &order, &a);
		ck_assert_msg(a.err.code == refusals[i].code, "%s: %s: %s",
		    refusals[i].name, err_name(a.err), a.detail);
		ck_assert_uint_eq(a.object.n, 0);
		ck_assert_uint_eq(journal_next(work.journal), next);
	}
	end();
}
END_TEST

START_TEST(a_leaf_may_last_to_the_limit_and_not_a_second_more)
{
	begin();
	make_cas();
	good_leaf();
	order.issue.not_after_s = NOW + 30 * 86400;
	(void)done(&order);
	end();
}
END_TEST

START_TEST(a_leaf_cannot_outlive_its_issuer)
{
	struct answer brief, a;

	begin();
	make_cas();
	good_issuing();
	order.make_ca.not_after_s = NOW + 86400 - 1;
	brief = done(&order);
	order = help_leaf("tenant-a", brief.sealed, leaf_spki);
	work_do(cx, &work, &order, &a);
	ck_assert_uint_eq(a.err.code, ERR_ORDER_LIMIT);
	order.issue.not_after_s = NOW + 86400 - 1;
	(void)done(&order);
	end();
}
END_TEST

START_TEST(more_cas_than_stay_open_are_served)
{
	struct answer first, a = { .seq = 0 };

	begin();
	order = help_root("tenant-a", CA_ALG_ED25519);
	first = done(&order);
	for (unsigned i = 0; i < CA_OPEN_MAX + 8; i++) {
		order = help_root("tenant-a", CA_ALG_ED25519);
		a = done(&order);
		order = help_crl("tenant-a", a.sealed, 1);
		(void)done(&order);
		ck_ok(work_commit(cx, &work));
	}
	order = help_crl("tenant-a", first.sealed, 1);
	ck_assert_uint_eq(done(&order).crl_number, 1);
	end();
}
END_TEST

/* --- sealed records ------------------------------------------------------ */

static const uint8_t private_key[SEALED_PRIVATE_MAX] = { 1, 2, 3, 4 };

static struct slice
seal(const char *tenant, enum ca_alg alg)
{
	const struct sealed s = {
		.tenant = tenant, .role = CA_ROLE_ISSUING,
		.alg = (uint8_t)alg, .leaf_max_s = 86400,
		.not_after_s = NOW, .certificate = slice_text("certificate"),
	};
	struct slice record;

	ck_ok(sealed_seal(cx, master, &s, private_key, &record));
	return record;
}

START_TEST(a_sealed_record_opens_to_what_was_sealed)
{
	begin();
	for (enum ca_alg alg = CA_ALG_P256; alg <= CA_ALG_RSA4096; alg++) {
		uint8_t private[SEALED_PRIVATE_MAX] = { 0 };
		struct slice record = seal("tenant-a", alg);
		struct sealed s;

		ck_ok(sealed_open(cx, master, record, &s, private));
		ck_assert_str_eq(s.tenant, "tenant-a");
		ck_assert_uint_eq(s.role, CA_ROLE_ISSUING);
		ck_assert_uint_eq(s.alg, alg);
		ck_assert_uint_eq(s.leaf_max_s, 86400);
		ck_assert_int_eq(s.not_after_s, NOW);
		ck_assert(slice_equal(s.certificate,
		    slice_text("certificate")));
		ck_assert_mem_eq(private, private_key,
		    sealed_private_size(alg));
	}
	end();
}
END_TEST

START_TEST(a_sealed_record_with_any_bit_changed_or_cut_is_refused)
{
	uint8_t private[SEALED_PRIVATE_MAX];
	struct slice record;
	struct sealed s;

	begin();
	record = seal("tenant-a", CA_ALG_P256);
	for (size_t bit = 0; bit < 8 * record.n; bit++) {
		uint8_t *copy = arena_dup(cx->arena, record.p, record.n);

		copy[bit / 8] = (uint8_t)(copy[bit / 8] ^ 1u << bit % 8);
		ck_fails(sealed_open(cx, master, SLICE(copy, record.n), &s,
		    private), ERR_SEAL);
	}
	for (size_t n = 0; n < record.n; n++)
		ck_fails(sealed_open(cx, master, SLICE(record.p, n), &s,
		    private), ERR_SEAL);
	end();
}
END_TEST

START_TEST(one_tenants_record_does_not_open_as_anothers)
{
	uint8_t private[SEALED_PRIVATE_MAX], a[MASTER_KEY_SIZE],
	    b[MASTER_KEY_SIZE];
	struct slice record;
	uint8_t *copy;
	struct sealed s;

	begin();
	master_tenant_key(master, "tenant-a", a);
	master_tenant_key(master, "tenant-b", b);
	ck_assert_mem_ne(a, b, sizeof(a));
	record = seal("tenant-a", CA_ALG_P256);
	copy = arena_dup(cx->arena, record.p, record.n);
	copy[4 + 2 + 7] = 'b';		/* in the tenant's name */
	ck_fails(sealed_open(cx, master, SLICE(copy, record.n), &s, private),
	    ERR_SEAL);
	ck_assert(strstr(cx->trail->note, "tenant-b") != NULL);
	end();
}
END_TEST

START_TEST(a_key_sealed_with_another_cas_certificate_is_refused)
{
	struct sealed s = {
		.tenant = "tenant-a", .role = CA_ROLE_ISSUING,
		.alg = CA_ALG_P256, .leaf_max_s = 86400,
	};
	struct slice record;
	struct cert cert;
	struct ca *ca;

	begin();
	make_cas();
	ck_ok(cert_parse(cx, issuing.object, &cert));
	s.certificate = issuing.object;
	s.not_after_s = cert.not_after_s;
	ck_ok(sealed_seal(cx, master, &s, private_key, &record));
	ck_fails(ca_open(cx, work.cas, record, &ca), ERR_SEAL);
	s.tenant = "tenant-b";
	ck_ok(sealed_seal(cx, master, &s, private_key, &record));
	ck_fails(ca_open(cx, work.cas, record, &ca), ERR_SEAL);
	end();
}
END_TEST

/* --- checkpoints --------------------------------------------------------- */

static uint64_t
issue_and_commit(void)
{
	struct answer a;

	good_leaf();
	a = done(&order);
	ck_ok(work_commit(cx, &work));
	return a.seq;
}

START_TEST(a_checkpoint_says_the_last_entry_and_is_signed_over_segments)
{
	struct log_key *key;
	struct answer a, first;

	begin();
	ck_ok(log_key_open(cx, in_folder("journal"), master, &key));
	work.log_key = key;
	order = (struct order){ .type = ORDER_CHECKPOINT };
	first = done(&order);
	ck_assert_uint_eq(first.checkpoint.seq, 0);
	ck_assert(checkpoint_is_signed(cx->arena, &first.checkpoint));
	make_cas();
	ck_ok(work_commit(cx, &work));
	for (unsigned i = 0; i < 20; i++) {	/* some segments */
		uint64_t seq = issue_and_commit();
		uint8_t hash[JOURNAL_HASH_SIZE];

		order = (struct order){ .type = ORDER_CHECKPOINT };
		a = done(&order);
		ck_assert_uint_eq(a.checkpoint.seq, seq);
		ck_assert(checkpoint_is_signed(cx->arena, &a.checkpoint));
		ck_assert(slice_equal(a.checkpoint.public_key,
		    log_key_public(key)));
		ck_assert_uint_eq(journal_end(work.journal, hash), seq);
		ck_assert(slice_equal(a.checkpoint.hash, SLICE_OF(hash)));
		a.checkpoint.seq++;
		ck_assert(!checkpoint_is_signed(cx->arena, &a.checkpoint));
	}
	work.log_key = NULL;
	log_key_free(key);
	end();
}
END_TEST

/* --- the sandbox --------------------------------------------------------- */

/* Exit status of a child that does this inside the sandbox. */
static int
in_sandbox(int (*act)(void))
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (failed(sandbox_enter(cx, journal_folder(work.journal))))
			_exit(100);
		_exit(act());
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) :
	    WEXITSTATUS(status);
}

/* The work goes on: through several segments of the journal, and back. */
static int
issue_many(void)
{
	for (unsigned i = 0; i < 64; i++) {
		struct answer a;

		good_leaf();
		work_do(cx, &work, &order, &a);
		if (failed(a.err) || failed(work_commit(cx, &work)))
			return 1;
	}
	order = (struct order){ .type = ORDER_CHECKPOINT };
	for (unsigned i = 0; i < 2; i++) {
		struct answer a;

		work_do(cx, &work, &order, &a);
		if (failed(a.err))
			return 3;
	}
	order = (struct order){ .type = ORDER_READ_JOURNAL };
	for (uint64_t n = 0; n < 64;) {
		struct answer a;

		order.read_journal.from = n + 1;
		work_do(cx, &work, &order, &a);
		if (failed(a.err) || a.n_entries == 0)
			return 2;
		n += a.n_entries;
	}
	return 0;
}

static int
open_passwd(void)
{
	return open("/etc/passwd", O_RDONLY) >= 0 ? 1 :
	    errno == EACCES ? 0 : 2;
}

static int
read_master(void)
{
	return open(in_folder("master"), O_RDONLY) >= 0 ? 1 : 0;
}

static int
make_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

static int
run_shell(void)
{
	return execl("/bin/sh", "sh", "-c", "true", (char *)NULL);
}

START_TEST(in_the_sandbox_the_work_goes_on_and_the_rest_is_shut)
{
	struct log_key *key;

	if (!help_can_sandbox())
		return;
	begin();
	ck_ok(log_key_open(cx, in_folder("journal"), master, &key));
	work.log_key = key;
	make_cas();
	ck_ok(work_commit(cx, &work));
	ck_ok(ossl_warm_up(cx));
	ck_assert_int_eq(in_sandbox(issue_many), 0);
	ck_assert_int_eq(in_sandbox(open_passwd), 0);
	ck_assert_int_eq(in_sandbox(read_master), 0);
	ck_assert_int_eq(in_sandbox(make_socket), 1000 + SIGSYS);
	ck_assert_int_eq(in_sandbox(run_shell), 1000 + SIGSYS);
	work.log_key = NULL;
	log_key_free(key);
	end();
}
END_TEST

UNIT_MAIN("signer",
    every_order_that_breaks_a_rule_is_refused_and_leaves_no_trace,
    a_leaf_may_last_to_the_limit_and_not_a_second_more,
    a_leaf_cannot_outlive_its_issuer,
    more_cas_than_stay_open_are_served,
    a_sealed_record_opens_to_what_was_sealed,
    a_sealed_record_with_any_bit_changed_or_cut_is_refused,
    one_tenants_record_does_not_open_as_anothers,
    a_key_sealed_with_another_cas_certificate_is_refused,
    a_checkpoint_says_the_last_entry_and_is_signed_over_segments,
    in_the_sandbox_the_work_goes_on_and_the_rest_is_shut)
