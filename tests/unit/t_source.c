/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <unistd.h>

#include "agent/binding.h"
#include "agent/program.h"
#include "agent/source.h"
#include "attest/attest.h"
#include "base/file.h"
#include "base/text.h"

#define WAIT_S		60
#define LOOKS_MAX	600	/* at a process that should be gone */

static const char *folder;

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void
source_begin(void)
{
	char *path;

	path = arena_strdup(cx->arena, "/tmp/daa-source-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(path));
	folder = path;
	(void)signal(SIGPIPE, SIG_IGN);
}

static void
source_end(void)
{
	ck_assert_int_eq(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static const char *
in_folder(const char *name)
{
	return arena_printf(cx->arena, "%s/%s", folder, name);
}

/* The command that runs these lines. */
static const char *
script(const char *lines)
{
	const char *path = in_folder("script");

	ck_ok(file_replace(cx, path, 0600, slice_text(lines)));
	return arena_printf(cx->arena, "sh '%s' '%s'", path, folder);
}

static struct err
run(const char *command, struct slice input, size_t output_max, int64_t wait_s,
    struct slice *out)
{
	const struct program program = {
		.name = "a_command", .command = command, .input = input,
		.output_max = output_max, .wait_s = wait_s,
	};

	return program_run(cx, &program, out);
}

START_TEST(a_program_is_given_its_input_and_its_answer_is_read)
{
	struct slice in = SLICE(arena_alloc(cx->arena, 1 << 20), 1 << 20), out;

	for (size_t i = 0; i < in.n; i++)
		((uint8_t *)(uintptr_t)in.p)[i] = (uint8_t)(i * 7 >> 3);
	ck_ok(run("cat", in, in.n, WAIT_S, &out));
	ck_assert(slice_equal(in, out));
	ck_ok(run("cat", SLICE_NONE, 1, WAIT_S, &out));
	ck_assert_uint_eq(out.n, 0);
}
END_TEST

START_TEST(a_program_that_reads_nothing_of_its_input_is_no_failure)
{
	struct slice in = SLICE(arena_alloc(cx->arena, 1 << 20), 1 << 20), out;

	ck_ok(run("echo well", in, 100, WAIT_S, &out));
	ck_assert(slice_equal(out, slice_text("well\n")));
}
END_TEST

START_TEST(a_program_sees_nothing_of_ours_but_its_pipes)
{
	int open_fd = open("/dev/null", O_RDONLY);	/* not O_CLOEXEC */
	struct slice out;

	ck_assert_int_ge(open_fd, 3);
	ck_assert_int_eq(dup2(open_fd, 17), 17);
	ck_assert_int_eq(setenv("DAA_AGENT_SECRET", "x", 1), 0);
	ck_ok(run("env", SLICE_NONE, 4096, WAIT_S, &out));
	ck_assert(slice_equal(out, slice_text("PATH=" PROGRAM_PATH
	    "\nLC_ALL=C.UTF-8\n")));
	/* 3 is the folder that ls reads. */
	ck_ok(run("ls /proc/self/fd", SLICE_NONE, 4096, WAIT_S, &out));
	ck_assert(slice_equal(out, slice_text("0\n1\n2\n3\n")));
	(void)close(17);
	(void)close(open_fd);
}
END_TEST

START_TEST(a_program_has_no_signal_blocked_or_ignored)
{
	sigset_t term;
	struct slice out;

	(void)sigemptyset(&term);
	(void)sigaddset(&term, SIGTERM);
	ck_assert_int_eq(sigprocmask(SIG_BLOCK, &term, NULL), 0);
	/* The C library keeps signals 32 and 33 to itself. */
	ck_ok(run("sed -nE 's/^(Sig(Blk|Ign)):.*(.{7})$/\\1 \\3/p' "
	    "/proc/self/status", SLICE_NONE, 4096, WAIT_S, &out));
	ck_assert(slice_equal(out, slice_text("SigBlk 0000000\n"
	    "SigIgn 0000000\n")));
}
END_TEST

static pid_t
pid_in(const char *name)
{
	struct slice text;
	uint64_t pid;

	ck_ok(file_read(cx, in_folder(name), 32, &text));
	((char *)(uintptr_t)text.p)[text.n - 1] = '\0';
	ck_assert(text_parse_uint((const char *)text.p, INT32_MAX, &pid));
	return (pid_t)pid;
}

/* Ended; somebody else may still have to wait for it. */
static bool
is_gone(pid_t pid)
{
	const char *path = arena_printf(cx->arena, "/proc/%d/stat", (int)pid);
	struct slice text;

	if (failed(file_read(cx, path, 4096, &text)))
		return true;
	return strstr((const char *)text.p, ") Z ") != NULL;
}

static void
check_gone(const char *name)
{
	pid_t pid = pid_in(name);
	int looks = 0;

	while (!is_gone(pid)) {
		ck_assert_int_lt(looks++, LOOKS_MAX);
		(void)usleep(100000);
	}
}

START_TEST(a_program_that_takes_too_long_is_killed_with_what_it_started)
{
	struct slice out;

	ck_fails(run(script("sleep 1000 & echo $! >$1/child; echo no >&2\n"
	    "trap '' TERM; wait\n"), SLICE_NONE, 100, 2, &out), ERR_SOURCE);
	ck_assert_str_eq(cx->trail->note,
	    "a_command was stopped after 2 s: no");
	check_gone("child");
}
END_TEST

/* In a process of its own, as the signal would end this one. */
static void
run_until_signal(void)
{
	struct slice out;
	sigset_t none;

	(void)sigemptyset(&none);
	ck_assert_int_eq(sigprocmask(SIG_SETMASK, &none, NULL), 0);
	(void)signal(SIGTERM, SIG_DFL);
	(void)run(script("sleep 1000 & echo $! >$1/child\n"
	    "kill -TERM $PPID; wait\n"), SLICE_NONE, 100, WAIT_S, &out);
	_exit(0);
}

START_TEST(whoever_is_told_to_end_leaves_no_program_behind)
{
	sigset_t term, before;
	struct slice out;
	pid_t child = fork();
	int status, got;

	ck_assert_int_ge(child, 0);
	if (child == 0)
		run_until_signal();
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
	check_gone("child");
	/* Where it was blocked, it is still to come. */
	(void)sigemptyset(&term);
	(void)sigaddset(&term, SIGTERM);
	ck_assert_int_eq(sigprocmask(SIG_BLOCK, &term, &before), 0);
	ck_fails(run(script("kill -TERM $PPID; sleep 1000\n"), SLICE_NONE,
	    100, WAIT_S, &out), ERR_SOURCE);
	ck_assert_str_eq(cx->trail->note,
	    "a_command was stopped, as a signal came");
	ck_assert_int_eq(sigwait(&term, &got), 0);
	ck_assert_int_eq(got, SIGTERM);
	ck_assert_int_eq(sigprocmask(SIG_SETMASK, &before, NULL), 0);
}
END_TEST

START_TEST(what_a_program_leaves_behind_holds_up_nothing)
{
	struct slice out;

	ck_ok(run(script("sleep 1000 & echo $! >$1/child; echo done\n"),
	    SLICE_NONE, 100, WAIT_S, &out));
	ck_assert(slice_equal(out, slice_text("done\n")));
	check_gone("child");
}
END_TEST

START_TEST(a_failure_tells_the_first_line_that_the_program_wrote)
{
	struct slice out;

	ck_fails(run(script("printf 'no \\033[1m chip\\nmore\\n' >&2; exit 7"),
	    SLICE_NONE, 100, WAIT_S, &out), ERR_SOURCE);
	ck_assert_str_eq(cx->trail->note,
	    "a_command ended with status 7: no ?[1m chip");
	ck_fails(run(script("head -c 100000 /dev/zero | tr '\\0' x >&2; "
	    "exit 1"), SLICE_NONE, 100, WAIT_S, &out), ERR_SOURCE);
	ck_assert_uint_eq(strlen(cx->trail->note),
	    strlen("a_command ended with status 1: ") + PROGRAM_SAID_MAX);
	ck_fails(run(script("kill -9 $$"), SLICE_NONE, 100, WAIT_S, &out),
	    ERR_SOURCE);
	ck_assert_str_eq(cx->trail->note, "a_command was ended by signal 9");
}
END_TEST

START_TEST(an_answer_that_is_too_long_is_refused_at_once)
{
	struct slice out;

	ck_ok(run("head -c 100000 /dev/zero", SLICE_NONE, 100000, WAIT_S,
	    &out));
	ck_assert_uint_eq(out.n, 100000);
	ck_fails(run("cat /dev/zero", SLICE_NONE, 100000, WAIT_S, &out),
	    ERR_SOURCE);
	ck_assert_str_eq(cx->trail->note,
	    "a_command wrote more than 100000 bytes");
}
END_TEST

START_TEST(a_program_that_is_not_there_is_a_mistake_in_the_settings)
{
	struct slice out;

	ck_fails(run("/no/such/program", SLICE_NONE, 1, WAIT_S, &out),
	    ERR_CONFIG);
	ck_fails(run("'", SLICE_NONE, 1, WAIT_S, &out), ERR_CONFIG);
}
END_TEST

static const struct settings command_settings = {
	.identity = "evidence",
	.evidence_source = "command",
	.evidence_timeout = "60s",
	.format = "snp",
	.evidence_command = "cat",
};

START_TEST(settings_that_are_not_enough_are_refused_before_use)
{
	struct settings set = command_settings;

	ck_ok(source_check(cx, &set));
	set.format = NULL;
	ck_fails(source_check(cx, &set), ERR_CONFIG);
	set.format = "SNP";
	ck_fails(source_check(cx, &set), ERR_CONFIG);
	set = command_settings;
	set.evidence_command = NULL;
	ck_fails(source_check(cx, &set), ERR_CONFIG);
	set.evidence_command = "a 'b";
	ck_fails(source_check(cx, &set), ERR_CONFIG);
	set = command_settings;
	set.evidence_timeout = "soon";
	ck_fails(source_check(cx, &set), ERR_CONFIG);
	set = command_settings;
	set.evidence_source = NULL;
	ck_fails(source_check(cx, &set), ERR_CONFIG);
	set.evidence_source = "elsewhere";
	ck_fails(source_check(cx, &set), ERR_CONFIG);
}
END_TEST

START_TEST(each_source_says_what_it_needs)
{
	struct settings set = {
		.identity = "evidence", .evidence_timeout = "60s",
		.evidence_source = "tsm", .tsm_dir = "/sys/kernel",
		.aesm_socket = "/run/aesm", .enclave_command = "report",
	};

	ck_ok(source_check(cx, &set));
	set.tsm_dir = "sys";
	ck_fails(source_check(cx, &set), ERR_CONFIG);
	set.evidence_source = "aesm";
	ck_ok(source_check(cx, &set));
	set.format = "sgx";
	ck_ok(source_check(cx, &set));
	set.format = "tdx";
	ck_fails(source_check(cx, &set), ERR_CONFIG);
	set.format = NULL;
	set.enclave_command = NULL;
	ck_fails(source_check(cx, &set), ERR_CONFIG);
	set.enclave_command = "'";
	ck_fails(source_check(cx, &set), ERR_CONFIG);
}
END_TEST

/* Where the file system makes no attributes, as one that is not configfs. */
START_TEST(a_folder_that_is_not_the_kernels_is_left_as_it_was)
{
	struct settings set = {
		.identity = "evidence", .evidence_timeout = "60s",
		.evidence_source = "tsm", .tsm_dir = folder,
	};
	json_t *out;

	ck_fails(source_evidence(cx, &set, slice_text("nonce"),
	    slice_text("spki"), &out), ERR_SOURCE);
	ck_assert_ptr_nonnull(strstr(cx->trail->note,
	    "/provider: No such file or directory"));
	ck_assert_int_eq(rmdir(folder), 0);
	ck_fails(source_evidence(cx, &set, slice_text("nonce"),
	    slice_text("spki"), &out), ERR_SOURCE);
	ck_assert_int_eq(mkdir(folder, 0700), 0);
}
END_TEST

static struct err
ask(const char *format, const char *lines, json_t **out)
{
	struct settings set = command_settings;

	set.format = format;
	set.evidence_command = script(lines);
	return source_evidence(cx, &set, slice_text("nonce"),
	    slice_text("spki"), out);
}

/* Against the server's own function, which the agent shares no code with. */
static void
check_binding(const char *format, size_t n)
{
	uint8_t want[BINDING_MAX];
	json_t *out;

	ck_ok(ask(format, "request=$(cat)\n"
	    "printf '%s,\"more\":1}' \"${request%?}\"\n", &out));
	attest_binding(format, slice_text("nonce"), slice_text("spki"), want,
	    n);
	ck_assert_str_eq(json_string_value(json_object_get(out, "binding")),
	    text_hex(cx->arena, SLICE(want, n)));
	ck_assert_str_eq(json_string_value(json_object_get(out, "nonce")),
	    "bm9uY2U");
	ck_assert_str_eq(json_string_value(json_object_get(out, "spki")),
	    "c3BraQ");
	ck_assert_str_eq(json_string_value(json_object_get(out, "format")),
	    format);
	ck_assert_uint_eq(json_object_size(out), 5);
}

START_TEST(the_command_is_told_nonce_key_and_the_hash_of_its_format)
{
	check_binding("snp", 64);
	check_binding("sgx", 64);
	check_binding("tdx", 64);
	check_binding("openenclave", 64);
	check_binding("azure-cvm", 32);
	check_binding("psa", 32);
	check_binding("some-other", 32);
}
END_TEST

START_TEST(anything_but_one_document_of_that_format_is_refused)
{
	static const char *const wrong[] = {
		"cat >/dev/null",
		"echo '[]'",
		"echo 'snp'",
		"echo '{}'",
		"echo '{\"format\":\"tdx\"}'",
		"echo '{\"format\":1}'",
		"echo '{\"format\":\"snp\"} {}'",
		"echo '{\"format\":\"snp\",\"format\":\"snp\"}'",
		"echo '{\"format\":\"snp\"}'; exit 1",
	};
	json_t *out;

	ck_ok(ask("snp", "echo '{\"format\":\"snp\"}'", &out));
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		ck_fails(ask("snp", wrong[i], &out), ERR_SOURCE);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		a_program_is_given_its_input_and_its_answer_is_read,
		a_program_that_reads_nothing_of_its_input_is_no_failure,
		a_program_sees_nothing_of_ours_but_its_pipes,
		a_program_has_no_signal_blocked_or_ignored,
		a_program_that_takes_too_long_is_killed_with_what_it_started,
		whoever_is_told_to_end_leaves_no_program_behind,
		what_a_program_leaves_behind_holds_up_nothing,
		a_failure_tells_the_first_line_that_the_program_wrote,
		an_answer_that_is_too_long_is_refused_at_once,
		a_program_that_is_not_there_is_a_mistake_in_the_settings,
		settings_that_are_not_enough_are_refused_before_use,
		each_source_says_what_it_needs,
		a_folder_that_is_not_the_kernels_is_left_as_it_was,
		the_command_is_told_nonce_key_and_the_hash_of_its_format,
		anything_but_one_document_of_that_format_is_refused,
	};

	return unit_run("source", tests, COUNT_OF(tests), source_begin,
	    source_end);
}
