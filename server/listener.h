/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One plane: a listening socket and libmicrohttpd's I/O threads.  They read
 * whole requests, suspend the connection and queue the job; no I/O thread ever
 * waits for anything but its sockets.
 */
#ifndef DAAPKI_SERVER_LISTENER_H
#define DAAPKI_SERVER_LISTENER_H

#include "server/engine.h"
#include "server/tls.h"
#include "server/workers.h"

struct listener;

struct listener_conf {
	enum plane	 plane;
	const char	*listen;	/* as the setting: "0.0.0.0:8443" */
	struct engine	*engine;
	struct workers	*workers;
	struct tls	*tls;		/* NULL: plain HTTP */
	unsigned	 n_threads;
	unsigned	 connections_max;
	unsigned	 connections_per_address_max;	/* 0: no limit */
	unsigned	 request_timeout_s;
};

/*
 * Bind and listen; nobody is answered before listener_start().
 * ERR_CONFIG	the address cannot be had
 */
struct err	listener_bind(struct ctx *, const char *listen, int *out_fd,
		    unsigned *out_port);
/* Begin to answer on fd, which is the listener's from here, also on failure. */
struct err	listener_start(struct ctx *, const struct listener_conf *,
		    int fd, struct listener **out);

/* Close connections whose request or reply takes too long; each second. */
void		listener_tick(struct listener *);
/* Take no new connections; those there are are answered and closed. */
void		listener_quiesce(struct listener *);
/* Requests under way, replies that are not yet sent included. */
size_t		listener_busy(struct listener *);
/* Only when no job is on a worker.  NULL is nothing. */
void		listener_stop(struct listener *);

/* For workers_conf. */
void		listener_job_done(struct job *);

#endif
