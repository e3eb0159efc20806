/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/settings.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <ini.h>

#include "base/base.h"
#include "base/file.h"

struct row {
	const char	*name, *value, *fallback, *meaning;
	size_t		 at;		/* offset in its structure */
};

static const struct row settings_rows[] = {
#define SETTING(name, value, fallback, meaning) \
	{ #name, value, fallback, meaning, offsetof(struct settings, name) },
#include "agent/settings.def"
#undef SETTING
};

static const struct row options_rows[] = {
#define OPTION(name, value, meaning) \
	{ #name, value, NULL, meaning, offsetof(struct options, name) },
#include "agent/options.def"
#undef OPTION
};

static const char **
member(void *structure, const struct row *row)
{
	return (const char **)(void *)((char *)structure + row->at);
}

/* name is n characters with - or _ between words. */
static const struct row *
find(const struct row *rows, size_t n_rows, const char *name, size_t n)
{
	for (size_t i = 0; i < n_rows; i++) {
		size_t k = 0;

		while (k < n && rows[i].name[k] != '\0' &&
		    (name[k] == '-' ? '_' : name[k]) == rows[i].name[k])
			k++;
		if (k == n && rows[i].name[k] == '\0')
			return &rows[i];
	}
	return NULL;
}

/* argv[*i] is "--name", "--name=value", or "--name" before its value. */
static struct err
take_flag(struct ctx *cx, int argc, char *const argv[], int *i,
    struct command_line *line)
{
	const char *flag = argv[*i] + 2, *equals = strchr(flag, '=');
	size_t n = equals == NULL ? strlen(flag) : (size_t)(equals - flag);
	const struct row *row = find(settings_rows, COUNT_OF(settings_rows),
	    flag, n);
	void *into = &line->settings;

	if (row == NULL) {
		row = find(options_rows, COUNT_OF(options_rows), flag, n);
		into = &line->options;
	}
	if (row == NULL)
		return FAIL(cx, ERR_PARAMETER, "unknown option --%.*s", (int)n,
		    flag);
	if (row->value == NULL) {
		if (equals != NULL)
			return FAIL(cx, ERR_PARAMETER,
			    "--%.*s takes no value", (int)n, flag);
		*member(into, row) = "";
		return OK;
	}
	if (equals == NULL && *i + 1 >= argc)
		return FAIL(cx, ERR_PARAMETER, "--%s needs a value", flag);
	*member(into, row) = equals != NULL ? equals + 1 : argv[++*i];
	return OK;
}

static struct err
take_arguments(struct ctx *cx, int argc, char *const argv[],
    struct command_line *line)
{
	bool flags = true;

	for (int i = 1; i < argc; i++) {
		if (flags && strcmp(argv[i], "--") == 0) {
			flags = false;
		} else if (flags && strncmp(argv[i], "--", 2) == 0) {
			TRY(take_flag(cx, argc, argv, &i, line));
		} else if (flags && strcmp(argv[i], "-h") == 0) {
			line->options.help = "";
		} else if (flags && argv[i][0] == '-' && argv[i][1] != '\0') {
			return FAIL(cx, ERR_PARAMETER, "unknown option %s",
			    argv[i]);
		} else if (line->n_words == SETTINGS_WORDS_MAX) {
			return FAIL(cx, ERR_PARAMETER, "too many arguments");
		} else {
			line->words[line->n_words++] = argv[i];
		}
	}
	return OK;
}

static void
take_environment(struct ctx *cx, settings_env_fn env, struct settings *s)
{
	for (size_t i = 0; i < COUNT_OF(settings_rows); i++) {
		const char **p = member(s, &settings_rows[i]);
		char *name = arena_printf(cx->arena, "DAA_AGENT_%s",
		    settings_rows[i].name);
		const char *value;

		for (char *c = name; *c != '\0'; c++)
			*c = (char)toupper((unsigned char)*c);
		value = env(name);
		if (*p == NULL && value != NULL && *value != '\0')
			*p = value;
	}
}

struct file_walk {
	struct ctx	*cx;
	struct settings	*settings;
	struct settings	 before;	/* what flags and environment gave */
	const char	*unknown;
};

/* inih: 0 stops with an error at this line. */
static int
take_pair(void *user, const char *section, const char *name,
    const char *value)
{
	struct file_walk *walk = user;
	const struct row *row = find(settings_rows, COUNT_OF(settings_rows),
	    name, strlen(name));

	if (row == NULL || (*section != '\0' && strcmp(section, "agent") != 0)) {
		walk->unknown = arena_strdup(walk->cx->arena, name);
		return 0;
	}
	if (*member(&walk->before, row) == NULL)
		*member(walk->settings, row) =
		    arena_strdup(walk->cx->arena, value);
	return 1;
}

static struct err
take_file(struct ctx *cx, const char *path, struct settings *s)
{
	struct file_walk walk = { .cx = cx, .settings = s, .before = *s };
	struct slice text;
	int line;

	TRY(file_read(cx, path, SETTINGS_FILE_MAX, &text));
	line = ini_parse_string((const char *)text.p, take_pair, &walk);
	if (walk.unknown != NULL)
		return FAIL(cx, ERR_CONFIG, "%s line %d: unknown setting %s",
		    path, line, walk.unknown);
	if (line != 0)
		return FAIL(cx, ERR_CONFIG, "%s line %d cannot be read", path,
		    line);
	return OK;
}

static void
take_default(struct ctx *cx, const char **p, const struct settings *s,
    const char *file)
{
	if (*p == NULL)
		*p = arena_printf(cx->arena, "%s/%s", s->state_dir, file);
}

static void
take_defaults(struct ctx *cx, struct settings *s)
{
	for (size_t i = 0; i < COUNT_OF(settings_rows); i++) {
		const char **p = member(s, &settings_rows[i]);

		if (*p == NULL)
			*p = settings_rows[i].fallback;
	}
	take_default(cx, &s->certificate, s, "certificate.pem");
	take_default(cx, &s->chain, s, "chain.pem");
	take_default(cx, &s->key_file, s, "key.pem");
	if (s->key == NULL)
		s->key = strcmp(s->identity, "tpm") == 0 ? "tpm" : "software";
}

static struct err
check(struct ctx *cx, const struct settings *s)
{
	if (strcmp(s->identity, "tpm") != 0 && strcmp(s->identity, "key") != 0 &&
	    strcmp(s->identity, "evidence") != 0)
		return FAIL(cx, ERR_CONFIG,
		    "identity must be tpm, key or evidence");
	if (strcmp(s->key, "tpm") != 0 && strcmp(s->key, "software") != 0)
		return FAIL(cx, ERR_CONFIG, "key must be tpm or software");
	if (strcmp(s->identity, "tpm") != 0 && strcmp(s->key, "tpm") == 0)
		return FAIL(cx, ERR_CONFIG,
		    "key = tpm needs identity = tpm: nothing else can show "
		    "where the key is");
	if (s->server != NULL && strncmp(s->server, "https://", 8) != 0)
		return FAIL(cx, ERR_CONFIG, "server must begin with https://");
	if (log_level_find(s->log_level) < 0)
		return FAIL(cx, ERR_CONFIG,
		    "log_level must be debug, info, warn or error");
	return OK;
}

struct err
settings_read(struct ctx *cx, int argc, char *const argv[],
    settings_env_fn env, struct command_line *out)
{
	struct command_line line = { .n_words = 0 };

	TRY(take_arguments(cx, argc, argv, &line));
	take_environment(cx, env, &line.settings);
	if (line.options.config != NULL)
		TRY(take_file(cx, line.options.config, &line.settings));
	else if (access(SETTINGS_FILE, F_OK) == 0)
		TRY(take_file(cx, SETTINGS_FILE, &line.settings));
	take_defaults(cx, &line.settings);
	TRY(check(cx, &line.settings));
	*out = line;
	return OK;
}

static void
usage_rows(struct buf *b, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t width = strlen(rows[i].name);

		put_text(b, "  --");
		for (const char *c = rows[i].name; *c != '\0'; c++)
			put_u8(b, *c == '_' ? '-' : (uint8_t)*c);
		if (rows[i].value != NULL) {
			put_fmt(b, " %s", rows[i].value);
			width += strlen(rows[i].value) + 1;
		}
		put_fmt(b, "%*s%s", (int)(width < 28 ? 28 - width : 1), "",
		    rows[i].meaning);
		if (rows[i].fallback != NULL)
			put_fmt(b, " (%s)", rows[i].fallback);
		put_u8(b, '\n');
	}
}

const char *
settings_usage(struct ctx *cx)
{
	struct buf b = buf_in(cx->arena, 16384);

	put_text(&b, "options:\n");
	usage_rows(&b, options_rows, COUNT_OF(options_rows));
	put_text(&b, "settings (also in the settings file and as "
	    "DAA_AGENT_NAME in the environment):\n");
	usage_rows(&b, settings_rows, COUNT_OF(settings_rows));
	put_u8(&b, 0);
	ASSERT(!b.bad);
	return (const char *)b.p;
}
