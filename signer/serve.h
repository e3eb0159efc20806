/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signer's loop, in one thread: read every order that is ready, do them
 * all, sync the journal once, answer them all.
 */
#ifndef DAAPKI_SIGNER_SERVE_H
#define DAAPKI_SIGNER_SERVE_H

#include <signal.h>
#include <sys/types.h>

#include "signer/work.h"

#define SERVE_PEERS_MAX		16u	/* connections at a time */
#define SERVE_BATCH_MAX		256u	/* orders in one sync */
#define SERVE_BATCH_BYTES	(16u * 1024u * 1024u)	/* of answers, about */
#define SERVE_READ_SIZE		(256u * 1024u)	/* at once from one peer */
#define SERVE_IN_MAX		(WIRE_FRAME_MAX + SERVE_READ_SIZE)	/* waiting */
#define SERVE_OUT_MAX		(2u * WIRE_FRAME_MAX)	/* unread answers: from
						 * then on nothing is read */
#define SERVE_DRAIN_MS		5000	/* for answers at the end */

struct serve_conf {
	int		 fd;		/* the only peer; -1 for none */
	int		 listen_fd;	/* Unix socket; -1 for none */
	uid_t		 peer_uid;	/* who may connect there, besides root */
	const volatile sig_atomic_t *stop;	/* set by a signal handler */
	sigset_t	 wait_mask;	/* signals that are blocked in ppoll */
	const struct log *log;
};

/*
 * Serve until the only peer has closed or *stop is set.  Takes the
 * descriptors over.
 * ERR_JOURNAL	the journal is lost: the process must be started anew
 * ERR_IO	poll failed
 */
struct err	serve(struct work *, const struct serve_conf *);

#endif
