/* SPDX-License-Identifier: Apache-2.0 */
/* daactl evidence verify alone, for tests that need no more of daactl. */
#include <sodium.h>

#include "cli/evidence.h"

int
main(int argc, char **argv)
{
	struct ctx_root root;
	int status;

	if (sodium_init() < 0)
		return 99;
	ctx_root_init(&root, NULL);
	status = cli_evidence_verify(&root.cx, argc - 1, argv + 1);
	ctx_root_fini(&root);
	return status;
}
