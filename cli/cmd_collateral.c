/* SPDX-License-Identifier: Apache-2.0 */
/* What vendors publish of their hardware: read from files as they give it out. */
#include <ctype.h>
#include <string.h>

#include "attest/dcap_tcb_info.h"
#include "attest/pck.h"
#include "base/base.h"
#include "base/file.h"
#include "cli/cli.h"
#include "cli/fetch.h"
#include "cli/vendor_file.h"

static struct err
put_file_text(struct cli *cli, json_t *document, const char *member,
    enum option_id option)
{
	const char *path = cli_option(cli, option);
	struct slice file;

	if (path == NULL)
		return OK;
	TRY(file_read(cli->cx, path, DCAP_JSON_MAX, &file));
	return vendor_file_put_text(cli->cx, document, member, path, file);
}

static struct err
put_file_crl(struct cli *cli, json_t *document, const char *member,
    enum option_id option)
{
	const char *path = cli_option(cli, option);
	struct slice file;

	if (path == NULL)
		return OK;
	TRY(file_read(cli->cx, path, 2 * PCK_CRL_MAX, &file));
	return vendor_file_put_crl(cli->cx, document, member, path, file);
}

static struct err
put_certs(struct cli *cli, json_t *document, const char *member,
    enum option_id option)
{
	const char *path = cli_option(cli, option);
	struct slice file;

	if (path == NULL)
		return OK;
	TRY(file_read(cli->cx, path, CLI_FILE_MAX, &file));
	return vendor_file_put_chain(cli->cx, document, member, path, file);
}

static struct err
put_chain(struct cli *cli, json_t *document, const char *member)
{
	return put_certs(cli, document, member, OPT_CHAIN_FILE);
}

/* --- one a kind --------------------------------------------------------- */

static struct err
put_dcap(struct cli *cli, json_t *document)
{
	TRY(put_file_text(cli, document, "tcb_info", OPT_TCB_INFO));
	TRY(put_file_text(cli, document, "qe_identity", OPT_QE_IDENTITY));
	TRY(put_chain(cli, document, "tcb_signing_chain"));
	TRY(put_file_crl(cli, document, "root_crl", OPT_ROOT_CRL));
	return put_file_crl(cli, document, "pck_crl", OPT_PCK_CRL);
}

static struct err
put_crl(struct cli *cli, json_t *document)
{
	TRY(put_file_crl(cli, document, "crl", OPT_CRL));
	return put_chain(cli, document, "chain");
}

/* A serial number in hex a line; colons and upper case as tools print them. */
static struct err
put_serial(struct cli *cli, json_t *array, char *line)
{
	char *to = line;

	for (const char *from = line; *from != '\0'; from++)
		if (*from != ':' && !isspace((unsigned char)*from))
			*to++ = (char)tolower((unsigned char)*from);
	*to = '\0';
	while (strncmp(line, "00", 2) == 0)
		line += 2;
	if (*line == '\0' || *line == '#')
		return OK;
	if (strlen(line) % 2 != 0 ||
	    strspn(line, "0123456789abcdef") != strlen(line))
		return FAIL(cli->cx, ERR_MALFORMED,
		    "%s: %s is not a serial number in hex",
		    cli_option(cli, OPT_REVOKED_SERIALS), line);
	ASSERT(json_array_append_new(array, json_string(line)) == 0);
	return OK;
}

static struct err
put_serials(struct cli *cli, json_t *document)
{
	json_t *array = json_array();
	struct slice file;
	char *text, *line;

	ASSERT(json_object_set_new(document, "serials", array) == 0);
	TRY(file_read(cli->cx, cli_option(cli, OPT_REVOKED_SERIALS),
	    CLI_FILE_MAX, &file));
	text = arena_strndup(cli->cx->arena, (const char *)file.p, file.n);
	while ((line = strsep(&text, "\n")) != NULL)
		TRY(put_serial(cli, array, line));
	return OK;
}

static struct err
put_android_status(struct cli *cli, json_t *document)
{
	struct slice file;
	json_t *status;

	TRY(file_read(cli->cx, cli_option(cli, OPT_ANDROID_STATUS),
	    FETCH_MAX, &file));
	TRY(json_parse(cli->cx, file, &status));
	if (json_object_update(document, status) != 0)
		return FAIL(cli->cx, ERR_MALFORMED, "%s is no JSON object",
		    cli_option(cli, OPT_ANDROID_STATUS));
	return OK;
}

static struct err
put_chip(struct cli *cli, json_t *document)
{
	return put_certs(cli, document, "certificates", OPT_SNP_CHAIN);
}

static const struct {
	enum option_id	 option;
	const char	*kind;
	struct err	(*put)(struct cli *, json_t *document);
} kinds[] = {
	{ OPT_TCB_INFO, "dcap", put_dcap },
	{ OPT_CRL, "crl", put_crl },
	{ OPT_REVOKED_SERIALS, "revoked-serials", put_serials },
	{ OPT_ANDROID_STATUS, "android-status", put_android_status },
	{ OPT_SNP_CHAIN, "snp-chain", put_chip },
};

/* The one kind whose option was given. */
static struct err
find_kind(struct cli *cli, size_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (cli_option(cli, kinds[i].option) != NULL) {
			*out = i;
			n++;
		}
	if (n != 1)
		return FAIL(cli->cx, ERR_PARAMETER, "say one of --tcb-info, "
		    "--crl, --revoked-serials, --android-status and "
		    "--snp-chain");
	return OK;
}

struct err
cmd_collateral_add(struct cli *cli)
{
	json_t *body = json_keep(cli->cx, json_object());
	json_t *document = json_object();
	const char *path;
	size_t i = 0;

	ASSERT(json_object_set_new(body, "document", document) == 0);
	TRY(cli_scope_path(cli, "/collateral", &path));
	TRY(find_kind(cli, &i));
	TRY(kinds[i].put(cli, document));
	cli_put_text(body, "kind", kinds[i].kind);
	cli_put_text(body, "name", cli_arg(cli, 0));
	cli_put_text(body, "provenance", cli_option(cli, OPT_PROVENANCE));
	return cli_show(cli, "POST", path, json_incref(body));
}

struct err
cmd_collateral_list(struct cli *cli)
{
	static const struct column columns[] = {
		{ "ID", "id", true }, { "KIND", "kind", false },
		{ "NAME", "name", false }, { "ABOUT", "about", false },
		{ "EXPIRES", "expires_at", false },
	};
	const char *path;

	TRY(cli_scope_path(cli, "/collateral", &path));
	return cli_list(cli, path, columns, COUNT_OF(columns));
}

struct err
cmd_collateral_show(struct cli *cli)
{
	const char *path;

	TRY(cli_scope_path(cli, cli_path(cli->cx, "/collateral/{}",
	    cli_arg(cli, 0)), &path));
	return cli_show(cli, "GET", path, NULL);
}

struct err
cmd_collateral_delete(struct cli *cli)
{
	const char *path;

	TRY(cli_scope_path(cli, cli_path(cli->cx, "/collateral/{}",
	    cli_arg(cli, 0)), &path));
	return cli_delete(cli, path, "collateral %s deleted", cli_arg(cli, 0));
}
