/* SPDX-License-Identifier: Apache-2.0 */
#include "db/proposal.h"

#include "db/optional.h"

struct rows { struct db_proposal *items; size_t n; };

static struct err
read_row(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct rows *rows = arg;
	struct db_walk w = { cx, row, 0 };
	struct db_proposal *p = &rows->items[rows->n++];

	(void)stop;
	p->id = walk_int(&w);
	p->tenant_id = walk_int(&w);
	p->kind = walk_text(&w);
	p->subject = walk_text(&w);
	p->params = walk_text(&w);
	p->state = walk_text(&w);
	p->proposed_by = walk_text(&w);
	p->person = walk_text(&w);
	p->lineage = walk_text(&w);
	p->created_s = walk_int(&w);
	p->expires_s = walk_int(&w);
	p->decided_by = walk_text(&w);
	p->decided_s = walk_int(&w);
	p->outcome = walk_text(&w);
	return OK;
}

struct err
db_proposal_insert(struct ctx *cx, struct db_tx *tx,
    const struct db_proposal *p, int64_t *out_id)
{
	return db_insert(cx, tx, STMT_PROPOSAL_INSERT, DB_ARGS(
	    DB_I(p->tenant_id), DB_T(p->kind), DB_T(p->subject),
	    DB_T(p->params), DB_T(p->proposed_by), DB_T(p->person),
	    DB_T(p->lineage), DB_I(p->created_s), DB_I(p->expires_s)), out_id);
}

struct err
db_proposal_get(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t id, struct db_proposal *out)
{
	struct db_proposal found;
	struct rows rows = { &found, 0 };

	TRY(db_rows(cx, tx, STMT_PROPOSAL_GET, DB_ARGS(DB_I(tenant_id),
	    DB_I(id)), read_row, &rows));
	if (rows.n == 0)
		return FAIL(cx, ERR_NOT_FOUND, "no such proposal");
	*out = found;
	return OK;
}

struct err
db_proposal_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t after, size_t most, struct db_proposal **out, size_t *out_n)
{
	struct rows rows = {
		arena_array(cx->arena, most, sizeof(struct db_proposal)), 0
	};

	TRY(db_rows(cx, tx, STMT_PROPOSAL_LIST, DB_ARGS(DB_I(tenant_id),
	    DB_I(after), DB_I((int64_t)most)), read_row, &rows));
	*out = rows.items;
	*out_n = rows.n;
	return OK;
}

struct err
db_proposal_expire(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t now_s)
{
	return db_run(cx, tx, STMT_PROPOSAL_EXPIRE, DB_ARGS(DB_I(tenant_id),
	    DB_I(now_s)), NULL);
}

struct err
db_proposal_decide(struct ctx *cx, struct db_tx *tx,
    const struct db_proposal *p)
{
	int64_t n_changed;

	TRY(db_run(cx, tx, STMT_PROPOSAL_DECIDE, DB_ARGS(DB_I(p->tenant_id),
	    DB_I(p->id), DB_T(p->state), DB_T(p->decided_by),
	    db_int_or_null(p->decided_s), DB_T(p->outcome)), &n_changed));
	if (n_changed == 0)
		return FAIL(cx, ERR_NOT_FOUND, "no such proposal");
	return OK;
}
