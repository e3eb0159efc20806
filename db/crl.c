/* SPDX-License-Identifier: Apache-2.0 */
#include "db/crl.h"

#include "base/base.h"
#include "db/optional.h"

#define ENTRIES_FIRST	64u	/* room at first; doubled */

struct revisions { uint64_t made, wanted; };

static struct err
take_revisions(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct revisions *out = arg;

	(void)cx;
	(void)stop;
	out->made = (uint64_t)db_int(row, 0);
	out->wanted = (uint64_t)db_int(row, 1);
	return OK;
}

static struct err
take_crl(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct db_walk w = { cx, row, 0 };
	struct crl_row *out = arg;

	(void)stop;
	out->number = (uint64_t)walk_int(&w);
	out->this_s = walk_int(&w);
	out->next_s = walk_int(&w);
	out->der = walk_blob(&w);
	return OK;
}

#define KEY_ARGS(key) \
	DB_I((key)->tenant_id), DB_I((key)->ca_id), DB_I((key)->shard)

struct err
db_crl_get(struct ctx *cx, struct db_tx *tx, const struct crl_key *key,
    struct crl_row *out, uint64_t *out_revision)
{
	struct crl_row row = { .number = 0 };
	struct revisions revisions = { 0, 0 };

	TRY(db_rows(cx, tx, STMT_CRL_GET, DB_ARGS(KEY_ARGS(key)), take_crl,
	    &row));
	TRY(db_rows(cx, tx, STMT_CRL_REVISION, DB_ARGS(KEY_ARGS(key)),
	    take_revisions, &revisions));
	row.revision = revisions.made;
	*out = row;
	*out_revision = revisions.wanted;
	return OK;
}

struct err
db_crl_put(struct ctx *cx, struct db_tx *tx, const struct crl_key *key,
    const struct crl_row *row)
{
	int64_t n_changed;

	TRY(db_run(cx, tx, STMT_CRL_PUT, DB_ARGS(KEY_ARGS(key),
	    DB_I((int64_t)row->number), DB_I(row->this_s),
	    DB_I(row->next_s), DB_B(row->der)), &n_changed));
	if (n_changed == 0)
		return FAIL(cx, ERR_CONFLICT, "a later CRL is there");
	/* No row: nothing under it was ever revoked. */
	return db_run(cx, tx, STMT_CRL_MADE, DB_ARGS(KEY_ARGS(key),
	    DB_I((int64_t)row->revision)), NULL);
}

/* Rows that grow in the arena. */
struct rows {
	size_t		 size;		/* of one */
	uint8_t		*p;
	size_t		 n, cap;
};

static void *
next_of(struct ctx *cx, struct rows *rows)
{
	if (rows->n == rows->cap) {
		size_t cap = rows->cap == 0 ? ENTRIES_FIRST : rows->cap * 2;
		uint8_t *p = arena_array(cx->arena, cap, rows->size);

		if (rows->n > 0)
			memcpy(p, rows->p, rows->n * rows->size);
		rows->p = p;
		rows->cap = cap;
	}
	return rows->p + rows->n++ * rows->size;
}

static struct err
take_behind(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct crl_key *key = next_of(cx, arg);

	(void)stop;
	key->ca_id = db_int(row, 0);
	key->shard = (unsigned)db_int(row, 1);
	return OK;
}

struct err
db_crl_behind(struct ctx *cx, struct db_tx *tx, struct crl_key **out,
    size_t *out_n)
{
	struct rows rows = { .size = sizeof(**out) };

	TRY(db_rows(cx, tx, STMT_CRL_BEHIND, NULL, 0, take_behind, &rows));
	*out = (struct crl_key *)(void *)rows.p;
	*out_n = rows.n;
	return OK;
}

static struct err
take_entry(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct revoked_row *entry = next_of(cx, arg);
	struct db_walk w = { cx, row, 0 };

	(void)stop;
	entry->serial = walk_blob(&w);
	entry->revoked_s = walk_int(&w);
	entry->reason = (int)walk_int(&w);
	return OK;
}

struct err
db_crl_entries(struct ctx *cx, struct db_tx *tx, const struct crl_key *key,
    int64_t since_s, struct revoked_row **out, size_t *out_n)
{
	const struct db_value args[] = {
		DB_I(key->tenant_id), DB_I(key->ca_id), DB_I(since_s),
		DB_I(key->shard),
	};
	struct rows rows = { .size = sizeof(**out) };
	bool all = key->shard == CRL_COMPLETE;

	TRY(db_rows(cx, tx, all ? STMT_CRL_ENTRIES :
	    STMT_CRL_ENTRIES_OF_SHARD, args, all ? 3 : 4, take_entry, &rows));
	if (all)
		TRY(db_rows(cx, tx, STMT_CRL_ENTRIES_CAS, args, 3, take_entry,
		    &rows));
	*out = (struct revoked_row *)(void *)rows.p;
	*out_n = rows.n;
	return OK;
}

static struct err
take_status(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct serial_status *out = arg;

	(void)cx;
	(void)stop;
	out->known = true;
	out->revoked_s = db_int_or_0(row, 0);
	out->reason = (int)db_int_or_0(row, 1);
	return OK;
}

struct err
db_crl_status(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t ca_id, struct slice serial, struct serial_status *out)
{
	const struct db_value args[] = {
		DB_I(tenant_id), DB_I(ca_id), DB_B(serial),
	};
	static const enum db_stmt tables[] = {
		STMT_CRL_STATUS, STMT_CRL_STATUS_CA, STMT_CRL_STATUS_OTHER,
	};
	struct serial_status status = { .known = false };

	for (size_t i = 0; i < COUNT_OF(tables) && !status.known; i++)
		TRY(db_rows(cx, tx, tables[i], args, COUNT_OF(args),
		    take_status, &status));
	*out = status;
	return OK;
}

/* --- what the journal knows ---------------------------------------------- */

struct err
db_crl_not_noted(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t ca_id, size_t most, struct revoked_row **out, size_t *out_n)
{
	static const enum db_stmt tables[] = {
		STMT_CRL_NOT_NOTED, STMT_CRL_NOT_NOTED_CAS,
	};
	struct rows rows = { .size = sizeof(**out) };

	for (size_t i = 0; i < COUNT_OF(tables) && rows.n < most; i++)
		TRY(db_rows(cx, tx, tables[i], DB_ARGS(DB_I(tenant_id),
		    DB_I(ca_id), DB_I((int64_t)(most - rows.n))), take_entry,
		    &rows));
	*out = (struct revoked_row *)(void *)rows.p;
	*out_n = rows.n;
	return OK;
}

struct err
db_crl_noted(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t ca_id, const struct revoked_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct db_value args[] = { DB_I(tenant_id),
		    DB_I(ca_id), DB_B(rows[i].serial) };
		int64_t n_changed;

		TRY(db_run(cx, tx, STMT_CRL_NOTED, args, COUNT_OF(args),
		    &n_changed));
		if (n_changed == 0)
			TRY(db_run(cx, tx, STMT_CRL_NOTED_CA, args,
			    COUNT_OF(args), NULL));
	}
	return OK;
}
