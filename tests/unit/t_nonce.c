/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "authority/nonce.h"

static int64_t test_now_s;

static int64_t
now_s(void *arg)
{
	(void)arg;
	return test_now_s;
}

static const struct clock test_clock = { now_s, NULL, NULL };
static const struct authority_keys keys = { .nonce = { 1, 2, 3 } };
static const struct authority_keys other_keys = { .nonce = { 1, 2, 4 } };

static struct authority
authority_with(const struct authority_keys *with)
{
	cx->clock = &test_clock;
	test_now_s = 1790000000;
	return (struct authority){
		.keys = with, .limits = { .nonce_life_s = 300 },
	};
}

START_TEST(a_nonce_is_good_until_it_expires_and_not_after)
{
	struct authority a = authority_with(&keys);
	uint8_t nonce[NONCE_SIZE];
	int64_t expires_s, again_s;

	nonce_make(cx, &a, nonce, &expires_s);
	ck_assert_int_eq(expires_s, test_now_s + 300);
	test_now_s = expires_s;
	ck_ok(nonce_check(cx, &a, SLICE_OF(nonce), &again_s));
	ck_assert_int_eq(expires_s, again_s);
	test_now_s++;
	ck_fails(nonce_check(cx, &a, SLICE_OF(nonce), &again_s),
	    ERR_NONCE_EXPIRED);
}
END_TEST

START_TEST(a_nonce_with_any_bit_changed_or_cut_is_not_ours)
{
	struct authority a = authority_with(&keys);
	uint8_t nonce[NONCE_SIZE];
	int64_t expires_s;

	nonce_make(cx, &a, nonce, &expires_s);
	for (size_t bit = 0; bit < 8 * NONCE_SIZE; bit++) {
		nonce[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_fails(nonce_check(cx, &a, SLICE_OF(nonce), &expires_s),
		    ERR_NONCE_INVALID);
		nonce[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t n = 0; n < NONCE_SIZE; n++)
		ck_fails(nonce_check(cx, &a, SLICE(nonce, n), &expires_s),
		    ERR_NONCE_INVALID);
}
END_TEST

START_TEST(a_nonce_of_another_server_is_not_ours)
{
	struct authority a = authority_with(&keys);
	struct authority b = authority_with(&other_keys);
	uint8_t nonce[NONCE_SIZE];
	int64_t expires_s;

	nonce_make(cx, &a, nonce, &expires_s);
	ck_fails(nonce_check(cx, &b, SLICE_OF(nonce), &expires_s),
	    ERR_NONCE_INVALID);
}
END_TEST

UNIT_MAIN("nonce",
    a_nonce_is_good_until_it_expires_and_not_after,
    a_nonce_with_any_bit_changed_or_cut_is_not_ours,
    a_nonce_of_another_server_is_not_ours)
