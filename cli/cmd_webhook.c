/* SPDX-License-Identifier: Apache-2.0 */
/* Webhooks. */
#include <string.h>

#include "base/base.h"
#include "cli/cli.h"

static struct err
hook_path(struct cli *cli, const char *rest, const char **out)
{
	return cli_tenant_path(cli, cli_path(cli->cx,
	    arena_printf(cli->cx->arena, "/webhooks/{}%s", rest),
	    cli_arg(cli, 0)), out);
}

/* --type device.*,ca.staged */
static void
put_types(struct cli *cli, json_t *body)
{
	const char *types = cli_option(cli, OPT_EVENT_TYPE);
	json_t *array;

	if (types == NULL)
		return;
	array = json_array();
	while (*types != '\0') {
		size_t n = strcspn(types, ",");

		json_array_append_new(array, json_stringn(types, n));
		types += n;
		types += strspn(types, ",");
	}
	json_object_set_new(body, "types", array);
}

struct err
cmd_webhook_create(struct cli *cli)
{
	json_t *body = json_keep(cli->cx, json_object());
	const char *path;

	TRY(cli_tenant_path(cli, "/webhooks", &path));
	cli_put_text(body, "url", cli_arg(cli, 0));
	cli_put_text(body, "kind", cli_option(cli, OPT_SIGNATURE));
	cli_put_text(body, "description", cli_option(cli, OPT_NOTE));
	put_types(cli, body);
	return cli_show(cli, "POST", path, json_incref(body));
}

struct err
cmd_webhook_list(struct cli *cli)
{
	static const struct column columns[] = {
		{ "ID", "id", true }, { "STATE", "state", false },
		{ "KIND", "kind", false }, { "URL", "url", false },
		{ "TYPES", "types", false },
		{ "FAILING SINCE", "failing_since", false },
	};
	const char *path;

	TRY(cli_tenant_path(cli, "/webhooks", &path));
	return cli_list(cli, path, columns, COUNT_OF(columns));
}

struct err
cmd_webhook_show(struct cli *cli)
{
	const char *path;

	TRY(hook_path(cli, "", &path));
	return cli_show(cli, "GET", path, NULL);
}

struct err
cmd_webhook_delete(struct cli *cli)
{
	const char *path;

	TRY(hook_path(cli, "", &path));
	return cli_delete(cli, path, "webhook %s deleted", cli_arg(cli, 0));
}

struct err
cmd_webhook_rotate(struct cli *cli)
{
	const char *path;

	TRY(hook_path(cli, "/rotate", &path));
	return cli_show(cli, "POST", path, json_object());
}

struct err
cmd_webhook_test(struct cli *cli)
{
	const char *path;
	json_t *nothing;

	TRY(hook_path(cli, "/test", &path));
	return cli_ask(cli, "POST", path, NULL, &nothing);
}

struct err
cmd_webhook_enable(struct cli *cli)
{
	const char *path;

	TRY(hook_path(cli, "/enable", &path));
	return cli_show(cli, "POST", path, NULL);
}

struct err
cmd_webhook_replay(struct cli *cli)
{
	json_t *body = json_keep(cli->cx, json_object());
	const char *path;

	TRY(hook_path(cli, "/replay", &path));
	cli_put_text(body, "after", cli_option(cli, OPT_AFTER));
	cli_put_text(body, "from", cli_option(cli, OPT_FROM));
	return cli_show(cli, "POST", path, json_incref(body));
}

struct err
cmd_webhook_deliveries(struct cli *cli)
{
	static const struct column columns[] = {
		{ "AT", "at", false }, { "EVENT", "event", true },
		{ "TYPE", "type", false }, { "TRY", "attempt", true },
		{ "OUTCOME", "outcome", false }, { "STATUS", "status", true },
		{ "MS", "ms", true }, { "ANSWER", "excerpt", false },
	};
	const char *path;

	TRY(hook_path(cli, "/deliveries", &path));
	return cli_list(cli, path, columns, COUNT_OF(columns));
}
