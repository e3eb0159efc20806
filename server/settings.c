/* SPDX-License-Identifier: Apache-2.0 */
#include "server/settings.h"

#include <netinet/in.h>

#include <arpa/inet.h>
#include <ini.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/base.h"
#include "base/file.h"
#include "base/text.h"

#define PORT_MAX	65535u
#define ENV_PREFIX	"DAAPKI_"

enum type {
	TYPE_PATH, TYPE_LISTEN, TYPE_NAMES, TYPE_WORDS, TYPE_URL,
	TYPE_LEVEL, TYPE_SWITCH, TYPE_RESPONDER, TYPE_PROOF, TYPE_COUNT,
	TYPE_TIME,
};

static const struct row {
	const char	*key, *section, *def, *text;
	enum type	 type;
	int64_t		 least, most;
	size_t		 offset;
} rows[] = {
#define SETTING(key, section, type, def, least, most, text) \
	{ #key, #section, def, text, TYPE_##type, least, most, \
	    offsetof(struct settings, key) },
#include "server/settings.def"
#undef SETTING
};

static int
find_key(const char *key, size_t n)
{
	for (int i = 0; i < SET_COUNT; i++)
		if (strlen(rows[i].key) == n &&
		    strncmp(rows[i].key, key, n) == 0)
			return i;
	return -1;
}

static void
give(struct settings *s, int i, const char *value, enum setting_source from)
{
	if (s->given[i] != NULL && from < s->from[i])
		return;
	s->given[i] = value;
	s->from[i] = from;
}

/* --- flags and environment ------------------------------------------ */

/* "device-listen" of n letters to "device_listen". */
static char *
flag_to_key(struct ctx *cx, const char *flag, size_t n)
{
	char *key = arena_strndup(cx->arena, flag, n);

	for (char *p = key; *p != '\0'; p++)
		if (*p == '-')
			*p = '_';
	return key;
}

static struct err
read_flags(struct ctx *cx, struct settings *s, int n_args,
    const char *const *args)
{
	for (int i = 0; i < n_args; i++) {
		const char *flag = args[i] + 2, *value, *key;
		size_t n;
		int row;

		if (strncmp(args[i], "--", 2) != 0)
			return FAIL_TELL(cx, ERR_CONFIG,
			    "%s: not a flag", args[i]);
		n = strcspn(flag, "=");
		if (flag[n] != '=' && i + 1 == n_args)
			return FAIL_TELL(cx, ERR_CONFIG,
			    "%s: needs a value", args[i]);
		key = flag_to_key(cx, flag, n);
		row = find_key(key, n);
		if (row < 0 && strcmp(key, "config") != 0)
			return FAIL_TELL(cx, ERR_CONFIG, "--%.*s: no such flag",
			    (int)n, flag);
		value = flag[n] == '=' ? flag + n + 1 : args[++i];
		if (row < 0)
			s->file = value;
		else
			give(s, row, value, FROM_FLAG);
	}
	return OK;
}

static const char *
env_value(const char *const *env, const char *key)
{
	size_t n = strlen(key);

	for (; *env != NULL; env++) {
		const char *p = *env;
		size_t i = 0;

		if (strncmp(p, ENV_PREFIX, sizeof(ENV_PREFIX) - 1) != 0)
			continue;
		p += sizeof(ENV_PREFIX) - 1;
		/* Keys hold a-z and '_' only. */
		while (i < n && (key[i] == '_' ? p[i] == '_' :
		    p[i] == key[i] - 'a' + 'A'))
			i++;
		if (i == n && p[n] == '=')
			return p + n + 1;
	}
	return NULL;
}

static void
read_environment(struct settings *s, const char *const *env)
{
	for (int i = 0; i < SET_COUNT; i++) {
		const char *value = env_value(env, rows[i].key);

		if (value != NULL)
			give(s, i, value, FROM_ENVIRONMENT);
	}
	if (s->file == NULL)
		s->file = env_value(env, "config");
}

/* --- the file -------------------------------------------------------- */

struct ini_reading {
	struct ctx	*cx;
	struct settings	*s;
	struct reader	 rest;
	int		 line, bad_line;
	bool		 seen[SET_COUNT];
	const char	*why;
};

/* As fgets(). */
static char *
next_line(char *out, int size, void *stream)
{
	struct ini_reading *r = stream;
	const uint8_t *end;
	size_t n;

	if (r->rest.n == 0)
		return NULL;
	end = memchr(r->rest.p, '\n', r->rest.n);
	n = end == NULL ? r->rest.n : (size_t)(end - r->rest.p) + 1;
	r->line++;
	if (n > SETTINGS_LINE_MAX || (int)n >= size) {
		if (r->why == NULL) {
			r->why = "line too long";
			r->bad_line = r->line;
		}
		r->rest.n = 0;
		return NULL;
	}
	memcpy(out, read_bytes(&r->rest, n).p, n);
	out[n] = '\0';
	return out;
}

static const char *
take_pair(struct ini_reading *r, const char *section, const char *key,
    const char *value)
{
	int i = find_key(key, strlen(key));

	if (i < 0)
		return arena_printf(r->cx->arena, "unknown key %s", key);
	if (strcmp(section, rows[i].section) != 0)
		return arena_printf(r->cx->arena, "%s belongs in [%s]", key,
		    rows[i].section);
	if (r->seen[i])
		return arena_printf(r->cx->arena, "%s is given twice", key);
	r->seen[i] = true;
	give(r->s, i, arena_strdup(r->cx->arena, value), FROM_FILE);
	return NULL;
}

static int
on_pair(void *user, const char *section, const char *key, const char *value)
{
	struct ini_reading *r = user;
	const char *why;

	why = take_pair(r, section, key, value);
	if (why != NULL && r->why == NULL) {
		r->why = why;
		r->bad_line = r->line;
	}
	return why == NULL;
}

static struct err
read_file(struct ctx *cx, struct settings *s)
{
	struct ini_reading r = { .cx = cx, .s = s };
	struct slice text;
	int bad_line;

	if (failed(file_read(cx, s->file, SETTINGS_FILE_MAX, &text)))
		return FAIL_TELL(cx, ERR_CONFIG, "%s",
		    arena_strdup(cx->arena, cx->trail->note));
	if (memchr(text.p, '\0', text.n) != NULL)
		return FAIL_TELL(cx, ERR_CONFIG, "%s: not text", s->file);
	r.rest = reader_of(text);
	bad_line = ini_parse_stream(next_line, &r, on_pair, &r);
	if (bad_line > 0 && (r.why == NULL || bad_line < r.bad_line)) {
		r.why = "neither a section, a key = value nor a comment";
		r.bad_line = bad_line;
	}
	if (r.why != NULL)
		return FAIL_TELL(cx, ERR_CONFIG, "%s, line %d: %s", s->file,
		    r.bad_line, r.why);
	return OK;
}

/* The file that was named, or the one in the state folder if there is one. */
static struct err
find_and_read_file(struct ctx *cx, struct settings *s)
{
	const char *folder = s->given[SET_state_dir];
	bool folder_is_named = folder != NULL;

	if (s->file == NULL) {
		s->file = arena_printf(cx->arena, "%s/%s", folder_is_named ?
		    folder : rows[SET_state_dir].def, SETTINGS_FILE_NAME);
		if (access(s->file, F_OK) != 0) {
			s->file = NULL;
			return OK;
		}
	}
	return read_file(cx, s);
}

/* --- checks ------------------------------------------------------------ */

struct err
settings_split_listen(struct ctx *cx, const char *text,
    const char **out_host, const char **out_port)
{
	const char *colon = strrchr(text, ':'), *host = text;
	size_t n = colon == NULL ? 0 : (size_t)(colon - text);
	uint8_t address[sizeof(struct in6_addr)];
	uint64_t port;
	char *copy;
	int family = AF_INET;

	if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
		family = AF_INET6;
		host++;
		n -= 2;
	}
	copy = arena_strndup(cx->arena, host, n);
	if (inet_pton(family, copy, address) != 1 ||
	    !text_parse_uint(colon + 1, PORT_MAX, &port))
		return FAIL_TELL(cx, ERR_CONFIG,
		    "\"%s\" is not an address and a port, such as 0.0.0.0:8443",
		    text);
	*out_host = copy;
	*out_port = colon + 1;
	return OK;
}

static bool
is_server_name(const char *name)
{
	uint8_t address[sizeof(struct in6_addr)];
	size_t n = strlen(name);

	if (inet_pton(AF_INET, name, address) == 1 ||
	    inet_pton(AF_INET6, name, address) == 1)
		return true;
	return n > 0 && n < 254 && strspn(name, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") == n && name[0] != '.';
}

static struct err
add_name(struct ctx *cx, struct settings *s, const char *name)
{
	for (size_t i = 0; i < s->n_names; i++)
		if (strcmp(s->names[i], name) == 0)
			return OK;
	if (!is_server_name(name))
		return FAIL_TELL(cx, ERR_CONFIG,
		    "server_names: \"%s\" is neither a DNS name nor an address",
		    name);
	if (s->n_names == WIRE_DNS_NAMES_MAX)
		return FAIL_TELL(cx, ERR_CONFIG,
		    "server_names: more than %u", WIRE_DNS_NAMES_MAX);
	s->names[s->n_names++] = name;
	return OK;
}

static struct err
split_names(struct ctx *cx, struct settings *s)
{
	char host[HOST_NAME_MAX + 1] = "", *copy, *name;

	if (s->server_names[0] == '\0') {
		TRY(add_name(cx, s, "localhost"));
		TRY(add_name(cx, s, "127.0.0.1"));
		if (gethostname(host, sizeof(host) - 1) == 0 &&
		    is_server_name(host))
			TRY(add_name(cx, s, arena_strdup(cx->arena, host)));
		return OK;
	}
	copy = arena_strdup(cx->arena, s->server_names);
	while ((name = strsep(&copy, ",")) != NULL) {
		size_t n;

		name += strspn(name, " \t");
		n = strlen(name);
		while (n > 0 && (name[n - 1] == ' ' || name[n - 1] == '\t'))
			name[--n] = '\0';
		TRY(add_name(cx, s, name));
	}
	return OK;
}

static bool
is_url(const char *text)
{
	static const char http[] = "http://", https[] = "https://";
	size_t n = strlen(text);

	if (n == 0)
		return true;
	for (size_t i = 0; i < n; i++)
		if (text[i] <= ' ' || text[i] >= 0x7f)
			return false;
	return (strncmp(text, http, sizeof(http) - 1) == 0 ||
	    strncmp(text, https, sizeof(https) - 1) == 0) &&
	    text[n - 1] != '/';
}

/* What is wrong with a value, or NULL and the value in C. */
static const char *
check_value(struct ctx *cx, const struct row *row, const char *text,
    const char **out_text, int64_t *out_n)
{
	static const char *const switches[] = { "off", "on" };
	static const char *const responders[] = { "direct", "delegated" };
	static const char *const proofs[] = { "none", "secret", "consent" };
	const char *host, *port;
	uint64_t count;
	int64_t n;

	*out_text = text;
	switch (row->type) {
	case TYPE_COUNT:
		if (!text_parse_uint(text, INT64_MAX, &count))
			return "not a number";
		n = (int64_t)count;
		break;
	case TYPE_TIME:
		if (!text_parse_duration(text, INT64_MAX / 2, &n))
			return "not a time such as 90s, 15m, 24h or 30d";
		break;
	case TYPE_LEVEL:
		*out_n = log_level_find(text);
		return *out_n < 0 ? "not debug, info, warn or error" : NULL;
	case TYPE_SWITCH:
		*out_n = strcmp(text, switches[1]) == 0;
		return *out_n == 1 || strcmp(text, switches[0]) == 0 ? NULL :
		    "not on or off";
	case TYPE_RESPONDER:
		*out_n = strcmp(text, responders[1]) == 0;
		return *out_n == 1 || strcmp(text, responders[0]) == 0 ?
		    NULL : "not direct or delegated";
	case TYPE_PROOF:
		for (n = 0; n < (int64_t)COUNT_OF(proofs) &&
		    strcmp(text, proofs[n]) != 0; n++)
			continue;
		*out_n = n;
		return n < (int64_t)COUNT_OF(proofs) ? NULL :
		    "not none, secret or consent";
	case TYPE_LISTEN:
		return failed(settings_split_listen(cx, text, &host, &port)) ?
		    "not an address and a port, such as 0.0.0.0:8443" : NULL;
	case TYPE_URL:
		if (!is_url(text))
			return "not a http URL without a slash at its end";
		/* FALLTHROUGH */
	default:
		n = (int64_t)strlen(text);
		return n > row->most ? "too long" :
		    n < row->least ? "empty" : NULL;
	}
	*out_n = n;
	return n < row->least || n > row->most ? "out of bounds" : NULL;
}

static struct err
check_all(struct ctx *cx, struct settings *s)
{
	static const char *const sources[] = {
		"default", NULL, "environment", "flag",
	};

	for (int i = 0; i < SET_COUNT; i++) {
		void *place = (char *)s + rows[i].offset;
		const char *text, *why, *source;
		int64_t n = 0;

		why = check_value(cx, &rows[i], s->given[i], &text, &n);
		if (why != NULL) {
			source = sources[s->from[i]];
			return FAIL_TELL(cx, ERR_CONFIG,
			    "%s (%s): \"%s\" is %s", rows[i].key,
			    source == NULL ? s->file : source, s->given[i], why);
		}
		if (rows[i].type <= TYPE_URL)
			memcpy(place, &text, sizeof(text));
		else
			memcpy(place, &n, sizeof(n));
	}
	return OK;
}

/* Empty paths are places in the state folder, or in the signer's, beside it:
 * daad's sandbox opens the one and not the other. */
static void
fill_in(struct ctx *cx, struct settings *s)
{
	const struct { const char **place; const char *name; } paths[] = {
		{ &s->db_path, "/daapki.db" },
		{ &s->journal_dir, SETTINGS_SIGNER_DIR "/journal" },
		{ &s->master_key_file, SETTINGS_SIGNER_DIR "/master.key" },
	};

	size_t n = strlen(s->state_dir);

	while (n > 1 && s->state_dir[n - 1] == '/')
		n--;
	s->state_dir = arena_strndup(cx->arena, s->state_dir, n);
	for (size_t i = 0; i < COUNT_OF(paths); i++)
		if (paths[i].place[0][0] == '\0')
			*paths[i].place = arena_printf(cx->arena, "%s%s",
			    s->state_dir, paths[i].name);
}

struct err
settings_load(struct ctx *cx, int n_args, const char *const *args,
    const char *const *env, struct settings *out)
{
	struct settings s = { .n_names = 0 };

	TRY(read_flags(cx, &s, n_args, args));
	read_environment(&s, env);
	TRY(find_and_read_file(cx, &s));
	for (int i = 0; i < SET_COUNT; i++)
		if (s.given[i] == NULL)
			give(&s, i, rows[i].def, FROM_DEFAULT);
	TRY(check_all(cx, &s));
	TRY(split_names(cx, &s));
	fill_in(cx, &s);
	*out = s;
	return OK;
}

/* --- printing ---------------------------------------------------------- */

/* The value in force: what was left empty is shown as it was filled in. */
static void
print_value(const struct settings *s, int i, FILE *f)
{
	const char *text = s->given[i];

	if (rows[i].type == TYPE_PATH)
		memcpy(&text, (const char *)s + rows[i].offset, sizeof(text));
	if (rows[i].type != TYPE_NAMES) {
		(void)fputs(text, f);
		return;
	}
	for (size_t n = 0; n < s->n_names; n++)
		(void)fprintf(f, "%s%s", n == 0 ? "" : ",", s->names[n]);
}

void
settings_print(const struct settings *s, FILE *f)
{
	static const char *const sources[] = {
		"default", "file", "environment", "flag",
	};
	const char *section = "";

	for (int i = 0; i < SET_COUNT; i++) {
		if (strcmp(section, rows[i].section) != 0)
			(void)fprintf(f, "%s[%s]\n", i == 0 ? "" : "\n",
			    rows[i].section);
		section = rows[i].section;
		(void)fprintf(f, "%s = ", rows[i].key);
		print_value(s, i, f);
		(void)fprintf(f, " ; %s\n", sources[s->from[i]]);
	}
}

/* A sentence as comment lines of at most 76 letters. */
static void
put_comment(struct buf *b, const char *text)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t n = strcspn(text, " ");

		if (column == 0 || column + n + 1 > 76) {
			put_text(b, column == 0 ? "#" : "\n#");
			column = 1;
		}
		put_u8(b, ' ');
		put_bytes(b, SLICE(text, n));
		column += n + 1;
		text += n;
		text += strspn(text, " ");
	}
	put_u8(b, '\n');
}

struct slice
settings_file_text(struct ctx *cx, const struct settings *s)
{
	struct buf b = buf_in(cx->arena, SETTINGS_FILE_MAX);
	const char *section = "";

	put_comment(&b, "Settings of daad; see daapki.conf(5).  A line that "
	    "begins with # shows a default.");
	for (int i = 0; i < SET_COUNT; i++) {
		bool set = i == SET_state_dir || s->from[i] != FROM_DEFAULT;

		if (strcmp(section, rows[i].section) != 0)
			put_fmt(&b, "\n[%s]\n", rows[i].section);
		section = rows[i].section;
		put_u8(&b, '\n');
		put_comment(&b, rows[i].text);
		put_fmt(&b, "%s%s = %s\n", set ? "" : "#", rows[i].key,
		    s->given[i]);
	}
	ASSERT(!b.bad);
	return buf_slice(&b);
}

void
settings_help(FILE *f)
{
	for (int i = 0; i < SET_COUNT; i++) {
		char flag[40];

		(void)snprintf(flag, sizeof(flag), "%s", rows[i].key);
		for (char *p = flag; *p != '\0'; p++)
			if (*p == '_')
				*p = '-';
		(void)fprintf(f, "  --%s=%s\n      %s\n", flag,
		    rows[i].def[0] == '\0' ? "..." : rows[i].def, rows[i].text);
	}
}
