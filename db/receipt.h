/* SPDX-License-Identifier: Apache-2.0 */
/* Answers kept for who asks again.  All: ERR_STORAGE. */
#ifndef DAAPKI_DB_RECEIPT_H
#define DAAPKI_DB_RECEIPT_H

#include "db/db.h"

struct db_receipt {
	int64_t		tenant_id;	/* 0: none */
	struct slice	key, asked;	/* keyed hashes */
	struct slice	answer;		/* sealed */
	int64_t		created_s;
};

/* The one with that key, if it was made after after_s. */
struct err	db_receipt_get(struct ctx *, struct db_tx *, int64_t tenant_id,
		    struct slice key, int64_t after_s, struct db_receipt *out,
		    bool *out_found);
/* One with that key that was made by until_s goes first.  ERR_EXISTS */
struct err	db_receipt_insert(struct ctx *, struct db_tx *,
		    const struct db_receipt *, int64_t until_s);
/* Forget those that were made by then; *out_n may be NULL. */
struct err	db_receipt_prune(struct ctx *, struct db_tx *, int64_t until_s,
		    int64_t *out_n);

#endif
