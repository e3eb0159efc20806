/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence of any format, from a program.  It reads
 *
 *	{"format": "...", "nonce": "...", "spki": "...", "binding": "hex"}
 *
 * from its standard input (nonce and spki in base64url, the binding hash as
 * doc/EVIDENCE.md has it for the format) and writes the evidence document.
 */
#ifndef DAAPKI_AGENT_COMMAND_H
#define DAAPKI_AGENT_COMMAND_H

#include "agent/source.h"

/* Needs evidence_command and format. */
extern const struct source source_command;

#endif
