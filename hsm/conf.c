/* SPDX-License-Identifier: Apache-2.0 */
#include "hsm/conf.h"

#include <ini.h>

#include "base/base.h"
#include "base/file.h"
#include "base/text.h"

#define SUFFIX	".conf"

struct reading {
	struct ctx	*cx;
	struct conf	 conf;
	struct slice	 rest;		/* not yet given to inih */
	const char	*wrong;		/* name of a key that is not right */
};

static const char *
keep(struct reading *r, const char *value)
{
	return arena_strdup(r->cx->arena, value);
}

static bool
take_text(struct reading *r, const char **to, const char *value)
{
	if (*to != NULL || value[0] == '\0')
		return false;
	*to = keep(r, value);
	return true;
}

static bool
take_path(struct reading *r, const char **to, const char *value)
{
	return value[0] == '/' && take_text(r, to, value);
}

static bool
take_module(struct reading *r, const char *value)
{
	return take_path(r, &r->conf.module, value);
}

static bool
take_token(struct reading *r, const char *value)
{
	return take_text(r, &r->conf.token, value);
}

static bool
take_serial(struct reading *r, const char *value)
{
	return take_text(r, &r->conf.serial, value);
}

static bool
take_pin_file(struct reading *r, const char *value)
{
	return take_path(r, &r->conf.pin_file, value);
}

static bool
take_network(struct reading *r, const char *value)
{
	r->conf.network = strcmp(value, "yes") == 0;
	return r->conf.network || strcmp(value, "no") == 0;
}

static bool
take_one_path(struct reading *r, const char *value)
{
	struct conf *c = &r->conf;

	if (value[0] != '/' || c->n_paths == CONF_LIST_MAX)
		return false;
	c->paths[c->n_paths++] = keep(r, value);
	return true;
}

static bool
take_variable(struct reading *r, const char *value)
{
	struct conf *c = &r->conf;

	if (strchr(value, '=') == NULL || value[0] == '=' ||
	    c->n_variables == CONF_LIST_MAX)
		return false;
	c->variables[c->n_variables++] = keep(r, value);
	return true;
}

/* Also in several lines; "*" leaves nothing to add. */
static bool
take_tenants(struct reading *r, const char *value)
{
	struct conf *c = &r->conf;
	char *rest = arena_strdup(r->cx->arena, value), *word;
	size_t before = c->n_tenants;

	while ((word = strtok_r(rest, " \t", &rest)) != NULL) {
		bool all = strcmp(word, CONF_TENANTS_ALL) == 0;

		if ((!all && !text_is_name(word)) || c->n_tenants ==
		    CONF_TENANTS_MAX || (all && c->n_tenants > 0) ||
		    conf_serves(c, word))
			return false;
		c->tenants[c->n_tenants++] = word;
	}
	return c->n_tenants > before;
}

static const struct {
	const char	*key;
	bool		(*take)(struct reading *, const char *value);
} keys[] = {
	{ "module", take_module }, { "token", take_token },
	{ "serial", take_serial }, { "pin_file", take_pin_file },
	{ "network", take_network }, { "path", take_one_path },
	{ "environment", take_variable }, { "tenants", take_tenants },
};

/* inih: 0 stops with an error at this line. */
static int
take(void *user, const char *section, const char *key, const char *value)
{
	struct reading *r = user;

	for (size_t i = 0; i < COUNT_OF(keys); i++)
		if (strcmp(section, "hsm") == 0 &&
		    strcmp(keys[i].key, key) == 0 && keys[i].take(r, value))
			return 1;
	if (r->wrong == NULL)
		r->wrong = keep(r, key);
	return 0;
}

static char *
next_line(char *line, int size, void *stream)
{
	struct reading *r = stream;
	size_t n = 0;

	if (r->rest.n == 0 || size < 2)
		return NULL;
	while (n < r->rest.n && n < (size_t)size - 1)
		if (r->rest.p[n++] == '\n')
			break;
	memcpy(line, r->rest.p, n);
	line[n] = '\0';
	r->rest = SLICE(r->rest.p + n, r->rest.n - n);
	return line;
}

static struct err
take_name(struct ctx *cx, const char *path, const char **out)
{
	const char *slash = strrchr(path, '/');
	const char *file = slash == NULL ? path : slash + 1;
	size_t n = strlen(file), n_suffix = strlen(SUFFIX);
	char *name;

	if (n <= n_suffix || strcmp(file + n - n_suffix, SUFFIX) != 0)
		return FAIL(cx, ERR_CONFIG, "%s: not a NAME" SUFFIX, path);
	name = arena_strndup(cx->arena, file, n - n_suffix);
	if (!text_is_name(name))
		return FAIL(cx, ERR_CONFIG, "%s: not the name of a key store",
		    path);
	*out = name;
	return OK;
}

bool
conf_serves(const struct conf *c, const char *tenant)
{
	for (size_t i = 0; i < c->n_tenants; i++)
		if (strcmp(c->tenants[i], tenant) == 0 ||
		    strcmp(c->tenants[i], CONF_TENANTS_ALL) == 0)
			return true;
	return false;
}

struct err
conf_read(struct ctx *cx, const char *path, struct conf *out)
{
	struct reading r = { .cx = cx };
	int bad_line;

	TRY(take_name(cx, path, &r.conf.name));
	TRY(file_read(cx, path, CONF_FILE_MAX, &r.rest));
	bad_line = ini_parse_stream(next_line, &r, take, &r);
	if (bad_line != 0)
		return FAIL(cx, ERR_CONFIG, "%s, line %d: %s is not right",
		    path, bad_line, r.wrong != NULL ? r.wrong : "it");
	if (r.conf.module == NULL)
		return FAIL(cx, ERR_CONFIG, "%s: no module", path);
	if ((r.conf.token == NULL) == (r.conf.serial == NULL))
		return FAIL(cx, ERR_CONFIG,
		    "%s: a token by its label or by its serial number", path);
	*out = r.conf;
	return OK;
}
