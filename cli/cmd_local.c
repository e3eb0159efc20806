/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that need no server. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "cli/cli.h"
#include "cli/evidence.h"

#define SERVER_PROGRAM	"daad"

struct err
cmd_evidence_verify(struct cli *cli)
{
	cli->exit_status = cli_evidence_verify(cli->cx, cli->line->rest_argc,
	    cli->line->rest_argv);
	return OK;
}

struct err
cmd_version(struct cli *cli)
{
	if (cli->json)
		(void)fprintf(cli->out, "{\"version\":\"%s\"}\n",
		    PACKAGE_VERSION);
	else
		(void)fprintf(cli->out, "daactl %s\n", PACKAGE_VERSION);
	return OK;
}

struct err
cmd_completion_bash(struct cli *cli)
{
	command_complete_bash(cli->out);
	return OK;
}

/* --- on the state folder ---------------------------------------------------- */

/* Beside our own file, so that a build tree works; else in PATH. */
static const char *
server_path(struct ctx *cx)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash, *beside;

	self[n < 0 ? 0 : n] = '\0';
	slash = strrchr(self, '/');
	if (slash == NULL)
		return SERVER_PROGRAM;
	*slash = '\0';
	beside = arena_printf(cx->arena, "%s/%s", self, SERVER_PROGRAM);
	return access(beside, X_OK) == 0 ? beside : SERVER_PROGRAM;
}

/* These work on the state folder itself, which daad knows to read: it takes
 * the place of this program. */
static struct err
become_server(struct cli *cli, const char *command)
{
	const struct parsed *line = cli->line;
	const char **args = arena_array(cli->cx->arena,
	    (size_t)line->rest_argc + 3, sizeof(*args));

	for (int i = 0; i < line->rest_argc; i++) {
		if (strcmp(line->rest_argv[i], "--help") == 0 ||
		    strcmp(line->rest_argv[i], "-h") == 0) {
			command_help(cli->out, line->command);
			return OK;
		}
		args[i + 2] = line->rest_argv[i];
	}
	args[0] = server_path(cli->cx);
	args[1] = command;
	/* execvp() does not change what it is given (POSIX, exec). */
	(void)execvp(args[0], (char *const *)(uintptr_t)args);
	return FAIL(cli->cx, ERR_IO, "cannot run %s: %s", args[0],
	    strerror(errno));
}

struct err
cmd_fsck(struct cli *cli)
{
	return become_server(cli, "fsck");
}

struct err
cmd_journal_verify(struct cli *cli)
{
	return become_server(cli, "journal-verify");
}

struct err
cmd_keys_rotate_master(struct cli *cli)
{
	return become_server(cli, "rotate-master");
}
