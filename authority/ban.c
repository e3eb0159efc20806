/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/ban.h"

#include "authority/ban_apply.h"
#include "authority/event.h"
#include "authority/receipt.h"
#include "authority/tenant.h"
#include "base/base.h"
#include "policy/match.h"

static struct err
read_request(struct ctx *cx, const struct ban_request *r, struct match *out)
{
	if (strcmp(r->action, BAN_BAN) != 0 &&
	    strcmp(r->action, BAN_QUARANTINE) != 0)
		return FAIL_AT(cx, ERR_FIELD, "/action",
		    "action: ban or quarantine");
	return match_read(cx, r->match, r->pointer, out);
}

/* --- making and lifting ---------------------------------------------------- */

struct changing {
	const struct authority		*authority;
	const struct tenant		*tenant;
	const struct principal		*by;
	struct ban_row			 row;
	bool				 unban;
	struct operation_row		 operation;
	/* Where the answer goes, for the receipt. */
	struct ban_made			*made;
};

static struct err
check_room(struct ctx *cx, struct db_tx *tx, int64_t tenant_id)
{
	struct ban_row *rows = arena_array(cx->arena, BANS_ACTIVE_MAX,
	    sizeof(*rows));
	size_t n;

	TRY(db_ban_active(cx, tx, tenant_id, rows, &n));
	if (n == BANS_ACTIVE_MAX)
		return FAIL_TELL(cx, ERR_CONFLICT, "%u rules are in force; "
		    "lift some", BANS_ACTIVE_MAX);
	return OK;
}

static struct err
note(struct ctx *cx, struct db_tx *tx, const struct changing *c,
    enum event_type type)
{
	/* The platform has no feed of its own; its rules show in the events of
	 * the devices that they hit. */
	if (c->row.tenant_id == 0)
		return OK;
	return event_add(cx, tx, c->row.tenant_id, type, arena_printf(
	    cx->arena, "%lld", (long long)c->row.id), c->by->name,
	    json_pack("{s:s, s:s*}", "action", c->row.action, "reason",
	    c->row.reason));
}

static struct err
make_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct changing *c = arg;

	TRY(check_room(cx, tx, c->row.tenant_id));
	TRY(db_ban_add(cx, tx, &c->row, &c->row.id));
	TRY(ban_queue(cx, tx, c->tenant, c->by, c->row.id, false,
	    &c->operation));
	TRY(note(cx, tx, c, EVENT_BAN_CREATED));
	*c->made = (struct ban_made){ c->row, c->operation.name };
	return receipt_add(cx, tx);
}

struct err
ban_make(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *by,
    const struct ban_request *request, struct ban_made *out)
{
	struct changing c = { .authority = a, .tenant = tenant, .by = by,
	    .made = out };
	struct match match;

	TRY(read_request(cx, request, &match));
	c.row = (struct ban_row){
		.tenant_id = tenant_scope(tenant),
		.match = (const char *)json_text(cx, request->match).p,
		.action = request->action, .reason = request->reason,
		.created_s = ctx_now(cx), .created_by = by->name,
	};
	TRY(db_write(cx, a->db, make_work, &c));
	operation_wake(a);
	return OK;
}

static struct err
lift_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct changing *c = arg;

	TRY(db_ban_lift(cx, tx, c->row.tenant_id, c->row.id, ctx_now(cx),
	    c->by->name));
	TRY(db_ban_get(cx, tx, c->row.tenant_id, c->row.id, &c->row));
	if (c->unban)
		TRY(ban_queue(cx, tx, c->tenant, c->by, c->row.id, true,
		    &c->operation));
	return note(cx, tx, c, EVENT_BAN_LIFTED);
}

struct err
ban_lift(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *by, int64_t id,
    bool unban, const char **out_operation)
{
	struct changing c = { .authority = a, .tenant = tenant, .by = by,
	    .unban = unban, .row = { .id = id,
	    .tenant_id = tenant_scope(tenant) } };

	TRY(db_write(cx, a->db, lift_work, &c));
	operation_wake(a);
	*out_operation = unban ? c.operation.name : NULL;
	return OK;
}

/* --- looking ------------------------------------------------------------------ */

struct looking {
	int64_t		 tenant_id, id;
	struct page	 page;
	struct ban_row	*rows;
	size_t		 n;
};

static struct err
get_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct looking *l = arg;

	return db_ban_get(cx, tx, l->tenant_id, l->id, l->rows);
}

struct err
ban_get(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, int64_t id, struct ban_row *out)
{
	struct looking l = { .tenant_id = tenant_scope(tenant), .id = id,
	    .rows = out };

	return db_read(cx, a->db, get_work, &l);
}

static struct err
list_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct looking *l = arg;

	return db_ban_list(cx, tx, l->tenant_id, l->page.after, l->page.limit,
	    l->rows, &l->n);
}

struct err
ban_list(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, struct page page, struct ban_row **out,
    size_t *out_n)
{
	struct looking l = { .tenant_id = tenant_scope(tenant), .page = page };

	l.rows = arena_array(cx->arena, page.limit, sizeof(*l.rows));
	TRY(db_read(cx, a->db, list_work, &l));
	*out = l.rows;
	*out_n = l.n;
	return OK;
}

/* --- a dry run ------------------------------------------------------------ */

struct counting {
	const struct match	*match;
	int64_t			 tenant_id, last;
	unsigned		 n;		/* rows of this page */
	struct ctx		*keep;		/* outlives the page */
	struct ban_count	 count;
};

static void
count_group(struct counting *c, const char *name)
{
	struct ban_count *n = &c->count;
	size_t i = 0;

	while (i < n->n_groups && strcmp(n->groups[i].name, name) != 0)
		i++;
	if (i == BAN_DRY_GROUPS)
		return;
	if (i == n->n_groups)
		n->groups[n->n_groups++] = (struct ban_group){
			arena_strdup(c->keep->arena, name), 0 };
	n->groups[i].n++;
}

static struct err
count_one(struct ctx *cx, const struct ban_device *d, void *arg)
{
	struct counting *c = arg;
	struct ban_count *n = &c->count;
	bool fits;

	c->last = d->id;
	c->n++;
	n->looked++;
	TRY(ban_fits(cx, c->match, d, &fits));
	if (!fits)
		return OK;
	n->matched++;
	n->already += db_device_is_barred(d->state);
	count_group(c, d->group);
	if (n->n_device_ids < BAN_DRY_SHOWN)
		n->device_ids[n->n_device_ids++] =
		    arena_strdup(c->keep->arena, d->device_id);
	return OK;
}

#define PAGE	200u

static struct err
count_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct counting *c = arg;

	c->n = 0;
	return db_ban_scan(cx, tx, c->tenant_id, c->last, INT64_MAX, PAGE,
	    count_one, c);
}

struct err
ban_dry_run(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct ban_request *request,
    int64_t after, struct ban_count *out)
{
	struct counting c = { .tenant_id = tenant_scope(tenant),
	    .last = after, .keep = cx };
	struct ctx_root root;
	struct match match;
	struct err e;

	TRY(read_request(cx, request, &match));
	c.match = &match;
	ctx_root_init(&root, cx->log);
	root.cx.clock = cx->clock;
	do {
		ctx_root_reset(&root);
		root.cx.clock = cx->clock;
		e = db_read(&root.cx, a->db, count_work, &c);
	} while (!failed(e) && c.n == PAGE &&
	    c.count.looked < BAN_DRY_LOOK_MAX);
	if (failed(e))
		*cx->trail = root.trail;
	ctx_root_fini(&root);
	if (failed(e))
		return e;
	c.count.next = c.n == PAGE ? c.last : 0;
	*out = c.count;
	return OK;
}

/* --- at enrolment ------------------------------------------------------------- */

struct err
ban_check(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct match_device *device, int64_t *out_newest)
{
	struct ban_row *rows = arena_array(cx->arena, BANS_ACTIVE_MAX,
	    sizeof(*rows));
	int64_t newest = 0;
	size_t n;

	TRY(db_ban_active(cx, tx, tenant_id, rows, &n));
	for (size_t i = 0; i < n; i++) {
		struct match match;

		TRY(match_parse(cx, rows[i].match, &match));
		if (match_fits(cx, &match, device, ctx_now(cx)))
			return FAIL_TELL(cx, ERR_HW_BANNED, "ban %lld%s%s",
			    (long long)rows[i].id, rows[i].reason == NULL ?
			    "" : ": ", rows[i].reason == NULL ? "" :
			    rows[i].reason);
		if (rows[i].id > newest)
			newest = rows[i].id;
	}
	*out_newest = newest;
	return OK;
}
