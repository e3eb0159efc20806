/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/tenant.h"

#include "authority/ca.h"
#include "authority/event.h"
#include "authority/group.h"
#include "authority/life.h"
#include "authority/profile.h"
#include "authority/receipt.h"
#include "base/base.h"

int64_t
tenant_scope(const struct tenant *tenant)
{
	return tenant == NULL ? 0 : tenant->id;
}

/* A tenant in the making. */
struct making {
	struct db_tenant	 row;
	struct db_ca		 root, under;
	const char		*actor;
	const char		*key_store;
	bool			 with_group, edge;
	struct tenant_made	*out;
};

static struct err
insert(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct making *m = arg;

	TRY(db_tenant_insert(cx, tx, &m->row, &m->row.id));
	m->root.tenant_id = m->under.tenant_id = m->row.id;
	TRY(db_ca_insert(cx, tx, &m->root, &m->root.id));
	m->under.parent_id = m->root.id;
	TRY(db_ca_insert(cx, tx, &m->under, &m->under.id));
	if (m->with_group) {
		TRY(profile_add_default(cx, tx, m->row.id, m->actor));
		TRY(group_add_default(cx, tx, m->row.id, m->actor));
	}
	TRY(event_add(cx, tx, m->row.id, EVENT_TENANT_CREATED, m->row.name,
	    m->actor, NULL));
	*m->out = (struct tenant_made){ m->row, { m->root, m->under } };
	return receipt_add(cx, tx);
}

struct finding { const char *name; struct db_tenant found; };

static struct err
find_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct finding *f = arg;

	return db_tenant_by_name(cx, tx, f->name, &f->found);
}

/* Asked before the signer is: a name that is taken must not cost two keys.  The
 * table has the last word. */
static struct err
check_is_new(struct ctx *cx, const struct authority *a, const char *name)
{
	struct finding f = { .name = name };
	struct err e = db_read(cx, a->db, find_work, &f);

	if (e.code == ERR_NOT_FOUND) {
		ctx_forget(cx);
		return OK;
	}
	TRY(e);
	return FAIL_AT(cx, ERR_EXISTS, "/name", "there is a tenant %s", name);
}

static struct err
make_cas(struct ctx *cx, const struct authority *a, struct making *m,
    enum ca_role under)
{
	struct ca_spec root = { .tenant = m->row.name, .role = CA_ROLE_ROOT,
	    .number = 1, .key_store = m->key_store };
	struct ca_spec second = { .tenant = m->row.name, .role = under,
	    .number = 1, .parent = &m->root, .key_store = m->key_store };

	if (m->row.algorithm == NULL)
		m->row.algorithm = ca_alg_word(CA_ALG_P256);
	if (!ca_alg_find(m->row.algorithm, &root.alg))
		return FAIL_AT(cx, ERR_FIELD, "/algorithm",
		    "algorithm: not one that a CA can have");
	second.alg = root.alg;
	second.edge = m->edge;
	TRY(check_is_new(cx, a, m->row.name));
	TRY(ca_make(cx, a, &root, &m->root));
	TRY(ca_make(cx, a, &second, &m->under));
	life_begin_active(a, &m->root);
	life_begin_active(a, &m->under);
	return OK;
}

static struct err
make(struct ctx *cx, const struct authority *a, struct making *m,
    enum ca_role under)
{
	struct err e;

	TRY(make_cas(cx, a, m, under));
	e = db_write(cx, a->db, insert, m);
	if (e.code == ERR_EXISTS)
		return FAIL_AT(cx, ERR_EXISTS, "/name",
		    "there is a tenant %s", m->row.name);
	TRY(e);
	/* `daad init` makes the platform before anything is served. */
	if (a->issuers == NULL)
		return OK;
	return issuers_sync(cx, a, m->row.id);
}

struct err
tenant_make(struct ctx *cx, const struct authority *a,
    const struct principal *who, const struct tenant_spec *spec,
    struct tenant_made *out)
{
	struct making m = {
		.row = { .name = spec->name,
		    .title = spec->title == NULL ? "" : spec->title,
		    .created_s = ctx_now(cx), .algorithm = spec->algorithm },
		.actor = who->name, .with_group = true, .edge = spec->edge,
		.key_store = spec->key_store, .out = out,
	};

	if (!text_is_name(spec->name) ||
	    strcmp(spec->name, TENANT_PLATFORM) == 0)
		return FAIL_AT(cx, ERR_FIELD, "/name",
		    "that name is reserved or not a name");
	return make(cx, a, &m, CA_ROLE_ISSUING);
}

struct err
tenant_create_as(struct ctx *cx, const struct authority *a,
    const struct principal *who, const struct tenant_spec *spec,
    struct db_tenant *out)
{
	struct tenant_made made;

	TRY(tenant_make(cx, a, who, spec, &made));
	*out = made.row;
	return OK;
}

struct err
tenant_create(struct ctx *cx, const struct authority *a,
    const struct principal *who, const char *name, const char *title,
    struct db_tenant *out)
{
	struct tenant_spec spec = { .name = name, .title = title };

	return tenant_create_as(cx, a, who, &spec, out);
}

static void
fill(struct tenant *out, const struct db_tenant *row)
{
	size_t n = strlen(row->name);

	ASSERT(n <= TEXT_NAME_MAX);
	*out = (struct tenant){ .id = row->id,
	    .is_deleted = row->deleted_s != 0 };
	memcpy(out->name, row->name, n);
}

struct err
tenant_create_platform(struct ctx *cx, const struct authority *a,
    struct tenant *out)
{
	struct tenant_made made;
	struct making m = {
		.row = { .name = TENANT_PLATFORM, .title = "Platform",
		    .created_s = ctx_now(cx) },
		.actor = "init", .out = &made,
	};

	TRY(make(cx, a, &m, CA_ROLE_SERVER));
	fill(out, &m.row);
	return OK;
}

struct err
tenant_find(struct ctx *cx, const struct authority *a, const char *name,
    struct tenant *out)
{
	struct finding f = { .name = name };

	if (!text_is_name(name))
		return FAIL(cx, ERR_NOT_FOUND, "not a name");
	TRY(db_read(cx, a->db, find_work, &f));
	fill(out, &f.found);
	return OK;
}

struct getting { int64_t id; struct db_tenant found; };

static struct err
get_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct getting *g = arg;

	return db_tenant_by_id(cx, tx, g->id, &g->found);
}

struct err
tenant_get(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, struct db_tenant *out)
{
	struct getting g = { .id = tenant->id };

	TRY(db_read(cx, a->db, get_work, &g));
	*out = g.found;
	return OK;
}

struct listing {
	struct page		 page;
	struct db_tenant	*items;
	size_t			 n;
};

static struct err
list_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct listing *l = arg;

	return db_tenant_list(cx, tx, l->page.after,
	    (size_t)l->page.limit + 1, &l->items, &l->n);
}

/* The list of who sees one tenant only. */
static struct err
list_own(struct ctx *cx, const struct authority *a, int64_t id,
    struct page page, struct db_tenant **out, size_t *out_n)
{
	struct db_tenant *own = ARENA_NEW(cx->arena, struct db_tenant);
	struct tenant tenant = { .id = id };

	TRY(tenant_get(cx, a, &tenant, own));
	*out = own;
	*out_n = page.after < id ? 1 : 0;
	return OK;
}

struct err
tenant_list(struct ctx *cx, const struct authority *a,
    const struct principal *who, struct page page, struct db_tenant **out,
    size_t *out_n, int64_t *out_next)
{
	struct listing l = { .page = page };
	bool more;

	if (who->tenant_id != 0) {
		TRY(list_own(cx, a, who->tenant_id, page, out, out_n));
		*out_next = 0;
		return OK;
	}
	TRY(db_read(cx, a->db, list_work, &l));
	more = l.n > page.limit;
	*out = l.items;
	*out_n = more ? page.limit : l.n;
	*out_next = more ? l.items[page.limit - 1].id : 0;
	return OK;
}

struct err
tenant_event(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    enum event_type type, const char *subject, const char *actor,
    json_t *data)
{
	struct db_tenant platform = { .id = tenant_id };

	if (tenant_id == 0)
		TRY(db_tenant_by_name(cx, tx, TENANT_PLATFORM, &platform));
	return event_add(cx, tx, platform.id, type, subject, actor, data);
}
