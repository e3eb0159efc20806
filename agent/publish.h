/* SPDX-License-Identifier: Apache-2.0 */
/* Making a certificate known: files where others look, and the hook. */
#ifndef DAAPKI_AGENT_PUBLISH_H
#define DAAPKI_AGENT_PUBLISH_H

#include "agent/agent.h"

#define PUBLISH_HOOK_MAX_S	300	/* a hook that takes longer is killed */

/*
 * Write key, certificate and chain to their files, each whole, then run the
 * hook.  A certificate that a crash kept from being announced is announced the
 * next time; event is "enrolled" or "renewed".
 * ERR_IO	a file cannot be written
 * ERR_CONFIG	the hook cannot be run or did not end well: all else is done
 */
struct err	publish_credential(struct ctx *, struct agent *,
		    const struct state_credential *, const char *event);

/* The one in the state folder, when it was not announced yet. */
struct err	publish_pending(struct ctx *, struct agent *);

#endif
