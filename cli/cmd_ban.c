/* SPDX-License-Identifier: Apache-2.0 */
/* Bans by rule. */
#include "base/base.h"
#include "cli/cli.h"

/* What several calls of a dry run have counted. */
struct sum { json_int_t matched, already, looked; json_t *groups, *ids; };

static json_int_t
number_of(const json_t *answer, const char *name)
{
	return json_integer_value(json_object_get(answer, name));
}

static void
add(struct sum *sum, const json_t *answer)
{
	json_t *groups = json_object_get(answer, "groups"), *value;
	const json_t *ids = json_object_get(answer, "device_ids");
	const char *name;

	sum->matched += number_of(answer, "matched");
	sum->already += number_of(answer, "already_banned");
	sum->looked += number_of(answer, "looked");
	json_object_foreach(groups, name, value)
		ASSERT(json_object_set_new(sum->groups, name, json_integer(
		    number_of(sum->groups, name) +
		    json_integer_value(value))) == 0);
	for (size_t i = 0; i < json_array_size(ids) &&
	    json_array_size(sum->ids) < 20; i++)
		ASSERT(json_array_append(sum->ids,
		    json_array_get(ids, i)) == 0);
}

/* A call looks at so many devices and no more: go on until all were. */
static struct err
dry_run(struct cli *cli, const char *path, json_t *body)
{
	struct sum sum = { .groups = json_keep(cli->cx, json_object()),
	    .ids = json_keep(cli->cx, json_array()) };
	const char *next;
	json_t *answer;

	ASSERT(json_object_set_new(body, "dry_run", json_true()) == 0);
	do {
		TRY(cli_ask(cli, "POST", path, json_incref(body), &answer));
		add(&sum, answer);
		next = json_string_value(json_object_get(answer, "next"));
		if (next != NULL)
			ASSERT(json_object_set_new(body, "after",
			    json_string(next)) == 0);
		cli_progress(cli, "%lld devices looked at",
		    (long long)sum.looked);
	} while (next != NULL);
	cli_progress_end(cli);
	return cli_print(cli, json_keep(cli->cx, json_pack(
	    "{s:b, s:I, s:I, s:I, s:O, s:O}", "dry_run", 1,
	    "matched", sum.matched, "already_banned", sum.already,
	    "looked", sum.looked, "groups", sum.groups,
	    "device_ids", sum.ids)));
}

struct err
cmd_ban_create(struct cli *cli)
{
	json_t *body = json_keep(cli->cx, json_object()), *match;
	const char *path;

	TRY(cli_scope_path(cli, "/bans", &path));
	TRY(cli_read_json(cli, cli_arg(cli, 1), &match));
	cli_put_text(body, "action", cli_arg(cli, 0));
	ASSERT(json_object_set(body, "match", match) == 0);
	cli_put_text(body, "reason", cli_option(cli, OPT_REASON));
	if (cli_option(cli, OPT_DRY_RUN) != NULL)
		return dry_run(cli, path, body);
	return cli_show(cli, "POST", path, json_incref(body));
}

struct err
cmd_ban_list(struct cli *cli)
{
	static const struct column columns[] = {
		{ "ID", "id", true }, { "ACTION", "action", false },
		{ "SINCE", "created_at", false },
		{ "BY", "created_by", false },
		{ "LIFTED", "lifted_at", false },
		{ "REASON", "reason", false },
	};
	const char *path;

	TRY(cli_scope_path(cli, "/bans", &path));
	return cli_list(cli, path, columns, COUNT_OF(columns));
}

static struct err
ban_path(struct cli *cli, const char **out)
{
	return cli_scope_path(cli, cli_path(cli->cx, "/bans/{}",
	    cli_arg(cli, 0)), out);
}

struct err
cmd_ban_show(struct cli *cli)
{
	const char *path;

	TRY(ban_path(cli, &path));
	return cli_show(cli, "GET", path, NULL);
}

struct err
cmd_ban_lift(struct cli *cli)
{
	const char *path;

	TRY(ban_path(cli, &path));
	path = cli_query(cli->cx, path, "unban",
	    cli_option(cli, OPT_UNBAN) != NULL ? "true" : NULL);
	return cli_show(cli, "DELETE", path, NULL);
}
