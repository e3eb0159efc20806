/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daactl evidence verify alone, for tests that need no more of daactl.  With
 * --seen in front: all of it twice, through one cache that they share
 * (attest/seen.h), so that the second time finds what the first one left.
 */
#include <string.h>

#include <sodium.h>

#include "attest/seen.h"
#include "cli/evidence.h"

#define PASSES	2

int
main(int argc, char **argv)
{
	bool shares = argc > 1 && strcmp(argv[1], "--seen") == 0;
	struct ctx_root root;
	int status = 0;

	if (sodium_init() < 0)
		return 99;
	ctx_root_init(&root, NULL);
	if (!shares) {
		status = cli_evidence_verify(&root.cx, argc - 1, argv + 1);
	} else {
		root.cx.seen = seen_new(SEEN_BYTES_DEFAULT);
		for (int i = 0; i < PASSES && status == 0; i++)
			status = cli_evidence_verify(&root.cx, argc - 2,
			    argv + 2);
		seen_free(root.cx.seen);
	}
	ctx_root_fini(&root);
	return status;
}
