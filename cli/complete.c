/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The completion script for bash, made from the tables of commands and
 * options, so that it cannot offer what the program does not take.
 */
#include "cli/command.h"

#include <string.h>

static const char script_head[] =
    "# SPDX-License-Identifier: Apache-2.0\n"
    "# Completion of daactl for bash.  Made by \"daactl completion bash\".\n"
    "\n"
    "_daactl_words()\n"
    "{\n"
    "\tcase $1 in\n";

static const char script_tail[] =
    "_daactl()\n"
    "{\n"
    "\tlocal cur prev word values words='' n=0 skip=0 i\n"
    "\n"
    "\tCOMPREPLY=()\n"
    "\tcur=${COMP_WORDS[COMP_CWORD]}\n"
    "\tprev=${COMP_WORDS[COMP_CWORD-1]}\n"
    "\t# The words of the command, without options and their values.\n"
    "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
    "\t\tword=${COMP_WORDS[i]}\n"
    "\t\tif ((skip)); then\n"
    "\t\t\tskip=0\n"
    "\t\telif _daactl_takes_value \"$word\"; then\n"
    "\t\t\tskip=1\n"
    "\t\telif [[ $word != -* && n -lt 2 ]]; then\n"
    "\t\t\twords+=${words:+ }$word\n"
    "\t\t\tn=$((n + 1))\n"
    "\t\tfi\n"
    "\tdone\n"
    "\tif _daactl_takes_value \"$prev\"; then\n"
    "\t\tvalues=$(_daactl_values \"$words\" \"$prev\")\n"
    "\t\tif [[ $values == FILE ]]; then\n"
    "\t\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
    "\t\telse\n"
    "\t\t\tmapfile -t COMPREPLY < <(compgen -W \"$values\" -- \"$cur\")\n"
    "\t\tfi\n"
    "\telif [[ $cur == -* ]]; then\n"
    "\t\tvalues=$(_daactl_options \"$words\")\n"
    "\t\tmapfile -t COMPREPLY < <(compgen -W \"$values\" -- \"$cur\")\n"
    "\telse\n"
    "\t\tvalues=$(_daactl_words \"$words\")\n"
    "\t\tif [[ $values == FILE ]]; then\n"
    "\t\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
    "\t\telse\n"
    "\t\t\tmapfile -t COMPREPLY < <(compgen -W \"$values\" -- \"$cur\")\n"
    "\t\tfi\n"
    "\tfi\n"
    "}\n"
    "\n"
    "complete -F _daactl daactl\n";

/* Whether this row is the first whose words begin with the same word. */
static bool
is_first_of_noun(const struct command *rows, size_t i)
{
	size_t len = strcspn(rows[i].words, " ");

	return i == 0 || strcspn(rows[i - 1].words, " ") != len ||
	    strncmp(rows[i - 1].words, rows[i].words, len) != 0;
}

static void
print_nouns(FILE *f, const struct command *rows, size_t n)
{
	(void)fputs("\t'') echo '", f);
	for (size_t i = 0; i < n; i++)
		if (is_first_of_noun(rows, i))
			(void)fprintf(f, "%s%.*s", i > 0 ? " " : "",
			    (int)strcspn(rows[i].words, " "), rows[i].words);
	(void)fputs("' ;;\n", f);
}

static void
print_verbs(FILE *f, const struct command *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = strcspn(rows[i].words, " ");

		if (rows[i].words[len] == '\0')
			continue;
		if (is_first_of_noun(rows, i))
			(void)fprintf(f, "\t%.*s) echo '", (int)len,
			    rows[i].words);
		else
			(void)fputs(" ", f);
		(void)fputs(rows[i].words + len + 1, f);
		if (i + 1 == n || is_first_of_noun(rows, i + 1))
			(void)fputs("' ;;\n", f);
	}
	for (size_t i = 0; i < n; i++)
		if (strstr(rows[i].arguments, "FILE") != NULL ||
		    strcmp(rows[i].arguments, "*") == 0)
			(void)fprintf(f, "\t'%s') echo FILE ;;\n",
			    rows[i].words);
}

static void
print_takes_value(FILE *f)
{
	(void)fputs("_daactl_takes_value()\n{\n\tcase $1 in\n\t", f);
	for (int i = 0, n = 0; i < OPT_COUNT; i++) {
		const struct option *o = command_option((enum option_id)i);

		/* A long name that an earlier row has is there already. */
		for (int j = 0; j < i; j++)
			if (strcmp(command_option((enum option_id)j)->name,
			    o->name) == 0)
				o = NULL, j = i;
		if (o == NULL || o->argument == NULL)
			continue;
		(void)fprintf(f, "%s--%s", n++ > 0 ? "|" : "", o->name);
		if (o->letter != 0)
			(void)fprintf(f, "|-%c", o->letter);
	}
	(void)fputs(") return 0 ;;\n\tesac\n\treturn 1\n}\n\n", f);
}

/* Values may depend on the command: two rows can share a long name. */
static void
print_values(FILE *f, const struct command *rows, size_t n)
{
	(void)fputs("_daactl_values()\n{\n\tcase $1:$2 in\n", f);
	for (int i = 0; i < OPT_COUNT; i++) {
		const struct option *o = command_option((enum option_id)i);
		bool is_file = o->argument != NULL &&
		    strcmp(o->argument, "FILE") == 0;

		if (o->values == NULL && !is_file)
			continue;
		if (i < (int)COMMAND_OPTIONS_FIRST) {
			(void)fprintf(f, "\t*:--%s) echo FILE ;;\n", o->name);
			continue;
		}
		for (size_t j = 0; j < n; j++) {
			if (!command_takes(&rows[j], (enum option_id)i))
				continue;
			(void)fprintf(f, "\t'%s:--%s'", rows[j].words, o->name);
			if (o->letter != 0)
				(void)fprintf(f, "|'%s:-%c'", rows[j].words,
				    o->letter);
			(void)fprintf(f, ") echo '%s' ;;\n",
			    is_file ? "FILE" : o->values);
		}
	}
	(void)fputs("\tesac\n}\n\n", f);
}

/* From one option on to before another, those that the command takes. */
static void
print_option_names(FILE *f, const struct command *command, int from, int to)
{
	for (int i = from, n = 0; i < to; i++)
		if (command_takes(command, (enum option_id)i))
			(void)fprintf(f, "%s--%s", n++ > 0 ? " " : "",
			    command_option((enum option_id)i)->name);
}

static void
print_options(FILE *f, const struct command *rows, size_t n)
{
	(void)fputs("_daactl_options()\n{\n\techo '", f);
	print_option_names(f, NULL, 0, COMMAND_OPTIONS_FIRST);
	(void)fputs("'\n\tcase $1 in\n", f);
	for (size_t i = 0; i < n; i++) {
		if (!command_has_options(&rows[i]))
			continue;
		(void)fprintf(f, "\t'%s') echo '", rows[i].words);
		print_option_names(f, &rows[i], COMMAND_OPTIONS_FIRST,
		    OPT_COUNT);
		(void)fputs("' ;;\n", f);
	}
	(void)fputs("\tesac\n}\n\n", f);
}

void
command_complete_bash(FILE *f)
{
	size_t n;
	const struct command *rows = command_rows(&n);

	(void)fputs(script_head, f);
	print_nouns(f, rows, n);
	print_verbs(f, rows, n);
	(void)fputs("\tesac\n}\n\n", f);
	print_takes_value(f);
	print_values(f, rows, n);
	print_options(f, rows, n);
	(void)fputs(script_tail, f);
}
