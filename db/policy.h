/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of table policy; failures as db/tenant.h says. */
#ifndef DAAPKI_DB_POLICY_H
#define DAAPKI_DB_POLICY_H

#include "db/db.h"

struct db_policy {
	int64_t		 version;	/* from 1, without gaps */
	const char	*document;	/* JSON, as policy_text() has it */
	int64_t		 created_s;
	const char	*created_by;
};

struct err	db_policy_insert(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t group_id,
		    const struct db_policy *);
struct err	db_policy_get(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t group_id, int64_t version, struct db_policy *out);

#endif
