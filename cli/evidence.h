/* SPDX-License-Identifier: Apache-2.0 */
/* daactl evidence verify: appraise evidence without a server. */
#ifndef DAAPKI_CLI_EVIDENCE_H
#define DAAPKI_CLI_EVIDENCE_H

#include "base/ctx.h"

#define EVIDENCE_FILE_MAX	(16u * 1024u * 1024u)

/*
 * Run with the arguments that follow the command's name:
 *	[--expect] [--trust FILE] [--nonce HEX] [--at TIME] [--raw]
 *	[--spki FILE] FILE...
 * Prints one JSON object a line, or TAP with --expect, to standard output.
 * Returns the exit status: 0 all accepted (or all as expected), 3 one refused,
 * 1 one not as expected, 2 usage, or an input that cannot be read.
 */
int	cli_evidence_verify(struct ctx *, int argc, char **argv);

#endif
