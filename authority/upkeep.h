/* SPDX-License-Identifier: Apache-2.0 */
/* What is done by time: used nonces forgotten, the journal looked through, CAs
 * rolled over, keys that sign OCSP renewed, operators told what lapses. */
#ifndef DAAPKI_AUTHORITY_UPKEEP_H
#define DAAPKI_AUTHORITY_UPKEEP_H

#include "authority/authority.h"

struct upkeep;

struct upkeep	*upkeep_start(const struct authority *);
/* Waits for the round that runs.  NULL is nothing. */
void		 upkeep_stop(struct upkeep *);

#endif
