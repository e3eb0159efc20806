/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "codec/base64.h"
#include "codec/json.h"

static struct err
parse(const char *text, json_t **out)
{
	return json_parse(cx, slice_text(text), out);
}

START_TEST(what_is_not_one_json_value_is_refused_with_its_place)
{
	json_t *v;

	ck_fails(parse("{\"a\":1,\n \"b\" 2}", &v), ERR_JSON);
	ck_assert_ptr_nonnull(strstr(cx->trail->tell, "line 2"));
	ck_fails(parse("{} x", &v), ERR_JSON);
	ck_fails(parse("{\"a\":1,\"a\":2}", &v), ERR_JSON);
	ck_fails(parse("{\"a\":\"\\u0000\"}", &v), ERR_JSON);
	ck_fails(parse("[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", &v), ERR_JSON);
}
END_TEST

/* An array of n times that text. */
static struct slice
array_of(const char *item, size_t n)
{
	struct buf b = buf_in(cx->arena, 4 * 1024 * 1024);

	put_u8(&b, '[');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			put_u8(&b, ',');
		put_text(&b, item);
	}
	put_u8(&b, ']');
	ck_assert(!b.bad);
	return buf_slice(&b);
}

START_TEST(a_text_that_would_fill_the_memory_is_refused)
{
	json_t *v;

	ck_ok(json_parse(cx, array_of("{}", JSON_CONTAINERS_MAX - 1), &v));
	ck_assert_uint_eq(json_array_size(v), JSON_CONTAINERS_MAX - 1);
	ck_fails(json_parse(cx, array_of("{}", JSON_CONTAINERS_MAX), &v),
	    ERR_JSON);
	ck_fails(json_parse(cx, array_of("[]", JSON_CONTAINERS_MAX), &v),
	    ERR_JSON);
	ck_ok(json_parse(cx, array_of("1", JSON_VALUES_MAX), &v));
	ck_fails(json_parse(cx, array_of("1", JSON_VALUES_MAX + 1), &v),
	    ERR_JSON);
	/* What stands in a string is one value. */
	ck_ok(json_parse(cx, array_of("\"[{,\\\",[\"", JSON_CONTAINERS_MAX),
	    &v));
}
END_TEST

START_TEST(a_wrong_member_is_named_by_its_pointer)
{
	struct json_in in, inner;
	bool present;
	json_t *v;

	ck_ok(parse("{\"outer\":{\"n\":11}}", &v));
	in = json_in(cx, v, "");
	inner = json_in_member(&in, "outer", JSON_REQUIRED, &present);
	(void)json_get_int(&inner, "n", 0, 10, 0);
	ck_fails(json_in_done(&inner), ERR_FIELD);
	ck_assert_str_eq(cx->trail->pointer, "/outer/n");
}
END_TEST

START_TEST(a_member_nobody_asked_for_is_refused)
{
	struct json_in in;
	json_t *v;

	ck_ok(parse("{\"a\":1,\"b/c\":2}", &v));
	in = json_in(cx, v, "");
	ck_assert_int_eq(json_get_int(&in, "a", 0, 10, 0), 1);
	ck_fails(json_in_done(&in), ERR_FIELD);
	ck_assert_str_eq(cx->trail->pointer, "/b~1c");
}
END_TEST

START_TEST(base64url_has_one_spelling)
{
	struct slice s;

	ck_assert(base64url_parse(cx->arena, "_-8", 3, 10, &s));
	ck_assert_uint_eq(s.n, 2);
	ck_assert(!base64url_parse(cx->arena, "_-9", 3, 10, &s));
	ck_assert(!base64url_parse(cx->arena, "_-8=", 4, 10, &s));
	ck_assert(!base64url_parse(cx->arena, "/+8", 3, 10, &s));
	ck_assert(!base64url_parse(cx->arena, "_-8\n", 4, 10, &s));
	ck_assert(!base64url_parse(cx->arena, "AAAA", 4, 2, &s));
}
END_TEST

UNIT_MAIN("json",
    what_is_not_one_json_value_is_refused_with_its_place,
    a_text_that_would_fill_the_memory_is_refused,
    a_wrong_member_is_named_by_its_pointer,
    a_member_nobody_asked_for_is_refused,
    base64url_has_one_spelling)
