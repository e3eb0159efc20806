/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of tables policy, policy_draft and policy_activation; lists and
 * failures as db/tenant.h says. */
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
/* Versions after that one, oldest first. */
struct err	db_policy_list(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t group_id, int64_t after, size_t most,
		    struct db_policy **out, size_t *out_n);
/* The highest version that there is; 0: none. */
struct err	db_policy_newest(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t group_id, int64_t *out);

struct db_policy_draft {
	int64_t		 revision;	/* 0: there never was a draft */
	const char	*document;	/* NULL: there is none now */
	int64_t		 base_version;	/* in force when it was begun */
	int64_t		 changed_s;
	const char	*changed_by;
};

/* All 0 and NULL when the group never had one. */
struct err	db_policy_draft_get(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t group_id,
		    struct db_policy_draft *out);
struct err	db_policy_draft_put(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t group_id,
		    const struct db_policy_draft *);

struct db_policy_activation {
	int64_t		 id;
	int64_t		 version;
	int64_t		 from_version;	/* 0: the group was made with it */
	int64_t		 at_s;
	const char	*actor, *reason;	/* reason may be "" */
	int64_t		 grace_until_s;	/* 0: none */
};

struct err	db_policy_activation_add(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t group_id,
		    const struct db_policy_activation *, int64_t *out_id);
struct err	db_policy_activation_list(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t group_id, int64_t after,
		    size_t most, struct db_policy_activation **out,
		    size_t *out_n);
/* The one in force.  ERR_NOT_FOUND when nothing was ever put in force. */
struct err	db_policy_activation_last(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t group_id,
		    struct db_policy_activation *out);

#endif
