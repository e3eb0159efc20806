/* SPDX-License-Identifier: Apache-2.0 */
/* A daad that a workload starts and stops itself, on a state folder that
 * `daad init` has made, and its daa-signer. */
#ifndef DAAPKI_TESTS_BENCH_DAEMON_H
#define DAAPKI_TESTS_BENCH_DAEMON_H

#include "tests/bench/client.h"

struct daemon {
	const char	*program, *folder;	/* daad; its state */
	pid_t		 daad, signer;
	struct service	 service;
	double		 start_s;	/* from its exec until it is ready */
};

/* token is the file with an administrator's. */
void	daemon_init(struct ctx *, struct daemon *, const char *program,
	    const char *folder, const char *token);
/* Start it and wait until it serves: /readyz says so. */
void	daemon_start(struct ctx *, struct daemon *);
void	daemon_stop(struct daemon *);

/* What the two hold now and have held at most, MB (10^6 bytes): VmRSS and
 * VmHWM of /proc/PID/status. */
struct daemon_memory { double daad, signer, daad_most, signer_most; };
void	daemon_memory(const struct daemon *, struct daemon_memory *out);

/* SQL on its database while it is stopped. */
const char	*daemon_database(struct ctx *, const struct daemon *);

#endif
