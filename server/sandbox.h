/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Giving up what daad never needs once it runs: starting programs, reading and
 * writing outside its folders, sockets of networks beside those that it has
 * (daa-courier connects), the kernel's administrative calls.  Holds for the
 * calling thread and those it starts later, for good.
 */
#ifndef DAAPKI_SERVER_SANDBOX_H
#define DAAPKI_SERVER_SANDBOX_H

#include "base/ctx.h"

/*
 * folders are the ones that stay open to it (NULL ends them), beside those of
 * the system's libraries.  may_connect: it reaches the signer by a Unix socket;
 * else it connects to nothing at all.  A kernel without Landlock leaves files
 * out, and the log says so.
 * ERR_CONFIG	the kernel refused
 */
struct err	sandbox_enter(struct ctx *, const char *const *folders,
		    bool may_connect);

#endif
