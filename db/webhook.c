/* SPDX-License-Identifier: Apache-2.0 */
#include "db/webhook.h"

#include "base/base.h"
#include "db/optional.h"

struct rows { struct webhook_row *items; size_t n, max; };

static struct err
take(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct rows *read = arg;
	struct webhook_row *h = &read->items[read->n];
	struct db_walk w = { cx, row, 0 };

	ASSERT(read->n < read->max);
	h->id = walk_int(&w);
	h->tenant_id = walk_int(&w);
	h->url = walk_text(&w);
	h->types = walk_text(&w);
	h->description = walk_text(&w);
	h->kind = walk_text(&w);
	h->state = walk_text(&w);
	h->reason = walk_text(&w);
	h->sealed = walk_blob(&w);
	h->old_sealed = walk_blob(&w);
	h->old_until_s = walk_int(&w);
	h->cursor = walk_int(&w);
	h->epoch = walk_int(&w);
	h->attempts = walk_int(&w);
	h->next_s = walk_int(&w);
	h->failing_since_s = walk_int(&w);
	h->created_s = walk_int(&w);
	h->created_by = walk_text(&w);
	*stop = ++read->n == read->max;
	return OK;
}

static struct err
take_int(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	int64_t *out = arg;

	(void)cx;
	*out = db_int_or_0(row, 0);
	*stop = true;
	return OK;
}

struct err
db_webhook_insert(struct ctx *cx, struct db_tx *tx,
    const struct webhook_row *h, int64_t *out_id)
{
	return db_insert(cx, tx, STMT_WEBHOOK_INSERT, DB_ARGS(
	    DB_I(h->tenant_id), DB_T(h->url), DB_T(h->types),
	    DB_T(h->description), DB_T(h->kind), DB_B(h->sealed),
	    DB_I(h->cursor), DB_I(h->created_s), DB_T(h->created_by)),
	    out_id);
}

struct err
db_webhook_count(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t *out)
{
	*out = 0;
	return db_rows(cx, tx, STMT_WEBHOOK_COUNT, DB_ARGS(DB_I(tenant_id)),
	    take_int, out);
}

struct err
db_webhook_get(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t id, struct webhook_row *out)
{
	struct webhook_row found;
	struct rows read = { &found, 0, 1 };

	TRY(db_rows(cx, tx, STMT_WEBHOOK_GET, DB_ARGS(DB_I(tenant_id),
	    DB_I(id)), take, &read));
	if (read.n == 0)
		return FAIL(cx, ERR_NOT_FOUND, "webhook %lld", (long long)id);
	*out = found;
	return OK;
}

struct err
db_webhook_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t after, unsigned limit, struct webhook_row **out, size_t *out_n)
{
	struct rows read = { NULL, 0, limit };

	read.items = arena_array(cx->arena, read.max, sizeof(*read.items));
	TRY(db_rows(cx, tx, STMT_WEBHOOK_LIST, DB_ARGS(DB_I(tenant_id),
	    DB_I(after), DB_I(limit)), take, &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}

struct err
db_webhook_active(struct ctx *cx, struct db_tx *tx, int64_t after,
    unsigned limit, struct webhook_row **out, size_t *out_n)
{
	struct rows read = { NULL, 0, limit };

	read.items = arena_array(cx->arena, read.max, sizeof(*read.items));
	TRY(db_rows(cx, tx, STMT_WEBHOOK_ACTIVE, DB_ARGS(DB_I(after),
	    DB_I(limit)), take, &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}

static struct err
one_changed(struct ctx *cx, int64_t changed, int64_t id)
{
	return changed == 1 ? OK : FAIL(cx, ERR_NOT_FOUND, "webhook %lld",
	    (long long)id);
}

struct err
db_webhook_delete(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t id)
{
	int64_t changed;

	TRY(db_run(cx, tx, STMT_WEBHOOK_DELIVERY_FORGET,
	    DB_ARGS(DB_I(tenant_id), DB_I(id)), NULL));
	TRY(db_run(cx, tx, STMT_WEBHOOK_DELETE, DB_ARGS(DB_I(tenant_id),
	    DB_I(id)), &changed));
	return one_changed(cx, changed, id);
}

struct err
db_webhook_keys(struct ctx *cx, struct db_tx *tx,
    const struct webhook_row *h)
{
	int64_t changed;

	TRY(db_run(cx, tx, STMT_WEBHOOK_KEYS, DB_ARGS(DB_I(h->tenant_id),
	    DB_I(h->id), DB_B(h->sealed), db_blob_or_null(h->old_sealed),
	    db_int_or_null(h->old_until_s)), &changed));
	return one_changed(cx, changed, h->id);
}

struct err
db_webhook_begin(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t id, int64_t cursor)
{
	int64_t changed;

	TRY(db_run(cx, tx, STMT_WEBHOOK_BEGIN, DB_ARGS(DB_I(tenant_id),
	    DB_I(id), DB_I(cursor)), &changed));
	return one_changed(cx, changed, id);
}

struct err
db_webhook_progress(struct ctx *cx, struct db_tx *tx,
    const struct webhook_row *h, bool *out_kept)
{
	int64_t changed;

	TRY(db_run(cx, tx, STMT_WEBHOOK_PROGRESS, DB_ARGS(
	    DB_I(h->tenant_id), DB_I(h->id), DB_I(h->epoch),
	    DB_I(h->cursor), DB_I(h->attempts), db_int_or_null(h->next_s),
	    db_int_or_null(h->failing_since_s), DB_T(h->state),
	    DB_T(h->reason)), &changed));
	*out_kept = changed == 1;
	return OK;
}

struct err
db_delivery_add(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t webhook_id, unsigned most, const struct delivery_row *d)
{
	TRY(db_run(cx, tx, STMT_WEBHOOK_DELIVERY_ADD, DB_ARGS(
	    DB_I(tenant_id), DB_I(webhook_id), DB_I(d->event_id),
	    DB_T(d->type), DB_I(d->at_s), DB_I(d->attempt), DB_T(d->outcome),
	    db_int_or_null(d->status), DB_I(d->ms), DB_T(d->excerpt)), NULL));
	return db_run(cx, tx, STMT_WEBHOOK_DELIVERY_TRIM, DB_ARGS(
	    DB_I(tenant_id), DB_I(webhook_id), DB_I(most)), NULL);
}

struct deliveries { struct delivery_row *items; size_t n, max; };

static struct err
take_delivery(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct deliveries *read = arg;
	struct delivery_row *d = &read->items[read->n];
	struct db_walk w = { cx, row, 0 };

	ASSERT(read->n < read->max);
	d->id = walk_int(&w);
	d->event_id = walk_int(&w);
	d->type = walk_text(&w);
	d->at_s = walk_int(&w);
	d->attempt = walk_int(&w);
	d->outcome = walk_text(&w);
	d->status = walk_int(&w);
	d->ms = walk_int(&w);
	d->excerpt = walk_text(&w);
	*stop = ++read->n == read->max;
	return OK;
}

struct err
db_delivery_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t webhook_id, int64_t after, unsigned limit,
    struct delivery_row **out, size_t *out_n)
{
	struct deliveries read = { NULL, 0, limit };

	read.items = arena_array(cx->arena, read.max, sizeof(*read.items));
	TRY(db_rows(cx, tx, STMT_WEBHOOK_DELIVERY_LIST, DB_ARGS(
	    DB_I(tenant_id), DB_I(webhook_id), DB_I(after), DB_I(limit)),
	    take_delivery, &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}

struct err
db_event_before(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t at_s, int64_t *out_id)
{
	*out_id = 0;
	return db_rows(cx, tx, STMT_EVENT_BEFORE, DB_ARGS(DB_I(tenant_id),
	    DB_I(at_s)), take_int, out_id);
}
