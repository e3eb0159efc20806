/* SPDX-License-Identifier: Apache-2.0 */
/* daa-hsm's settings, the forms of its keys and signatures, its sandbox. */
#include "tests/unit/unit.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "hsm/algorithm.h"
#include "hsm/conf.h"
#include "hsm/sandbox.h"
#include "tests/unit/signer_help.h"

static char dir[32];

static void
begin(void)
{
	memcpy(dir, "/tmp/daapki-t-XXXXXX", 21);
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void
end(void)
{
	ck_assert_int_eq(system(arena_printf(cx->arena, "rm -rf %s", dir)), 0);
}

static const char *
in_dir(const char *name)
{
	return arena_printf(cx->arena, "%s/%s", dir, name);
}

static const char *
write_file(const char *name, const char *text)
{
	const char *path = in_dir(name);
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
	return path;
}

/* --- settings ------------------------------------------------------------ */

#define LEAST	"[hsm]\nmodule = /m.so\ntoken = a token\n"

START_TEST(each_key_of_the_settings_is_read)
{
	struct conf c;

	ck_ok(conf_read(cx, write_file("vault-1.conf", LEAST "# a comment\n"
	    "pin_file = /pin\nnetwork = yes\npath = /a\npath = /b\n"
	    "environment = A=b=c\ntenants = acme  b-2\ntenants = c\n"),
	    &c));
	ck_assert_uint_eq(c.n_tenants, 3);
	ck_assert(conf_serves(&c, "acme") && conf_serves(&c, "b-2") &&
	    conf_serves(&c, "c"));
	ck_assert(!conf_serves(&c, "acm") && !conf_serves(&c, "acme2") &&
	    !conf_serves(&c, "*"));
	ck_assert_str_eq(c.name, "vault-1");
	ck_assert_str_eq(c.module, "/m.so");
	ck_assert_str_eq(c.token, "a token");
	ck_assert_ptr_null(c.serial);
	ck_assert_str_eq(c.pin_file, "/pin");
	ck_assert(c.network);
	ck_assert_uint_eq(c.n_paths, 2);
	ck_assert_str_eq(c.paths[1], "/b");
	ck_assert_uint_eq(c.n_variables, 1);
	ck_assert_str_eq(c.variables[0], "A=b=c");
	ck_ok(conf_read(cx, write_file("b.conf", LEAST), &c));
	ck_assert_ptr_null(c.pin_file);
	ck_assert(!c.network);
	ck_assert(!conf_serves(&c, "acme"));
	ck_ok(conf_read(cx, write_file("d.conf", LEAST "tenants = *\n"),
	    &c));
	ck_assert(conf_serves(&c, "acme") && conf_serves(&c, "b"));
	ck_ok(conf_read(cx, write_file("c.conf",
	    "[hsm]\nmodule = /m.so\nserial = 12\n"), &c));
	ck_assert_str_eq(c.serial, "12");
}
END_TEST

START_TEST(settings_that_are_not_right_are_refused)
{
	static const char *const wrong[] = {
		"", "[hsm]\nmodule = /m.so\n", "[hsm]\ntoken = t\n",
		"[hsm]\nmodule = m.so\ntoken = t\n",
		LEAST "serial = 1\n", LEAST "token = again\n",
		LEAST "network = perhaps\n", LEAST "path = relative\n",
		LEAST "environment = NAME\n", LEAST "environment = =x\n",
		LEAST "pin_file = pin\n", LEAST "colour = blue\n",
		LEAST "tenants =\n", LEAST "tenants = A\n",
		LEAST "tenants = a, b\n", LEAST "tenants = a a\n",
		LEAST "tenants = a *\n", LEAST "tenants = *\ntenants = a\n",
		LEAST "tenants = a*\n",
		"[other]\n" LEAST "[other]\nmodule = /m.so\n",
	};
	struct conf c;

	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		ck_fails(conf_read(cx, write_file("a.conf", wrong[i]), &c),
		    ERR_CONFIG);
	ck_fails(conf_read(cx, write_file("a.ini", LEAST), &c), ERR_CONFIG);
	ck_fails(conf_read(cx, write_file("A.conf", LEAST), &c), ERR_CONFIG);
	ck_fails(conf_read(cx, in_dir("none.conf"), &c), ERR_IO);
}
END_TEST

/* --- forms --------------------------------------------------------------- */

START_TEST(a_point_is_taken_with_its_octet_string_and_without_and_no_other)
{
	const struct algorithm *a = algorithm_of(CA_ALG_P256);
	uint8_t wrapped[67] = { 0x04, 65, 0x04, 1 };
	struct slice one, other;

	ck_ok(algorithm_spki(cx, a, SLICE_OF(wrapped), SLICE_NONE, &one));
	ck_ok(algorithm_spki(cx, a, SLICE(wrapped + 2, 65), SLICE_NONE,
	    &other));
	ck_assert(slice_equal(one, other));
	ck_fails(algorithm_spki(cx, a, SLICE(wrapped, 66), SLICE_NONE, &one),
	    ERR_HSM_REFUSED);
	ck_fails(algorithm_spki(cx, a, SLICE(wrapped + 2, 64), SLICE_NONE,
	    &one), ERR_HSM_REFUSED);
	ck_fails(algorithm_spki(cx, algorithm_of(CA_ALG_RSA2048),
	    SLICE(wrapped, 64), SLICE(wrapped, 3), &one), ERR_HSM_REFUSED);
}
END_TEST

START_TEST(an_ecdsa_signature_gets_the_form_of_x509)
{
	const struct algorithm *a = algorithm_of(CA_ALG_P256);
	uint8_t raw[64] = { 0x80 };
	struct slice out;

	raw[63] = 5;
	ck_ok(algorithm_signature(cx, a, SLICE_OF(raw), &out));
	ck_assert_uint_eq(out.n, 2 + 2 + 33 + 2 + 1);
	ck_assert_str_eq(text_hex(cx->arena, SLICE(out.p, 6)),
	    "302602210080");
	ck_assert_str_eq(text_hex(cx->arena, SLICE(out.p + out.n - 3, 3)),
	    "020105");
	ck_fails(algorithm_signature(cx, a, SLICE(raw, 63), &out),
	    ERR_HSM_REFUSED);
}
END_TEST

START_TEST(a_digest_of_another_size_is_not_signed)
{
	uint8_t digest[48] = { 1 };
	struct slice out;

	ck_ok(algorithm_to_sign(cx, algorithm_of(CA_ALG_RSA2048),
	    SLICE(digest, 32), &out));
	ck_assert_uint_eq(out.n, 19 + 32);
	ck_fails(algorithm_to_sign(cx, algorithm_of(CA_ALG_RSA2048),
	    SLICE(digest, 48), &out), ERR_HSM_REFUSED);
	ck_fails(algorithm_to_sign(cx, algorithm_of(CA_ALG_P256),
	    SLICE(digest, 31), &out), ERR_HSM_REFUSED);
	ck_fails(algorithm_to_sign(cx, algorithm_of(CA_ALG_P384),
	    SLICE(digest, 32), &out), ERR_HSM_REFUSED);
	ck_ok(algorithm_to_sign(cx, algorithm_of(CA_ALG_ED25519),
	    SLICE(digest, 31), &out));
	ck_assert_uint_eq(out.n, 31);
}
END_TEST

/* --- the sandbox --------------------------------------------------------- */

static const char *conf_path, *pin_path, *open_path, *shut_path;

/* Exit status of a child that does this inside; 1000 and a signal's number. */
static int
inside(int (*act)(void), bool network)
{
	const struct conf c = { .module = "/usr/lib/m.so",
	    .pin_file = pin_path, .network = network, .n_paths = 1,
	    .paths = { open_path } };
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(failed(sandbox_enter(cx, &c, conf_path, pin_path)) ?
		    99 : act());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) :
	    WEXITSTATUS(status);
}

static int
read_what_it_may(void)
{
	return open(open_path, O_RDWR) >= 0 &&
	    open(pin_path, O_RDONLY) >= 0 &&
	    open("/etc/passwd", O_RDONLY) >= 0 ? 0 : 1;
}

static int
read_other(void)
{
	return open(shut_path, O_RDONLY) < 0 ? 0 : 1;
}

static int
write_etc(void)
{
	return open("/etc/passwd", O_WRONLY) < 0 ? 0 : 1;
}

static int
use_network(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) < 0 &&
	    socket(AF_INET6, SOCK_DGRAM, 0) < 0 &&
	    socket(AF_NETLINK, SOCK_RAW, 0) < 0 ? 0 : 1;
}

static int
use_unix(void)
{
	return socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ? 0 : 1;
}

static int
make_process(void)
{
	return fork() < 0 ? 0 : 1;
}

static int
run_shell(void)
{
	(void)execl("/bin/sh", "sh", "-c", "exit 0", (char *)NULL);
	return 0;
}

START_TEST(in_the_sandbox_a_module_has_what_it_needs_and_nothing_else)
{
	if (!help_can_sandbox())
		return;
	ck_assert_int_eq(mkdir(in_dir("hsm"), 0700), 0);
	conf_path = write_file("hsm/a.conf", LEAST);
	pin_path = write_file("hsm/pin", "1\n");
	open_path = write_file("token", "");
	shut_path = write_file("master.key", "");
	ck_assert_int_eq(inside(read_what_it_may, false), 0);
	ck_assert_int_eq(inside(use_network, false), 0);
	ck_assert_int_eq(inside(use_network, true), 1);
	ck_assert_int_eq(inside(use_unix, false), 0);
	ck_assert_int_eq(inside(make_process, false), 0);
	ck_assert_int_eq(inside(run_shell, true), 1000 + SIGSYS);
	if (syscall(SYS_landlock_create_ruleset, NULL, 0, 1) < 0) {
		(void)puts("# this kernel has no Landlock");
		return;
	}
	ck_assert_int_eq(inside(read_other, true), 0);
	ck_assert_int_eq(inside(write_etc, true), 0);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		each_key_of_the_settings_is_read,
		settings_that_are_not_right_are_refused,
		a_point_is_taken_with_its_octet_string_and_without_and_no_other,
		an_ecdsa_signature_gets_the_form_of_x509,
		a_digest_of_another_size_is_not_signed,
		in_the_sandbox_a_module_has_what_it_needs_and_nothing_else,
	};

	return unit_run("hsm", tests, COUNT_OF(tests), begin, end);
}
