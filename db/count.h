/* SPDX-License-Identifier: Apache-2.0 */
/* How many there are, as the database keeps it; nothing is counted here. */
#ifndef DAAPKI_DB_COUNT_H
#define DAAPKI_DB_COUNT_H

#include "db/db.h"

enum db_count_kind { DB_COUNT_EVENTS, DB_COUNT_DEVICES, DB_COUNT_AUDIT };

/* what: a type of event, a state of devices, or "". */
struct db_count { const char *tenant, *what; int64_t n; };

/* In order of tenants, each's rows together.  ERR_STORAGE, or what fn fails
 * with. */
typedef struct err db_count_fn(struct ctx *, void *arg,
    const struct db_count *);
struct err	db_count_each(struct ctx *, struct db_tx *,
		    enum db_count_kind, db_count_fn *, void *arg);

#endif
