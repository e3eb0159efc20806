/* SPDX-License-Identifier: Apache-2.0 */
/* Revocations that the journal knows and the database does not: a part of
 * authority/recover.h. */
#ifndef DAAPKI_AUTHORITY_RECOVER_REVOKED_H
#define DAAPKI_AUTHORITY_RECOVER_REVOKED_H

#include "authority/authority.h"
#include "db/certificate.h"
#include "wire/order.h"

/* How many revocations the entry may add to a list. */
size_t		recover_n_revoked(const struct journal_entry *);

/*
 * Bring one entry of kind JOURNAL_REVOKED in: what the database has as good is
 * revoked with its first time and reason, a CA with all that it issued.  What
 * it knows already is left alone.  Certificates are added to *list, which has
 * room for recover_n_revoked() more; *out_changed is how many were revoked.
 * ERR_STORAGE
 */
struct err	recover_revoked(struct ctx *, struct db_tx *, int64_t now_s,
		    const struct journal_entry *, struct revoked_list *list,
		    size_t *out_changed);

#endif
