/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/settings.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "base/base.h"
#include "base/file.h"

static const char default_url[] = "https://localhost:8444";

/* Keys of the settings file, with the option and the variable they yield to. */
static const struct {
	const char	*key, *variable;
	enum option_id	 option;	/* OPT_COUNT: none */
	size_t		 offset;
} keys[] = {
	{ "url",	"DAACTL_URL",		OPT_URL,
	    offsetof(struct settings, url) },
	{ "ca_file",	"DAACTL_CA_FILE",	OPT_CA_FILE,
	    offsetof(struct settings, ca_file) },
	{ "token_file",	"DAACTL_TOKEN_FILE",	OPT_TOKEN_FILE,
	    offsetof(struct settings, token_file) },
	{ "token",	"DAACTL_TOKEN",		OPT_COUNT,
	    offsetof(struct settings, token) },
	{ "tenant",	"DAACTL_TENANT",	OPT_TENANT,
	    offsetof(struct settings, tenant) },
};

static const char **
field(struct settings *s, size_t i)
{
	return (const char **)((char *)s + keys[i].offset);
}

/* The text between white space, cut in place. */
static char *
trim(char *text)
{
	size_t n;

	while (isspace((unsigned char)*text))
		text++;
	n = strlen(text);
	while (n > 0 && isspace((unsigned char)text[n - 1]))
		text[--n] = '\0';
	return text;
}

static struct err
read_line(struct ctx *cx, const char *path, unsigned number, char *line,
    struct settings *s)
{
	char *equals, *key;

	line = trim(line);
	if (line[0] == '\0' || line[0] == '#' || line[0] == ';')
		return OK;
	equals = strchr(line, '=');
	if (equals == NULL)
		return FAIL(cx, ERR_PARAMETER, "%s:%u: not \"key = value\"",
		    path, number);
	*equals = '\0';
	key = trim(line);
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		if (strcmp(key, keys[i].key) == 0) {
			*field(s, i) = trim(equals + 1);
			return OK;
		}
	return FAIL(cx, ERR_PARAMETER, "%s:%u: there is no setting %s", path,
	    number, key);
}

static struct err
read_settings_file(struct ctx *cx, const char *path, struct settings *s)
{
	struct slice text;
	char *line, *rest;
	unsigned number = 0;

	TRY(file_read(cx, path, SETTINGS_FILE_MAX, &text));
	rest = arena_strndup(cx->arena, (const char *)text.p, text.n);
	while ((line = strsep(&rest, "\n")) != NULL)
		TRY(read_line(cx, path, ++number, line, s));
	/* A file that turned out to hold a secret must be kept like one. */
	if (s->token != NULL)
		TRY(file_read_secret(cx, path, SETTINGS_FILE_MAX, &text));
	return OK;
}

/* The settings file's place when it was not named; NULL when there is none. */
static const char *
default_path(struct ctx *cx, settings_env *env)
{
	const char *folder = env("XDG_CONFIG_HOME"), *home = env("HOME");
	const char *path;

	if (folder != NULL && folder[0] == '/')
		path = arena_printf(cx->arena, "%s/daactl.conf", folder);
	else if (home != NULL && home[0] != '\0')
		path = arena_printf(cx->arena, "%s/.config/daactl.conf", home);
	else
		return NULL;
	return access(path, F_OK) == 0 ? path : NULL;
}

static const char *
said(settings_env *env, const char *variable)
{
	const char *value = env(variable);

	return value == NULL || value[0] == '\0' ? NULL : value;
}

static struct err
check_url(struct ctx *cx, const char *url)
{
	size_t n = strlen("https://");

	/* A token never goes over a connection that others can read. */
	if (strncmp(url, "https://", n) != 0 || url[n] == '\0' ||
	    strpbrk(url, "?# \t") != NULL || strchr(url, '@') != NULL)
		return FAIL(cx, ERR_PARAMETER,
		    "the URL must be https://host:port, not %s", url);
	return OK;
}

struct err
settings_read(struct ctx *cx, const struct parsed *line, settings_env *env,
    struct settings *out)
{
	struct settings s = { 0 };
	const char *path = line->options[OPT_CONFIG];

	if (path == NULL)
		path = said(env, "DAACTL_CONFIG");
	if (path == NULL)
		path = default_path(cx, env);
	if (path != NULL)
		TRY(read_settings_file(cx, path, &s));
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		const char *value = said(env, keys[i].variable);

		if (value != NULL)
			*field(&s, i) = value;
	}
	/* A token in the environment is nearer than a file named anywhere but
	 * on the command line. */
	if (said(env, "DAACTL_TOKEN") != NULL)
		s.token_file = NULL;
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		if (keys[i].option != OPT_COUNT &&
		    line->options[keys[i].option] != NULL)
			*field(&s, i) = line->options[keys[i].option];
	if (s.url == NULL || s.url[0] == '\0')
		s.url = default_url;
	TRY(check_url(cx, s.url));
	*out = s;
	return OK;
}

struct err
settings_token(struct ctx *cx, const struct settings *s, const char **out)
{
	const char *token = s->token;
	struct slice text;

	if (s->token_file != NULL) {
		TRY(file_read_secret(cx, s->token_file, SETTINGS_TOKEN_MAX,
		    &text));
		token = trim((char *)arena_strndup(cx->arena,
		    (const char *)text.p, text.n));
	}
	if (token == NULL || token[0] == '\0')
		return FAIL(cx, ERR_AUTH_REQUIRED, "no token: say "
		    "--token-file, or set DAACTL_TOKEN or token_file");
	/* It becomes a header: nothing in it may end one. */
	for (const char *p = token; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~')
			return FAIL(cx, ERR_AUTH_REQUIRED,
			    "the token holds characters that no token has");
	*out = token;
	return OK;
}
