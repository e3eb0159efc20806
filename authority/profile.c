/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/profile.h"

#include "authority/ca.h"
#include "authority/event.h"
#include "authority/receipt.h"
#include "base/base.h"

_Static_assert(PROFILE_LIFETIME_MAX_S + PROFILE_BACKDATE_MAX_S <=
    CA_LEAF_MAX_S, "no profile asks for more than is sealed with a CA key");

/* --- making, changing ------------------------------------------------------ */

/* The signer would refuse each certificate; better said now. */
static struct err
check_edge(struct ctx *cx, const struct authority *a, int64_t tenant_id,
    const struct profile_change *change)
{
	const struct issuer *issuer;

	if (!change->profile->edge)
		return OK;
	issuer = issuers_active(a, tenant_id, CA_ROLE_ISSUING);
	if (issuer == NULL || !ca_may_edge(cx, issuer->certificate))
		return FAIL_AT(cx, ERR_FIELD, json_pointer(cx,
		    change->pointer, "edge_ca"), "the tenant's issuing CA "
		    "may not sign edge CAs: stage and activate one that may");
	return OK;
}

struct making {
	int64_t				 tenant_id;
	const char			*actor;
	const struct profile_change	*change;
	struct db_profile		 row, *out;
};

static struct err
add(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    struct db_profile *row)
{
	TRY(db_profile_insert(cx, tx, tenant_id, row, &row->id));
	return event_add(cx, tx, tenant_id, row->version == 1 ?
	    EVENT_PROFILE_CREATED : EVENT_PROFILE_CHANGED, row->name,
	    row->created_by, json_pack("{s:I}", "version",
	    (json_int_t)row->version));
}

struct err
profile_add_default(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *actor)
{
	struct db_profile row = { .name = PROFILE_DEFAULT_NAME, .version = 1,
	    .created_s = ctx_now(cx), .created_by = actor };
	struct profile profile;

	TRY(profile_parse(cx, "{}", &profile));
	row.document = profile_text(cx, &profile);
	return add(cx, tx, tenant_id, &row);
}

static struct err
create_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct making *m = arg;

	m->row.version = 1;
	TRY(add(cx, tx, m->tenant_id, &m->row));
	*m->out = m->row;
	return receipt_add(cx, tx);
}

static struct making
making_of(struct ctx *cx, const struct tenant *tenant,
    const struct principal *who, const struct profile_change *change)
{
	return (struct making){
		.tenant_id = tenant->id, .actor = who->name, .change = change,
		.row = { .name = change->name,
		    .document = profile_text(cx, change->profile),
		    .created_s = ctx_now(cx), .created_by = who->name },
	};
}

struct err
profile_create(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const struct profile_change *change, struct db_profile *out)
{
	struct making m = making_of(cx, tenant, who, change);
	struct err e;

	if (strcmp(tenant->name, TENANT_PLATFORM) == 0)
		return FAIL_AT(cx, ERR_FIELD, "",
		    "the platform has no devices and no profiles");
	TRY(check_edge(cx, a, tenant->id, change));
	m.out = out;
	e = db_write(cx, a->db, create_work, &m);
	if (e.code == ERR_EXISTS)
		return FAIL_AT(cx, ERR_EXISTS, "/name",
		    "there is a profile %s", change->name);
	return e;
}

static struct err
update_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct making *m = arg;
	int64_t from = m->change->from_version;
	struct db_profile newest;

	TRY(db_profile_get(cx, tx, m->tenant_id, m->change->name,
	    PROFILE_NEWEST, &newest));
	if (from != PROFILE_NEWEST && from != newest.version)
		return FAIL_TELL(cx, ERR_PRECONDITION,
		    "version %lld is the newest", (long long)newest.version);
	if (strcmp(newest.document, m->row.document) == 0) {
		m->row = newest;
		return OK;
	}
	m->row.version = newest.version + 1;
	return add(cx, tx, m->tenant_id, &m->row);
}

struct err
profile_update(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const struct profile_change *change, struct db_profile *out)
{
	struct making m = making_of(cx, tenant, who, change);

	TRY(check_edge(cx, a, tenant->id, change));
	TRY(db_write(cx, a->db, update_work, &m));
	*out = m.row;
	return OK;
}

/* --- looking ---------------------------------------------------------------- */

struct finding {
	int64_t			 tenant_id;
	const char		*name;
	int64_t			 version;
	struct db_profile	 found;
};

static struct err
find_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct finding *f = arg;

	return db_profile_get(cx, tx, f->tenant_id, f->name, f->version,
	    &f->found);
}

struct err
profile_get(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const char *name, int64_t version,
    struct db_profile *out)
{
	struct finding f = { .tenant_id = tenant->id, .name = name,
	    .version = version };

	TRY(db_read(cx, a->db, find_work, &f));
	*out = f.found;
	return OK;
}

struct listing {
	int64_t			 tenant_id;
	const char		*name;		/* NULL: of each, the newest */
	struct page		 page;
	struct db_profile	*items;
	size_t			 n;
};

static struct err
list_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct listing *l = arg;
	size_t most = (size_t)l->page.limit + 1;
	struct db_profile any;

	if (l->name == NULL)
		return db_profile_list(cx, tx, l->tenant_id, l->page.after,
		    most, &l->items, &l->n);
	TRY(db_profile_get(cx, tx, l->tenant_id, l->name, PROFILE_NEWEST,
	    &any));
	return db_profile_versions(cx, tx, l->tenant_id, l->name,
	    l->page.after, most, &l->items, &l->n);
}

static struct err
list(struct ctx *cx, const struct authority *a, struct listing *l,
    struct db_profile **out, size_t *out_n, int64_t *out_next)
{
	bool more;

	TRY(db_read(cx, a->db, list_work, l));
	more = l->n > l->page.limit;
	*out = l->items;
	*out_n = more ? l->page.limit : l->n;
	*out_next = more ? l->items[l->page.limit - 1].cursor : 0;
	return OK;
}

struct err
profile_list(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, struct page page, struct db_profile **out,
    size_t *out_n, int64_t *out_next)
{
	struct listing l = { .tenant_id = tenant->id, .page = page };

	return list(cx, a, &l, out, out_n, out_next);
}

struct err
profile_versions(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const char *name, struct page page,
    struct db_profile **out, size_t *out_n, int64_t *out_next)
{
	struct listing l = { .tenant_id = tenant->id, .name = name,
	    .page = page };

	return list(cx, a, &l, out, out_n, out_next);
}
