/* SPDX-License-Identifier: Apache-2.0 */
/* Claims: one, or a file of many. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/lines.h"

#define PROOF_MAX		1024u	/* bytes of a file with a proof */
#define IMPORT_TRIES		6u
#define IMPORT_WAIT_S_MAX	30

/* A member from the one line of a file that an option names. */
static struct err
put_line_of(struct cli *cli, json_t *body, const char *member,
    enum option_id option)
{
	const char *path = cli_option(cli, option);
	struct slice text;

	if (path == NULL)
		return OK;
	TRY(file_read(cli->cx, path, PROOF_MAX, &text));
	while (text.n > 0 && strchr("\r\n", text.p[text.n - 1]) != NULL)
		text.n--;
	if (text.n == 0 || !text_is_printable(text))
		return FAIL(cli->cx, ERR_PARAMETER,
		    "%s does not hold one line of text", path);
	cli_put_text(body, member, arena_strndup(cli->cx->arena,
	    (const char *)text.p, text.n));
	return OK;
}

struct err
cmd_claim_add(struct cli *cli)
{
	const char *device = cli_arg(cli, 0), *path;
	json_t *body = json_keep(cli->cx, json_object());

	TRY(cli_tenant_path(cli, "/claims", &path));
	TRY(put_line_of(cli, body, "consent", OPT_CONSENT));
	TRY(put_line_of(cli, body, "claim_secret", OPT_SECRET_FILE));
	cli_put_text(body, "proof", cli_option(cli, OPT_PROOF));
	cli_put_text(body, strchr(device, ':') == NULL ? "device_id" :
	    "hardware_id", device);
	cli_put_text(body, "group", cli_option(cli, OPT_GROUP));
	return cli_show(cli, "POST", path, json_incref(body));
}

struct err
cmd_claim_list(struct cli *cli)
{
	static const struct column columns[] = {
		{ "DEVICE", "device_id", false }, { "GROUP", "group", false },
		{ "CLAIMED", "claimed_at", false }, { "BY", "claimed_by", false },
		{ "RELEASED", "released_at", false },
		{ "REASON", "release_reason", false },
	};
	const char *path;

	TRY(cli_tenant_path(cli, "/claims", &path));
	path = cli_query(cli->cx, path, "active", cli_option(cli, OPT_ACTIVE));
	return cli_list(cli, path, columns, COUNT_OF(columns));
}

struct err
cmd_claim_release(struct cli *cli)
{
	const char *device = cli_device_id(cli->cx, cli_arg(cli, 0)), *path;

	TRY(cli_tenant_path(cli, cli_path(cli->cx, "/claims/{}", device),
	    &path));
	path = cli_query(cli->cx, path, "reason", cli_option(cli, OPT_REASON));
	return cli_delete(cli, path, "device %s released", device);
}

struct err
cmd_claim_restore(struct cli *cli)
{
	const char *path;

	TRY(cli_tenant_path(cli, cli_path(cli->cx, "/claims/{}/restore",
	    cli_device_id(cli->cx, cli_arg(cli, 0))), &path));
	return cli_show(cli, "POST", path, NULL);
}

struct err
cmd_claim_history(struct cli *cli)
{
	static const struct column columns[] = {
		{ "CLAIMED", "claimed_at", false }, { "BY", "claimed_by", false },
		{ "GROUP", "group", false }, { "RELEASED", "released_at", false },
		{ "BY", "released_by", false },
		{ "FROM", "transferred_from", false },
		{ "TO", "transferred_to", false },
		{ "REASON", "release_reason", false },
	};
	const char *path;

	TRY(cli_tenant_path(cli, cli_path(cli->cx, "/devices/{}/claims",
	    cli_device_id(cli->cx, cli_arg(cli, 0))), &path));
	return cli_list(cli, path, columns, COUNT_OF(columns));
}

/* An import as it goes on. */
struct import {
	struct cli	*cli;
	const char	*path;		/* of the bulk call */
	struct lines	 lines;
	struct table	 table;
	uint64_t	 n_done;	/* lines with an outcome */
	uint64_t	 n_claimed, n_already, n_refused;
};

static void
count_outcome(struct import *import, const json_t *outcome)
{
	const char *text = json_string_value(json_object_get(outcome,
	    "outcome"));

	if (text != NULL && strcmp(text, "claimed") == 0)
		import->n_claimed++;
	else if (text != NULL && strcmp(text, "already-claimed") == 0)
		import->n_already++;
	else
		import->n_refused++;
	import->n_done++;
}

static void
print_outcome(struct import *import, const json_t *outcome)
{
	FILE *out = import->cli->out;

	if (!import->cli->json)
		return;
	(void)fputs(import->n_done > 0 ? ",\n" : "{\"items\":[\n", out);
	(void)json_dumpf(outcome, out, JSON_COMPACT);
}

/* The answer is a line for each line sent, in order (NDJSON). */
static struct err
take_outcomes(struct ctx *cx, struct import *import,
    const struct lines_piece *piece, struct slice answer)
{
	char *rest = arena_strndup(cx->arena, (const char *)answer.p,
	    answer.n), *text;
	json_t *all = json_keep(cx, json_array()), *outcome;
	size_t n = 0;

	while ((text = strsep(&rest, "\n")) != NULL) {
		if (text[0] == '\0')
			continue;
		if (n == piece->n || failed(json_parse(cx, slice_text(text),
		    &outcome)) || !json_is_object(outcome))
			return FAIL(cx, ERR_MALFORMED,
			    "the server's answer does not fit the lines sent");
		/* The server counts the lines of this call, people those of
		 * the file. */
		json_object_set_new(outcome, "line",
		    json_integer((json_int_t)piece->numbers[n++]));
		print_outcome(import, outcome);
		count_outcome(import, outcome);
		json_array_append(all, outcome);
	}
	if (n != piece->n)
		return FAIL(cx, ERR_MALFORMED,
		    "the server answered %zu of %zu lines", n, piece->n);
	if (!import->cli->json)
		table_rows(cx, &import->table, all);
	return OK;
}

static void
wait_s(int64_t seconds)
{
	struct timespec left = { .tv_sec = seconds };

	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		continue;
}

/* Send one piece.  To claim again what was claimed is no harm, so a server
 * that is busy is asked again. */
static struct err
send_piece(struct ctx *cx, struct import *import,
    const struct lines_piece *piece)
{
	struct client_call call = {
		.method = "POST", .path = import->path, .body = piece->text,
		.accept = "application/x-ndjson",
		.content_type = import->lines.form == LINES_CSV ? "text/csv" :
		    "application/x-ndjson",
	};
	struct client_answer answer;
	struct err e = OK;

	for (unsigned i = 0; i < IMPORT_TRIES; i++) {
		const struct client_problem *problem;
		int64_t seconds = INT64_C(1) << i;

		e = client_ask(cx, import->cli->client, &call, &answer);
		if (!failed(e))
			return take_outcomes(cx, import, piece, answer.body);
		problem = client_problem(import->cli->client);
		if (e.code != ERR_BUSY && e.code != ERR_STORAGE)
			return e;
		if (problem != NULL && problem->retry_after_s > seconds)
			seconds = problem->retry_after_s;
		if (i + 1 < IMPORT_TRIES)
			wait_s(seconds < IMPORT_WAIT_S_MAX ? seconds :
			    IMPORT_WAIT_S_MAX);
	}
	return e;
}

static struct err
import_pieces(struct import *import)
{
	struct cli *cli = import->cli;
	struct lines_piece piece;
	struct ctx_root root;
	struct err e;

	ctx_root_init(&root, cli->cx->log);
	do {
		ctx_root_reset(&root);
		e = lines_next(&root.cx, &import->lines, &piece);
		if (!failed(e) && piece.n > 0)
			e = send_piece(&root.cx, import, &piece);
		cli_progress(cli, "%llu lines, %llu refused",
		    (unsigned long long)import->n_done,
		    (unsigned long long)import->n_refused);
	} while (!failed(e) && piece.n > 0);
	cli_progress_end(cli);
	if (failed(e))
		*cli->cx->trail = root.trail;
	ctx_root_fini(&root);
	return e;
}

/* What is said of the whole; on failure too, because a part was done. */
static void
end_import(const struct import *import)
{
	const struct cli *cli = import->cli;
	unsigned long long claimed = import->n_claimed,
	    already = import->n_already, refused = import->n_refused;

	if (cli->json)
		(void)fprintf(cli->out, "%s\n],\"claimed\":%llu,"
		    "\"already_claimed\":%llu,\"refused\":%llu}\n",
		    import->n_done == 0 ? "{\"items\":[" : "", claimed,
		    already, refused);
	(void)fprintf(stderr, "daactl: %llu claimed, %llu claimed before, "
	    "%llu refused\n", claimed, already, refused);
}

/* NDJSON begins with a brace, whatever the file is called. */
static struct err
find_form(struct cli *cli, struct lines *lines)
{
	const char *said = cli_option(cli, OPT_FORMAT);
	int c = getc(lines->file);

	if (c != EOF)
		(void)ungetc(c, lines->file);
	lines->form = c == '{' ? LINES_NDJSON : LINES_CSV;
	if (said != NULL)
		lines->form = strcmp(said, "csv") == 0 ? LINES_CSV :
		    LINES_NDJSON;
	lines->group = cli_option(cli, OPT_GROUP);
	if (lines->form == LINES_NDJSON && lines->group != NULL)
		return FAIL(cli->cx, ERR_PARAMETER,
		    "--group is for CSV; a line of NDJSON names its own");
	return OK;
}

static struct err
import_file(struct cli *cli, FILE *file)
{
	static const struct column columns[] = {
		{ "LINE", "line", true }, { "ID", "id", false },
		{ "OUTCOME", "outcome", false }, { "CODE", "code", false },
		{ "DETAIL", "detail", false },
	};
	struct import import = {
		.cli = cli, .lines = { .file = file },
		.table = {
			.out = cli->out, .style = cli->style,
			.columns = columns, .n_columns = COUNT_OF(columns),
		},
	};
	struct err e;

	TRY(cli_tenant_path(cli, "/claims/bulk", &import.path));
	import.path = cli_query(cli->cx, import.path, "proof",
	    cli_option(cli, OPT_PROOF));
	TRY(find_form(cli, &import.lines));
	TRY(cli_connect(cli));
	e = import_pieces(&import);
	if (!failed(e) || import.n_done > 0)
		end_import(&import);
	if (!failed(e) && import.n_refused > 0)
		cli->exit_status = CLI_EXIT_REFUSED;
	return e;
}

struct err
cmd_claim_import(struct cli *cli)
{
	const char *path = cli_arg(cli, 0);
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *file = is_stdin ? stdin : fopen(path, "re");
	struct err e;

	if (file == NULL)
		return FAIL(cli->cx, ERR_IO, "open %s: %s", path,
		    strerror(errno));
	e = import_file(cli, file);
	if (!is_stdin)
		(void)fclose(file);
	return e;
}
