/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of table device_group; lists and failures as db/tenant.h says. */
#ifndef DAAPKI_DB_GROUP_H
#define DAAPKI_DB_GROUP_H

#include "db/db.h"

struct db_group {
	int64_t		 id;
	const char	*name, *title;
	const char	*profile;	/* its name */
	int64_t		 profile_version;	/* 0: always the newest */
	int64_t		 policy_version;
	int64_t		 created_s;
	int64_t		 revision;	/* read only; 0: not read */
};

struct err	db_group_insert(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const struct db_group *,
		    int64_t *out_id);
struct err	db_group_by_name(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const char *name,
		    struct db_group *out);
struct err	db_group_by_id(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t id, struct db_group *out);
struct err	db_group_list(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t after, size_t most, struct db_group **out,
		    size_t *out_n);
/* Title and profile of the row with that ID; nothing else. */
struct err	db_group_update(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const struct db_group *);
/* Any version: an older one may come into force again. */
struct err	db_group_set_policy(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t id, int64_t version);

#endif
