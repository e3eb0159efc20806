/* SPDX-License-Identifier: Apache-2.0 */
/* The feed of events. */
#include <string.h>

#include "base/base.h"
#include "base/text.h"
#include "cli/cli.h"

#define WAIT_S	"30"	/* that the server may take to say that there is none */

static const struct column columns[] = {
	{ "ID", "id", true }, { "AT", "at", false },
	{ "TYPE", "type", false }, { "ACTOR", "actor", false },
	{ "SUBJECT", "subject", false }, { "DATA", "data", false },
};
static const struct column columns_of_all[] = {
	{ "ID", "id", true }, { "AT", "at", false },
	{ "TENANT", "tenant", false },
	{ "TYPE", "type", false }, { "ACTOR", "actor", false },
	{ "SUBJECT", "subject", false }, { "DATA", "data", false },
};

static struct err
feed_path(struct cli *cli, const char **out)
{
	const char *path;

	TRY(cli_scope_path(cli, "/events", &path));
	*out = cli_query(cli->cx, path, "type",
	    cli_option(cli, OPT_EVENT_TYPE));
	return OK;
}

static struct table
feed_table(const struct cli *cli)
{
	bool of_all = cli_option(cli, OPT_PLATFORM) != NULL;

	return (struct table){
		.out = cli->out, .style = cli->style,
		.columns = of_all ? columns_of_all : columns,
		.n_columns = of_all ? COUNT_OF(columns_of_all) :
		    COUNT_OF(columns),
	};
}

struct err
cmd_event_list(struct cli *cli)
{
	struct table table = feed_table(cli);
	const char *path;

	TRY(feed_path(cli, &path));
	return cli_list(cli, path, table.columns, table.n_columns);
}

/* --- watching -------------------------------------------------------------- */

struct watch {
	const char	*path;
	char		 after[32];
	uint64_t	 left;
	struct table	 table;
};

/* As many as are still wanted; with --json a line each. */
static void
print_events(const struct cli *cli, struct ctx *cx, struct watch *w,
    const json_t *items)
{
	json_t *wanted = json_keep(cx, json_array()), *item;
	size_t i;

	json_array_foreach(items, i, item)
		if (i < w->left)
			ASSERT(json_array_append(wanted, item) == 0);
	w->left -= json_array_size(wanted);
	if (!cli->json && json_array_size(wanted) > 0)
		table_rows(cx, &w->table, wanted);
	json_array_foreach(wanted, i, item) {
		if (!cli->json)
			break;
		(void)json_dumpf(item, cli->out, JSON_COMPACT);
		(void)fputs("\n", cli->out);
	}
	(void)fflush(cli->out);
}

static struct err
watch_once(struct cli *cli, struct ctx *cx, struct watch *w)
{
	struct client_call call = { .method = "GET" };
	struct client_answer answer;
	const char *cursor;
	json_t *page;

	call.path = cli_query(cx, cli_query(cx, w->path, "after", w->after),
	    "wait", WAIT_S);
	TRY(client_ask(cx, cli->client, &call, &answer));
	TRY(json_parse(cx, answer.body, &page));
	cursor = json_string_value(json_object_get(page, "cursor"));
	if (cursor == NULL || strlen(cursor) >= sizeof(w->after))
		return FAIL(cx, ERR_MALFORMED,
		    "the server's answer is no feed");
	print_events(cli, cx, w, json_object_get(page, "items"));
	(void)snprintf(w->after, sizeof(w->after), "%s", cursor);
	return OK;
}

struct err
cmd_event_watch(struct cli *cli)
{
	const char *after = cli_option(cli, OPT_AFTER);
	const char *limit = cli_option(cli, OPT_LIMIT);
	struct watch w = { .left = UINT64_MAX, .table = feed_table(cli) };
	struct ctx_root root;
	struct err e = OK;

	TRY(feed_path(cli, &w.path));
	if (limit != NULL && (!text_parse_uint(limit, UINT32_MAX, &w.left) ||
	    w.left == 0))
		return FAIL(cli->cx, ERR_PARAMETER,
		    "--limit is a number from 1 to %u", UINT32_MAX);
	if (after != NULL && strlen(after) >= sizeof(w.after))
		return FAIL(cli->cx, ERR_PARAMETER, "--after is too long");
	(void)snprintf(w.after, sizeof(w.after), "%s",
	    after == NULL ? "latest" : after);
	TRY(cli_connect(cli));
	ctx_root_init(&root, cli->cx->log);
	while (!failed(e) && w.left > 0 && !ferror(cli->out)) {
		ctx_root_reset(&root);
		e = watch_once(cli, &root.cx, &w);
	}
	if (failed(e))
		*cli->cx->trail = root.trail;
	ctx_root_fini(&root);
	return e;
}
