/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/result.h"

#include "base/base.h"
#include "base/text.h"

#define RESULT_BYTES_MAX	1024u	/* of one claim */
#define RESULT_ITEMS_MAX	4096u	/* of one list */

static json_t *
value_of(struct ctx *cx, const struct claim *claim)
{
	json_t *array;

	switch (claim->kind->type) {
	case CLAIM_BOOL:
		return json_boolean(claim->boolean);
	case CLAIM_UINT:
		return claim->uint <= INT64_MAX ?
		    json_integer((json_int_t)claim->uint) :
		    json_string(arena_printf(cx->arena, "%llu",
		    (unsigned long long)claim->uint));
	case CLAIM_TEXT:
		return json_string(claim->text);
	case CLAIM_BYTES:
		return json_string(text_hex(cx->arena, claim->bytes));
	case CLAIM_LIST:
		break;
	}
	array = json_array();
	for (size_t i = 0; i < claim->list.n; i++)
		json_array_append_new(array,
		    json_string(claim->list.items[i]));
	return array;
}

json_t *
result_claims_json(struct ctx *cx, const struct claims *claims)
{
	json_t *object = json_object();

	for (size_t i = 0; i < claims->n; i++) {
		/* jansson refuses text that is not UTF-8; a verifier that lets
		 * such text through is a bug. */
		json_t *value = value_of(cx, &claims->items[i]);

		ASSERT(value != NULL);
		json_object_set_new(object, claims->items[i].name, value);
	}
	return object;
}

const char *
result_claims_text(struct ctx *cx, const struct claims *claims)
{
	json_t *object = json_keep(cx, result_claims_json(cx, claims));

	return (const char *)json_text(cx, object).p;
}

static bool
add_bool(struct claims *claims, const char *name, const json_t *value)
{
	if (!json_is_boolean(value))
		return false;
	claims_add_bool(claims, name, json_is_true(value));
	return true;
}

static bool
add_uint(struct claims *claims, const char *name, const json_t *value)
{
	uint64_t v;

	if (json_is_integer(value) && json_integer_value(value) >= 0)
		v = (uint64_t)json_integer_value(value);
	else if (!json_is_string(value) ||
	    !text_parse_uint(json_string_value(value), UINT64_MAX, &v))
		return false;
	claims_add_uint(claims, name, v);
	return true;
}

static bool
add_text(struct claims *claims, const char *name, const json_t *value)
{
	if (!json_is_string(value))
		return false;
	claims_add_text(claims, name, json_string_value(value));
	return true;
}

static bool
add_bytes(struct claims *claims, const char *name, const json_t *value)
{
	struct slice bytes;

	if (!json_is_string(value) || !text_unhex_any(claims->arena,
	    json_string_value(value), RESULT_BYTES_MAX, &bytes))
		return false;
	claims_add_bytes(claims, name, bytes);
	return true;
}

static bool
add_list(struct claims *claims, const char *name, const json_t *value)
{
	size_t n = json_array_size(value);
	const char **items;

	if (!json_is_array(value) || n > RESULT_ITEMS_MAX)
		return false;
	items = arena_array(claims->arena, n, sizeof(*items));
	for (size_t i = 0; i < n; i++) {
		items[i] = json_string_value(json_array_get(value, i));
		if (items[i] == NULL)
			return false;
	}
	claims_add_list(claims, name, items, n);
	return true;
}

static bool (*const adders[])(struct claims *, const char *name,
    const json_t *) = {
	[CLAIM_BOOL] = add_bool,
	[CLAIM_UINT] = add_uint,
	[CLAIM_TEXT] = add_text,
	[CLAIM_BYTES] = add_bytes,
	[CLAIM_LIST] = add_list,
};

struct err
result_claims_parse(struct ctx *cx, const char *text, struct claims *out)
{
	struct claims claims = claims_in(cx->arena);
	const char *name;
	json_t *object, *value;

	if (failed(json_parse(cx, slice_text(text), &object)) ||
	    !json_is_object(object) || json_object_size(object) > CLAIMS_MAX)
		return FAIL(cx, ERR_STORAGE, "stored claims cannot be read");
	json_object_foreach(object, name, value) {
		const struct claim_kind *kind = claim_kind_find(name);

		if (kind != NULL && !adders[kind->type](&claims, name, value))
			return FAIL(cx, ERR_STORAGE, "stored claim %s", name);
	}
	*out = claims;
	return OK;
}
