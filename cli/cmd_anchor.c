/* SPDX-License-Identifier: Apache-2.0 */
/* Whom to believe about hardware: vendors' roots, known and others. */
#include <string.h>

#include "base/base.h"
#include "base/file.h"
#include "cli/cli.h"
#include "cli/fetch.h"
#include "cli/known.h"
#include "codec/base64.h"
#include "pki/pem.h"

#define SCHEME_OF_UNKNOWN	"tpm-ek"

/* --- the list ----------------------------------------------------------- */

static json_t *
row_json(const struct known_anchor *row)
{
	json_t *json = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s}",
	    "name", row->name, "vendor", row->vendor,
	    "schemes", row->schemes, "not_after", row->last_day,
	    "subject", row->subject, "sha256", row->sha256,
	    row->is_page ? "page" : "url", row->url);

	ASSERT(json != NULL);
	return json;
}

/* Of a vendor, for a scheme, or of that name. */
static bool
is_wanted(const struct known_anchor *row, const char *word)
{
	return word == NULL || strcmp(row->name, word) == 0 ||
	    strcasecmp(row->vendor, word) == 0 || known_vouches(row, word);
}

static struct err
show_rows(struct cli *cli, const json_t *found)
{
	static const struct column columns[] = {
		{ "NAME", "name", false }, { "VENDOR", "vendor", false },
		{ "FOR", "schemes", false }, { "UNTIL", "not_after", false },
		{ "SUBJECT", "subject", false },
	};
	struct table table = {
		.out = cli->out, .style = cli->style, .columns = columns,
		.n_columns = COUNT_OF(columns),
	};

	if (cli->json)
		return cli_print(cli, found);
	if (json_array_size(found) == 1)
		return cli_print(cli, json_array_get(found, 0));
	table_rows(cli->cx, &table, found);
	return OK;
}

struct err
cmd_anchor_known(struct cli *cli)
{
	const char *word = cli_arg(cli, 0);
	json_t *found = json_keep(cli->cx, json_array());
	const struct known_anchor *rows;
	size_t n;

	rows = known_rows(&n);
	for (size_t i = 0; i < n; i++)
		if (is_wanted(&rows[i], word))
			ASSERT(json_array_append_new(found,
			    row_json(&rows[i])) == 0);
	if (json_array_size(found) == 0)
		return FAIL(cli->cx, ERR_NOT_FOUND, "no known anchor, vendor "
		    "or scheme is called %s", word);
	return show_rows(cli, found);
}

/* --- adding ------------------------------------------------------------- */

/* A certificate on its way to the server. */
struct adding {
	const char	*name, *provenance;
	struct slice	 der;
};

/* To people; the answer itself goes to standard output. */
static void
say_verdict(struct cli *cli, const struct known_verdict *v)
{
	if (v->row != NULL)
		(void)fprintf(stderr, "known: %s, %s of %s\n", v->row->name,
		    v->row->subject, v->row->vendor);
	else
		(void)fprintf(stderr, "not on the list of known anchors; "
		    "SHA-256 %s\n", table_safe(cli->cx, v->sha256));
	if (v->ended)
		(void)fputs("it is past its end: nothing under it is believed "
		    "any more\n", stderr);
}

static struct err
add(struct cli *cli, const struct adding *a)
{
	const struct known_claim claim = {
		.scheme = cli_option(cli, OPT_SCHEME),
		.pin = cli_option(cli, OPT_FINGERPRINT),
		.unlisted = cli_option(cli, OPT_UNLISTED) != NULL,
	};
	json_t *body = json_keep(cli->cx, json_object());
	struct known_verdict verdict;
	const char *path;

	TRY(cli_scope_path(cli, "/anchors", &path));
	TRY(known_judge(cli->cx, a->der, &claim, &verdict));
	cli_put_text(body, "scheme", verdict.scheme == NULL ?
	    SCHEME_OF_UNKNOWN : verdict.scheme);
	cli_put_text(body, "name", a->name);
	cli_put_text(body, "provenance", a->provenance);
	cli_put_text(body, "certificate", base64url(cli->cx->arena, a->der));
	say_verdict(cli, &verdict);
	return cli_show(cli, "POST", path, json_incref(body));
}

struct err
cmd_anchor_add(struct cli *cli)
{
	const char *file = cli_arg(cli, 1);
	struct adding adding = {
		.name = cli_arg(cli, 0),
		.provenance = cli_option(cli, OPT_PROVENANCE),
	};
	struct slice text, pem;

	TRY(file_read(cli->cx, file, CLI_FILE_MAX, &text));
	TRY(cli_pem_block(cli, file, text, PEM_CERTIFICATE, &pem));
	adding.der = text;
	if (pem.n > 0)
		TRY(pem_parse(cli->cx, PEM_CERTIFICATE, pem, &adding.der));
	return add(cli, &adding);
}

struct err
cmd_anchor_fetch(struct cli *cli)
{
	const struct known_anchor *row = known_named(cli_arg(cli, 0));
	const char *url = cli_arg(cli, 1);
	struct fetch_call call = {
		.url = url, .ca_file = cli_option(cli, OPT_SOURCE_CA),
	};
	struct adding adding;
	struct fetch_answer answer;

	if (row == NULL)
		return FAIL(cli->cx, ERR_PARAMETER, "%s is no known anchor; "
		    "see daactl anchor known", cli_arg(cli, 0));
	if (url == NULL && row->is_page)
		return FAIL(cli->cx, ERR_PARAMETER, "%s publishes it on a "
		    "page: take it from %s and use anchor add", row->vendor,
		    row->url);
	if (url == NULL)
		call.url = row->url;
	TRY(fetch(cli->cx, &call, &answer));
	adding = (struct adding){ .name = row->name, .provenance = call.url };
	TRY(known_pick(cli->cx, answer.body, row->sha256, &adding.der));
	return add(cli, &adding);
}

/* --- the server's -------------------------------------------------------- */

struct err
cmd_anchor_list(struct cli *cli)
{
	static const struct column columns[] = {
		{ "ID", "id", true }, { "SCHEME", "scheme", false },
		{ "NAME", "name", false }, { "SUBJECT", "subject", false },
		{ "NOT AFTER", "not_after", false },
		{ "SHA-256", "sha256", false },
	};
	const char *path;

	TRY(cli_scope_path(cli, "/anchors", &path));
	return cli_list(cli, path, columns, COUNT_OF(columns));
}

struct err
cmd_anchor_remove(struct cli *cli)
{
	const char *path;

	TRY(cli_scope_path(cli, cli_path(cli->cx, "/anchors/{}",
	    cli_arg(cli, 0)), &path));
	return cli_delete(cli, path, "anchor %s removed", cli_arg(cli, 0));
}
