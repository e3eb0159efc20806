/* SPDX-License-Identifier: Apache-2.0 */
#include "server/signer_process.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"

#define ARGS_MAX	20u
#define POLL_MS		10

struct signer_process {
	const char	*socket_path;	/* a signer of its own, or NULL */
	pid_t		 starter;
	int		 fd;		/* to the starter */
	pthread_mutex_t	 lock;		/* one asks at a time */
};

/* --- running programs ---------------------------------------------------- */

/* Beside our own file, so that a build tree works; else in PATH. */
static const char *
find_program(struct ctx *cx, const char *set, const char *name)
{
	char self[PATH_MAX];
	ssize_t n;
	char *slash, *beside;

	if (set[0] != '\0')
		return set;
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n <= 0)
		return name;
	self[n] = '\0';
	slash = strrchr(self, '/');
	ASSERT(slash != NULL);
	*slash = '\0';
	beside = arena_printf(cx->arena, "%s/%s", self, name);
	return access(beside, X_OK) == 0 ? beside : name;
}

static const char *
program_path(struct ctx *cx, const struct settings *s)
{
	return find_program(cx, s->signer_program, SIGNER_PROGRAM);
}

/* In the child.  fd, if any, becomes SIGNER_FD. */
__attribute__((noreturn)) static void
become(const char *const *args, int fd)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	(void)signal(SIGINT, SIG_DFL);
	(void)signal(SIGTERM, SIG_DFL);
	if (fd == SIGNER_FD)
		(void)fcntl(fd, F_SETFD, 0);
	else if (fd >= 0 && dup2(fd, SIGNER_FD) < 0)
		_exit(127);
	/* execvp() does not change what it is given (POSIX, exec). */
	(void)execvp(args[0], (char *const *)(uintptr_t)args);
	_exit(127);
}

static void
sleep_ms(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	(void)nanosleep(&ts, NULL);
}

/* Its connection is closed, which tells it to end. */
static void
end_child(pid_t *child)
{
	if (*child <= 0)
		return;
	for (int ms = 0; ms < SIGNER_END_MS; ms += POLL_MS) {
		if (waitpid(*child, NULL, WNOHANG) != 0) {
			*child = 0;
			return;
		}
		sleep_ms(POLL_MS);
	}
	(void)kill(*child, SIGKILL);
	(void)waitpid(*child, NULL, 0);
	*child = 0;
}

/* --- the starter --------------------------------------------------------- */

static bool
send_fd(int to, int fd)
{
	union {
		struct cmsghdr	align;
		char		bytes[CMSG_SPACE(sizeof(int))];
	} control = { .bytes = { 0 } };
	char status = fd >= 0;
	struct iovec iov = { &status, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (fd >= 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	return sendmsg(to, &msg, MSG_NOSIGNAL) == 1;
}

/* What the starter starts. */
struct program {
	char		 request;	/* that asks for it */
	int		 socket_type;
	const char	*args[ARGS_MAX];
	pid_t		 child;
};

#define PROGRAMS	2u

/* The end of the pair for daad, or -1. */
static int
start_program(struct program *p)
{
	int pair[2];

	end_child(&p->child);
	if (socketpair(AF_UNIX, p->socket_type | SOCK_CLOEXEC, 0, pair) != 0)
		return -1;
	p->child = fork();
	if (p->child == 0)
		become(p->args, pair[1]);
	(void)close(pair[1]);
	if (p->child > 0)
		return pair[0];
	(void)close(pair[0]);
	return -1;
}

static int
start_asked(struct program *programs, char request)
{
	for (size_t i = 0; i < PROGRAMS; i++)
		if (programs[i].request == request)
			return start_program(&programs[i]);
	return -1;
}

__attribute__((noreturn)) static void
starter_main(int fd, struct program *programs)
{
	char request;
	ssize_t n;

	/* Not in daad's process group: ^C there must let daad drain first. */
	(void)setpgid(0, 0);
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGCHLD, SIG_DFL);
	for (;;) {
		int end;
		bool sent;

		n = recv(fd, &request, 1, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n != 1)
			break;
		end = start_asked(programs, request);
		sent = send_fd(fd, end);
		if (end >= 0)
			(void)close(end);
		if (!sent)
			break;
	}
	for (size_t i = 0; i < PROGRAMS; i++)
		end_child(&programs[i].child);
	_exit(0);
}

const char *
signer_process_new_secret(struct ctx *cx, const struct settings *s)
{
	return arena_printf(cx->arena, "%s.new",
	    s->master_passphrase_file[0] != '\0' ?
	    s->master_passphrase_file : s->master_key_file);
}

/* The master key, and the one before it while they change. */
static size_t
secret_args(struct ctx *cx, const struct settings *s, const char **args)
{
	bool is_phrase = s->master_passphrase_file[0] != '\0';
	const char *now = is_phrase ? s->master_passphrase_file :
	    s->master_key_file;
	const char *new = signer_process_new_secret(cx, s);
	bool change = access(new, F_OK) == 0;
	size_t n = 0;

	args[n++] = is_phrase ? "--master-passphrase-file" : "--master-key";
	args[n++] = change ? new : now;
	if (!change)
		return n;
	args[n++] = is_phrase ? "--old-master-passphrase-file" :
	    "--old-master-key";
	args[n++] = now;
	return n;
}

static void
signer_args(struct ctx *cx, const struct settings *s, const char **args)
{
	size_t n = 0;

	args[n++] = program_path(cx, s);
	args[n++] = "--fd";
	args[n++] = "3";
	n += secret_args(cx, s, &args[n]);
	args[n++] = "--journal";
	args[n++] = s->journal_dir;
	args[n++] = "--segment-bytes";
	args[n++] = arena_printf(cx->arena, "%lld",
	    (long long)s->journal_segment_bytes);
	if (s->hsm_dir[0] != '\0') {
		args[n++] = "--hsm-dir";
		args[n++] = s->hsm_dir;
	}
	args[n++] = "--log-level";
	args[n++] = s->given[SET_log_level];
	if (!s->sandbox)
		args[n++] = "--no-sandbox";
	args[n++] = NULL;
	ASSERT(n <= ARGS_MAX);
}

static void
courier_args(struct ctx *cx, const struct settings *s, const char **args)
{
	size_t n = 0;

	args[n++] = find_program(cx, s->courier_program, COURIER_PROGRAM);
	args[n++] = "--fd";
	args[n++] = "3";
	args[n++] = "--allow";
	args[n++] = s->webhook_allow;
	if (s->webhook_http)
		args[n++] = "--http";
	if (s->webhook_ca_file[0] != '\0') {
		args[n++] = "--ca-file";
		args[n++] = s->webhook_ca_file;
	}
	args[n++] = "--keys-allow";
	args[n++] = s->issuer_allow;
	if (s->issuer_ca_file[0] != '\0') {
		args[n++] = "--keys-ca-file";
		args[n++] = s->issuer_ca_file;
	}
	args[n++] = "--log-level";
	args[n++] = s->given[SET_log_level];
	if (!s->sandbox)
		args[n++] = "--no-sandbox";
	args[n++] = NULL;
	ASSERT(n <= ARGS_MAX);
}

static struct err
fork_starter(struct ctx *cx, const struct settings *s,
    struct signer_process *p)
{
	struct program programs[PROGRAMS] = {
		{ .request = 's', .socket_type = SOCK_STREAM },
		{ .request = 'c', .socket_type = SOCK_SEQPACKET },
	};
	int pair[2];

	signer_args(cx, s, programs[0].args);
	courier_args(cx, s, programs[1].args);

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return FAIL(cx, ERR_CONFIG, "socketpair: %s", strerror(errno));
	p->starter = fork();
	if (p->starter < 0)
		return FAIL(cx, ERR_CONFIG, "fork: %s", strerror(errno));
	if (p->starter == 0) {
		(void)close(pair[0]);
		starter_main(pair[1], programs);
	}
	(void)close(pair[1]);
	p->fd = pair[0];
	return OK;
}

struct err
signer_process_open(struct ctx *cx, const struct settings *s,
    struct signer_process **out)
{
	struct signer_process *p = base_alloc(sizeof(*p));
	struct err e;

	p->fd = -1;
	ASSERT(pthread_mutex_init(&p->lock, NULL) == 0);
	if (s->signer_socket[0] != '\0')
		p->socket_path = s->signer_socket;
	e = fork_starter(cx, s, p);
	if (failed(e)) {
		free(p);
		return e;
	}
	*out = p;
	return OK;
}

void
signer_process_close(struct signer_process *p)
{
	if (p == NULL)
		return;
	if (p->fd >= 0) {
		(void)close(p->fd);
		(void)waitpid(p->starter, NULL, 0);
	}
	free(p);
}

/* --- connecting ------------------------------------------------------------ */

/* With the lock: the answer belongs to who asks. */
static struct err
ask_starter(struct ctx *cx, const struct signer_process *p, char request,
    int *out_fd)
{
	union {
		struct cmsghdr	align;
		char		bytes[CMSG_SPACE(sizeof(int))];
	} control = { .bytes = { 0 } };
	char status = 0;
	struct iovec iov = { &status, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	const struct cmsghdr *c;
	ssize_t n;

	if (send(p->fd, &request, 1, MSG_NOSIGNAL) != 1)
		return FAIL(cx, ERR_SIGNER_GONE, "starter: %s",
		    strerror(errno));
	while ((n = recvmsg(p->fd, &msg, MSG_CMSG_CLOEXEC)) < 0 &&
	    errno == EINTR)
		continue;
	c = n == 1 ? CMSG_FIRSTHDR(&msg) : NULL;
	if (c == NULL || c->cmsg_type != SCM_RIGHTS)
		return FAIL(cx, ERR_SIGNER_GONE,
		    "the program could not be started");
	memcpy(out_fd, CMSG_DATA(c), sizeof(*out_fd));
	return OK;
}

static struct err
start_one(struct ctx *cx, struct signer_process *p, char request, int *out_fd)
{
	struct err e;

	ASSERT(pthread_mutex_lock(&p->lock) == 0);
	e = ask_starter(cx, p, request, out_fd);
	ASSERT(pthread_mutex_unlock(&p->lock) == 0);
	return e;
}

static struct err
connect_socket(struct ctx *cx, const char *path, int *out_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), failure;

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		return FAIL(cx, ERR_SIGNER_GONE, "signer_socket");
	memcpy(address.sun_path, path, strlen(path));
	if (connect(fd, (const struct sockaddr *)&address,
	    sizeof(address)) != 0) {
		failure = errno;
		(void)close(fd);
		return FAIL(cx, ERR_SIGNER_GONE, "connect %s: %s", path,
		    strerror(failure));
	}
	*out_fd = fd;
	return OK;
}

struct err
signer_process_connect(struct ctx *cx, void *arg, int *out_fd)
{
	struct signer_process *p = arg;

	if (p->socket_path != NULL)
		return connect_socket(cx, p->socket_path, out_fd);
	return start_one(cx, p, 's', out_fd);
}

struct err
signer_process_courier(struct ctx *cx, void *arg, int *out_fd)
{
	if (failed(start_one(cx, arg, 'c', out_fd)))
		return FAIL(cx, ERR_HTTP, "daa-courier could not be started");
	return OK;
}

struct err
signer_process_make_key_at(struct ctx *cx, const struct settings *s,
    const char *path)
{
	const char *args[ARGS_MAX] = {
		program_path(cx, s), "--make-master-key", path, NULL,
	};
	pid_t child = fork();
	int status = 0;

	if (child == 0)
		become(args, -1);
	if (child < 0 || waitpid(child, &status, 0) != child)
		return FAIL(cx, ERR_IO, "run %s: %s", args[0],
		    strerror(errno));
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return FAIL_TELL(cx, ERR_CONFIG, "cannot run %s", args[0]);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return FAIL_TELL(cx, ERR_IO, "%s could not make %s", args[0],
		    path);
	return OK;
}

/* Its standard output is the pipe. */
__attribute__((noreturn)) static void
become_dump(const char *const *args, int fd)
{
	if (dup2(fd, STDOUT_FILENO) < 0)
		_exit(127);
	become(args, -1);
}

struct err
signer_process_dump(struct ctx *cx, const struct settings *s,
    const char *log_key, int *out_fd, pid_t *out_pid)
{
	const char *args[ARGS_MAX] = {
		program_path(cx, s), "--dump-journal", s->journal_dir,
		log_key == NULL ? NULL : "--log-key", log_key, NULL,
	};
	int pair[2];
	pid_t child;

	if (pipe2(pair, O_CLOEXEC) != 0)
		return FAIL(cx, ERR_IO, "pipe: %s", strerror(errno));
	child = fork();
	if (child == 0)
		become_dump(args, pair[1]);
	(void)close(pair[1]);
	if (child < 0) {
		(void)close(pair[0]);
		return FAIL(cx, ERR_IO, "fork: %s", strerror(errno));
	}
	*out_fd = pair[0];
	*out_pid = child;
	return OK;
}

void
signer_process_dump_end(pid_t pid)
{
	(void)waitpid(pid, NULL, 0);
}
