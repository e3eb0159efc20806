/* SPDX-License-Identifier: Apache-2.0 */
#include "hsm/sandbox.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <unistd.h>

#include "base/base.h"

/* --- files --------------------------------------------------------------- */

#define FILE_READ	(LANDLOCK_ACCESS_FS_READ_FILE)
#define READ		(FILE_READ | LANDLOCK_ACCESS_FS_READ_DIR)
#define FILE_WRITE	(FILE_READ | LANDLOCK_ACCESS_FS_WRITE_FILE)
#define WRITE		(READ | FILE_WRITE | LANDLOCK_ACCESS_FS_MAKE_REG | \
	LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | \
	LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_SOCK | \
	LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM)
/* What the first version of Landlock knows (Linux 5.13).  Executing is in no
 * rule: it is for nobody. */
#define ALL	(WRITE | LANDLOCK_ACCESS_FS_EXECUTE | \
	LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK)

static const struct { const char *path; uint64_t access; } common[] = {
	{ "/usr", READ }, { "/lib", READ }, { "/lib64", READ },
	{ "/opt", READ }, { "/etc", READ }, { "/proc", READ },
	{ "/sys", READ }, { "/dev", READ | FILE_WRITE },
	{ "/run/pcscd", READ | FILE_WRITE },
};

static bool
allow(int ruleset, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = access,
		.parent_fd = open(path, O_PATH | O_CLOEXEC),
	};
	struct stat st;
	bool done;

	if (rule.parent_fd < 0)
		return false;
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed_access &= FILE_WRITE;
	done = syscall(SYS_landlock_add_rule, ruleset,
	    LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
	(void)close(rule.parent_fd);
	return done;
}

/* The folder that a file is in: it may be replaced by another. */
static const char *
folder_of(struct ctx *cx, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return ".";
	return slash == path ? "/" :
	    arena_strndup(cx->arena, path, (size_t)(slash - path));
}

static struct err
allow_all(struct ctx *cx, const struct conf *conf, const char *conf_path,
    const char *pin_path, int ruleset)
{
	for (size_t i = 0; i < COUNT_OF(common); i++)
		(void)allow(ruleset, common[i].path, common[i].access);
	(void)allow(ruleset, folder_of(cx, conf->module), READ);
	(void)allow(ruleset, folder_of(cx, conf_path), READ);
	/* Other credentials, which daa-signer's are, lie beside that one. */
	(void)allow(ruleset, conf->pin_file != NULL ?
	    folder_of(cx, pin_path) : pin_path, READ);
	for (size_t i = 0; i < conf->n_paths; i++)
		if (!allow(ruleset, conf->paths[i], WRITE))
			return FAIL(cx, ERR_CONFIG, "path %s: %s",
			    conf->paths[i], strerror(errno));
	return OK;
}

static struct err
confine_files(struct ctx *cx, const struct conf *conf, const char *conf_path,
    const char *pin_path)
{
	const struct landlock_ruleset_attr all = { .handled_access_fs = ALL };
	long fd = syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);
	struct err e;

	if (fd < 0) {
		log_put(cx->log, LOG_LEVEL_WARN, "sandbox.no-landlock", "why",
		    strerror(errno), NULL);
		return OK;
	}
	e = allow_all(cx, conf, conf_path, pin_path, (int)fd);
	if (!failed(e) && syscall(SYS_landlock_restrict_self, (int)fd, 0) != 0)
		e = FAIL(cx, ERR_CONFIG, "landlock: %s", strerror(errno));
	(void)close((int)fd);
	return e;
}

/* --- system calls -------------------------------------------------------- */

/* No module needs these: asking means that somebody else's code runs. */
static const int deadly[] = {
	SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork),
	SCMP_SYS(vfork), SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev), SCMP_SYS(bpf), SCMP_SYS(kexec_load),
	SCMP_SYS(init_module), SCMP_SYS(finit_module),
	SCMP_SYS(delete_module), SCMP_SYS(mount), SCMP_SYS(umount2),
	SCMP_SYS(pivot_root), SCMP_SYS(reboot), SCMP_SYS(swapon),
	SCMP_SYS(unshare), SCMP_SYS(setns), SCMP_SYS(chroot),
};

static const int refused[] = {
	SCMP_SYS(keyctl), SCMP_SYS(add_key), SCMP_SYS(request_key),
	SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd),
	SCMP_SYS(io_uring_setup), SCMP_SYS(pidfd_getfd),
};

static int
add_rules(scmp_filter_ctx filter, bool network)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < COUNT_OF(deadly); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, deadly[i],
		    0);
	for (size_t i = 0; r == 0 && i < COUNT_OF(refused); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM),
		    refused[i], 0);
	/* Threads, but no processes.  The flags of clone3 cannot be looked
	 * at: libc takes clone when there is none. */
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS),
		    SCMP_SYS(clone3), 0);
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM),
		    SCMP_SYS(clone), 1, SCMP_CMP(0, SCMP_CMP_MASKED_EQ,
		    CLONE_THREAD, 0));
	if (r == 0 && !network)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES),
		    SCMP_SYS(socket), 1, SCMP_CMP(0, SCMP_CMP_NE,
		    AF_UNIX, 0));
	return r;
}

static struct err
confine_calls(struct ctx *cx, const struct conf *conf)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int r;

	if (filter == NULL)
		return FAIL(cx, ERR_CONFIG, "seccomp: no memory");
	r = add_rules(filter, conf->network);
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	if (r != 0)
		return FAIL(cx, ERR_CONFIG, "seccomp: %s", strerror(-r));
	return OK;
}

struct err
sandbox_enter(struct ctx *cx, const struct conf *conf, const char *conf_path,
    const char *pin_path)
{
	const struct rlimit none = { 0, 0 };

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
	    setrlimit(RLIMIT_CORE, &none) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return FAIL(cx, ERR_CONFIG, "prctl: %s", strerror(errno));
	TRY(confine_files(cx, conf, conf_path, pin_path));
	return confine_calls(cx, conf);
}
