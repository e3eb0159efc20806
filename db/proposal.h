/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of table proposal; lists and failures as db/tenant.h says.  Tenant 0 is
 * the platform. */
#ifndef DAAPKI_DB_PROPOSAL_H
#define DAAPKI_DB_PROPOSAL_H

#include "db/db.h"

struct db_proposal {
	int64_t		 id;
	int64_t		 tenant_id;
	const char	*kind;
	const char	*subject;	/* what it is about, for people */
	const char	*params;	/* JSON */
	const char	*state;		/* schema/0023-proposal.sql */
	const char	*proposed_by;
	const char	*person, *lineage;	/* of who proposed */
	int64_t		 created_s, expires_s;
	const char	*decided_by;	/* NULL: nobody yet */
	int64_t		 decided_s;	/* 0: not yet */
	const char	*outcome;	/* JSON, or NULL */
};

/* ERR_EXISTS	an open one of that kind is about the same */
struct err	db_proposal_insert(struct ctx *, struct db_tx *,
		    const struct db_proposal *, int64_t *out_id);
struct err	db_proposal_get(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t id, struct db_proposal *out);
struct err	db_proposal_list(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t after, size_t most,
		    struct db_proposal **out, size_t *out_n);
/* Open ones whose time is over are expired from now on. */
struct err	db_proposal_expire(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t now_s);
/* State, decided_by, decided_s and outcome of the row with that ID. */
struct err	db_proposal_decide(struct ctx *, struct db_tx *,
		    const struct db_proposal *);

#endif
