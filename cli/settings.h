/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the server is and who asks: from options, then the environment, then
 * the settings file.
 */
#ifndef DAAPKI_CLI_SETTINGS_H
#define DAAPKI_CLI_SETTINGS_H

#include "base/ctx.h"
#include "cli/command.h"

#define SETTINGS_FILE_MAX	(64u * 1024u)
#define SETTINGS_TOKEN_MAX	512u

struct settings {
	const char	*url;		/* never NULL */
	const char	*ca_file;	/* NULL: the system's CAs */
	const char	*token_file;	/* NULL: not said */
	const char	*token;		/* NULL: not said; a secret */
	const char	*tenant;	/* NULL: not said */
};

/* getenv(), or a test's own. */
typedef const char *settings_env(const char *name);

/*
 * Read the settings.  A settings file that was not named and is not there is
 * no error.
 * ERR_PARAMETER	a line of the file, or the URL, is not understood
 * ERR_CONFIG		the file holds a token and others may read it
 * ERR_IO		a named file cannot be read
 */
struct err	settings_read(struct ctx *, const struct parsed *,
		    settings_env *, struct settings *out);

/*
 * The token, from what was said first: --token-file, DAACTL_TOKEN,
 * DAACTL_TOKEN_FILE, the settings file's token_file, its token.
 * ERR_AUTH_REQUIRED	no token was given
 * ERR_IO, ERR_CONFIG	the file cannot be read, or others may read it
 */
struct err	settings_token(struct ctx *, const struct settings *,
		    const char **out);

#endif
