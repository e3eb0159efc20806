/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of table collateral; lists and failures as db/tenant.h says.  Tenant 0
 * is the platform. */
#ifndef DAAPKI_DB_COLLATERAL_H
#define DAAPKI_DB_COLLATERAL_H

#include "db/db.h"

struct db_collateral {
	int64_t		 id;
	int64_t		 tenant_id;
	const char	*kind, *name, *provenance, *about;
	struct slice	 sha256;	/* of the document */
	const char	*document;	/* JSON; "" in lists */
	int64_t		 issued_s;
	int64_t		 expires_s;	/* 0: never */
	int64_t		 created_s;
	const char	*created_by;
};

/*
 * Put it in the place of one of the same kind about the same that is not newer.
 * ERR_EXISTS	there is a newer one
 */
struct err	db_collateral_put(struct ctx *, struct db_tx *,
		    const struct db_collateral *, int64_t *out_id);
struct err	db_collateral_list(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t after, size_t most,
		    struct db_collateral **out, size_t *out_n);
struct err	db_collateral_get(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t id, struct db_collateral *out);
/* Calls fn for each row that holds for a tenant: its own and the platform's.
 * The row lives as long as cx->arena. */
struct err	db_collateral_each(struct ctx *, struct db_tx *,
		    int64_t tenant_id, struct err (*fn)(struct ctx *,
		    void *arg, const struct db_collateral *), void *arg);
struct err	db_collateral_delete(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t id);
/* Rows that expire at that time or before and were not warned of: at most that
 * many, the first to expire first. */
struct err	db_collateral_due(struct ctx *, struct db_tx *, int64_t at_s,
		    size_t most, struct db_collateral **out, size_t *out_n);
struct err	db_collateral_warned(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t id, int64_t at_s);

/* --- what certificates rest on ------------------------------------------- */

/* A piece with that SHA-256 is one of those behind a digest. */
struct err	db_collateral_use(struct ctx *, struct db_tx *,
		    int64_t tenant_id, struct slice set_sha256,
		    struct slice sha256);
/* One of them as it was; kind and document are NULL when it is not there. */
struct db_collateral_piece {
	struct slice	 sha256;
	const char	*kind, *document;
};
/* Calls fn for each piece behind a digest. */
struct err	db_collateral_used(struct ctx *, struct db_tx *,
		    int64_t tenant_id, struct slice set_sha256,
		    struct err (*fn)(struct ctx *, void *arg,
		    const struct db_collateral_piece *), void *arg);
/* Of what was replaced or deleted before that time, all that no certificate
 * rests on. */
struct err	db_collateral_forget(struct ctx *, struct db_tx *,
		    int64_t before_s, int64_t *out_n);

#endif
