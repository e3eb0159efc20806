/* SPDX-License-Identifier: Apache-2.0 */
/* Token buckets, on a clock that the test moves. */
#include "tests/unit/unit.h"

#include "server/rate.h"

static uint64_t now_us;
static struct clock moved;

static uint64_t
ticks(void *arg)
{
	(void)arg;
	return now_us;
}

static struct rate *
begin(unsigned per_s, unsigned burst)
{
	moved = *cx->clock;
	moved.ticks_us = ticks;
	cx->clock = &moved;
	now_us = 1000;
	return rate_new(cx, per_s, burst);
}

static unsigned
taken(struct rate *rate, const char *who, unsigned n)
{
	unsigned good = 0;

	for (unsigned i = 0; i < n; i++)
		good += !failed(rate_take(cx, rate, who, NULL));
	return good;
}

START_TEST(without_a_rate_there_is_no_limit)
{
	struct rate_said said = { "", "" };

	ck_assert_ptr_null(begin(0, 5));
	for (unsigned i = 0; i < 100; i++)
		ck_ok(rate_take(cx, NULL, "a", &said));
	ck_assert_str_eq(said.now, "");
	rate_free(NULL);
}
END_TEST

START_TEST(so_many_come_at_once_and_then_so_many_a_second)
{
	struct rate *rate = begin(2, 5);

	ck_assert_uint_eq(taken(rate, "a", 10), 5);
	now_us += 499999;
	ck_assert_uint_eq(taken(rate, "a", 10), 0);
	now_us += 1;
	ck_assert_uint_eq(taken(rate, "a", 10), 1);
	now_us += 1000000;
	ck_assert_uint_eq(taken(rate, "a", 10), 2);
	rate_free(rate);
}
END_TEST

START_TEST(a_bucket_is_never_more_than_full)
{
	struct rate *rate = begin(1000000, 3);

	ck_assert_uint_eq(taken(rate, "a", 10), 3);
	now_us = UINT64_MAX / 2;
	ck_assert_uint_eq(taken(rate, "a", 10), 3);
	rate_free(rate);
}
END_TEST

START_TEST(each_has_a_bucket_of_its_own)
{
	struct rate *rate = begin(1, 2);

	ck_assert_uint_eq(taken(rate, "a", 3), 2);
	ck_assert_uint_eq(taken(rate, "b", 3), 2);
	rate_free(rate);
}
END_TEST

START_TEST(who_is_refused_is_told_when_to_come_again)
{
	struct rate *rate = begin(1, 1);

	ck_ok(rate_take(cx, rate, "a", NULL));
	ck_fails(rate_take(cx, rate, "a", NULL), ERR_RATE);
	ck_assert_int_eq(cx->trail->retry_after_s, 1);
	rate_free(rate);
}
END_TEST

START_TEST(what_is_left_is_said_as_structured_fields)
{
	struct rate *rate = begin(2, 10);
	struct rate_said said;

	ck_ok(rate_take(cx, rate, "a", &said));
	ck_assert_str_eq(said.now, "\"principal\";r=9;t=1");
	ck_assert_str_eq(said.policy, "\"principal\";q=10;w=5");
	(void)taken(rate, "a", 9);
	ck_fails(rate_take(cx, rate, "a", &said), ERR_RATE);
	ck_assert_str_eq(said.now, "\"principal\";r=0;t=5");
	rate_free(rate);
}
END_TEST

START_TEST(a_look_takes_nothing)
{
	struct rate *rate = begin(1, 1);

	ck_ok(rate_look(cx, rate, "a"));
	ck_ok(rate_look(cx, rate, "a"));
	ck_ok(rate_take(cx, rate, "a", NULL));
	ck_fails(rate_look(cx, rate, "a"), ERR_RATE);
	rate_free(rate);
}
END_TEST

/* More than there are buckets: the newest are limited still. */
START_TEST(a_flood_of_names_does_not_lift_the_limit)
{
	struct rate *rate = begin(1, 1);

	for (unsigned i = 0; i < 100000; i++)
		(void)taken(rate, arena_printf(cx->arena, "n%u", i), 1);
	ck_assert_uint_eq(taken(rate, "n99999", 3), 0);
	ck_assert_uint_eq(taken(rate, "a", 3), 1);
	rate_free(rate);
}
END_TEST

UNIT_MAIN("rate",
    without_a_rate_there_is_no_limit,
    so_many_come_at_once_and_then_so_many_a_second,
    a_bucket_is_never_more_than_full,
    each_has_a_bucket_of_its_own,
    who_is_refused_is_told_when_to_come_again,
    what_is_left_is_said_as_structured_fields,
    a_look_takes_nothing,
    a_flood_of_names_does_not_lift_the_limit)
