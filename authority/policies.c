/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/policies.h"

#include "attest/attest.h"
#include "authority/event.h"
#include "authority/receipt.h"
#include "authority/reference.h"

struct err
policies_check_formats(struct ctx *cx, const struct policy *policy,
    const char *pointer)
{
	for (size_t i = 0; i < policy->n_formats; i++)
		if (attest_find(policy->formats[i]) == NULL)
			return FAIL_AT(cx, ERR_FIELD,
			    json_pointer_item(cx, pointer, i),
			    "no such format of evidence: %s",
			    policy->formats[i]);
	return OK;
}

/* --- looking ----------------------------------------------------------- */

struct looking {
	int64_t		 tenant_id;
	const char	*name;		/* of the group */
	int64_t		 version;
	struct page	 page;
	size_t		 n;
	/* what was asked for */
	struct db_policy		 policy;
	struct db_policy		*policies;
	struct db_policy_activation	*activations;
	struct db_policy_draft		 draft;
};

static struct err
version_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct looking *l = arg;
	struct db_group group;

	TRY(db_group_by_name(cx, tx, l->tenant_id, l->name, &group));
	return db_policy_get(cx, tx, l->tenant_id, group.id, l->version,
	    &l->policy);
}

struct err
policies_version(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const char *group, int64_t version,
    struct db_policy *out)
{
	struct looking l = {
		.tenant_id = tenant->id, .name = group, .version = version
	};

	TRY(db_read(cx, a->db, version_work, &l));
	*out = l.policy;
	return OK;
}

static struct err
versions_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct looking *l = arg;
	struct db_group group;

	TRY(db_group_by_name(cx, tx, l->tenant_id, l->name, &group));
	return db_policy_list(cx, tx, l->tenant_id, group.id, l->page.after,
	    (size_t)l->page.limit + 1, &l->policies, &l->n);
}

struct err
policies_versions(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const char *group, struct page page,
    struct db_policy **out, size_t *out_n, int64_t *out_next)
{
	struct looking l = {
		.tenant_id = tenant->id, .name = group, .page = page
	};
	bool more;

	TRY(db_read(cx, a->db, versions_work, &l));
	more = l.n > page.limit;
	*out = l.policies;
	*out_n = more ? page.limit : l.n;
	*out_next = more ? l.policies[page.limit - 1].version : 0;
	return OK;
}

static struct err
activations_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct looking *l = arg;
	struct db_group group;

	TRY(db_group_by_name(cx, tx, l->tenant_id, l->name, &group));
	return db_policy_activation_list(cx, tx, l->tenant_id, group.id,
	    l->page.after, (size_t)l->page.limit + 1, &l->activations, &l->n);
}

struct err
policies_activations(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const char *group, struct page page,
    struct db_policy_activation **out, size_t *out_n, int64_t *out_next)
{
	struct looking l = {
		.tenant_id = tenant->id, .name = group, .page = page
	};
	bool more;

	TRY(db_read(cx, a->db, activations_work, &l));
	more = l.n > page.limit;
	*out = l.activations;
	*out_n = more ? page.limit : l.n;
	*out_next = more ? l.activations[page.limit - 1].id : 0;
	return OK;
}

static struct err
draft_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct looking *l = arg;
	struct db_group group;

	TRY(db_group_by_name(cx, tx, l->tenant_id, l->name, &group));
	return db_policy_draft_get(cx, tx, l->tenant_id, group.id, &l->draft);
}

struct err
policies_draft(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const char *group,
    struct db_policy_draft *out)
{
	struct looking l = { .tenant_id = tenant->id, .name = group };

	TRY(db_read(cx, a->db, draft_work, &l));
	if (l.draft.document == NULL)
		return FAIL_TELL(cx, ERR_NOT_FOUND,
		    "group %s has no draft", group);
	*out = l.draft;
	return OK;
}

/* --- drafting ----------------------------------------------------------- */

struct drafting {
	int64_t			 tenant_id, from_revision;
	const char		*name, *actor;
	const struct policy	*policy;	/* NULL: drop it */
	struct db_policy_draft	 draft;
};

static struct err
check_revision(struct ctx *cx, const struct db_policy_draft *draft,
    int64_t wanted)
{
	if (wanted == REVISION_ANY)
		return OK;
	if (draft->document == NULL)
		return FAIL_TELL(cx, ERR_PRECONDITION, "there is no draft");
	if (draft->revision != wanted)
		return FAIL_TELL(cx, ERR_PRECONDITION,
		    "the draft is of revision %lld",
		    (long long)draft->revision);
	return OK;
}

/* A draft that is begun is one of what is in force. */
static struct err
change_draft(struct ctx *cx, struct db_tx *tx, struct drafting *d)
{
	struct db_policy_draft *draft = &d->draft;
	struct db_group group;

	TRY(db_group_by_name(cx, tx, d->tenant_id, d->name, &group));
	TRY(db_policy_draft_get(cx, tx, d->tenant_id, group.id, draft));
	TRY(check_revision(cx, draft, d->from_revision));
	if (d->policy != NULL)
		TRY(reference_check(cx, tx, d->tenant_id, d->policy, ""));
	if (d->policy == NULL && draft->document == NULL)
		return FAIL_TELL(cx, ERR_NOT_FOUND,
		    "group %s has no draft", d->name);
	if (draft->document == NULL)
		draft->base_version = group.policy_version;
	draft->revision++;
	draft->document = d->policy == NULL ? NULL :
	    policy_text(cx, d->policy);
	draft->changed_s = ctx_now(cx);
	draft->changed_by = d->actor;
	return db_policy_draft_put(cx, tx, d->tenant_id, group.id, draft);
}

static struct err
put_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct drafting *d = arg;

	TRY(change_draft(cx, tx, d));
	return event_add(cx, tx, d->tenant_id, EVENT_POLICY_DRAFTED, d->name,
	    d->actor, json_pack("{s:I}", "revision",
	    (json_int_t)d->draft.revision));
}

struct err
policies_draft_put(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const char *group, const struct policy *policy, int64_t from_revision,
    struct db_policy_draft *out)
{
	struct drafting d = {
		.tenant_id = tenant->id, .from_revision = from_revision,
		.name = group, .actor = who->name, .policy = policy,
	};

	TRY(policies_check_formats(cx, policy, "/formats"));
	TRY(db_write(cx, a->db, put_work, &d));
	*out = d.draft;
	return OK;
}

static struct err
drop_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct drafting *d = arg;

	TRY(change_draft(cx, tx, d));
	return event_add(cx, tx, d->tenant_id, EVENT_POLICY_DRAFT_DROPPED,
	    d->name, d->actor, NULL);
}

struct err
policies_draft_drop(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const char *group, int64_t from_revision)
{
	struct drafting d = {
		.tenant_id = tenant->id, .from_revision = from_revision,
		.name = group, .actor = who->name,
	};

	return db_write(cx, a->db, drop_work, &d);
}

/* --- putting in force ----------------------------------------------------- */

static struct err
put_in_force(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct db_group *group, struct db_policy_activation *activation)
{
	activation->from_version = group->policy_version;
	activation->at_s = ctx_now(cx);
	TRY(db_group_set_policy(cx, tx, tenant_id, group->id,
	    activation->version));
	return db_policy_activation_add(cx, tx, tenant_id, group->id,
	    activation, &activation->id);
}

/* After a version of before was put in force again, the next one is still the
 * one after all that there were. */
static struct err
add_version(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct db_group *group, const char *document, const char *actor,
    struct db_policy *out)
{
	int64_t newest;

	TRY(db_policy_newest(cx, tx, tenant_id, group->id, &newest));
	if (newest < group->policy_version)
		newest = group->policy_version;
	*out = (struct db_policy){
		.version = newest + 1, .document = document,
		.created_s = ctx_now(cx), .created_by = actor,
	};
	return db_policy_insert(cx, tx, tenant_id, group->id, out);
}

struct err
policies_begin(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t group_id, const struct db_policy *policy)
{
	struct db_policy_activation activation = {
		.version = policy->version, .at_s = policy->created_s,
		.actor = policy->created_by, .reason = "",
	};

	TRY(db_policy_insert(cx, tx, tenant_id, group_id, policy));
	return db_policy_activation_add(cx, tx, tenant_id, group_id,
	    &activation, &activation.id);
}

struct err
policies_next(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct db_group *group, const struct policy *policy,
    const char *actor, const char *reason, struct db_policy *out)
{
	struct db_policy_activation activation = {
		.actor = actor, .reason = reason,
	};

	TRY(reference_check(cx, tx, tenant_id, policy, ""));
	TRY(add_version(cx, tx, tenant_id, group, policy_text(cx, policy),
	    actor, out));
	activation.version = out->version;
	return put_in_force(cx, tx, tenant_id, group, &activation);
}

struct activating {
	int64_t				 tenant_id;
	const char			*name, *actor;
	const struct activation_spec	*spec;
	struct db_policy_activation	 activation, *out;
};

/* The draft becomes a version, and is no draft any more. */
static struct err
take_draft(struct ctx *cx, struct db_tx *tx, const struct activating *m,
    const struct db_group *group, struct db_policy *out)
{
	struct db_policy_draft draft;

	TRY(db_policy_draft_get(cx, tx, m->tenant_id, group->id, &draft));
	TRY(check_revision(cx, &draft, m->spec->draft));
	TRY(add_version(cx, tx, m->tenant_id, group, draft.document, m->actor,
	    out));
	draft.revision++;
	draft.document = NULL;
	draft.changed_s = ctx_now(cx);
	draft.changed_by = m->actor;
	return db_policy_draft_put(cx, tx, m->tenant_id, group->id, &draft);
}

static struct err
find_version(struct ctx *cx, struct db_tx *tx, const struct activating *m,
    const struct db_group *group, struct db_policy *out)
{
	if (m->spec->version == group->policy_version)
		return FAIL_TELL(cx, ERR_CONFLICT,
		    "version %lld is in force", (long long)m->spec->version);
	return db_policy_get(cx, tx, m->tenant_id, group->id,
	    m->spec->version, out);
}

static struct err
tell(struct ctx *cx, struct db_tx *tx, const struct activating *m)
{
	const struct db_policy_activation *made = &m->activation;
	json_t *data = json_pack("{s:I, s:I, s:s}",
	    "version", (json_int_t)made->version,
	    "from_version", (json_int_t)made->from_version,
	    "reason", made->reason);

	if (made->grace_until_s != 0)
		json_object_set_new(data, "grace_until", json_string(
		    text_time_dup(cx->arena, made->grace_until_s)));
	return event_add(cx, tx, m->tenant_id, EVENT_POLICY_ACTIVATED, m->name,
	    m->actor, data);
}

static struct err
activate_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct activating *m = arg;
	const struct activation_spec *spec = m->spec;
	struct db_policy policy;
	struct db_group group;

	TRY(db_group_by_name(cx, tx, m->tenant_id, m->name, &group));
	if (spec->from_version != REVISION_ANY &&
	    spec->from_version != group.policy_version)
		return FAIL_TELL(cx, ERR_PRECONDITION,
		    "version %lld is in force",
		    (long long)group.policy_version);
	TRY(spec->version == 0 ? take_draft(cx, tx, m, &group, &policy) :
	    find_version(cx, tx, m, &group, &policy));
	m->activation = (struct db_policy_activation){
		.version = policy.version, .actor = m->actor,
		.reason = spec->reason,
		.grace_until_s = spec->grace_s == 0 ? 0 :
		    ctx_now(cx) + spec->grace_s,
	};
	TRY(put_in_force(cx, tx, m->tenant_id, &group, &m->activation));
	TRY(tell(cx, tx, m));
	*m->out = m->activation;
	return receipt_add(cx, tx);
}

struct err
policies_activate(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const char *group, const struct activation_spec *spec,
    struct db_policy_activation *out)
{
	struct activating m = {
		.tenant_id = tenant->id, .name = group, .actor = who->name,
		.spec = spec, .out = out,
	};

	return db_write(cx, a->db, activate_work, &m);
}

struct err
policies_grace(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t group_id, struct db_policy *out, bool *out_found)
{
	struct db_policy_activation last;

	TRY(db_policy_activation_last(cx, tx, tenant_id, group_id, &last));
	*out_found = last.from_version != 0 &&
	    last.grace_until_s > ctx_now(cx);
	if (!*out_found)
		return OK;
	return db_policy_get(cx, tx, tenant_id, group_id, last.from_version,
	    out);
}
