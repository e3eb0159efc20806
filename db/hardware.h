/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of table hardware; lists and failures as db/tenant.h says.  Tenant 0 is
 * the platform. */
#ifndef DAAPKI_DB_HARDWARE_H
#define DAAPKI_DB_HARDWARE_H

#include "db/db.h"

struct db_hardware {
	int64_t		 id;
	int64_t		 tenant_id;
	const char	*hardware_id, *device_id;
	const char	*note;		/* "" when there is none */
	int64_t		 expires_s;	/* 0: never */
	int64_t		 created_s;
	const char	*created_by;
	struct slice	 spki;		/* DER; empty: the ID says it */
	/* Of the platform's: authority/claim_proof.h, authority/manifest.h */
	struct slice	 claim_secret;	/* keyed hash; empty: none */
	const char	*model, *batch;	/* NULL or "": not said */
	const char	*manifest;	/* SHA-256 in hex; the same */
};

struct err	db_hardware_insert(struct ctx *, struct db_tx *,
		    const struct db_hardware *, int64_t *out_id);
/* Say of a part of the platform that is there its claim secret, model, batch
 * and manifest, where the row has them; *out_known is false when it is not. */
struct err	db_hardware_describe(struct ctx *, struct db_tx *,
		    const struct db_hardware *, bool *out_known);
struct err	db_hardware_list(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t after, size_t most,
		    struct db_hardware **out, size_t *out_n);
/* Calls fn for each part that a tenant or the platform knows and that has not
 * expired at that time.  The row lives as long as cx->arena. */
struct err	db_hardware_each(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t at_s,
		    void (*fn)(void *arg, const struct db_hardware *),
		    void *arg);
struct err	db_hardware_delete(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t id);
/* Take away the row of a part if it has expired; no failure if it has not. */
struct err	db_hardware_forget(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const char *hardware_id,
		    int64_t at_s);

#endif
