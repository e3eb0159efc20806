/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of daactl: the tables of commands and options, the parser,
 * help and completion made from them.
 */
#ifndef DAAPKI_CLI_COMMAND_H
#define DAAPKI_CLI_COMMAND_H

#include <stdio.h>

#include "base/ctx.h"

struct cli;

enum option_id {
#define OPT(name, letter, text, argument, values, help) OPT_##name,
#include "cli/options.def"
#undef OPT
	OPT_COUNT
};

/* One row of options.def. */
struct option {
	char		 letter;	/* 0: none */
	const char	*name;		/* without the dashes */
	const char	*argument;	/* NULL: a switch */
	const char	*values;	/* NULL: anything */
	const char	*help;
};

/* One row of commands.def. */
struct command {
	const char	*words;
	const char	*arguments;
	uint64_t	 options;	/* ask command_takes(); COMMAND_LOCAL */
	const char	*help;
	struct err	(*run)(struct cli *);
};

#define COMMAND(function, words, arguments, options, help) \
	struct err cmd_##function(struct cli *);
#include "cli/commands.def"
#undef COMMAND

/* Options before this one are taken by every command, and have no bit. */
#define COMMAND_OPTIONS_FIRST	(OPT_JSON + 1)
#define COMMAND_ARGS_MAX	64u
#define COMMAND_LOCAL		(UINT64_C(1) << 63)	/* asks no server */

/* A command line that was understood; borrows argv. */
struct parsed {
	const struct command	*command;	/* NULL: --help alone */
	const char		*options[OPT_COUNT];	/* "" for a switch */
	const char		*args[COMMAND_ARGS_MAX];
	size_t			 n_args;
	int			 rest_argc;	/* of a command that takes "*" */
	char			**rest_argv;
};

/*
 * Understand a command line.  Options stand anywhere; "--" ends them.
 * ERR_PARAMETER	it cannot be understood; the trail's note says why
 */
struct err	command_parse(struct ctx *, int argc, char **argv,
		    struct parsed *out);

/* Does the command take that option?  NULL takes what every command does. */
bool		command_takes(const struct command *, enum option_id);
/* Does it take any that not every command does? */
bool		command_has_options(const struct command *);

/* How the command is used; all commands when it is NULL. */
void		command_help(FILE *, const struct command *);
/* The completion script for bash. */
void		command_complete_bash(FILE *);

/* All rows, for tests. */
const struct command	*command_rows(size_t *out_n);
const struct option	*command_option(enum option_id);

#endif
