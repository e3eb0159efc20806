/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base.h"

#define WATCH_S	2	/* between two looks */

static void
wait_a_while(void)
{
	struct timespec left = { .tv_sec = WATCH_S };

	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		continue;
}

/* --- one thing ------------------------------------------------------------ */

static bool
is_open(const struct watched *w, const char *state)
{
	for (size_t i = 0; w->open[i] != NULL; i++)
		if (strcmp(w->open[i], state) == 0)
			return true;
	return false;
}

/* Ask once; shown again only when the state is another than before. */
static struct err
look(struct cli *cli, struct ctx *cx, const struct watched *w, char *state)
{
	struct client_call call = { .method = "GET", .path = w->path };
	struct client_answer answer;
	const char *now;
	json_t *thing;

	TRY(client_ask(cx, cli->client, &call, &answer));
	TRY(json_parse(cx, answer.body, &thing));
	now = json_string_value(json_object_get(thing, "state"));
	if (now == NULL || strlen(now) >= WATCH_STATE_MAX)
		return FAIL(cx, ERR_MALFORMED,
		    "the server's answer has no state");
	if (strcmp(now, state) == 0)
		return OK;
	(void)snprintf(state, WATCH_STATE_MAX, "%s", now);
	if (cli->json) {
		(void)json_dumpf(thing, cli->out, JSON_COMPACT);
		(void)fputs("\n", cli->out);
	} else {
		(void)fprintf(cli->out, "%s\n", table_safe(cx, now));
	}
	(void)fflush(cli->out);
	return OK;
}

struct err
watch_state(struct cli *cli, const struct watched *w,
    char state[static WATCH_STATE_MAX])
{
	struct ctx_root root;
	struct err e;

	state[0] = '\0';
	TRY(cli_connect(cli));
	ctx_root_init(&root, cli->cx->log);
	for (;;) {
		ctx_root_reset(&root);
		e = look(cli, &root.cx, w, state);
		if (failed(e) || !is_open(w, state) || ferror(cli->out))
			break;
		wait_a_while();
	}
	if (failed(e))
		*cli->cx->trail = root.trail;
	ctx_root_fini(&root);
	return e;
}

struct err
watch_until(struct cli *cli, const struct watched *w, const char *good)
{
	char state[WATCH_STATE_MAX];

	TRY(watch_state(cli, w, state));
	if (strcmp(state, good) != 0)
		cli->exit_status = CLI_EXIT_REFUSED;
	return OK;
}

/* --- a list ----------------------------------------------------------------- */

/* What the command prints now; the caller frees it. */
static struct err
print_to(struct cli *cli, struct err (*command)(struct cli *), char **out)
{
	FILE *terminal = cli->out;
	char *text = NULL;
	struct err e;
	size_t n;

	cli->out = open_memstream(&text, &n);
	ASSERT(cli->out != NULL);
	e = command(cli);
	ASSERT(fclose(cli->out) == 0);
	cli->out = terminal;
	if (failed(e))
		free(text);
	else
		*out = text;
	return e;
}

static struct err
watch_once(struct cli *cli, struct err (*command)(struct cli *), char **shown)
{
	char *now;

	TRY(print_to(cli, command, &now));
	if (*shown != NULL && strcmp(now, *shown) == 0) {
		free(now);
		return OK;
	}
	(void)fprintf(cli->out, "%s%s", *shown == NULL || cli->json ? "" :
	    "\n", now);
	(void)fflush(cli->out);
	free(*shown);
	*shown = now;
	return OK;
}

struct err
watch_output(struct cli *cli, struct err (*command)(struct cli *))
{
	struct ctx *all = cli->cx;
	struct ctx_root root;
	char *shown = NULL;
	struct err e;

	TRY(cli_connect(cli));
	ctx_root_init(&root, all->log);
	cli->cx = &root.cx;
	for (;;) {
		ctx_root_reset(&root);
		e = watch_once(cli, command, &shown);
		if (failed(e) || ferror(cli->out))
			break;
		wait_a_while();
	}
	cli->cx = all;
	if (failed(e))
		*all->trail = root.trail;
	ctx_root_fini(&root);
	free(shown);
	return e;
}
