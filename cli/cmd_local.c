/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that need no server. */
#include "cli/cli.h"
#include "cli/evidence.h"

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
