/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>

#include "cli/command.h"

#define WORDS_MAX	80u

static struct parsed	line;

/* Parse what stands between blanks, after the program's name. */
static struct err
parse(const char *text)
{
	char *argv[WORDS_MAX] = { arena_strdup(cx->arena, "daactl") };
	char *rest = arena_strdup(cx->arena, text), *word;
	int argc = 1;

	while ((word = strsep(&rest, " ")) != NULL)
		if (word[0] != '\0' && argc < (int)WORDS_MAX - 1)
			argv[argc++] = strcmp(word, "''") == 0 ?
			    arena_strdup(cx->arena, "") : word;
	return command_parse(cx, argc, argv, &line);
}

START_TEST(options_may_stand_anywhere)
{
	static const char *const same[] = {
		"-t a group show lab --json", "group show -t a lab -j",
		"group show lab --tenant a --json",
		"--json --tenant=a group show lab", "-ta group show lab -j",
		"group -t a show --json -- lab",
	};

	for (size_t i = 0; i < COUNT_OF(same); i++) {
		ck_ok(parse(same[i]));
		ck_assert_str_eq(line.command->words, "group show");
		ck_assert_uint_eq(line.n_args, 1);
		ck_assert_str_eq(line.args[0], "lab");
		ck_assert_str_eq(line.options[OPT_TENANT], "a");
		ck_assert_ptr_nonnull(line.options[OPT_JSON]);
	}
}
END_TEST

START_TEST(after_two_dashes_everything_is_an_argument)
{
	ck_ok(parse("claim add -t a -- --json"));
	ck_assert_str_eq(line.args[0], "--json");
	ck_assert_ptr_null(line.options[OPT_JSON]);
	ck_ok(parse("policy set -t a lab -"));
	ck_assert_str_eq(line.args[1], "-");
}
END_TEST

START_TEST(what_cannot_be_understood_is_refused)
{
	static const char *const wrong[] = {
		"", "nonsense", "group", "group nonsense", "group show",
		"group show a b", "group show a --nonsense", "group show a -x",
		"group show a --title t", "group show a -t", "group show a --tenant",
		"group show a --json=yes", "group show a -jt",
		"group show a -t x -t y", "group show a --json -j",
		"group show ''", "group show a --tenant=", "device list --state off",
		"certificate revoke 01 --reason because", "version now",
		"group show a --t b",
	};

	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		ck_fails(parse(wrong[i]), ERR_PARAMETER);
		ck_assert_str_ne(cx->trail->note, "");
	}
}
END_TEST

START_TEST(too_many_words_or_options_are_refused)
{
	char *words = arena_strdup(cx->arena, "group show");
	char *options = words;

	for (size_t i = 0; i < COMMAND_ARGS_MAX + 1; i++) {
		words = arena_printf(cx->arena, "%s a", words);
		options = arena_printf(cx->arena, "%s -j", options);
	}
	ck_fails(parse(words), ERR_PARAMETER);
	ck_fails(parse(options), ERR_PARAMETER);
}
END_TEST

START_TEST(two_options_of_one_name_are_told_apart_by_the_command)
{
	ck_ok(parse("device ban d --reason because"));
	ck_assert_str_eq(line.options[OPT_REASON], "because");
	ck_assert_ptr_null(line.options[OPT_REVOCATION]);
	ck_ok(parse("--reason keyCompromise certificate revoke 01"));
	ck_assert_str_eq(line.options[OPT_REVOCATION], "keyCompromise");
	ck_assert_ptr_null(line.options[OPT_REASON]);
}
END_TEST

START_TEST(help_needs_no_arguments)
{
	ck_ok(parse("--help"));
	ck_assert_ptr_null(line.command);
	ck_ok(parse("group show -h"));
	ck_assert_str_eq(line.command->words, "group show");
	ck_fails(parse("nonsense --help"), ERR_PARAMETER);
}
END_TEST

START_TEST(the_tables_are_sound)
{
	size_t n;
	const struct command *rows = command_rows(&n);

	for (size_t i = 0; i < n; i++)
		for (enum option_id j = 0; j < OPT_COUNT; j++)
			for (enum option_id k = j + 1; k < OPT_COUNT; k++) {
				const struct option *a = command_option(j);
				const struct option *b = command_option(k);

				/* The parser reads options before it knows
				 * the command: rows of one name are alike. */
				if (strcmp(a->name, b->name) == 0) {
					ck_assert_int_eq(a->argument == NULL,
					    b->argument == NULL);
					ck_assert(!command_takes(&rows[i], j) ||
					    !command_takes(&rows[i], k));
				}
				ck_assert(a->letter == 0 ||
				    a->letter != b->letter);
			}
}
END_TEST

START_TEST(no_option_takes_a_token)
{
	for (enum option_id i = 0; i < OPT_COUNT; i++)
		ck_assert_str_ne(command_option(i)->name, "token");
}
END_TEST

UNIT_MAIN("command", options_may_stand_anywhere,
    after_two_dashes_everything_is_an_argument,
    what_cannot_be_understood_is_refused,
    too_many_words_or_options_are_refused,
    two_options_of_one_name_are_told_apart_by_the_command,
    help_needs_no_arguments, the_tables_are_sound, no_option_takes_a_token)
