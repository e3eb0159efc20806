/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/appraise.h"

#include "base/base.h"
#include "base/text.h"

/* Which element a rule speaks of: by the start of its claim's name, the first
 * that fits, else by what refusing it means. */
static const struct { const char *start; enum ar4si_element element; } by_name[] = {
	{ "boot_components",	AR4SI_EXECUTABLES },
	{ "boot_authorities",	AR4SI_EXECUTABLES },
};
static const struct { enum err_code code; enum ar4si_element element; } by_code[] = {
	{ ERR_POLICY_MEASUREMENT, AR4SI_EXECUTABLES },
	{ ERR_POLICY_BOOT,	AR4SI_CONFIGURATION },
	{ ERR_POLICY_KEY,	AR4SI_STORAGE_OPAQUE },
	{ ERR_POLICY_TCB,	AR4SI_HARDWARE },
	{ ERR_POLICY_CLAIM,	AR4SI_INSTANCE_IDENTITY },
};

/* What is refused where the policy has no rule over the claim itself. */
static const struct policy_value no = { .boolean = false };
static const struct policy_value yes = { .boolean = true };
static const struct policy_value zero = { .uint = 0 };
static const struct policy_value secured = { .text = "secured" };
static const struct policy_value up_to_date = { .text = "UpToDate" };
static const struct policy_value verified = { .text = "verified" };
static const struct {
	const char			*claim;
	const struct policy_value	*value;
	const char			*same;	/* tells the same; or NULL */
	/* Accepted otherwise, a device is not affirmed for all that: what it
	 * is, no policy changes (AR4SI, 2.3). */
	bool				 warns;
} by_default[] = {
	/* Before debug, which most of these states tell as well. */
	{ "lifecycle_state",	&secured,	"security_lifecycle", true },
	{ "debug",		&no,		NULL,	true },
	{ "device_locked",	&yes,		NULL,	false },
	{ "migratable",		&no,		NULL,	false },
	{ "migration_agent",	&no,		NULL,	false },
	{ "provisional_firmware", &no,		NULL,	false },
	{ "status",		&up_to_date,	NULL,	true },
	{ "verified_boot_state", &verified,	NULL,	false },
	{ "vmpl",		&zero,		NULL,	false },
};

static enum ar4si_element
element_of(const struct policy_rule *rule)
{
	for (size_t i = 0; i < COUNT_OF(by_name); i++)
		if (strncmp(rule->claim, by_name[i].start,
		    strlen(by_name[i].start)) == 0)
			return by_name[i].element;
	for (size_t i = 0; i < COUNT_OF(by_code); i++)
		if (rule->kind->refusal == by_code[i].code)
			return by_code[i].element;
	return AR4SI_INSTANCE_IDENTITY;
}

/* --- operators -------------------------------------------------------- */

/* One rule against one claim at one time; until_s: the earliest end of what it
 * was met by, INT64_MAX where there is none. */
struct look {
	struct ctx			*cx;
	const struct policy_rule	*rule;
	const struct claim		*claim;
	int64_t				 at_s, until_s;
};

/* Is the value, which the claim has, accepted now? */
static bool
holds(struct look *look, const struct policy_value *value)
{
	if (value->until_s == 0)
		return true;
	if (look->at_s >= value->until_s)
		return false;
	if (value->until_s < look->until_s)
		look->until_s = value->until_s;
	return true;
}

/* Each meets_*() gives NULL, or what was found instead. */
static const char *
meets_any(struct look *look)
{
	const struct policy_value *ended = NULL;

	for (size_t i = 0; i < look->rule->n_values; i++) {
		const struct policy_value *value = &look->rule->values[i];

		if (!policy_value_is(look->rule->kind->type, look->claim,
		    value))
			continue;
		if (holds(look, value))
			return NULL;
		ended = value;
	}
	if (ended != NULL)
		return arena_printf(look->cx->arena,
		    "is %s, which was accepted until %s",
		    policy_claim_text(look->cx, look->claim),
		    text_time_dup(look->cx->arena, ended->until_s));
	return arena_printf(look->cx->arena, "is %s",
	    policy_claim_text(look->cx, look->claim));
}

static const char *
meets_at_least(struct look *look)
{
	uint64_t least = look->rule->values[0].uint;

	if (look->claim->uint >= least)
		return NULL;
	return arena_printf(look->cx->arena, "is %llu, below %llu",
	    (unsigned long long)look->claim->uint, (unsigned long long)least);
}

static const char *
meets_none_of(struct look *look)
{
	const struct policy_rule *rule = look->rule;
	const struct claim *claim = look->claim;

	if (rule->kind->type != CLAIM_LIST) {
		for (size_t i = 0; i < rule->n_values; i++)
			if (policy_value_is(rule->kind->type, claim,
			    &rule->values[i]))
				return arena_printf(look->cx->arena,
				    "is %s, which is not accepted",
				    policy_claim_text(look->cx, claim));
		return NULL;
	}
	for (size_t i = 0; i < claim->list.n; i++)
		if (policy_value_find(rule->values, rule->n_values,
		    claim->list.items[i]) != NULL)
			return arena_printf(look->cx->arena,
			    "has %s, which is not accepted",
			    claim->list.items[i]);
	return NULL;
}

static const char *
meets_subset_of(struct look *look)
{
	for (size_t i = 0; i < look->claim->list.n; i++) {
		const char *item = look->claim->list.items[i];
		const struct policy_value *value = policy_value_find(
		    look->rule->values, look->rule->n_values, item);

		if (value == NULL || !holds(look, value))
			return arena_printf(look->cx->arena,
			    "has %s, which is not accepted", item);
	}
	return NULL;
}

static const char *
meets_contains(struct look *look)
{
	const struct claim *claim = look->claim;

	for (size_t i = 0; i < look->rule->n_values; i++) {
		const char *text = look->rule->values[i].text;
		bool found = false;

		for (size_t k = 0; k < claim->list.n && !found; k++)
			found = strcmp(claim->list.items[k], text) == 0;
		if (!found)
			return arena_printf(look->cx->arena, "lacks %s", text);
	}
	return NULL;
}

/* The end of an entry of the set is no toleration of it, and warns of nothing. */
static const char *
meets_in_set(struct look *look)
{
	const char *found = look->rule->kind->type == CLAIM_LIST ?
	    meets_subset_of(look) : meets_any(look);

	look->until_s = INT64_MAX;
	return found == NULL ? NULL : arena_printf(look->cx->arena,
	    "%s (set %s)", found, look->rule->set);
}

static const char *(*const meets[])(struct look *) = {
	[POLICY_EQUALS] = meets_any,
	[POLICY_ONE_OF] = meets_any,
	[POLICY_AT_LEAST] = meets_at_least,
	[POLICY_NONE_OF] = meets_none_of,
	[POLICY_SUBSET_OF] = meets_subset_of,
	[POLICY_CONTAINS] = meets_contains,
	[POLICY_IN_SET] = meets_in_set,
};

bool
policy_rule_met(struct ctx *cx, const struct policy_rule *rule, int64_t at_s,
    const struct claim *claim)
{
	struct look look = { .cx = cx, .rule = rule, .claim = claim,
	    .at_s = at_s, .until_s = INT64_MAX };

	return meets[rule->op](&look) == NULL;
}

/* --- the verdict ------------------------------------------------------ */

/* One appraisal on its way; failed: a rule was not met, and verdict has the
 * refusal already. */
struct appraise {
	struct ctx		*cx;
	int64_t			 at_s;
	const struct claims	*claims;
	struct verdict		 verdict;
	bool			 warned;
};

static void
refuse(struct appraise *a, enum err_code code, const char *claim,
    const char *detail)
{
	if (failed(a->verdict.refusal))
		return;
	a->verdict.refusal = (struct err){ (uint16_t)code };
	a->verdict.claim = claim;
	a->verdict.detail = detail;
}

/* The worst that was found speaks for the element. */
static void
mark(struct appraise *a, enum ar4si_element element, enum ar4si_tier value)
{
	if (a->verdict.vector[element] < (uint8_t)value)
		a->verdict.vector[element] = (uint8_t)value;
}

static void
appraise_rule(struct appraise *a, const struct policy_rule *rule,
    const char *which)
{
	struct look look = {
		.cx = a->cx, .rule = rule, .at_s = a->at_s,
		.until_s = INT64_MAX,
		.claim = claims_find(a->claims, rule->claim),
	};
	const char *found = look.claim == NULL ? "was not shown" :
	    meets[rule->op](&look);

	if (found != NULL) {
		mark(a, element_of(rule), AR4SI_CONTRAINDICATED);
		refuse(a, rule->kind->refusal, rule->claim,
		    arena_printf(a->cx->arena, "%s: %s %s", which, rule->claim,
		    found));
		return;
	}
	mark(a, element_of(rule), look.until_s == INT64_MAX ?
	    AR4SI_AFFIRMING : AR4SI_WARNING);
	if (look.until_s != INT64_MAX && (a->verdict.until_s == 0 ||
	    look.until_s < a->verdict.until_s))
		a->verdict.until_s = look.until_s;
}

/* Is there a rule that says what of the claim is accepted?  One that says what
 * is not (none_of) accepts nothing. */
static bool
has_rule(const struct policy *policy, const char *claim)
{
	for (size_t i = 0; claim != NULL && i < policy->n_rules; i++)
		if (policy->rules[i].op != POLICY_NONE_OF &&
		    strcmp(policy->rules[i].claim, claim) == 0)
			return true;
	return false;
}

/* Claims that were made: those that the policy is silent on are held against
 * the defaults. */
static void
appraise_defaults(struct appraise *a, const struct policy *policy)
{
	for (size_t i = 0; i < COUNT_OF(by_default); i++) {
		const char *name = by_default[i].claim;
		const struct claim *claim = claims_find(a->claims, name);
		const struct policy_rule rule = {
			.claim = name, .kind = claim_kind_find(name),
			.op = POLICY_EQUALS, .values = by_default[i].value,
			.n_values = 1,
		};

		if (claim == NULL)
			continue;
		if (!has_rule(policy, name) &&
		    !has_rule(policy, by_default[i].same)) {
			appraise_rule(a, &rule, "by default");
		} else if (by_default[i].warns && !policy_value_is(
		    rule.kind->type, claim, rule.values)) {
			a->warned = true;
			mark(a, element_of(&rule), AR4SI_WARNING);
		}
	}
}

static bool
format_accepted(const struct policy *policy, const char *format)
{
	for (size_t i = 0; i < policy->n_formats; i++)
		if (strcmp(policy->formats[i], format) == 0)
			return true;
	return policy->n_formats == 0;
}

void
policy_appraise(struct ctx *cx, const struct policy *policy, int64_t version,
    int64_t at_s, const char *format, const struct claims *claims,
    struct verdict *out)
{
	struct appraise a = { .cx = cx, .at_s = at_s, .claims = claims };

	a.verdict = (struct verdict){
		.policy_version = version, .refusal = OK, .detail = "",
	};
	mark(&a, AR4SI_INSTANCE_IDENTITY, AR4SI_AFFIRMING);
	if (!format_accepted(policy, format))
		refuse(&a, ERR_POLICY_FORMAT, "format",
		    arena_printf(cx->arena, "format is %s", format));
	for (size_t i = 0; i < policy->n_rules; i++)
		appraise_rule(&a, &policy->rules[i],
		    arena_printf(cx->arena, "rule %zu", i));
	appraise_defaults(&a, policy);
	/* A policy cannot be read without a rule; one made otherwise denies. */
	if (policy->n_rules == 0)
		refuse(&a, ERR_POLICY_CLAIM, NULL, "the policy has no rule");
	if (failed(a.verdict.refusal))
		a.verdict.until_s = 0;
	a.verdict.tier = ar4si_tier_name(failed(a.verdict.refusal) ?
	    AR4SI_CONTRAINDICATED : a.warned || a.verdict.until_s != 0 ?
	    AR4SI_WARNING : AR4SI_AFFIRMING);
	*out = a.verdict;
}
