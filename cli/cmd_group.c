/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of devices. */
#include <string.h>

#include "base/base.h"
#include "cli/cli.h"

static struct err
put_members(struct cli *cli, json_t *body)
{
	const char *pin = cli_option(cli, OPT_PROFILE_PIN);

	cli_put_text(body, "title", cli_option(cli, OPT_TITLE));
	cli_put_text(body, "profile", cli_option(cli, OPT_PROFILE));
	if (pin != NULL && strcmp(pin, "newest") == 0) {
		ASSERT(json_object_set_new(body, "profile_version",
		    json_null()) == 0);
		return OK;
	}
	return cli_put_number(cli, body, "profile_version", OPT_PROFILE_PIN,
	    INT32_MAX);
}

struct err
cmd_group_create(struct cli *cli)
{
	const char *file = cli_option(cli, OPT_POLICY), *path;
	json_t *body = json_keep(cli->cx, json_object()), *policy;

	TRY(cli_tenant_path(cli, "/groups", &path));
	cli_put_text(body, "name", cli_arg(cli, 0));
	TRY(put_members(cli, body));
	if (file != NULL) {
		TRY(cli_read_json(cli, file, &policy));
		json_object_set(body, "policy", policy);
	}
	return cli_show(cli, "POST", path, json_incref(body));
}

struct err
cmd_group_list(struct cli *cli)
{
	static const struct column columns[] = {
		{ "NAME", "name", false }, { "TITLE", "title", false },
		{ "PROFILE", "profile", false },
		{ "VERSION", "profile_version", true },
		{ "POLICY", "policy_version", true },
		{ "CREATED", "created_at", false },
	};
	const char *path;

	TRY(cli_tenant_path(cli, "/groups", &path));
	return cli_list(cli, path, columns, COUNT_OF(columns));
}

struct err
cmd_group_show(struct cli *cli)
{
	const char *path;

	TRY(cli_tenant_path(cli, cli_path(cli->cx, "/groups/{}",
	    cli_arg(cli, 0)), &path));
	return cli_show(cli, "GET", path, NULL);
}

struct err
cmd_group_set(struct cli *cli)
{
	json_t *body = json_keep(cli->cx, json_object());
	const char *path;

	TRY(cli_tenant_path(cli, cli_path(cli->cx, "/groups/{}",
	    cli_arg(cli, 0)), &path));
	TRY(put_members(cli, body));
	if (json_object_size(body) == 0)
		return FAIL(cli->cx, ERR_PARAMETER, "nothing to change: see "
		    "daactl group set --help");
	return cli_show(cli, "PATCH", path, json_incref(body));
}
