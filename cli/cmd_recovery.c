/* SPDX-License-Identifier: Apache-2.0 */
/* Tenants that nobody looks after any more. */
#include "base/base.h"
#include "cli/cli.h"

struct err
cmd_tenant_recover(struct cli *cli)
{
	json_t *body = json_keep(cli->cx, json_object());

	if (cli_option(cli, OPT_REASON) == NULL)
		return FAIL(cli->cx, ERR_PARAMETER, "--reason is needed: both "
		    "histories show it");
	cli_put_text(body, "tenant", cli_arg(cli, 0));
	cli_put_text(body, "to", cli_arg(cli, 1));
	cli_put_text(body, "group", cli_option(cli, OPT_GROUP));
	cli_put_text(body, "reason", cli_option(cli, OPT_REASON));
	return cli_show(cli, "POST", "/v1/recoveries", json_incref(body));
}

struct err
cmd_tenant_recoveries(struct cli *cli)
{
	static const struct column columns[] = {
		{ "ID", "id", true }, { "TENANT", "tenant", false },
		{ "TO", "to", false }, { "STATE", "state", false },
		{ "BEGUN", "begun_at", false }, { "BY", "begun_by", false },
		{ "READY", "ready_at", false }, { "MOVED", "moved", true },
		{ "REASON", "reason", false },
	};
	const char *path;

	TRY(cli_scope_path(cli, "/recoveries", &path));
	return cli_list(cli, path, columns, COUNT_OF(columns));
}

struct err
cmd_tenant_object(struct cli *cli)
{
	const char *path;

	TRY(cli_tenant_path(cli, cli_path(cli->cx, "/recoveries/{}/object",
	    cli_arg(cli, 0)), &path));
	return cli_show(cli, "POST", path, NULL);
}
