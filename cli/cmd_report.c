/* SPDX-License-Identifier: Apache-2.0 */
/* What devices report. */
#include <string.h>

#include "base/base.h"
#include "cli/cli.h"
#include "cli/export.h"

/* The error events that the options choose. */
static struct err
report_path(struct cli *cli, const char **out)
{
	static const struct { const char *name; enum option_id id; } filters[] = {
		{ "event_type", OPT_EVENT_TYPE },
		{ "event_class", OPT_EVENT_CLASS },
		{ "event_category", OPT_EVENT_CATEGORY },
		{ "from", OPT_FROM }, { "to", OPT_TO },
		{ "group", OPT_ERROR_GROUP },
	};
	const char *path, *device = cli_option(cli, OPT_DEVICE);

	TRY(cli_tenant_path(cli, "/error-reports", &path));
	path = cli_query(cli->cx, path, "device_id", device == NULL ? NULL :
	    cli_device_id(cli->cx, device));
	for (size_t i = 0; i < COUNT_OF(filters); i++)
		path = cli_query(cli->cx, path, filters[i].name,
		    cli_option(cli, filters[i].id));
	*out = path;
	return OK;
}

struct err
cmd_report_list(struct cli *cli)
{
	static const struct column columns[] = {
		{ "ID", "id", true }, { "RECEIVED", "received_at", false },
		{ "DEVICE", "device_id", false }, { "TYPE", "event_type", false },
		{ "CLASS", "event_class", false },
		{ "CATEGORY", "event_category", false },
		{ "COUNT", "event_count", true },
		{ "DESCRIPTION", "description", false },
	};
	const char *path;

	TRY(report_path(cli, &path));
	return cli_list(cli, path, columns, COUNT_OF(columns));
}

struct err
cmd_report_quota(struct cli *cli)
{
	static const struct column columns[] = {
		{ "DAY", "day", false }, { "DEVICE", "device_id", false },
		{ "TAKEN", "taken", true }, { "DROPPED", "dropped", true },
	};
	const char *path, *device = cli_option(cli, OPT_DEVICE);

	TRY(cli_tenant_path(cli, "/error-quota", &path));
	path = cli_query(cli->cx, path, "device_id", device == NULL ? NULL :
	    cli_device_id(cli->cx, device));
	return cli_list(cli, path, columns, COUNT_OF(columns));
}

struct err
cmd_report_show(struct cli *cli)
{
	const char *path;

	TRY(cli_tenant_path(cli, cli_path(cli->cx, "/error-reports/{}",
	    cli_arg(cli, 0)), &path));
	return cli_show(cli, "GET", path, NULL);
}

struct err
cmd_report_export(struct cli *cli)
{
	const char *format = cli_option(cli, OPT_FORMAT), *path;

	TRY(report_path(cli, &path));
	return export_all(cli, path, format == NULL ? !cli->json :
	    strcmp(format, "csv") == 0, "events");
}
