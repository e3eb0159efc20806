/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done to CAs by time: planned activations, and with automatic rollover
 * also the staging of successors.
 *
 * The successor of an issuing CA (or of the service's own server CA) is staged
 * at two thirds of its life, or an announcement time before it is planned to
 * retire; activated after the announcement time; the old one retires when the
 * last certificate that it issued has expired.  A new root is never made by
 * itself, since relying parties have to take it in: ca.successor-due asks for
 * it.
 */
#ifndef DAAPKI_AUTHORITY_ROLLOVER_H
#define DAAPKI_AUTHORITY_ROLLOVER_H

#include "authority/authority.h"
#include "db/ca.h"

#define ROLLOVER_ACTOR	"rollover"	/* of its events */

/* Do all that is due.  A CA for which it fails is tried again a minute later.
 * ERR_STORAGE */
struct err	rollover_round(struct ctx *, const struct authority *);

/* Where ca was the active one and no one is now, with automatic rollover: make
 * one that is active at once.  What fails is logged, and done by the rounds. */
void		rollover_replace(struct ctx *, const struct authority *,
		    const struct tenant *, const struct db_ca *);

#endif
