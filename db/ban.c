/* SPDX-License-Identifier: Apache-2.0 */
#include "db/ban.h"

#include "base/base.h"
#include "db/optional.h"

struct bans { struct ban_row *rows; size_t n, max; };

static struct err
take(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct bans *bans = arg;
	struct ban_row *b = &bans->rows[bans->n];
	struct db_walk w = { cx, row, 0 };

	b->id = walk_int(&w);
	b->tenant_id = walk_int(&w);
	b->match = walk_text(&w);
	b->action = walk_text(&w);
	b->reason = walk_text(&w);
	b->created_s = walk_int(&w);
	b->created_by = walk_text(&w);
	b->lifted_s = walk_int(&w);
	b->lifted_by = walk_text(&w);
	*stop = ++bans->n == bans->max;
	return OK;
}

struct err
db_ban_add(struct ctx *cx, struct db_tx *tx, const struct ban_row *b,
    int64_t *out_id)
{
	return db_insert(cx, tx, STMT_BAN_ADD, DB_ARGS(DB_I(b->tenant_id),
	    DB_T(b->match), DB_T(b->action), DB_T(b->reason),
	    DB_I(b->created_s), DB_T(b->created_by)), out_id);
}

struct err
db_ban_get(struct ctx *cx, struct db_tx *tx, int64_t tenant_id, int64_t id,
    struct ban_row *out)
{
	struct bans bans = { out, 0, 1 };

	TRY(db_rows(cx, tx, STMT_BAN_GET, DB_ARGS(DB_I(tenant_id), DB_I(id)),
	    take, &bans));
	if (bans.n == 0)
		return FAIL(cx, ERR_NOT_FOUND, "ban %lld", (long long)id);
	return OK;
}

struct err
db_ban_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t after, unsigned limit, struct ban_row *out, size_t *out_n)
{
	struct bans bans = { out, 0, limit };

	TRY(db_rows(cx, tx, STMT_BAN_LIST, DB_ARGS(DB_I(tenant_id),
	    DB_I(after), DB_I(limit)), take, &bans));
	*out_n = bans.n;
	return OK;
}

struct err
db_ban_active(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    struct ban_row *out, size_t *out_n)
{
	struct bans bans = { out, 0, BANS_ACTIVE_MAX };

	TRY(db_rows(cx, tx, STMT_BAN_ACTIVE, DB_ARGS(DB_I(tenant_id)), take,
	    &bans));
	*out_n = bans.n;
	return OK;
}

static struct err
take_max(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	int64_t *out = arg;

	(void)cx;
	*out = db_int_or_0(row, 0);
	*stop = true;
	return OK;
}

struct err
db_ban_newest(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t *out_id)
{
	*out_id = 0;
	return db_rows(cx, tx, STMT_BAN_NEWEST, DB_ARGS(DB_I(tenant_id)),
	    take_max, out_id);
}

struct err
db_ban_lift(struct ctx *cx, struct db_tx *tx, int64_t tenant_id, int64_t id,
    int64_t at_s, const char *by)
{
	int64_t changed;

	TRY(db_run(cx, tx, STMT_BAN_LIFT, DB_ARGS(DB_I(tenant_id), DB_I(id),
	    DB_I(at_s), DB_T(by)), &changed));
	if (changed != 1)
		return FAIL(cx, ERR_NOT_FOUND, "ban %lld", (long long)id);
	return OK;
}

/* --- devices ------------------------------------------------------------ */

struct scan { ban_device_fn *fn; void *arg; };

static struct err
take_device(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct scan *scan = arg;
	struct ban_device d;
	struct db_walk w = { cx, row, 0 };
	const char *state;

	(void)stop;
	d.id = walk_int(&w);
	d.tenant_id = walk_int(&w);
	d.device_id = walk_text(&w);
	state = walk_text(&w);
	d.ban_rule = walk_int(&w);
	d.group = walk_text(&w);
	d.labels = walk_text(&w);
	d.format = walk_text(&w);
	d.claims = walk_text(&w);
	if (!db_device_state_find(state, &d.state))
		return FAIL(cx, ERR_STORAGE, "device state %s", state);
	return scan->fn(cx, &d, scan->arg);
}

struct err
db_ban_scan(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t after, int64_t upto, unsigned limit, ban_device_fn *fn, void *arg)
{
	struct scan scan = { fn, arg };

	if (tenant_id == 0)
		return db_rows(cx, tx, STMT_BAN_SCAN_ALL, DB_ARGS(DB_I(after),
		    DB_I(upto), DB_I(limit)), take_device, &scan);
	return db_rows(cx, tx, STMT_BAN_SCAN, DB_ARGS(DB_I(tenant_id),
	    DB_I(after), DB_I(upto), DB_I(limit)), take_device, &scan);
}

struct err
db_ban_span(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t *out_max)
{
	*out_max = 0;
	return db_rows(cx, tx, tenant_id == 0 ? STMT_BAN_SPAN_ALL :
	    STMT_BAN_SPAN, DB_ARGS(DB_I(tenant_id)), take_max, out_max);
}

struct err
db_ban_bar(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t device, enum device_state state, const char *reason, int64_t at_s,
    int64_t rule)
{
	int64_t changed;

	TRY(db_run(cx, tx, STMT_BAN_BAR, DB_ARGS(DB_I(tenant_id),
	    DB_I(device), DB_T(db_device_state_name(state)), DB_T(reason),
	    DB_I(at_s), DB_I(rule)), &changed));
	if (changed != 1)
		return FAIL(cx, ERR_NOT_FOUND, "device row %lld",
		    (long long)device);
	return OK;
}
