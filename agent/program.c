/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/program.h"

#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include "base/base.h"

#define CHUNK		16384u
#define NOTED_MAX	4096u	/* of standard error; the rest is read past */

/* Its place in struct run's descriptors, and in those that are polled. */
enum { TO, FROM, SAID, ENDED, STOP, N_FDS };

enum outcome { RAN, TOO_LATE, STOPPED };

struct run {
	const struct program	*program;
	pid_t			 pid;
	int			 fd[N_FDS];	/* -1: closed */
	size_t			 written;
	struct buf		 output, said;
	uint64_t		 end_us;
};

struct err
program_split(struct ctx *cx, const char *name, const char *command,
    char *out_words[static PROGRAM_WORDS_MAX + 1])
{
	char *to = arena_alloc(cx->arena, strlen(command) + 1);
	const char *p = command;
	size_t n = 0;
	char quote = '\0';

	for (;;) {
		p += strspn(p, " \t");
		if (*p == '\0')
			break;
		if (n == PROGRAM_WORDS_MAX)
			return FAIL(cx, ERR_CONFIG, "%s has too many words",
			    name);
		out_words[n++] = to;
		for (; *p != '\0' && (quote != '\0' ||
		    (*p != ' ' && *p != '\t')); p++) {
			if (quote == '\0' && (*p == '\'' || *p == '"'))
				quote = *p;
			else if (*p == quote)
				quote = '\0';
			else
				*to++ = *p;
		}
		*to++ = '\0';
	}
	if (quote != '\0' || n == 0)
		return FAIL(cx, ERR_CONFIG, "%s is not a command", name);
	out_words[n] = NULL;
	return OK;
}

static uint64_t
ticks_us(const struct ctx *cx)
{
	return cx->clock->ticks_us(cx->clock->arg);
}

static void
shut(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

/* --- starting it --------------------------------------------------------- */

/*
 * Signals are as at a login, whatever we block or ignore; a group of its own,
 * so that what it starts can be ended with it.
 */
static int
spawn(char **words, const int theirs[static 3], pid_t *out_pid)
{
	char path[] = "PATH=" PROGRAM_PATH, locale[] = "LC_ALL=C.UTF-8";
	char *env[] = { path, locale, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int failure;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	ASSERT(posix_spawn_file_actions_init(&files) == 0);
	for (int i = 0; i < 3; i++)
		ASSERT(posix_spawn_file_actions_adddup2(&files, theirs[i],
		    i) == 0);
	ASSERT(posix_spawn_file_actions_addclosefrom_np(&files, 3) == 0);
	ASSERT(posix_spawnattr_init(&attr) == 0);
	ASSERT(posix_spawnattr_setsigmask(&attr, &none) == 0);
	ASSERT(posix_spawnattr_setsigdefault(&attr, &all) == 0);
	ASSERT(posix_spawnattr_setpgroup(&attr, 0) == 0);
	ASSERT(posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
	    POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP) == 0);
	failure = posix_spawnp(out_pid, words[0], &files, &attr, words, env);
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&files);
	return failure;
}

/* Pipes: ours[i] is our end, non-blocking, theirs[i] its standard file i. */
static bool
open_pipes(int ours[static 3], int theirs[static 3])
{
	for (int i = 0; i < 3; i++) {
		int ends[2];

		if (pipe2(ends, O_CLOEXEC) != 0)
			return false;
		ours[i] = ends[i == 0 ? 1 : 0];
		theirs[i] = ends[i == 0 ? 0 : 1];
		ASSERT(fcntl(ours[i], F_SETFL, O_NONBLOCK) == 0);
	}
	return true;
}

static struct err
start(struct ctx *cx, const struct program *program, struct run *run)
{
	int theirs[3] = { -1, -1, -1 }, failure;
	char *words[PROGRAM_WORDS_MAX + 1];

	TRY(program_split(cx, program->name, program->command, words));
	failure = open_pipes(run->fd, theirs) ?
	    spawn(words, theirs, &run->pid) : errno;
	for (int i = 0; i < 3; i++)
		shut(&theirs[i]);
	if (failure != 0)
		return FAIL(cx, ERR_CONFIG, "run %s (%s): %s", words[0],
		    program->name, strerror(failure));
	run->fd[ENDED] = pidfd_open(run->pid, 0);
	return run->fd[ENDED] >= 0 ? OK : FAIL(cx, ERR_CONFIG,
	    "watch %s: %s", words[0], strerror(errno));
}

/*
 * Whoever wants to end us does not wait for the program, nor leave it behind:
 * the signal stays pending until it is dead.
 */
static void
hold_signals(struct run *run, sigset_t *out_before)
{
	sigset_t signals;

	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGTERM);
	ASSERT(sigprocmask(SIG_BLOCK, &signals, out_before) == 0);
	run->fd[STOP] = signalfd(-1, &signals, SFD_CLOEXEC);
}

/* --- talking with it ----------------------------------------------------- */

static void
give(struct run *run)
{
	const struct slice *in = &run->program->input;
	ssize_t n = 0;

	if (run->written < in->n)
		n = write(run->fd[TO], in->p + run->written,
		    in->n - run->written);
	if (n > 0)
		run->written += (size_t)n;
	/* One that does not want its input is no worse for that. */
	if (run->written == in->n ||
	    (n < 0 && errno != EAGAIN && errno != EINTR))
		shut(&run->fd[TO]);
}

/* Past the limit of the buffer everything is read and dropped. */
static void
take(int *fd, struct buf *into)
{
	uint8_t chunk[CHUNK];
	ssize_t n = read(*fd, chunk, sizeof(chunk));
	size_t room = into->max - into->n;

	if (n > 0) {
		put_bytes(into, SLICE(chunk,
		    (size_t)n < room ? (size_t)n : room));
		into->bad = into->bad || (size_t)n > room;
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		shut(fd);
	}
}

/* What can be done now. */
static void
serve(struct run *run, const struct pollfd polled[static N_FDS])
{
	if (polled[TO].revents != 0)
		give(run);
	if (polled[FROM].revents != 0)
		take(&run->fd[FROM], &run->output);
	if (polled[SAID].revents != 0)
		take(&run->fd[SAID], &run->said);
	if (polled[ENDED].revents != 0) {
		shut(&run->fd[ENDED]);
		/* What it left behind would hold the pipes open. */
		(void)kill(-run->pid, SIGKILL);
	}
}

/* Until it has ended and all that it wrote is read. */
static enum outcome
talk(struct ctx *cx, struct run *run)
{
	while ((run->fd[ENDED] >= 0 || run->fd[FROM] >= 0) &&
	    !run->output.bad) {
		struct pollfd polled[N_FDS];
		uint64_t now_us = ticks_us(cx);

		if (now_us >= run->end_us)
			return TOO_LATE;
		for (int i = 0; i < N_FDS; i++)
			polled[i] = (struct pollfd){ .fd = run->fd[i],
			    .events = i == TO ? POLLOUT : POLLIN };
		if (poll(polled, N_FDS,
		    (int)((run->end_us - now_us) / 1000) + 1) <= 0)
			continue;
		if (polled[STOP].revents != 0)
			return STOPPED;
		serve(run, polled);
	}
	return RAN;
}

/* While it is not waited for, its number stands for nobody else. */
static int
finish(struct run *run)
{
	int status = 0;

	/* What it said last may still be in the pipe. */
	if (run->fd[SAID] >= 0)
		take(&run->fd[SAID], &run->said);
	for (int i = 0; i < N_FDS; i++)
		shut(&run->fd[i]);
	(void)kill(-run->pid, SIGKILL);
	while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return status;
}

/* ": " and its first line, as far as it is text; or nothing. */
static const char *
first_line(struct ctx *cx, const struct buf *said)
{
	char *line = arena_alloc(cx->arena, PROGRAM_SAID_MAX + 1);
	size_t n = 0;

	while (n < said->n && n < PROGRAM_SAID_MAX && said->p[n] != '\n') {
		line[n] = said->p[n] >= ' ' && said->p[n] < 0x7f ?
		    (char)said->p[n] : '?';
		n++;
	}
	line[n] = '\0';
	return n == 0 ? "" : arena_printf(cx->arena, ": %s", line);
}

static struct err
judge(struct ctx *cx, const struct run *run, enum outcome outcome, int status)
{
	const char *name = run->program->name;
	const char *line = first_line(cx, &run->said);

	if (outcome == STOPPED)
		return FAIL(cx, ERR_SOURCE,
		    "%s was stopped, as a signal came", name);
	if (outcome == TOO_LATE)
		return FAIL(cx, ERR_SOURCE,
		    "%s was stopped after %lld s%s", name,
		    (long long)run->program->wait_s, line);
	if (run->output.bad)
		return FAIL(cx, ERR_SOURCE,
		    "%s wrote more than %zu bytes", name,
		    run->program->output_max);
	if (WIFSIGNALED(status))
		return FAIL(cx, ERR_SOURCE, "%s was ended by signal %d%s",
		    name, WTERMSIG(status), line);
	if (WEXITSTATUS(status) != 0)
		return FAIL(cx, ERR_SOURCE, "%s ended with status %d%s",
		    name, WEXITSTATUS(status), line);
	return OK;
}

struct err
program_run(struct ctx *cx, const struct program *program, struct slice *out)
{
	struct run run = {
		.program = program,
		.pid = -1,
		.fd = { -1, -1, -1, -1, -1 },
		.output = buf_in(cx->arena, program->output_max),
		.said = buf_in(cx->arena, NOTED_MAX),
		.end_us = ticks_us(cx) + (uint64_t)program->wait_s * 1000000u,
	};
	enum outcome outcome = RAN;
	sigset_t before;
	struct err e;
	int status = 0;

	hold_signals(&run, &before);
	e = start(cx, program, &run);
	if (!failed(e))
		outcome = talk(cx, &run);
	if (run.pid > 0)
		status = finish(&run);
	for (int i = 0; i < N_FDS; i++)
		shut(&run.fd[i]);
	ASSERT(sigprocmask(SIG_SETMASK, &before, NULL) == 0);
	TRY(e);
	TRY(judge(cx, &run, outcome, status));
	*out = buf_slice(&run.output);
	return OK;
}
