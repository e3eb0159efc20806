/* SPDX-License-Identifier: Apache-2.0 */
/* Very many rows in the database of a daad that is stopped, made from one that
 * it has issued. */
#ifndef DAAPKI_TESTS_BENCH_FILL_H
#define DAAPKI_TESTS_BENCH_FILL_H

#include "tests/bench/daemon.h"

/* So many certificates besides those that are there, each with a serial and of
 * the size of its own: of that many devices, which are claimed, in one tenant
 * and of its issuing CA.  Revoked ones are on its CRLs. */
void	fill_certificates(struct ctx *, const struct daemon *, size_t n,
	    size_t n_devices, bool revoked);
/* So many devices, claimed by the tenant of the one that is there, with what
 * lists are filtered by spread over them. */
void	fill_devices(struct ctx *, const struct daemon *, size_t n);

#endif
