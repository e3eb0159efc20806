/* SPDX-License-Identifier: Apache-2.0 */
/* Issuers of OpenID Connect, whose JWTs are credentials of operators. */
#include "base/base.h"
#include "cli/cli.h"

static const char *
issuer_path(struct cli *cli)
{
	return cli_path(cli->cx, "/v1/issuers/{}", cli_arg(cli, 0));
}

/* A document, and the keys of another. */
struct err
cmd_issuer_create(struct cli *cli)
{
	json_t *body, *keys;

	TRY(cli_read_json(cli, cli_arg(cli, 0), &body));
	if (cli_arg(cli, 1) != NULL) {
		TRY(cli_read_json(cli, cli_arg(cli, 1), &keys));
		json_object_set(body, "jwks", keys);
	}
	return cli_show(cli, "POST", "/v1/issuers", json_incref(body));
}

struct err
cmd_issuer_list(struct cli *cli)
{
	static const struct column columns[] = {
		{ "ID", "id", true }, { "ISSUER", "issuer", false },
		{ "AUDIENCE", "audience", false },
		{ "TENANT", "tenant", false },
		{ "FETCHED", "fetched_at", false },
		{ "ERROR", "fetch_error", false },
	};

	return cli_list(cli, "/v1/issuers", columns, COUNT_OF(columns));
}

struct err
cmd_issuer_show(struct cli *cli)
{
	return cli_show(cli, "GET", issuer_path(cli), NULL);
}

struct err
cmd_issuer_change(struct cli *cli)
{
	json_t *body;

	TRY(cli_read_json(cli, cli_arg(cli, 1), &body));
	return cli_show(cli, "PATCH", issuer_path(cli), json_incref(body));
}

struct err
cmd_issuer_keys(struct cli *cli)
{
	json_t *body = json_keep(cli->cx, json_object()), *keys;

	TRY(cli_read_json(cli, cli_arg(cli, 1), &keys));
	json_object_set(body, "jwks", keys);
	return cli_show(cli, "PATCH", issuer_path(cli), json_incref(body));
}

struct err
cmd_issuer_delete(struct cli *cli)
{
	return cli_delete(cli, issuer_path(cli), "issuer %s deleted",
	    cli_arg(cli, 0));
}
