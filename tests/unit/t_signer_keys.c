/* SPDX-License-Identifier: Apache-2.0 */
/* The real daa-signer: master keys that change, and its journal verified. */
#include "tests/unit/signer_process.h"

#include <sys/stat.h>

#include <signal.h>

#include "base/text.h"

static void
use_keys(const char *const *options)
{
	for (size_t i = 0; i < SIGNER_KEYS_MAX; i++) {
		signer_keys[i] = *options;
		if (*options != NULL)
			options++;
	}
}

static void
write_secret(const char *name, const char *text)
{
	FILE *f = fopen(in_folder(name), "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(chmod(in_folder(name), 0600), 0);
}

static int
start_fails(void)
{
	struct signer s = start();
	int status;

	(void)close(s.fd);
	status = wait_for(&s);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static struct answer
reseal(struct signer *s, struct slice record)
{
	struct order o = { .type = ORDER_RESEAL, .reseal = { record } };

	return ask(s, &o);
}

static const char *const old_key[] = { "--master-key", "master", NULL };
static const char *const both_keys[] = {
	"--master-key", "new", "--old-master-key", "master", NULL,
};
static const char *const new_key[] = { "--master-key", "new", NULL };

START_TEST(a_master_key_is_changed_while_every_ca_goes_on_issuing)
{
	struct order o;
	struct signer s;
	struct chain c;
	struct answer root, issuing;

	begin();
	use_keys(old_key);
	s = start();
	(void)hello(&s);
	c = make_chain(&s, "tenant-a", CA_ALG_RSA2048);
	stop(&s);
	ck_assert_int_eq(run(arena_printf(cx->arena,
	    "./daa-signer --make-master-key %s/new", folder)), 0);

	use_keys(both_keys);
	s = start();
	(void)hello(&s);
	/* Orders still come with the old records. */
	o = help_leaf("tenant-a", c.issuing.sealed, help_spki("P-256"));
	save("leaf.pem", PEM_CERTIFICATE, ask_ok(&s, &o).object);
	ck_assert(openssl_verify("", "leaf.pem"));
	root = reseal(&s, c.root.sealed);
	ck_assert(!failed(root.err));
	/* Killed half way, it begins again where it was. */
	ck_assert_int_eq(kill(s.pid, SIGKILL), 0);
	(void)wait_for(&s);
	(void)close(s.fd);
	s = start();
	(void)hello(&s);
	ck_assert(slice_equal(reseal(&s, root.sealed).sealed, root.sealed));
	issuing = reseal(&s, c.issuing.sealed);
	ck_assert(!failed(issuing.err));
	ck_assert(!slice_equal(issuing.sealed, c.issuing.sealed));
	stop(&s);

	use_keys(new_key);
	s = start();
	(void)hello(&s);
	o.issue.ca = issuing.sealed;
	save("leaf.pem", PEM_CERTIFICATE, ask_ok(&s, &o).object);
	ck_assert(openssl_verify("", "leaf.pem"));
	o.issue.ca = c.issuing.sealed;
	ck_assert_uint_eq(ask(&s, &o).err.code, ERR_SEAL);
	ck_assert_uint_eq(reseal(&s, c.issuing.sealed).err.code, ERR_SEAL);
	ck_assert_uint_eq(reseal(&s, slice_text("record")).err.code,
	    ERR_SEAL);
	stop(&s);
	use_keys(old_key);
	ck_assert_int_eq(start_fails(), 1);
	end();
}
END_TEST

START_TEST(a_passphrase_takes_the_place_of_a_key_file_and_back)
{
	static const char *const phrase[] = {
		"--master-passphrase-file", "phrase", NULL,
	};
	static const char *const to_phrase[] = {
		"--master-passphrase-file", "phrase", "--old-master-key",
		"master", NULL,
	};
	static const char *const from_phrase[] = {
		"--master-key", "master", "--old-master-passphrase-file",
		"phrase", NULL,
	};
	struct signer s;
	struct chain c;
	struct answer a;

	begin();
	write_secret("phrase", "twelve or more\n");
	use_keys(old_key);
	s = start();
	(void)hello(&s);
	c = make_chain(&s, "tenant-a", CA_ALG_P256);
	stop(&s);
	use_keys(to_phrase);
	s = start();
	(void)hello(&s);
	a = reseal(&s, c.issuing.sealed);
	ck_assert(!failed(a.err));
	stop(&s);
	use_keys(phrase);
	s = start();
	(void)hello(&s);
	ck_assert(!failed(reseal(&s, a.sealed).err));
	ck_assert_uint_eq(reseal(&s, c.issuing.sealed).err.code, ERR_SEAL);
	stop(&s);
	write_secret("phrase", "twelve or less\n");
	ck_assert_int_eq(start_fails(), 1);
	write_secret("phrase", "twelve or more\n");
	use_keys(from_phrase);
	s = start();
	(void)hello(&s);
	ck_assert(!failed(reseal(&s, a.sealed).err));
	stop(&s);
	end();
}
END_TEST

START_TEST(two_master_keys_at_once_are_a_usage_error)
{
	static const char *const two[] = {
		"--master-key", "master", "--master-passphrase-file",
		"master", NULL,
	};

	begin();
	use_keys(two);
	ck_assert_int_eq(start_fails(), 2);
	end();
}
END_TEST

/* --- the journal --------------------------------------------------------- */

/* Exit status; what it printed is in the file verified. */
static int
verify(const char *more)
{
	return run(arena_printf(cx->arena, "./daa-signer --verify-journal "
	    "%s/journal %s >%s/verified 2>&1", folder, more, folder));
}

static bool
printed(const char *line)
{
	return run(arena_printf(cx->arena, "grep -q -- '%s' %s/verified",
	    line, folder)) == 0;
}

static struct journal_checkpoint
checkpoint(struct signer *s)
{
	struct order o = { .type = ORDER_CHECKPOINT };

	return ask_ok(s, &o).checkpoint;
}

static void
fill_journal(struct signer *s)
{
	struct chain c = make_chain(s, "tenant-a", CA_ALG_P256);
	struct order o = help_leaf("tenant-a", c.issuing.sealed,
	    help_spki("P-256"));

	(void)ask_ok(s, &o);
	ck_assert_uint_eq(checkpoint(s).seq, 3);
	(void)ask_ok(s, &o);
	o = help_crl("tenant-a", c.issuing.sealed, 1);
	(void)ask_ok(s, &o);
	o = (struct order){ .type = ORDER_PROVE, .prove = {
	    .ca = c.issuing.sealed, .tenant = "tenant-a", .nonce = "n" } };
	(void)ask_ok(s, &o);
}

START_TEST(a_journal_is_verified_while_it_is_written_and_afterwards)
{
	struct journal_checkpoint c;
	struct signer s;

	begin();
	use_keys(old_key);
	s = start();
	(void)hello(&s);
	ck_assert_int_eq(verify(""), 0);
	ck_assert(printed("^entries\t0$"));
	fill_journal(&s);
	ck_assert_int_eq(verify(""), 0);
	ck_assert(printed("^entries\t6$"));
	ck_assert(printed("^CAs\t2$"));
	ck_assert(printed("^leaves\t2$"));
	ck_assert(printed("^CRLs\t1$"));
	ck_assert(printed("^proofs\t1$"));
	ck_assert(printed("^checkpoints\t1$"));
	c = checkpoint(&s);
	ck_assert_uint_eq(c.seq, 6);
	stop(&s);
	ck_assert_int_eq(verify(""), 0);
	ck_assert(printed("^checkpoints\t2$"));
	ck_assert(printed(arena_printf(cx->arena, "^last hash\t%s$",
	    text_hex(cx->arena, c.hash))));
	write_secret("log.pub", arena_printf(cx->arena, "%s\n",
	    text_hex(cx->arena, c.public_key)));
	ck_assert_int_eq(verify(arena_printf(cx->arena, "--log-key %s/log.pub",
	    folder)), 0);
	write_secret("log.pub", arena_printf(cx->arena, "%s\n",
	    text_hex(cx->arena, c.hash)));
	ck_assert_int_eq(verify(arena_printf(cx->arena, "--log-key %s/log.pub",
	    folder)), 3);
	ck_assert_int_eq(verify("--log-key /dev/null"), 1);
	ck_assert_int_eq(run("./daa-signer --verify-journal /nonexistent "
	    "2>/dev/null"), 3);
	end();
}
END_TEST

/* Change a byte of a file in the journal's folder. */
static void
damage(const char *file, long at)
{
	FILE *f = fopen(in_folder(arena_printf(cx->arena, "journal/%s",
	    file)), "r+");
	int byte;

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fseek(f, at, SEEK_SET), 0);
	byte = fgetc(f);
	ck_assert_int_eq(fseek(f, at, SEEK_SET), 0);
	ck_assert_int_eq(fputc(byte ^ 1, f), byte ^ 1);
	ck_assert_int_eq(fclose(f), 0);
}

static void
cut(const char *file, long n)
{
	ck_assert_int_eq(truncate(in_folder(arena_printf(cx->arena,
	    "journal/%s", file)), n), 0);
}

static long
size_of(const char *file)
{
	struct stat st;

	ck_assert_int_eq(stat(in_folder(arena_printf(cx->arena, "journal/%s",
	    file)), &st), 0);
	return (long)st.st_size;
}

START_TEST(a_journal_or_checkpoint_that_was_changed_is_found_out)
{
	struct signer s;
	long size;

	begin();
	use_keys(old_key);
	s = start();
	(void)hello(&s);
	fill_journal(&s);
	(void)checkpoint(&s);
	stop(&s);
	size = size_of("00000001.jnl");
	for (long at = 0; at < size; at += 97) {
		damage("00000001.jnl", at);
		ck_assert_msg(verify("") == 3, "byte %ld", at);
		damage("00000001.jnl", at);
	}
	ck_assert_int_eq(verify(""), 0);
	/* All but the last line end, without which the line is torn. */
	size = size_of("checkpoints") - 1;
	for (long at = 0; at < size; at += 13) {
		damage("checkpoints", at);
		ck_assert_msg(verify("") == 3, "checkpoint byte %ld", at);
		damage("checkpoints", at);
	}
	ck_assert_int_eq(verify(""), 0);
	end();
}
END_TEST

START_TEST(a_checkpoint_that_was_torn_counts_for_nothing_and_goes)
{
	struct signer s;

	begin();
	use_keys(old_key);
	s = start();
	(void)hello(&s);
	fill_journal(&s);
	(void)checkpoint(&s);
	stop(&s);
	cut("checkpoints", size_of("checkpoints") - 10);
	ck_assert_int_eq(verify(""), 0);
	ck_assert(printed("^checkpoints\t1$"));
	s = start();
	(void)hello(&s);
	(void)checkpoint(&s);
	stop(&s);
	ck_assert_int_eq(verify(""), 0);
	ck_assert(printed("^checkpoints\t2$"));
	cut("checkpoints", 10);
	s = start();
	(void)hello(&s);
	(void)checkpoint(&s);
	stop(&s);
	ck_assert_int_eq(verify(""), 0);
	ck_assert(printed("^checkpoints\t1$"));
	end();
}
END_TEST

START_TEST(a_journal_without_its_last_entries_contradicts_its_checkpoint)
{
	struct signer s;
	struct order o;
	struct chain c;
	long size;

	begin();
	use_keys(old_key);
	s = start();
	(void)hello(&s);
	c = make_chain(&s, "tenant-a", CA_ALG_P256);
	size = size_of("00000001.jnl");
	o = help_leaf("tenant-a", c.issuing.sealed, help_spki("P-256"));
	(void)ask_ok(&s, &o);
	(void)checkpoint(&s);
	stop(&s);
	cut("00000001.jnl", size);
	ck_assert_int_eq(verify(""), 3);
	ck_assert(printed("it ends at entry 2"));
	/* So does one that was continued differently. */
	s = start();
	(void)hello(&s);
	(void)ask_ok(&s, &o);
	stop(&s);
	ck_assert_int_eq(verify(""), 3);
	ck_assert(printed("not the one of the checkpoint"));
	end();
}
END_TEST

UNIT_MAIN("signer keys",
    a_master_key_is_changed_while_every_ca_goes_on_issuing,
    a_passphrase_takes_the_place_of_a_key_file_and_back,
    two_master_keys_at_once_are_a_usage_error,
    a_journal_is_verified_while_it_is_written_and_afterwards,
    a_journal_or_checkpoint_that_was_changed_is_found_out,
    a_checkpoint_that_was_torn_counts_for_nothing_and_goes,
    a_journal_without_its_last_entries_contradicts_its_checkpoint)
