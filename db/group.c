/* SPDX-License-Identifier: Apache-2.0 */
#include "db/group.h"

#include "db/optional.h"

struct rows { struct db_group *items; size_t n; };

static struct err
read_row(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct rows *rows = arg;

	(void)stop;
	rows->items[rows->n++] = (struct db_group){
		.id = db_int(row, 0),
		.name = db_text_of(cx, row, 1),
		.title = db_text_of(cx, row, 2),
		.profile = db_text_of(cx, row, 3),
		.profile_version = db_int_or_0(row, 4),
		.policy_version = db_int(row, 5),
		.created_s = db_int(row, 6),
		.revision = db_int(row, 7),
	};
	return OK;
}

struct err
db_group_insert(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct db_group *g, int64_t *out_id)
{
	return db_insert(cx, tx, STMT_GROUP_INSERT, DB_ARGS(DB_I(tenant_id),
	    DB_T(g->name), DB_T(g->title), DB_T(g->profile),
	    db_int_or_null(g->profile_version), DB_I(g->policy_version),
	    DB_I(g->created_s)), out_id);
}

static struct err
one(struct ctx *cx, struct db_tx *tx, enum db_stmt stmt, int64_t tenant_id,
    struct db_value key, struct db_group *out)
{
	struct db_group found;
	struct rows rows = { &found, 0 };

	TRY(db_rows(cx, tx, stmt, DB_ARGS(DB_I(tenant_id), key), read_row,
	    &rows));
	if (rows.n == 0)
		return FAIL(cx, ERR_NOT_FOUND, "no such group");
	*out = found;
	return OK;
}

struct err
db_group_by_name(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *name, struct db_group *out)
{
	return one(cx, tx, STMT_GROUP_BY_NAME, tenant_id, DB_T(name), out);
}

struct err
db_group_by_id(struct ctx *cx, struct db_tx *tx, int64_t tenant_id, int64_t id,
    struct db_group *out)
{
	return one(cx, tx, STMT_GROUP_BY_ID, tenant_id, DB_I(id), out);
}

struct err
db_group_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t after, size_t most, struct db_group **out, size_t *out_n)
{
	struct rows rows = {
		arena_array(cx->arena, most, sizeof(struct db_group)), 0
	};

	TRY(db_rows(cx, tx, STMT_GROUP_LIST,
	    DB_ARGS(DB_I(tenant_id), DB_I(after), DB_I((int64_t)most)),
	    read_row, &rows));
	*out = rows.items;
	*out_n = rows.n;
	return OK;
}

struct err
db_group_update(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct db_group *g)
{
	int64_t n_changed;

	TRY(db_run(cx, tx, STMT_GROUP_UPDATE, DB_ARGS(DB_I(tenant_id),
	    DB_I(g->id), DB_T(g->title), DB_T(g->profile),
	    db_int_or_null(g->profile_version)), &n_changed));
	if (n_changed == 0)
		return FAIL(cx, ERR_NOT_FOUND, "no such group");
	return OK;
}

struct err
db_group_set_policy(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t id, int64_t version)
{
	int64_t n_changed;

	TRY(db_run(cx, tx, STMT_GROUP_SET_POLICY, DB_ARGS(DB_I(tenant_id),
	    DB_I(id), DB_I(version)), &n_changed));
	if (n_changed == 0)
		return FAIL(cx, ERR_NOT_FOUND, "no such group");
	return OK;
}
