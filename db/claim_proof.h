/* SPDX-License-Identifier: Apache-2.0 */
/* What proves a claim, and who signs lists of parts.  ERR_STORAGE as ever. */
#ifndef DAAPKI_DB_CLAIM_PROOF_H
#define DAAPKI_DB_CLAIM_PROOF_H

#include "db/db.h"

/* The keyed hash of the claim secret that the platform's inventory has of that
 * device; empty when it has none. */
struct err	db_claim_secret(struct ctx *, struct db_tx *,
		    const char *device_id, int64_t now_s, struct slice *out);
/* Wrong claims of a device by that tenant; those until since_s do not count. */
struct err	db_claim_tries(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const char *device_id,
		    int64_t since_s, unsigned *out);
struct err	db_claim_try_put(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const char *device_id,
		    unsigned tries, int64_t at_s);
struct err	db_claim_try_forget(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const char *device_id);
struct err	db_claim_try_prune(struct ctx *, struct db_tx *,
		    int64_t until_s);

struct manifest_key_row {
	int64_t		 id;
	const char	*name;
	const char	*key_id;	/* SHA-256 of spki, hex */
	struct slice	 spki;		/* DER */
	int64_t		 created_s;
	const char	*created_by;
};

/* ERR_EXISTS */
struct err	db_manifest_key_insert(struct ctx *, struct db_tx *,
		    const struct manifest_key_row *, int64_t *out_id);
struct err	db_manifest_key_list(struct ctx *, struct db_tx *,
		    int64_t after, unsigned limit,
		    struct manifest_key_row **out, size_t *out_n);
struct err	db_manifest_key_find(struct ctx *, struct db_tx *,
		    const char *key_id, struct manifest_key_row *out,
		    bool *out_found);
/* ERR_NOT_FOUND */
struct err	db_manifest_key_delete(struct ctx *, struct db_tx *,
		    int64_t id);

#endif
