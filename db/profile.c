/* SPDX-License-Identifier: Apache-2.0 */
#include "db/profile.h"

#include "db/optional.h"

struct rows { struct db_profile *items; size_t n; bool with_cursor; };

static struct err
read_row(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct rows *rows = arg;
	struct db_profile *p = &rows->items[rows->n++];
	struct db_walk w = { cx, row, 0 };

	(void)stop;
	p->id = walk_int(&w);
	p->name = walk_text(&w);
	p->version = walk_int(&w);
	p->document = walk_text(&w);
	p->created_s = walk_int(&w);
	p->created_by = walk_text(&w);
	p->cursor = rows->with_cursor ? walk_int(&w) : 0;
	return OK;
}

struct err
db_profile_insert(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct db_profile *p, int64_t *out_id)
{
	return db_insert(cx, tx, STMT_PROFILE_INSERT, DB_ARGS(DB_I(tenant_id),
	    DB_T(p->name), DB_I(p->version), DB_T(p->document),
	    DB_I(p->created_s), DB_T(p->created_by)), out_id);
}

struct err
db_profile_get(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *name, int64_t version, struct db_profile *out)
{
	struct db_profile found;
	struct rows rows = { &found, 0, false };
	const struct db_value args[] = { DB_I(tenant_id), DB_T(name),
	    DB_I(version) };

	TRY(db_rows(cx, tx, version == 0 ? STMT_PROFILE_NEWEST :
	    STMT_PROFILE_GET, args, version == 0 ? 2 : 3, read_row, &rows));
	if (rows.n == 0)
		return FAIL(cx, ERR_NOT_FOUND, "no such profile or version");
	*out = found;
	return OK;
}

struct err
db_profile_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t after, size_t most, struct db_profile **out, size_t *out_n)
{
	struct rows rows = {
		arena_array(cx->arena, most, sizeof(struct db_profile)), 0,
		true
	};

	TRY(db_rows(cx, tx, STMT_PROFILE_LIST, DB_ARGS(DB_I(tenant_id),
	    DB_I(after), DB_I((int64_t)most)), read_row, &rows));
	*out = rows.items;
	*out_n = rows.n;
	return OK;
}

struct err
db_profile_versions(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *name, int64_t after, size_t most, struct db_profile **out,
    size_t *out_n)
{
	struct rows rows = {
		arena_array(cx->arena, most, sizeof(struct db_profile)), 0,
		true
	};

	TRY(db_rows(cx, tx, STMT_PROFILE_VERSIONS, DB_ARGS(DB_I(tenant_id),
	    DB_T(name), DB_I(after), DB_I((int64_t)most)), read_row, &rows));
	*out = rows.items;
	*out_n = rows.n;
	return OK;
}
