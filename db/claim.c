/* SPDX-License-Identifier: Apache-2.0 */
#include "db/claim.h"

#include "base/base.h"
#include "db/optional.h"

struct claims_read { struct claim_row *items; size_t n, max; };

/* Columns as CLAIM_SELECT has them. */
static struct err
take(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct claims_read *read = arg;
	struct claim_row *c = &read->items[read->n];
	struct db_walk w = { cx, row, 0 };

	ASSERT(read->n < read->max);
	c->id = walk_int(&w);
	c->device_id = walk_text(&w);
	c->group = walk_text(&w);
	c->claimed_s = walk_int(&w);
	c->claimed_by = walk_text(&w);
	c->released_s = walk_int(&w);
	c->released_by = walk_text(&w);
	c->release_reason = walk_text(&w);
	*stop = ++read->n == read->max;
	return OK;
}

struct err
db_claim_open(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *device_id, int64_t group_id, int64_t at_s, const char *by)
{
	return db_run(cx, tx, STMT_CLAIM_OPEN, DB_ARGS(DB_I(tenant_id),
	    DB_T(device_id), DB_I(group_id), DB_I(at_s), DB_T(by)), NULL);
}

struct err
db_claim_close(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *device_id, int64_t at_s, const char *by, const char *reason)
{
	int64_t changed;

	TRY(db_run(cx, tx, STMT_CLAIM_CLOSE, DB_ARGS(DB_I(tenant_id),
	    DB_T(device_id), DB_I(at_s), DB_T(by), DB_T(reason)), &changed));
	if (changed != 1)
		return FAIL(cx, ERR_NOT_FOUND, "no open claim");
	return OK;
}

struct err
db_claim_find(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *device_id, struct claim_row *out, bool *out_found)
{
	struct claims_read read = { out, 0, 1 };

	TRY(db_rows(cx, tx, STMT_CLAIM_FIND,
	    DB_ARGS(DB_I(tenant_id), DB_T(device_id)), take, &read));
	*out_found = read.n == 1;
	return OK;
}

struct err
db_claim_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct claim_filter *f, struct claim_row **out, size_t *out_n)
{
	struct claims_read read = { NULL, 0, f->limit };
	const struct db_value args[] = {
		DB_I(tenant_id), DB_I(f->after), db_flag_or_null(f->active),
		DB_I(f->limit), DB_T(f->device_id),
	};
	bool one = f->device_id != NULL;

	read.items = arena_array(cx->arena, read.max, sizeof(*read.items));
	TRY(db_rows(cx, tx, one ? STMT_CLAIM_LIST_DEVICE : STMT_CLAIM_LIST,
	    args, COUNT_OF(args) - (one ? 0 : 1), take, &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}
