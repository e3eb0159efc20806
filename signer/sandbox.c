/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/sandbox.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <errno.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"

#define OPEN_FILES_MAX	64u	/* peers, segments, the rest */

void
sandbox_harden(struct ctx *cx)
{
	const struct rlimit none = { 0, 0 };
	const struct rlimit files = { OPEN_FILES_MAX, OPEN_FILES_MAX };

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    setrlimit(RLIMIT_CORE, &none) != 0)
		log_put(cx->log, LOG_LEVEL_WARN, "sandbox.dumpable", "why",
		    strerror(errno), NULL);
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		log_put(cx->log, LOG_LEVEL_WARN, "sandbox.files", "why",
		    strerror(errno), NULL);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		log_put(cx->log, LOG_LEVEL_WARN, "sandbox.privileges", "why",
		    strerror(errno), NULL);
	/* Pages as they are touched: the limit may be small, and a failure
	 * of a later allocation would be worse than a page in swap. */
	if (mlockall(MCL_CURRENT) != 0)
		log_put(cx->log, LOG_LEVEL_INFO, "sandbox.unlocked-memory",
		    "why", strerror(errno), NULL);
}

/* --- files --------------------------------------------------------------- */

#define JOURNAL_ACCESS	(LANDLOCK_ACCESS_FS_READ_FILE | \
	LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | \
	LANDLOCK_ACCESS_FS_REMOVE_FILE)
/* What the first version of Landlock knows (Linux 5.13). */
#define ALL_ACCESS	(JOURNAL_ACCESS | LANDLOCK_ACCESS_FS_EXECUTE | \
	LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR | \
	LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | \
	LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | \
	LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

static bool
confine_files(int folder_fd)
{
	const struct landlock_ruleset_attr all = {
		.handled_access_fs = ALL_ACCESS,
	};
	const struct landlock_path_beneath_attr journal = {
		.allowed_access = JOURNAL_ACCESS, .parent_fd = folder_fd,
	};
	long fd = syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);
	bool done;

	if (fd < 0)
		return false;
	done = syscall(SYS_landlock_add_rule, (int)fd,
	    LANDLOCK_RULE_PATH_BENEATH, &journal, 0) == 0 &&
	    syscall(SYS_landlock_restrict_self, (int)fd, 0) == 0;
	(void)close((int)fd);
	return done;
}

/* --- system calls -------------------------------------------------------- */

static const int allowed[] = {
	/* The loop. */
	SCMP_SYS(ppoll), SCMP_SYS(poll), SCMP_SYS(recvfrom),
	SCMP_SYS(sendto), SCMP_SYS(accept4), SCMP_SYS(getsockopt),
	SCMP_SYS(close), SCMP_SYS(read), SCMP_SYS(write),
	/* The journal. */
	SCMP_SYS(openat), SCMP_SYS(unlinkat), SCMP_SYS(pread64),
	SCMP_SYS(pwrite64), SCMP_SYS(fdatasync), SCMP_SYS(fsync),
	SCMP_SYS(ftruncate), SCMP_SYS(fstat), SCMP_SYS(newfstatat),
	/* Memory; mapping it as code is refused below. */
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap),
	SCMP_SYS(madvise), SCMP_SYS(mlock), SCMP_SYS(mlock2),
	SCMP_SYS(munlock),
	/* libc and OpenSSL: time, randomness, locks, signals, the end. */
	SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday),
	SCMP_SYS(getrandom), SCMP_SYS(futex), SCMP_SYS(geteuid),
	SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(tgkill),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigaction), SCMP_SYS(restart_syscall),
	SCMP_SYS(exit), SCMP_SYS(exit_group),
};

/* Those with a protection argument: no executable memory. */
static const struct { int call; unsigned protection; } mappings[] = {
	{ SCMP_SYS(mmap), 2 }, { SCMP_SYS(mprotect), 2 },
};

/* Nothing that is linked in here ever needs these: asking means that somebody
 * else's code runs. */
static const int deadly[] = {
	SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(socket),
	SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
	SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(clone), SCMP_SYS(clone3),
};

static int
add_rules(scmp_filter_ctx filter)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < COUNT_OF(allowed); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	for (size_t i = 0; r == 0 && i < COUNT_OF(mappings); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, mappings[i].call,
		    1, SCMP_CMP(mappings[i].protection, SCMP_CMP_MASKED_EQ,
		    PROT_EXEC, 0));
	for (size_t i = 0; r == 0 && i < COUNT_OF(deadly); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, deadly[i],
		    0);
	return r;
}

struct err
sandbox_enter(struct ctx *cx, int folder_fd)
{
	/* A call that is in neither list fails, and the program says so;
	 * killing it for what a newer libc does would be an outage. */
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r;

	if (!confine_files(folder_fd))
		log_put(cx->log, LOG_LEVEL_WARN, "sandbox.no-landlock", "why",
		    strerror(errno), NULL);
	if (filter == NULL)
		return FAIL(cx, ERR_CONFIG, "seccomp: no memory");
	r = add_rules(filter);
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	if (r != 0)
		return FAIL(cx, ERR_CONFIG, "seccomp: %s", strerror(-r));
	return OK;
}
