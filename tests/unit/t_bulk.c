/* SPDX-License-Identifier: Apache-2.0 */
/* Files of claims in, outcomes out; CSV that spreadsheets do not run. */
#include "tests/unit/unit.h"

#include "server/rest_bulk.h"
#include "server/rest_csv.h"

#define HEX64	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static size_t
lines_of(const char *text, bool csv, struct claim_line **out)
{
	size_t n;

	ck_ok(rest_bulk_lines(cx, slice_text(text), csv, out, &n));
	return n;
}

START_TEST(csv_has_ids_and_perhaps_groups_with_or_without_a_header)
{
	struct claim_line *l;

	ck_assert_uint_eq(lines_of("id,group\r\n" HEX64 ",lab\r\n\r\n"
	    "tpm-ek:" HEX64 "\r\n" HEX64 ",", true, &l), 3);
	ck_assert_uint_eq(l[0].number, 2);
	ck_assert_str_eq(l[0].request.device_id, HEX64);
	ck_assert_ptr_null(l[0].request.hardware_id);
	ck_assert_str_eq(l[0].request.group, "lab");
	ck_assert_uint_eq(l[1].number, 4);
	ck_assert_str_eq(l[1].request.hardware_id, "tpm-ek:" HEX64);
	ck_assert_ptr_null(l[1].request.device_id);
	ck_assert_ptr_null(l[1].request.group);
	ck_assert_uint_eq(l[2].number, 5);
	ck_assert_ptr_null(l[2].request.group);
	ck_assert_uint_eq(lines_of(HEX64 "\n", true, &l), 1);
	ck_assert_uint_eq(l[0].number, 1);
	ck_assert_uint_eq(lines_of("", true, &l), 0);
	ck_assert_uint_eq(lines_of("\n\n", true, &l), 0);
}
END_TEST

START_TEST(a_line_of_csv_has_labels_as_a_filter_has_them)
{
	struct claim_line *l;

	ck_assert_uint_eq(lines_of("id,labels,consent\n"
	    HEX64 ",\"site=berlin,line=\",abc\n"
	    HEX64 ",,\n"
	    HEX64 ",site\n"
	    HEX64 ",Site=berlin\n"
	    HEX64 ",\"a=1,a=2\"\n"
	    HEX64 ",\"a=1,\"\n"
	    HEX64 ",\"a=1,b=1,c=1,d=1,e=1,f=1,g=1,h=1,i=1,j=1,k=1,l=1,m=1,"
	    "n=1,o=1,p=1,q=1\"\n", true, &l), 7);
	ck_assert_str_eq(l[0].request.labels,
	    "{\"site\":\"berlin\",\"line\":\"\"}");
	ck_assert_str_eq(l[0].request.consent, "abc");
	ck_assert_int_eq(l[1].outcome, CLAIM_PENDING);
	ck_assert_ptr_null(l[1].request.labels);
	for (size_t i = 2; i < 7; i++) {
		ck_assert_int_eq(l[i].outcome, CLAIM_REFUSED);
		ck_assert_int_eq(l[i].code, ERR_FIELD);
		ck_assert_ptr_nonnull(strstr(l[i].detail, "labels"));
	}
}
END_TEST

START_TEST(a_line_of_json_has_labels_as_a_device_has_them)
{
	struct claim_line *l;

	ck_assert_uint_eq(lines_of(
	    "{\"device_id\":\"" HEX64 "\",\"labels\":{\"site\":\"x\"}}\n"
	    "{\"device_id\":\"" HEX64 "\",\"labels\":[]}\n"
	    "{\"device_id\":\"" HEX64 "\",\"labels\":{\"S\":\"x\"}}\n"
	    "{\"device_id\":\"" HEX64 "\",\"labels\":{\"s\":null}}\n"
	    "{\"device_id\":\"" HEX64 "\",\"labels\":{}}\n"
	    "{\"device_id\":\"" HEX64 "\",\"proof\":\"none\"}\n", false,
	    &l), 6);
	ck_assert_str_eq(l[0].request.labels, "{\"site\":\"x\"}");
	for (size_t i = 1; i < 4; i++) {
		ck_assert_int_eq(l[i].code, ERR_FIELD);
		ck_assert_ptr_nonnull(strstr(l[i].detail, "labels"));
	}
	ck_assert_ptr_null(l[4].request.labels);
	ck_assert_int_eq(l[4].outcome, CLAIM_PENDING);
	/* What is proved is asked for once for all lines. */
	ck_assert_int_eq(l[5].outcome, CLAIM_REFUSED);
}
END_TEST

START_TEST(csv_columns_are_in_any_order_and_fields_may_be_quoted)
{
	struct claim_line *l;

	ck_assert_uint_eq(lines_of("\xef\xbb\xbfgroup,\"device_id\",hardware_id\n"
	    "lab,\"" HEX64 "\",\r\n"
	    "\"lab\",,\"tpm-ek:" HEX64 "\"\n"
	    ",\"a\nb\",\n"
	    "x,\"" HEX64 "\"y,\n"
	    ",\"" HEX64 ",\n"
	    "lab," HEX64, true, &l), 6);
	ck_assert_str_eq(l[0].request.device_id, HEX64);
	ck_assert_str_eq(l[0].request.group, "lab");
	ck_assert_ptr_null(l[0].request.hardware_id);
	ck_assert_str_eq(l[1].request.hardware_id, "tpm-ek:" HEX64);
	ck_assert_uint_eq(l[1].number, 3);
	ck_assert_uint_eq(l[2].number, 4);
	ck_assert_int_eq(l[2].code, ERR_MALFORMED);
	ck_assert_uint_eq(l[3].number, 6);
	ck_assert_int_eq(l[3].code, ERR_MALFORMED);
	ck_assert_uint_eq(l[4].number, 7);
	ck_assert_int_eq(l[4].code, ERR_MALFORMED);
	ck_assert_uint_eq(l[5].number, 8);
	ck_assert_int_eq(l[5].outcome, CLAIM_PENDING);
}
END_TEST

START_TEST(a_header_with_an_unknown_column_or_one_twice_is_refused)
{
	static const char *const headers[] = {
		"device_id,groop\n", "id,id\n", "device_id,group,group\n",
		"colour,hardware_id\n",
	};
	struct claim_line *l;
	size_t n;

	for (size_t i = 0; i < COUNT_OF(headers); i++)
		ck_fails(rest_bulk_lines(cx, slice_text(headers[i]), true,
		    &l, &n), ERR_FIELD);
}
END_TEST

START_TEST(a_csv_line_that_cannot_be_read_is_refused_by_itself)
{
	struct claim_line *l;

	ck_assert_uint_eq(lines_of(HEX64 ",a,b\n" HEX64 ",A\n\x01\n\xff\n"
	    HEX64 "\n", true, &l), 5);
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(l[i].outcome, CLAIM_REFUSED);
	ck_assert_int_eq(l[0].code, ERR_FIELD);
	ck_assert_int_eq(l[2].code, ERR_MALFORMED);
	ck_assert_ptr_null(l[2].id);
	ck_assert_int_eq(l[4].outcome, CLAIM_PENDING);
}
END_TEST

START_TEST(ndjson_has_an_object_a_line)
{
	struct claim_line *l;

	ck_assert_uint_eq(lines_of(
	    "{\"device_id\":\"" HEX64 "\",\"group\":\"lab\"}\n"
	    "{\"hardware_id\":\"key:1\"}\n"
	    "{\"hardware\":\"key:1\"}\n"
	    "[]\n"
	    "{\"device_id\":\n"
	    "{\"device_id\":1}", false, &l), 6);
	ck_assert_int_eq(l[0].outcome, CLAIM_PENDING);
	ck_assert_str_eq(l[0].id, HEX64);
	ck_assert_str_eq(l[0].request.group, "lab");
	ck_assert_str_eq(l[1].id, "key:1");
	ck_assert_int_eq(l[1].outcome, CLAIM_PENDING);
	for (size_t i = 2; i < 6; i++) {
		ck_assert_int_eq(l[i].outcome, CLAIM_REFUSED);
		ck_assert_int_eq(l[i].code, i == 4 ? ERR_JSON : ERR_FIELD);
		ck_assert_ptr_nonnull(l[i].detail);
	}
	ck_assert_str_eq(cx->trail->tell, "");
}
END_TEST

START_TEST(lines_are_counted_and_their_length_is_bounded)
{
	struct buf b = buf_in(cx->arena, 1u << 20);
	struct claim_line *l;
	size_t n;

	for (unsigned i = 0; i < CLAIM_AT_ONCE_MAX; i++)
		put_text(&b, "x\n");
	ck_ok(rest_bulk_lines(cx, buf_slice(&b), true, &l, &n));
	ck_assert_uint_eq(n, CLAIM_AT_ONCE_MAX);
	ck_assert_uint_eq(l[n - 1].number, CLAIM_AT_ONCE_MAX);
	put_text(&b, "x");
	ck_fails(rest_bulk_lines(cx, buf_slice(&b), true, &l, &n),
	    ERR_TOO_LARGE);

	b = buf_in(cx->arena, 1u << 20);
	for (unsigned i = 0; i < 1024; i++)
		put_u8(&b, 'x');
	ck_ok(rest_bulk_lines(cx, buf_slice(&b), true, &l, &n));
	ck_assert_int_eq(l[0].outcome, CLAIM_PENDING);
	put_u8(&b, 'x');
	ck_ok(rest_bulk_lines(cx, buf_slice(&b), true, &l, &n));
	ck_assert_int_eq(l[0].code, ERR_MALFORMED);
}
END_TEST

START_TEST(each_outcome_is_a_line_of_json)
{
	const struct claim_line lines[] = {
		{ .number = 1, .id = "a\"b", .outcome = CLAIM_CLAIMED },
		{ .number = 2, .id = "c", .outcome = CLAIM_ALREADY },
		{ .number = 4, .outcome = CLAIM_REFUSED,
		    .code = ERR_CLAIM_TAKEN, .detail = "d" },
	};
	struct slice text;

	ck_ok(rest_bulk_print(cx, lines, COUNT_OF(lines), &text));
	ck_assert_str_eq(arena_strndup(cx->arena, (const char *)text.p,
	    text.n),
	    "{\"line\":1,\"id\":\"a\\\"b\",\"outcome\":\"claimed\"}\n"
	    "{\"line\":2,\"id\":\"c\",\"outcome\":\"already-claimed\"}\n"
	    "{\"line\":4,\"outcome\":\"refused\",\"code\":\"claim.taken\","
	    "\"detail\":\"d\"}\n");
}
END_TEST

/* Words about a line are cut at their size, which may be within a letter. */
START_TEST(what_is_said_of_a_line_is_whole_letters)
{
	for (size_t shift = 0; shift < 4; shift++) {
		struct buf b = buf_in(cx->arena, 1100);
		struct claim_line *lines;
		struct slice text;
		size_t n;

		put_text(&b, "{\"");
		for (size_t i = 0; i < shift; i++)
			put_u8(&b, 'a');
		for (size_t i = 0; i < 300; i++)
			put_text(&b, "\xe2\x82\xac");
		put_text(&b, "\":1}");
		ck_assert(!b.bad);
		ck_ok(rest_bulk_lines(cx, buf_slice(&b), false, &lines, &n));
		ck_assert_uint_eq(n, 1);
		ck_assert_int_eq(lines[0].code, ERR_FIELD);
		ck_assert_uint_gt(strlen(lines[0].detail), 300);
		ck_ok(rest_bulk_print(cx, lines, n, &text));
	}
}
END_TEST

static const char *
quoted(const char *field)
{
	struct buf b = buf_in(cx->arena, 1000);

	rest_csv_put(&b, true, field);
	return arena_strndup(cx->arena, (const char *)b.p, b.n);
}

START_TEST(no_field_of_csv_is_a_formula_or_ends_early)
{
	ck_assert_str_eq(quoted("plain, text"), "\"plain, text\"");
	ck_assert_str_eq(quoted("a\"b"), "\"a\"\"b\"");
	ck_assert_str_eq(quoted(""), "\"\"");
	ck_assert_str_eq(quoted("=cmd|' /C calc'!A0"),
	    "\"'=cmd|' /C calc'!A0\"");
	ck_assert_str_eq(quoted("+1"), "\"'+1\"");
	ck_assert_str_eq(quoted("-1"), "\"'-1\"");
	ck_assert_str_eq(quoted("@SUM"), "\"'@SUM\"");
	ck_assert_str_eq(quoted("\t=1"), "\"'\t=1\"");
	ck_assert_str_eq(quoted("a=1"), "\"a=1\"");
}
END_TEST

UNIT_MAIN("bulk",
    csv_has_ids_and_perhaps_groups_with_or_without_a_header,
    a_line_of_csv_has_labels_as_a_filter_has_them,
    a_line_of_json_has_labels_as_a_device_has_them,
    csv_columns_are_in_any_order_and_fields_may_be_quoted,
    a_header_with_an_unknown_column_or_one_twice_is_refused,
    a_csv_line_that_cannot_be_read_is_refused_by_itself,
    ndjson_has_an_object_a_line,
    lines_are_counted_and_their_length_is_bounded,
    what_is_said_of_a_line_is_whole_letters,
    each_outcome_is_a_line_of_json,
    no_field_of_csv_is_a_formula_or_ends_early)
