/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/claims.h"
#include "base/text.h"

START_TEST(a_reader_never_reads_past_its_end)
{
	uint8_t bytes[] = { 0, 5, 'a', 'b' };
	struct reader r = reader_of(SLICE_OF(bytes));

	ck_assert_uint_eq(read_be16_bytes(&r, 16).n, 0);
	ck_assert(r.bad);
	ck_assert_uint_eq(read_u8(&r), 0);
	ck_assert(!read_done(&r));
}
END_TEST

START_TEST(a_buffer_never_grows_past_its_limit)
{
	struct buf b = buf_in(cx->arena, 5);

	put_be32(&b, 1);
	put_be16(&b, 2);
	ck_assert(b.bad);
	ck_assert_uint_eq(b.n, 4);
}
END_TEST

START_TEST(times_of_ten_thousand_years_survive_the_round_trip)
{
	char text[TEXT_TIME_SIZE];
	int64_t back;

	for (int64_t at = -62167219200; at < 253402300800; at += 86399 * 97) {
		text_time(at, text);
		ck_assert(text_parse_time(text, &back));
		ck_assert_int_eq(at, back);
	}
	text_time(253402300799, text);
	ck_assert_str_eq(text, "9999-12-31T23:59:59Z");
	ck_assert(!text_parse_time("2026-02-29T00:00:00Z", &back));
	ck_assert(!text_parse_time("2026-01-01T00:00:00+", &back));
}
END_TEST

START_TEST(only_one_spelling_of_hex_and_numbers_is_taken)
{
	uint8_t two[2];
	uint64_t v;

	ck_assert(text_unhex("00ff", two, 2));
	ck_assert(!text_unhex("00FF", two, 2));
	ck_assert(!text_unhex("00f", two, 2));
	ck_assert(text_parse_uint("0", 9, &v));
	ck_assert(!text_parse_uint("01", 9, &v));
	ck_assert(!text_parse_uint("18446744073709551616", UINT64_MAX, &v));
}
END_TEST

START_TEST(text_that_is_not_utf8_or_holds_controls_is_refused)
{
	ck_assert(text_is_printable(slice_text("gr\xc3\xbc\xc3\x9f")));
	ck_assert(!text_is_printable(slice_text("\xc0\xaf")));
	ck_assert(!text_is_printable(slice_text("\xed\xa0\x80")));
	ck_assert(!text_is_printable(slice_text("a\nb")));
	ck_assert(!text_is_printable(slice_text("\xc2\x85")));
	ck_assert(!text_is_printable(slice_text("\xe2\x82")));
}
END_TEST

START_TEST(every_error_code_is_unique_and_found_by_its_text)
{
	struct err e;

	for (uint16_t i = 0; i < ERR_COUNT; i++) {
		ck_assert(err_find(err_dotted((struct err){ i }), &e));
		ck_assert_uint_eq(e.code, i);
	}
	ck_assert(!err_find("no.such", &e));
}
END_TEST

START_TEST(a_family_of_claims_needs_a_member)
{
	ck_assert_ptr_nonnull(claim_kind_find("pcr.sha256.7"));
	ck_assert_ptr_null(claim_kind_find("pcr."));
	ck_assert_ptr_null(claim_kind_find("pcr"));
}
END_TEST

UNIT_MAIN("base",
    a_reader_never_reads_past_its_end,
    a_buffer_never_grows_past_its_limit,
    times_of_ten_thousand_years_survive_the_round_trip,
    only_one_spelling_of_hex_and_numbers_is_taken,
    text_that_is_not_utf8_or_holds_controls_is_refused,
    every_error_code_is_unique_and_found_by_its_text,
    a_family_of_claims_needs_a_member)
