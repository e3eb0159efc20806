/* SPDX-License-Identifier: Apache-2.0 */
#include "db/hardware.h"

#include "db/optional.h"

struct rows { struct db_hardware *items; size_t n; };

static struct db_hardware
hardware_of(struct ctx *cx, const struct db_row *row)
{
	return (struct db_hardware){
		.id = db_int(row, 0),
		.tenant_id = db_int(row, 1),
		.hardware_id = db_text_of(cx, row, 2),
		.device_id = db_text_of(cx, row, 3),
		.note = db_text_of(cx, row, 4),
		.expires_s = db_int(row, 5),
		.created_s = db_int(row, 6),
		.created_by = db_text_of(cx, row, 7),
		.spki = db_blob_of(cx, row, 8),
		.claim_secret = db_is_null(row, 9) ? SLICE_NONE :
		    db_blob_of(cx, row, 9),
		.model = db_text_of(cx, row, 10),
		.batch = db_text_of(cx, row, 11),
		.manifest = db_text_of(cx, row, 12),
	};
}

static struct err
read_row(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct rows *rows = arg;

	(void)stop;
	rows->items[rows->n++] = hardware_of(cx, row);
	return OK;
}

static struct db_value
text_or_empty(const char *text)
{
	return DB_T(text == NULL ? "" : text);
}

struct err
db_hardware_insert(struct ctx *cx, struct db_tx *tx,
    const struct db_hardware *h, int64_t *out_id)
{
	return db_insert(cx, tx, STMT_HARDWARE_INSERT, DB_ARGS(
	    DB_I(h->tenant_id), DB_T(h->hardware_id), DB_T(h->device_id),
	    DB_T(h->note), h->expires_s == 0 ? DB_N : DB_I(h->expires_s),
	    DB_I(h->created_s), DB_T(h->created_by), DB_B(h->spki),
	    db_blob_or_null(h->claim_secret), text_or_empty(h->model),
	    text_or_empty(h->batch), text_or_empty(h->manifest)), out_id);
}

struct err
db_hardware_describe(struct ctx *cx, struct db_tx *tx,
    const struct db_hardware *h, bool *out_known)
{
	int64_t changed;

	TRY(db_run(cx, tx, STMT_HARDWARE_DESCRIBE, DB_ARGS(DB_I(0),
	    DB_T(h->hardware_id), db_blob_or_null(h->claim_secret),
	    DB_T(h->model), DB_T(h->batch), DB_T(h->manifest)), &changed));
	*out_known = changed > 0;
	return OK;
}

struct err
db_hardware_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t after, size_t most, struct db_hardware **out, size_t *out_n)
{
	struct rows rows = {
		arena_array(cx->arena, most, sizeof(struct db_hardware)), 0
	};

	TRY(db_rows(cx, tx, STMT_HARDWARE_LIST,
	    DB_ARGS(DB_I(tenant_id), DB_I(after), DB_I((int64_t)most)),
	    read_row, &rows));
	*out = rows.items;
	*out_n = rows.n;
	return OK;
}

struct each {
	void	(*fn)(void *arg, const struct db_hardware *);
	void	*arg;
};

static struct err
pass_row(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	const struct each *each = arg;
	struct db_hardware hardware = hardware_of(cx, row);

	(void)stop;
	each->fn(each->arg, &hardware);
	return OK;
}

struct err
db_hardware_each(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t at_s, void (*fn)(void *arg, const struct db_hardware *), void *arg)
{
	struct each each = { fn, arg };

	return db_rows(cx, tx, STMT_HARDWARE_FOR,
	    DB_ARGS(DB_I(tenant_id), DB_I(at_s)), pass_row, &each);
}

struct err
db_hardware_delete(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t id)
{
	int64_t n_changed;

	TRY(db_run(cx, tx, STMT_HARDWARE_DELETE,
	    DB_ARGS(DB_I(tenant_id), DB_I(id)), &n_changed));
	if (n_changed == 0)
		return FAIL(cx, ERR_NOT_FOUND, "no such hardware");
	return OK;
}

struct err
db_hardware_forget(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *hardware_id, int64_t at_s)
{
	return db_run(cx, tx, STMT_HARDWARE_FORGET, DB_ARGS(DB_I(tenant_id),
	    DB_T(hardware_id), DB_I(at_s)), NULL);
}
