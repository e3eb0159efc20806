/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a program that somebody named in the settings: what it is given, what
 * it answers, how long it may take.  No shell is used.
 *
 * It has standard input, output and error, and no other file of ours; a search
 * path and a locale, and nothing else of our environment.
 */
#ifndef DAAPKI_AGENT_PROGRAM_H
#define DAAPKI_AGENT_PROGRAM_H

#include "base/ctx.h"

#define PROGRAM_WORDS_MAX	32u
#define PROGRAM_SAID_MAX	160u	/* of the line it wrote to standard error */
#define PROGRAM_PATH	"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/*
 * Split a command at blanks; 'single' and "double" quotes hold a word
 * together.  name is that of its setting.  NULL ends the words.
 * ERR_CONFIG	an open quote, no word, or too many
 */
struct err	program_split(struct ctx *, const char *name,
		    const char *command,
		    char *out_words[static PROGRAM_WORDS_MAX + 1]);

struct program {
	const char	*name;		/* its setting, for messages */
	const char	*command;
	struct slice	 input;		/* written to its standard input */
	size_t		 output_max;
	int64_t		 wait_s;
};

/*
 * Run it to its end; out is what it wrote to standard output, in cx->arena.
 * When it is over, has taken too long, or SIGINT or SIGTERM comes, its process
 * group is killed; the signal then does what it does.  SIGPIPE must be ignored.
 * ERR_CONFIG		it cannot be started
 * ERR_SOURCE		it failed, took longer than wait_s, was stopped, or wrote
 *			more than output_max; the note has the first line that it wrote to
 *			standard error
 */
struct err	program_run(struct ctx *, const struct program *,
		    struct slice *out);

#endif
