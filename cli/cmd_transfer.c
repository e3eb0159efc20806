/* SPDX-License-Identifier: Apache-2.0 */
/* Devices from tenant to tenant. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "cli/cli.h"

#define WATCH_S	2	/* between two looks at a transfer */

struct err
cmd_transfer_offer(struct cli *cli)
{
	json_t *body = json_keep(cli->cx, json_object());
	const char *path;

	TRY(cli_tenant_path(cli, "/transfers", &path));
	cli_put_text(body, "device_id", cli_device_id(cli->cx,
	    cli_arg(cli, 0)));
	cli_put_text(body, "to", cli_arg(cli, 1));
	if (cli_option(cli, OPT_REQUIRE_EVIDENCE) != NULL)
		cli_put_bool(body, "require_evidence", "true");
	cli_put_text(body, "reason", cli_option(cli, OPT_REASON));
	TRY(cli_put_expiry(cli, body));
	return cli_show(cli, "POST", path, json_incref(body));
}

struct err
cmd_transfer_list(struct cli *cli)
{
	static const struct column columns[] = {
		{ "ID", "id", false }, { "DEVICE", "device_id", false },
		{ "FROM", "from", false }, { "TO", "to", false },
		{ "STATE", "state", false }, { "OFFERED", "offered_at", false },
		{ "EXPIRES", "expires_at", false },
		{ "REASON", "reason", false },
	};
	const char *path;

	TRY(cli_tenant_path(cli, "/transfers", &path));
	path = cli_query(cli->cx, path, "direction",
	    cli_option(cli, OPT_DIRECTION));
	path = cli_query(cli->cx, path, "state",
	    cli_option(cli, OPT_TRANSFER_STATE));
	return cli_list(cli, path, columns, COUNT_OF(columns));
}

/* Of the transfer that is the argument; what begins with a slash, or nothing. */
static struct err
transfer_path(struct cli *cli, const char *step, const char **out)
{
	return cli_tenant_path(cli, arena_printf(cli->cx->arena, "%s%s",
	    cli_path(cli->cx, "/transfers/{}", cli_arg(cli, 0)), step), out);
}

struct err
cmd_transfer_show(struct cli *cli)
{
	const char *path;

	TRY(transfer_path(cli, "", &path));
	return cli_show(cli, "GET", path, NULL);
}

static struct err
take_step(struct cli *cli, const char *step)
{
	json_t *body = json_keep(cli->cx, json_object());
	const char *path;

	TRY(transfer_path(cli, step, &path));
	cli_put_text(body, "group", cli_option(cli, OPT_GROUP));
	return cli_show(cli, "POST", path, json_incref(body));
}

struct err
cmd_transfer_accept(struct cli *cli)
{
	return take_step(cli, "/accept");
}

struct err
cmd_transfer_reject(struct cli *cli)
{
	return take_step(cli, "/reject");
}

struct err
cmd_transfer_cancel(struct cli *cli)
{
	return take_step(cli, "/cancel");
}

struct err
cmd_transfer_undo(struct cli *cli)
{
	return take_step(cli, "/undo");
}

/* --- watching ------------------------------------------------------------ */

/* Ask once; shown again only when the state is another than before. */
static struct err
look(struct cli *cli, struct ctx *cx, const char *path, char *state, size_t n,
    bool *out_open)
{
	struct client_call call = { .method = "GET", .path = path };
	struct client_answer answer;
	const char *now;
	json_t *transfer;

	TRY(client_ask(cx, cli->client, &call, &answer));
	TRY(json_parse(cx, answer.body, &transfer));
	now = json_string_value(json_object_get(transfer, "state"));
	if (now == NULL || strlen(now) >= n)
		return FAIL(cx, ERR_MALFORMED,
		    "the server's answer is no transfer");
	*out_open = strcmp(now, "offered") == 0 ||
	    strcmp(now, "awaiting-evidence") == 0;
	if (strcmp(now, state) == 0)
		return OK;
	(void)snprintf(state, n, "%s", now);
	if (cli->json) {
		(void)json_dumpf(transfer, cli->out, JSON_COMPACT);
		(void)fputs("\n", cli->out);
	} else {
		(void)fprintf(cli->out, "%s\n", table_safe(cx, now));
	}
	(void)fflush(cli->out);
	return OK;
}

static void
wait_s(int64_t seconds)
{
	struct timespec left = { .tv_sec = seconds };

	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		continue;
}

struct err
cmd_transfer_watch(struct cli *cli)
{
	char state[32] = "";
	struct ctx_root root;
	struct err e;
	const char *path;
	bool open;

	TRY(transfer_path(cli, "", &path));
	TRY(cli_connect(cli));
	ctx_root_init(&root, cli->cx->log);
	for (;;) {
		ctx_root_reset(&root);
		e = look(cli, &root.cx, path, state, sizeof(state), &open);
		if (failed(e) || !open || ferror(cli->out))
			break;
		wait_s(WATCH_S);
	}
	if (failed(e))
		*cli->cx->trail = root.trail;
	ctx_root_fini(&root);
	if (!failed(e) && strcmp(state, "done") != 0)
		cli->exit_status = CLI_EXIT_REFUSED;
	return e;
}
