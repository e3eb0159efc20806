/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/publish.h"

#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <time.h>
#include <unistd.h>

#include "agent/program.h"
#include "base/base.h"
#include "base/file.h"

#define HOOK_ENV_MAX	128u	/* variables handed on, with ours */
#define HOOK_LOOK_MS	20	/* between two looks whether it ended */
#define SERIAL_MAX	256u

/* Our environment, and what the hook is about. */
static char **
hook_env(struct ctx *cx, const struct settings *set,
    const struct state_credential *c, const char *event)
{
	const struct { const char *name, *value; } ours[] = {
		{ "EVENT", event },
		{ "CERTIFICATE", set->certificate },
		{ "CHAIN", set->chain },
		{ "KEY", set->key_file },
		{ "SERIAL", c->serial },
		{ "DEVICE_ID", c->device_id },
		{ "TENANT", c->tenant },
	};
	char **env = arena_array(cx->arena, HOOK_ENV_MAX + 1, sizeof(*env));
	size_t n = 0;

	for (size_t i = 0; i < COUNT_OF(ours); i++)
		if (ours[i].value != NULL)
			env[n++] = arena_printf(cx->arena, "DAA_AGENT_%s=%s",
			    ours[i].name, ours[i].value);
	for (char **e = environ; *e != NULL && n < HOOK_ENV_MAX; e++)
		if (strncmp(*e, "DAA_AGENT_", 10) != 0)
			env[n++] = *e;
	return env;
}

static void
wait_ms(long ms)
{
	const struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	(void)nanosleep(&ts, NULL);
}

static struct err
await_hook(struct ctx *cx, pid_t pid)
{
	int status = 0, left = PUBLISH_HOOK_MAX_S * 1000 / HOOK_LOOK_MS;

	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (left-- == 0) {
			(void)kill(pid, SIGKILL);
			(void)waitpid(pid, &status, 0);
			return FAIL(cx, ERR_CONFIG,
			    "the hook was stopped after %d s",
			    PUBLISH_HOOK_MAX_S);
		}
		wait_ms(HOOK_LOOK_MS);
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return FAIL(cx, ERR_CONFIG, "the hook ended with status %d",
		    WIFEXITED(status) ? WEXITSTATUS(status) :
		    128 + WTERMSIG(status));
	return OK;
}

/* We block and ignore signals; what we start must not inherit that. */
static int
spawn(char **words, char **env, pid_t *out_pid)
{
	posix_spawnattr_t attr;
	sigset_t none, all;
	int failure;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	ASSERT(posix_spawnattr_init(&attr) == 0);
	ASSERT(posix_spawnattr_setsigmask(&attr, &none) == 0);
	ASSERT(posix_spawnattr_setsigdefault(&attr, &all) == 0);
	ASSERT(posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK |
	    POSIX_SPAWN_SETSIGDEF) == 0);
	failure = posix_spawnp(out_pid, words[0], NULL, &attr, words, env);
	(void)posix_spawnattr_destroy(&attr);
	return failure;
}

static struct err
run_hook(struct ctx *cx, const struct settings *set,
    const struct state_credential *c, const char *event)
{
	char *words[PROGRAM_WORDS_MAX + 1];
	int failure;
	pid_t pid;

	if (set->hook == NULL)
		return OK;
	TRY(program_split(cx, "hook", set->hook, words));
	failure = spawn(words, hook_env(cx, set, c, event), &pid);
	if (failure != 0)
		return FAIL(cx, ERR_CONFIG, "run %s: %s", words[0],
		    strerror(failure));
	return await_hook(cx, pid);
}

struct err
publish_credential(struct ctx *cx, struct agent *agent,
    const struct state_credential *c, const char *event)
{
	const struct settings *set = agent->set;
	struct err hook;

	TRY(file_replace(cx, set->key_file, 0600, slice_text(c->key)));
	TRY(file_replace(cx, set->chain, 0644, slice_text(c->chain)));
	TRY(file_replace(cx, set->certificate, 0644,
	    slice_text(c->certificate)));
	hook = run_hook(cx, set, c, event);
	/* A hook that fails is reported once, not run for ever. */
	TRY(file_replace(cx, state_path(cx, set->state_dir, "announced"), 0600,
	    slice_text(c->serial)));
	return hook;
}

struct err
publish_pending(struct ctx *cx, struct agent *agent)
{
	const char *path = state_path(cx, agent->set->state_dir, "announced");
	struct slice serial = SLICE_NONE;
	struct state_credential c;
	bool found;

	TRY(state_read_credential(cx, agent->set->state_dir, &c, &found));
	if (!found)
		return OK;
	if (access(path, F_OK) == 0)
		TRY(file_read(cx, path, SERIAL_MAX, &serial));
	if (slice_equal(serial, slice_text(c.serial)))
		return OK;
	return publish_credential(cx, agent, &c, "renewed");
}
