/* SPDX-License-Identifier: Apache-2.0 */
#include "base/confine.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <linux/landlock.h>
#include <seccomp.h>

#include "base/base.h"

/* --- files ------------------------------------------------------------------ */

/* Rights of Landlock's first version. */
#define MAY_WRITE	(LANDLOCK_ACCESS_FS_WRITE_FILE | \
    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG)
#define HANDLED		(LANDLOCK_ACCESS_FS_READ_FILE | \
    LANDLOCK_ACCESS_FS_READ_DIR | MAY_WRITE | LANDLOCK_ACCESS_FS_EXECUTE | \
    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_CHAR | \
    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_SOCK | \
    LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | \
    LANDLOCK_ACCESS_FS_MAKE_SYM)

/* A rule for a file cannot hold what is about folders. */
static struct err
allow(struct ctx *cx, int ruleset, const struct confine_path *p)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE |
		    (p->may_write ? MAY_WRITE : 0),
	};
	struct stat st;
	long result;

	rule.parent_fd = open(p->path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return FAIL(cx, ERR_CONFIG, "sandbox: %s: %s", p->path,
		    strerror(errno));
	if (fstat(rule.parent_fd, &st) == 0 && S_ISDIR(st.st_mode))
		rule.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
	result = syscall(SYS_landlock_add_rule, ruleset,
	    LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	(void)close(rule.parent_fd);
	return result == 0 ? OK : FAIL(cx, ERR_CONFIG, "sandbox: %s: %s",
	    p->path, strerror(errno));
}

static struct err
fill_ruleset(struct ctx *cx, int ruleset, const struct confinement *c)
{
	for (size_t i = 0; i < c->n_paths; i++) {
		const struct confine_path *p = &c->paths[i];

		if (!p->may_lack || access(p->path, F_OK) == 0)
			TRY(allow(cx, ruleset, p));
	}
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		return FAIL(cx, ERR_CONFIG, "landlock: %s", strerror(errno));
	return OK;
}

static struct err
restrict_files(struct ctx *cx, const struct confinement *c)
{
	const struct landlock_ruleset_attr attr =
	    { .handled_access_fs = HANDLED };
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr,
	    sizeof(attr), 0);
	struct err e;

	if (ruleset < 0) {
		log_put(cx->log, LOG_LEVEL_INFO, "sandbox.no-landlock",
		    "note", strerror(errno), NULL);
		return OK;
	}
	e = fill_ruleset(cx, ruleset, c);
	(void)close(ruleset);
	return e;
}

/* --- calls ------------------------------------------------------------------ */

static const int refused[] = {
	SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork),
	SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev), SCMP_SYS(kcmp), SCMP_SYS(pidfd_getfd),
	SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root),
	SCMP_SYS(chroot), SCMP_SYS(open_tree), SCMP_SYS(move_mount),
	SCMP_SYS(fsopen), SCMP_SYS(setns), SCMP_SYS(unshare),
	SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd),
	SCMP_SYS(io_uring_setup), SCMP_SYS(keyctl), SCMP_SYS(add_key),
	SCMP_SYS(request_key), SCMP_SYS(init_module), SCMP_SYS(finit_module),
	SCMP_SYS(delete_module), SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load), SCMP_SYS(reboot), SCMP_SYS(swapon),
	SCMP_SYS(swapoff), SCMP_SYS(acct), SCMP_SYS(quotactl),
	SCMP_SYS(settimeofday), SCMP_SYS(clock_settime), SCMP_SYS(adjtimex),
	SCMP_SYS(clock_adjtime), SCMP_SYS(sethostname),
	SCMP_SYS(setdomainname), SCMP_SYS(iopl), SCMP_SYS(ioperm),
	SCMP_SYS(open_by_handle_at), SCMP_SYS(name_to_handle_at),
	SCMP_SYS(personality), SCMP_SYS(setuid), SCMP_SYS(setgid),
	SCMP_SYS(setreuid), SCMP_SYS(setregid), SCMP_SYS(setresuid),
	SCMP_SYS(setresgid), SCMP_SYS(setgroups), SCMP_SYS(capset),
};

static int
refuse(scmp_filter_ctx filter, const int *calls, size_t n)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < n; i++)
		result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM),
		    calls[i], 0);
	return result;
}

static int
add_rules(scmp_filter_ctx filter, const struct confinement *c)
{
	int result = refuse(filter, refused, COUNT_OF(refused));

	if (result == 0)
		result = refuse(filter, c->calls, c->n_calls);
	if (result == 0 && c->unix_only)
		result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM),
		    SCMP_SYS(socket), 1,
		    SCMP_CMP(0, SCMP_CMP_NE, AF_UNIX, 0));
	/* Threads, but no processes. */
	if (result == 0)
		result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM),
		    SCMP_SYS(clone), 1,
		    SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
	/* Its flags are in memory, where no filter can look; on ENOSYS the C
	 * library takes clone(). */
	if (result == 0)
		result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS),
		    SCMP_SYS(clone3), 0);
	return result == 0 ? seccomp_load(filter) : result;
}

static struct err
restrict_calls(struct ctx *cx, const struct confinement *c)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int result;

	if (filter == NULL)
		return FAIL(cx, ERR_CONFIG, "seccomp");
	result = add_rules(filter, c);
	seccomp_release(filter);
	if (result != 0)
		return FAIL(cx, ERR_CONFIG, "seccomp: %s", strerror(-result));
	return OK;
}

struct err
confine(struct ctx *cx, const struct confinement *c)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return FAIL(cx, ERR_CONFIG, "no_new_privs: %s",
		    strerror(errno));
	TRY(restrict_files(cx, c));
	return restrict_calls(cx, c);
}
