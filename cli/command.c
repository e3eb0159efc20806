/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#include <string.h>

#include "base/base.h"

/* The bit of an option in the word of a set that begins with option first. */
#define WORD_BITS	63
#define BIT(id, first) ((id) >= (first) && (id) < (first) + WORD_BITS ? \
    UINT64_C(1) << (((id) - (first) + WORD_BITS) % WORD_BITS) : 0)
#define SECOND_FIRST	(COMMAND_OPTIONS_FIRST + WORD_BITS)
#define LOCAL	COMMAND_LOCAL

static const struct option option_table[OPT_COUNT] = {
#define OPT(name, letter, text, argument, values, help) \
	[OPT_##name] = { letter, text, argument, values, help },
#include "cli/options.def"
#undef OPT
};

static const struct command command_table[] = {
#define O(name) BIT(OPT_##name, COMMAND_OPTIONS_FIRST)
#define COMMAND(function, words, arguments, options, help) \
	{ words, arguments, options, help, cmd_##function },
#include "cli/commands.def"
#undef COMMAND
#undef O
};

/* The second words of the rows' sets, of the same expressions. */
static const uint64_t second_words[] = {
#define O(name) BIT(OPT_##name, SECOND_FIRST)
#define COMMAND(function, words, arguments, options, help) \
	(options) & ~COMMAND_LOCAL,
#include "cli/commands.def"
#undef COMMAND
#undef O
};

_Static_assert(OPT_COUNT <= SECOND_FIRST + WORD_BITS,
    "a set of options is two words");

const struct command *
command_rows(size_t *out_n)
{
	*out_n = COUNT_OF(command_table);
	return command_table;
}

const struct option *
command_option(enum option_id id)
{
	ASSERT(id < OPT_COUNT);
	return &option_table[id];
}

bool
command_takes(const struct command *command, enum option_id id)
{
	const int n = (int)id;

	if (n < COMMAND_OPTIONS_FIRST)
		return true;
	if (command == NULL)
		return false;
	return ((command->options & BIT(n, COMMAND_OPTIONS_FIRST)) |
	    (second_words[command - command_table] & BIT(n, SECOND_FIRST)))
	    != 0;
}

bool
command_has_options(const struct command *command)
{
	return (command->options & ~COMMAND_LOCAL) != 0 ||
	    second_words[command - command_table] != 0;
}

/* How many words of argv this command's words are; 0 when they differ. */
static size_t
words_matched(const struct command *command, int argc, char **argv)
{
	const char *p = command->words;
	size_t n = 0;

	while (*p != '\0') {
		size_t len = strcspn(p, " ");

		if ((int)n >= argc || strlen(argv[n]) != len ||
		    strncmp(argv[n], p, len) != 0)
			return 0;
		n++;
		p += len;
		p += strspn(p, " ");
	}
	return n;
}

static const struct command *
find_command(int argc, char **argv, size_t *out_n_words)
{
	for (size_t i = 0; i < COUNT_OF(command_table); i++) {
		size_t n = words_matched(&command_table[i], argc, argv);

		if (n > 0) {
			*out_n_words = n;
			return &command_table[i];
		}
	}
	return NULL;
}

static struct err
check_value(struct ctx *cx, const struct option *option, const char *value)
{
	const char *p = option->values;
	size_t n_value = strlen(value);

	if (n_value == 0)
		return FAIL(cx, ERR_PARAMETER, "--%s must not be empty",
		    option->name);
	while (p != NULL && *p != '\0') {
		size_t len = strcspn(p, " ");

		if (len == n_value && strncmp(p, value, len) == 0)
			return OK;
		p += len;
		p += strspn(p, " ");
	}
	if (option->values == NULL)
		return OK;
	return FAIL(cx, ERR_PARAMETER, "--%s is one of: %s", option->name,
	    option->values);
}

/*
 * The options of a command line are read before its command is known, because
 * they may stand before the words.  A name that two rows share is therefore
 * kept as text, and given its row when the command is known.
 */
struct raw {
	const char	*names[COMMAND_ARGS_MAX];	/* as said, for messages */
	size_t		 n_names[COMMAND_ARGS_MAX];
	const char	*values[COMMAND_ARGS_MAX];	/* NULL: a switch */
	size_t		 n_options;
	char		*words[COMMAND_ARGS_MAX];
	size_t		 n_words;
	bool		 ended;		/* "--" was seen */
};

/* Any row of that long name (or letter): rows that share one are alike. */
static const struct option *
option_named(const char *name, size_t n)
{
	for (size_t i = 0; i < OPT_COUNT; i++)
		if ((strlen(option_table[i].name) == n &&
		    strncmp(option_table[i].name, name, n) == 0) ||
		    (n == 1 && option_table[i].letter == name[0]))
			return &option_table[i];
	return NULL;
}

/* One word that begins with a dash; *at moves past a value it takes. */
static struct err
read_option(struct ctx *cx, struct raw *raw, int argc, char **argv, int *at)
{
	const char *word = argv[*at];
	bool is_long = word[1] == '-';
	const char *name = word + (is_long ? 2 : 1);
	const char *equals = is_long ? strchr(name, '=') : NULL;
	size_t n = is_long ? equals != NULL ? (size_t)(equals - name) :
	    strlen(name) : 1;
	const struct option *option =
	    is_long && n == 1 ? NULL : option_named(name, n);
	const char *value = equals != NULL ? equals + 1 : NULL;

	if (option == NULL)
		return FAIL(cx, ERR_PARAMETER, "there is no option %s", word);
	if (!is_long && name[1] != '\0')
		value = name + 1;
	if (option->argument == NULL && value != NULL)
		return FAIL(cx, ERR_PARAMETER, "--%s takes no value",
		    option->name);
	if (option->argument != NULL && value == NULL) {
		if (*at + 1 >= argc)
			return FAIL(cx, ERR_PARAMETER, "--%s takes a value: %s",
			    option->name, option->argument);
		value = argv[++*at];
	}
	if (raw->n_options == COMMAND_ARGS_MAX)
		return FAIL(cx, ERR_PARAMETER, "too many options");
	raw->names[raw->n_options] = option->name;
	raw->n_names[raw->n_options] = strlen(option->name);
	raw->values[raw->n_options++] = value;
	return OK;
}

/* Split argv into options and words, until a command that takes the rest. */
static struct err
split(struct ctx *cx, int argc, char **argv, struct raw *raw,
    struct parsed *out)
{
	size_t n_words;

	for (int i = 1; i < argc; i++) {
		const struct command *command = find_command(
		    (int)raw->n_words, raw->words, &n_words);

		if (command != NULL && strcmp(command->arguments, "*") == 0) {
			out->rest_argc = argc - i;
			out->rest_argv = argv + i;
			return OK;
		}
		if (!raw->ended && strcmp(argv[i], "--") == 0) {
			raw->ended = true;
		} else if (!raw->ended && argv[i][0] == '-' &&
		    argv[i][1] != '\0') {
			TRY(read_option(cx, raw, argc, argv, &i));
		} else if (raw->n_words == COMMAND_ARGS_MAX) {
			return FAIL(cx, ERR_PARAMETER, "too many arguments");
		} else {
			raw->words[raw->n_words++] = argv[i];
		}
	}
	return OK;
}

/* Give each option the row that this command takes. */
static struct err
place_options(struct ctx *cx, const struct raw *raw, struct parsed *line)
{
	for (size_t i = 0; i < raw->n_options; i++) {
		size_t id = 0;

		while (id < OPT_COUNT && !(command_takes(line->command,
		    (enum option_id)id) &&
		    strcmp(option_table[id].name, raw->names[i]) == 0))
			id++;
		if (id == OPT_COUNT)
			return FAIL(cx, ERR_PARAMETER, "%s does not take --%s",
			    line->command == NULL ? "that" :
			    line->command->words, raw->names[i]);
		if (line->options[id] != NULL)
			return FAIL(cx, ERR_PARAMETER, "--%s is given twice",
			    raw->names[i]);
		if (raw->values[i] != NULL)
			TRY(check_value(cx, &option_table[id],
			    raw->values[i]));
		line->options[id] = raw->values[i] == NULL ? "" :
		    raw->values[i];
	}
	return OK;
}

/* Hold the arguments against the row: "GROUP [FILE] NAME...". */
static struct err
check_arguments(struct ctx *cx, const struct parsed *line)
{
	const char *p = line->command->arguments;
	size_t least = 0, most = 0;

	while (*p != '\0') {
		size_t len = strcspn(p, " ");

		most = len > 3 && strncmp(p + len - 3, "...", 3) == 0 ?
		    COMMAND_ARGS_MAX : most + 1;
		least += p[0] != '[';
		p += len;
		p += strspn(p, " ");
	}
	if (line->n_args < least || line->n_args > most)
		return FAIL(cx, ERR_PARAMETER, "usage: daactl %s%s%s [options]",
		    line->command->words, most > 0 ? " " : "",
		    line->command->arguments);
	for (size_t i = 0; i < line->n_args; i++)
		if (line->args[i][0] == '\0')
			return FAIL(cx, ERR_PARAMETER,
			    "an argument must not be empty");
	return OK;
}

static struct err
no_command(struct ctx *cx, const struct raw *raw)
{
	struct buf b = buf_in(cx->arena, TRAIL_NOTE_MAX);

	for (size_t i = 0; i < COUNT_OF(command_table); i++) {
		const char *words = command_table[i].words;
		size_t len = strcspn(words, " ");

		if (raw->n_words > 0 && strlen(raw->words[0]) == len &&
		    strncmp(words, raw->words[0], len) == 0)
			put_fmt(&b, "%s%s", b.n > 0 ? ", " : "", words + len +
			    strspn(words + len, " "));
	}
	put_u8(&b, 0);
	if (raw->n_words == 0)
		return FAIL(cx, ERR_PARAMETER,
		    "which command? see daactl --help");
	if (b.bad || b.n <= 1)
		return FAIL(cx, ERR_PARAMETER,
		    "there is no command %s; see daactl --help",
		    raw->words[0]);
	return FAIL(cx, ERR_PARAMETER, "%s what? one of: %s", raw->words[0],
	    (const char *)b.p);
}

struct err
command_parse(struct ctx *cx, int argc, char **argv, struct parsed *out)
{
	struct raw raw = { 0 };
	struct parsed line = { 0 };
	size_t n_words = 0;

	TRY(split(cx, argc, argv, &raw, &line));
	line.command = find_command((int)raw.n_words, raw.words, &n_words);
	if (line.command == NULL && raw.n_words > 0)
		return no_command(cx, &raw);
	TRY(place_options(cx, &raw, &line));
	for (size_t i = n_words; i < raw.n_words; i++)
		line.args[line.n_args++] = raw.words[i];
	if (line.options[OPT_HELP] == NULL) {
		if (line.command == NULL)
			return no_command(cx, &raw);
		if (strcmp(line.command->arguments, "*") != 0)
			TRY(check_arguments(cx, &line));
	}
	*out = line;
	return OK;
}

static void
print_option(FILE *f, const struct option *o)
{
	char letter[] = { '-', o->letter, ',', '\0' };
	int n;

	n = fprintf(f, "  %3s --%s%s%s", o->letter == 0 ? "" : letter,
	    o->name, o->argument == NULL ? "" : " ",
	    o->argument == NULL ? "" : o->argument);
	(void)fprintf(f, "%s%*s%s\n", n < 34 ? "" : "\n",
	    n < 34 ? 34 - n : 34, "", o->help);
	if (o->values != NULL)
		(void)fprintf(f, "%34s(%s)\n", "", o->values);
}

static void
print_common_options(FILE *f)
{
	(void)fputs("Options of every command:\n", f);
	for (size_t i = 0; i < COMMAND_OPTIONS_FIRST; i++)
		print_option(f, &option_table[i]);
}

static void
print_commands(FILE *f)
{
	(void)fputs("usage: daactl [options] command [arguments]\n\n", f);
	for (size_t i = 0; i < COUNT_OF(command_table); i++) {
		const struct command *c = &command_table[i];
		int n = fprintf(f, "  %s %s", c->words,
		    c->arguments[0] == '*' ? "..." : c->arguments);

		(void)fprintf(f, "%*s%s\n", n < 34 ? 34 - n : 1, "", c->help);
	}
	(void)fputs("\n", f);
	print_common_options(f);
	(void)fputs("\ndaactl COMMAND --help says more; so does daactl(1).\n",
	    f);
}

void
command_help(FILE *f, const struct command *command)
{
	if (command == NULL) {
		print_commands(f);
		return;
	}
	(void)fprintf(f, "usage: daactl %s%s%s [options]\n\n  %s\n\n",
	    command->words, command->arguments[0] == '\0' ? "" : " ",
	    command->arguments[0] == '*' ? "..." : command->arguments,
	    command->help);
	if (command_has_options(command)) {
		(void)fputs("Options:\n", f);
		for (size_t i = COMMAND_OPTIONS_FIRST; i < OPT_COUNT; i++)
			if (command_takes(command, (enum option_id)i))
				print_option(f, &option_table[i]);
		(void)fputs("\n", f);
	}
	print_common_options(f);
}
