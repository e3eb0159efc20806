/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting daa-signer and daa-courier, or connecting to a signer that runs by
 * itself.
 *
 * A small process is forked off before daad has threads, secrets or a sandbox;
 * only it starts programs.  It starts either when asked, hands daad the other
 * end of its socketpair, ends an old one first, and goes when daad goes: so daad
 * itself never needs fork() or exec() again.
 */
#ifndef DAAPKI_SERVER_SIGNER_PROCESS_H
#define DAAPKI_SERVER_SIGNER_PROCESS_H

#include <sys/types.h>

#include "server/settings.h"

#define SIGNER_PROGRAM		"daa-signer"
#define COURIER_PROGRAM		"daa-courier"
#define SIGNER_FD		3	/* where the signer finds its connection */
#define SIGNER_END_MS		3000	/* for an old signer to end by itself */

struct signer_process;

/*
 * Call while the process has one thread.
 * ERR_CONFIG	a process could not be forked
 */
struct err	signer_process_open(struct ctx *, const struct settings *,
		    struct signer_process **out);
/* Ends the signer that was started, and waits for it.  NULL is nothing. */
void		signer_process_close(struct signer_process *);

/*
 * For signer_conf: arg is the struct signer_process.
 * ERR_SIGNER_GONE	it could not be started, or nobody listens
 */
struct err	signer_process_connect(struct ctx *, void *arg, int *out_fd);

/* The same for courier_conf: daa-courier, which the same process starts.
 * ERR_HTTP	it could not be started */
struct err	signer_process_courier(struct ctx *, void *arg, int *out_fd);

/* Have daa-signer make a master key at that path.  ERR_CONFIG, ERR_IO */
struct err	signer_process_make_key_at(struct ctx *,
		    const struct settings *, const char *path);

/*
 * Where the next master key (or passphrase) is while one takes over from
 * another: a signer is started with both while there is something.
 */
const char	*signer_process_new_secret(struct ctx *,
		    const struct settings *);

/*
 * Have a daa-signer of its own check the journal and write its entries to
 * *out_fd, as signer/dump.h describes.  log_key: NULL, or the file of the
 * public key that its checkpoints must be signed by.  End it by closing, then
 * signer_process_dump_end().
 * ERR_IO
 */
struct err	signer_process_dump(struct ctx *, const struct settings *,
		    const char *log_key, int *out_fd, pid_t *out_pid);
void		signer_process_dump_end(pid_t);

#endif
