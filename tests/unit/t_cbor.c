/* SPDX-License-Identifier: Apache-2.0 */
/* CBOR (RFC 8949): one encoding, limits, and what is read out of a map. */
#include "base/text.h"
#include "codec/cbor.h"
#include "tests/unit/unit.h"

#define INPUT_MAX	16384u

static struct slice
bytes_of(const char *hex)
{
	struct slice s;

	ck_assert_msg(hex[0] == '\0' || text_unhex_any(cx->arena, hex,
	    INPUT_MAX, &s), "not hex: %s", hex);
	return hex[0] == '\0' ? SLICE_NONE : s;
}

static struct err
parse(const char *hex, unsigned rules, struct cbor *out)
{
	return cbor_parse(cx, bytes_of(hex), rules, out);
}

static struct cbor
good(const char *hex)
{
	struct cbor item;

	ck_ok(parse(hex, 0, &item));
	return item;
}

static void
bad(const char *hex, const char *why)
{
	struct cbor item;

	ck_fails(parse(hex, 0, &item), ERR_EV_MALFORMED);
	ck_assert_msg(strstr(cx->trail->note, why) != NULL, "%s: %s, not %s",
	    hex, cx->trail->note, why);
}

START_TEST(integers_of_every_width_are_read)
{
	static const struct { const char *hex; int64_t n; } rows[] = {
		{ "00", 0 }, { "17", 23 }, { "1818", 24 }, { "18ff", 255 },
		{ "190100", 256 }, { "19ffff", 65535 },
		{ "1a00010000", 65536 }, { "1b0000000100000000", 4294967296 },
		{ "1b7fffffffffffffff", INT64_MAX }, { "20", -1 },
		{ "3863", -100 }, { "3903e7", -1000 },
		{ "3b7fffffffffffffff", INT64_MIN },
	};
	struct cbor item;
	int64_t n;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		item = good(rows[i].hex);
		ck_assert(cbor_int(&item, &n));
		ck_assert_int_eq(n, rows[i].n);
	}
	item = good("1bffffffffffffffff");
	ck_assert_uint_eq(item.n, UINT64_MAX);
	ck_assert(!cbor_int(&item, &n));
	item = good("3bffffffffffffffff");
	ck_assert(!cbor_int(&item, &n));
	item = good("60");
	ck_assert(!cbor_int(&item, &n));
}
END_TEST

START_TEST(strings_arrays_maps_and_tags_are_read)
{
	struct cbor item = good("d28343010203818100a2016161613a20");
	const struct cbor *map = &item.items[0].items[2];

	ck_assert_int_eq(item.kind, CBOR_TAG);
	ck_assert_uint_eq(item.n, 18);
	ck_assert_uint_eq(item.whole.n, 16);
	ck_assert_int_eq(item.items[0].kind, CBOR_ARRAY);
	ck_assert_mem_eq(item.items[0].items[0].string.p, "\1\2\3", 3);
	ck_assert_uint_eq(item.items[0].items[1].items[0].items[0].n, 0);
	ck_assert_uint_eq(map->n, 2);
	ck_assert(cbor_text_is(cbor_find(map, 1), "a"));
	ck_assert(!cbor_text_is(cbor_find(map, 1), "b"));
	ck_assert_int_eq(cbor_find_text(map, ":")->kind, CBOR_NEGATIVE);
	ck_assert_uint_eq(map->whole.n, 7);
	ck_assert_ptr_null(cbor_find(map, 2));
	ck_assert_ptr_null(cbor_find(&item, 2));
	ck_assert_ptr_null(cbor_find_text(map, "b"));
	ck_assert_ptr_null(cbor_find_text(&item, "b"));
}
END_TEST

START_TEST(simple_values_and_floats_are_told_apart)
{
	ck_assert_int_eq(good("f4").kind, CBOR_BOOL);
	ck_assert_uint_eq(good("f4").n, 0);
	ck_assert_uint_eq(good("f5").n, 1);
	ck_assert_int_eq(good("f6").kind, CBOR_NULL);
	ck_assert_int_eq(good("f7").kind, CBOR_UNDEFINED);
	ck_assert_int_eq(good("f93c00").kind, CBOR_FLOAT);
	ck_assert_int_eq(good("fa47c35000").kind, CBOR_FLOAT);
	ck_assert_int_eq(good("fb3ff199999999999a").kind, CBOR_FLOAT);
	bad("e0", "simple");
	bad("f3", "simple");
	bad("f818", "simple");
	bad("f8ff", "simple");
}
END_TEST

START_TEST(numbers_in_more_bytes_than_they_need_are_refused)
{
	static const char *const long_forms[] = {
		"1800", "1817", "190000", "1900ff", "1a00000000", "1a0000ffff",
		"1b0000000000000000", "1b00000000ffffffff", "3817", "5800",
		"580141", "790017", "9800", "b800", "d81200",
	};

	for (size_t i = 0; i < COUNT_OF(long_forms); i++)
		bad(long_forms[i], "more bytes");
}
END_TEST

START_TEST(a_format_may_leave_the_width_open)
{
	struct cbor item;

	ck_ok(parse("1b0000000000000001", CBOR_ANY_WIDTH, &item));
	ck_assert_uint_eq(item.n, 1);
	ck_ok(parse("5900014a", CBOR_ANY_WIDTH, &item));
	ck_assert_uint_eq(item.string.n, 1);
	/* The same key is the same in any width. */
	ck_fails(parse("a20100180100", CBOR_ANY_WIDTH, &item),
	    ERR_EV_MALFORMED);
}
END_TEST

START_TEST(indefinite_lengths_and_reserved_heads_are_refused)
{
	bad("5f4101ff", "indefinite");
	bad("7f6161ff", "indefinite");
	bad("9f00ff", "indefinite");
	bad("bf0000ff", "indefinite");
	bad("ff", "indefinite");
	bad("1c", "reserved");
	bad("5d", "reserved");
	bad("fe", "reserved");
}
END_TEST

START_TEST(bytes_after_the_item_are_refused)
{
	struct cbor item;

	bad("0000", "follow");
	bad("8000", "follow");
	ck_ok(cbor_parse_first(cx, bytes_of("410000"), 0, &item));
	ck_assert_uint_eq(item.whole.n, 2);
}
END_TEST

START_TEST(what_is_cut_off_is_refused)
{
	struct slice s = bytes_of("d2a401190100024401020304036362636420"
	    "83f4f5fb3ff199999999999a");
	struct cbor item;

	ck_ok(cbor_parse(cx, s, 0, &item));
	for (size_t n = 0; n < s.n; n++)
		ck_fails(cbor_parse(cx, SLICE(s.p, n), 0, &item),
		    ERR_EV_MALFORMED);
}
END_TEST

START_TEST(lengths_are_not_believed)
{
	bad("5b7fffffffffffffff", "cut off");
	bad("5bffffffffffffffff", "cut off");
	bad("7a7fffffff61", "cut off");
	bad("8201", "missing");
	bad("9affffffff", "too many");
	bad("9bffffffffffffffff", "too many");
	bad("bbffffffffffffffff", "too many pairs");
	bad("bb8000000000000000", "too many pairs");
	bad("a1", "missing");
	bad("d2", "missing");
}
END_TEST

START_TEST(text_must_be_utf8)
{
	ck_assert_uint_eq(good("62c3bc").n, 2);
	bad("62c328", "UTF-8");
	bad("62c0af", "UTF-8");
	bad("63eda080", "UTF-8");
	bad("61ff", "UTF-8");
}
END_TEST

START_TEST(a_map_key_stands_once)
{
	bad("a201000100", "twice");
	bad("a301000200016161", "twice");
	bad("a2616100616100", "twice");
	bad("a2410000410000", "twice");
	/* These are four: 1, -2, "1" and h'31'. */
	ck_assert_uint_eq(good("a401002100613100413100").n, 4);
}
END_TEST

START_TEST(map_keys_are_integers_or_strings)
{
	bad("a1f400", "map key");
	bad("a18000", "map key");
	bad("a1a000", "map key");
	bad("a1f93c0000", "map key");
	bad("a1c10000", "map key");
}
END_TEST

START_TEST(maps_are_in_order_where_a_format_says_so)
{
	/* 10, 100, -1, "z", "aa": RFC 8949, 4.2.1; and in 4.2.3. */
	static const char *const bytewise = "a50a0018640020006"
	    "17a0062616100";
	static const char *const shorter = "a50a0020001864006"
	    "17a0062616100";
	static const char *const backwards = "a220000a00";
	struct cbor item;

	ck_ok(parse(bytewise, CBOR_ORDERED, &item));
	ck_fails(parse(bytewise, CBOR_SHORTER_FIRST, &item),
	    ERR_EV_MALFORMED);
	ck_ok(parse(shorter, CBOR_SHORTER_FIRST, &item));
	ck_fails(parse(shorter, CBOR_ORDERED, &item), ERR_EV_MALFORMED);
	ck_ok(parse(backwards, 0, &item));
	ck_fails(parse(backwards, CBOR_ORDERED, &item), ERR_EV_MALFORMED);
	ck_fails(parse(backwards, CBOR_SHORTER_FIRST, &item),
	    ERR_EV_MALFORMED);
}
END_TEST

static struct slice
nested(size_t depth, uint8_t head)
{
	uint8_t *p = arena_alloc(cx->arena, depth);

	memset(p, head, depth);
	p[depth - 1] = 0;
	return SLICE(p, depth);
}

START_TEST(depth_has_a_limit)
{
	struct cbor item;

	ck_ok(cbor_parse(cx, nested(CBOR_DEPTH_MAX, 0x81), 0, &item));
	ck_fails(cbor_parse(cx, nested(CBOR_DEPTH_MAX + 1, 0x81), 0, &item),
	    ERR_EV_MALFORMED);
	ck_ok(cbor_parse(cx, nested(CBOR_DEPTH_MAX, 0xd2), 0, &item));
	ck_fails(cbor_parse(cx, nested(CBOR_DEPTH_MAX + 1, 0xd2), 0, &item),
	    ERR_EV_MALFORMED);
	ck_fails(cbor_parse(cx, nested(5000, 0x81), 0, &item),
	    ERR_EV_MALFORMED);
}
END_TEST

/* An array of n items that are each an array of m zeros. */
static struct slice
grid(size_t n, size_t m)
{
	struct buf b = buf_in(cx->arena, INPUT_MAX);

	cbor_put_head(&b, CBOR_ARRAY, n);
	for (size_t i = 0; i < n; i++) {
		cbor_put_head(&b, CBOR_ARRAY, m);
		for (size_t k = 0; k < m; k++)
			put_u8(&b, 0);
	}
	ck_assert(!b.bad);
	return buf_slice(&b);
}

static struct slice
map_of(size_t n)
{
	struct buf b = buf_in(cx->arena, INPUT_MAX);

	cbor_put_head(&b, CBOR_MAP, n);
	for (size_t i = 0; i < n; i++) {
		cbor_put_int(&b, (int64_t)i);
		put_u8(&b, 0);
	}
	return buf_slice(&b);
}

START_TEST(items_and_pairs_have_limits)
{
	struct cbor item;

	ck_ok(cbor_parse(cx, grid(4, CBOR_ITEMS_MAX / 4 - 1), 0, &item));
	ck_fails(cbor_parse(cx, grid(4, CBOR_ITEMS_MAX / 4), 0, &item),
	    ERR_EV_MALFORMED);
	ck_fails(cbor_parse(cx, grid(CBOR_ITEMS_MAX + 1, 0), 0, &item),
	    ERR_EV_MALFORMED);
	ck_ok(cbor_parse(cx, map_of(CBOR_PAIRS_MAX), 0, &item));
	ck_fails(cbor_parse(cx, map_of(CBOR_PAIRS_MAX + 1), 0, &item),
	    ERR_EV_MALFORMED);
}
END_TEST

/* {1: h'0102', 2: "ab", 3: -5, 4: [], 5: "", 6: "a\n"} */
#define MAP "a6014201020262616203240480056006" "62610a"

START_TEST(members_of_a_map_are_taken_by_type)
{
	struct cbor map = good(MAP);
	struct cbor_in in = cbor_in(cx, &map, "claims");

	ck_assert_uint_eq(cbor_get_bytes(&in, 1, CBOR_REQUIRED, 1, 2).n, 2);
	ck_assert_str_eq(cbor_get_text(&in, 2, CBOR_REQUIRED, 2), "ab");
	ck_assert_int_eq(cbor_get_int(&in, 3, CBOR_REQUIRED, -5, -5), -5);
	ck_assert_ptr_nonnull(cbor_get(&in, 4, CBOR_ARRAY, CBOR_REQUIRED));
	ck_assert_ptr_null(cbor_get(&in, 9, CBOR_ARRAY, CBOR_OPTIONAL));
	ck_assert_uint_eq(cbor_get_bytes(&in, 9, CBOR_OPTIONAL, 1, 2).n, 0);
	ck_assert_ptr_null(cbor_get_text(&in, 9, CBOR_OPTIONAL, 2));
	ck_assert_int_eq(cbor_get_int(&in, 9, CBOR_OPTIONAL, 1, 2), 0);
	ck_ok(cbor_in_done(&in));
	ck_fails(cbor_in_done_all(&in), ERR_EV_MALFORMED);
	ck_assert_ptr_nonnull(cbor_get_any(&in, 5, CBOR_REQUIRED));
	ck_assert_ptr_nonnull(cbor_get_any(&in, 6, CBOR_REQUIRED));
	ck_ok(cbor_in_done_all(&in));
}
END_TEST

START_TEST(members_that_are_not_as_asked_for_are_refused)
{
	struct cbor map = good(MAP), array = good("80");

	for (int i = 0; i < 12; i++) {
		struct cbor_in in = cbor_in(cx, i == 11 ? &array : &map, "m");

		if (i == 0)
			(void)cbor_get_bytes(&in, 1, CBOR_REQUIRED, 3, 4);
		else if (i == 1)
			(void)cbor_get_bytes(&in, 1, CBOR_REQUIRED, 0, 1);
		else if (i == 2)
			(void)cbor_get_bytes(&in, 2, CBOR_OPTIONAL, 0, 9);
		else if (i == 3)
			(void)cbor_get_text(&in, 2, CBOR_REQUIRED, 1);
		else if (i == 4)
			(void)cbor_get_text(&in, 5, CBOR_REQUIRED, 9);
		else if (i == 5)
			(void)cbor_get_text(&in, 6, CBOR_REQUIRED, 9);
		else if (i == 6)
			(void)cbor_get_int(&in, 3, CBOR_REQUIRED, -4, 9);
		else if (i == 7)
			(void)cbor_get_int(&in, 3, CBOR_REQUIRED, -9, -6);
		else if (i == 8)
			(void)cbor_get_int(&in, 2, CBOR_REQUIRED, -9, 9);
		else if (i == 9)
			(void)cbor_get(&in, 9, CBOR_MAP, CBOR_REQUIRED);
		else if (i == 10)
			(void)cbor_get(&in, 4, CBOR_MAP, CBOR_OPTIONAL);
		ck_fails(cbor_in_done(&in), ERR_EV_MALFORMED);
		/* And so it stays. */
		ck_assert_ptr_null(cbor_get_any(&in, 1, CBOR_REQUIRED));
		ck_fails(cbor_in_done_all(&in), ERR_EV_MALFORMED);
	}
}
END_TEST

START_TEST(what_is_written_is_in_the_fewest_bytes)
{
	static const uint64_t ns[] = {
		0, 23, 24, 255, 256, 65535, 65536, UINT32_MAX,
		UINT64_C(1) << 32, UINT64_MAX
	};
	struct cbor item;
	int64_t n;

	for (size_t i = 0; i < COUNT_OF(ns); i++) {
		struct buf b = buf_in(cx->arena, 9);

		cbor_put_head(&b, CBOR_UINT, ns[i]);
		ck_ok(cbor_parse(cx, buf_slice(&b), 0, &item));
		ck_assert_uint_eq(item.n, ns[i]);
	}
	for (int64_t v = -70000; v < 70000; v += 997) {
		struct buf b = buf_in(cx->arena, 9);

		cbor_put_int(&b, v);
		ck_ok(cbor_parse(cx, buf_slice(&b), 0, &item));
		ck_assert(cbor_int(&item, &n));
		ck_assert_int_eq(n, v);
	}
}
END_TEST

UNIT_MAIN("cbor",
    integers_of_every_width_are_read,
    strings_arrays_maps_and_tags_are_read,
    simple_values_and_floats_are_told_apart,
    numbers_in_more_bytes_than_they_need_are_refused,
    a_format_may_leave_the_width_open,
    indefinite_lengths_and_reserved_heads_are_refused,
    bytes_after_the_item_are_refused,
    what_is_cut_off_is_refused,
    lengths_are_not_believed,
    text_must_be_utf8,
    a_map_key_stands_once,
    map_keys_are_integers_or_strings,
    maps_are_in_order_where_a_format_says_so,
    depth_has_a_limit,
    items_and_pairs_have_limits,
    members_of_a_map_are_taken_by_type,
    members_that_are_not_as_asked_for_are_refused,
    what_is_written_is_in_the_fewest_bytes)
