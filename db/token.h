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
	const char	*role;		/* authority/role.h */
	struct slice	 hash;		/* keyed; nobody can compute it */
	int64_t		 group_id;	/* 0: every group */
	const char	*group;		/* read only: its name, or NULL */
	const char	*person, *lineage;	/* authority/authority.h */
	struct slice	 old_hash;	/* before the rotation; or empty */
	int64_t		 old_until_s;	/* until when that is good */
	int64_t		 rotated_s;	/* 0: never */
	const char	*certificate;	/* that stands for it, or NULL */
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
struct err	db_token_by_certificate(struct ctx *, struct db_tx *,
		    const char *match, struct db_token *out);
struct err	db_token_by_id(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t id, struct db_token *out);
/*
 * Give the row with that ID its members hash, old_until_s, rotated_s,
 * expires_s and lineage; the hash it had is the old one now.
 * ERR_NOT_FOUND	also when it was revoked
 */
struct err	db_token_rotate(struct ctx *, struct db_tx *,
		    const struct db_token *);
/* ERR_NOT_FOUND	also when it was revoked before */
struct err	db_token_revoke(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t id, int64_t at_s);
/* All of a tenant. */
struct err	db_token_revoke_all(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t at_s);
struct err	db_token_used(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t id, int64_t at_s);

#endif
