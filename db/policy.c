/* SPDX-License-Identifier: Apache-2.0 */
#include "db/policy.h"

#include "db/optional.h"

/* --- versions --------------------------------------------------------- */

struct err
db_policy_insert(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t group_id, const struct db_policy *p)
{
	return db_run(cx, tx, STMT_POLICY_INSERT, DB_ARGS(DB_I(tenant_id),
	    DB_I(group_id), DB_I(p->version), DB_T(p->document),
	    DB_I(p->created_s), DB_T(p->created_by)), NULL);
}

struct policies { struct db_policy *items; size_t n; };

static struct err
read_row(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct policies *read = arg;
	struct db_policy *p = &read->items[read->n++];

	(void)stop;
	p->version = db_int(row, 0);
	p->document = db_text_of(cx, row, 1);
	p->created_s = db_int(row, 2);
	p->created_by = db_text_of(cx, row, 3);
	return OK;
}

struct err
db_policy_get(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t group_id, int64_t version, struct db_policy *out)
{
	struct db_policy found;
	struct policies read = { &found, 0 };

	TRY(db_rows(cx, tx, STMT_POLICY_GET, DB_ARGS(DB_I(tenant_id),
	    DB_I(group_id), DB_I(version)), read_row, &read));
	if (read.n == 0)
		return FAIL(cx, ERR_NOT_FOUND, "no such policy version");
	*out = found;
	return OK;
}

struct err
db_policy_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t group_id, int64_t after, size_t most, struct db_policy **out,
    size_t *out_n)
{
	struct policies read = {
		arena_array(cx->arena, most, sizeof(struct db_policy)), 0
	};

	TRY(db_rows(cx, tx, STMT_POLICY_LIST, DB_ARGS(DB_I(tenant_id),
	    DB_I(group_id), DB_I(after), DB_I((int64_t)most)), read_row,
	    &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}

static struct err
read_number(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	int64_t *out = arg;

	(void)cx;
	(void)stop;
	*out = db_int_or_0(row, 0);
	return OK;
}

struct err
db_policy_newest(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t group_id, int64_t *out)
{
	int64_t newest = 0;

	TRY(db_rows(cx, tx, STMT_POLICY_NEWEST, DB_ARGS(DB_I(tenant_id),
	    DB_I(group_id)), read_number, &newest));
	*out = newest;
	return OK;
}

/* --- drafts ------------------------------------------------------------ */

static struct err
read_draft(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct db_policy_draft *d = arg;
	struct db_walk w = { cx, row, 0 };

	(void)stop;
	d->revision = walk_int(&w);
	d->document = walk_text(&w);
	d->base_version = walk_int(&w);
	d->changed_s = walk_int(&w);
	d->changed_by = walk_text(&w);
	return OK;
}

struct err
db_policy_draft_get(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t group_id, struct db_policy_draft *out)
{
	struct db_policy_draft found = { .revision = 0 };

	TRY(db_rows(cx, tx, STMT_POLICY_DRAFT_GET, DB_ARGS(DB_I(tenant_id),
	    DB_I(group_id)), read_draft, &found));
	*out = found;
	return OK;
}

struct err
db_policy_draft_put(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t group_id, const struct db_policy_draft *d)
{
	return db_run(cx, tx, STMT_POLICY_DRAFT_PUT, DB_ARGS(DB_I(tenant_id),
	    DB_I(group_id), DB_I(d->revision), DB_T(d->document),
	    DB_I(d->base_version), DB_I(d->changed_s), DB_T(d->changed_by)),
	    NULL);
}

/* --- activations --------------------------------------------------------- */

struct activations { struct db_policy_activation *items; size_t n; };

static struct err
read_activation(struct ctx *cx, const struct db_row *row, void *arg,
    bool *stop)
{
	struct activations *read = arg;
	struct db_policy_activation *a = &read->items[read->n++];
	struct db_walk w = { cx, row, 0 };

	(void)stop;
	a->id = walk_int(&w);
	a->version = walk_int(&w);
	a->from_version = walk_int(&w);
	a->at_s = walk_int(&w);
	a->actor = walk_text(&w);
	a->reason = walk_text(&w);
	a->grace_until_s = walk_int(&w);
	return OK;
}

struct err
db_policy_activation_add(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t group_id, const struct db_policy_activation *a, int64_t *out_id)
{
	return db_insert(cx, tx, STMT_POLICY_ACTIVATION_ADD, DB_ARGS(
	    DB_I(tenant_id), DB_I(group_id), DB_I(a->version),
	    db_int_or_null(a->from_version), DB_I(a->at_s), DB_T(a->actor),
	    DB_T(a->reason), db_int_or_null(a->grace_until_s)), out_id);
}

struct err
db_policy_activation_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t group_id, int64_t after, size_t most,
    struct db_policy_activation **out, size_t *out_n)
{
	struct activations read = {
		arena_array(cx->arena, most, sizeof(*read.items)), 0
	};

	TRY(db_rows(cx, tx, STMT_POLICY_ACTIVATION_LIST, DB_ARGS(
	    DB_I(tenant_id), DB_I(group_id), DB_I(after),
	    DB_I((int64_t)most)), read_activation, &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}

struct err
db_policy_activation_last(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t group_id, struct db_policy_activation *out)
{
	struct db_policy_activation found;
	struct activations read = { &found, 0 };

	TRY(db_rows(cx, tx, STMT_POLICY_ACTIVATION_LAST, DB_ARGS(
	    DB_I(tenant_id), DB_I(group_id)), read_activation, &read));
	if (read.n == 0)
		return FAIL(cx, ERR_NOT_FOUND, "nothing was put in force");
	*out = found;
	return OK;
}
