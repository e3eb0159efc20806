/* SPDX-License-Identifier: Apache-2.0 */
/* Devices from tenant to tenant. */
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "cli/cli.h"
#include "cli/watch.h"

struct err
cmd_transfer_offer(struct cli *cli)
{
	json_t *body = json_keep(cli->cx, json_object());
	const char *path;

	TRY(cli_tenant_path(cli, "/transfers", &path));
	cli_put_text(body, "device_id", cli_device_id(cli->cx,
	    cli_arg(cli, 0)));
	cli_put_text(body, "to", cli_arg(cli, 1));
	if (cli_option(cli, OPT_REQUIRE_EVIDENCE) != NULL)
		cli_put_bool(body, "require_evidence", "true");
	cli_put_text(body, "reason", cli_option(cli, OPT_REASON));
	TRY(cli_put_expiry(cli, body));
	return cli_show(cli, "POST", path, json_incref(body));
}

struct err
cmd_transfer_list(struct cli *cli)
{
	static const struct column columns[] = {
		{ "ID", "id", false }, { "DEVICE", "device_id", false },
		{ "FROM", "from", false }, { "TO", "to", false },
		{ "STATE", "state", false }, { "OFFERED", "offered_at", false },
		{ "EXPIRES", "expires_at", false },
		{ "REASON", "reason", false },
	};
	const char *path;

	TRY(cli_tenant_path(cli, "/transfers", &path));
	path = cli_query(cli->cx, path, "direction",
	    cli_option(cli, OPT_DIRECTION));
	path = cli_query(cli->cx, path, "state",
	    cli_option(cli, OPT_TRANSFER_STATE));
	return cli_list(cli, path, columns, COUNT_OF(columns));
}

/* Of the transfer that is the argument; what begins with a slash, or nothing. */
static struct err
transfer_path(struct cli *cli, const char *step, const char **out)
{
	return cli_tenant_path(cli, arena_printf(cli->cx->arena, "%s%s",
	    cli_path(cli->cx, "/transfers/{}", cli_arg(cli, 0)), step), out);
}

static struct err
take_step(struct cli *cli, const char *step)
{
	json_t *body = json_keep(cli->cx, json_object());
	const char *path;

	TRY(transfer_path(cli, step, &path));
	cli_put_text(body, "group", cli_option(cli, OPT_GROUP));
	return cli_show(cli, "POST", path, json_incref(body));
}

struct err
cmd_transfer_accept(struct cli *cli)
{
	return take_step(cli, "/accept");
}

struct err
cmd_transfer_reject(struct cli *cli)
{
	return take_step(cli, "/reject");
}

struct err
cmd_transfer_cancel(struct cli *cli)
{
	return take_step(cli, "/cancel");
}

struct err
cmd_transfer_undo(struct cli *cli)
{
	return take_step(cli, "/undo");
}

/* --- watching ------------------------------------------------------------ */

struct err
cmd_transfer_watch(struct cli *cli)
{
	static const char *const open[] = {
		"offered", "awaiting-evidence", NULL,
	};
	struct watched w = { .open = open };

	TRY(transfer_path(cli, "", &w.path));
	return watch_until(cli, &w, "done");
}

struct err
cmd_transfer_show(struct cli *cli)
{
	const char *path;

	if (cli_option(cli, OPT_WATCH) != NULL)
		return cmd_transfer_watch(cli);
	TRY(transfer_path(cli, "", &path));
	return cli_show(cli, "GET", path, NULL);
}
