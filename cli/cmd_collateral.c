/* SPDX-License-Identifier: Apache-2.0 */
/* What vendors publish of their hardware: read from files as they give it out. */
#include <ctype.h>
#include <string.h>

#include "attest/dcap_tcb_info.h"
#include "attest/pck.h"
#include "base/base.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/cli.h"
#include "codec/base64.h"
#include "pki/pem.h"

static bool
is_pem(struct slice file)
{
	static const char begin[] = "-----BEGIN ";

	return file.n > sizeof(begin) &&
	    memmem(file.p, file.n, begin, sizeof(begin) - 1) != NULL;
}

/* The exact text of a file, to which no editor may have added a line's end. */
static struct err
put_file_text(struct cli *cli, json_t *document, const char *member,
    enum option_id option)
{
	const char *path = cli_option(cli, option);
	json_t *value;
	struct slice text;

	if (path == NULL)
		return OK;
	TRY(file_read(cli->cx, path, DCAP_JSON_MAX, &text));
	while (text.n > 0 && isspace(text.p[text.n - 1]))
		text.n--;
	value = json_stringn((const char *)text.p, text.n);
	if (value == NULL)
		return FAIL(cli->cx, ERR_MALFORMED, "%s is not UTF-8", path);
	ASSERT(json_object_set_new(document, member, value) == 0);
	return OK;
}

/* PEM, DER, or (as Intel's service gives it out) hex of the DER. */
static struct err
read_der(struct cli *cli, const char *path, const char *label, size_t max,
    struct slice *out)
{
	struct slice file, hex;

	TRY(file_read(cli->cx, path, 2 * max, &file));
	if (is_pem(file)) {
		if (failed(pem_parse(cli->cx, label, file, out)))
			return FAIL(cli->cx, ERR_MALFORMED,
			    "%s is not exactly one %s in PEM", path, label);
		return OK;
	}
	hex = file;
	while (hex.n > 0 && isspace(hex.p[hex.n - 1]))
		hex.n--;
	if (!text_unhex_any(cli->cx->arena, arena_strndup(cli->cx->arena,
	    (const char *)hex.p, hex.n), max, out))
		*out = file;
	return OK;
}

static struct err
put_file_der(struct cli *cli, json_t *document, const char *member,
    enum option_id option)
{
	const char *path = cli_option(cli, option);
	struct slice der;

	if (path == NULL)
		return OK;
	TRY(read_der(cli, path, PEM_CRL, PCK_CRL_MAX, &der));
	cli_put_text(document, member, base64url(cli->cx->arena, der));
	return OK;
}

static struct err
put_chain(struct cli *cli, json_t *document, const char *member)
{
	const char *path = cli_option(cli, OPT_CHAIN_FILE);
	struct slice file, der[ATTEST_CHAIN_MAX];
	json_t *array;
	size_t n;

	if (path == NULL)
		return OK;
	TRY(file_read(cli->cx, path, CLI_FILE_MAX, &file));
	if (failed(pem_parse_all(cli->cx, PEM_CERTIFICATE, file, der,
	    COUNT_OF(der), &n)))
		return FAIL(cli->cx, ERR_MALFORMED,
		    "%s is not 1 to %u certificates in PEM", path,
		    ATTEST_CHAIN_MAX);
	array = json_array();
	for (size_t i = 0; i < n; i++)
		ASSERT(json_array_append_new(array, json_string(
		    base64url(cli->cx->arena, der[i]))) == 0);
	ASSERT(json_object_set_new(document, member, array) == 0);
	return OK;
}

/* --- one a kind --------------------------------------------------------- */

static struct err
put_dcap(struct cli *cli, json_t *document)
{
	TRY(put_file_text(cli, document, "tcb_info", OPT_TCB_INFO));
	TRY(put_file_text(cli, document, "qe_identity", OPT_QE_IDENTITY));
	TRY(put_chain(cli, document, "tcb_signing_chain"));
	TRY(put_file_der(cli, document, "root_crl", OPT_ROOT_CRL));
	return put_file_der(cli, document, "pck_crl", OPT_PCK_CRL);
}

static struct err
put_crl(struct cli *cli, json_t *document)
{
	TRY(put_file_der(cli, document, "crl", OPT_CRL));
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

static const struct {
	enum option_id	 option;
	const char	*kind;
	struct err	(*put)(struct cli *, json_t *document);
} kinds[] = {
	{ OPT_TCB_INFO, "dcap", put_dcap },
	{ OPT_CRL, "crl", put_crl },
	{ OPT_REVOKED_SERIALS, "revoked-serials", put_serials },
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
		    "--crl and --revoked-serials");
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
