/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/event.h"

struct err
event_add(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *type, const char *subject, const char *actor, json_t *data)
{
	const char *text = NULL;

	if (data != NULL)
		text = (const char *)json_text(cx, json_keep(cx, data)).p;
	return db_event_add(cx, tx, tenant_id, ctx_now(cx), type, subject,
	    actor, text);
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
