/* SPDX-License-Identifier: Apache-2.0 */
/* Who did what. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/file.h"
#include "cli/audit_check.h"
#include "cli/cli.h"
#include "cli/export.h"

static struct err
audit_path(struct cli *cli, const char **out)
{
	static const struct { const char *name; enum option_id id; } filters[] = {
		{ "actor", OPT_ACTOR }, { "action", OPT_ACTION },
		{ "subject", OPT_SUBJECT }, { "from", OPT_FROM },
		{ "to", OPT_TO },
	};
	const char *path;

	TRY(cli_scope_path(cli, "/audit", &path));
	for (size_t i = 0; i < COUNT_OF(filters); i++)
		path = cli_query(cli->cx, path, filters[i].name,
		    cli_option(cli, filters[i].id));
	*out = path;
	return OK;
}

struct err
cmd_audit_list(struct cli *cli)
{
	static const struct column columns[] = {
		{ "SEQ", "seq", true }, { "AT", "at", false },
		{ "BY", "actor", false }, { "WITH", "credential", false },
		{ "ACTION", "action", false }, { "SUBJECT", "subject", false },
		{ "OUTCOME", "outcome", false }, { "DATA", "data", false },
	};
	const char *path;

	TRY(audit_path(cli, &path));
	return cli_list(cli, path, columns, COUNT_OF(columns));
}

struct err
cmd_audit_export(struct cli *cli)
{
	const char *format = cli_option(cli, OPT_FORMAT), *path;

	TRY(audit_path(cli, &path));
	return export_all(cli, path, format != NULL &&
	    strcmp(format, "csv") == 0, "rows");
}

/* --- verifying ------------------------------------------------------------ */

static struct err
read_log_key(struct cli *cli, struct audit_check *c)
{
	const char *path = cli_option(cli, OPT_LOG_KEY);
	struct slice file, key;
	char *hex;

	if (path == NULL)
		return OK;
	TRY(file_read(cli->cx, path, CLI_FILE_MAX, &file));
	hex = arena_strndup(cli->cx->arena, (const char *)file.p, file.n);
	hex[strcspn(hex, "\r\n")] = '\0';
	if (!text_unhex_any(cli->cx->arena, hex, LEDGER_KEY_SIZE, &key) ||
	    key.n != LEDGER_KEY_SIZE)
		return FAIL(cli->cx, ERR_CONFIG,
		    "%s: a log key has 64 hex digits", path);
	memcpy(c->key, key.p, LEDGER_KEY_SIZE);
	c->has_key = c->key_given = true;
	return OK;
}

/* Each line has memory of its own. */
static struct err
check_file(struct cli *cli, FILE *file, struct audit_check *c)
{
	struct ctx_root root;
	struct err e = OK;
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	ctx_root_init(&root, cli->cx->log);
	while (!failed(e) && (n = getline(&line, &cap, file)) > 0) {
		ctx_root_reset(&root);
		if (n > AUDIT_LINE_MAX || line[n - 1] != '\n')
			e = FAIL(&root.cx, ERR_MALFORMED,
			    "a line is too long, or has no end");
		else
			e = audit_check_line(&root.cx, c, SLICE(line,
			    (size_t)n - 1));
	}
	if (!failed(e) && ferror(file))
		e = FAIL(&root.cx, ERR_IO, "read: %s", strerror(errno));
	if (failed(e))
		*cli->cx->trail = root.trail;
	free(line);
	ctx_root_fini(&root);
	return e;
}

static struct err
check_exported(struct cli *cli, const char *path, struct audit_check *c)
{
	FILE *file;
	struct err e;

	if (strcmp(path, "-") == 0)
		return check_file(cli, stdin, c);
	file = fopen(path, "re");
	if (file == NULL)
		return FAIL(cli->cx, ERR_IO, "open %s: %s", path,
		    strerror(errno));
	e = check_file(cli, file, c);
	(void)fclose(file);
	return e;
}

/* The server's own, by way of a file that has no name. */
static struct err
check_server(struct cli *cli, struct audit_check *c)
{
	FILE *file = tmpfile(), *out = cli->out;
	const char *path;
	struct err e;

	if (file == NULL)
		return FAIL(cli->cx, ERR_IO, "a file for a while: %s",
		    strerror(errno));
	cli->out = file;
	e = audit_path(cli, &path);
	if (!failed(e))
		e = export_all(cli, path, false, "rows");
	cli->out = out;
	rewind(file);
	if (!failed(e))
		e = check_file(cli, file, c);
	(void)fclose(file);
	return e;
}

static struct err
tell(struct cli *cli, const struct audit_check *c)
{
	json_t *o = json_object();

	cli_put_text(o, "chain", c->chain);
	(void)json_object_set_new(o, "first", json_integer((json_int_t)
	    c->first));
	(void)json_object_set_new(o, "last", json_integer((json_int_t)
	    c->seq));
	(void)json_object_set_new(o, "checkpoints", json_integer((json_int_t)
	    c->checkpoints));
	(void)json_object_set_new(o, "anchored_to", json_integer((json_int_t)
	    c->anchored));
	if (c->checkpoints > 0) {
		cli_put_text(o, "anchored_at", text_time_dup(cli->cx->arena,
		    c->last.at_s));
		(void)json_object_set_new(o, "journal_seq", json_integer(
		    (json_int_t)c->last.journal_seq));
		cli_put_text(o, "log_key", text_hex(cli->cx->arena,
		    SLICE_OF(c->key)));
	}
	(void)json_object_set_new(o, "log_key_given",
	    json_boolean(c->key_given));
	return cli_print(cli, json_keep(cli->cx, o));
}

struct err
cmd_audit_verify(struct cli *cli)
{
	struct audit_check c = { .chain = "" };
	const char *path = cli_arg(cli, 0);

	TRY(read_log_key(cli, &c));
	TRY(path != NULL ? check_exported(cli, path, &c) :
	    check_server(cli, &c));
	if (c.seq == 0)
		return FAIL(cli->cx, ERR_AUDIT, "there is no row");
	return tell(cli, &c);
}
