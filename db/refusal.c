/* SPDX-License-Identifier: Apache-2.0 */
#include "db/refusal.h"

#include "base/base.h"
#include "db/optional.h"

struct err
db_refusal_add(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t device, const struct refusal_row *r)
{
	TRY(db_run(cx, tx, STMT_REFUSAL_ADD, DB_ARGS(DB_I(tenant_id),
	    DB_I(device), DB_I(r->at_s), DB_T(r->code), DB_T(r->detail),
	    DB_T(r->format), DB_T(r->policy_group),
	    db_int_or_null(r->policy_version), DB_T(r->claim),
	    DB_T(r->wanted), DB_T(r->found)), NULL));
	return db_run(cx, tx, STMT_REFUSAL_FORGET, DB_ARGS(DB_I(tenant_id),
	    DB_I(device), DB_I(REFUSALS_KEPT)), NULL);
}

struct reading { struct refusal_row *rows; size_t n; };

static struct err
take(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct reading *reading = arg;
	struct refusal_row *r = &reading->rows[reading->n];
	struct db_walk w = { cx, row, 0 };

	r->at_s = walk_int(&w);
	r->code = walk_text(&w);
	r->detail = walk_text(&w);
	r->format = walk_text(&w);
	r->policy_group = walk_text(&w);
	r->policy_version = walk_int(&w);
	r->claim = walk_text(&w);
	r->wanted = walk_text(&w);
	r->found = walk_text(&w);
	*stop = ++reading->n == REFUSALS_KEPT;
	return OK;
}

struct err
db_refusal_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t device, struct refusal_row out[static REFUSALS_KEPT],
    size_t *out_n)
{
	struct reading reading = { out, 0 };

	TRY(db_rows(cx, tx, STMT_REFUSAL_LIST, DB_ARGS(DB_I(tenant_id),
	    DB_I(device), DB_I(REFUSALS_KEPT)), take, &reading));
	*out_n = reading.n;
	return OK;
}
