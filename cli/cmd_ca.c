/* SPDX-License-Identifier: Apache-2.0 */
/* CAs: their life, bundles, proofs. */
#include "base/base.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/cli.h"

#define NO_TIME	"none"	/* takes a plan back */

static struct err
ca_path(struct cli *cli, const char *rest, const char **out)
{
	return cli_tenant_path(cli, arena_printf(cli->cx->arena, "%s%s",
	    cli_path(cli->cx, "/cas/{}", cli_arg(cli, 0)), rest), out);
}

/* --- looking --------------------------------------------------------------- */

struct err
cmd_ca_list(struct cli *cli)
{
	static const struct column columns[] = {
		{ "ID", "id", false }, { "ROLE", "role", false },
		{ "STATE", "state", false }, { "SUBJECT", "subject", false },
		{ "NOT AFTER", "not_after", false },
	};
	const char *path;

	TRY(cli_tenant_path(cli, "/cas", &path));
	return cli_list(cli, path, columns, COUNT_OF(columns));
}

struct err
cmd_ca_show(struct cli *cli)
{
	const char *path;

	TRY(ca_path(cli, "", &path));
	return cli_show_certificate(cli, path);
}

struct err
cmd_ca_certificates(struct cli *cli)
{
	static const struct column columns[] = {
		{ "SERIAL", "serial", false }, { "DEVICE", "device_id", false },
		{ "ISSUED", "issued_at", false },
		{ "NOT AFTER", "not_after", false },
		{ "REVOKED", "revoked_at", false },
	};
	const char *path;

	TRY(ca_path(cli, "/certificates", &path));
	path = cli_query(cli->cx, path, "revoked",
	    cli_option(cli, OPT_REVOKED));
	if (cli_option(cli, OPT_UNEXPIRED) != NULL)
		path = cli_query(cli->cx, path, "unexpired", "true");
	return cli_list(cli, path, columns, COUNT_OF(columns));
}

/* --- bundles ------------------------------------------------------------------ */

static bool
is_text(const char *format)
{
	return strcmp(format, "der") != 0 && strcmp(format, "pkcs7") != 0;
}

static struct err
fetch(struct cli *cli, const char *path)
{
	const char *format = cli_option(cli, OPT_CA_FORMAT);
	struct client_call call = { .method = "GET" };
	struct client_answer answer;

	if (format == NULL)
		format = "pem";
	call.path = cli_query(cli->cx, path, "format", format);
	if (cli->json && cli_option(cli, OPT_OUT) == NULL && !is_text(format))
		return FAIL(cli->cx, ERR_PARAMETER,
		    "%s is not text: --out takes it", format);
	TRY(cli_call(cli, &call, &answer));
	if (cli->json && cli_option(cli, OPT_OUT) == NULL) {
		json_t *value = json_keep(cli->cx, json_object());

		cli_put_text(value, "bundle", (const char *)answer.body.p);
		return cli_print(cli, value);
	}
	return cli_write(cli, 0644, answer.body);
}

struct err
cmd_ca_fetch(struct cli *cli)
{
	const char *path;

	TRY(cli_tenant_path(cli, "/bundle", &path));
	if (cli_option(cli, OPT_CHAIN) != NULL)
		path = cli_query(cli->cx, path, "chain", "1");
	return fetch(cli, path);
}

struct err
cmd_ca_chain(struct cli *cli)
{
	const char *path;

	TRY(ca_path(cli, "/chain", &path));
	return fetch(cli, path);
}

/* --- the life ------------------------------------------------------------------- */

static struct err
put_plan(struct cli *cli, json_t *body, const char *member,
    enum option_id option)
{
	const char *text = cli_option(cli, option);
	int64_t at_s;

	if (text == NULL)
		return OK;
	if (strcmp(text, NO_TIME) == 0) {
		ASSERT(json_object_set_new(body, member, json_null()) == 0);
		return OK;
	}
	if (!text_parse_time(text, &at_s))
		return FAIL(cli->cx, ERR_PARAMETER, "--%s is a time such as "
		    "2027-01-31T00:00:00Z, or none",
		    command_option(option)->name);
	cli_put_text(body, member, text);
	return OK;
}

/* With --out, the text of one member goes to a file of its own. */
static struct err
keep_member(struct cli *cli, json_t *answer, const char *member)
{
	const json_t *text = json_object_get(answer, member);

	if (cli_option(cli, OPT_OUT) == NULL)
		return OK;
	if (!json_is_string(text))
		return FAIL(cli->cx, ERR_MALFORMED,
		    "the server's answer holds no %s", member);
	TRY(cli_write(cli, 0644, slice_text(arena_strdup(cli->cx->arena,
	    json_string_value(text)))));
	json_object_del(answer, member);
	return OK;
}

struct err
cmd_ca_stage(struct cli *cli)
{
	json_t *body = json_keep(cli->cx, json_object()), *answer;
	bool own_root = cli_option(cli, OPT_OWN_ROOT) != NULL;
	const char *path;

	TRY(cli_tenant_path(cli, "/cas", &path));
	cli_put_text(body, "role", cli_arg(cli, 0));
	cli_put_text(body, "algorithm", cli_option(cli, OPT_ALGORITHM));
	cli_put_text(body, "key_store", cli_option(cli, OPT_KEY_STORE));
	cli_put_text(body, "root", own_root ? "own" : NULL);
	cli_put_bool(body, "edge", cli_option(cli, OPT_EDGE));
	TRY(put_plan(cli, body, "activate_at", OPT_ACTIVATE_AT));
	TRY(put_plan(cli, body, "retire_at", OPT_RETIRE_AT));
	TRY(cli_ask(cli, "POST", path, json_incref(body), &answer));
	TRY(keep_member(cli, answer, own_root ? "csr" : "certificate"));
	return cli_print(cli, answer);
}

struct err
cmd_ca_schedule(struct cli *cli)
{
	json_t *body = json_keep(cli->cx, json_object());
	const char *path;

	TRY(ca_path(cli, "", &path));
	TRY(put_plan(cli, body, "activate_at", OPT_ACTIVATE_AT));
	TRY(put_plan(cli, body, "retire_at", OPT_RETIRE_AT));
	return cli_show(cli, "PATCH", path, json_incref(body));
}

static struct err
step(struct cli *cli, const char *rest)
{
	const char *path;

	TRY(ca_path(cli, rest, &path));
	return cli_show(cli, "POST", path, NULL);
}

struct err
cmd_ca_activate(struct cli *cli)
{
	return step(cli, "/activate");
}

struct err
cmd_ca_retire(struct cli *cli)
{
	return step(cli, "/retire");
}

struct err
cmd_ca_taint(struct cli *cli)
{
	return step(cli, "/taint");
}

struct err
cmd_ca_revoke(struct cli *cli)
{
	json_t *body = json_object();
	const char *path;

	cli_put_text(body, "reason", cli_option(cli, OPT_CA_REASON));
	TRY(ca_path(cli, "/revoke", &path));
	return cli_show(cli, "POST", path, body);
}

struct err
cmd_ca_adopt(struct cli *cli)
{
	json_t *body = json_keep(cli->cx, json_object());
	const char *path;
	struct slice text;

	TRY(ca_path(cli, "/certificate", &path));
	TRY(file_read(cli->cx, cli_arg(cli, 1), CLI_FILE_MAX, &text));
	cli_put_text(body, "certificate", arena_strndup(cli->cx->arena,
	    (const char *)text.p, text.n));
	return cli_show(cli, "POST", path, json_incref(body));
}

struct err
cmd_ca_proof(struct cli *cli)
{
	json_t *body = json_keep(cli->cx, json_object()), *answer;
	const char *path;

	TRY(ca_path(cli, "/proof", &path));
	cli_put_text(body, "nonce", cli_arg(cli, 1));
	TRY(cli_ask(cli, "POST", path, json_incref(body), &answer));
	if (cli->json)
		return cli_print(cli, answer);
	return cli_write(cli, 0644, slice_text(json_string_value(
	    json_object_get(answer, "certificate"))));
}
