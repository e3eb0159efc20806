/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/report_group.h"

#include <sodium.h>

#include "authority/event.h"
#include "authority/report_signature.h"
#include "base/base.h"
#include "policy/result.h"

#define DAY_S		86400
#define FORGET_REPORTS	100u	/* in one transaction; each of 1000 events */
#define FORGET_GROUPS	20u

/* --- settings ------------------------------------------------------------- */

struct err
report_setting_find(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    struct report_setting *out)
{
	struct report_setting found;

	TRY(db_report_setting_get(cx, tx, tenant_id, &found));
	if (found.revision == 0)
		found = (struct report_setting){
			.spike_least = REPORT_SPIKE_LEAST,
			.spike_factor = REPORT_SPIKE_FACTOR,
		};
	*out = found;
	return OK;
}

struct setting {
	int64_t					 tenant_id;
	const char				*actor;
	const struct report_setting_change	*change;
	struct report_setting			 row;
};

static struct err
setting_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct setting *s = arg;

	return report_setting_find(cx, tx, s->tenant_id, &s->row);
}

struct err
report_setting_get(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, struct report_setting *out)
{
	struct setting s = { .tenant_id = tenant->id };

	TRY(db_read(cx, a->db, setting_work, &s));
	*out = s.row;
	return OK;
}

static void
take(int64_t *member, int64_t wanted)
{
	if (wanted != REPORT_AS_IT_IS)
		*member = wanted;
}

int64_t
report_setting_limit(const struct report_setting *s, int64_t most)
{
	return s->events_per_day == 0 || s->events_per_day > most ? most :
	    s->events_per_day;
}

/* Doors show one more than the revision: settings that were never set have a
 * tag too, and 0 stands for any. */
static struct err
change_setting_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct setting *s = arg;
	const struct report_setting_change *c = s->change;

	TRY(report_setting_find(cx, tx, s->tenant_id, &s->row));
	TRY(revision_check(cx, c->revision, s->row.revision + 1));
	take(&s->row.keep_days, c->keep_days);
	take(&s->row.events_per_day, c->events_per_day);
	take(&s->row.spike_least, c->spike_least);
	take(&s->row.spike_factor, c->spike_factor);
	s->row.revision++;
	s->row.changed_s = ctx_now(cx);
	s->row.changed_by = s->actor;
	TRY(db_report_setting_put(cx, tx, s->tenant_id, &s->row));
	return event_add(cx, tx, s->tenant_id,
	    EVENT_ERROR_REPORT_SETTINGS_CHANGED, "error-reports", s->actor,
	    json_pack("{s:I,s:I,s:I,s:I}",
	    "keep_days", (json_int_t)s->row.keep_days,
	    "events_per_day", (json_int_t)s->row.events_per_day,
	    "spike_least", (json_int_t)s->row.spike_least,
	    "spike_factor", (json_int_t)s->row.spike_factor));
}

struct err
report_setting_change(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const struct report_setting_change *change, struct report_setting *out)
{
	struct setting s = {
		.tenant_id = tenant->id, .actor = who->name, .change = change
	};

	TRY(db_write(cx, a->db, change_setting_work, &s));
	*out = s.row;
	return OK;
}

/* --- taking: which firmware -------------------------------------------------- */

/* Measurements alone: what else was attested changes by itself. */
static struct err
find_firmware(struct ctx *cx, struct db_tx *tx,
    const struct report_taken *t, int64_t *out_id)
{
	struct claims claims, measured = claims_in(cx->arena);
	uint8_t sha256[32];
	const char *text;

	*out_id = 0;
	if (t->attested == NULL ||
	    failed(result_claims_parse(cx, t->attested, &claims))) {
		ctx_forget(cx);
		return OK;
	}
	for (size_t i = 0; i < claims.n; i++)
		if (claims.items[i].kind->type == CLAIM_BYTES &&
		    claims.items[i].kind->refusal == ERR_POLICY_MEASUREMENT)
			claims_add_bytes(&measured, claims.items[i].name,
			    claims.items[i].bytes);
	if (measured.n == 0)
		return OK;
	text = result_claims_text(cx, &measured);
	(void)crypto_hash_sha256(sha256, (const uint8_t *)text, strlen(text));
	return db_report_firmware(cx, tx, t->tenant_id, SLICE_OF(sha256),
	    text, REPORT_TENANT_FIRMWARES_MAX, out_id);
}

/* --- taking: which group ------------------------------------------------------ */

/* Events of one report that are alike. */
struct alike {
	uint8_t				 signature[REPORT_SIGNATURE_SIZE];
	const struct report_event	*event;		/* the first */
	const char			*plain;
	int64_t				 events, occurrences;
	struct report_group		 group;
};

static size_t
find_alike(struct ctx *cx, const struct report_event *e, struct alike *alike,
    size_t *n)
{
	struct alike new = { .event = e,
	    .plain = report_signature_plain(cx, e->description) };
	size_t i = 0;

	report_signature(e, new.plain, new.signature);
	while (i < *n && memcmp(alike[i].signature, new.signature,
	    sizeof(new.signature)) != 0)
		i++;
	if (i == *n)
		alike[(*n)++] = new;
	alike[i].events++;
	alike[i].occurrences += e->event_count;
	return i;
}

static struct err
make_group(struct ctx *cx, struct db_tx *tx, const struct report_taken *t,
    struct alike *a)
{
	struct report_group group = {
		.signature = SLICE_OF(a->signature),
		.event_type = a->event->event_type,
		.event_class = a->event->event_class,
		.event_category = a->event->event_category,
		.description = a->plain, .state = "open",
		.first_s = t->at_s, .first_device = t->device_id,
	};

	TRY(db_report_group_add(cx, tx, t->tenant_id, &group, &group.id));
	a->group = group;
	return OK;
}

/* Devices choose the words, so there is a last group that takes the rest. */
static struct err
find_group(struct ctx *cx, struct db_tx *tx, const struct report_taken *t,
    struct alike *a)
{
	static const struct report_event rest = {
		.event_type = "(other)", .event_class = "(other)",
		.event_category = "(other)", .description = "",
	};
	bool found, full;

	TRY(db_report_group_by_signature(cx, tx, t->tenant_id,
	    SLICE_OF(a->signature), &a->group, &found));
	if (found)
		return OK;
	TRY(db_report_group_full(cx, tx, t->tenant_id, REPORT_GROUPS_MAX - 1,
	    &full));
	if (!full)
		return make_group(cx, tx, t, a);
	a->event = &rest;
	a->plain = "more kinds of events than can be told apart";
	report_signature(a->event, a->plain, a->signature);
	TRY(db_report_group_by_signature(cx, tx, t->tenant_id,
	    SLICE_OF(a->signature), &a->group, &found));
	return found ? OK : make_group(cx, tx, t, a);
}

/* --- taking: what it means ------------------------------------------------------ */

static struct err
reopen(struct ctx *cx, struct db_tx *tx, const struct report_taken *t,
    struct report_group *g)
{
	g->state = "open";
	g->changed_s = t->at_s;
	g->changed_by = "device";
	TRY(db_report_group_state(cx, tx, t->tenant_id, g));
	return event_add(cx, tx, t->tenant_id, EVENT_ERROR_GROUP_REOPENED,
	    arena_printf(cx->arena, "%lld", (long long)g->id), "device",
	    json_pack("{s:s,s:s}", "event_type", g->event_type,
	    "device_id", t->device_id));
}

/* A day on which there were many times as many as is usual; told once. */
static struct err
look_for_spike(struct ctx *cx, struct db_tx *tx, const struct report_taken *t,
    const struct report_group *g)
{
	int64_t day = t->at_s / DAY_S, today, before;

	if (strcmp(g->state, "muted") == 0 || g->spike_day >= day)
		return OK;
	TRY(db_report_group_sum(cx, tx, t->tenant_id, g->id, day, day + 1,
	    &today));
	if (today < t->setting->spike_least)
		return OK;
	TRY(db_report_group_sum(cx, tx, t->tenant_id, g->id,
	    day - REPORT_SPIKE_DAYS, day, &before));
	if (today * REPORT_SPIKE_DAYS < before * t->setting->spike_factor)
		return OK;
	TRY(db_report_group_spike(cx, tx, t->tenant_id, g->id, day));
	return event_add(cx, tx, t->tenant_id, EVENT_ERROR_REPORT_SPIKE,
	    arena_printf(cx->arena, "%lld", (long long)g->id), "device",
	    json_pack("{s:s,s:s,s:I,s:I}", "event_type", g->event_type,
	    "description", g->description, "events", (json_int_t)today,
	    "before", (json_int_t)before));
}

static struct err
count(struct ctx *cx, struct db_tx *tx, const struct report_taken *t,
    int64_t firmware, struct alike *a)
{
	struct report_added added = {
		.at_s = t->at_s, .device_id = t->device_id,
		.firmware = firmware, .events = a->events,
		.firmwares_max = REPORT_GROUP_FIRMWARES_MAX,
		.occurrences = a->occurrences,
	};
	bool new_firmware;

	TRY(find_group(cx, tx, t, a));
	added.group = a->group.id;
	TRY(db_report_group_count(cx, tx, t->tenant_id, &added,
	    &new_firmware));
	if (new_firmware && strcmp(a->group.state, "resolved") == 0)
		TRY(reopen(cx, tx, t, &a->group));
	return look_for_spike(cx, tx, t, &a->group);
}

struct err
report_group_take(struct ctx *cx, struct db_tx *tx,
    const struct report_taken *t, int64_t *out_groups)
{
	struct alike *alike = arena_array(cx->arena, t->n, sizeof(*alike));
	size_t *which = arena_array(cx->arena, t->n, sizeof(*which)), n = 0;
	int64_t firmware;

	TRY(find_firmware(cx, tx, t, &firmware));
	for (size_t i = 0; i < t->n; i++)
		which[i] = find_alike(cx, &t->events[i], alike, &n);
	for (size_t i = 0; i < n; i++)
		TRY(count(cx, tx, t, firmware, &alike[i]));
	for (size_t i = 0; i < t->n; i++)
		out_groups[i] = alike[which[i]].group.id;
	return OK;
}

/* --- looking --------------------------------------------------------------- */

struct looking {
	int64_t					 tenant_id, id;
	struct page				 page;
	const char				*actor;
	const struct report_group_filter	*filter;
	const struct report_day_filter		*day_filter;
	const struct report_group_change	*change;
	struct report_group			*groups;
	struct report_group_view		 view;
	struct report_group_device		*devices;
	struct report_day			*days;
	size_t					 n;
};

static struct err
list_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct looking *l = arg;

	return db_report_group_list(cx, tx, l->tenant_id, l->filter,
	    &l->groups, &l->n);
}

struct err
report_group_list(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct report_group_filter *filter,
    struct report_group **out, size_t *out_n)
{
	struct looking l = { .tenant_id = tenant->id, .filter = filter };

	TRY(db_read(cx, a->db, list_work, &l));
	*out = l.groups;
	*out_n = l.n;
	return OK;
}

static struct err
get_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct looking *l = arg;
	struct report_group_view *v = &l->view;

	TRY(db_report_group_get(cx, tx, l->tenant_id, l->id, &v->group));
	TRY(db_report_group_firmware_rest(cx, tx, l->tenant_id, l->id,
	    &l->view.rest_events));
	return db_report_group_firmwares(cx, tx, l->tenant_id, l->id,
	    REPORT_FIRMWARES_MAX, &v->firmwares, &v->n_firmwares);
}

struct err
report_group_get(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, int64_t id, struct report_group_view *out)
{
	struct looking l = { .tenant_id = tenant->id, .id = id };

	TRY(db_read(cx, a->db, get_work, &l));
	*out = l.view;
	return OK;
}

static struct err
devices_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct looking *l = arg;

	TRY(db_report_group_get(cx, tx, l->tenant_id, l->id,
	    &l->view.group));
	return db_report_group_devices(cx, tx, l->tenant_id, l->id,
	    l->page.after, l->page.limit, &l->devices, &l->n);
}

struct err
report_group_devices(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, int64_t id, struct page page,
    struct report_group_device **out, size_t *out_n)
{
	struct looking l = {
		.tenant_id = tenant->id, .id = id, .page = page
	};

	TRY(db_read(cx, a->db, devices_work, &l));
	*out = l.devices;
	*out_n = l.n;
	return OK;
}

static struct err
days_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct looking *l = arg;

	return db_report_day_list(cx, tx, l->tenant_id, l->day_filter,
	    &l->days, &l->n);
}

struct err
report_day_list(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct report_day_filter *filter,
    struct report_day **out, size_t *out_n)
{
	struct looking l = { .tenant_id = tenant->id, .day_filter = filter };

	TRY(db_read(cx, a->db, days_work, &l));
	*out = l.days;
	*out_n = l.n;
	return OK;
}

/* --- changing --------------------------------------------------------------- */

static struct err
change_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct looking *l = arg;
	struct report_group *g = &l->view.group;

	TRY(get_work(cx, tx, l));
	TRY(revision_check(cx, l->change->revision, g->revision));
	g->state = l->change->state;
	if (l->change->note != NULL)
		g->note = l->change->note;
	g->changed_s = ctx_now(cx);
	g->changed_by = l->actor;
	g->revision++;
	TRY(db_report_group_state(cx, tx, l->tenant_id, g));
	return event_add(cx, tx, l->tenant_id, EVENT_ERROR_GROUP_CHANGED,
	    arena_printf(cx->arena, "%lld", (long long)g->id), l->actor,
	    json_pack("{s:s,s:s}", "state", g->state, "note", g->note));
}

struct err
report_group_change(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who, int64_t id,
    const struct report_group_change *change, struct report_group_view *out)
{
	static const char *const states[] = { "open", "resolved", "muted" };
	struct looking l = {
		.tenant_id = tenant->id, .id = id, .actor = who->name,
		.change = change,
	};
	size_t i = 0;

	while (i < COUNT_OF(states) && strcmp(states[i], change->state) != 0)
		i++;
	if (i == COUNT_OF(states))
		return FAIL_AT(cx, ERR_FIELD, "/state",
		    "must be open, resolved or muted");
	TRY(db_write(cx, a->db, change_work, &l));
	*out = l.view;
	return OK;
}

/* --- forgetting ------------------------------------------------------------- */

struct forgetting { int64_t tenant_id, keep_days, now_s; size_t n; };

static struct err
keeper_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct forgetting *f = arg;

	return db_report_keeper(cx, tx, f->tenant_id, &f->tenant_id,
	    &f->keep_days);
}

/* Reports, with their events; then the groups that only those were in; then
 * the counts of days. */
static struct err
forget_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct forgetting *f = arg;
	int64_t before_s = f->now_s - f->keep_days * DAY_S;

	TRY(db_report_forget(cx, tx, f->tenant_id, before_s, FORGET_REPORTS,
	    &f->n));
	if (f->n > 0)
		return OK;
	TRY(db_report_group_forget(cx, tx, f->tenant_id, before_s,
	    FORGET_GROUPS, &f->n));
	if (f->n > 0)
		return OK;
	return db_report_days_forget(cx, tx, f->tenant_id, before_s / DAY_S);
}

struct err
report_group_round(struct ctx *cx, const struct authority *a)
{
	struct forgetting f = { .now_s = ctx_now(cx) };

	for (;;) {
		TRY(db_read(cx, a->db, keeper_work, &f));
		if (f.tenant_id == 0)
			return OK;
		do
			TRY(db_write(cx, a->db, forget_work, &f));
		while (f.n > 0);
	}
}
