/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/schedule.h"

/* 0 to n, n included. */
static int64_t
chance(int64_t n, uint64_t random)
{
	return n <= 0 ? 0 : (int64_t)(random % ((uint64_t)n + 1));
}

int64_t
schedule_due(int64_t after_s, int64_t before_s, uint64_t random)
{
	return after_s + chance(before_s - after_s, random);
}

int64_t
schedule_backoff(unsigned n_failures, int64_t cap_s, int64_t retry_after_s,
    uint64_t random)
{
	int64_t wait_s = SCHEDULE_BACKOFF_LEAST_S;

	for (unsigned i = 1; i < n_failures && wait_s < cap_s; i++)
		wait_s *= 2;
	if (wait_s > cap_s)
		wait_s = cap_s;
	wait_s -= chance(wait_s / 2, random);
	if (retry_after_s > SCHEDULE_RETRY_AFTER_MAX_S)
		retry_after_s = SCHEDULE_RETRY_AFTER_MAX_S;
	if (retry_after_s > 0)
		retry_after_s += chance(retry_after_s / 10, random);
	return wait_s > retry_after_s ? wait_s : retry_after_s;
}
