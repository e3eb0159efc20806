/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <unistd.h>

#include "base/claims.h"
#include "base/text.h"
#include "base/trace.h"

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

/* It becomes JSON, which takes nothing else. */
START_TEST(what_a_failure_tells_is_utf8_whatever_was_cut_or_quoted)
{
	char letters[3 * TRAIL_NOTE_MAX + 1] = "";

	for (size_t i = 0; i < TRAIL_NOTE_MAX; i++)
		memcpy(letters + 3 * i, "\xe2\x82\xac", 4);
	for (int shift = 0; shift < 4; shift++) {
		(void)FAIL_AT(cx, ERR_FIELD, letters + 3 * shift, "%.*s%s",
		    shift, "aaaa", letters);
		ck_assert(text_is_utf8(slice_text(cx->trail->tell)));
		ck_assert_uint_gt(strlen(cx->trail->tell), TRAIL_NOTE_MAX - 5);
		ck_assert(text_is_utf8(slice_text(cx->trail->pointer)));
		ck_assert_uint_gt(strlen(cx->trail->pointer),
		    TRAIL_POINTER_MAX - 5);
	}
	(void)FAIL_TELL(cx, ERR_FIELD, "a\xff" "b\xe2\x82\xac tail");
	ck_assert_str_eq(cx->trail->tell, "a?b??? tail");
	(void)FAIL_TELL(cx, ERR_FIELD, "\xe2\x82\xac");
	ck_assert_str_eq(cx->trail->tell, "\xe2\x82\xac");
}
END_TEST

START_TEST(a_family_of_claims_needs_a_member)
{
	ck_assert_ptr_nonnull(claim_kind_find("pcr.sha256.7"));
	ck_assert_ptr_null(claim_kind_find("pcr."));
	ck_assert_ptr_null(claim_kind_find("pcr"));
}
END_TEST

/* --- traces ------------------------------------------------------------ */

static const uint8_t trace_random[TRACE_RANDOM_SIZE] = {
	[0] = 0xab, [TRACE_ID_SIZE] = 0xcd,
};
#define TRACE_FRESH	"ab000000000000000000000000000000"
#define TRACE_SENT	"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-"

START_TEST(a_trace_is_gone_on_with_under_a_span_of_our_own)
{
	char span[TRACE_SPAN_LETTERS + 1];
	struct trace t;

	trace_begin(TRACE_SENT "01", trace_random, &t);
	ck_assert_str_eq(t.id, "0af7651916cd43dd8448eb211c80319c");
	ck_assert_str_eq(t.parent, "b7ad6b7169203331");
	ck_assert_str_eq(t.text,
	    "00-0af7651916cd43dd8448eb211c80319c-cd00000000000000-01");
	trace_span(&t, span);
	ck_assert_str_eq(span, "cd00000000000000");
	/* Flags that nobody has defined are not passed on. */
	trace_begin(TRACE_SENT "fe", trace_random, &t);
	ck_assert_str_eq(t.text + TRACE_PARENT_LETTERS - 2, "00");
	/* What a later version adds is not looked at. */
	trace_begin("cc" "-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-"
	    "09-what the future will be like", trace_random, &t);
	ck_assert_str_eq(t.text,
	    "00-0af7651916cd43dd8448eb211c80319c-cd00000000000000-01");
}
END_TEST

/* The refusals of the W3C's own test suite for traceparent, and more. */
START_TEST(a_traceparent_that_is_not_to_the_letter_begins_a_new_trace)
{
	static const char *const bad[] = {
		"", TRACE_SENT, TRACE_SENT "0", TRACE_SENT "001",
		TRACE_SENT "01-", TRACE_SENT "01.", TRACE_SENT "0x",
		TRACE_SENT "1G", " " TRACE_SENT "01", TRACE_SENT "01 ",
		"ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"0-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"000-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.x",
		"FE-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"00-0af7651916cd43dd8448eb211c80319c-B7ad6b7169203331-01",
		"00-00000000000000000000000000000000-b7ad6b7169203331-01",
		"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
		"00-0af7651916cd43dd8448eb211c80319-cb7ad6b7169203331-01",
		"00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"00-.af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	};
	char letters[TRACE_SENT_MAX + 2];
	struct trace t;

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		trace_begin(bad[i], trace_random, &t);
		ck_assert_msg(strcmp(t.id, TRACE_FRESH) == 0, "%s", bad[i]);
		ck_assert_str_eq(t.parent, "");
		ck_assert_str_eq(t.text + TRACE_PARENT_LETTERS - 2, "00");
	}
	trace_begin(NULL, trace_random, &t);
	ck_assert_str_eq(t.id, TRACE_FRESH);
	memset(letters, 'a', sizeof(letters) - 1);
	letters[sizeof(letters) - 1] = '\0';
	memcpy(letters, "cc" TRACE_SENT, 2);
	memcpy(letters + 2, &TRACE_SENT[2], strlen(TRACE_SENT) - 2);
	memcpy(letters + strlen(TRACE_SENT), "01-", 3);
	trace_begin(letters, trace_random, &t);
	ck_assert_str_eq(t.id, TRACE_FRESH);
	letters[TRACE_SENT_MAX] = '\0';
	trace_begin(letters, trace_random, &t);
	ck_assert_str_eq(t.id, "0af7651916cd43dd8448eb211c80319c");
}
END_TEST

START_TEST(every_line_of_a_log_with_a_trace_ends_with_it)
{
	char text[LOG_LINE_MAX];
	int ends[2];
	ssize_t n;

	ck_assert_int_eq(pipe(ends), 0);
	log_put(&(struct log){ .fd = ends[1], .program = "x", .trace = "t1" },
	    LOG_LEVEL_WARN, "it.happened", "why", "a b", NULL);
	n = read(ends[0], text, sizeof(text) - 1);
	ck_assert_int_gt(n, 0);
	text[n] = '\0';
	ck_assert_str_eq(strchr(text, ' '),
	    " warn x it.happened why=\"a b\" trace=t1\n");
	(void)close(ends[0]);
	(void)close(ends[1]);
}
END_TEST

UNIT_MAIN("base",
    a_trace_is_gone_on_with_under_a_span_of_our_own,
    a_traceparent_that_is_not_to_the_letter_begins_a_new_trace,
    every_line_of_a_log_with_a_trace_ends_with_it,
    a_reader_never_reads_past_its_end,
    a_buffer_never_grows_past_its_limit,
    times_of_ten_thousand_years_survive_the_round_trip,
    only_one_spelling_of_hex_and_numbers_is_taken,
    text_that_is_not_utf8_or_holds_controls_is_refused,
    every_error_code_is_unique_and_found_by_its_text,
    what_a_failure_tells_is_utf8_whatever_was_cut_or_quoted,
    a_family_of_claims_needs_a_member)
