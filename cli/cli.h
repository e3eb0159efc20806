/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a command of daactl works with, and the few things that most of them
 * do: name a path, ask the server, print the answer.
 */
#ifndef DAAPKI_CLI_CLI_H
#define DAAPKI_CLI_CLI_H

#include <stdio.h>

#include "base/ctx.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/settings.h"
#include "cli/table.h"
#include "codec/json.h"

#define CLI_FILE_MAX	(1024u * 1024u)	/* of policies, certificates, keys */

/* Exit statuses; man/daactl.1 promises them to scripts. */
enum cli_exit {
	CLI_EXIT_OK = 0,
	CLI_EXIT_FAILURE = 1,
	CLI_EXIT_USAGE = 2,
	CLI_EXIT_REFUSED = 3,
	CLI_EXIT_NOT_FOUND = 4,
	CLI_EXIT_CONFLICT = 5,
	CLI_EXIT_AUTH = 6,
	CLI_EXIT_UNREACHABLE = 7,
};

struct cli {
	struct ctx		*cx;
	struct settings		 settings;
	struct client		*client;	/* made at the first call */
	const struct parsed	*line;		/* the command line */
	FILE			*out;		/* results */
	struct table_style	 style;		/* how to print for people */
	bool			 json;
	bool			 progress;	/* standard error is a terminal */
	int			 exit_status;	/* of a command that went well */
};

/* The exit status that goes with a failure. */
enum cli_exit	 cli_exit_of(struct err);

/* An option's value; NULL when it was not given. */
const char	*cli_option(const struct cli *, enum option_id);
const char	*cli_arg(const struct cli *, size_t i);

/*
 * A path from a pattern, each "{}" replaced by the next text, percent-encoded
 * (RFC 3986, 2.1): cli_path(cli, "/v1/tenants/{}/groups/{}", tenant, group).
 */
const char	*cli_path(struct ctx *, const char *pattern, ...);
/* The path with name=value added to its query; NULL value adds nothing. */
const char	*cli_query(struct ctx *, const char *path, const char *name,
		    const char *value);
/*
 * The path of something of the tenant that the command is about; rest is a
 * path of its own ("/groups").  ERR_PARAMETER when no tenant is known.
 */
struct err	 cli_tenant_path(struct cli *, const char *rest,
		    const char **out);
/* As cli_tenant_path, or "/v1" and rest with --platform. */
struct err	 cli_scope_path(struct cli *, const char *rest,
		    const char **out);
/* A device named by device ID, or by hardware ID (which has a colon). */
const char	*cli_device_id(struct ctx *, const char *device);

/* Make cli->client unless it is there.  As client_new(). */
struct err	 cli_connect(struct cli *);
/* Ask and read JSON; *out is NULL when the answer has no body.  body (may be
 * NULL) is taken over. */
struct err	 cli_ask(struct cli *, const char *method, const char *path,
		    json_t *body, json_t **out);
/* Ask and print what comes back. */
struct err	 cli_show(struct cli *, const char *method, const char *path,
		    json_t *body);
/* Show something that holds a certificate: with --pem, that alone. */
struct err	 cli_show_certificate(struct cli *, const char *path);
/* As client_ask(), with the client of this run. */
struct err	 cli_call(struct cli *, const struct client_call *,
		    struct client_answer *out);
/* Print one object: fields for people, or the JSON. */
struct err	 cli_print(struct cli *, const json_t *value);
/* Ask with DELETE; then say what was done ("token 3 revoked"). */
struct err	 cli_delete(struct cli *, const char *path, const char *fmt, ...)
		    __attribute__((format(printf, 3, 4)));
/* Follow a list over its pages and print it; --limit and --after are obeyed. */
struct err	 cli_list(struct cli *, const char *path,
		    const struct column *columns, size_t n_columns);

/* A document is checked by the server; here it only has to be JSON.
 * ERR_JSON, ERR_IO */
struct err	 cli_read_json(struct cli *, const char *path, json_t **out);

/*
 * The one block of that kind in a PEM file, from BEGIN to END (tools put text
 * before it).  *out is SLICE_NONE when the file is not PEM.
 * ERR_MALFORMED	PEM, but not with one such block
 */
struct err	 cli_pem_block(struct cli *, const char *path,
		    struct slice file, const char *label, struct slice *out);

/* Write to --out (that mode; a file is replaced whole) or standard output. */
struct err	 cli_write(struct cli *, mode_t mode, struct slice);

/* A line on standard error that the next one replaces; only on a terminal. */
void		 cli_progress(const struct cli *, const char *fmt, ...)
		    __attribute__((format(printf, 2, 3)));
void		 cli_progress_end(const struct cli *);

/*
 * Members from options; NULL or absent options add nothing.
 * ERR_PARAMETER	the value is not a number, a duration, a time
 */
void		 cli_put_text(json_t *, const char *member, const char *value);
void		 cli_put_bool(json_t *, const char *member, const char *value);
struct err	 cli_put_seconds(struct cli *, json_t *, const char *member,
		    enum option_id);
struct err	 cli_put_number(struct cli *, json_t *, const char *member,
		    enum option_id, uint64_t max);
/* "expires_at" from --expires-at or --expires-in. */
struct err	 cli_put_expiry(struct cli *, json_t *);

#endif
