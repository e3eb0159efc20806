/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate profiles and their versions. */
#include "base/base.h"
#include "base/text.h"
#include "cli/cli.h"

static const struct column columns[] = {
	{ "NAME", "name", false }, { "VERSION", "version", true },
	{ "CREATED", "created_at", false }, { "BY", "created_by", false },
};

static struct err
profile_path(struct cli *cli, const char *rest, const char **out)
{
	return cli_tenant_path(cli, arena_printf(cli->cx->arena, "%s%s",
	    cli_path(cli->cx, "/profiles/{}", cli_arg(cli, 0)), rest), out);
}

/* What options say stands over what the document says. */
static struct err
put_options(struct cli *cli, json_t *document)
{
	TRY(cli_put_seconds(cli, document, "lifetime_s", OPT_LIFETIME));
	TRY(cli_put_seconds(cli, document, "backdate_s", OPT_BACKDATE));
	TRY(cli_put_number(cli, document, "renew_after_percent",
	    OPT_RENEW_AFTER, 100));
	TRY(cli_put_seconds(cli, document, "renew_without_evidence_s",
	    OPT_RENEW_WITHOUT));
	return cli_put_seconds(cli, document, "min_interval_s",
	    OPT_MIN_INTERVAL);
}

struct err
cmd_profile_create(struct cli *cli)
{
	json_t *body = json_keep(cli->cx, json_object());
	json_t *document = json_keep(cli->cx, json_object());
	const char *path;

	TRY(cli_tenant_path(cli, "/profiles", &path));
	if (cli_arg(cli, 1) != NULL)
		TRY(cli_read_json(cli, cli_arg(cli, 1), &document));
	TRY(put_options(cli, document));
	cli_put_text(body, "name", cli_arg(cli, 0));
	json_object_set(body, "profile", document);
	return cli_show(cli, "POST", path, json_incref(body));
}

struct err
cmd_profile_list(struct cli *cli)
{
	const char *path;

	TRY(cli_tenant_path(cli, "/profiles", &path));
	return cli_list(cli, path, columns, COUNT_OF(columns));
}

struct err
cmd_profile_versions(struct cli *cli)
{
	const char *path;

	TRY(profile_path(cli, "/versions", &path));
	return cli_list(cli, path, columns, COUNT_OF(columns));
}

/* The document in what the server answered. */
static struct err
document_of(struct cli *cli, const json_t *answer, json_t **out)
{
	json_t *document = json_object_get(answer, "profile");

	if (!json_is_object(document))
		return FAIL(cli->cx, ERR_MALFORMED,
		    "the server's answer holds no profile");
	*out = document;
	return OK;
}

struct err
cmd_profile_show(struct cli *cli)
{
	const char *version = cli_option(cli, OPT_VERSION), *path;
	json_t *answer, *document;

	TRY(profile_path(cli, version == NULL ? "" : cli_path(cli->cx,
	    "/versions/{}", version), &path));
	TRY(cli_ask(cli, "GET", path, NULL, &answer));
	if (cli_option(cli, OPT_DOCUMENT) == NULL)
		return cli_print(cli, answer);
	TRY(document_of(cli, answer, &document));
	cli->json = true;
	return cli_print(cli, document);
}

/* The newest version is read first: whoever changed it meanwhile would else be
 * overruled without a word. */
struct err
cmd_profile_update(struct cli *cli)
{
	struct client_call call = { .method = "PUT",
	    .content_type = "application/json" };
	json_t *answer, *document;
	struct client_answer said;

	TRY(profile_path(cli, "", &call.path));
	TRY(cli_ask(cli, "GET", call.path, NULL, &answer));
	TRY(document_of(cli, answer, &document));
	if (cli_arg(cli, 1) != NULL)
		TRY(cli_read_json(cli, cli_arg(cli, 1), &document));
	TRY(put_options(cli, document));
	call.if_match = arena_printf(cli->cx->arena, "\"%lld\"", (long long)
	    json_integer_value(json_object_get(answer, "version")));
	call.body = json_text(cli->cx, document);
	TRY(cli_call(cli, &call, &said));
	if (failed(json_parse(cli->cx, said.body, &answer)))
		return FAIL(cli->cx, ERR_MALFORMED,
		    "the server's answer is not JSON");
	return cli_print(cli, answer);
}
