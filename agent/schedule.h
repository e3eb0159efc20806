/* SPDX-License-Identifier: Apache-2.0 */
/* When to act next: pure functions of times and a random number. */
#ifndef DAAPKI_AGENT_SCHEDULE_H
#define DAAPKI_AGENT_SCHEDULE_H

#include <stdint.h>

#define SCHEDULE_BACKOFF_LEAST_S	5
#define SCHEDULE_RETRY_AFTER_MAX_S	86400	/* longer is not believed */

/*
 * A time in the window, spread evenly over it so that devices that were
 * started together do not come together.  A window that is empty or turned
 * around gives its beginning.
 */
int64_t	schedule_due(int64_t after_s, int64_t before_s, uint64_t random);

/*
 * Seconds to wait after n_failures (1 and up) in a row: twice as long each
 * time, from SCHEDULE_BACKOFF_LEAST_S to cap_s, of which the second half is
 * chance.  Never less than the server asked for (0: it did not), to which up to
 * a tenth is added.
 */
int64_t	schedule_backoff(unsigned n_failures, int64_t cap_s,
	    int64_t retry_after_s, uint64_t random);

#endif
