/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of table token; lists and failures as db/tenant.h says.  Tenant 0 is
 * the platform. */
#ifndef DAAPKI_DB_TOKEN_H
#define DAAPKI_DB_TOKEN_H

#include "db/db.h"

struct db_token {
	int64_t		 id;
	int64_t		 tenant_id;
	const char	*name;
	const char	*role;		/* "admin", "owner", "reader" */
	struct slice	 hash;		/* keyed; nobody can compute it */
	int64_t		 created_s;
	int64_t		 expires_s;	/* 0: never */
	int64_t		 last_used_s;	/* 0: never; to the minute */
	int64_t		 revoked_s;	/* 0: not revoked */
};

struct err	db_token_insert(struct ctx *, struct db_tx *,
		    const struct db_token *, int64_t *out_id);
struct err	db_token_by_hash(struct ctx *, struct db_tx *,
		    struct slice hash, struct db_token *out);
struct err	db_token_list(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t after, size_t most, struct db_token **out,
		    size_t *out_n);
/* ERR_NOT_FOUND	also when it was revoked before */
struct err	db_token_revoke(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t id, int64_t at_s);
struct err	db_token_used(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t id, int64_t at_s);

#endif
