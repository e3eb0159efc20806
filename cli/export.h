/* SPDX-License-Identifier: Apache-2.0 */
/* A list taken away whole, as the text that the server makes of it. */
#ifndef DAAPKI_CLI_EXPORT_H
#define DAAPKI_CLI_EXPORT_H

#include "cli/cli.h"

/*
 * Follow the pages of path to standard output or to --out, whose file is only
 * replaced when all of it is there.  noun is for the progress.
 * ERR_IO, and as client_ask()
 */
struct err	export_all(struct cli *, const char *path, bool csv,
		    const char *noun);

#endif
