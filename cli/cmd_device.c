/* SPDX-License-Identifier: Apache-2.0 */
/* Devices and their certificates. */
#include "base/base.h"
#include "base/file.h"
#include "cli/cli.h"
#include "cli/device_filter.h"
#include "cli/export.h"
#include "cli/watch.h"

/* The path of the device that the first argument names, and rest. */
static struct err
device_path(struct cli *cli, const char *rest, const char **out)
{
	const char *path = cli_path(cli->cx, "/devices/{}",
	    cli_device_id(cli->cx, cli_arg(cli, 0)));

	return cli_tenant_path(cli, arena_printf(cli->cx->arena, "%s%s", path,
	    rest), out);
}

static struct err
list_devices(struct cli *cli)
{
	static const struct column columns[] = {
		{ "DEVICE", "device_id", false }, { "GROUP", "group", false },
		{ "STATE", "state", false },
		{ "LAST SEEN", "last_seen_at", false },
		{ "CERTIFICATE UNTIL", "certificate.not_after", false },
		{ "LAST REFUSAL", "last_refusal.code", false },
	};
	const char *path;

	TRY(cli_tenant_path(cli, "/devices", &path));
	TRY(device_filter_query(cli, path, &path));
	return cli_list(cli, path, columns, COUNT_OF(columns));
}

struct err
cmd_device_list(struct cli *cli)
{
	return cli_option(cli, OPT_WATCH) == NULL ? list_devices(cli) :
	    watch_output(cli, list_devices);
}

struct err
cmd_device_export(struct cli *cli)
{
	const char *format = cli_option(cli, OPT_FORMAT), *path;

	TRY(cli_tenant_path(cli, "/devices", &path));
	TRY(device_filter_query(cli, path, &path));
	return export_all(cli, path, format == NULL ? !cli->json :
	    strcmp(format, "csv") == 0, "devices");
}

struct err
cmd_device_show(struct cli *cli)
{
	const char *path;

	TRY(device_path(cli, "", &path));
	return cli_show(cli, "GET", path, NULL);
}

struct err
cmd_device_result(struct cli *cli)
{
	struct client_call call = { .method = "GET",
	    .accept = "application/eat+jwt" };
	struct client_answer answer;
	const char *path;

	TRY(device_path(cli, "/attestation-result", &path));
	path = cli_query(cli->cx, path, "nonce", cli_option(cli, OPT_NONCE));
	if (cli->json)
		return cli_show(cli, "GET", path, NULL);
	call.path = path;
	TRY(cli_call(cli, &call, &answer));
	return cli_write(cli, 0644, slice_text(arena_printf(cli->cx->arena,
	    "%s\n", (const char *)answer.body.p)));
}

struct err
cmd_device_ban(struct cli *cli)
{
	json_t *body = json_keep(cli->cx, json_object());
	const char *path;

	TRY(device_path(cli, "/ban", &path));
	cli_put_text(body, "reason", cli_option(cli, OPT_REASON));
	return cli_show(cli, "POST", path, json_incref(body));
}

struct err
cmd_device_unban(struct cli *cli)
{
	const char *path;

	TRY(device_path(cli, "/unban", &path));
	return cli_show(cli, "POST", path, NULL);
}

struct err
cmd_device_move(struct cli *cli)
{
	json_t *body = json_keep(cli->cx, json_object());
	const char *path;

	TRY(device_path(cli, "", &path));
	cli_put_text(body, "group", cli_arg(cli, 1));
	return cli_show(cli, "PATCH", path, json_incref(body));
}

/* "NAME=VALUE" sets one, "NAME-" takes it away. */
struct err
cmd_device_label(struct cli *cli)
{
	json_t *body = json_keep(cli->cx, json_object());
	json_t *labels = json_object();
	const char *path;

	TRY(device_path(cli, "", &path));
	ASSERT(json_object_set_new(body, "labels", labels) == 0);
	for (size_t i = 1; i < cli->line->n_args; i++) {
		char *name = arena_strdup(cli->cx->arena, cli_arg(cli, i));
		char *value = strchr(name, '=');
		size_t n = strlen(name);

		if (value != NULL) {
			*value++ = '\0';
		} else if (n > 1 && name[n - 1] == '-') {
			name[n - 1] = '\0';
		} else {
			return FAIL(cli->cx, ERR_PARAMETER,
			    "%s: neither NAME=VALUE nor NAME-", name);
		}
		ASSERT(json_object_set_new(labels, name, value == NULL ?
		    json_null() : json_string(value)) == 0);
	}
	return cli_show(cli, "PATCH", path, json_incref(body));
}

struct err
cmd_device_refusals(struct cli *cli)
{
	static const struct column columns[] = {
		{ "AT", "at", false }, { "CODE", "code", false },
		{ "GROUP", "group", false },
		{ "POLICY", "policy_version", true },
		{ "DETAIL", "detail", false },
	};
	const char *path;

	TRY(device_path(cli, "/refusals", &path));
	return cli_list(cli, path, columns, COUNT_OF(columns));
}

struct err
cmd_certificate_list(struct cli *cli)
{
	static const struct column columns[] = {
		{ "SERIAL", "serial", false }, { "DEVICE", "device_id", false },
		{ "ISSUED", "issued_at", false },
		{ "NOT AFTER", "not_after", false },
		{ "HARDWARE KEY", "hardware_key", false },
		{ "PROFILE", "profile", false },
		{ "VERSION", "profile_version", true },
		{ "REVOKED", "revoked_at", false },
		{ "REASON", "revoke_reason", false },
	};
	const char *path, *device = cli_option(cli, OPT_DEVICE);

	TRY(cli_tenant_path(cli, "/certificates", &path));
	path = cli_query(cli->cx, path, "device_id", device == NULL ? NULL :
	    cli_device_id(cli->cx, device));
	path = cli_query(cli->cx, path, "revoked",
	    cli_option(cli, OPT_REVOKED));
	return cli_list(cli, path, columns, COUNT_OF(columns));
}

struct err
cmd_certificate_show(struct cli *cli)
{
	const char *path;

	TRY(cli_tenant_path(cli, cli_path(cli->cx, "/certificates/{}",
	    cli_arg(cli, 0)), &path));
	return cli_show_certificate(cli, path);
}

#define EVIDENCE_MAX	(2u * 1024u * 1024u)	/* as the server takes it */

/* A file with the evidence, or with the whole request to enrol. */
static struct err
read_evidence(struct cli *cli, json_t *body)
{
	const char *path = cli_option(cli, OPT_EVIDENCE);
	json_t *document, *inner;
	struct slice text;

	if (path == NULL)
		return OK;
	TRY(file_read(cli->cx, path, EVIDENCE_MAX, &text));
	TRY(json_parse(cli->cx, text, &document));
	inner = json_object_get(document, "format") == NULL ?
	    json_object_get(document, "evidence") : NULL;
	ASSERT(json_object_set(body, "evidence", inner != NULL ? inner :
	    document) == 0);
	return OK;
}

/* For scripts: what is not the same is no success. */
static int
replay_exit(const json_t *answer)
{
	const char *outcome = json_string_value(json_object_get(answer,
	    "outcome"));

	if (outcome != NULL && strcmp(outcome, "same") == 0)
		return CLI_EXIT_OK;
	return outcome != NULL && strcmp(outcome, "incomplete") == 0 ?
	    CLI_EXIT_NOT_FOUND : CLI_EXIT_REFUSED;
}

struct err
cmd_certificate_replay(struct cli *cli)
{
	json_t *body = json_keep(cli->cx, json_object()), *answer;
	const char *path;

	TRY(cli_tenant_path(cli, cli_path(cli->cx, "/certificates/{}/replay",
	    cli_arg(cli, 0)), &path));
	TRY(read_evidence(cli, body));
	TRY(cli_ask(cli, "POST", path, json_incref(body), &answer));
	TRY(cli_print(cli, answer));
	cli->exit_status = replay_exit(answer);
	return OK;
}

struct err
cmd_certificate_revoke(struct cli *cli)
{
	const char *path, *reason = cli_option(cli, OPT_REVOCATION);
	json_t *body = json_keep(cli->cx, json_object());

	TRY(cli_tenant_path(cli, cli_path(cli->cx, "/certificates/{}/revoke",
	    cli_arg(cli, 0)), &path));
	cli_put_text(body, "reason", reason == NULL ? "unspecified" : reason);
	return cli_show(cli, "POST", path, json_incref(body));
}
