/* SPDX-License-Identifier: Apache-2.0 */
/* Signed lists of parts: what their maker does, without a server. */
#include <stdio.h>

#include "base/base.h"
#include "base/file.h"
#include "cli/cli.h"
#include "cli/parts.h"
#include "pki/jws_sign.h"

#define MANIFEST_TYP	"daapki-manifest"	/* authority/manifest.h */
#define KEY_MAX		16384u			/* bytes of PEM */

/* NDJSON begins with a brace, whatever the file is called. */
static bool
is_csv(const struct cli *cli, struct slice file)
{
	const char *said = cli_option(cli, OPT_FORMAT);

	return said != NULL ? strcmp(said, "csv") == 0 :
	    file.n == 0 || file.p[0] != '{';
}

struct err
cmd_manifest_sign(struct cli *cli)
{
	const char *key_file = cli_option(cli, OPT_KEY_FILE);
	struct slice pem, file, parts, text;
	EVP_PKEY *key;
	size_t n;

	if (key_file == NULL)
		return FAIL(cli->cx, ERR_PARAMETER,
		    "say whose signature: --key-file FILE");
	TRY(file_read_secret(cli->cx, key_file, KEY_MAX, &pem));
	TRY(jws_key_read(cli->cx, pem, &key));
	TRY(file_read(cli->cx, cli_arg(cli, 0), PARTS_FILE_MAX, &file));
	TRY(parts_read(cli->cx, file, is_csv(cli, file), &parts, &n));
	if (n == 0)
		return FAIL(cli->cx, ERR_MALFORMED, "there are no parts");
	TRY(jws_sign(cli->cx, key, MANIFEST_TYP, parts, &text));
	/* It holds claim secrets as they are. */
	TRY(cli_write(cli, 0600, text));
	(void)fprintf(stderr, "daactl: %zu parts signed\n", n);
	return OK;
}
