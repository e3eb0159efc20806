/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of a program that has options and no words. */
#ifndef DAAPKI_BASE_OPTIONS_H
#define DAAPKI_BASE_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>

#define OPTIONS_EXIT_USAGE	2

/* What every such program has; the values of its own begin at OPTIONS_OWN. */
enum { OPTIONS_VERSION = 256, OPTIONS_HELP, OPTIONS_OWN };
#define OPTIONS_COMMON						\
	{ "version", no_argument, NULL, OPTIONS_VERSION },	\
	{ "help", no_argument, NULL, OPTIONS_HELP },		\
	{ NULL, 0, NULL, 0 }

struct options_spec {
	const char		*program;	/* "daa-hsm" */
	const char		*usage;
	const struct option	*table;		/* ends with OPTIONS_COMMON */
	/* Into *o what optarg says; false: that is not how it is used. */
	bool			(*take)(void *o, int id);
	/* Do they, together, say one thing to do? */
	bool			(*is_complete)(const void *o);
};

/* All of them to *o; the exit code of a program that has nothing more to do, or
 * -1 to go on. */
int	options_read(const struct options_spec *, int argc, char **argv,
	    void *o);

#endif
