/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way to daa-signer: many threads send orders over one connection, a
 * thread of its own reads the answers and keeps the connection up.
 */
#ifndef DAAPKI_AUTHORITY_SIGNER_H
#define DAAPKI_AUTHORITY_SIGNER_H

#include "wire/order.h"

#define SIGNER_WAIT_S	10	/* for an answer, and for the first connection */
/* For one that makes a key: large RSA keys take seconds each, on a slow machine
 * many, and are made one after the other. */
#define SIGNER_MAKE_WAIT_S	90
/* A restart of the signer delays orders; a longer outage fails them at once, so
 * that they do not hold the workers that could serve what needs no signer. */
#define SIGNER_OUTAGE_S	3

struct signer;

/* Orders that were answered, and how long that took in all. */
struct signer_stats { uint64_t orders, us; };
void		signer_count(struct signer *, struct signer_stats *out);

/* Called for the first connection and for each new one after a loss. */
struct signer_conf {
	struct err	(*connect)(struct ctx *, void *arg, int *out_fd);
	void		*arg;
	const struct log *log;
};

/*
 * Connect, say hello, and keep connected until signer_close().
 * ERR_SIGNER_GONE	not connected within SIGNER_WAIT_S
 */
struct err	signer_open(struct ctx *, const struct signer_conf *,
		    struct signer **out);
/* No call may be under way.  NULL is nothing. */
void		signer_close(struct signer *);
/* Whether the connection is up now; for /readyz. */
bool		signer_is_up(struct signer *);

/*
 * Send an order (its tag is chosen here) and wait for its answer, which is in
 * cx->arena.  A lost connection fails what is under way: the signer may have
 * done it, and recovery at the next start of either brings it in.
 * ERR_SIGNER_GONE	no connection for SIGNER_OUTAGE_S, or it broke, or no
 *			answer in time; Retry-After is set
 * ERR_SIGNER_GONE	also when it cannot work now: its disk is full, say
 * ERR_HSM_GONE		the key is in an HSM that does not answer; Retry-After
 *			is set
 * ERR_HSM_REFUSED	that HSM cannot, or has no such key
 * ERR_ORDER_KEY_STORE	no HSM of that name is configured
 * ERR_SIGNER_REFUSED	the signer said no: the note has its code and words
 */
struct err	signer_call(struct ctx *, struct signer *, struct order *,
		    struct answer *out);

#endif
