/* SPDX-License-Identifier: Apache-2.0 */
#include "db/oidc.h"

#include "base/base.h"
#include "db/optional.h"

struct rows { struct oidc_row *items; size_t n, max; };

static struct err
take(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct rows *read = arg;
	struct oidc_row *o = &read->items[read->n];
	struct db_walk w = { cx, row, 0 };

	ASSERT(read->n < read->max);
	o->id = walk_int(&w);
	o->url = walk_text(&w);
	o->audience = walk_text(&w);
	o->title = walk_text(&w);
	o->bound = walk_text(&w);
	o->platform = walk_int(&w) != 0;
	o->rules = walk_text(&w);
	o->jwks = walk_text(&w);
	o->jwks_url = walk_text(&w);
	o->lineage = walk_text(&w);
	o->revision = walk_int(&w);
	o->created_s = walk_int(&w);
	o->created_by = walk_text(&w);
	o->fetched = walk_text(&w);
	o->fetched_s = walk_int(&w);
	o->tried_s = walk_int(&w);
	o->fetch_error = walk_text(&w);
	*stop = ++read->n == read->max;
	return OK;
}

struct err
db_oidc_insert(struct ctx *cx, struct db_tx *tx, const struct oidc_row *o,
    int64_t *out_id)
{
	return db_insert(cx, tx, STMT_OIDC_INSERT, DB_ARGS(DB_T(o->url),
	    DB_T(o->audience), DB_T(o->title), DB_T(o->bound),
	    DB_I(o->platform), DB_T(o->rules), DB_T(o->jwks),
	    DB_T(o->jwks_url), DB_T(o->lineage), DB_I(o->created_s),
	    DB_T(o->created_by)), out_id);
}

struct err
db_oidc_get(struct ctx *cx, struct db_tx *tx, int64_t id,
    struct oidc_row *out)
{
	struct oidc_row found;
	struct rows read = { &found, 0, 1 };

	TRY(db_rows(cx, tx, STMT_OIDC_GET, DB_ARGS(DB_I(id)), take, &read));
	if (read.n == 0)
		return FAIL(cx, ERR_NOT_FOUND, "issuer %lld", (long long)id);
	*out = found;
	return OK;
}

struct err
db_oidc_list(struct ctx *cx, struct db_tx *tx, int64_t after, size_t most,
    struct oidc_row **out, size_t *out_n)
{
	struct rows read = {
		arena_array(cx->arena, most, sizeof(struct oidc_row)), 0, most
	};

	TRY(db_rows(cx, tx, STMT_OIDC_LIST, DB_ARGS(DB_I(after),
	    DB_I((int64_t)most)), take, &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}

struct err
db_oidc_update(struct ctx *cx, struct db_tx *tx, const struct oidc_row *o)
{
	return db_run(cx, tx, STMT_OIDC_UPDATE, DB_ARGS(DB_I(o->id),
	    DB_T(o->audience), DB_T(o->title), DB_T(o->rules), DB_T(o->jwks),
	    DB_T(o->jwks_url), DB_T(o->lineage), DB_T(o->fetched),
	    db_int_or_null(o->fetched_s), db_int_or_null(o->tried_s),
	    DB_T(o->fetch_error)), NULL);
}

struct err
db_oidc_fetched(struct ctx *cx, struct db_tx *tx, const struct oidc_row *o)
{
	return db_run(cx, tx, STMT_OIDC_FETCHED, DB_ARGS(DB_I(o->id),
	    DB_T(o->fetched), db_int_or_null(o->fetched_s),
	    db_int_or_null(o->tried_s), DB_T(o->fetch_error)), NULL);
}

struct err
db_oidc_delete(struct ctx *cx, struct db_tx *tx, int64_t id)
{
	int64_t n;

	TRY(db_run(cx, tx, STMT_OIDC_DELETE, DB_ARGS(DB_I(id)), &n));
	if (n == 0)
		return FAIL(cx, ERR_NOT_FOUND, "issuer %lld", (long long)id);
	return OK;
}
