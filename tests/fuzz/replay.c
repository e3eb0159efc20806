/* SPDX-License-Identifier: Apache-2.0 */
/* A fuzz target without a fuzzer: once over each file. */
#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"
#include "base/file.h"

#define SEED_MAX	(8u * 1024u * 1024u)

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct ctx_root root;
		struct slice seed;

		ctx_root_init(&root, NULL);
		if (failed(file_read(&root.cx, argv[i], SEED_MAX, &seed))) {
			(void)fprintf(stderr, "%s: %s\n", argv[i],
			    root.cx.trail->note);
			return EXIT_FAILURE;
		}
		(void)LLVMFuzzerTestOneInput(seed.p, seed.n);
		ctx_root_fini(&root);
	}
	return EXIT_SUCCESS;
}
