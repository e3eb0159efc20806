/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the signer gives up once everything is open and warmed up.
 *
 * Landlock leaves the journal's folder as the only part of the file system,
 * seccomp the system calls of the loop: no new socket, no connection, no other
 * program, no other process.  The rare open of a journal segment stays allowed
 * because Landlock bounds it; a kernel without Landlock leaves it bounded by
 * the user's rights only, and that is logged.
 */
#ifndef DAAPKI_SIGNER_SANDBOX_H
#define DAAPKI_SIGNER_SANDBOX_H

#include "base/ctx.h"

/*
 * Memory that stays in memory, no dumps, no tracing by others.  Before any
 * secret is read.  What the system does not allow is logged and left.
 */
void		sandbox_harden(struct ctx *);

/*
 * Close the sandbox.
 * ERR_CONFIG	the filter cannot be made or loaded
 */
struct err	sandbox_enter(struct ctx *, int folder_fd);

#endif
