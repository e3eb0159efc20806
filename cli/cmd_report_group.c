/* SPDX-License-Identifier: Apache-2.0 */
/* Error events by group and by day, and how long they are kept. */
#include <string.h>

#include "base/base.h"
#include "base/text.h"
#include "cli/cli.h"

struct err
cmd_report_groups(struct cli *cli)
{
	static const struct column columns[] = {
		{ "ID", "id", true }, { "STATE", "state", false },
		{ "EVENTS", "events", true }, { "DEVICES", "devices", true },
		{ "FIRST", "first_seen_at", false },
		{ "LAST", "last_seen_at", false },
		{ "TYPE", "event_type", false },
		{ "DESCRIPTION", "description", false },
	};
	const char *path;

	TRY(cli_tenant_path(cli, "/error-groups", &path));
	path = cli_query(cli->cx, path, "state",
	    cli_option(cli, OPT_GROUP_STATE));
	path = cli_query(cli->cx, path, "event_type",
	    cli_option(cli, OPT_EVENT_TYPE));
	path = cli_query(cli->cx, path, "from", cli_option(cli, OPT_FROM));
	return cli_list(cli, path, columns, COUNT_OF(columns));
}

static struct err
group_path(struct cli *cli, const char *pattern, const char **out)
{
	return cli_tenant_path(cli, cli_path(cli->cx, pattern,
	    cli_arg(cli, 0)), out);
}

struct err
cmd_report_group(struct cli *cli)
{
	const char *path;

	TRY(group_path(cli, "/error-groups/{}", &path));
	return cli_show(cli, "GET", path, NULL);
}

struct err
cmd_report_devices(struct cli *cli)
{
	static const struct column columns[] = {
		{ "DEVICE", "device_id", false },
		{ "EVENTS", "events", true },
		{ "FIRST", "first_seen_at", false },
		{ "LAST", "last_seen_at", false },
	};
	const char *path;

	TRY(group_path(cli, "/error-groups/{}/devices", &path));
	return cli_list(cli, path, columns, COUNT_OF(columns));
}

static struct err
set_state(struct cli *cli, const char *state)
{
	json_t *body = json_keep(cli->cx, json_object());
	const char *path;

	TRY(group_path(cli, "/error-groups/{}", &path));
	cli_put_text(body, "state", state);
	cli_put_text(body, "note", cli_option(cli, OPT_NOTE));
	return cli_show(cli, "PATCH", path, json_incref(body));
}

struct err
cmd_report_resolve(struct cli *cli)
{
	return set_state(cli, "resolved");
}

struct err
cmd_report_mute(struct cli *cli)
{
	return set_state(cli, "muted");
}

struct err
cmd_report_reopen(struct cli *cli)
{
	return set_state(cli, "open");
}

struct err
cmd_report_series(struct cli *cli)
{
	static const struct column columns[] = {
		{ "DAY", "day", false }, { "GROUP", "group", true },
		{ "TYPE", "event_type", false },
		{ "EVENTS", "events", true },
		{ "OCCURRENCES", "occurrences", true },
	};
	const char *path;

	TRY(cli_tenant_path(cli, "/error-series", &path));
	path = cli_query(cli->cx, path, "group",
	    cli_option(cli, OPT_ERROR_GROUP));
	path = cli_query(cli->cx, path, "event_type",
	    cli_option(cli, OPT_EVENT_TYPE));
	path = cli_query(cli->cx, path, "from", cli_option(cli, OPT_FROM));
	path = cli_query(cli->cx, path, "to", cli_option(cli, OPT_TO));
	return cli_list(cli, path, columns, COUNT_OF(columns));
}

/* "default" takes what a tenant chose back. */
static struct err
put_setting(struct cli *cli, json_t *body, const char *member,
    enum option_id id)
{
	const char *said = cli_option(cli, id);

	if (said == NULL || strcmp(said, "default") != 0)
		return cli_put_number(cli, body, member, id, INT32_MAX);
	json_object_set_new(body, member, json_null());
	return OK;
}

struct err
cmd_report_settings(struct cli *cli)
{
	static const struct { const char *member; enum option_id id; } all[] = {
		{ "keep_days", OPT_KEEP_DAYS },
		{ "events_per_day", OPT_EVENTS_PER_DAY },
		{ "spike_least", OPT_SPIKE_LEAST },
		{ "spike_factor", OPT_SPIKE_FACTOR },
	};
	json_t *body = json_keep(cli->cx, json_object());
	const char *path;

	TRY(cli_tenant_path(cli, "/error-report-settings", &path));
	for (size_t i = 0; i < COUNT_OF(all); i++)
		TRY(put_setting(cli, body, all[i].member, all[i].id));
	if (json_object_size(body) == 0)
		return cli_show(cli, "GET", path, NULL);
	return cli_show(cli, "PATCH", path, json_incref(body));
}
