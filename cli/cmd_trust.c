/* SPDX-License-Identifier: Apache-2.0 */
/* The inventory of parts. */
#include <string.h>

#include "base/base.h"
#include "base/file.h"
#include "cli/cli.h"
#include "codec/base64.h"

/* A public key file (SubjectPublicKeyInfo) as base64url of its DER. */
static struct err
read_public_key(struct cli *cli, const char *path, const char **out)
{
	static const char label[] = "PUBLIC KEY";
	struct slice text, pem;
	struct buf b;
	size_t head = strlen("-----BEGIN -----") + strlen(label);
	size_t foot = strlen("-----END -----") + strlen(label);

	TRY(file_read(cli->cx, path, CLI_FILE_MAX, &text));
	TRY(cli_pem_block(cli, path, text, label, &pem));
	if (pem.n == 0) {
		*out = base64url(cli->cx->arena, text);
		return OK;
	}
	b = buf_in(cli->cx->arena, pem.n + 1);
	/* The same bits in the other alphabet (RFC 4648, 4 and 5). */
	for (size_t i = head; i < pem.n - foot; i++) {
		uint8_t c = pem.p[i];

		if (c != '\n' && c != '\r' && c != '=')
			put_u8(&b, c == '+' ? '-' : c == '/' ? '_' : c);
	}
	put_u8(&b, 0);
	*out = (const char *)b.p;
	return OK;
}

struct err
cmd_manifest_key_add(struct cli *cli)
{
	json_t *body = json_keep(cli->cx, json_object());
	const char *key;

	TRY(read_public_key(cli, cli_arg(cli, 1), &key));
	cli_put_text(body, "name", cli_arg(cli, 0));
	cli_put_text(body, "public_key", key);
	return cli_show(cli, "POST", "/v1/manifest-keys", json_incref(body));
}

struct err
cmd_hardware_add(struct cli *cli)
{
	const char *id = cli_arg(cli, 0), *path, *key = NULL;
	const char *file = cli_option(cli, OPT_EK_PUBLIC);
	const char *own_file = cli_option(cli, OPT_PUBLIC_KEY), *own = NULL;
	json_t *body = json_keep(cli->cx, json_object());

	TRY(cli_scope_path(cli, "/hardware", &path));
	if ((id == NULL) == (file == NULL))
		return FAIL(cli->cx, ERR_PARAMETER,
		    "say either a hardware ID or --ek-public FILE");
	if (file != NULL)
		TRY(read_public_key(cli, file, &key));
	cli_put_text(body, "hardware_id", id);
	if (own_file != NULL)
		TRY(read_public_key(cli, own_file, &own));
	cli_put_text(body, "ek_public", key);
	cli_put_text(body, "public_key", own);
	cli_put_text(body, "note", cli_option(cli, OPT_NOTE));
	TRY(cli_put_expiry(cli, body));
	return cli_show(cli, "POST", path, json_incref(body));
}

struct err
cmd_hardware_list(struct cli *cli)
{
	static const struct column columns[] = {
		{ "ID", "id", true }, { "HARDWARE ID", "hardware_id", false },
		{ "NOTE", "note", false }, { "EXPIRES", "expires_at", false },
		{ "CREATED", "created_at", false },
	};
	const char *path;

	TRY(cli_scope_path(cli, "/hardware", &path));
	return cli_list(cli, path, columns, COUNT_OF(columns));
}

struct err
cmd_hardware_remove(struct cli *cli)
{
	const char *path;

	TRY(cli_scope_path(cli, cli_path(cli->cx, "/hardware/{}",
	    cli_arg(cli, 0)), &path));
	return cli_delete(cli, path, "hardware %s removed", cli_arg(cli, 0));
}
