/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places where the tests end a program as kill -9 would.  Only a build with
 * --enable-failpoints has them; in any other a failpoint is nothing at all.
 *
 * Names are "part.step", and the environment's DAAPKI_FAILPOINT says which one
 * ends the process that reaches it.  tests/system/failpoints.py finds them in
 * the sources and fails for one that it does not know how to reach.
 */
#ifndef DAAPKI_BASE_FAILPOINT_H
#define DAAPKI_BASE_FAILPOINT_H

#ifdef DAAPKI_FAILPOINTS
void	failpoint(const char *name);
#else
static inline void
failpoint(const char *name)
{
	(void)name;
}
#endif

#endif
