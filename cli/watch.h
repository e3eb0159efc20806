/* SPDX-License-Identifier: Apache-2.0 */
/* Looking again, for who waits: every two seconds, on one connection. */
#ifndef DAAPKI_CLI_WATCH_H
#define DAAPKI_CLI_WATCH_H

#include "cli/cli.h"

#define WATCH_STATE_MAX	32u

/* What has a state, and the states in which it is not over (NULL ends them). */
struct watched { const char *path; const char *const *open; };

/*
 * Print the state, with --json all of it in a line, at first and each time that
 * it is another one, until it is over; state is the last.
 * As cli_ask(); ERR_MALFORMED: what is there has no state
 */
struct err	watch_state(struct cli *, const struct watched *,
		    char state[static WATCH_STATE_MAX]);
/* The same, for a command whose exit status is to tell whether the end was
 * that one. */
struct err	watch_until(struct cli *, const struct watched *,
		    const char *good);
/*
 * What a command prints, at first and each time that it would print something
 * else.  Ends only by a failure, of the command or of what it is printed to.
 */
struct err	watch_output(struct cli *, struct err (*command)(struct cli *));

#endif
