/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of table tenant.  In this room lists take the ID to begin after and the
 * most rows to give, oldest first; texts and arrays are in cx->arena; a row
 * that is not there is ERR_NOT_FOUND, one that is there twice ERR_EXISTS, and
 * everything may fail with ERR_STORAGE.
 */
#ifndef DAAPKI_DB_TENANT_H
#define DAAPKI_DB_TENANT_H

#include "db/db.h"

struct db_tenant {
	int64_t		 id;
	const char	*name, *title;
	int64_t		 created_s;
	const char	*algorithm;	/* of its CAs; NULL stands for "p256" */
	int64_t		 revision;	/* read only; 0: not read */
	int64_t		 deleted_s;	/* 0: it is not */
	int64_t		 ended_s;	/* 0: there is something left to end */
};

struct err	db_tenant_insert(struct ctx *, struct db_tx *,
		    const struct db_tenant *, int64_t *out_id);
struct err	db_tenant_by_name(struct ctx *, struct db_tx *,
		    const char *name, struct db_tenant *out);
struct err	db_tenant_by_id(struct ctx *, struct db_tx *, int64_t id,
		    struct db_tenant *out);
/* ERR_NOT_FOUND	it is deleted already */
struct err	db_tenant_delete(struct ctx *, struct db_tx *, int64_t id,
		    int64_t at_s);
/* Nothing is left of a deleted one. */
struct err	db_tenant_end(struct ctx *, struct db_tx *, int64_t id,
		    int64_t at_s);
/* A deleted one of which something is left; *out_found false: there is none. */
struct err	db_tenant_unended(struct ctx *, struct db_tx *,
		    struct db_tenant *out, bool *out_found);
/* Without the platform's own row. */
struct err	db_tenant_list(struct ctx *, struct db_tx *, int64_t after,
		    size_t most, struct db_tenant **out, size_t *out_n);

#endif
