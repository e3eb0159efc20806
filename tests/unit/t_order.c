/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "base/text.h"
#include "wire/order.h"

static const struct order_crl_entry entries[] = {
	{ { 0x5d, 1 }, 1795334400, 1 },
	{ { 0x5d, 2 }, 1795334401, 0 },
};

static const struct order_ocsp_entry ocsp_entries[] = {
	{ { 0x5d, 1 }, 2, OCSP_REVOKED, 1, 1795334400, 4 },
	{ { 7 }, 1, OCSP_GOOD, 0, 0, 0 },
};

static const struct order_crl_entry noted = { { 0x41 }, 1795334400, 4 };

static const uint8_t bytes_32[32] = { 'h' }, bytes_64[64] = { 's' };

static const struct journal_entry journal[] = {
	{ 1, 1795334400, JOURNAL_CA, "a", { (const uint8_t *)"cert", 4 },
	    { (const uint8_t *)"seal", 4 }, { (const uint8_t *)"id", 2 }, 0 },
	{ 2, 1795334401, JOURNAL_CRL, "b", { (const uint8_t *)"hash", 4 },
	    { NULL, 0 }, { (const uint8_t *)"id", 2 }, 9 },
};

static const struct { struct order order; const char *golden; } orders[] = {
	{ { .type = ORDER_HELLO, .tag = 1, .hello = { 1 } },
	    "0000000e" "0001" "0000000000000001" "00000001" },
	{ { .type = ORDER_READ_JOURNAL, .tag = 2, .read_journal = { 7 } },
	    "00000012" "0005" "0000000000000002" "0000000000000007" },
	{ { .type = ORDER_MAKE_CA, .tag = 3, .make_ca = {
	    .tenant = "a", .role = CA_ROLE_ISSUING, .alg = CA_ALG_P384,
	    .flags = CA_MAY_EDGE, .common_name = "n", .not_before_s = 1795334400,
	    .not_after_s = 1795334401, .leaf_max_s = 86400,
	    .key_store = "h", .parent = { (const uint8_t *)"p", 1 },
	    .crl_url = "u", .aia_url = "" } },
	    "00000034" "0002" "0000000000000003" "000161" "02" "02" "01" "00016e"
	    "000000006b02a100" "000000006b02a101" "00015180" "000168"
	    "0000000170"
	    "000175" "0000" },
	{ { .type = ORDER_ISSUE, .tag = 4, .issue = {
	    .ca = { (const uint8_t *)"c", 1 }, .tenant = "a",
	    .device_id = "d", .spki = { (const uint8_t *)"k", 1 },
	    .not_before_s = 1795334400, .not_after_s = 1795334401,
	    .flags = LEAF_HARDWARE_KEY | LEAF_EDGE_CA, .crl_url = "u",
	    .aia_url = "v", .ocsp_url = "w", .spiffe_domain = "s",
	    .n_dns_names = 1, .dns_names = { "h" } } },
	    "0000003e" "0003" "0000000000000004" "0000000163" "000161"
	    "000164" "000000016b" "000000006b02a100" "000000006b02a101" "81"
	    "000175" "000176" "000177" "000173" "00000001" "000168" },
	{ { .type = ORDER_SIGN_CRL, .tag = 5, .sign_crl = {
	    .ca = { (const uint8_t *)"c", 1 }, .tenant = "a", .number = 8,
	    .this_update_s = 1795334400, .next_update_s = 1795334401,
	    .shard_url = "u", .n_entries = 2, .entries = entries } },
	    "00000063" "0004" "0000000000000005" "0000000163" "000161"
	    "0000000000000008" "000000006b02a100" "000000006b02a101"
	    "000175" "00000002"
	    "5d010000000000000000000000000000" "000000006b02a100" "01"
	    "5d020000000000000000000000000000" "000000006b02a101" "00" },
	{ { .type = ORDER_REQUEST_CA, .tag = 6, .request_ca = {
	    .tenant = "a", .alg = CA_ALG_RSA4096, .flags = CA_MAY_EDGE,
	    .common_name = "n", .leaf_max_s = 86400, .key_store = "h" } },
	    "00000019" "0006" "0000000000000006"
	    "000161" "06" "01" "00016e" "00015180" "000168" },
	{ { .type = ORDER_ADOPT_CA, .tag = 7, .adopt_ca = {
	    .pending = { (const uint8_t *)"p", 1 }, .tenant = "a",
	    .certificate = { (const uint8_t *)"c", 1 }, .n_chain = 2,
	    .chain = { { (const uint8_t *)"d", 1 },
	    { (const uint8_t *)"e", 1 } } } },
	    "00000025" "0007" "0000000000000007"
	    "0000000170" "000161" "0000000163" "00000002" "0000000164"
	    "0000000165" },
	{ { .type = ORDER_CROSS_SIGN, .tag = 8, .cross_sign = {
	    .ca = { (const uint8_t *)"c", 1 },
	    .subject = { (const uint8_t *)"s", 1 }, .tenant = "a",
	    .crl_url = "u", .aia_url = "v" } },
	    "0000001d" "0008" "0000000000000008"
	    "0000000163" "0000000173" "000161" "000175" "000176" },
	{ { .type = ORDER_SIGN_OCSP, .tag = 9, .sign_ocsp = {
	    .ca = { (const uint8_t *)"c", 1 }, .tenant = "a",
	    .this_update_s = 1795334400, .next_update_s = 1795334401,
	    .nonce = { (const uint8_t *)"n", 1 }, .n_entries = 2,
	    .entries = ocsp_entries } },
	    "00000046" "0009" "0000000000000009"
	    "0000000163" "000161" "000000006b02a100" "000000006b02a101"
	    "000000016e" "00000002"
	    "02" "5d01" "01" "01" "000000006b02a100" "04"
	    "01" "07" "00" "00" "0000000000000000" "00" },
	{ { .type = ORDER_PROVE, .tag = 10, .prove = {
	    .ca = { (const uint8_t *)"c", 1 }, .tenant = "a",
	    .nonce = "n" } },
	    "00000015" "000a" "000000000000000a"
	    "0000000163" "000161" "00016e" },
	{ { .type = ORDER_RESEAL, .tag = 11, .reseal = {
	    { (const uint8_t *)"r", 1 } } },
	    "0000000f" "000b" "000000000000000b" "0000000172" },
	{ { .type = ORDER_CHECKPOINT, .tag = 12 },
	    "0000000a" "000c" "000000000000000c" },
	{ { .type = ORDER_DELEGATE, .tag = 13, .delegate = {
	    .ca = { (const uint8_t *)"c", 1 }, .tenant = "a",
	    .role = CA_ROLE_RESULT,
	    .not_before_s = 1795334400, .not_after_s = 1795334401 } },
	    "00000023" "000d" "000000000000000d"
	    "0000000163" "000161" "06" "000000006b02a100"
	    "000000006b02a101" },
	{ { .type = ORDER_NOTE_REVOKED, .tag = 14, .note_revoked = {
	    .ca = { (const uint8_t *)"c", 1 }, .tenant = "a",
	    .n_entries = 1, .entries = &noted } },
	    "0000002f" "000e" "000000000000000e"
	    "0000000163" "000161" "00000001"
	    "41000000000000000000000000000000" "000000006b02a100" "04" },
	{ { .type = ORDER_SIGN_RESULT, .tag = 15, .sign_result = {
	    .key = { (const uint8_t *)"k", 1 }, .tenant = "a",
	    .device_id = "d", .format = "f", .attested_s = 1795334400,
	    .tier = AR4SI_WARNING, .vector = { 2, 0, 32, 0, 0, 0, 0, 2 },
	    .group = "g", .policy_version = 7,
	    .policy_sha256 = SLICE_OF(bytes_32), .nonce = "n",
	    .life_s = 300 } },
	    "0000005b" "000f" "000000000000000f"
	    "000000016b" "000161" "000164" "000166" "000000006b02a100" "20"
	    "0200200000000002" "000167" "0000000000000007"
	    "6800000000000000000000000000000000000000000000000000000000000000"
	    "00016e" "0000012c" },
	{ { .type = ORDER_NOTE_AUDIT, .tag = 16, .note_audit = {
	    .root = SLICE_OF(bytes_32), .n_chains = 3,
	    .at_s = 1795334400 } },
	    "00000036" "0010" "0000000000000010"
	    "6800000000000000000000000000000000000000000000000000000000000000"
	    "00000003" "000000006b02a100" },
};

static const struct { struct answer answer; const char *golden; } answers[] = {
	{ { .type = ORDER_HELLO, .tag = 1, .version = 1, .journal_next = 5 },
	    "0000001a" "0001" "0000000000000001" "00026f6b" "00000001"
	    "0000000000000005" },
	{ { .type = ORDER_MAKE_CA, .tag = 2,
	    .object = { (const uint8_t *)"c", 1 },
	    .sealed = { (const uint8_t *)"s", 1 }, .seq = 6 },
	    "00000020" "0002" "0000000000000002" "00026f6b" "0000000163"
	    "0000000173" "0000000000000006" },
	{ { .type = ORDER_ISSUE, .tag = 3,
	    .object = { (const uint8_t *)"c", 1 }, .seq = 6 },
	    "0000001b" "0003" "0000000000000003" "00026f6b" "0000000163"
	    "0000000000000006" },
	{ { .type = ORDER_SIGN_CRL, .tag = 4,
	    .object = { (const uint8_t *)"c", 1 }, .seq = 6,
	    .crl_number = 9 },
	    "00000023" "0004" "0000000000000004" "00026f6b" "0000000163"
	    "0000000000000006" "0000000000000009" },
	{ { .type = ORDER_ISSUE, .tag = 5, .err = { ERR_ORDER_LIMIT },
	    .detail = "no" },
	    "0000001b" "0003" "0000000000000005"
	    "000b6f726465722e6c696d6974" "00026e6f" },
	{ { .type = ORDER_READ_JOURNAL, .tag = 6, .n_entries = 2,
	    .entries = journal },
	    "00000072" "0005" "0000000000000006" "00026f6b" "00000002"
	    "0000000000000001" "000000006b02a100" "01" "000161"
	    "0000000463657274" "000000047365616c" "000000026964"
	    "0000000000000000"
	    "0000000000000002" "000000006b02a101" "03" "000162"
	    "0000000468617368" "00000000" "000000026964"
	    "0000000000000009" },
	{ { .type = ORDER_REQUEST_CA, .tag = 7,
	    .object = { (const uint8_t *)"c", 1 },
	    .sealed = { (const uint8_t *)"s", 1 } },
	    "00000018" "0006" "0000000000000007" "00026f6b"
	    "0000000163" "0000000173" },
	{ { .type = ORDER_ADOPT_CA, .tag = 8,
	    .sealed = { (const uint8_t *)"s", 1 }, .seq = 6 },
	    "0000001b" "0007" "0000000000000008" "00026f6b"
	    "0000000173" "0000000000000006" },
	{ { .type = ORDER_CROSS_SIGN, .tag = 9,
	    .object = { (const uint8_t *)"c", 1 }, .seq = 6 },
	    "0000001b" "0008" "0000000000000009" "00026f6b"
	    "0000000163" "0000000000000006" },
	{ { .type = ORDER_SIGN_OCSP, .tag = 10,
	    .object = { (const uint8_t *)"o", 1 } },
	    "00000013" "0009" "000000000000000a" "00026f6b" "000000016f" },
	{ { .type = ORDER_PROVE, .tag = 11,
	    .object = { (const uint8_t *)"c", 1 }, .seq = 6 },
	    "0000001b" "000a" "000000000000000b" "00026f6b"
	    "0000000163" "0000000000000006" },
	{ { .type = ORDER_RESEAL, .tag = 12,
	    .sealed = { (const uint8_t *)"s", 1 } },
	    "00000013" "000b" "000000000000000c" "00026f6b" "0000000173" },
	{ { .type = ORDER_CHECKPOINT, .tag = 13, .checkpoint = {
	    .seq = 6, .at_s = 1795334400, .hash = SLICE_OF(bytes_32),
	    .public_key = SLICE_OF(bytes_32),
	    .signature = SLICE_OF(bytes_64) } },
	    "0000009e" "000c" "000000000000000d" "00026f6b"
	    "0000000000000006" "000000006b02a100"
	    "6800000000000000000000000000000000000000000000000000000000000000"
	    "6800000000000000000000000000000000000000000000000000000000000000"
	    "7300000000000000000000000000000000000000000000000000000000000000"
	    "0000000000000000000000000000000000000000000000000000000000000000"
	    },
	{ { .type = ORDER_DELEGATE, .tag = 14,
	    .object = { (const uint8_t *)"c", 1 },
	    .sealed = { (const uint8_t *)"s", 1 }, .seq = 6 },
	    "00000020" "000d" "000000000000000e" "00026f6b" "0000000163"
	    "0000000173" "0000000000000006" },
	{ { .type = ORDER_NOTE_REVOKED, .tag = 15, .seq = 7 },
	    "00000016" "000e" "000000000000000f" "00026f6b"
	    "0000000000000007" },
	{ { .type = ORDER_SIGN_RESULT, .tag = 16,
	    .object = { (const uint8_t *)"j", 1 } },
	    "00000013" "000f" "0000000000000010" "00026f6b" "000000016a" },
	{ { .type = ORDER_NOTE_AUDIT, .tag = 17, .checkpoint = {
	    .seq = 6, .at_s = 1795334400, .hash = SLICE_OF(bytes_32),
	    .public_key = SLICE_OF(bytes_32),
	    .signature = SLICE_OF(bytes_64) } },
	    "0000009e" "0010" "0000000000000011" "00026f6b"
	    "0000000000000006" "000000006b02a100"
	    "6800000000000000000000000000000000000000000000000000000000000000"
	    "6800000000000000000000000000000000000000000000000000000000000000"
	    "7300000000000000000000000000000000000000000000000000000000000000"
	    "0000000000000000000000000000000000000000000000000000000000000000"
	    },
};

static struct slice
encode_order(const struct order *order)
{
	struct buf b = buf_in(cx->arena, WIRE_FRAME_MAX);

	ck_ok(order_encode(cx, order, &b));
	return buf_slice(&b);
}

static struct slice
encode_answer(const struct answer *answer)
{
	struct buf b = buf_in(cx->arena, WIRE_FRAME_MAX);

	ck_ok(answer_encode(cx, answer, &b));
	return buf_slice(&b);
}

START_TEST(orders_have_the_bytes_that_the_other_program_expects)
{
	for (size_t i = 0; i < COUNT_OF(orders); i++) {
		struct slice frame = encode_order(&orders[i].order);
		struct order back;
		size_t n;

		ck_assert_str_eq(text_hex(cx->arena, frame),
		    orders[i].golden);
		ck_ok(wire_frame_size(cx, frame, &n));
		ck_assert_uint_eq(n, frame.n);
		ck_ok(order_decode(cx, frame, &back));
		ck_assert(slice_equal(encode_order(&back), frame));
	}
}
END_TEST

START_TEST(answers_have_the_bytes_that_the_other_program_expects)
{
	for (size_t i = 0; i < COUNT_OF(answers); i++) {
		struct slice frame = encode_answer(&answers[i].answer);
		struct answer back;

		ck_assert_str_eq(text_hex(cx->arena, frame),
		    answers[i].golden);
		ck_ok(answer_decode(cx, frame, &back));
		ck_assert(slice_equal(encode_answer(&back), frame));
	}
}
END_TEST

/* Refused, or it is what its own encoding says: there is one encoding. */
static void
order_is_canonical_or_refused(struct slice frame)
{
	struct order back;

	if (!failed(order_decode(cx, frame, &back)))
		ck_assert(slice_equal(encode_order(&back), frame));
}

static void
answer_is_canonical_or_refused(struct slice frame)
{
	struct answer back;

	if (!failed(answer_decode(cx, frame, &back)))
		ck_assert(slice_equal(encode_answer(&back), frame));
}

static void
mutate(struct slice frame, void (*check)(struct slice))
{
	for (size_t bit = 0; bit < 8 * frame.n; bit++) {
		uint8_t *copy = arena_dup(cx->arena, frame.p, frame.n);

		copy[bit / 8] = (uint8_t)(copy[bit / 8] ^ 1u << bit % 8);
		check(SLICE(copy, frame.n));
	}
	for (size_t n = 0; n < frame.n; n++) {
		uint8_t *copy = malloc(n + 1);

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, frame.p, n);
		check(SLICE(copy, n));
		/* The same with a length that agrees. */
		if (n >= WIRE_HEADER_SIZE) {
			copy[2] = (uint8_t)((n - 4) >> 8);
			copy[3] = (uint8_t)(n - 4);
			check(SLICE(copy, n));
		}
		free(copy);
	}
}

START_TEST(any_bit_flip_or_cut_is_refused_or_means_what_it_says)
{
	for (size_t i = 0; i < COUNT_OF(orders); i++)
		mutate(encode_order(&orders[i].order),
		    order_is_canonical_or_refused);
	for (size_t i = 0; i < COUNT_OF(answers); i++)
		mutate(encode_answer(&answers[i].answer),
		    answer_is_canonical_or_refused);
}
END_TEST

START_TEST(a_count_that_the_frame_cannot_hold_takes_no_memory)
{
	struct order order = orders[4].order;
	struct slice frame;
	uint8_t *copy;

	order.sign_crl.n_entries = 0;
	frame = encode_order(&order);
	copy = arena_dup(cx->arena, frame.p, frame.n);
	copy[frame.n - 2] = 0xff;	/* 65,280 entries in no bytes */
	ck_fails(order_decode(cx, SLICE(copy, frame.n), &order),
	    ERR_ORDER_MALFORMED);
}
END_TEST

START_TEST(what_breaks_a_limit_is_not_sent)
{
	struct order order = orders[3].order;
	struct buf b = buf_in(cx->arena, WIRE_FRAME_MAX);

	order.issue.spki = SLICE(arena_alloc(cx->arena, WIRE_SPKI_MAX + 1),
	    WIRE_SPKI_MAX + 1);
	ck_fails(order_encode(cx, &order, &b), ERR_INTERNAL);
	order = orders[3].order;
	order.issue.tenant = "a\nb";
	ck_fails(order_encode(cx, &order, &b), ERR_INTERNAL);
	order = orders[3].order;
	order.issue.not_after_s = -1;
	ck_fails(order_encode(cx, &order, &b), ERR_INTERNAL);
	order = orders[3].order;
	order.issue.n_dns_names = WIRE_DNS_NAMES_MAX + 1;
	ck_fails(order_encode(cx, &order, &b), ERR_INTERNAL);
	order = orders[2].order;
	order.make_ca.role = 0;
	ck_fails(order_encode(cx, &order, &b), ERR_INTERNAL);
	order = orders[2].order;
	order.make_ca.flags = CA_FLAGS_ALL + 1;
	ck_fails(order_encode(cx, &order, &b), ERR_INTERNAL);
	order = orders[6].order;
	order.adopt_ca.n_chain = WIRE_CHAIN_MAX + 1;
	ck_fails(order_encode(cx, &order, &b), ERR_INTERNAL);
	order = orders[8].order;
	order.sign_ocsp.nonce = SLICE(arena_alloc(cx->arena,
	    WIRE_OCSP_NONCE_MAX + 1), WIRE_OCSP_NONCE_MAX + 1);
	ck_fails(order_encode(cx, &order, &b), ERR_INTERNAL);
	order = orders[12].order;
	order.delegate.role = CA_ROLE_ISSUING;
	ck_fails(order_encode(cx, &order, &b), ERR_INTERNAL);
	order = orders[14].order;
	order.sign_result.policy_sha256.n = 31;
	ck_fails(order_encode(cx, &order, &b), ERR_INTERNAL);
	order = orders[14].order;
	order.sign_result.format = "f\nf";
	ck_fails(order_encode(cx, &order, &b), ERR_INTERNAL);
}
END_TEST

START_TEST(words_about_a_refusal_are_made_plain_and_short)
{
	char long_text[2 * WIRE_DETAIL_MAX];
	struct answer a = { .type = ORDER_ISSUE,
	    .err = { ERR_ORDER_LIMIT }, .detail = long_text }, back;

	memset(long_text, '\n', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	ck_ok(answer_decode(cx, encode_answer(&a), &back));
	ck_assert_uint_eq(strlen(back.detail), WIRE_DETAIL_MAX);
	ck_assert_uint_eq(strspn(back.detail, "?"), WIRE_DETAIL_MAX);
}
END_TEST

START_TEST(the_largest_crl_order_fits_into_a_frame)
{
	struct order order = orders[4].order, back;
	struct order_crl_entry *many = arena_array(cx->arena,
	    WIRE_CRL_ENTRIES_MAX, sizeof(*many));

	order.sign_crl.entries = many;
	order.sign_crl.n_entries = WIRE_CRL_ENTRIES_MAX;
	ck_ok(order_decode(cx, encode_order(&order), &back));
	ck_assert_uint_eq(back.sign_crl.n_entries, WIRE_CRL_ENTRIES_MAX);
}
END_TEST

START_TEST(a_frame_length_out_of_bounds_is_refused_at_once)
{
	static const uint8_t too_long[] = { 0x03, 0x80, 0x00, 0x00 };
	static const uint8_t too_short[] = { 0, 0, 0, 9 };
	size_t n = 1;

	ck_fails(wire_frame_size(cx, SLICE_OF(too_long), &n),
	    ERR_ORDER_MALFORMED);
	ck_fails(wire_frame_size(cx, SLICE_OF(too_short), &n),
	    ERR_ORDER_MALFORMED);
	ck_ok(wire_frame_size(cx, SLICE(too_short, 3), &n));
	ck_assert_uint_eq(n, 0);
}
END_TEST

UNIT_MAIN("order",
    orders_have_the_bytes_that_the_other_program_expects,
    answers_have_the_bytes_that_the_other_program_expects,
    any_bit_flip_or_cut_is_refused_or_means_what_it_says,
    a_count_that_the_frame_cannot_hold_takes_no_memory,
    what_breaks_a_limit_is_not_sent,
    words_about_a_refusal_are_made_plain_and_short,
    the_largest_crl_order_fits_into_a_frame,
    a_frame_length_out_of_bounds_is_refused_at_once)
