/* SPDX-License-Identifier: Apache-2.0 */
#include "db/audit.h"

#include "base/base.h"
#include "db/optional.h"

struct chains { struct audit_chain *items; size_t n, cap; };

static void
read_chain(struct ctx *cx, const struct db_row *row, struct audit_chain *out)
{
	struct db_walk w = { cx, row, 0 };

	out->tenant_id = walk_int(&w);
	out->name = walk_text(&w);
	out->seq = (uint64_t)walk_int(&w);
	out->hash = walk_blob(&w);
}

static void *
grow(struct ctx *cx, void *items, size_t n, size_t *cap, size_t size)
{
	void *larger;

	if (n < *cap)
		return items;
	*cap = *cap == 0 ? 16 : *cap * 2;
	larger = arena_array(cx->arena, *cap, size);
	if (n > 0)
		memcpy(larger, items, n * size);
	return larger;
}

static struct err
take_chain(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct chains *c = arg;

	(void)stop;
	c->items = grow(cx, c->items, c->n, &c->cap, sizeof(*c->items));
	read_chain(cx, row, &c->items[c->n++]);
	return OK;
}

struct err
db_audit_chain(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    struct audit_chain *out, bool *out_found)
{
	struct chains c = { .n = 0 };

	TRY(db_rows(cx, tx, STMT_AUDIT_CHAIN, DB_ARGS(DB_I(tenant_id)),
	    take_chain, &c));
	*out_found = c.n > 0;
	if (c.n > 0)
		*out = c.items[0];
	return OK;
}

struct err
db_audit_begin(struct ctx *cx, struct db_tx *tx, const struct audit_chain *c)
{
	return db_run(cx, tx, STMT_AUDIT_BEGIN, DB_ARGS(DB_I(c->tenant_id),
	    DB_T(c->name), DB_B(c->hash)), NULL);
}

struct err
db_audit_insert(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct audit_row *r)
{
	return db_run(cx, tx, STMT_AUDIT_INSERT, DB_ARGS(DB_I(tenant_id),
	    DB_I((int64_t)r->seq), DB_I(r->at_s), DB_T(r->actor_kind),
	    DB_T(r->actor), DB_T(r->credential), DB_T(r->action),
	    DB_T(r->subject), DB_T(r->request_id), DB_T(r->trace),
	    DB_T(r->outcome), DB_T(r->data), DB_B(r->hash)), NULL);
}

struct rows { struct audit_row *items; size_t n, cap; };

static struct err
take_row(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct db_walk w = { cx, row, 0 };
	struct rows *read = arg;
	struct audit_row *r;

	(void)stop;
	read->items = grow(cx, read->items, read->n, &read->cap,
	    sizeof(*read->items));
	r = &read->items[read->n++];
	r->seq = (uint64_t)walk_int(&w);
	r->at_s = walk_int(&w);
	r->actor_kind = walk_text(&w);
	r->actor = walk_text(&w);
	r->credential = walk_text(&w);
	r->action = walk_text(&w);
	r->subject = walk_text(&w);
	r->request_id = walk_text(&w);
	r->trace = walk_text(&w);
	r->outcome = walk_text(&w);
	r->data = walk_text(&w);
	r->hash = walk_blob(&w);
	r->before = walk_blob(&w);
	return OK;
}

struct err
db_audit_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct audit_filter *f, struct audit_row **out, size_t *out_n)
{
	struct rows read = { .n = 0 };

	TRY(db_rows(cx, tx, STMT_AUDIT_LIST, DB_ARGS(DB_I(tenant_id),
	    DB_I((int64_t)f->after), DB_I((int64_t)f->limit), DB_T(f->actor),
	    DB_T(f->actions), DB_T(f->subject), DB_I(f->from_s),
	    DB_I(f->to_s), DB_T(f->action), f->through == 0 ?
	    DB_I(INT64_MAX) : DB_I((int64_t)f->through)), take_row,
	    &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}

struct err
db_audit_chains(struct ctx *cx, struct db_tx *tx, struct audit_chain **out,
    size_t *out_n)
{
	struct chains c = { .n = 0 };

	TRY(db_rows(cx, tx, STMT_AUDIT_CHAINS, NULL, 0, take_chain, &c));
	*out = c.items;
	*out_n = c.n;
	return OK;
}

struct ids { int64_t *items; size_t n, cap; };

static struct err
take_id(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct ids *ids = arg;

	(void)stop;
	ids->items = grow(cx, ids->items, ids->n, &ids->cap,
	    sizeof(*ids->items));
	ids->items[ids->n++] = db_int(row, 0);
	return OK;
}

struct err
db_audit_unbegun(struct ctx *cx, struct db_tx *tx, int64_t **out_ids,
    size_t *out_n)
{
	struct ids ids = { .n = 0 };

	TRY(db_rows(cx, tx, STMT_AUDIT_UNBEGUN, NULL, 0, take_id, &ids));
	*out_ids = ids.items;
	*out_n = ids.n;
	return OK;
}

/* --- checkpoints ------------------------------------------------------------ */

static void
read_checkpoint(struct db_walk *w, struct audit_checkpoint *out)
{
	out->id = walk_int(w);
	out->at_s = walk_int(w);
	out->root = walk_blob(w);
	out->leaves = walk_blob(w);
	out->n_chains = (uint32_t)walk_int(w);
	out->journal_seq = (uint64_t)walk_int(w);
	out->public_key = walk_blob(w);
	out->signature = walk_blob(w);
}

static struct err
take_checkpoint(struct ctx *cx, const struct db_row *row, void *arg,
    bool *stop)
{
	struct db_walk w = { cx, row, 0 };

	read_checkpoint(&w, arg);
	*stop = true;
	return OK;
}

struct err
db_audit_checkpoint_add(struct ctx *cx, struct db_tx *tx,
    const struct audit_checkpoint *c, int64_t *out_id)
{
	return db_insert(cx, tx, STMT_AUDIT_CHECKPOINT_ADD, DB_ARGS(
	    DB_I(c->at_s), DB_B(c->root), DB_B(c->leaves),
	    DB_I(c->n_chains)), out_id);
}

struct err
db_audit_checkpoint_done(struct ctx *cx, struct db_tx *tx,
    const struct audit_checkpoint *c)
{
	return db_run(cx, tx, STMT_AUDIT_CHECKPOINT_DONE, DB_ARGS(
	    DB_I(c->id), DB_I((int64_t)c->journal_seq), DB_B(c->public_key),
	    DB_B(c->signature)), NULL);
}

struct err
db_audit_checkpoint_found(struct ctx *cx, struct db_tx *tx,
    struct slice root, int64_t at_s, uint64_t journal_seq, bool *out_found)
{
	int64_t n;

	TRY(db_run(cx, tx, STMT_AUDIT_CHECKPOINT_FOUND, DB_ARGS(DB_B(root),
	    DB_I(at_s), DB_I((int64_t)journal_seq)), &n));
	*out_found = n > 0;
	return OK;
}

struct err
db_audit_checkpoint_give_up(struct ctx *cx, struct db_tx *tx,
    int64_t before_s)
{
	TRY(db_run(cx, tx, STMT_AUDIT_HEAD_GIVE_UP, DB_ARGS(DB_I(before_s)),
	    NULL));
	return db_run(cx, tx, STMT_AUDIT_CHECKPOINT_GIVE_UP,
	    DB_ARGS(DB_I(before_s)), NULL);
}

struct err
db_audit_checkpoint_by_seq(struct ctx *cx, struct db_tx *tx,
    uint64_t journal_seq, struct audit_checkpoint *out, bool *out_found)
{
	struct audit_checkpoint c = { .id = 0 };

	TRY(db_rows(cx, tx, STMT_AUDIT_CHECKPOINT_BY_SEQ,
	    DB_ARGS(DB_I((int64_t)journal_seq)), take_checkpoint, &c));
	*out = c;
	*out_found = c.id != 0;
	return OK;
}

static struct err
take_count(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct audit_count *count = arg;

	(void)cx;
	(void)stop;
	count->n = (uint64_t)db_int(row, 0);
	count->last_id = db_int(row, 1);
	return OK;
}

struct err
db_audit_checkpoints_count(struct ctx *cx, struct db_tx *tx,
    struct audit_count *out)
{
	return db_rows(cx, tx, STMT_AUDIT_CHECKPOINTS_COUNT, NULL, 0,
	    take_count, out);
}

struct err
db_audit_head_add(struct ctx *cx, struct db_tx *tx,
    const struct audit_head *h)
{
	return db_run(cx, tx, STMT_AUDIT_HEAD_ADD, DB_ARGS(
	    DB_I(h->tenant_id), DB_I(h->checkpoint), DB_I(h->place),
	    DB_I((int64_t)h->seq), DB_B(h->hash)), NULL);
}

static void
read_head(struct db_walk *w, struct audit_head *out)
{
	out->checkpoint = walk_int(w);
	out->place = (uint32_t)walk_int(w);
	out->seq = (uint64_t)walk_int(w);
	out->hash = walk_blob(w);
}

static struct err
take_head(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct db_walk w = { cx, row, 0 };

	read_head(&w, arg);
	*stop = true;
	return OK;
}

struct err
db_audit_head_last(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    struct audit_head *out)
{
	struct audit_head h = { .tenant_id = tenant_id };

	TRY(db_rows(cx, tx, STMT_AUDIT_HEAD_LAST, DB_ARGS(DB_I(tenant_id)),
	    take_head, &h));
	*out = h;
	return OK;
}

struct anchored { struct audit_anchored *items; size_t n, cap; };

static struct err
take_anchored(struct ctx *cx, const struct db_row *row, void *arg,
    bool *stop)
{
	struct db_walk w = { cx, row, 0 };
	struct anchored *read = arg;
	struct audit_anchored *a;

	(void)stop;
	read->items = grow(cx, read->items, read->n, &read->cap,
	    sizeof(*read->items));
	a = &read->items[read->n++];
	read_head(&w, &a->head);
	read_checkpoint(&w, &a->checkpoint);
	return OK;
}

struct err
db_audit_anchored(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    uint64_t after, uint64_t to, size_t limit, struct audit_anchored **out,
    size_t *out_n)
{
	struct anchored read = { .n = 0 };

	TRY(db_rows(cx, tx, STMT_AUDIT_ANCHORED, DB_ARGS(DB_I(tenant_id),
	    DB_I((int64_t)after), DB_I((int64_t)to), DB_I((int64_t)limit)),
	    take_anchored, &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}
