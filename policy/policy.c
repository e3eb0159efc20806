/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/policy.h"

#include <stdio.h>

#include "base/base.h"
#include "base/text.h"

#define BIT(type) (1u << (CLAIM_##type))

/* What each operator is called, which claims it takes, how many values. */
static const struct {
	const char	*name;
	unsigned	 types;
	bool		 many;
	bool		 until;		/* its values may have an end date */
} ops[] = {
	[POLICY_EQUALS] = { "equals",
	    BIT(BOOL) | BIT(UINT) | BIT(TEXT) | BIT(BYTES), false,
	    false },
	[POLICY_ONE_OF] = { "one_of",
	    BIT(UINT) | BIT(TEXT) | BIT(BYTES), true, true },
	[POLICY_AT_LEAST] = { "at_least", BIT(UINT), false, false },
	[POLICY_NONE_OF] = { "none_of",
	    BIT(UINT) | BIT(TEXT) | BIT(BYTES) | BIT(LIST), true, false },
	[POLICY_SUBSET_OF] = { "subset_of", BIT(LIST), true, true },
	[POLICY_CONTAINS] = { "contains", BIT(LIST), true, false },
	[POLICY_IN_SET] = { "in_set",
	    BIT(UINT) | BIT(TEXT) | BIT(BYTES) | BIT(LIST), false, false },
};

/*
 * Claims whose values are digests: a value of another length or in upper case
 * could never be met, so it is refused when it is written.  A register's index
 * follows the name of its bank (TCG PC Client PTP: 24 registers).
 */
#define PCR_COUNT 24u
static const struct { const char *name; size_t size; bool indexed; } digests[] = {
	{ "pcr.sha1.",		20, true },
	{ "pcr.sha256.",	32, true },
	{ "pcr.sha384.",	48, true },
	{ "pcr.sha512.",	64, true },
	{ "boot_components",	32, false },
	{ "boot_authorities",	32, false },
};

const char *
policy_op_name(enum policy_op op)
{
	ASSERT(op < POLICY_OP_COUNT);
	return ops[op].name;
}

/* Bytes of the digest that a claim holds; 0 when it holds none. */
static size_t
digest_size(const char *claim)
{
	for (size_t i = 0; i < COUNT_OF(digests); i++) {
		size_t n = strlen(digests[i].name);
		uint64_t index;

		if (strncmp(claim, digests[i].name, n) != 0)
			continue;
		if (digests[i].indexed ? text_parse_uint(claim + n,
		    PCR_COUNT - 1, &index) : claim[n] == '\0')
			return digests[i].size;
	}
	return 0;
}

/* A claim that a verifier can make: a family's members are checked too. */
static const struct claim_kind *
find_kind(const char *claim)
{
	const struct claim_kind *kind = claim_kind_find(claim);

	if (kind == NULL)
		return NULL;
	if (strcmp(kind->name, "pcr.") == 0 && digest_size(claim) == 0)
		return NULL;	/* of a bank or an index that is not */
	return kind;
}

/* --- reading ---------------------------------------------------------- */

static const char *
take_bool(struct ctx *cx, const char *claim, const json_t *value,
    struct policy_value *out)
{
	(void)cx;
	(void)claim;
	if (!json_is_boolean(value))
		return "must be true or false";
	out->boolean = json_is_true(value);
	return NULL;
}

/* JSON integers end at 2^63 here; what is above is written as a string. */
static const char *
take_uint(struct ctx *cx, const char *claim, const json_t *value,
    struct policy_value *out)
{
	(void)cx;
	(void)claim;
	if (json_is_integer(value) && json_integer_value(value) >= 0) {
		out->uint = (uint64_t)json_integer_value(value);
		return NULL;
	}
	if (json_is_string(value) &&
	    text_parse_uint(json_string_value(value), UINT64_MAX, &out->uint))
		return NULL;
	return "must be a whole number that is not negative";
}

static const char *
take_bytes(struct ctx *cx, const char *claim, const json_t *value,
    struct policy_value *out)
{
	size_t size = digest_size(claim);

	if (!json_is_string(value) || !text_unhex_any(cx->arena,
	    json_string_value(value), POLICY_VALUE_BYTES_MAX, &out->bytes) ||
	    out->bytes.n == 0)
		return "must be lower-case hex, within its limit";
	if (size != 0 && out->bytes.n != size)
		return "must be as long as a digest of that bank";
	return NULL;
}

static const char *
take_text(struct ctx *cx, const char *claim, const json_t *value,
    struct policy_value *out)
{
	size_t size = digest_size(claim);
	struct slice digest;

	if (!json_is_string(value) || json_string_length(value) == 0 ||
	    json_string_length(value) > POLICY_VALUE_TEXT_MAX ||
	    !text_is_printable(slice_text(json_string_value(value))))
		return "must be printable text, neither empty nor too long";
	if (size != 0 && (!text_unhex_any(cx->arena, json_string_value(value),
	    size, &digest) || digest.n != size))
		return "must be a SHA-256 digest in lower-case hex";
	out->text = arena_strdup(cx->arena, json_string_value(value));
	return NULL;
}

/* By claim type: NULL, or why the value does not fit.  Values of a rule over
 * a list are its items. */
static const char *(*const takers[])(struct ctx *, const char *claim,
    const json_t *, struct policy_value *) = {
	[CLAIM_BOOL] = take_bool,
	[CLAIM_UINT] = take_uint,
	[CLAIM_TEXT] = take_text,
	[CLAIM_BYTES] = take_bytes,
	[CLAIM_LIST] = take_text,
};

static struct err
read_plain(struct json_in *in, const struct policy_rule *rule,
    const json_t *value, const char *pointer, struct policy_value *out)
{
	const char *why = takers[rule->kind->type](in->cx, rule->claim, value,
	    out);

	if (why != NULL)
		in->err = FAIL_AT(in->cx, in->code, pointer, "%s %s: %s",
		    rule->claim, ops[rule->op].name, why);
	return in->err;
}

/* A value, or {"value": V, "until": TIME} where one may come to an end. */
static struct err
read_value(struct json_in *in, const struct policy_rule *rule,
    const json_t *value, const char *pointer, struct policy_value *out)
{
	const json_t *plain;
	struct json_in inner;

	*out = (struct policy_value){ .until_s = 0 };
	if (!json_is_object(value) || !ops[rule->op].until)
		return read_plain(in, rule, value, pointer, out);
	inner = json_in(in->cx, value, pointer);
	inner.code = in->code;
	plain = json_get(&inner, "value", JSON_REQUIRED);
	out->until_s = json_get_time(&inner, "until", 0);
	if (!failed(inner.err) && out->until_s <= 0)
		json_refuse(&inner, "until", "must be a time after 1970");
	in->err = json_in_done(&inner);
	TRY(in->err);
	return read_plain(in, rule, plain,
	    json_pointer(in->cx, pointer, "value"), out);
}

/* Which values are in it is not for the document to say. */
static struct err
read_set(struct json_in *in, struct policy_rule *rule, const json_t *value)
{
	if (!json_is_string(value) || !text_is_name(json_string_value(value)))
		return FAIL_AT(in->cx, in->code, json_pointer(in->cx,
		    in->pointer, ops[rule->op].name),
		    "must be the name of a set of reference values");
	rule->set = arena_strdup(in->cx->arena, json_string_value(value));
	return OK;
}

static struct err
read_values(struct json_in *in, struct policy_rule *rule, const json_t *value)
{
	struct ctx *cx = in->cx;
	const char *name = ops[rule->op].name;
	const char *pointer = json_pointer(cx, in->pointer, name);
	size_t n = ops[rule->op].many ? json_array_size(value) : 1;
	struct policy_value *values = arena_array(cx->arena, n,
	    sizeof(*values));

	rule->values = values;
	rule->n_values = n;
	if (!ops[rule->op].many)
		return read_value(in, rule, value, pointer, values);
	/* Nothing at all may be the subset: no advisory is accepted, say. */
	if (!json_is_array(value) || n > POLICY_VALUES_MAX ||
	    (n == 0 && rule->op != POLICY_SUBSET_OF))
		return FAIL_AT(cx, in->code, pointer,
		    "%s must be an array of 1 to %u values", name,
		    POLICY_VALUES_MAX);
	for (size_t i = 0; i < n; i++)
		TRY(read_value(in, rule, json_array_get(value, i),
		    json_pointer_item(cx, pointer, i), &values[i]));
	return OK;
}

/* Exactly one operator, and one that the claim's type takes. */
static struct err
read_operator(struct json_in *in, struct policy_rule *rule)
{
	const json_t *value = NULL;

	for (enum policy_op op = 0; op < POLICY_OP_COUNT; op++) {
		const json_t *found = json_get(in, ops[op].name,
		    JSON_OPTIONAL);

		if (found == NULL)
			continue;
		if (value != NULL)
			json_refuse(in, ops[op].name,
			    "a rule has one operator; write two rules");
		else if ((ops[op].types & 1u << rule->kind->type) == 0)
			json_refuse(in, ops[op].name,
			    "does not go with a claim of this type");
		value = found;
		rule->op = op;
	}
	if (value == NULL && !failed(in->err))
		in->err = FAIL_AT(in->cx, in->code, in->pointer,
		    "a rule needs an operator: equals, one_of, at_least, "
		    "none_of, subset_of, contains or in_set");
	TRY(json_in_done(in));
	return rule->op == POLICY_IN_SET ? read_set(in, rule, value) :
	    read_values(in, rule, value);
}

static struct err
read_rule(struct ctx *cx, const json_t *value, const char *pointer,
    struct policy_rule *out)
{
	struct json_in in = json_in(cx, value, pointer);
	const char *claim = json_get_text(&in, "claim", JSON_REQUIRED,
	    POLICY_CLAIM_MAX);

	if (claim == NULL)
		return in.err;
	out->kind = find_kind(claim);
	if (out->kind == NULL) {
		json_refuse(&in, "claim", "no verifier makes such a claim");
		return in.err;
	}
	out->claim = arena_strdup(cx->arena, claim);
	return read_operator(&in, out);
}

const struct policy_rule *
policy_rule_find(const struct policy_rule *rules, size_t n, const char *claim,
    enum policy_op op)
{
	for (size_t i = 0; i < n; i++)
		if (rules[i].op == op && strcmp(rules[i].claim, claim) == 0)
			return &rules[i];
	return NULL;
}

static struct err
read_rules(struct json_in *in, struct policy *out)
{
	const json_t *array = json_get_array(in, "rules", JSON_REQUIRED,
	    POLICY_RULES_MAX);
	const char *pointer = json_pointer(in->cx, in->pointer, "rules");
	size_t n = json_array_size(array);
	struct policy_rule *rules = arena_array(in->cx->arena, n,
	    sizeof(*rules));

	if (array != NULL && n == 0)
		json_refuse(in, "rules", "must hold at least one rule");
	/* mutate: not reachable: without rules the loop does nothing, and the
	 * caller asks whether anything was refused. */
	TRY(in->err);
	for (size_t i = 0; i < n; i++) {
		const char *at = json_pointer_item(in->cx, pointer, i);

		TRY(read_rule(in->cx, json_array_get(array, i), at,
		    &rules[i]));
		if (policy_rule_find(rules, i, rules[i].claim, rules[i].op) !=
		    NULL)
			return FAIL_AT(in->cx, in->code, at,
			    "there is a rule %s %s already", rules[i].claim,
			    ops[rules[i].op].name);
	}
	out->rules = rules;
	out->n_rules = n;
	return OK;
}

static struct err
read_formats(struct json_in *in, struct policy *out)
{
	const json_t *array = json_get_array(in, "formats", JSON_OPTIONAL,
	    POLICY_FORMATS_MAX);
	const char *pointer = json_pointer(in->cx, in->pointer, "formats");
	size_t n = json_array_size(array);
	const char **formats = arena_array(in->cx->arena, n,
	    sizeof(*formats));

	if (array != NULL && n == 0)
		json_refuse(in, "formats",
		    "must name a format; leave it out to accept any");
	/* mutate: not reachable: as for rules. */
	TRY(in->err);
	for (size_t i = 0; i < n; i++) {
		const json_t *value = json_array_get(array, i);

		if (!json_is_string(value) ||
		    !text_is_name(json_string_value(value)))
			return FAIL_AT(in->cx, in->code,
			    json_pointer_item(in->cx, pointer, i),
			    "must be the name of a format");
		formats[i] = arena_strdup(in->cx->arena,
		    json_string_value(value));
	}
	out->formats = formats;
	out->n_formats = n;
	return OK;
}

struct err
policy_read(struct ctx *cx, const json_t *document, const char *pointer,
    struct policy *out)
{
	struct json_in in = json_in(cx, document, pointer);
	struct policy policy = { 0 };

	TRY(read_formats(&in, &policy));
	TRY(read_rules(&in, &policy));
	TRY(json_in_done(&in));
	*out = policy;
	return OK;
}

struct err
policy_parse(struct ctx *cx, const char *text, struct policy *out)
{
	json_t *document;

	if (failed(json_parse(cx, slice_text(text), &document)) ||
	    failed(policy_read(cx, document, "", out)))
		return FAIL(cx, ERR_STORAGE, "stored policy: %s %s",
		    cx->trail->pointer, cx->trail->note);
	return OK;
}

/* --- writing ---------------------------------------------------------- */

static json_t *
write_bool(struct ctx *cx, const struct policy_value *value)
{
	(void)cx;
	return json_boolean(value->boolean);
}

static json_t *
write_uint(struct ctx *cx, const struct policy_value *value)
{
	if (value->uint <= INT64_MAX)
		return json_integer((json_int_t)value->uint);
	return json_string(arena_printf(cx->arena, "%llu",
	    (unsigned long long)value->uint));
}

static json_t *
write_text(struct ctx *cx, const struct policy_value *value)
{
	(void)cx;
	return json_string(value->text);
}

static json_t *
write_bytes(struct ctx *cx, const struct policy_value *value)
{
	return json_string(text_hex(cx->arena, value->bytes));
}

static json_t *(*const writers[])(struct ctx *, const struct policy_value *) = {
	[CLAIM_BOOL] = write_bool,
	[CLAIM_UINT] = write_uint,
	[CLAIM_TEXT] = write_text,
	[CLAIM_BYTES] = write_bytes,
	[CLAIM_LIST] = write_text,
};

static json_t *
write_value(struct ctx *cx, const struct policy_rule *rule,
    const struct policy_value *value)
{
	json_t *plain = writers[rule->kind->type](cx, value), *object;

	if (value->until_s == 0)
		return plain;
	object = json_object();
	json_object_set_new(object, "value", plain);
	json_object_set_new(object, "until",
	    json_string(text_time_dup(cx->arena, value->until_s)));
	return object;
}

static json_t *
write_values(struct ctx *cx, const struct policy_rule *rule)
{
	json_t *array;

	if (rule->op == POLICY_IN_SET)
		return json_string(rule->set);
	if (!ops[rule->op].many)
		return write_value(cx, rule, rule->values);
	array = json_array();
	for (size_t i = 0; i < rule->n_values; i++)
		json_array_append_new(array,
		    write_value(cx, rule, &rule->values[i]));
	return array;
}

json_t *
policy_json(struct ctx *cx, const struct policy *policy)
{
	json_t *document = json_object(), *array = json_array();

	if (policy->n_formats > 0) {
		json_t *formats = json_array();

		for (size_t i = 0; i < policy->n_formats; i++)
			json_array_append_new(formats,
			    json_string(policy->formats[i]));
		json_object_set_new(document, "formats", formats);
	}
	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct policy_rule *rule = &policy->rules[i];
		json_t *item = json_object();

		json_object_set_new(item, "claim", json_string(rule->claim));
		json_object_set_new(item, ops[rule->op].name,
		    write_values(cx, rule));
		json_array_append_new(array, item);
	}
	json_object_set_new(document, "rules", array);
	return document;
}

const char *
policy_text(struct ctx *cx, const struct policy *policy)
{
	json_t *document = json_keep(cx, policy_json(cx, policy));

	return (const char *)json_text(cx, document).p;
}

/* --- values ----------------------------------------------------------- */

bool
policy_names_sets(const struct policy *policy)
{
	for (size_t i = 0; i < policy->n_rules; i++)
		if (policy->rules[i].set != NULL)
			return true;
	return false;
}

const char *
policy_claim_text(struct ctx *cx, const struct claim *claim)
{
	switch (claim->kind->type) {
	case CLAIM_BOOL:
		return claim->boolean ? "true" : "false";
	case CLAIM_UINT:
		return arena_printf(cx->arena, "%llu",
		    (unsigned long long)claim->uint);
	case CLAIM_TEXT:
		return claim->text;
	case CLAIM_BYTES:
		return text_hex(cx->arena, claim->bytes);
	case CLAIM_LIST:
		break;		/* operators over lists name one item */
	}
	return "";
}

bool
policy_value_is(enum claim_type type, const struct claim *claim,
    const struct policy_value *value)
{
	switch (type) {
	case CLAIM_BOOL:
		return claim->boolean == value->boolean;
	case CLAIM_UINT:
		return claim->uint == value->uint;
	case CLAIM_TEXT:
		return strcmp(claim->text, value->text) == 0;
	case CLAIM_BYTES:
		return slice_equal(claim->bytes, value->bytes);
	case CLAIM_LIST:
		break;
	}
	/* mutate: not reachable: operators over lists compare items. */
	return false;
}

const struct policy_value *
policy_value_find(const struct policy_value *values, size_t n, const char *text)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(values[i].text, text) == 0)
			return &values[i];
	return NULL;
}
