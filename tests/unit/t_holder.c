/* SPDX-License-Identifier: Apache-2.0 */
/* The process that holds the session with an HSM, beside what needs a token:
 * t_signer_hsm has that. */
#include "tests/unit/unit.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "hsm/holder.h"

#define WAIT_S	60

/* Opening a FIFO waits for a writer: as a module whose HSM does not answer. */
START_TEST(a_holder_that_hangs_while_it_opens_the_token_is_seen_to_be_busy)
{
	const struct timespec pause = { 0, 20000000 };
	char folder[] = "/tmp/t_holder.XXXXXX";
	struct conf conf = { .name = "alpha", .token = "alpha" };
	struct holder_memory *memory = mmap(NULL, sizeof(*memory),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	const char *pin;
	int pair[2];
	pid_t child;

	ck_assert_ptr_ne(memory, MAP_FAILED);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	conf.module = arena_printf(cx->arena, "%s/module.so", folder);
	pin = conf.pin_file = arena_printf(cx->arena, "%s/pin", folder);
	ck_assert_int_eq(mkfifo(conf.module, 0600), 0);
	ck_ok(file_create(cx, pin, 0600, slice_text("1234\n")));
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		struct ctx_root root;

		ctx_root_init(&root, NULL);
		_exit(failed(holder_serve(&root, holder_new(&conf, pin,
		    memory), pair[1])));
	}
	for (int i = 0; i < WAIT_S * 50 &&
	    atomic_load(&memory->busy_since_us) == 0; i++)
		(void)nanosleep(&pause, NULL);
	ck_assert_uint_ne(atomic_load(&memory->busy_since_us), 0);
	ck_assert_int_eq(waitpid(child, NULL, WNOHANG), 0);
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	ck_assert_int_eq(unlink(conf.module), 0);
	ck_assert_int_eq(unlink(pin), 0);
	ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

UNIT_MAIN("holder",
    a_holder_that_hangs_while_it_opens_the_token_is_seen_to_be_busy)
