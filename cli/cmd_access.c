/* SPDX-License-Identifier: Apache-2.0 */
/* Who may: what two people decide, and credentials that are no tokens. */
#include "base/base.h"
#include "cli/cli.h"
#include "cli/watch.h"

struct err
cmd_proposal_list(struct cli *cli)
{
	static const struct column columns[] = {
		{ "ID", "id", true }, { "KIND", "kind", false },
		{ "SUBJECT", "subject", false }, { "STATE", "state", false },
		{ "BY", "proposed_by", false },
		{ "EXPIRES", "expires_at", false },
		{ "DECIDED BY", "decided_by", false },
	};
	const char *path;

	TRY(cli_scope_path(cli, "/proposals", &path));
	return cli_list(cli, path, columns, COUNT_OF(columns));
}

/* One proposal, or what is done with it. */
static struct err
one_proposal(struct cli *cli, const char *method, const char *form)
{
	const char *path;

	TRY(cli_scope_path(cli, cli_path(cli->cx, form, cli_arg(cli, 0)),
	    &path));
	return cli_show(cli, method, path,
	    method[0] == 'G' ? NULL : json_object());
}

struct err
cmd_proposal_show(struct cli *cli)
{
	static const char *const open[] = { "open", "approved", NULL };
	struct watched w = { .open = open };

	if (cli_option(cli, OPT_WATCH) == NULL)
		return one_proposal(cli, "GET", "/proposals/{}");
	TRY(cli_scope_path(cli, cli_path(cli->cx, "/proposals/{}",
	    cli_arg(cli, 0)), &w.path));
	return watch_until(cli, &w, "done");
}

struct err
cmd_proposal_approve(struct cli *cli)
{
	return one_proposal(cli, "POST", "/proposals/{}/approve");
}

struct err
cmd_proposal_reject(struct cli *cli)
{
	return one_proposal(cli, "POST", "/proposals/{}/reject");
}
