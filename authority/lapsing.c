/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/lapsing.h"

#include "authority/event.h"
#include "base/base.h"
#include "db/lapse.h"

#define PAGE	100u	/* devices in one transaction */
#define TENANTS	100u	/* read at once */

struct round {
	struct lapse_mark	 mark;
	int64_t			 until_s;
	bool			 tell;
	size_t			 n;
};

static struct err
tell(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct lapse_row *row)
{
	json_t *data = json_pack("{s:s, s:s}", "serial",
	    text_hex(cx->arena, row->serial), "expires_at",
	    text_time_dup(cx->arena, row->end_s));

	if (row->last_seen_s != 0)
		ASSERT(json_object_set_new(data, "last_seen", json_string(
		    text_time_dup(cx->arena, row->last_seen_s))) == 0);
	return event_add(cx, tx, tenant_id, EVENT_CERTIFICATE_LAPSING,
	    row->device_id, "upkeep", data);
}

/* The mark moves with what is told, in one transaction: each is told once. */
static struct err
round_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct round *r = arg;
	struct lapse_mark mark = r->mark;
	struct lapse_row *rows;

	TRY(db_lapse_list(cx, tx, &mark, r->until_s, r->tell ? PAGE : 1,
	    &rows, &r->n));
	if (!r->tell)
		return OK;
	for (size_t i = 0; i < r->n; i++) {
		TRY(tell(cx, tx, mark.tenant_id, &rows[i]));
		mark.end_s = rows[i].end_s;
		mark.device = rows[i].device;
	}
	if (r->n < PAGE) {
		/* All that end by then were told of, whatever their device. */
		mark.end_s = r->until_s;
		mark.device = INT64_MAX;
	}
	TRY(db_lapse_told(cx, tx, &mark));
	r->mark = mark;
	return OK;
}

static struct err
of_tenant(struct ctx *cx, const struct authority *a,
    const struct lapse_mark *mark)
{
	int64_t now_s = ctx_now(cx);
	struct round r = { .mark = *mark,
	    .until_s = now_s + a->limits.certificate_warn_s };

	/* What had ended before anybody was told of anything is no news. */
	if (r.mark.end_s == 0)
		r.mark.end_s = now_s;
	if (r.mark.end_s >= r.until_s)
		return OK;
	TRY(db_read(cx, a->db, round_work, &r));
	r.tell = r.n > 0;
	while (r.tell) {
		TRY(db_write(cx, a->db, round_work, &r));
		r.tell = r.n == PAGE;
	}
	return OK;
}

struct listing { int64_t after; struct lapse_mark *marks; size_t n; };

static struct err
tenants_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct listing *l = arg;

	return db_lapse_tenants(cx, tx, l->after, TENANTS, &l->marks, &l->n);
}

struct err
lapsing_round(struct ctx *cx, const struct authority *a)
{
	struct listing l = { .n = TENANTS };

	while (l.n == TENANTS) {
		TRY(db_read(cx, a->db, tenants_work, &l));
		for (size_t i = 0; i < l.n; i++)
			TRY(of_tenant(cx, a, &l.marks[i]));
		if (l.n > 0)
			l.after = l.marks[l.n - 1].tenant_id;
	}
	return OK;
}
