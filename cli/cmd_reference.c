/* SPDX-License-Identifier: Apache-2.0 */
/* Reference values: named sets of what is known to be good. */
#include "base/base.h"
#include "cli/cli.h"

static struct err
set_path(struct cli *cli, const char *pattern, const char **out)
{
	return cli_tenant_path(cli, cli_path(cli->cx, pattern,
	    cli_arg(cli, 0), cli_arg(cli, 1)), out);
}

static struct err
list_sets(struct cli *cli)
{
	static const struct column columns[] = {
		{ "NAME", "name", false }, { "VALUES", "entries", true },
		{ "REVISION", "revision", true },
		{ "CHANGED", "changed_at", false },
		{ "BY", "changed_by", false }, { "NOTE", "note", false },
	};
	const char *path;

	TRY(cli_tenant_path(cli, "/reference-values", &path));
	return cli_list(cli, path, columns, COUNT_OF(columns));
}

struct err
cmd_reference_list(struct cli *cli)
{
	static const struct column columns[] = {
		{ "ID", "id", true }, { "VALUE", "value", false },
		{ "VALID UNTIL", "valid_until", false },
		{ "ADDED", "created_at", false },
		{ "FROM", "provenance", false }, { "NOTE", "note", false },
	};
	const char *path;

	if (cli_arg(cli, 0) == NULL)
		return list_sets(cli);
	TRY(set_path(cli, "/reference-values/{}/entries", &path));
	return cli_list(cli, path, columns, COUNT_OF(columns));
}

struct err
cmd_reference_create(struct cli *cli)
{
	json_t *body = json_keep(cli->cx, json_object());
	const char *path;

	TRY(set_path(cli, "/reference-values/{}", &path));
	cli_put_text(body, "note", cli_option(cli, OPT_NOTE));
	return cli_show(cli, "PUT", path, json_incref(body));
}

struct err
cmd_reference_add(struct cli *cli)
{
	json_t *body = json_keep(cli->cx, json_object()), *until;
	const char *path;

	TRY(set_path(cli, "/reference-values/{}/entries", &path));
	cli_put_text(body, "value", cli_arg(cli, 1));
	cli_put_text(body, "note", cli_option(cli, OPT_NOTE));
	cli_put_text(body, "provenance", cli_option(cli, OPT_PROVENANCE));
	TRY(cli_put_expiry(cli, body));
	until = json_object_get(body, "expires_at");
	if (until != NULL) {
		json_object_set(body, "valid_until", until);
		json_object_del(body, "expires_at");
	}
	return cli_show(cli, "POST", path, json_incref(body));
}

struct err
cmd_reference_remove(struct cli *cli)
{
	const char *path;

	TRY(set_path(cli, "/reference-values/{}/entries/{}", &path));
	return cli_delete(cli, path, "value %s removed from %s",
	    cli_arg(cli, 1), cli_arg(cli, 0));
}

struct err
cmd_reference_delete(struct cli *cli)
{
	const char *path;

	TRY(set_path(cli, "/reference-values/{}", &path));
	return cli_delete(cli, path, "set %s deleted", cli_arg(cli, 0));
}
