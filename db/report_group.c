/* SPDX-License-Identifier: Apache-2.0 */
#include "db/report_group.h"

#include "base/base.h"
#include "db/optional.h"

/* --- settings ------------------------------------------------------------- */

static struct err
take_setting(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct report_setting *s = arg;
	struct db_walk w = { cx, row, 0 };

	(void)stop;
	s->revision = walk_int(&w);
	s->keep_days = walk_int(&w);
	s->events_per_day = walk_int(&w);
	s->spike_least = walk_int(&w);
	s->spike_factor = walk_int(&w);
	s->changed_s = walk_int(&w);
	s->changed_by = walk_text(&w);
	return OK;
}

struct err
db_report_setting_get(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    struct report_setting *out)
{
	struct report_setting found = { .revision = 0 };

	TRY(db_rows(cx, tx, STMT_REPORT_SETTING_GET, DB_ARGS(DB_I(tenant_id)),
	    take_setting, &found));
	*out = found;
	return OK;
}

struct err
db_report_setting_put(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct report_setting *s)
{
	return db_run(cx, tx, STMT_REPORT_SETTING_PUT, DB_ARGS(
	    DB_I(tenant_id), DB_I(s->revision), db_int_or_null(s->keep_days),
	    db_int_or_null(s->events_per_day), DB_I(s->spike_least),
	    DB_I(s->spike_factor), DB_I(s->changed_s), DB_T(s->changed_by)),
	    NULL);
}

struct keeper { int64_t tenant_id, keep_days; };

static struct err
take_keeper(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct keeper *k = arg;

	(void)cx;
	(void)stop;
	*k = (struct keeper){ db_int(row, 0), db_int(row, 1) };
	return OK;
}

struct err
db_report_keeper(struct ctx *cx, struct db_tx *tx, int64_t after,
    int64_t *out_tenant_id, int64_t *out_keep_days)
{
	struct keeper k = { 0, 0 };

	TRY(db_rows(cx, tx, STMT_REPORT_SETTING_KEEPERS,
	    DB_ARGS(DB_I(after), DB_I(1)), take_keeper, &k));
	*out_tenant_id = k.tenant_id;
	*out_keep_days = k.keep_days;
	return OK;
}

/* --- groups --------------------------------------------------------------- */

struct groups { struct report_group *items; size_t n, max; };

static struct err
take_group(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct groups *read = arg;
	struct report_group *g = &read->items[read->n];
	struct db_walk w = { cx, row, 0 };

	ASSERT(read->n < read->max);
	*g = (struct report_group){ .id = walk_int(&w) };
	g->event_type = walk_text(&w);
	g->event_class = walk_text(&w);
	g->event_category = walk_text(&w);
	g->description = walk_text(&w);
	g->state = walk_text(&w);
	g->events = walk_int(&w);
	g->occurrences = walk_int(&w);
	g->devices = walk_int(&w);
	g->first_s = walk_int(&w);
	g->last_s = walk_int(&w);
	g->first_device = walk_text(&w);
	g->spike_day = walk_int(&w);
	g->revision = walk_int(&w);
	g->note = walk_text(&w);
	g->changed_s = walk_int(&w);
	g->changed_by = walk_text(&w);
	*stop = ++read->n == read->max;
	return OK;
}

struct err
db_report_group_by_signature(struct ctx *cx, struct db_tx *tx,
    int64_t tenant_id, struct slice signature, struct report_group *out,
    bool *out_found)
{
	struct groups read = { out, 0, 1 };

	TRY(db_rows(cx, tx, STMT_REPORT_GROUP_BY_SIGNATURE,
	    DB_ARGS(DB_I(tenant_id), DB_B(signature)), take_group, &read));
	*out_found = read.n == 1;
	return OK;
}

struct err
db_report_group_get(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t id, struct report_group *out)
{
	struct report_group found;
	struct groups read = { &found, 0, 1 };

	TRY(db_rows(cx, tx, STMT_REPORT_GROUP_BY_ID, DB_ARGS(DB_I(tenant_id),
	    DB_I(id)), take_group, &read));
	if (read.n == 0)
		return FAIL(cx, ERR_NOT_FOUND, "error group %lld",
		    (long long)id);
	*out = found;
	return OK;
}

struct err
db_report_group_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct report_group_filter *f, struct report_group **out,
    size_t *out_n)
{
	struct groups read = { NULL, 0, f->limit };

	read.items = arena_array(cx->arena, read.max, sizeof(*read.items));
	TRY(db_rows(cx, tx, STMT_REPORT_GROUP_LIST, DB_ARGS(DB_I(tenant_id),
	    DB_I(f->after), DB_I(f->limit), DB_T(f->state),
	    DB_T(f->event_type), DB_I(f->last_from_s)), take_group, &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}

static struct err
take_number(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	int64_t *out = arg;

	(void)cx;
	(void)stop;
	*out = db_int(row, 0);
	return OK;
}

struct err
db_report_group_full(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t n, bool *out)
{
	int64_t id = 0;

	TRY(db_rows(cx, tx, STMT_REPORT_GROUP_NTH, DB_ARGS(DB_I(tenant_id),
	    DB_I(n)), take_number, &id));
	*out = id != 0;
	return OK;
}

struct err
db_report_group_add(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct report_group *g, int64_t *out_id)
{
	return db_insert(cx, tx, STMT_REPORT_GROUP_ADD, DB_ARGS(
	    DB_I(tenant_id), DB_B(g->signature), DB_T(g->event_type),
	    DB_T(g->event_class), DB_T(g->event_category),
	    DB_T(g->description), DB_I(g->first_s), DB_T(g->first_device)),
	    out_id);
}

struct err
db_report_group_spike(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t id, int64_t day)
{
	return db_run(cx, tx, STMT_REPORT_GROUP_SPIKE, DB_ARGS(
	    DB_I(tenant_id), DB_I(id), DB_I(day)), NULL);
}

struct err
db_report_group_state(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct report_group *g)
{
	return db_run(cx, tx, STMT_REPORT_GROUP_STATE, DB_ARGS(
	    DB_I(tenant_id), DB_I(g->id), DB_T(g->state), DB_T(g->note),
	    DB_I(g->changed_s), DB_T(g->changed_by)), NULL);
}

/* --- counting --------------------------------------------------------------- */

static struct err
add_firmware(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct report_added *a, int64_t firmware, int64_t *out_new)
{
	return db_run(cx, tx, STMT_REPORT_GROUP_FIRMWARE_ADD, DB_ARGS(
	    DB_I(tenant_id), DB_I(a->group), DB_I(firmware), DB_I(a->at_s)),
	    out_new);
}

/* Which row counts it: its own, or that of the rest.  Only a row that is new can
 * be one too many, so that only then is it looked at. */
static struct err
find_row(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct report_added *a, int64_t *out_firmware, int64_t *out_new)
{
	int64_t last = 0, n_new;

	TRY(add_firmware(cx, tx, tenant_id, a, a->firmware, &n_new));
	if (n_new > 0)
		TRY(db_rows(cx, tx, STMT_REPORT_GROUP_FIRMWARE_NTH, DB_ARGS(
		    DB_I(tenant_id), DB_I(a->group), DB_I(a->firmwares_max)),
		    take_number, &last));
	*out_firmware = a->firmware;
	*out_new = n_new;
	if (last == 0 || a->firmware == DB_FIRMWARE_REST)
		return OK;
	TRY(db_run(cx, tx, STMT_REPORT_GROUP_FIRMWARE_DROP, DB_ARGS(
	    DB_I(tenant_id), DB_I(a->group), DB_I(a->firmware)), NULL));
	*out_firmware = DB_FIRMWARE_REST;
	return add_firmware(cx, tx, tenant_id, a, DB_FIRMWARE_REST, out_new);
}

struct err
db_report_group_count(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct report_added *a, bool *out_new_firmware)
{
	const int64_t day_s = 86400;
	int64_t n_device, n_firmware, firmware;

	TRY(db_run(cx, tx, STMT_REPORT_GROUP_DEVICE_ADD, DB_ARGS(
	    DB_I(tenant_id), DB_I(a->group), DB_T(a->device_id),
	    DB_I(a->at_s)), &n_device));
	TRY(db_run(cx, tx, STMT_REPORT_GROUP_DEVICE_COUNT, DB_ARGS(
	    DB_I(tenant_id), DB_I(a->group), DB_T(a->device_id),
	    DB_I(a->events), DB_I(a->at_s)), NULL));
	TRY(find_row(cx, tx, tenant_id, a, &firmware, &n_firmware));
	TRY(db_run(cx, tx, STMT_REPORT_GROUP_FIRMWARE_COUNT, DB_ARGS(
	    DB_I(tenant_id), DB_I(a->group), DB_I(firmware),
	    DB_I(a->events), DB_I(a->at_s)), NULL));
	TRY(db_run(cx, tx, STMT_REPORT_DAY_COUNT, DB_ARGS(DB_I(tenant_id),
	    DB_I(a->at_s / day_s), DB_I(a->group), DB_I(a->events),
	    DB_I(a->occurrences)), NULL));
	TRY(db_run(cx, tx, STMT_REPORT_GROUP_COUNT, DB_ARGS(DB_I(tenant_id),
	    DB_I(a->group), DB_I(a->events), DB_I(a->occurrences),
	    DB_I(n_device), DB_I(a->at_s)), NULL));
	*out_new_firmware = n_firmware > 0;
	return OK;
}

struct err
db_report_group_sum(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t group, int64_t from, int64_t to, int64_t *out)
{
	int64_t sum = 0;

	TRY(db_rows(cx, tx, STMT_REPORT_DAY_SUM, DB_ARGS(DB_I(tenant_id),
	    DB_I(group), DB_I(from), DB_I(to)), take_number, &sum));
	*out = sum;
	return OK;
}

struct group_devices { struct report_group_device *items; size_t n, max; };

static struct err
take_device(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct group_devices *read = arg;
	struct report_group_device *d = &read->items[read->n];
	struct db_walk w = { cx, row, 0 };

	ASSERT(read->n < read->max);
	d->id = walk_int(&w);
	d->device_id = walk_text(&w);
	d->events = walk_int(&w);
	d->first_s = walk_int(&w);
	d->last_s = walk_int(&w);
	*stop = ++read->n == read->max;
	return OK;
}

struct err
db_report_group_devices(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t group, int64_t after, unsigned limit,
    struct report_group_device **out, size_t *out_n)
{
	struct group_devices read = { NULL, 0, limit };

	read.items = arena_array(cx->arena, read.max, sizeof(*read.items));
	TRY(db_rows(cx, tx, STMT_REPORT_GROUP_DEVICE_LIST, DB_ARGS(
	    DB_I(tenant_id), DB_I(group), DB_I(after), DB_I(limit)),
	    take_device, &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}

/* --- firmware --------------------------------------------------------------- */

struct err
db_report_firmware(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    struct slice sha256, const char *measurements, unsigned most,
    int64_t *out_id)
{
	int64_t id = 0, last = 0;

	TRY(db_rows(cx, tx, STMT_REPORT_FIRMWARE_FIND, DB_ARGS(
	    DB_I(tenant_id), DB_B(sha256)), take_number, &id));
	if (id == 0)
		TRY(db_rows(cx, tx, STMT_REPORT_FIRMWARE_NTH, DB_ARGS(
		    DB_I(tenant_id), DB_I(most - 1)), take_number, &last));
	if (id == 0 && last == 0)
		TRY(db_insert(cx, tx, STMT_REPORT_FIRMWARE_ADD, DB_ARGS(
		    DB_I(tenant_id), DB_B(sha256), DB_T(measurements)), &id));
	*out_id = id == 0 ? DB_FIRMWARE_REST : id;
	return OK;
}

struct err
db_report_group_firmware_rest(struct ctx *cx, struct db_tx *tx,
    int64_t tenant_id, int64_t group, int64_t *out_events)
{
	int64_t events = 0;

	TRY(db_rows(cx, tx, STMT_REPORT_GROUP_FIRMWARE_EVENTS, DB_ARGS(
	    DB_I(tenant_id), DB_I(group), DB_I(DB_FIRMWARE_REST)),
	    take_number, &events));
	*out_events = events;
	return OK;
}

struct firmwares { struct report_group_firmware *items; size_t n, max; };

static struct err
take_firmware(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct firmwares *read = arg;
	struct report_group_firmware *f = &read->items[read->n];
	struct db_walk w = { cx, row, 1 };

	ASSERT(read->n < read->max);
	f->sha256 = walk_blob(&w);
	f->measurements = walk_text(&w);
	f->events = walk_int(&w);
	f->first_s = walk_int(&w);
	f->last_s = walk_int(&w);
	*stop = ++read->n == read->max;
	return OK;
}

struct err
db_report_group_firmwares(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t group, unsigned limit, struct report_group_firmware **out,
    size_t *out_n)
{
	struct firmwares read = { NULL, 0, limit };

	read.items = arena_array(cx->arena, read.max, sizeof(*read.items));
	TRY(db_rows(cx, tx, STMT_REPORT_GROUP_FIRMWARE_LIST, DB_ARGS(
	    DB_I(tenant_id), DB_I(group), DB_I(limit)), take_firmware,
	    &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}

/* --- days --------------------------------------------------------------------- */

struct days { struct report_day *items; size_t n, max; };

static struct err
take_day(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct days *read = arg;
	struct report_day *d = &read->items[read->n];
	struct db_walk w = { cx, row, 0 };

	ASSERT(read->n < read->max);
	d->id = walk_int(&w);
	d->day = walk_int(&w);
	d->group = walk_int(&w);
	d->event_type = walk_text(&w);
	d->events = walk_int(&w);
	d->occurrences = walk_int(&w);
	*stop = ++read->n == read->max;
	return OK;
}

struct err
db_report_day_list(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct report_day_filter *f, struct report_day **out, size_t *out_n)
{
	struct days read = { NULL, 0, f->limit };
	const struct db_value args[] = {
		DB_I(tenant_id), DB_I(f->after), DB_I(f->limit),
		DB_I(f->from_day), DB_I(f->to_day), DB_T(f->event_type),
		DB_I(f->group),
	};
	bool one = f->group != 0;

	read.items = arena_array(cx->arena, read.max, sizeof(*read.items));
	TRY(db_rows(cx, tx, one ? STMT_REPORT_DAY_LIST_GROUP :
	    STMT_REPORT_DAY_LIST, args, COUNT_OF(args) - (one ? 0 : 1),
	    take_day, &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}

/* --- forgetting ---------------------------------------------------------------- */

struct numbers { int64_t *items; size_t n, max; };

static struct err
take_numbers(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct numbers *read = arg;

	(void)cx;
	ASSERT(read->n < read->max);
	read->items[read->n] = db_int(row, 0);
	*stop = ++read->n == read->max;
	return OK;
}

static struct err
find_old(struct ctx *cx, struct db_tx *tx, enum db_stmt stmt,
    int64_t tenant_id, int64_t before_s, struct numbers *out)
{
	out->items = arena_array(cx->arena, out->max, sizeof(*out->items));
	return db_rows(cx, tx, stmt, DB_ARGS(DB_I(tenant_id), DB_I(before_s),
	    DB_I((int64_t)out->max)), take_numbers, out);
}

struct err
db_report_forget(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t before_s, size_t most, size_t *out_n)
{
	struct numbers old = { NULL, 0, most };

	TRY(find_old(cx, tx, STMT_REPORT_OLD, tenant_id, before_s, &old));
	for (size_t i = 0; i < old.n; i++) {
		TRY(db_run(cx, tx, STMT_REPORT_EVENTS_FORGET, DB_ARGS(
		    DB_I(tenant_id), DB_I(old.items[i])), NULL));
		TRY(db_run(cx, tx, STMT_REPORT_FORGET, DB_ARGS(
		    DB_I(tenant_id), DB_I(old.items[i])), NULL));
	}
	*out_n = old.n;
	return OK;
}

/* Their events are older than they are, and were forgotten before. */
struct err
db_report_group_forget(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t before_s, size_t most, size_t *out_n)
{
	static const enum db_stmt parts[] = {
		STMT_REPORT_GROUP_DEVICES_FORGET,
		STMT_REPORT_GROUP_FIRMWARES_FORGET,
		STMT_REPORT_GROUP_DAYS_FORGET, STMT_REPORT_GROUP_FORGET,
	};
	struct numbers old = { NULL, 0, most };

	TRY(find_old(cx, tx, STMT_REPORT_GROUP_OLD, tenant_id, before_s,
	    &old));
	for (size_t i = 0; i < old.n; i++)
		for (size_t k = 0; k < COUNT_OF(parts); k++)
			TRY(db_run(cx, tx, parts[k], DB_ARGS(DB_I(tenant_id),
			    DB_I(old.items[i])), NULL));
	if (old.n > 0)
		TRY(db_run(cx, tx, STMT_REPORT_FIRMWARE_FORGET,
		    DB_ARGS(DB_I(tenant_id)), NULL));
	*out_n = old.n;
	return OK;
}

struct err
db_report_days_forget(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t before_day)
{
	TRY(db_run(cx, tx, STMT_REPORT_QUOTA_FORGET, DB_ARGS(DB_I(tenant_id),
	    DB_I(before_day)), NULL));
	return db_run(cx, tx, STMT_REPORT_DAY_FORGET, DB_ARGS(
	    DB_I(tenant_id), DB_I(before_day)), NULL);
}
