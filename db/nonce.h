/* SPDX-License-Identifier: Apache-2.0 */
/* Nonces that were appraised: each appraises once.  All: ERR_STORAGE. */
#ifndef DAAPKI_DB_NONCE_H
#define DAAPKI_DB_NONCE_H

#include "db/db.h"

/* ERR_NONCE_USED */
struct err	db_nonce_use(struct ctx *, struct db_tx *, struct slice nonce,
		    int64_t expires_s);
/* A cheap look beforehand; only db_nonce_use() decides.  ERR_NONCE_USED */
struct err	db_nonce_unused(struct ctx *, struct db_tx *,
		    struct slice nonce);
/* Forget those that expired before that time; *out_n may be NULL. */
struct err	db_nonce_prune(struct ctx *, struct db_tx *, int64_t before_s,
		    int64_t *out_n);

#endif
