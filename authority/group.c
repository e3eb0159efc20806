/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/group.h"

#include "authority/event.h"
#include "authority/policies.h"
#include "authority/profile.h"
#include "authority/receipt.h"
#include "authority/reference.h"
#include "db/device.h"
#include "policy/result.h"

#define DEFAULT_POLICY \
	"{\"rules\":[{\"claim\":\"hardware_key\",\"equals\":true}]}"

/* --- what is asked of it ------------------------------------------------ */

static void
apply(struct db_group *g, const struct group_spec *spec)
{
	if (spec->title != NULL)
		g->title = spec->title;
	/* A version is one of the profile that it was chosen from. */
	if (spec->profile != NULL) {
		g->profile = spec->profile;
		g->profile_version = PROFILE_NEWEST;
	}
	if (spec->profile_version != GROUP_AS_IT_IS)
		g->profile_version = spec->profile_version;
}

static struct err
check_profile(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct db_group *g)
{
	struct db_profile found;
	struct err e = db_profile_get(cx, tx, tenant_id, g->profile,
	    PROFILE_NEWEST, &found);

	if (e.code == ERR_NOT_FOUND)
		return FAIL_AT(cx, ERR_FIELD, "/profile",
		    "there is no profile %s", g->profile);
	TRY(e);
	if (g->profile_version > found.version)
		return FAIL_AT(cx, ERR_FIELD, "/profile_version",
		    "the newest version of profile %s is %lld", g->profile,
		    (long long)found.version);
	return OK;
}

/* --- making ------------------------------------------------------------ */

static struct err
insert(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    struct db_group *g, const char *document, const char *actor)
{
	struct db_policy policy = {
		.version = 1, .document = document,
		.created_s = g->created_s, .created_by = actor,
	};

	TRY(check_profile(cx, tx, tenant_id, g));
	g->policy_version = policy.version;
	TRY(db_group_insert(cx, tx, tenant_id, g, &g->id));
	TRY(policies_begin(cx, tx, tenant_id, g->id, &policy));
	return event_add(cx, tx, tenant_id, EVENT_GROUP_CREATED, g->name, actor,
	    NULL);
}

struct err
group_add_default(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *actor)
{
	struct db_group g = {
		.name = GROUP_DEFAULT_NAME, .title = "",
		.profile = PROFILE_DEFAULT_NAME, .created_s = ctx_now(cx)
	};

	return insert(cx, tx, tenant_id, &g, DEFAULT_POLICY, actor);
}

struct making {
	int64_t			 tenant_id;
	struct db_group		 group, *out;
	const struct policy	*policy;	/* NULL: the usual one */
	const char		*document, *actor;
};

static struct err
make_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct making *m = arg;

	if (m->policy != NULL)
		TRY(reference_check(cx, tx, m->tenant_id, m->policy,
		    "/policy"));
	TRY(insert(cx, tx, m->tenant_id, &m->group, m->document, m->actor));
	*m->out = m->group;
	return receipt_add(cx, tx);
}

struct err
group_create(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const char *name, const struct group_spec *spec,
    const struct policy *policy, struct db_group *out)
{
	struct making m = {
		.tenant_id = tenant->id, .actor = who->name,
		.document = DEFAULT_POLICY, .policy = policy, .out = out,
		.group = { .name = name, .title = "",
		    .profile = PROFILE_DEFAULT_NAME,
		    .created_s = ctx_now(cx) },
	};
	struct err e;

	if (strcmp(tenant->name, TENANT_PLATFORM) == 0)
		return FAIL_AT(cx, ERR_FIELD, "",
		    "the platform has no devices and no groups");
	apply(&m.group, spec);
	if (policy != NULL) {
		TRY(policies_check_formats(cx, policy, "/policy/formats"));
		m.document = policy_text(cx, policy);
	}
	e = db_write(cx, a->db, make_work, &m);
	if (e.code == ERR_EXISTS)
		return FAIL_AT(cx, ERR_EXISTS, "/name",
		    "there is a group %s", name);
	return e;
}

/* --- looking ----------------------------------------------------------- */

struct finding {
	int64_t		 tenant_id;
	const char	*name;
	struct db_group	 group;
	struct db_policy policy;
};

static struct err
find_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct finding *f = arg;

	return db_group_by_name(cx, tx, f->tenant_id, f->name, &f->group);
}

struct err
group_get(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const char *name, struct db_group *out)
{
	struct finding f = { .tenant_id = tenant->id, .name = name };

	TRY(db_read(cx, a->db, find_work, &f));
	*out = f.group;
	return OK;
}

struct listing {
	int64_t		 tenant_id;
	struct page	 page;
	struct db_group	*items;
	size_t		 n;
};

static struct err
list_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct listing *l = arg;

	return db_group_list(cx, tx, l->tenant_id, l->page.after,
	    (size_t)l->page.limit + 1, &l->items, &l->n);
}

struct err
group_list(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, struct page page, struct db_group **out,
    size_t *out_n, int64_t *out_next)
{
	struct listing l = { .tenant_id = tenant->id, .page = page };
	bool more;

	TRY(db_read(cx, a->db, list_work, &l));
	more = l.n > page.limit;
	*out = l.items;
	*out_n = more ? page.limit : l.n;
	*out_next = more ? l.items[page.limit - 1].id : 0;
	return OK;
}

static struct err
get_policy(struct ctx *cx, struct db_tx *tx, struct finding *f)
{
	TRY(find_work(cx, tx, f));
	return db_policy_get(cx, tx, f->tenant_id, f->group.id,
	    f->group.policy_version, &f->policy);
}

static struct err
policy_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	return get_policy(cx, tx, arg);
}

struct err
group_policy(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const char *name, struct db_policy *out)
{
	struct finding f = { .tenant_id = tenant->id, .name = name };

	TRY(db_read(cx, a->db, policy_work, &f));
	*out = f.policy;
	return OK;
}

struct err
group_rules(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t group_id, struct db_group *out_group, struct policy *out_policy)
{
	struct db_group group;
	struct db_policy row;

	TRY(db_group_by_id(cx, tx, tenant_id, group_id, &group));
	TRY(db_policy_get(cx, tx, tenant_id, group_id, group.policy_version,
	    &row));
	TRY(policy_parse(cx, row.document, out_policy));
	*out_group = group;
	return OK;
}

/* --- changing ---------------------------------------------------------- */

struct changing {
	struct finding			 at;
	const char			*actor;
	/* group_change() */
	const struct group_spec		*spec;
	/* policies */
	const struct policy		*policy;
	int64_t				 version;
	const char			*device_id;
	const struct policy_learn	*learn;
	struct db_policy		*out;
};

static struct err
change_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct changing *c = arg;

	TRY(find_work(cx, tx, &c->at));
	TRY(revision_check(cx, c->spec->revision, c->at.group.revision));
	apply(&c->at.group, c->spec);
	TRY(check_profile(cx, tx, c->at.tenant_id, &c->at.group));
	TRY(db_group_update(cx, tx, c->at.tenant_id, &c->at.group));
	TRY(find_work(cx, tx, &c->at));
	return event_add(cx, tx, c->at.tenant_id, EVENT_GROUP_CHANGED, c->at.name,
	    c->actor, NULL);
}

struct err
group_change(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const char *name, const struct group_spec *spec,
    struct db_group *out)
{
	struct changing c = {
		.at = { .tenant_id = tenant->id, .name = name },
		.actor = who->name, .spec = spec,
	};

	TRY(db_write(cx, a->db, change_work, &c));
	*out = c.at.group;
	return OK;
}

/* The next version, in force from the commit on. */
static struct err
put_version(struct ctx *cx, struct db_tx *tx, struct changing *c,
    const struct policy *policy, const char *reason,
    enum event_type event)
{
	struct finding *at = &c->at;

	TRY(policies_next(cx, tx, at->tenant_id, &at->group, policy, c->actor,
	    reason, &at->policy));
	return event_add(cx, tx, at->tenant_id, event, at->name, c->actor,
	    json_pack("{s:I}", "version", (json_int_t)at->policy.version));
}

static struct err
set_policy_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct changing *c = arg;

	TRY(find_work(cx, tx, &c->at));
	TRY(revision_check(cx, c->version, c->at.group.policy_version));
	return put_version(cx, tx, c, c->policy, "", EVENT_POLICY_SET);
}

struct err
group_set_policy(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const char *name, int64_t version, const struct policy *policy,
    struct db_policy *out)
{
	struct changing c = {
		.at = { .tenant_id = tenant->id, .name = name },
		.actor = who->name, .policy = policy, .version = version,
	};

	TRY(policies_check_formats(cx, policy, "/formats"));
	TRY(db_write(cx, a->db, set_policy_work, &c));
	*out = c.at.policy;
	return OK;
}

/* What the golden device showed last. */
static struct err
golden_claims(struct ctx *cx, struct db_tx *tx, const struct changing *c,
    struct claims *out)
{
	struct device_view view;
	bool found;

	TRY(db_device_view(cx, tx, c->at.tenant_id, c->device_id, &view,
	    &found));
	if (!found)
		return FAIL_AT(cx, ERR_NOT_FOUND, "/device_id",
		    "no such device");
	if (view.device.group_id != c->at.group.id)
		return FAIL_AT(cx, ERR_CONFLICT, "/device_id",
		    "the device is not in this group");
	if (db_device_is_barred(view.device.state))
		return FAIL_AT(cx, ERR_CONFLICT, "/device_id",
		    "the device is banned");
	if (view.attested_s == 0 || view.claims == NULL)
		return FAIL_AT(cx, ERR_CONFLICT, "/device_id",
		    "the device was never attested");
	return result_claims_parse(cx, view.claims, out);
}

static struct err
learn_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct changing *c = arg;
	struct policy old, policy;
	struct claims claims;

	TRY(get_policy(cx, tx, &c->at));
	TRY(golden_claims(cx, tx, c, &claims));
	TRY(policy_parse(cx, c->at.policy.document, &old));
	TRY(policy_learn(cx, &old, &claims, c->learn, &policy));
	TRY(put_version(cx, tx, c, &policy, arena_printf(cx->arena,
	    "learned from device %s", c->device_id), EVENT_POLICY_LEARNED));
	*c->out = c->at.policy;
	return receipt_add(cx, tx);
}

struct err
group_learn_policy(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const char *name, const char *device_id,
    const struct policy_learn *learn, struct db_policy *out)
{
	struct changing c = {
		.at = { .tenant_id = tenant->id, .name = name },
		.actor = who->name, .device_id = device_id, .learn = learn,
		.out = out,
	};

	return db_write(cx, a->db, learn_work, &c);
}
