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
	c->group_id = walk_int(&w);
	c->left_group_id = walk_int(&w);
	c->transferred_from = walk_text(&w);
	c->transferred_to = walk_text(&w);
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
    const char *device_id, const struct claim_end *end)
{
	int64_t changed;

	TRY(db_run(cx, tx, STMT_CLAIM_CLOSE, DB_ARGS(DB_I(tenant_id),
	    DB_T(device_id), DB_I(end->at_s), DB_T(end->by),
	    DB_T(end->reason), db_int_or_null(end->transfer_id),
	    db_int_or_null(end->group_id)), &changed));
	if (changed != 1)
		return FAIL(cx, ERR_NOT_FOUND, "no open claim");
	return OK;
}

struct err
db_claim_set_came(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *device_id, int64_t transfer_id)
{
	return db_run(cx, tx, STMT_CLAIM_CAME, DB_ARGS(DB_I(tenant_id),
	    DB_T(device_id), DB_I(transfer_id)), NULL);
}

static struct err
take_int(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	int64_t *out = arg;

	(void)cx;
	*out = db_int(row, 0);
	*stop = true;
	return OK;
}

struct err
db_claim_came_by(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *device_id, int64_t transfer_id, bool *out_yes)
{
	int64_t one = 0;

	TRY(db_rows(cx, tx, STMT_CLAIM_CAME_BY, DB_ARGS(DB_I(tenant_id),
	    DB_T(device_id), DB_I(transfer_id)), take_int, &one));
	*out_yes = one == 1;
	return OK;
}

struct err
db_claim_last(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *device_id, struct claim_row *out, bool *out_found)
{
	struct claims_read read = { out, 0, 1 };

	TRY(db_rows(cx, tx, STMT_CLAIM_LAST,
	    DB_ARGS(DB_I(tenant_id), DB_T(device_id)), take, &read));
	*out_found = read.n == 1;
	return OK;
}

struct err
db_claim_newest(struct ctx *cx, struct db_tx *tx, const char *device_id,
    int64_t *out_id)
{
	int64_t id = 0;

	TRY(db_rows(cx, tx, STMT_CLAIM_NEWEST, DB_ARGS(DB_T(device_id)),
	    take_int, &id));
	*out_id = id;
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
