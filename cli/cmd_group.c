/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of devices, and the policies that appraise them. */
#include <string.h>

#include "base/base.h"
#include "base/text.h"
#include "cli/cli.h"

#define PCR_COUNT	24u	/* registers of a bank (TCG PC Client PTP, 4.6.2) */

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

static struct err
policy_path(struct cli *cli, const char *rest, const char **out)
{
	return cli_tenant_path(cli, arena_printf(cli->cx->arena, "%s%s",
	    cli_path(cli->cx, "/groups/{}/policy", cli_arg(cli, 0)), rest),
	    out);
}

struct err
cmd_policy_show(struct cli *cli)
{
	const char *path;
	json_t *answer, *policy;

	TRY(policy_path(cli, "", &path));
	TRY(cli_ask(cli, "GET", path, NULL, &answer));
	policy = json_object_get(answer, "policy");
	if (cli_option(cli, OPT_DOCUMENT) == NULL)
		return cli_print(cli, answer);
	if (!json_is_object(policy))
		return FAIL(cli->cx, ERR_MALFORMED,
		    "the server's answer holds no policy");
	cli->json = true;
	return cli_print(cli, policy);
}

struct err
cmd_policy_set(struct cli *cli)
{
	const char *path;
	json_t *policy;

	TRY(policy_path(cli, "", &path));
	TRY(cli_read_json(cli, cli_arg(cli, 1), &policy));
	return cli_show(cli, "PUT", path, json_incref(policy));
}

/* "sha256:0,7,23" to "sha256": [0, 7, 23]. */
static struct err
put_bank(struct cli *cli, json_t *pcrs, char *text)
{
	char *list = text, *bank = strsep(&list, ":"), *item;
	json_t *numbers = json_keep(cli->cx, json_array());
	uint64_t number;

	while (list != NULL && (item = strsep(&list, ",")) != NULL) {
		if (!text_parse_uint(item, PCR_COUNT - 1, &number))
			return FAIL(cli->cx, ERR_PARAMETER,
			    "--pcrs: %s is no register (0 to %u)", item,
			    PCR_COUNT - 1);
		json_array_append_new(numbers, json_integer((int64_t)number));
	}
	if (json_array_size(numbers) == 0)
		return FAIL(cli->cx, ERR_PARAMETER,
		    "--pcrs is written as sha256:0,7");
	json_object_set(pcrs, bank, numbers);
	return OK;
}

struct err
cmd_policy_learn(struct cli *cli)
{
	const char *said = cli_option(cli, OPT_PCRS), *path;
	json_t *body = json_keep(cli->cx, json_object());
	json_t *pcrs = json_keep(cli->cx, json_object());
	char *text = said == NULL ? NULL :
	    arena_strdup(cli->cx->arena, said), *bank;

	TRY(policy_path(cli, "/learn", &path));
	if (said == NULL && cli_option(cli, OPT_BOOT) == NULL)
		return FAIL(cli->cx, ERR_PARAMETER,
		    "what to learn? --pcrs, --boot-components or both");
	while ((bank = strsep(&text, "+")) != NULL)
		TRY(put_bank(cli, pcrs, bank));
	cli_put_text(body, "device_id", cli_device_id(cli->cx,
	    cli_arg(cli, 1)));
	if (json_object_size(pcrs) > 0)
		json_object_set(body, "pcrs", pcrs);
	if (cli_option(cli, OPT_BOOT) != NULL)
		json_object_set_new(body, "boot_components", json_true());
	return cli_show(cli, "POST", path, json_incref(body));
}
