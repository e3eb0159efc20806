/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/event.h"

#include "authority/audit.h"
#include "authority/claim.h"
#include "base/base.h"
#include "db/scope.h"

static const struct { const char *type, *members; } types[] = {
#define EVENT(name, type, members, sentence) { type, members },
#include "authority/event.def"
#undef EVENT
};

const char *
event_type_text(enum event_type type)
{
	ASSERT(type < EVENT_TYPES);
	return types[type].type;
}

bool
event_type_is_known(const char *text)
{
	for (size_t i = 0; i < EVENT_TYPES; i++)
		if (strcmp(types[i].type, text) == 0)
			return true;
	return false;
}

bool
event_filter_is_known(const char *text)
{
	size_t n = strlen(text);

	if (n < 2 || strcmp(text + n - 2, ".*") != 0)
		return event_type_is_known(text);
	for (size_t i = 0; i < EVENT_TYPES; i++)
		if (strncmp(types[i].type, text, n - 1) == 0)
			return true;
	return false;
}

/* members: words with a space between them. */
static bool
is_member(const char *members, const char *key)
{
	size_t n = strlen(key);

	while (*members != '\0') {
		size_t length = strcspn(members, " ");

		if (length == n && memcmp(members, key, n) == 0)
			return true;
		members += length;
		members += strspn(members, " ");
	}
	return false;
}

/* A refusal is told by its code. */
static const char *
outcome_of(enum event_type type, const json_t *data)
{
	const char *code = json_string_value(json_object_get(data, "code"));

	return type == EVENT_DEVICE_REFUSED && code != NULL ? code : AUDIT_OK;
}

struct err
event_add(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    enum event_type type, const char *subject, const char *actor,
    json_t *data)
{
	const char *text = NULL, *key;
	json_t *value;

	ASSERT(type < EVENT_TYPES);
	if (data != NULL) {
		text = (const char *)json_text(cx, json_keep(cx, data)).p;
		json_object_foreach(data, key, value)
			ASSERT(is_member(types[type].members, key));
	}
	TRY(db_event_add(cx, tx, tenant_id, ctx_now(cx),
	    types[type].type, subject, actor, text));
	return audit_put(cx, tx, tenant_id, types[type].type, subject, actor,
	    outcome_of(type, data), text);
}

struct listing {
	int64_t			 tenant_id;
	struct page		 page;
	struct event_row	*items;
	size_t			 n;
};

static struct err
list_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct listing *l = arg;

	return db_event_list(cx, tx, l->tenant_id, l->page.after,
	    l->page.limit, &l->items, &l->n);
}

struct err
event_list(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, struct page page, struct event_row **out,
    size_t *out_n)
{
	struct listing l = { .tenant_id = tenant->id, .page = page };

	TRY(db_read(cx, a->db, list_work, &l));
	*out = l.items;
	*out_n = l.n;
	return OK;
}

/* --- the feed ------------------------------------------------------------ */

struct reading {
	int64_t				 tenant_id;	/* 0: all */
	const struct event_query	*query;
	struct event_page		 page;
};

static bool
is_wanted(const char *filter, const char *type)
{
	size_t n = strlen(filter);

	if (n >= 2 && strcmp(filter + n - 2, ".*") == 0)
		return strncmp(filter, type, n - 1) == 0;
	return strcmp(filter, type) == 0;
}

/* Filtered after they were read: a filter that fits nothing still moves the
 * cursor on, so that nobody looks at the same events again and again. */
static void
keep_wanted(const char *filter, struct event_page *page)
{
	size_t n = 0;

	for (size_t i = 0; i < page->n; i++)
		if (is_wanted(filter, page->items[i].type))
			page->items[n++] = page->items[i];
	page->n = n;
}

/* Groups are the subjects of these types, whose other events would be about
 * something of the same name. */
static bool
is_about_group(const struct event_row *e, const char *group)
{
	return strcmp(e->subject, group) == 0 &&
	    (is_wanted("group.*", e->type) || is_wanted("policy.*", e->type));
}

/* The subject is a device, or the data names one. */
static struct err
is_about_device(struct ctx *cx, struct db_tx *tx, const struct reading *r,
    const struct event_row *e, bool *out)
{
	const char *id = e->subject, *named;
	json_t *data;

	data = json_loads(e->data, JSON_REJECT_DUPLICATES, NULL);
	named = json_string_value(json_object_get(data, "device_id"));
	if (named != NULL)
		id = arena_strdup(cx->arena, named);
	json_decref(data);
	*out = false;
	if (!claim_is_device_id(id))
		return OK;
	return db_scope_device(cx, tx, r->tenant_id, r->query->group_id, id,
	    out);
}

static struct err
keep_of_group(struct ctx *cx, struct db_tx *tx, const struct reading *r,
    struct event_page *page)
{
	size_t n = 0;

	for (size_t i = 0; i < page->n; i++) {
		const struct event_row *e = &page->items[i];
		bool is_mine = is_about_group(e, r->query->group);

		if (!is_mine)
			TRY(is_about_device(cx, tx, r, e, &is_mine));
		if (is_mine)
			page->items[n++] = *e;
	}
	page->n = n;
	return OK;
}

static struct err
feed_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct reading *r = arg;
	const struct event_query *q = r->query;
	struct event_page page = { .cursor = q->after };
	int64_t through;

	if (q->after == EVENT_LATEST) {
		TRY(db_event_newest(cx, tx, r->tenant_id, &page.cursor));
		r->page = page;
		return OK;
	}
	TRY(db_event_pruned(cx, tx, r->tenant_id, &through));
	if (q->after != 0 && q->after < through)
		return FAIL_TELL(cx, ERR_CURSOR_GONE, "events up to %lld are "
		    "not kept any more; 0 is the oldest that is there",
		    (long long)through);
	if (r->tenant_id == 0)
		TRY(db_event_list_all(cx, tx, q->after, q->limit, &page.items,
		    &page.n));
	else
		TRY(db_event_list(cx, tx, r->tenant_id, q->after, q->limit,
		    &page.items, &page.n));
	page.more = page.n == q->limit;
	if (page.n > 0)
		page.cursor = page.items[page.n - 1].id;
	if (q->type != NULL)
		keep_wanted(q->type, &page);
	if (q->group_id != 0)
		TRY(keep_of_group(cx, tx, r, &page));
	r->page = page;
	return OK;
}

struct err
event_feed(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct event_query *query,
    struct event_page *out)
{
	struct reading r = { .query = query,
	    .tenant_id = tenant == NULL ? 0 : tenant->id };

	if (query->type != NULL && !event_filter_is_known(query->type))
		return FAIL_TELL(cx, ERR_PARAMETER, "there are no events of "
		    "that type");
	TRY(db_read(cx, a->db, feed_work, &r));
	*out = r.page;
	return OK;
}

/* --- forgetting ---------------------------------------------------------- */

#define PRUNE_AT_ONCE	1000u	/* rows in one transaction */

struct forgetting { int64_t before_s; bool due; size_t n; };

static struct err
due_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct forgetting *f = arg;

	return db_event_prune_due(cx, tx, f->before_s, &f->due);
}

static struct err
prune_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct forgetting *f = arg;

	return db_event_prune(cx, tx, f->before_s, PRUNE_AT_ONCE, &f->n);
}

struct err
event_prune_round(struct ctx *cx, const struct authority *a)
{
	struct forgetting f = { .n = PRUNE_AT_ONCE,
	    .before_s = ctx_now(cx) - a->limits.event_keep_s };

	TRY(db_read(cx, a->db, due_work, &f));
	while (f.due && f.n == PRUNE_AT_ONCE)
		TRY(db_write(cx, a->db, prune_work, &f));
	return OK;
}
