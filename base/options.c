/* SPDX-License-Identifier: Apache-2.0 */
#include "base/options.h"

#include <stdio.h>
#include <stdlib.h>

static int
misused(const struct options_spec *spec)
{
	(void)fputs(spec->usage, stderr);
	return OPTIONS_EXIT_USAGE;
}

int
options_read(const struct options_spec *spec, int argc, char **argv, void *o)
{
	int id;

	while ((id = getopt_long(argc, argv, "", spec->table, NULL)) != -1) {
		if (id == OPTIONS_VERSION) {
			(void)printf("%s " VERSION "\n", spec->program);
			return EXIT_SUCCESS;
		}
		if (id == OPTIONS_HELP) {
			(void)fputs(spec->usage, stdout);
			return EXIT_SUCCESS;
		}
		if (!spec->take(o, id))
			return misused(spec);
	}
	return optind == argc && spec->is_complete(o) ? -1 : misused(spec);
}
