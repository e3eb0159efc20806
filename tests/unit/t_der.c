/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/text.h"
#include "codec/der.h"

static struct reader
hex(const char *text)
{
	struct slice s;

	ck_assert(text_unhex_any(cx->arena, text, 64, &s));
	return reader_of(s);
}

#define ck_refused(read, text) do {					\
	struct reader r_ = hex(text);					\
	(void)read(&r_);						\
	ck_assert_msg(r_.bad, "%s took %s", #read, text);		\
} while (0)

static struct slice
sequence(struct reader *r)
{
	return der_read(r, DER_SEQUENCE);
}

START_TEST(only_the_shortest_definite_length_is_taken)
{
	ck_refused(sequence, "30");
	ck_refused(sequence, "3080" "0000");		/* indefinite */
	ck_refused(sequence, "308100");
	ck_refused(sequence, "30810105");
	ck_refused(sequence, "3082000105");
	ck_refused(sequence, "3085000000000105");
	ck_refused(sequence, "30ff");
	ck_refused(sequence, "300205");			/* cut off */
	ck_refused(sequence, "31020500");		/* another tag */
}
END_TEST

static uint32_t
numbered(struct reader *r)
{
	uint32_t number;
	struct reader in = der_enter_numbered(r, &number);

	der_leave(r, &in);
	return number;
}

START_TEST(tags_of_any_number_have_one_form)
{
	static const struct { const char *der; uint32_t number; } good[] = {
		{ "a000", 0 }, { "be00", 30 }, { "bf1f00", 31 },
		{ "bf7f00", 127 }, { "bf810000", 128 }, { "bf854000", 704 },
		{ "bfffff7f00", 0x1fffff },
	};

	for (size_t i = 0; i < COUNT_OF(good); i++) {
		struct reader r = hex(good[i].der);

		ck_assert_uint_eq(numbered(&r), good[i].number);
		ck_assert(read_done(&r));
	}
	ck_refused(numbered, "bf1e00");		/* one byte would do */
	ck_refused(numbered, "bf801f00");	/* begins with a zero */
	ck_refused(numbered, "bf");
	ck_refused(numbered, "bf85");
	ck_refused(numbered, "bf8540");
	ck_refused(numbered, "bf854001");
	ck_refused(numbered, "bf85408100");	/* a length too long */
	ck_refused(numbered, "bfffffffff7f00");	/* a number too long */
	ck_refused(numbered, "9f854000");	/* primitive */
	ck_refused(numbered, "8100");
	ck_refused(numbered, "3000");
	ck_refused(numbered, "ff854000");	/* private */
	ck_refused(numbered, "7f854000");	/* application */
	ck_refused(numbered, "a1020500" "05");	/* left unread */
}
END_TEST

START_TEST(lengths_are_written_as_they_are_read)
{
	static const size_t lengths[] = {
		0, 1, 127, 128, 255, 256, 65535, 65536, 1u << 20
	};

	for (size_t i = 0; i < COUNT_OF(lengths); i++) {
		struct buf b = buf_in(cx->arena, 1u << 22);
		size_t outer = der_open(&b, DER_SEQUENCE);
		size_t inner = der_open(&b, DER_SEQUENCE);
		uint8_t *at = put_space(&b, lengths[i]);
		struct reader r, in;

		if (lengths[i] > 0)
			memset(at, 0x5a, lengths[i]);
		der_close(&b, inner);
		der_close(&b, outer);
		ck_assert(!b.bad);
		r = reader_of(buf_slice(&b));
		in = der_enter(&r, DER_SEQUENCE);
		ck_assert_uint_eq(der_read(&in, DER_SEQUENCE).n, lengths[i]);
		der_leave(&r, &in);
		ck_assert(read_done(&r));

		struct buf once = buf_in(cx->arena, 1u << 22);
		struct reader again = reader_of(buf_slice(&b));
		struct reader body = der_enter(&again, DER_SEQUENCE);

		der_put(&once, DER_SEQUENCE, SLICE(body.p, body.n));
		ck_assert(slice_equal(buf_slice(&b), buf_slice(&once)));
	}
}
END_TEST

START_TEST(tags_above_thirty_are_not_taken)
{
	uint8_t tag;
	struct reader r = hex("bf8a3d020500");

	(void)der_read_any(&r, &tag);
	ck_assert(r.bad);
	ck_assert_uint_eq(tag, 0);
}
END_TEST

START_TEST(only_minimal_integers_in_range_are_taken)
{
	struct reader r = hex("020100");

	ck_assert_uint_eq(der_read_uint(&r), 0);
	ck_assert(read_done(&r));
	r = hex("020900ffffffffffffffff");
	ck_assert_uint_eq(der_read_uint(&r), UINT64_MAX);
	ck_assert(read_done(&r));
	r = hex("02020080");
	ck_assert_uint_eq(der_read_unsigned(&r).n, 1);
	ck_assert(read_done(&r));
	ck_refused(der_read_uint, "0200");
	ck_refused(der_read_uint, "02020001");
	ck_refused(der_read_uint, "0201ff");
	ck_refused(der_read_uint, "0209010000000000000000");
}
END_TEST

START_TEST(only_the_two_booleans_are_taken)
{
	struct reader r = hex("0101ff" "010100");

	ck_assert(der_read_bool(&r));
	ck_assert(!der_read_bool(&r));
	ck_assert(read_done(&r));
	ck_refused(der_read_bool, "010101");
	ck_refused(der_read_bool, "0102ffff");
	ck_refused(der_read_bool, "0100");
}
END_TEST

START_TEST(named_bits_have_one_form)
{
	for (unsigned bits = 0; bits < 0x10000; bits++) {
		struct buf b = buf_in(cx->arena, 16);
		struct reader r;

		der_put_named_bits(&b, (uint16_t)bits);
		r = reader_of(buf_slice(&b));
		ck_assert_uint_eq(der_read_named_bits(&r), bits);
		ck_assert(read_done(&r));
	}
	ck_refused(der_read_named_bits, "03020680");
	ck_refused(der_read_named_bits, "03020000");	/* a zero at the end */
	ck_refused(der_read_named_bits, "0303070000");
	ck_refused(der_read_named_bits, "03020881");
	ck_refused(der_read_named_bits, "030101");
	ck_refused(der_read_named_bits, "0300");
	ck_refused(der_read_named_bits, "03020781");	/* an unused one */
}
END_TEST

START_TEST(object_identifiers_are_whole)
{
	struct reader r = hex("0603551d0f");

	ck_assert_uint_eq(der_read_oid(&r).n, 3);
	ck_refused(der_read_oid, "0600");
	ck_refused(der_read_oid, "0602558f");	/* cut off */
	ck_refused(der_read_oid, "0603558001");	/* not the shortest */
}
END_TEST

static void
time_is(int64_t at, const char *text)
{
	struct buf b = buf_in(cx->arena, 64);
	struct reader r;

	der_put_time(&b, at);
	ck_assert_str_eq(arena_strndup(cx->arena, (const char *)b.p + 2,
	    b.n - 2), text);
	r = reader_of(buf_slice(&b));
	ck_assert_int_eq(der_read_time(&r), at);
	ck_assert(read_done(&r));
}

START_TEST(times_change_form_in_2050_as_rfc_5280_says)
{
	time_is(-631152000, "500101000000Z");
	time_is(0, "700101000000Z");
	time_is(2147483648, "380119031408Z");
	time_is(2524607999, "491231235959Z");
	time_is(2524608000, "20500101000000Z");
	time_is(INT64_C(253402300799), "99991231235959Z");
}
END_TEST

START_TEST(other_spellings_of_times_are_refused)
{
	static const char *const wrong[] = {
		"170b3236313132323037353230",		/* no seconds */
		"170d3236313132323037353235302b",
		"170d3236313332323037353235305a",	/* month 13 */
		"170d3236303233303037353235305a",	/* 30 February */
		"170d3236313132323234303030305a",	/* 24 o'clock */
		"170d20363131323230373532353030",
		"180f32303439313233313233353935395a",	/* UTCTime says it */
		"181132303530303130313030303030302e5a",
		"160d3236313132323037353235305a",
	};

	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		ck_refused(der_read_time, wrong[i]);
}
END_TEST

START_TEST(what_is_left_inside_fails_the_outside)
{
	struct reader r = hex("30030500" "05"), in;

	in = der_enter(&r, DER_SEQUENCE);
	(void)der_read(&in, DER_NULL);
	der_leave(&r, &in);
	ck_assert(r.bad);
	ck_assert_uint_eq(der_peek(&r), 0);
}
END_TEST

UNIT_MAIN("der",
    only_the_shortest_definite_length_is_taken,
    tags_of_any_number_have_one_form,
    lengths_are_written_as_they_are_read,
    tags_above_thirty_are_not_taken,
    only_minimal_integers_in_range_are_taken,
    only_the_two_booleans_are_taken,
    named_bits_have_one_form,
    object_identifiers_are_whole,
    times_change_form_in_2050_as_rfc_5280_says,
    other_spellings_of_times_are_refused,
    what_is_left_inside_fails_the_outside)
