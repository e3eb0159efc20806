/* SPDX-License-Identifier: Apache-2.0 */
/* Long work: files of claims and releases in one call, and how far it is. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/parts.h"
#include "cli/watch.h"

#define FILE_BYTES_MAX	(128u * 1024u * 1024u)	/* as the server takes */
#define SEND_TRIES	4u
#define POLL_MS		200
#define BAR_WIDTH	30
#define KEY_BYTES	16u

static const char *
text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text == NULL ? "" : text;
}

static void
pause_ms(long ms)
{
	struct timespec left = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		continue;
}

/* --- waiting --------------------------------------------------------- */

static bool
has_ended(const json_t *operation)
{
	static const char *const ends[] = { "done", "failed", "cancelled" };

	for (size_t i = 0; i < COUNT_OF(ends); i++)
		if (strcmp(text_of(operation, "state"), ends[i]) == 0)
			return true;
	return false;
}

static json_int_t
number_of(const json_t *operation, const char *member)
{
	return json_integer_value(json_object_get(operation, member));
}

static void
show_bar(const struct cli *cli, const json_t *operation)
{
	json_int_t total = number_of(operation, "total"),
	    done = number_of(operation, "done");
	int n = total <= 0 ? 0 : (int)(done * BAR_WIDTH / total);
	char bar[BAR_WIDTH + 1];

	memset(bar, '.', BAR_WIDTH);
	memset(bar, '#', (size_t)(n > BAR_WIDTH ? BAR_WIDTH : n));
	bar[BAR_WIDTH] = '\0';
	cli_progress(cli, "[%s] %lld of %lld, %lld refused", bar,
	    (long long)done, (long long)total, (long long)json_integer_value(
	    json_object_get(json_object_get(operation, "counts"),
	    "refused")));
}

/* Until it has ended; each look in memory of its own. */
static struct err
wait_for(struct cli *cli, const char *id, json_t **out)
{
	const char *path = cli_path(cli->cx, "/v1/operations/{}", id);
	json_t *operation;

	for (;;) {
		TRY(cli_ask(cli, "GET", path, NULL, &operation));
		show_bar(cli, operation);
		if (has_ended(operation) ||
		    strcmp(text_of(operation, "state"), "held") == 0)
			break;
		pause_ms(POLL_MS);
	}
	cli_progress_end(cli);
	*out = operation;
	return OK;
}

static const struct column item_columns[] = {
	{ "LINE", "line", true }, { "ID", "id", false },
	{ "OUTCOME", "outcome", false }, { "CODE", "code", false },
	{ "DETAIL", "detail", false },
};

/* What it came to: the operation as JSON, or what was refused for people. */
static struct err
tell_end(struct cli *cli, const json_t *operation)
{
	const json_t *counts = json_object_get(operation, "counts"), *n;
	bool refused = json_object_get(counts, "refused") != NULL;
	const char *name;

	if (cli->json)
		TRY(cli_print(cli, operation));
	else if (refused)
		TRY(cli_list(cli, cli_path(cli->cx,
		    "/v1/operations/{}/items?outcome=refused",
		    text_of(operation, "id")), item_columns,
		    COUNT_OF(item_columns)));
	(void)fprintf(stderr, "daactl: operation %s: %s",
	    text_of(operation, "id"), text_of(operation, "state"));
	json_object_foreach((json_t *)(uintptr_t)counts, name, n)
		(void)fprintf(stderr, ", %lld %s",
		    (long long)json_integer_value(n), name);
	(void)fputc('\n', stderr);
	if (refused || strcmp(text_of(operation, "state"), "done") != 0)
		cli->exit_status = CLI_EXIT_REFUSED;
	return OK;
}

/* --- files in one call ----------------------------------------------- */

/* NDJSON begins with a brace, whatever the file is called. */
static const char *
media_type_of(struct cli *cli, struct slice file)
{
	const char *said = cli_option(cli, OPT_FORMAT);
	bool csv = said != NULL ? strcmp(said, "csv") == 0 :
	    file.n == 0 || file.p[0] != '{';

	return csv ? "text/csv" : "application/x-ndjson";
}

/* With a key, so that it can be sent again when its answer was lost: it is
 * the same operation then. */
static struct err
send_file(struct cli *cli, const char *path, struct slice file,
    const char *media_type, json_t **out)
{
	uint8_t key[KEY_BYTES];
	struct client_call call = {
		.method = "POST", .path = path, .body = file,
		.content_type = media_type,
	};
	struct client_answer answer;
	struct err e = OK;

	ctx_random(cli->cx, key, sizeof(key));
	call.key = text_hex(cli->cx->arena, SLICE_OF(key));
	for (unsigned i = 0; i < SEND_TRIES; i++) {
		e = cli_call(cli, &call, &answer);
		if (e.code != ERR_HTTP && e.code != ERR_BUSY)
			break;
		pause_ms(1000L << i);
	}
	TRY(e);
	return json_parse(cli->cx, answer.body, out);
}

static struct err
send_and_wait(struct cli *cli, const char *path, struct slice file,
    const char *media_type)
{
	json_t *operation;

	TRY(send_file(cli, path, file, media_type, &operation));
	if (cli_option(cli, OPT_NO_WAIT) != NULL)
		return cli_print(cli, operation);
	TRY(wait_for(cli, text_of(operation, "id"), &operation));
	return tell_end(cli, operation);
}

/* A manifest becomes the claims of its parts. */
static struct err
read_lines(struct cli *cli, struct slice *out, const char **out_type)
{
	const char *batch = cli_option(cli, OPT_BATCH);
	const char *group = cli_option(cli, OPT_GROUP);
	struct slice file;
	size_t n;

	TRY(file_read(cli->cx, cli_arg(cli, 0), FILE_BYTES_MAX, &file));
	if (!parts_is_manifest(file)) {
		if (batch != NULL || group != NULL)
			return FAIL(cli->cx, ERR_PARAMETER, "--batch and "
			    "--group are for manifests; lines name their own");
		*out = file;
		*out_type = media_type_of(cli, file);
		return OK;
	}
	TRY(parts_claims(cli->cx, file, batch, group, out, &n));
	if (n == 0)
		return FAIL(cli->cx, ERR_NOT_FOUND,
		    "the manifest has no such parts");
	*out_type = "application/x-ndjson";
	return OK;
}

static struct err
bulk(struct cli *cli, const char *rest)
{
	const char *path, *type;
	struct slice lines;

	TRY(cli_tenant_path(cli, rest, &path));
	path = cli_query(cli->cx, path, "reason", cli_option(cli, OPT_REASON));
	path = cli_query(cli->cx, path, "proof", cli_option(cli, OPT_PROOF));
	if (cli_option(cli, OPT_DRY_RUN) != NULL)
		path = cli_query(cli->cx, path, "dry_run", "true");
	TRY(read_lines(cli, &lines, &type));
	return send_and_wait(cli, path, lines, type);
}

struct err
cmd_claim_bulk(struct cli *cli)
{
	return bulk(cli, "/claims/bulk");
}

struct err
cmd_claim_bulk_release(struct cli *cli)
{
	return bulk(cli, "/claims/bulk-release");
}

/* --- signed lists of parts ------------------------------------------- */

/* An editor's line break at the end is no part of it. */
struct err
cmd_manifest_import(struct cli *cli)
{
	struct slice file;

	TRY(file_read(cli->cx, cli_arg(cli, 0), FILE_BYTES_MAX, &file));
	while (file.n > 0 && file.p[file.n - 1] == '\n')
		file.n--;
	return send_and_wait(cli, "/v1/manifests", file, "application/jose");
}

struct err
cmd_manifest_key_list(struct cli *cli)
{
	static const struct column columns[] = {
		{ "ID", "id", true }, { "NAME", "name", false },
		{ "KEY ID", "key_id", false },
		{ "CREATED", "created_at", false }, { "BY", "created_by", false },
	};

	return cli_list(cli, "/v1/manifest-keys", columns,
	    COUNT_OF(columns));
}

struct err
cmd_manifest_key_remove(struct cli *cli)
{
	return cli_delete(cli, cli_path(cli->cx, "/v1/manifest-keys/{}",
	    cli_arg(cli, 0)), "manifest key %s removed", cli_arg(cli, 0));
}

/* --- operations ------------------------------------------------------ */

struct err
cmd_operation_list(struct cli *cli)
{
	static const struct column columns[] = {
		{ "ID", "id", false }, { "TENANT", "tenant", false },
		{ "KIND", "kind", false }, { "STATE", "state", false },
		{ "DONE", "done", true }, { "OF", "total", true },
		{ "CREATED", "created_at", false }, { "BY", "created_by", false },
		{ "ENDED", "ended_at", false },
	};

	return cli_list(cli, cli_query(cli->cx, "/v1/operations", "tenant",
	    cli_option(cli, OPT_TENANT)), columns, COUNT_OF(columns));
}

struct err
cmd_operation_show(struct cli *cli)
{
	static const char *const open[] = {
		"held", "queued", "running", NULL,
	};
	const struct watched w = { cli_path(cli->cx, "/v1/operations/{}",
	    cli_arg(cli, 0)), open };

	return cli_option(cli, OPT_WATCH) == NULL ?
	    cli_show(cli, "GET", w.path, NULL) : watch_until(cli, &w, "done");
}

struct err
cmd_operation_items(struct cli *cli)
{
	return cli_list(cli, cli_query(cli->cx, cli_path(cli->cx,
	    "/v1/operations/{}/items", cli_arg(cli, 0)), "outcome",
	    cli_option(cli, OPT_OUTCOME)), item_columns,
	    COUNT_OF(item_columns));
}

struct err
cmd_operation_cancel(struct cli *cli)
{
	return cli_show(cli, "POST", cli_path(cli->cx,
	    "/v1/operations/{}/cancel", cli_arg(cli, 0)), NULL);
}

struct err
cmd_operation_wait(struct cli *cli)
{
	json_t *operation;

	TRY(wait_for(cli, cli_arg(cli, 0), &operation));
	return tell_end(cli, operation);
}
