/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What daa-courier gives up: writing and running anything, listening, and all
 * files but those that names and certificates are looked up in.
 */
#ifndef DAAPKI_COURIER_SANDBOX_H
#define DAAPKI_COURIER_SANDBOX_H

#include "base/ctx.h"

/* ca_file, or NULL, stays readable.  A kernel without Landlock leaves files
 * out, and the log says so.  ERR_CONFIG */
struct err	sandbox_enter(struct ctx *, const char *ca_file);

#endif
