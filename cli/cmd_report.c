/* SPDX-License-Identifier: Apache-2.0 */
/* What devices report. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "cli/cli.h"

/* The error events that the options choose. */
static struct err
report_path(struct cli *cli, const char **out)
{
	static const struct { const char *name; enum option_id id; } filters[] = {
		{ "event_type", OPT_EVENT_TYPE },
		{ "event_class", OPT_EVENT_CLASS },
		{ "event_category", OPT_EVENT_CATEGORY },
		{ "from", OPT_FROM }, { "to", OPT_TO },
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

/* An export as it goes on. */
struct export {
	struct cli	*cli;
	const char	*path, *media_type;
	bool		 has_head;	/* pages begin with a line of names */
	FILE		*out;
	char		 after[64];	/* "": from the beginning */
	uint64_t	 n_pages;
};

/* One page; the line of names is written once. */
static struct err
export_page(struct ctx *cx, struct export *x)
{
	struct client_call call = {
		.method = "GET", .accept = x->media_type,
		.path = cli_query(cx, x->path, "limit", "1000"),
	};
	struct client_answer answer;
	const char *end;

	if (x->after[0] != '\0')
		call.path = cli_query(cx, call.path, "after", x->after);
	TRY(client_ask(cx, x->cli->client, &call, &answer));
	if (answer.next != NULL && (strlen(answer.next) >= sizeof(x->after) ||
	    strcmp(answer.next, x->after) == 0))
		return FAIL(cx, ERR_MALFORMED,
		    "the server's answer has no end");
	if (x->has_head && x->n_pages > 0) {
		end = memchr(answer.body.p, '\n', answer.body.n);
		if (end == NULL)
			return FAIL(cx, ERR_MALFORMED,
			    "the server's answer is no CSV");
		answer.body.n -= (size_t)(end + 1 - (char *)answer.body.p);
		answer.body.p = (const uint8_t *)end + 1;
	}
	if (fwrite(answer.body.p, 1, answer.body.n, x->out) != answer.body.n)
		return FAIL(cx, ERR_IO, "the events could not be written: %s",
		    strerror(errno));
	(void)snprintf(x->after, sizeof(x->after), "%s",
	    answer.next == NULL ? "" : answer.next);
	x->n_pages++;
	return OK;
}

static struct err
export_pages(struct export *x)
{
	struct cli *cli = x->cli;
	struct ctx_root root;
	struct err e;

	ctx_root_init(&root, cli->cx->log);
	do {
		ctx_root_reset(&root);
		e = export_page(&root.cx, x);
		if (!failed(e) && x->after[0] != '\0')
			cli_progress(cli, "%llu events",
			    (unsigned long long)x->n_pages * 1000);
	} while (!failed(e) && x->after[0] != '\0');
	cli_progress_end(cli);
	if (failed(e))
		*cli->cx->trail = root.trail;
	ctx_root_fini(&root);
	return e;
}

/* Beside the file first: what is there stays until the export is whole. */
static struct err
export_to_file(struct export *x, const char *path)
{
	struct ctx *cx = x->cli->cx;
	const char *beside = arena_printf(cx->arena, "%s.part", path);
	struct err e;

	x->out = fopen(beside, "we");
	if (x->out == NULL)
		return FAIL(cx, ERR_IO, "create %s: %s", beside,
		    strerror(errno));
	e = export_pages(x);
	if (!failed(e) && (fflush(x->out) != 0 || fsync(fileno(x->out)) != 0))
		e = FAIL(cx, ERR_IO, "write %s: %s", beside, strerror(errno));
	if (fclose(x->out) != 0 && !failed(e))
		e = FAIL(cx, ERR_IO, "close %s: %s", beside, strerror(errno));
	if (!failed(e) && rename(beside, path) != 0)
		e = FAIL(cx, ERR_IO, "rename %s: %s", beside, strerror(errno));
	if (failed(e))
		(void)unlink(beside);
	return e;
}

struct err
cmd_report_export(struct cli *cli)
{
	const char *format = cli_option(cli, OPT_FORMAT);
	const char *path = cli_option(cli, OPT_OUT);
	struct export x = { .cli = cli, .out = cli->out };

	TRY(report_path(cli, &x.path));
	x.has_head = format == NULL ? !cli->json : strcmp(format, "csv") == 0;
	x.media_type = x.has_head ? "text/csv" : "application/x-ndjson";
	TRY(cli_connect(cli));
	if (path == NULL || strcmp(path, "-") == 0)
		return export_pages(&x);
	return export_to_file(&x, path);
}
