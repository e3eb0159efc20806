/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/learn.h"

#include "base/base.h"
#include "base/text.h"

/* The rules of a policy in the making. */
struct draft {
	struct ctx		*cx;
	struct policy_rule	*rules;
	size_t			 n;
};

static struct policy_rule *
find_rule(const struct draft *draft, const struct claim *claim,
    enum policy_op op)
{
	const struct policy_rule *found = policy_rule_find(draft->rules,
	    draft->n, claim->name, op);

	return found == NULL ? NULL : &draft->rules[found - draft->rules];
}

static struct err
add_values(struct draft *draft, struct policy_rule *rule,
    const struct policy_value *more, size_t n_more)
{
	struct policy_value *values;

	if (rule->n_values + n_more > POLICY_VALUES_MAX)
		return FAIL_TELL(draft->cx, ERR_CONFLICT,
		    "the rule over %s would hold more than %u values",
		    rule->claim, POLICY_VALUES_MAX);
	values = arena_array(draft->cx->arena, rule->n_values + n_more,
	    sizeof(*values));
	if (rule->n_values > 0)
		memcpy(values, rule->values,
		    rule->n_values * sizeof(*values));
	memcpy(values + rule->n_values, more, n_more * sizeof(*values));
	rule->values = values;
	rule->n_values += n_more;
	return OK;
}

static struct err
add_rule(struct draft *draft, const struct claim *claim, enum policy_op op,
    struct policy_rule **out)
{
	struct policy_rule *rule;

	if (draft->n == POLICY_RULES_MAX)
		return FAIL_TELL(draft->cx, ERR_CONFLICT,
		    "the policy would have more than %u rules",
		    POLICY_RULES_MAX);
	rule = &draft->rules[draft->n++];
	*rule = (struct policy_rule){
		.claim = arena_strdup(draft->cx->arena, claim->name),
		.kind = claim->kind,
		.op = op,
	};
	*out = rule;
	return OK;
}

static struct err
learn_bytes(struct draft *draft, const struct claim *claim)
{
	struct policy_rule *rule = find_rule(draft, claim, POLICY_ONE_OF);
	struct policy_rule *equals = find_rule(draft, claim, POLICY_EQUALS);
	struct policy_value value = {
		.bytes = slice_dup(draft->cx->arena, claim->bytes)
	};

	/* Beside a rule that lists several, the narrow one would go on refusing. */
	if (equals != NULL && !policy_value_is(CLAIM_BYTES, claim,
	    equals->values)) {
		if (rule != NULL)
			return FAIL_TELL(draft->cx, ERR_CONFLICT,
			    "the policy has two rules over %s; one must go",
			    claim->name);
		equals->op = POLICY_ONE_OF;
		rule = equals;
	}
	if (rule == NULL && equals != NULL)
		return OK;
	if (rule == NULL)
		TRY(add_rule(draft, claim, POLICY_ONE_OF, &rule));
	for (size_t i = 0; i < rule->n_values; i++)
		if (policy_value_is(CLAIM_BYTES, claim, &rule->values[i]))
			return OK;
	return add_values(draft, rule, &value, 1);
}

static struct err
learn_list(struct draft *draft, const struct claim *claim)
{
	struct policy_rule *rule = find_rule(draft, claim, POLICY_SUBSET_OF);

	if (claim->list.n == 0)
		return FAIL_TELL(draft->cx, ERR_CONFLICT,
		    "%s of the device is empty", claim->name);
	if (rule == NULL)
		TRY(add_rule(draft, claim, POLICY_SUBSET_OF, &rule));
	for (size_t i = 0; i < claim->list.n; i++) {
		struct policy_value value = {
			.text = arena_strdup(draft->cx->arena,
			    claim->list.items[i])
		};

		if (policy_value_find(rule->values, rule->n_values,
		    value.text) == NULL)
			TRY(add_values(draft, rule, &value, 1));
	}
	return OK;
}

static struct err
learn_claim(struct draft *draft, const struct claims *claims, const char *name)
{
	const struct claim *claim = claims_find(claims, name);

	if (claim == NULL)
		return FAIL_TELL(draft->cx, ERR_CONFLICT,
		    "the device has not shown %s", name);
	if (find_rule(draft, claim, POLICY_IN_SET) != NULL)
		return FAIL_TELL(draft->cx, ERR_CONFLICT, "a rule has %s in "
		    "set %s: add the values to it", name,
		    find_rule(draft, claim, POLICY_IN_SET)->set);
	ASSERT(claim->kind->type == CLAIM_BYTES ||
	    claim->kind->type == CLAIM_LIST);
	return claim->kind->type == CLAIM_BYTES ? learn_bytes(draft, claim) :
	    learn_list(draft, claim);
}

struct err
policy_learn(struct ctx *cx, const struct policy *old,
    const struct claims *claims, const struct policy_learn *learn,
    struct policy *out)
{
	struct draft draft = {
		.cx = cx,
		.rules = arena_array(cx->arena, POLICY_RULES_MAX,
		    sizeof(struct policy_rule)),
		.n = old->n_rules,
	};
	struct policy policy = *old;

	ASSERT(old->n_rules <= POLICY_RULES_MAX);
	if (old->n_rules > 0)
		memcpy(draft.rules, old->rules,
		    old->n_rules * sizeof(*draft.rules));
	for (size_t i = 0; i < learn->n_claims; i++)
		TRY(learn_claim(&draft, claims, learn->claims[i]));
	if (learn->boot_components)
		TRY(learn_claim(&draft, claims, "boot_components"));
	policy.rules = draft.rules;
	policy.n_rules = draft.n;
	if (strlen(policy_text(cx, &policy)) > POLICY_TEXT_MAX)
		return FAIL_TELL(cx, ERR_CONFLICT,
		    "the policy would be larger than %u bytes",
		    POLICY_TEXT_MAX);
	*out = policy;
	return OK;
}
