/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many there are of each tenant.  What there may be many of is kept by the
 * database as it changes, or counted up to DB_COUNT_MOST, so that asking costs
 * the same however large a tenant is.
 */
#ifndef DAAPKI_DB_COUNT_H
#define DAAPKI_DB_COUNT_H

#include "db/db.h"

#define DB_COUNT_MOST		1000u	/* undelivered of a webhook, ending */
#define DB_COUNT_TENANTS	100u	/* of whom what ends is counted */

enum db_count_kind {
	DB_COUNT_EVENTS, DB_COUNT_DEVICES, DB_COUNT_AUDIT, DB_COUNT_REPORTS,
	DB_COUNT_WEBHOOKS, DB_COUNT_UNDELIVERED, DB_COUNT_OPERATIONS,
	DB_COUNT_ENDING,
	/* Seconds: */
	DB_COUNT_UNDELIVERED_AGE, DB_COUNT_CRL_AGE, DB_COUNT_CRL_LEFT,
};

/* As of now_s; what ends by soon_s, ends soon. */
struct db_count_at { int64_t now_s, soon_s; };

/* what: a type of event, a state of devices, or "". */
struct db_count { const char *tenant, *what; int64_t n; };

/* In order of tenants, each's rows together.  ERR_STORAGE, or what fn fails
 * with. */
typedef struct err db_count_fn(struct ctx *, void *arg,
    const struct db_count *);
struct err	db_count_each(struct ctx *, struct db_tx *,
		    enum db_count_kind, const struct db_count_at *,
		    db_count_fn *, void *arg);

#endif
