/* SPDX-License-Identifier: Apache-2.0 */
#include "db/ca.h"

#include "base/base.h"
#include "db/fsck.h"
#include "db/optional.h"

struct rows { struct db_ca *items; size_t n; };

/* Columns as CA_COLUMNS has them. */
static struct err
read_row(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct rows *rows = arg;
	struct db_ca *ca = &rows->items[rows->n++];
	struct db_walk w = { cx, row, 0 };

	(void)stop;
	ca->id = walk_int(&w);
	ca->tenant_id = walk_int(&w);
	ca->tenant = walk_text(&w);
	ca->role = walk_text(&w);
	ca->state = walk_text(&w);
	ca->parent_id = walk_int(&w);
	ca->key_id = walk_blob(&w);
	ca->serial = walk_blob(&w);
	ca->certificate = walk_blob(&w);
	ca->sealed = walk_blob(&w);
	ca->not_before_s = walk_int(&w);
	ca->not_after_s = walk_int(&w);
	ca->created_s = walk_int(&w);
	ca->algorithm = walk_text(&w);
	ca->own_root = walk_int(&w) != 0;
	ca->csr = walk_blob(&w);
	ca->staged_s = walk_int(&w);
	ca->activate_s = walk_int(&w);
	ca->activated_s = walk_int(&w);
	ca->retire_s = walk_int(&w);
	ca->retired_s = walk_int(&w);
	ca->tainted_s = walk_int(&w);
	ca->revoked_s = walk_int(&w);
	ca->revoke_reason = (int)walk_int(&w);
	ca->warned_s = walk_int(&w);
	ca->changed_s = walk_int(&w);
	ca->look_s = walk_int(&w);
	ca->revision = walk_int(&w);
	return OK;
}

static struct err
one(struct ctx *cx, struct db_tx *tx, enum db_stmt stmt,
    const struct db_value *args, size_t n_args, struct db_ca *out)
{
	struct db_ca found;
	struct rows rows = { &found, 0 };

	TRY(db_rows(cx, tx, stmt, args, n_args, read_row, &rows));
	if (rows.n == 0)
		return FAIL(cx, ERR_NOT_FOUND, "no such CA");
	*out = found;
	return OK;
}

struct err
db_ca_insert(struct ctx *cx, struct db_tx *tx, const struct db_ca *ca,
    int64_t *out_id)
{
	return db_insert(cx, tx, STMT_CA_INSERT, DB_ARGS(
	    DB_I(ca->tenant_id), DB_T(ca->role), DB_T(ca->state),
	    db_int_or_null(ca->parent_id), DB_B(ca->key_id),
	    DB_B(ca->serial), DB_B(ca->certificate), DB_B(ca->sealed),
	    DB_I(ca->not_before_s), DB_I(ca->not_after_s),
	    DB_I(ca->created_s),
	    DB_T(ca->algorithm == NULL ? "p256" : ca->algorithm),
	    DB_I(ca->own_root), db_blob_or_null(ca->csr),
	    db_int_or_null(ca->staged_s), db_int_or_null(ca->activate_s),
	    db_int_or_null(ca->activated_s), db_int_or_null(ca->retire_s),
	    db_int_or_null(ca->retired_s), DB_I(ca->changed_s),
	    db_int_or_null(ca->look_s)), out_id);
}

struct err
db_ca_of_state(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *role, const char *state, struct db_ca *out, bool *out_found)
{
	struct db_ca found;
	struct rows rows = { &found, 0 };

	ASSERT(strcmp(state, "active") == 0 || strcmp(state, "staged") == 0);
	TRY(db_rows(cx, tx, STMT_CA_OF_STATE, DB_ARGS(DB_I(tenant_id),
	    DB_T(role), DB_T(state)), read_row, &rows));
	if (rows.n == 1)
		*out = found;
	*out_found = rows.n == 1;
	return OK;
}

struct err
db_ca_under(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t parent_id, struct slice serial, struct db_ca *out,
    bool *out_found)
{
	struct db_ca found;
	struct rows rows = { &found, 0 };

	TRY(db_rows(cx, tx, STMT_CA_UNDER, DB_ARGS(DB_I(tenant_id),
	    DB_I(parent_id), DB_B(serial)), read_row, &rows));
	if (rows.n == 1)
		*out = found;
	*out_found = rows.n == 1;
	return OK;
}

static struct err
read_text(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	const char **out = arg;

	(void)stop;
	*out = db_text_of(cx, row, 0);
	return OK;
}

struct err
db_ca_state(struct ctx *cx, struct db_tx *tx, int64_t tenant_id, int64_t id,
    const char **out)
{
	const char *state = NULL;

	TRY(db_rows(cx, tx, STMT_CA_STATE, DB_ARGS(DB_I(tenant_id), DB_I(id)),
	    read_text, &state));
	if (state == NULL)
		return FAIL(cx, ERR_NOT_FOUND, "no such CA");
	*out = state;
	return OK;
}

static struct err
read_int(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	int64_t *out = arg;

	(void)cx;
	(void)stop;
	*out = db_int(row, 0);
	return OK;
}

struct err
db_ca_count(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *role, int64_t *out)
{
	*out = 0;
	return db_rows(cx, tx, STMT_CA_COUNT,
	    DB_ARGS(DB_I(tenant_id), DB_T(role)), read_int, out);
}

struct err
db_ca_count_under(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t id, int64_t *out)
{
	*out = 0;
	return db_rows(cx, tx, STMT_CA_COUNT_UNDER,
	    DB_ARGS(DB_I(tenant_id), DB_I(id)), read_int, out);
}

struct err
db_ca_update(struct ctx *cx, struct db_tx *tx, const struct db_ca *ca,
    const char *old_state)
{
	int64_t n_changed;

	TRY(db_run(cx, tx, STMT_CA_UPDATE, DB_ARGS(DB_I(ca->tenant_id),
	    DB_I(ca->id), DB_T(old_state), DB_T(ca->state),
	    db_int_or_null(ca->activate_s), db_int_or_null(ca->activated_s),
	    db_int_or_null(ca->retire_s), db_int_or_null(ca->retired_s),
	    db_int_or_null(ca->tainted_s), db_int_or_null(ca->revoked_s),
	    ca->revoked_s == 0 ? DB_N : DB_I(ca->revoke_reason),
	    db_int_or_null(ca->warned_s), DB_I(ca->changed_s),
	    db_int_or_null(ca->look_s)), &n_changed));
	if (n_changed == 0)
		return FAIL(cx, ERR_CONFLICT, "the CA is not %s any more",
		    old_state);
	return OK;
}

struct err
db_ca_adopt(struct ctx *cx, struct db_tx *tx, const struct db_ca *ca)
{
	int64_t n_changed;

	TRY(db_run(cx, tx, STMT_CA_ADOPT, DB_ARGS(DB_I(ca->tenant_id),
	    DB_I(ca->id), DB_B(ca->key_id), DB_B(ca->serial),
	    DB_B(ca->certificate), DB_B(ca->sealed), DB_I(ca->not_before_s),
	    DB_I(ca->not_after_s), DB_I(ca->staged_s),
	    db_int_or_null(ca->look_s)), &n_changed));
	if (n_changed == 0)
		return FAIL(cx, ERR_CONFLICT, "not requested any more");
	return OK;
}

struct err
db_ca_seal_set(struct ctx *cx, struct db_tx *tx, const struct db_ca *ca,
    struct slice sealed)
{
	int64_t n_changed;

	TRY(db_run(cx, tx, STMT_CA_SEAL_SET, DB_ARGS(DB_I(ca->tenant_id),
	    DB_I(ca->id), DB_B(sealed), DB_B(ca->sealed)), &n_changed));
	if (n_changed != 1)
		return FAIL(cx, ERR_CONFLICT,
		    "its sealed record was changed meanwhile");
	return OK;
}

struct err
db_ca_look_set(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t id, int64_t look_s)
{
	return db_run(cx, tx, STMT_CA_LOOK_SET, DB_ARGS(DB_I(tenant_id),
	    DB_I(id), db_int_or_null(look_s)), NULL);
}

struct err
db_ca_by_key_id(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    struct slice key_id, struct db_ca *out)
{
	return one(cx, tx, STMT_CA_BY_KEY_ID,
	    DB_ARGS(DB_I(tenant_id), DB_B(key_id)), out);
}

struct err
db_ca_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id, int64_t after,
    size_t most, struct db_ca **out, size_t *out_n)
{
	struct rows rows = {
		arena_array(cx->arena, most, sizeof(struct db_ca)), 0
	};

	TRY(db_rows(cx, tx, STMT_CA_LIST,
	    DB_ARGS(DB_I(tenant_id), DB_I(after), DB_I((int64_t)most)),
	    read_row, &rows));
	*out = rows.items;
	*out_n = rows.n;
	return OK;
}

struct err
db_ca_by_id(struct ctx *cx, struct db_tx *tx, int64_t id, struct db_ca *out)
{
	return one(cx, tx, STMT_CA_BY_ID, DB_ARGS(DB_I(id)), out);
}

struct err
db_ca_any_by_key_id(struct ctx *cx, struct db_tx *tx, struct slice key_id,
    struct db_ca *out)
{
	return one(cx, tx, STMT_CA_ANY_BY_KEY_ID, DB_ARGS(DB_B(key_id)), out);
}

struct err
db_ca_all(struct ctx *cx, struct db_tx *tx, int64_t after, size_t most,
    struct db_ca **out, size_t *out_n)
{
	struct rows rows = {
		arena_array(cx->arena, most, sizeof(struct db_ca)), 0
	};

	TRY(db_rows(cx, tx, STMT_CA_ALL,
	    DB_ARGS(DB_I(after), DB_I((int64_t)most)), read_row, &rows));
	*out = rows.items;
	*out_n = rows.n;
	return OK;
}

/* --- what is due, above, signed ------------------------------- */

struct ids { int64_t *items; size_t n; };

static struct err
read_id(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct ids *ids = arg;

	(void)cx;
	(void)stop;
	ids->items[ids->n++] = db_int(row, 0);
	return OK;
}

struct err
db_ca_due(struct ctx *cx, struct db_tx *tx, int64_t now_s, size_t most,
    int64_t **out_ids, size_t *out_n)
{
	struct ids ids = { arena_array(cx->arena, most, sizeof(int64_t)), 0 };

	TRY(db_rows(cx, tx, STMT_CA_DUE, DB_ARGS(DB_I(now_s),
	    DB_I((int64_t)most)), read_id, &ids));
	*out_ids = ids.items;
	*out_n = ids.n;
	return OK;
}

struct err
db_ca_above_add(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t id, size_t position, struct slice certificate)
{
	return db_run(cx, tx, STMT_CA_ABOVE_ADD, DB_ARGS(DB_I(tenant_id),
	    DB_I(id), DB_I((int64_t)position), DB_B(certificate)), NULL);
}

struct above { struct slice *items; size_t n; };

static struct err
read_above(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct above *above = arg;

	(void)stop;
	if (above->n == CA_ABOVE_MAX)
		return FAIL(cx, ERR_STORAGE, "more than %u CAs above one",
		    CA_ABOVE_MAX);
	above->items[above->n++] = db_blob_of(cx, row, 0);
	return OK;
}

struct err
db_ca_above_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t id, struct slice *out, size_t *out_n)
{
	struct above above = { out, 0 };

	TRY(db_rows(cx, tx, STMT_CA_ABOVE_LIST, DB_ARGS(DB_I(tenant_id),
	    DB_I(id)), read_above, &above));
	*out_n = above.n;
	return OK;
}

struct err
db_ca_signed_add(struct ctx *cx, struct db_tx *tx,
    const struct db_ca_signed *s)
{
	return db_run(cx, tx, STMT_CA_SIGNED_ADD, DB_ARGS(
	    DB_I(s->tenant_id), DB_I(s->ca_id), DB_T(s->kind),
	    DB_B(s->serial), DB_B(s->key_id), DB_B(s->certificate),
	    DB_I(s->not_before_s), DB_I(s->not_after_s),
	    DB_I(s->created_s), db_blob_or_null(s->sealed)), NULL);
}

static struct err
read_key(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct db_ca_signed *s = arg;
	struct db_walk w = { cx, row, 0 };

	s->certificate = walk_blob(&w);
	s->sealed = walk_blob(&w);
	s->not_before_s = walk_int(&w);
	s->not_after_s = walk_int(&w);
	s->created_s = walk_int(&w);
	*stop = true;
	return OK;
}

struct err
db_ca_signed_key(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t ca_id, const char *kind, struct db_ca_signed *out)
{
	*out = (struct db_ca_signed){ .tenant_id = tenant_id, .ca_id = ca_id,
	    .kind = kind };
	return db_rows(cx, tx, STMT_CA_SIGNED_KEY, DB_ARGS(DB_I(tenant_id),
	    DB_I(ca_id), DB_T(kind)), read_key, out);
}

struct err
db_ca_signed_forget(struct ctx *cx, struct db_tx *tx, int64_t now_s)
{
	return db_run(cx, tx, STMT_CA_SIGNED_FORGET, DB_ARGS(DB_I(now_s)),
	    NULL);
}

struct signed_rows {
	struct db_ca_signed	*items;
	size_t			 n, max;
	int64_t			 tenant_id;
};

static struct err
read_signed(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct signed_rows *read = arg;
	struct db_ca_signed *s = &read->items[read->n++];
	struct db_walk w = { cx, row, 0 };

	s->id = walk_int(&w);
	s->tenant_id = read->tenant_id;
	s->ca_id = walk_int(&w);
	s->kind = walk_text(&w);
	s->serial = walk_blob(&w);
	s->key_id = walk_blob(&w);
	s->certificate = walk_blob(&w);
	s->not_before_s = walk_int(&w);
	s->not_after_s = walk_int(&w);
	s->created_s = walk_int(&w);
	*stop = read->n == read->max;
	return OK;
}

struct err
db_ca_signed_find(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t ca_id, struct slice serial, bool *out_found)
{
	struct db_ca_signed found;
	struct signed_rows read = { &found, 0, 1, tenant_id };

	TRY(db_rows(cx, tx, STMT_CA_SIGNED_FIND, DB_ARGS(DB_I(tenant_id),
	    DB_I(ca_id), DB_B(serial)), read_signed, &read));
	*out_found = read.n == 1;
	return OK;
}

struct err
db_ca_signed_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *kind, struct db_ca_signed **out, size_t *out_n)
{
	struct signed_rows read = { NULL, 0, CA_SIGNED_MAX, tenant_id };

	read.items = arena_array(cx->arena, read.max, sizeof(*read.items));
	TRY(db_rows(cx, tx, STMT_CA_SIGNED_LIST, DB_ARGS(DB_I(tenant_id),
	    DB_T(kind)), read_signed, &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}

struct err
db_fsck_signed(struct ctx *cx, struct db_tx *tx, int64_t after, size_t most,
    struct db_ca_signed **out, size_t *out_n)
{
	struct signed_rows read = { NULL, 0, most, 0 };

	read.items = arena_array(cx->arena, most, sizeof(*read.items));
	TRY(db_rows(cx, tx, STMT_FSCK_SIGNED, DB_ARGS(DB_I(after),
	    DB_I((int64_t)most)), read_signed, &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}

struct err
db_fsck_signed_find(struct ctx *cx, struct db_tx *tx, int64_t ca_id,
    struct slice serial, struct db_ca_signed *out, bool *out_found)
{
	struct signed_rows read = { out, 0, 1, 0 };

	TRY(db_rows(cx, tx, STMT_FSCK_SIGNED_FIND, DB_ARGS(DB_I(ca_id),
	    DB_B(serial)), read_signed, &read));
	*out_found = read.n == 1;
	return OK;
}
