/* SPDX-License-Identifier: Apache-2.0 */
#include "db/certificate.h"

#include "base/base.h"
#include "db/optional.h"

#define CAS_MAX	32u	/* issuing CAs with live certificates of one device */

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
	    revoked ? DB_I(c->revoke_reason) : DB_N), out_id);
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
db_certificate_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct certificate_filter *f, struct certificate_row **out,
    size_t *out_n)
{
	struct certificates read = { NULL, 0, f->limit, false };
	const struct db_value args[] = {
		DB_I(tenant_id), DB_I(f->after), db_flag_or_null(f->revoked),
		DB_I(f->limit), DB_T(f->device_id),
	};
	bool one = f->device_id != NULL;

	read.items = arena_array(cx->arena, read.max, sizeof(*read.items));
	TRY(db_rows(cx, tx,
	    one ? STMT_CERTIFICATE_LIST_DEVICE : STMT_CERTIFICATE_LIST,
	    args, COUNT_OF(args) - (one ? 0 : 1), take, &read));
	*out = read.items;
	*out_n = read.n;
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

static struct err
take_ca(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct revoked_cas *cas = arg;

	(void)stop;
	if (cas->n == CAS_MAX)
		return FAIL(cx, ERR_INTERNAL, "a device with certificates of "
		    "more than %u CAs", CAS_MAX);
	cas->ids[cas->n++] = db_int(row, 0);
	return OK;
}

struct err
db_certificate_revoke_device(struct ctx *cx, struct db_tx *tx,
    int64_t tenant_id, const char *device_id, int reason, int64_t at_s,
    struct revoked_cas *out_cas, size_t *out_n)
{
	struct revoked_cas cas = {
		arena_array(cx->arena, CAS_MAX, sizeof(int64_t)), 0,
	};
	int64_t changed;

	TRY(db_rows(cx, tx, STMT_CERTIFICATE_CAS_OF_DEVICE,
	    DB_ARGS(DB_I(tenant_id), DB_T(device_id), DB_I(at_s)),
	    take_ca, &cas));
	TRY(db_run(cx, tx, STMT_CERTIFICATE_REVOKE_DEVICE,
	    DB_ARGS(DB_I(tenant_id), DB_T(device_id), DB_I(at_s),
	    DB_I(reason)), &changed));
	*out_cas = cas;
	*out_n = (size_t)changed;
	return OK;
}

struct revoked { struct revoked_row *items; size_t n, cap; };

static struct err
take_revoked(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct revoked *read = arg;
	struct db_walk w = { cx, row, 0 };
	struct revoked_row *r;

	(void)stop;
	if (read->n == read->cap) {
		size_t cap = read->cap == 0 ? 64 : read->cap * 2;

		r = arena_array(cx->arena, cap, sizeof(*r));
		if (read->n > 0)
			memcpy(r, read->items, read->n * sizeof(*r));
		read->items = r;
		read->cap = cap;
	}
	r = &read->items[read->n++];
	r->serial = walk_blob(&w);
	r->revoked_s = walk_int(&w);
	r->reason = (int)walk_int(&w);
	return OK;
}

struct err
db_certificates_revoked(struct ctx *cx, struct db_tx *tx, int64_t ca_id,
    int64_t since_s, struct revoked_row **out, size_t *out_n)
{
	struct revoked read = { NULL, 0, 0 };

	TRY(db_rows(cx, tx, STMT_CERTIFICATES_REVOKED_OF_CA,
	    DB_ARGS(DB_I(ca_id), DB_I(since_s)), take_revoked, &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}

static struct err
take_count(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	size_t *out = arg;

	(void)cx;
	(void)stop;
	*out = (size_t)db_int(row, 0);
	return OK;
}

struct err
db_certificates_revoked_count(struct ctx *cx, struct db_tx *tx,
    int64_t ca_id, int64_t since_s, size_t *out)
{
	return db_rows(cx, tx, STMT_CERTIFICATES_REVOKED_COUNT,
	    DB_ARGS(DB_I(ca_id), DB_I(since_s)), take_count, out);
}
