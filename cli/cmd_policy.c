/* SPDX-License-Identifier: Apache-2.0 */
/* The policies that appraise a group's devices, from draft to rollback. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/text.h"
#include "cli/cli.h"

#define PCR_COUNT	24u	/* registers of a bank (TCG PC Client PTP, 4.6.2) */

static struct err
policy_path(struct cli *cli, const char *rest, const char **out)
{
	return cli_tenant_path(cli, arena_printf(cli->cx->arena, "%s%s",
	    cli_path(cli->cx, "/groups/{}/policy", cli_arg(cli, 0)), rest),
	    out);
}

/* The document in what the server answered. */
static struct err
document_of(struct cli *cli, const json_t *answer, json_t **out)
{
	json_t *policy = json_object_get(answer, "policy");

	if (!json_is_object(policy))
		return FAIL(cli->cx, ERR_MALFORMED,
		    "the server's answer holds no policy");
	*out = policy;
	return OK;
}

static struct err
show_document(struct cli *cli, const char *rest)
{
	const char *path;
	json_t *answer, *policy;

	TRY(policy_path(cli, rest, &path));
	TRY(cli_ask(cli, "GET", path, NULL, &answer));
	if (cli_option(cli, OPT_DOCUMENT) == NULL)
		return cli_print(cli, answer);
	TRY(document_of(cli, answer, &policy));
	cli->json = true;
	return cli_print(cli, policy);
}

struct err
cmd_policy_show(struct cli *cli)
{
	const char *version = cli_option(cli, OPT_VERSION);

	return show_document(cli, version == NULL ? "" :
	    cli_path(cli->cx, "/versions/{}", version));
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

/* --- history ------------------------------------------------------------- */

struct err
cmd_policy_versions(struct cli *cli)
{
	static const struct column columns[] = {
		{ "VERSION", "version", true },
		{ "MADE", "created_at", false },
		{ "BY", "created_by", false },
		{ "SHA-256", "policy_sha256", false },
	};
	const char *path;

	TRY(policy_path(cli, "/versions", &path));
	return cli_list(cli, path, columns, COUNT_OF(columns));
}

struct err
cmd_policy_history(struct cli *cli)
{
	static const struct column columns[] = {
		{ "IN FORCE", "activated_at", false },
		{ "VERSION", "version", true },
		{ "BEFORE", "from_version", true },
		{ "BY", "activated_by", false },
		{ "GRACE UNTIL", "grace_until", false },
		{ "REASON", "reason", false },
	};
	const char *path;

	TRY(policy_path(cli, "/activations", &path));
	return cli_list(cli, path, columns, COUNT_OF(columns));
}

/* --- the draft -------------------------------------------------------------- */

struct err
cmd_policy_draft(struct cli *cli)
{
	const char *path;
	json_t *policy;

	if (cli_arg(cli, 1) == NULL)
		return show_document(cli, "/draft");
	TRY(policy_path(cli, "/draft", &path));
	TRY(cli_read_json(cli, cli_arg(cli, 1), &policy));
	return cli_show(cli, "PUT", path, json_incref(policy));
}

struct err
cmd_policy_drop(struct cli *cli)
{
	const char *path;

	TRY(policy_path(cli, "/draft", &path));
	return cli_delete(cli, path, "draft of %s dropped", cli_arg(cli, 0));
}

/* --- putting in force --------------------------------------------------------- */

/* The draft of now: one that is changed meanwhile is not put in force. */
static struct err
draft_revision(struct cli *cli, json_t **out)
{
	json_t *answer, *revision;
	const char *path;

	TRY(policy_path(cli, "/draft", &path));
	TRY(cli_ask(cli, "GET", path, NULL, &answer));
	revision = json_object_get(answer, "revision");
	if (!json_is_integer(revision))
		return FAIL(cli->cx, ERR_MALFORMED,
		    "the server's answer holds no revision");
	*out = revision;
	return OK;
}

static struct err
put_in_force(struct cli *cli, json_t *body)
{
	const char *path;

	TRY(policy_path(cli, "/activate", &path));
	cli_put_text(body, "reason", cli_option(cli, OPT_REASON));
	TRY(cli_put_seconds(cli, body, "grace_s", OPT_GRACE));
	return cli_show(cli, "POST", path, json_incref(body));
}

static struct err
put_version(struct cli *cli, json_t *body, const char *text)
{
	uint64_t version;

	if (!text_parse_uint(text, INT32_MAX, &version))
		return FAIL(cli->cx, ERR_PARAMETER, "%s is no version", text);
	json_object_set_new(body, "version", json_integer((int64_t)version));
	return OK;
}

struct err
cmd_policy_activate(struct cli *cli)
{
	json_t *body = json_keep(cli->cx, json_object()), *revision;
	const char *version = cli_arg(cli, 1);

	if (version != NULL) {
		TRY(put_version(cli, body, version));
	} else {
		TRY(draft_revision(cli, &revision));
		json_object_set(body, "draft", revision);
	}
	return put_in_force(cli, body);
}

/* What the policy in force replaced, of its last activation. */
static struct err
version_before(struct cli *cli, json_t *body)
{
	const char *path, *next = NULL;
	json_t *answer, *items, *last = NULL, *before;

	TRY(policy_path(cli, "/activations", &path));
	path = cli_query(cli->cx, path, "limit", "1000");
	do {
		TRY(cli_ask(cli, "GET", cli_query(cli->cx, path, "after",
		    next), NULL, &answer));
		items = json_object_get(answer, "items");
		if (json_array_size(items) > 0)
			last = json_array_get(items,
			    json_array_size(items) - 1);
		next = json_string_value(json_object_get(answer, "next"));
	} while (next != NULL);
	before = json_object_get(last, "from_version");
	if (!json_is_integer(before))
		return FAIL(cli->cx, ERR_CONFLICT,
		    "no other version was in force before");
	json_object_set(body, "version", before);
	return OK;
}

struct err
cmd_policy_rollback(struct cli *cli)
{
	json_t *body = json_keep(cli->cx, json_object());

	TRY(cli_arg(cli, 1) == NULL ? version_before(cli, body) :
	    put_version(cli, body, cli_arg(cli, 1)));
	return put_in_force(cli, body);
}
