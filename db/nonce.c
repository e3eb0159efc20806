/* SPDX-License-Identifier: Apache-2.0 */
#include "db/nonce.h"

#include "base/base.h"

struct err
db_nonce_use(struct ctx *cx, struct db_tx *tx, struct slice nonce,
    int64_t expires_s)
{
	struct err e = db_run(cx, tx, STMT_NONCE_USE,
	    DB_ARGS(DB_B(nonce), DB_I(expires_s)), NULL);

	if (e.code == ERR_EXISTS)
		return FAIL(cx, ERR_NONCE_USED, "nonce was appraised before");
	return e;
}

struct err
db_nonce_prune(struct ctx *cx, struct db_tx *tx, int64_t before_s,
    int64_t *out_n)
{
	return db_run(cx, tx, STMT_NONCE_PRUNE, DB_ARGS(DB_I(before_s)),
	    out_n);
}

static struct err
say_used(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	(void)row;
	(void)arg;
	(void)stop;
	return FAIL(cx, ERR_NONCE_USED, "nonce was appraised before");
}

struct err
db_nonce_unused(struct ctx *cx, struct db_tx *tx, struct slice nonce)
{
	return db_rows(cx, tx, STMT_NONCE_GET, DB_ARGS(DB_B(nonce)), say_used,
	    NULL);
}
