/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of table profile; lists and failures as db/tenant.h says. */
#ifndef DAAPKI_DB_PROFILE_H
#define DAAPKI_DB_PROFILE_H

#include "db/db.h"

struct db_profile {
	int64_t		 id;		/* of this version */
	const char	*name;
	int64_t		 version;	/* from 1, without gaps */
	const char	*document;	/* JSON, as profile_text() has it */
	int64_t		 created_s;
	const char	*created_by;
	int64_t		 cursor;	/* of lists; else 0 */
};

/* ERR_EXISTS	there is that version */
struct err	db_profile_insert(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const struct db_profile *,
		    int64_t *out_id);
/* version 0: the newest. */
struct err	db_profile_get(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const char *name, int64_t version,
		    struct db_profile *out);
/* The newest version of each. */
struct err	db_profile_list(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t after, size_t most,
		    struct db_profile **out, size_t *out_n);
/* All versions of one, after that one. */
struct err	db_profile_versions(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const char *name, int64_t after,
		    size_t most, struct db_profile **out, size_t *out_n);

#endif
