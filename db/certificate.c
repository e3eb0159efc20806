/* SPDX-License-Identifier: Apache-2.0 */
#include "db/certificate.h"

#include "base/base.h"
#include "db/fsck.h"
#include "db/look.h"
#include "db/optional.h"

#define LIVE_FIRST	8u	/* most devices have one or two; doubled */

struct certificates {
	struct certificate_row	*items;
	size_t			 n, max;
	bool			 with_der;
};

/* Columns as CERTIFICATE_COLUMNS has them. */
static struct err
take(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct certificates *read = arg;
	struct certificate_row *c = &read->items[read->n];
	struct db_walk w = { cx, row, 0 };

	ASSERT(read->n < read->max);
	c->id = walk_int(&w);
	c->tenant_id = walk_int(&w);
	c->ca_id = walk_int(&w);
	c->ca_key_id = walk_blob(&w);
	c->serial = walk_blob(&w);
	c->device_id = walk_text(&w);
	c->spki_sha256 = walk_blob(&w);
	c->hardware_key = walk_int(&w) != 0;
	c->not_before_s = walk_int(&w);
	c->not_after_s = walk_int(&w);
	c->issued_s = walk_int(&w);
	c->recovered = walk_int(&w) != 0;
	c->revoked_s = walk_int(&w);
	c->revoke_reason = (int)walk_int(&w);
	c->shard = (unsigned)walk_int(&w);
	c->profile_id = walk_int(&w);
	c->profile = walk_text(&w);
	c->profile_version = walk_int(&w);
	c->der = read->with_der ? walk_blob(&w) : SLICE_NONE;
	*stop = ++read->n == read->max;
	return OK;
}

struct err
db_certificate_insert(struct ctx *cx, struct db_tx *tx,
    const struct certificate_row *c, int64_t *out_id)
{
	bool revoked = c->revoked_s != 0;

	ASSERT(c->serial.n > 0 && c->serial.n <= CERTIFICATE_SERIAL_MAX);
	return db_insert(cx, tx, STMT_CERTIFICATE_INSERT, DB_ARGS(
	    DB_I(c->tenant_id), DB_I(c->ca_id), DB_B(c->serial),
	    DB_T(c->device_id), DB_B(c->spki_sha256), DB_I(c->hardware_key),
	    DB_I(c->not_before_s), DB_I(c->not_after_s), DB_I(c->issued_s),
	    DB_B(c->der), DB_I(c->recovered), db_int_or_null(c->revoked_s),
	    revoked ? DB_I(c->revoke_reason) : DB_N, DB_I(c->shard),
	    db_int_or_null(c->profile_id)), out_id);
}

struct err
db_certificate_find(struct ctx *cx, struct db_tx *tx, int64_t ca_id,
    struct slice serial, struct certificate_row *out, bool *out_found)
{
	struct certificates read = { out, 0, 1, true };

	TRY(db_rows(cx, tx, STMT_CERTIFICATE_BY_CA,
	    DB_ARGS(DB_I(ca_id), DB_B(serial)), take, &read));
	*out_found = read.n == 1;
	return OK;
}

struct err
db_certificate_client(struct ctx *cx, struct db_tx *tx, int64_t ca_id,
    struct slice serial, struct certificate_row *out,
    struct device_row *out_device, bool *out_found)
{
	bool found;

	TRY(db_certificate_find(cx, tx, ca_id, serial, out, &found));
	if (found)
		TRY(db_device_by_id(cx, tx, out->device_id, out_device,
		    &found));
	*out_found = found;
	return OK;
}

struct err
db_certificate_newest(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *device_id, struct certificate_row *out, bool *out_found)
{
	struct certificates read = { out, 0, 1, true };

	TRY(db_rows(cx, tx, STMT_CERTIFICATE_NEWEST,
	    DB_ARGS(DB_I(tenant_id), DB_T(device_id)), take, &read));
	*out_found = read.n == 1;
	return OK;
}

struct err
db_certificate_by_serial(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    struct slice serial, struct certificate_row *out, bool *out_found)
{
	struct certificates read = { out, 0, 1, true };

	TRY(db_rows(cx, tx, STMT_CERTIFICATE_BY_SERIAL,
	    DB_ARGS(DB_I(tenant_id), DB_B(serial)), take, &read));
	*out_found = read.n == 1;
	return OK;
}

struct err
db_fsck_certificates(struct ctx *cx, struct db_tx *tx, int64_t after,
    size_t most, struct certificate_row **out, size_t *out_n)
{
	struct certificates read = { NULL, 0, most, true };

	read.items = arena_array(cx->arena, most, sizeof(*read.items));
	TRY(db_rows(cx, tx, STMT_FSCK_CERTIFICATES, DB_ARGS(DB_I(after),
	    DB_I((int64_t)most)), take, &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}

static struct err
look(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct certificate_filter *f, struct db_look *out)
{
	*out = DB_LOOK_ALL;
	if (f->device_id != NULL || f->ca_id != 0 ||
	    (f->revoked < 0 && f->group_id == 0))
		return OK;
	return db_look(cx, tx, STMT_CERTIFICATE_LOOK, DB_ARGS(DB_I(tenant_id),
	    DB_I(f->after), DB_I(CERTIFICATE_LOOK_MAX)), out);
}

struct err
db_certificate_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct certificate_filter *f, struct certificate_row **out,
    size_t *out_n, int64_t *out_next)
{
	struct certificates read = { NULL, 0, f->limit, false };
	bool of_device = f->device_id != NULL, of_ca = f->ca_id != 0;
	enum db_stmt stmt = of_device ? STMT_CERTIFICATE_LIST_DEVICE :
	    of_ca ? STMT_CERTIFICATE_LIST_CA : STMT_CERTIFICATE_LIST;
	struct db_look all;
	struct db_value args[] = {
		DB_I(tenant_id), DB_I(f->after), db_flag_or_null(f->revoked),
		DB_I(f->limit),
		of_device ? DB_T(f->device_id) : DB_I(f->ca_id),
		DB_I(f->since_s),
	};

	ASSERT(!of_device || !of_ca);
	TRY(look(cx, tx, tenant_id, f, &all));
	if (stmt == STMT_CERTIFICATE_LIST) {
		args[4] = DB_I(all.through);
		args[5] = DB_I(f->group_id);
	}
	read.items = arena_array(cx->arena, read.max, sizeof(*read.items));
	TRY(db_rows(cx, tx, stmt, args, of_device ? 5 : 6, take, &read));
	*out = read.items;
	*out_n = read.n;
	*out_next = db_look_next(&all, read.n, f->limit,
	    read.n == 0 ? 0 : read.items[read.n - 1].id);
	return OK;
}

struct err
db_certificate_revoke(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t certificate, int reason, int64_t at_s, bool *out_changed)
{
	int64_t changed;

	TRY(db_run(cx, tx, STMT_CERTIFICATE_REVOKE, DB_ARGS(DB_I(tenant_id),
	    DB_I(certificate), DB_I(at_s), DB_I(reason)), &changed));
	*out_changed = changed == 1;
	return OK;
}

struct live { struct revoked_list list; size_t cap; };

static struct err
take_live(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct live *live = arg;
	struct revoked_list *list = &live->list;
	struct db_walk w = { cx, row, 0 };
	struct revoked_one *one;

	(void)stop;
	if (list->n == live->cap) {
		one = arena_array(cx->arena, 2 * live->cap, sizeof(*one));
		memcpy(one, list->items, list->n * sizeof(*one));
		list->items = one;
		live->cap *= 2;
	}
	one = &list->items[list->n++];
	one->ca_id = walk_int(&w);
	one->shard = (unsigned)walk_int(&w);
	one->serial = walk_blob(&w);
	return OK;
}

struct err
db_certificate_revoke_device(struct ctx *cx, struct db_tx *tx,
    int64_t tenant_id, const char *device_id, int reason, int64_t at_s,
    struct revoked_list *out)
{
	struct live live = { .cap = LIVE_FIRST };
	int64_t changed;

	live.list.items = arena_array(cx->arena, live.cap,
	    sizeof(*live.list.items));
	TRY(db_rows(cx, tx, STMT_CERTIFICATE_LIVE_OF_DEVICE,
	    DB_ARGS(DB_I(tenant_id), DB_T(device_id), DB_I(at_s)),
	    take_live, &live));
	TRY(db_run(cx, tx, STMT_CERTIFICATE_REVOKE_DEVICE,
	    DB_ARGS(DB_I(tenant_id), DB_T(device_id), DB_I(at_s),
	    DB_I(reason)), &changed));
	ASSERT((size_t)changed == live.list.n);
	*out = live.list;
	return OK;
}

struct err
db_certificate_revoke_ca(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t ca_id, int reason, int64_t at_s, struct revoked_list *out)
{
	struct live live = { .cap = LIVE_FIRST };
	int64_t changed;

	live.list.items = arena_array(cx->arena, live.cap,
	    sizeof(*live.list.items));
	TRY(db_rows(cx, tx, STMT_CERTIFICATE_LIVE_OF_CA,
	    DB_ARGS(DB_I(tenant_id), DB_I(ca_id), DB_I(at_s)), take_live,
	    &live));
	TRY(db_run(cx, tx, STMT_CERTIFICATE_REVOKE_CA, DB_ARGS(
	    DB_I(tenant_id), DB_I(ca_id), DB_I(at_s), DB_I(reason)),
	    &changed));
	ASSERT((size_t)changed == live.list.n);
	*out = live.list;
	return OK;
}

static struct err
take_end(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	int64_t *out = arg;

	(void)cx;
	(void)stop;
	*out = db_int(row, 0);
	return OK;
}

struct err
db_certificate_end_of_ca(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t ca_id, int64_t *out_s)
{
	*out_s = 0;
	return db_rows(cx, tx, STMT_CERTIFICATE_END_OF_CA,
	    DB_ARGS(DB_I(tenant_id), DB_I(ca_id)), take_end, out_s);
}
