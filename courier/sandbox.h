/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What daa-courier gives up: writing and running anything, listening, and all
 * files but those that names and certificates are looked up in.
 */
#ifndef DAAPKI_COURIER_SANDBOX_H
#define DAAPKI_COURIER_SANDBOX_H

#include "base/ctx.h"

#define SANDBOX_FILES_MAX	2u

/* Those files stay readable; NULL is none.  A kernel without Landlock leaves
 * files out, and the log says so.  ERR_CONFIG */
struct err	sandbox_enter(struct ctx *, const char *const *files, size_t n);

#endif
