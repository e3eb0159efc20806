/* SPDX-License-Identifier: Apache-2.0 */
/* The signer's sealed records, checkpoints and sandbox. */
#include "tests/unit/signer_work.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "signer/checkpoint.h"
#include "signer/sandbox.h"

/* --- sealed records ------------------------------------------------------ */

static const uint8_t private_key[SEALED_PRIVATE_MAX] = { 1, 2, 3, 4 };

static struct slice
seal(const char *tenant, enum ca_alg alg)
{
	const struct sealed s = {
		.tenant = tenant, .role = CA_ROLE_ISSUING,
		.alg = (uint8_t)alg, .leaf_max_s = 86400, .key_store = "",
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
		.alg = CA_ALG_P256, .leaf_max_s = 86400, .key_store = "",
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
    a_sealed_record_opens_to_what_was_sealed,
    a_sealed_record_with_any_bit_changed_or_cut_is_refused,
    one_tenants_record_does_not_open_as_anothers,
    a_key_sealed_with_another_cas_certificate_is_refused,
    a_checkpoint_says_the_last_entry_and_is_signed_over_segments,
    in_the_sandbox_the_work_goes_on_and_the_rest_is_shut)
