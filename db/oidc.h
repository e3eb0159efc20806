/* SPDX-License-Identifier: Apache-2.0 */
/* Issuers of OpenID Connect.  All: ERR_STORAGE. */
#ifndef DAAPKI_DB_OIDC_H
#define DAAPKI_DB_OIDC_H

#include "db/db.h"

struct oidc_row {
	int64_t		 id;
	const char	*url, *audience;
	const char	*title;		/* or NULL */
	const char	*bound;		/* a tenant's name, or NULL */
	bool		 platform;
	const char	*rules;		/* JSON */
	const char	*jwks;		/* JSON, or NULL: by URL */
	const char	*jwks_url;	/* or NULL: as given */
	const char	*lineage;	/* authority/role.h */
	int64_t		 revision;	/* read only */
	int64_t		 created_s;
	const char	*created_by;
	const char	*fetched;	/* JSON, or NULL: not yet */
	int64_t		 fetched_s;	/* 0: never */
	int64_t		 tried_s;	/* 0: never */
	const char	*fetch_error;	/* of the last try, or NULL */
};

/* ERR_EXISTS	there is one of that URL and audience */
struct err	db_oidc_insert(struct ctx *, struct db_tx *,
		    const struct oidc_row *, int64_t *out_id);
/* ERR_NOT_FOUND */
struct err	db_oidc_get(struct ctx *, struct db_tx *, int64_t id,
		    struct oidc_row *out);
struct err	db_oidc_list(struct ctx *, struct db_tx *, int64_t after,
		    size_t most, struct oidc_row **out, size_t *out_n);
/* What an operator can change, and lineage; what was fetched is as in the row.
 * ERR_EXISTS */
struct err	db_oidc_update(struct ctx *, struct db_tx *,
		    const struct oidc_row *);
/* What came of fetching keys. */
struct err	db_oidc_fetched(struct ctx *, struct db_tx *,
		    const struct oidc_row *);
/* ERR_NOT_FOUND */
struct err	db_oidc_delete(struct ctx *, struct db_tx *, int64_t id);

#endif
