/* SPDX-License-Identifier: Apache-2.0 */
/* daactl: the operators' command line. */
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "base/base.h"
#include "cli/cli.h"

static const char *
environment(const char *name)
{
	return getenv(name);
}

/* "daactl: claim.taken: The device is claimed already. (request 01ab...)" */
static void
say_problem(struct ctx *cx, const struct client_problem *problem)
{
	(void)fprintf(stderr, "daactl: %s: %s", table_safe(cx, problem->code),
	    table_safe(cx, problem->title));
	if (problem->detail[0] != '\0')
		(void)fprintf(stderr, " %s", table_safe(cx, problem->detail));
	if (problem->pointer[0] != '\0')
		(void)fprintf(stderr, " (at %s)",
		    table_safe(cx, problem->pointer));
	if (problem->retry_after_s > 0)
		(void)fprintf(stderr, " (try again in %lld s)",
		    (long long)problem->retry_after_s);
	if (problem->request_id[0] != '\0')
		(void)fprintf(stderr, " (request %s)",
		    table_safe(cx, problem->request_id));
	(void)fputc('\n', stderr);
}

static void
say_failure(struct cli *cli)
{
	const struct client_problem *problem = client_problem(cli->client);

	if (problem != NULL)
		say_problem(cli->cx, problem);
	else
		(void)fprintf(stderr, "daactl: %s\n",
		    table_safe(cli->cx, cli->cx->trail->note));
}

static struct err
run(struct cli *cli, const struct parsed *line)
{
	const char *term = environment("TERM");

	cli->json = line->options[OPT_JSON] != NULL;
	cli->progress = isatty(STDERR_FILENO) == 1;
	cli->style.bold = isatty(STDOUT_FILENO) == 1 &&
	    environment("NO_COLOR") == NULL && term != NULL &&
	    strcmp(term, "dumb") != 0;
	if ((line->command->options & COMMAND_LOCAL) == 0)
		TRY(settings_read(cli->cx, line, environment,
		    &cli->settings));
	return line->command->run(cli);
}

/* Results that could not be written are no results. */
static int
finish(struct cli *cli, struct err e)
{
	int status = failed(e) ? (int)cli_exit_of(e) : cli->exit_status;

	if (failed(e))
		say_failure(cli);
	if (fflush(cli->out) != 0 || ferror(cli->out)) {
		(void)fputs("daactl: standard output cannot be written\n",
		    stderr);
		if (status == CLI_EXIT_OK)
			status = CLI_EXIT_FAILURE;
	}
	return status;
}

int
main(int argc, char **argv)
{
	struct ctx_root root;
	struct parsed line;
	struct cli cli = { .out = stdout, .line = &line };
	struct err e;
	int status;

	/* What the server says is UTF-8 whatever the terminal's locale says;
	 * widths are computed for it. */
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	(void)signal(SIGPIPE, SIG_IGN);
	if (sodium_init() < 0)
		return CLI_EXIT_FAILURE;
	ctx_root_init(&root, NULL);
	cli.cx = &root.cx;
	e = command_parse(cli.cx, argc, argv, &line);
	if (!failed(e) && line.options[OPT_HELP] != NULL)
		command_help(stdout, line.command);
	else if (!failed(e))
		e = run(&cli, &line);
	status = finish(&cli, e);
	client_free(cli.client);
	ctx_root_fini(&root);
	return status;
}
