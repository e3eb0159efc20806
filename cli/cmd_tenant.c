/* SPDX-License-Identifier: Apache-2.0 */
/* Tenants and operator tokens. */
#include "base/base.h"
#include "cli/cli.h"

struct err
cmd_tenant_create(struct cli *cli)
{
	json_t *body = json_object();

	cli_put_text(body, "name", cli_arg(cli, 0));
	cli_put_text(body, "title", cli_option(cli, OPT_TITLE));
	cli_put_text(body, "algorithm", cli_option(cli, OPT_ALGORITHM));
	cli_put_text(body, "key_store", cli_option(cli, OPT_KEY_STORE));
	cli_put_bool(body, "edge", cli_option(cli, OPT_EDGE));
	return cli_show(cli, "POST", "/v1/tenants", body);
}

struct err
cmd_tenant_list(struct cli *cli)
{
	static const struct column columns[] = {
		{ "NAME", "name", false }, { "TITLE", "title", false },
		{ "CREATED", "created_at", false },
	};

	return cli_list(cli, "/v1/tenants", columns, COUNT_OF(columns));
}

struct err
cmd_tenant_show(struct cli *cli)
{
	const char *path;

	if (cli_arg(cli, 0) != NULL)
		cli->settings.tenant = cli_arg(cli, 0);
	TRY(cli_tenant_path(cli, "", &path));
	return cli_show(cli, "GET", path, NULL);
}

struct err
cmd_tenant_delete(struct cli *cli)
{
	return cli_show(cli, "DELETE", cli_path(cli->cx, "/v1/tenants/{}",
	    cli_arg(cli, 0)), NULL);
}

/* With --out the token goes to a file of its own and is not shown. */
static struct err
keep_token(struct cli *cli, json_t *answer)
{
	json_t *token = json_object_get(answer, "token");

	if (cli_option(cli, OPT_OUT) == NULL)
		return OK;
	if (!json_is_string(token))
		return FAIL(cli->cx, ERR_MALFORMED,
		    "the server's answer holds no token");
	TRY(cli_write(cli, 0600, slice_text(arena_printf(cli->cx->arena,
	    "%s\n", json_string_value(token)))));
	json_object_del(answer, "token");
	return OK;
}

struct err
cmd_token_create(struct cli *cli)
{
	const char *role = cli_option(cli, OPT_ROLE), *path;
	json_t *body = json_keep(cli->cx, json_object()), *answer;

	TRY(cli_scope_path(cli, "/tokens", &path));
	if (role == NULL && cli_option(cli, OPT_PLATFORM) == NULL)
		return FAIL(cli->cx, ERR_PARAMETER,
		    "--role is needed: owner, contributor, reader or auditor");
	cli_put_text(body, "name", cli_arg(cli, 0));
	cli_put_text(body, "role", role == NULL ? "admin" : role);
	cli_put_text(body, "group", cli_option(cli, OPT_GROUP));
	cli_put_text(body, "person", cli_option(cli, OPT_PERSON));
	cli_put_text(body, "certificate", cli_option(cli, OPT_CERT_MATCH));
	TRY(cli_put_expiry(cli, body));
	TRY(cli_ask(cli, "POST", path, json_incref(body), &answer));
	TRY(keep_token(cli, answer));
	return cli_print(cli, answer);
}

struct err
cmd_token_rotate(struct cli *cli)
{
	json_t *body = json_keep(cli->cx, json_object()), *answer;
	const char *path;

	TRY(cli_scope_path(cli, cli_path(cli->cx, "/tokens/{}/rotate",
	    cli_arg(cli, 0)), &path));
	TRY(cli_put_seconds(cli, body, "overlap_s", OPT_OVERLAP));
	TRY(cli_put_expiry(cli, body));
	TRY(cli_ask(cli, "POST", path, json_incref(body), &answer));
	TRY(keep_token(cli, answer));
	return cli_print(cli, answer);
}

struct err
cmd_token_list(struct cli *cli)
{
	static const struct column columns[] = {
		{ "ID", "id", true }, { "NAME", "name", false },
		{ "ROLE", "role", false }, { "GROUP", "group", false },
		{ "CREATED", "created_at", false },
		{ "EXPIRES", "expires_at", false },
		{ "USED", "last_used_at", false },
	};
	const char *path;

	TRY(cli_scope_path(cli, "/tokens", &path));
	return cli_list(cli, path, columns, COUNT_OF(columns));
}

struct err
cmd_token_revoke(struct cli *cli)
{
	const char *path;

	TRY(cli_scope_path(cli, cli_path(cli->cx, "/tokens/{}",
	    cli_arg(cli, 0)), &path));
	return cli_delete(cli, path, "token %s revoked", cli_arg(cli, 0));
}
