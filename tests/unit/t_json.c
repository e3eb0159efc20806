/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "codec/base64.h"
#include "codec/json_plain.h"

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

/* One character wrong, wherever: libsodium's opinion, and ours; but libsodium
 * takes some bytes above ASCII for characters of the alphabet. */
START_TEST(base64url_is_read_as_libsodium_reads_it)
{
	uint8_t bytes[200], want[200];
	struct slice got;

	randombytes_buf(bytes, sizeof(bytes));
	for (size_t n = 0; n <= sizeof(bytes); n++) {
		char *text = base64url(cx->arena, SLICE(bytes, n));
		size_t n_text = strlen(text), n_want;

		ck_assert(base64url_parse(cx->arena, text, n_text, n, &got));
		ck_assert(slice_equal(got, SLICE(bytes, n)));
		for (unsigned c = 0; n_text > 0 && c < 256; c++) {
			size_t at = (c * 31 + n) % n_text;
			char was = text[at];
			bool is;

			text[at] = (char)c;
			is = sodium_base642bin(want, sizeof(want), text,
			    n_text, NULL, &n_want, NULL,
			    sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
			    c < 128;
			ck_assert(base64url_parse(cx->arena, text, n_text, n,
			    &got) == is);
			ck_assert(!is || slice_equal(got, SLICE(want,
			    n_want)));
			text[at] = was;
		}
	}
}
END_TEST

/* Every text one character away from each of these. */
static const char *const plain[] = {
	"{\"a\":1,\"b\":[true,false,null,{}],\"c\":\"x\",\"\":[[],0]}",
	" [ 12 , \"ab\" ,\t{ \"k\" : { \"k\" : 7 } } ]\n",
	"[999999999999999999,1000000000000000000,\"\\n\",-1,1.5,1e3,01]",
	"{\"a\":1,\"a\":2}",
};

START_TEST(plain_json_is_read_as_jansson_reads_it)
{
	size_t n_plain = 0;

	for (size_t i = 0; i < COUNT_OF(plain); i++) {
		size_t n = strlen(plain[i]);
		char *text = arena_strdup(cx->arena, plain[i]);

		for (size_t k = 0; k < 256 * n; k++) {
			json_t *ours, *theirs;

			text[k / 256] = (char)(k % 256);
			ours = json_plain_parse(SLICE(text, n));
			theirs = json_loadb(text, n, JSON_REJECT_DUPLICATES,
			    NULL);
			ck_assert(ours == NULL || json_equal(ours, theirs));
			n_plain += ours != NULL;
			json_decref(ours);
			json_decref(theirs);
			text[k / 256] = plain[i][k / 256];
		}
	}
	ck_assert_uint_gt(n_plain, 1000);
}
END_TEST

START_TEST(plain_json_keeps_to_the_limits)
{
	struct buf b = buf_in(cx->arena, 2 * JSON_VALUES_MAX + 16);
	json_t *value;

	for (unsigned i = 0; i < JSON_DEPTH_MAX; i++)
		put_u8(&b, '[');
	for (unsigned i = 0; i < JSON_DEPTH_MAX; i++)
		put_u8(&b, ']');
	value = json_plain_parse(buf_slice(&b));
	ck_assert_ptr_nonnull(value);
	json_decref(value);
	b.n = 0;
	for (unsigned i = 0; i <= JSON_DEPTH_MAX; i++)
		put_u8(&b, '[');
	for (unsigned i = 0; i <= JSON_DEPTH_MAX; i++)
		put_u8(&b, ']');
	ck_assert_ptr_null(json_plain_parse(buf_slice(&b)));
	b.n = 0;
	put_u8(&b, '[');
	for (unsigned i = 0; i < JSON_VALUES_MAX; i++)
		put_bytes(&b, SLICE("1,", 2));
	put_bytes(&b, SLICE("1]", 2));
	ck_assert(!b.bad);
	ck_assert_ptr_null(json_plain_parse(buf_slice(&b)));
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
    base64url_is_read_as_libsodium_reads_it,
    plain_json_is_read_as_jansson_reads_it,
    plain_json_keeps_to_the_limits,
    base64url_has_one_spelling)
