/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "agent/aesm_wire.h"
#include "base/text.h"

#define MESSAGE_MAX	4096u

/* What Google's protobuf makes of InitQuoteEx's answer: error 0, "target", 300
 * and "id". */
#define ANSWER	"7a110800120674617267657418ac0222026964"

static struct slice
unhex(const char *hex)
{
	struct slice s;

	ck_assert(text_unhex_any(cx->arena, hex, MESSAGE_MAX, &s));
	return s;
}

static void
check_refused(enum aesm_call call, const char *hex, const char *note)
{
	struct aesm_reply reply;

	ck_fails(aesm_reply_parse(cx, call, unhex(hex), &reply), ERR_SOURCE);
	ck_assert_str_eq(cx->trail->note, note);
}

static void
check_none(const char *hex)
{
	check_refused(AESM_INIT_QUOTE_EX, hex,
	    "AESM's answer to InitQuoteEx is none");
}

START_TEST(a_request_is_what_protobuf_makes_of_it)
{
	const struct aesm_arg args[] = {
		{ .field = 1, .bytes = slice_text("key") },
		{ .field = 3, .number = 1 },
		{ .field = 4, .number = 300 },
	};

	ck_assert_str_eq(text_hex(cx->arena, aesm_request(cx,
	    AESM_INIT_QUOTE_EX, args, COUNT_OF(args))),
	    "7a0a0a036b6579180120ac02");
	ck_assert_str_eq(text_hex(cx->arena, aesm_request(cx,
	    AESM_GET_KEY_ID_NUM, NULL, 0)), "aa0100");
}
END_TEST

START_TEST(an_answer_is_read_as_protobuf_made_it)
{
	struct aesm_reply r;

	ck_ok(aesm_reply_parse(cx, AESM_INIT_QUOTE_EX, unhex(ANSWER), &r));
	ck_assert(r.field[1].present && r.field[1].number == 0);
	ck_assert(slice_equal(r.field[2].bytes, slice_text("target")));
	ck_assert(r.field[3].present && r.field[3].bytes.p == NULL);
	ck_assert_uint_eq(r.field[3].number, 300);
	ck_assert(slice_equal(r.field[4].bytes, slice_text("id")));
	/* An empty value is there all the same. */
	ck_ok(aesm_reply_parse(cx, AESM_INIT_QUOTE_EX, unhex("7a0408001200"),
	    &r));
	ck_assert(r.field[2].present && r.field[2].bytes.p != NULL);
	ck_assert_uint_eq(r.field[2].bytes.n, 0);
	ck_assert(!r.field[3].present);
	/* 2 ^ 64 - 1. */
	ck_ok(aesm_reply_parse(cx, AESM_INIT_QUOTE_EX,
	    unhex("7a0d0800" "18ffffffffffffffffff01"), &r));
	ck_assert_uint_eq(r.field[3].number, UINT64_MAX);
}
END_TEST

START_TEST(an_error_of_the_service_is_told_by_its_number)
{
	check_refused(AESM_GET_QUOTE_EX, "8a0102080d",
	    "AESM refused GetQuoteEx: error 13");
	check_refused(AESM_GET_QUOTE_EX, "a201020801",
	    "AESM does not know GetQuoteEx");
}
END_TEST

START_TEST(an_answer_to_something_else_is_refused)
{
	check_refused(AESM_GET_QUOTE_EX, ANSWER,
	    "AESM's answer to GetQuoteEx is none");
	check_none("8a01020800");
	/* Two answers in one. */
	check_none("7a0208007a020800");
	/* A number in its place. */
	check_none("7800");
}
END_TEST

START_TEST(an_answer_without_its_error_code_is_refused)
{
	check_none("7a00");
	check_none("7a021801");
	/* Bytes in its place. */
	check_none("7a020a00");
	check_none("");
}
END_TEST

START_TEST(unknown_fields_are_passed_over)
{
	struct aesm_reply r;

	/* 5 a number, 6 bytes, 7 of 64 bits, 8 of 32. */
	ck_ok(aesm_reply_parse(cx, AESM_INIT_QUOTE_EX, unhex("7a17"
	    "0800" "2801" "320141" "390102030405060708" "4501020304" "1801"),
	    &r));
	ck_assert_uint_eq(r.field[3].number, 1);
}
END_TEST

START_TEST(what_has_another_encoding_is_refused)
{
	/* The error code twice; 0 and 1 in two bytes. */
	check_none("7a0408000800");
	check_none("7a03088000");
	check_none("7a03088100");
	/* More than 64 bits, or without an end. */
	check_none("7a0d0800" "18ffffffffffffffffff02");
	check_none("7a0d0800" "18ffffffffffffffffffff");
	/* Field 0, a group, and types that are none. */
	check_none("7a0408000000");
	check_none("7a0408001b1c");
	check_none("7a0408001e00");
	check_none("7a0408001f00");
	/* More than there is. */
	check_none("7a0408001202");
	check_none("7a0d0800" "12ffffffffffffffffff01");
	check_none("7a7f0800");
}
END_TEST

START_TEST(more_fields_than_an_answer_has_are_refused)
{
	struct buf b = buf_in(cx->arena, MESSAGE_MAX);
	struct aesm_reply r;

	put_bytes(&b, unhex("7a400800"));
	for (unsigned i = 1; i < AESM_FIELDS_MAX; i++)
		put_bytes(&b, unhex("2801"));
	ck_ok(aesm_reply_parse(cx, AESM_INIT_QUOTE_EX, buf_slice(&b), &r));
	b.p[1] += 2;
	put_bytes(&b, unhex("2801"));
	ck_fails(aesm_reply_parse(cx, AESM_INIT_QUOTE_EX, buf_slice(&b), &r),
	    ERR_SOURCE);
}
END_TEST

START_TEST(each_cut_and_each_byte_more_is_refused)
{
	struct slice whole = unhex(ANSWER);
	uint8_t more[64] = { 0 };
	struct aesm_reply r;

	for (size_t n = 0; n < whole.n; n++)
		ck_fails(aesm_reply_parse(cx, AESM_INIT_QUOTE_EX,
		    slice_dup(cx->arena, SLICE(whole.p, n)), &r), ERR_SOURCE);
	memcpy(more, whole.p, whole.n);
	ck_fails(aesm_reply_parse(cx, AESM_INIT_QUOTE_EX,
	    SLICE(more, whole.n + 1), &r), ERR_SOURCE);
}
END_TEST

/* What is not refused lies within the message. */
START_TEST(no_flipped_bit_leads_out_of_the_message)
{
	struct slice whole = unhex(ANSWER);
	struct aesm_reply r;

	for (size_t bit = 0; bit < whole.n * 8; bit++) {
		uint8_t *p = arena_dup(cx->arena, whole.p, whole.n);

		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (failed(aesm_reply_parse(cx, AESM_INIT_QUOTE_EX,
		    SLICE(p, whole.n), &r)))
			continue;
		for (size_t i = 1; i < AESM_FIELDS; i++)
			if (r.field[i].bytes.p != NULL)
				ck_assert(r.field[i].bytes.p >= p &&
				    r.field[i].bytes.p + r.field[i].bytes.n <=
				    p + whole.n);
	}
}
END_TEST

UNIT_MAIN("aesm",
    a_request_is_what_protobuf_makes_of_it,
    an_answer_is_read_as_protobuf_made_it,
    an_error_of_the_service_is_told_by_its_number,
    an_answer_to_something_else_is_refused,
    an_answer_without_its_error_code_is_refused,
    unknown_fields_are_passed_over,
    what_has_another_encoding_is_refused,
    more_fields_than_an_answer_has_are_refused,
    each_cut_and_each_byte_more_is_refused,
    no_flipped_bit_leads_out_of_the_message)
