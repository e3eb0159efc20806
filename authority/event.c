/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/event.h"

#include "base/base.h"

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
	return db_event_add(cx, tx, tenant_id, ctx_now(cx),
	    types[type].type, subject, actor, text);
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
