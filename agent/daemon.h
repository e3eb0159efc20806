/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command run: keep the certificate fresh and the reports flowing until
 * SIGTERM or SIGINT; SIGHUP renews at once.
 */
#ifndef DAAPKI_AGENT_DAEMON_H
#define DAAPKI_AGENT_DAEMON_H

#include "agent/agent.h"

#define DAEMON_LOOK_MAX_S	60	/* between two looks for reports */
#define DAEMON_BACKOFF_MAX_S	(7 * 86400)

/*
 * Runs until it is told to stop: OK.  Failures are logged and tried again.
 * ERR_CONFIG	backoff_max is not a time
 * ERR_IO	the state folder cannot be used
 */
struct err	daemon_run(struct ctx *, struct agent *);

#endif
