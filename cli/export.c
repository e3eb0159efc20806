/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/export.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"

#define CURSOR_MAX	257u	/* letters, and NUL */

/* An export as it goes on. */
struct export {
	struct cli	*cli;
	const char	*path, *media_type;
	bool		 has_head;	/* pages begin with a line of names */
	const char	*noun;		/* "events" */
	FILE		*out;
	char		 after[CURSOR_MAX]; /* "": from the beginning */
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
		return FAIL(cx, ERR_IO, "the %s could not be written: %s",
		    x->noun, strerror(errno));
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
			cli_progress(cli, "%llu %s", (unsigned long long)
			    x->n_pages * 1000, x->noun);
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
export_all(struct cli *cli, const char *path, bool csv, const char *noun)
{
	const char *to = cli_option(cli, OPT_OUT);
	struct export x = { .cli = cli, .path = path, .out = cli->out,
	    .has_head = csv, .noun = noun,
	    .media_type = csv ? "text/csv" : "application/x-ndjson" };

	TRY(cli_connect(cli));
	if (to == NULL || strcmp(to, "-") == 0)
		return export_pages(&x);
	return export_to_file(&x, to);
}
