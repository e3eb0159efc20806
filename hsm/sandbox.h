/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What daa-hsm gives up before it loads a module.
 *
 * Less than daa-signer does: modules read their settings, keep their tokens in
 * files, start threads, talk to a card daemon.  But no other program is
 * started, no other process made or looked at, no network used unless the
 * settings say so; and of the file system only what programs need to run, and
 * the paths in the settings, are there: not the master key, not the journal,
 * not the database.
 */
#ifndef DAAPKI_HSM_SANDBOX_H
#define DAAPKI_HSM_SANDBOX_H

#include "hsm/conf.h"

/*
 * What the kernel does not have is logged and left.
 * ERR_CONFIG	the filter cannot be made or loaded, or a path is not there
 */
struct err	sandbox_enter(struct ctx *, const struct conf *,
		    const char *conf_path, const char *pin_path);

#endif
