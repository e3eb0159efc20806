/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/refusal.h"

#include "base/base.h"
#include "db/device.h"
#include "policy/result.h"

static const char *
short_text(struct ctx *cx, json_t *value)
{
	struct slice text = json_text(cx, json_keep(cx, value));

	return text.n > REFUSAL_JSON_MAX ? NULL : (const char *)text.p;
}

/* Several rules may be over one claim. */
static const char *
wanted(struct ctx *cx, const struct policy *policy, const char *claim)
{
	struct policy_rule rules[POLICY_RULES_MAX];
	struct policy some = { .rules = rules };
	json_t *document;

	for (size_t i = 0; i < policy->n_rules; i++)
		if (strcmp(policy->rules[i].claim, claim) == 0)
			rules[some.n_rules++] = policy->rules[i];
	if (some.n_rules == 0)
		return NULL;
	document = json_keep(cx, policy_json(cx, &some));
	return short_text(cx, json_incref(json_object_get(document,
	    "rules")));
}

static const char *
found(struct ctx *cx, const struct claim *claim)
{
	struct claims one = { .arena = cx->arena, .n = 1 };
	struct claim copy;
	json_t *object;

	if (claim == NULL)
		return NULL;
	copy = *claim;
	one.items = &copy;
	object = json_keep(cx, result_claims_json(cx, &one));
	return short_text(cx, json_incref(json_object_get(object,
	    claim->name)));
}

void
refusal_explain(struct ctx *cx, const struct policy *policy,
    const struct claims *claims, const char *claim, struct refusal_row *r)
{
	if (claim == NULL)
		return;
	r->claim = claim;
	r->wanted = wanted(cx, policy, claim);
	r->found = found(cx, claims_find(claims, claim));
}

struct listing {
	int64_t			 tenant_id;
	const char		*device_id;
	struct refusal_row	*rows;
	size_t			 n;
};

static struct err
list_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct listing *l = arg;
	struct device_row device;
	bool known;

	TRY(db_device_by_id(cx, tx, l->device_id, &device, &known));
	if (!known || device.tenant_id != l->tenant_id)
		return FAIL(cx, ERR_NOT_FOUND, "device %s", l->device_id);
	return db_refusal_list(cx, tx, l->tenant_id, device.id, l->rows,
	    &l->n);
}

struct err
refusal_list(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const char *device_id,
    struct refusal_row **out, size_t *out_n)
{
	struct listing l = { .tenant_id = tenant->id, .device_id = device_id };

	l.rows = arena_array(cx->arena, REFUSALS_KEPT, sizeof(*l.rows));
	TRY(db_read(cx, a->db, list_work, &l));
	*out = l.rows;
	*out_n = l.n;
	return OK;
}
