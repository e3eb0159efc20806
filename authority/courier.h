/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way to daa-courier, which alone opens connections to the outside: many
 * threads give it requests, a thread of its own reads the answers and keeps the
 * connection up.  Where it may not connect to is the courier's to refuse.
 */
#ifndef DAAPKI_AUTHORITY_COURIER_H
#define DAAPKI_AUTHORITY_COURIER_H

#include "wire/courier.h"

struct courier;

/* Called for the first connection and for each new one after a loss. */
struct courier_conf {
	struct err	(*connect)(struct ctx *, void *arg, int *out_fd);
	void		*arg;
	const struct log *log;
};

/* Begin to connect; nothing is waited for. */
struct courier	*courier_open(const struct courier_conf *);
/* Who still waits is told COURIER_LOST.  NULL is nothing. */
void		 courier_close(struct courier *);

/* Is it connected, and how many requests are under way? */
struct courier_stats { bool up; size_t under_way; };
void		 courier_count(struct courier *, struct courier_stats *out);

/* On the courier's thread: it must not wait, nor call courier_send(). */
typedef void courier_done(void *arg, const struct courier_answer *);

/*
 * Have a request done; its seq is chosen here.  done is called once, also with
 * COURIER_LOST when the courier ends: then it is not known whether it was done.
 * ERR_BUSY	COURIER_AT_ONCE_MAX are under way
 * ERR_HTTP	the courier cannot be reached now
 */
struct err	 courier_send(struct ctx *, struct courier *,
		    struct courier_request *, courier_done *, void *arg);
/* The same, and wait for the answer, which is in cx->arena. */
struct err	 courier_fetch(struct ctx *, struct courier *,
		    struct courier_request *, struct courier_answer *out);

#endif
