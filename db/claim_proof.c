/* SPDX-License-Identifier: Apache-2.0 */
#include "db/claim_proof.h"

#include "base/base.h"
#include "db/optional.h"

#define PLATFORM	INT64_C(0)

static struct err
take_blob(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	*(struct slice *)arg = db_blob_of(cx, row, 0);
	*stop = true;
	return OK;
}

struct err
db_claim_secret(struct ctx *cx, struct db_tx *tx, const char *device_id,
    int64_t now_s, struct slice *out)
{
	*out = SLICE_NONE;
	return db_rows(cx, tx, STMT_CLAIM_SECRET_OF, DB_ARGS(DB_I(PLATFORM),
	    DB_T(device_id), DB_I(now_s)), take_blob, out);
}

static struct err
take_tries(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	(void)cx;
	*(unsigned *)arg = (unsigned)db_int(row, 0);
	*stop = true;
	return OK;
}

struct err
db_claim_tries(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *device_id, int64_t since_s, unsigned *out)
{
	*out = 0;
	return db_rows(cx, tx, STMT_CLAIM_TRIES, DB_ARGS(DB_I(tenant_id),
	    DB_T(device_id), DB_I(since_s)), take_tries, out);
}

struct err
db_claim_try_put(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *device_id, unsigned tries, int64_t at_s)
{
	return db_run(cx, tx, STMT_CLAIM_TRY_ADD, DB_ARGS(DB_I(tenant_id),
	    DB_T(device_id), DB_I(tries), DB_I(at_s)), NULL);
}

struct err
db_claim_try_forget(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *device_id)
{
	return db_run(cx, tx, STMT_CLAIM_TRY_FORGET, DB_ARGS(DB_I(tenant_id),
	    DB_T(device_id)), NULL);
}

struct err
db_claim_try_prune(struct ctx *cx, struct db_tx *tx, int64_t until_s)
{
	return db_run(cx, tx, STMT_CLAIM_TRY_PRUNE, DB_ARGS(DB_I(until_s)),
	    NULL);
}

/* --- who signs lists of parts ---------------------------------------- */

struct keys { struct manifest_key_row *items; size_t n, max; };

static struct err
take_key(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct keys *read = arg;
	struct manifest_key_row *k = &read->items[read->n];
	struct db_walk w = { cx, row, 0 };

	ASSERT(read->n < read->max);
	k->id = walk_int(&w);
	k->name = walk_text(&w);
	k->key_id = walk_text(&w);
	k->spki = walk_blob(&w);
	k->created_s = walk_int(&w);
	k->created_by = walk_text(&w);
	*stop = ++read->n == read->max;
	return OK;
}

struct err
db_manifest_key_insert(struct ctx *cx, struct db_tx *tx,
    const struct manifest_key_row *k, int64_t *out_id)
{
	return db_insert(cx, tx, STMT_MANIFEST_KEY_INSERT, DB_ARGS(
	    DB_T(k->name), DB_T(k->key_id), DB_B(k->spki),
	    DB_I(k->created_s), DB_T(k->created_by)), out_id);
}

struct err
db_manifest_key_list(struct ctx *cx, struct db_tx *tx, int64_t after,
    unsigned limit, struct manifest_key_row **out, size_t *out_n)
{
	struct keys read = { NULL, 0, limit };

	read.items = arena_array(cx->arena, read.max, sizeof(*read.items));
	TRY(db_rows(cx, tx, STMT_MANIFEST_KEY_LIST, DB_ARGS(DB_I(after),
	    DB_I(limit)), take_key, &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}

struct err
db_manifest_key_find(struct ctx *cx, struct db_tx *tx, const char *key_id,
    struct manifest_key_row *out, bool *out_found)
{
	struct keys read = { out, 0, 1 };

	TRY(db_rows(cx, tx, STMT_MANIFEST_KEY_BY_KEY_ID,
	    DB_ARGS(DB_T(key_id)), take_key, &read));
	*out_found = read.n == 1;
	return OK;
}

struct err
db_manifest_key_delete(struct ctx *cx, struct db_tx *tx, int64_t id)
{
	int64_t changed;

	TRY(db_run(cx, tx, STMT_MANIFEST_KEY_DELETE, DB_ARGS(DB_I(id)),
	    &changed));
	if (changed == 0)
		return FAIL(cx, ERR_NOT_FOUND, "manifest key");
	return OK;
}
