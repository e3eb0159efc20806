/* SPDX-License-Identifier: Apache-2.0 */
/* What daa-signer and daa-hsm say to each other, to the byte. */
#include "tests/unit/unit.h"

#include "wire/hsm.h"
#include "wire/record.h"

#define ID	"000102030405060708090a0b0c0d0e0f"
#define ID_BYTES { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 }

static const struct { struct hsm_request request; const char *golden; }
requests[] = {
	{ { .seq = 1, .op = HSM_GENERATE, .alg = CA_ALG_P384,
	    .key_id = ID_BYTES, .tenant = "l" },
	    "00000001" "01" "02" ID "00" "00000000" "00016c" "00000000" },
	{ { .seq = 2, .op = HSM_SIGN, .alg = CA_ALG_RSA2048,
	    .key_id = ID_BYTES, .tenant = "",
	    .data = { (const uint8_t *)"d", 1 } },
	    "00000002" "02" "04" ID "00" "00000000" "0000" "0000000164" },
	{ { .seq = 3, .op = HSM_SIGN, .alg = CA_ALG_ED25519,
	    .key_id = ID_BYTES, .more = true, .offset = 7, .tenant = "",
	    .data = { (const uint8_t *)"d", 1 } },
	    "00000003" "02" "03" ID "01" "00000007" "0000" "0000000164" },
};

static const struct { struct hsm_answer answer; const char *golden; }
answers[] = {
	{ { .seq = 1, .status = HSM_SAYS_DONE,
	    .body = { (const uint8_t *)"b", 1 } },
	    "00000001" "00" "0000000162" },
	{ { .seq = 0, .status = HSM_SAYS_DONE }, "00000000" "00" "00000000" },
	{ { .seq = 0, .status = HSM_SAYS_GONE,
	    .body = { (const uint8_t *)"why", 3 } },
	    "00000000" "01" "00000003776879" },
	{ { .seq = 9, .status = HSM_SAYS_REFUSED,
	    .body = { (const uint8_t *)"no", 2 } },
	    "00000009" "02" "000000026e6f" },
	{ { .seq = 9, .status = HSM_SAYS_FORBIDDEN,
	    .body = { (const uint8_t *)"no", 2 } },
	    "00000009" "03" "000000026e6f" },
};

static struct slice
encode_request(const struct hsm_request *r)
{
	struct buf b = buf_in(cx->arena, HSM_PACKET_MAX);

	ck_ok(hsm_request_encode(cx, r, &b));
	return buf_slice(&b);
}

static struct slice
encode_answer(const struct hsm_answer *a)
{
	struct buf b = buf_in(cx->arena, HSM_PACKET_MAX);

	ck_ok(hsm_answer_encode(cx, a, &b));
	return buf_slice(&b);
}

START_TEST(requests_and_answers_have_the_bytes_that_are_described)
{
	for (size_t i = 0; i < COUNT_OF(requests); i++) {
		struct slice packet = encode_request(&requests[i].request);
		struct hsm_request back;

		ck_assert_str_eq(text_hex(cx->arena, packet),
		    requests[i].golden);
		ck_ok(hsm_request_decode(cx, packet, &back));
		ck_assert(slice_equal(encode_request(&back), packet));
	}
	for (size_t i = 0; i < COUNT_OF(answers); i++) {
		struct slice packet = encode_answer(&answers[i].answer);
		struct hsm_answer back;

		ck_assert_str_eq(text_hex(cx->arena, packet),
		    answers[i].golden);
		ck_ok(hsm_answer_decode(cx, packet, &back));
		ck_assert(slice_equal(encode_answer(&back), packet));
	}
}
END_TEST

/* Refused, or it is what its own encoding says: there is one encoding. */
static void
is_canonical_or_refused(struct slice packet)
{
	struct hsm_request request;
	struct hsm_answer answer;

	if (!failed(hsm_request_decode(cx, packet, &request)))
		ck_assert(slice_equal(encode_request(&request), packet));
	if (!failed(hsm_answer_decode(cx, packet, &answer)))
		ck_assert(slice_equal(encode_answer(&answer), packet));
}

static void
mutate(struct slice packet)
{
	for (size_t bit = 0; bit < 8 * packet.n; bit++) {
		uint8_t *copy = arena_dup(cx->arena, packet.p, packet.n);

		copy[bit / 8] = (uint8_t)(copy[bit / 8] ^ 1u << bit % 8);
		is_canonical_or_refused(SLICE(copy, packet.n));
	}
	for (size_t n = 0; n <= packet.n + 1; n++) {
		uint8_t *copy = malloc(n + 1);

		ck_assert_ptr_nonnull(copy);
		memset(copy, 0, n + 1);
		memcpy(copy, packet.p, n < packet.n ? n : packet.n);
		is_canonical_or_refused(SLICE(copy, n));
		free(copy);
	}
}

START_TEST(any_bit_flip_cut_or_trailing_byte_is_refused_or_means_what_it_says)
{
	for (size_t i = 0; i < COUNT_OF(requests); i++)
		mutate(encode_request(&requests[i].request));
	for (size_t i = 0; i < COUNT_OF(answers); i++)
		mutate(encode_answer(&answers[i].answer));
}
END_TEST

static void
request_fails(struct hsm_request r)
{
	struct buf b = buf_in(cx->arena, 2 * HSM_PACKET_MAX);

	ck_fails(hsm_request_encode(cx, &r, &b), ERR_INTERNAL);
	ck_fails(hsm_request_decode(cx, buf_slice(&b), &r),
	    ERR_ORDER_MALFORMED);
}

START_TEST(a_request_that_breaks_a_limit_is_not_sent_nor_taken)
{
	struct hsm_request r = requests[0].request;

	r.seq = 0;
	request_fails(r);
	r = requests[0].request;
	r.alg = CA_ALG_RSA4096 + 1;
	request_fails(r);
	r = requests[0].request;
	r.op = 3;
	request_fails(r);
	r = requests[0].request;
	r.tenant = "";
	request_fails(r);
	r = requests[0].request;
	r.tenant = "a b";
	request_fails(r);
	r = requests[1].request;
	r.more = true;			/* a digest is one part */
	request_fails(r);
	r = requests[1].request;
	r.data = SLICE_NONE;
	request_fails(r);
	r = requests[2].request;
	r.offset = HSM_MESSAGE_MAX + 1;
	request_fails(r);
	r = requests[2].request;
	r.data = SLICE(arena_alloc(cx->arena, HSM_DATA_MAX + 1),
	    HSM_DATA_MAX + 1);
	request_fails(r);
}
END_TEST

START_TEST(the_name_of_the_hsm_is_read_from_records_of_that_form_only)
{
	static const char hsm[] = "DAS3\0\1a\2\1\0\0\0\0\1\0\0\0\0\0\0\0\1"
	    "\0\0\0\1c\0\5alphaXXXX";
	uint8_t copy[sizeof(hsm) - 1];
	struct slice record = SLICE(copy, sizeof(copy));

	memcpy(copy, hsm, sizeof(copy));
	ck_assert_str_eq(record_key_store(cx->arena, record), "alpha");
	for (size_t n = 0; n < sizeof(copy) - 4; n++)
		ck_assert_str_eq(record_key_store(cx->arena,
		    SLICE(copy, n)), "");
	copy[3] = '2';
	ck_assert_str_eq(record_key_store(cx->arena, record), "");
	copy[3] = '3';
	copy[sizeof(copy) - 9] = '/';
	ck_assert_str_eq(record_key_store(cx->arena, record), "");
}
END_TEST

UNIT_MAIN("hsm_wire",
    requests_and_answers_have_the_bytes_that_are_described,
    any_bit_flip_cut_or_trailing_byte_is_refused_or_means_what_it_says,
    a_request_that_breaks_a_limit_is_not_sent_nor_taken,
    the_name_of_the_hsm_is_read_from_records_of_that_form_only)
