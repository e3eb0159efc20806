/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/report.h"

#include "authority/event.h"
#include "authority/report_group.h"
#include "base/base.h"
#include "db/attestation.h"
#include "db/device.h"

#define DAY_S	86400

bool
report_is_id(const char *text)
{
	size_t n = strlen(text);

	return n >= 1 && n <= REPORT_ID_MAX && strspn(text,
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	    "0123456789._-") == n;
}

/* --- taking ---------------------------------------------------------- */

struct taking {
	int64_t			 tenant_id, at_s;
	int64_t			 usual_limit, limit;	/* events a day */
	const char		*device_id;
	const struct report	*report;
	struct report_setting	 setting;
	struct report_answer	 answer;
	bool			 over;	/* no more reports today */
};

static struct err
device_of(struct ctx *cx, struct db_tx *tx, const struct taking *t,
    struct device_row *out)
{
	bool found;

	TRY(db_device_by_id(cx, tx, t->device_id, out, &found));
	if (!found || out->tenant_id != t->tenant_id)
		return FAIL(cx, ERR_AUTH_CERTIFICATE,
		    "the device left the tenant");
	if (out->state == DEVICE_BANNED)
		return FAIL(cx, ERR_HW_BANNED, "device %s", t->device_id);
	return OK;
}

/* Store the report and as many of its events as there is room for. */
static struct err
store(struct ctx *cx, struct db_tx *tx, const struct taking *t,
    const struct device_row *device, const struct report_answer *answer)
{
	struct attestation_row attested = { 0 };
	struct report_row row = {
		.device_id = t->device_id, .report_id = t->report->report_id,
		.received_s = t->at_s,
		.accepted = answer->accepted, .dropped = answer->dropped,
	};
	struct report_taken taken = {
		.tenant_id = t->tenant_id, .at_s = t->at_s,
		.device_id = t->device_id, .events = t->report->events,
		.n = (size_t)answer->accepted, .setting = &t->setting,
	};
	int64_t *groups = arena_array(cx->arena, taken.n, sizeof(*groups));
	int64_t id;
	bool found;

	TRY(db_attestation_get(cx, tx, t->tenant_id, device->id, &attested,
	    &found));
	if (found) {
		row.attested_s = attested.at_s;
		row.attested = attested.claims;
	}
	TRY(db_report_add(cx, tx, t->tenant_id, &row, &id));
	taken.attested = row.attested;
	TRY(report_group_take(cx, tx, &taken, groups));
	for (int64_t i = 0; i < answer->accepted; i++)
		TRY(db_report_event_add(cx, tx, t->tenant_id, id,
		    t->device_id, &t->report->events[i], groups[i]));
	return OK;
}

/* The first drop of a day is worth an event; each one after is counted. */
static struct err
count(struct ctx *cx, struct db_tx *tx, const struct taking *t,
    const struct quota_row *before, const struct quota_row *added)
{
	TRY(db_quota_count(cx, tx, t->tenant_id, added));
	if (before->dropped > 0 || added->dropped == 0)
		return OK;
	return event_add(cx, tx, t->tenant_id, EVENT_ERROR_REPORT_DROPPED,
	    t->device_id, "device", json_pack("{s:I, s:I}",
	    "limit", (json_int_t)t->limit,
	    "dropped", (json_int_t)added->dropped));
}

/*
 * A report of which nothing is kept still leaves a row, so that it is answered
 * alike when sent again; therefore the number of reports is bounded as well.
 */
static struct err
take_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct taking *t = arg;
	int64_t n = (int64_t)t->report->n_events, room;
	struct quota_row before, added = {
		.device_id = t->device_id, .day = t->at_s / DAY_S,
	};
	struct device_row device;
	struct report_row old;
	bool found;

	t->over = false;
	TRY(device_of(cx, tx, t, &device));
	TRY(db_report_find(cx, tx, t->tenant_id, t->device_id,
	    t->report->report_id, &old, &found));
	if (found) {
		t->answer = (struct report_answer){ old.accepted, old.dropped,
		    true };
		return OK;
	}
	TRY(report_setting_find(cx, tx, t->tenant_id, &t->setting));
	t->limit = report_setting_limit(&t->setting, t->usual_limit);
	TRY(db_quota_get(cx, tx, t->tenant_id, t->device_id, added.day,
	    &before));
	room = before.taken < t->limit ? t->limit - before.taken : 0;
	t->over = before.reports >= t->limit;
	added.reports = t->over ? 0 : 1;
	added.taken = t->over ? 0 : n < room ? n : room;
	added.dropped = n - added.taken;
	TRY(count(cx, tx, t, &before, &added));
	t->answer = (struct report_answer){ added.taken, added.dropped,
	    false };
	return t->over ? OK : store(cx, tx, t, &device, &t->answer);
}

struct err
report_take(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const char *device_id,
    const struct report *report, struct report_answer *out)
{
	struct taking t = {
		.tenant_id = tenant->id,
		.usual_limit = a->limits.reports_per_day,
		.at_s = ctx_now(cx), .device_id = device_id, .report = report,
	};

	TRY(db_write(cx, a->db, take_work, &t));
	if (t.over) {
		struct err e = FAIL_TELL(cx, ERR_QUOTA,
		    "%lld reports today", (long long)t.limit);

		cx->trail->retry_after_s = DAY_S - t.at_s % DAY_S;
		return e;
	}
	*out = t.answer;
	return OK;
}

/* --- looking --------------------------------------------------------- */

struct listing {
	int64_t				 tenant_id;
	const struct report_filter	*filter;
	struct report_event_row		*items;
	size_t				 n;
	int64_t				 next;
};

static struct err
list_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct listing *l = arg;

	return db_report_event_list(cx, tx, l->tenant_id, l->filter,
	    &l->items, &l->n, &l->next);
}

struct err
report_list(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct report_filter *filter,
    struct report_event_row **out, size_t *out_n, int64_t *out_next)
{
	struct listing l = { .tenant_id = tenant->id, .filter = filter };

	TRY(db_read(cx, a->db, list_work, &l));
	*out = l.items;
	*out_n = l.n;
	*out_next = l.next;
	return OK;
}

struct getting {
	int64_t			 tenant_id, id;
	struct report_event_row	 row;
};

static struct err
get_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct getting *g = arg;
	bool found;

	TRY(db_report_event_find(cx, tx, g->tenant_id, g->id, &g->row,
	    &found));
	if (!found)
		return FAIL(cx, ERR_NOT_FOUND, "event %lld", (long long)g->id);
	return OK;
}

struct err
report_get(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, int64_t event, struct report_event_row *out)
{
	struct getting g = { .tenant_id = tenant->id, .id = event };

	TRY(db_read(cx, a->db, get_work, &g));
	*out = g.row;
	return OK;
}

struct quota_listing {
	int64_t				 tenant_id;
	const struct quota_filter	*filter;
	struct quota_row		*items;
	size_t				 n;
	int64_t				 next;
};

static struct err
quota_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct quota_listing *l = arg;

	return db_quota_list(cx, tx, l->tenant_id, l->filter, &l->items,
	    &l->n, &l->next);
}

struct err
report_quota_list(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct quota_filter *filter,
    struct quota_row **out, size_t *out_n, int64_t *out_next)
{
	struct quota_listing l = { .tenant_id = tenant->id, .filter = filter };

	TRY(db_read(cx, a->db, quota_work, &l));
	*out = l.items;
	*out_n = l.n;
	*out_next = l.next;
	return OK;
}
