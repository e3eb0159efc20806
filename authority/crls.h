/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The revocation lists of all CAs, as they are served.
 *
 * An issuing CA has one complete list and some shards; each certificate names
 * one shard for ever.  A list is made at once when a revocation concerns it, at
 * most once a second, and by time while somebody asks for it.  One that nobody
 * asks for costs nothing: it is made, or read from the database, when asked for.
 */
#ifndef DAAPKI_AUTHORITY_CRLS_H
#define DAAPKI_AUTHORITY_CRLS_H

#include "authority/issuers.h"
#include "db/crl.h"

#define CRLS_WAIT_S	3	/* who asks for a list that must first be made */

struct crls;

/* Begin to keep the lists; those that a crash left behind are made first.
 * The authority's issuers are open already.  ERR_STORAGE */
struct err	crls_open(struct ctx *, const struct authority *,
		    struct crls **out);
/* Before issuers_close().  NULL is nothing. */
void		crls_close(struct crls *);

/* The shard of a new certificate: random, CRL_COMPLETE where there is none. */
unsigned	crls_pick(const struct ctx *, const struct authority *,
		    const struct issuer *);
/* A revocation was committed: the complete list and that shard show it soon. */
void		crls_changed(const struct authority *, int64_t ca_id,
		    unsigned shard);

struct crl_view {
	struct slice	der;	/* held until cx->arena goes; not a copy */
	uint64_t	number;
	int64_t		this_s, next_s;
};
/*
 * The present list.  It may be past its nextUpdate when its CA is, or when no
 * newer one could be made.
 * ERR_NOT_FOUND	that CA has no such shard
 * ERR_BUSY		it could not be made in time; Retry-After is set
 * ERR_STORAGE
 */
struct err	crls_get(struct ctx *, const struct authority *,
		    const struct issuer *, unsigned shard,
		    struct crl_view *out);
/* The same without waiting; false where crls_get() would have to, or refuse. */
bool		crls_held(struct ctx *, const struct authority *,
		    const struct issuer *, unsigned shard,
		    struct crl_view *out);

#endif
