/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/base.h"
#include "base/file.h"
#include "base/text.h"

#define PATH_SIZE_MAX		8192u
#define PAGE_MAX		1000u	/* items; the server gives no more */
#define CURSOR_MAX	257u	/* letters, and NUL */
#define SECONDS_MAX		(100 * 365 * INT64_C(86400))

enum cli_exit
cli_exit_of(struct err e)
{
	static const struct { unsigned status; enum cli_exit exit; } by[] = {
		{ 401, CLI_EXIT_AUTH }, { 403, CLI_EXIT_REFUSED },
		{ 404, CLI_EXIT_NOT_FOUND }, { 408, CLI_EXIT_UNREACHABLE },
		{ 409, CLI_EXIT_CONFLICT }, { 429, CLI_EXIT_UNREACHABLE },
		{ 502, CLI_EXIT_UNREACHABLE }, { 503, CLI_EXIT_UNREACHABLE },
	};

	if (!failed(e))
		return CLI_EXIT_OK;
	/* The one 403 that is about who asks, not about what is asked. */
	if (e.code == ERR_AUTH_FORBIDDEN)
		return CLI_EXIT_AUTH;
	if (e.code == ERR_FIELD || e.code == ERR_PARAMETER)
		return CLI_EXIT_USAGE;
	for (size_t i = 0; i < COUNT_OF(by); i++)
		if (by[i].status == err_http(e))
			return by[i].exit;
	return CLI_EXIT_FAILURE;
}

const char *
cli_option(const struct cli *cli, enum option_id id)
{
	return cli->line->options[id];
}

const char *
cli_arg(const struct cli *cli, size_t i)
{
	return i < cli->line->n_args ? cli->line->args[i] : NULL;
}

/* RFC 3986, 2.3: what stands for itself. */
static void
put_encoded(struct buf *b, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

	for (; *text != '\0'; text++)
		if (strchr(plain, *text) != NULL)
			put_u8(b, (uint8_t)*text);
		else
			put_fmt(b, "%%%02X", (unsigned char)*text);
}

const char *
cli_path(struct ctx *cx, const char *pattern, ...)
{
	struct buf b = buf_in(cx->arena, PATH_SIZE_MAX);
	va_list ap;

	va_start(ap, pattern);
	for (; *pattern != '\0'; pattern++) {
		if (pattern[0] == '{' && pattern[1] == '}') {
			put_encoded(&b, va_arg(ap, const char *));
			pattern++;
		} else {
			put_u8(&b, (uint8_t)*pattern);
		}
	}
	va_end(ap);
	put_u8(&b, 0);
	/* A path that long is nobody's; the server says so politely. */
	return b.bad ? "/v1/too-long" : (const char *)b.p;
}

const char *
cli_query(struct ctx *cx, const char *path, const char *name,
    const char *value)
{
	struct buf b = buf_in(cx->arena, PATH_SIZE_MAX);

	if (value == NULL)
		return path;
	put_fmt(&b, "%s%c%s=", path, strchr(path, '?') == NULL ? '?' : '&',
	    name);
	put_encoded(&b, value);
	put_u8(&b, 0);
	return b.bad ? "/v1/too-long" : (const char *)b.p;
}

struct err
cli_tenant_path(struct cli *cli, const char *rest, const char **out)
{
	const char *tenant = cli->settings.tenant;

	if (tenant == NULL || tenant[0] == '\0')
		return FAIL(cli->cx, ERR_PARAMETER, "which tenant? say "
		    "--tenant NAME, or set DAACTL_TENANT or tenant");
	*out = arena_printf(cli->cx->arena, "%s%s",
	    cli_path(cli->cx, "/v1/tenants/{}", tenant), rest);
	return OK;
}

struct err
cli_scope_path(struct cli *cli, const char *rest, const char **out)
{
	if (cli_option(cli, OPT_PLATFORM) == NULL) {
		if (cli->settings.tenant == NULL)
			return FAIL(cli->cx, ERR_PARAMETER, "of whom? say "
			    "--tenant NAME or --platform");
		return cli_tenant_path(cli, rest, out);
	}
	if (cli_option(cli, OPT_TENANT) != NULL)
		return FAIL(cli->cx, ERR_PARAMETER,
		    "--tenant and --platform exclude each other");
	*out = arena_printf(cli->cx->arena, "/v1%s", rest);
	return OK;
}

const char *
cli_device_id(struct ctx *cx, const char *device)
{
	uint8_t hash[crypto_hash_sha256_BYTES];

	if (strchr(device, ':') == NULL)
		return device;
	/* The device ID is the SHA-256 of the hardware ID's text. */
	crypto_hash_sha256(hash, (const uint8_t *)device, strlen(device));
	return text_hex(cx->arena, SLICE_OF(hash));
}

struct err
cli_connect(struct cli *cli)
{
	if (cli->client != NULL)
		return OK;
	return client_new(cli->cx, &cli->settings, &cli->client);
}

/* As cli_ask, with memory and failures in a context of the caller's choice. */
static struct err
ask(struct cli *cli, struct ctx *cx, const char *method, const char *path,
    const json_t *body, json_t **out)
{
	struct client_call call = { .method = method, .path = path };
	struct client_answer answer;

	TRY(cli_connect(cli));
	if (body != NULL) {
		call.content_type = "application/json";
		call.body = json_text(cx, body);
	}
	TRY(client_ask(cx, cli->client, &call, &answer));
	if (answer.body.n == 0) {
		*out = NULL;
		return OK;
	}
	if (failed(json_parse(cx, answer.body, out)))
		return FAIL(cx, ERR_MALFORMED,
		    "the server's answer is not JSON");
	return OK;
}

struct err
cli_ask(struct cli *cli, const char *method, const char *path, json_t *body,
    json_t **out)
{
	if (body != NULL)
		json_keep(cli->cx, body);
	return ask(cli, cli->cx, method, path, body, out);
}

struct err
cli_read_json(struct cli *cli, const char *path, json_t **out)
{
	struct slice text;
	json_t *value;

	TRY(file_read(cli->cx, path, CLI_FILE_MAX, &text));
	if (failed(json_parse(cli->cx, text, &value)))
		return FAIL(cli->cx, ERR_JSON, "%s is not JSON: %s", path,
		    arena_strdup(cli->cx->arena, cli->cx->trail->tell));
	*out = value;
	return OK;
}

struct err
cli_print(struct cli *cli, const json_t *value)
{
	if (!cli->json) {
		table_fields(cli->cx, cli->out, value);
		return OK;
	}
	if (json_dumpf(value, cli->out, JSON_INDENT(2)) != 0)
		return FAIL(cli->cx, ERR_IO, "the answer could not be written");
	(void)fputc('\n', cli->out);
	return OK;
}

struct err
cli_show(struct cli *cli, const char *method, const char *path, json_t *body)
{
	json_t *value;

	TRY(cli_ask(cli, method, path, body, &value));
	return cli_print(cli, value == NULL ?
	    json_keep(cli->cx, json_object()) : value);
}

struct err
cli_show_certificate(struct cli *cli, const char *path)
{
	const char *pem;
	json_t *value;

	TRY(cli_ask(cli, "GET", path, NULL, &value));
	if (cli_option(cli, OPT_PEM) == NULL)
		return cli_print(cli, value);
	pem = json_string_value(json_object_get(value, "certificate"));
	if (pem == NULL)
		return FAIL(cli->cx, ERR_MALFORMED,
		    "the server's answer holds no certificate");
	(void)fputs(pem, cli->out);
	return OK;
}

struct err
cli_call(struct cli *cli, const struct client_call *call,
    struct client_answer *out)
{
	TRY(cli_connect(cli));
	return client_ask(cli->cx, cli->client, call, out);
}

struct err
cli_delete(struct cli *cli, const char *path, const char *fmt, ...)
{
	json_t *nothing;
	char text[512];
	va_list ap;

	TRY(cli_ask(cli, "DELETE", path, NULL, &nothing));
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (cli->json)
		(void)fputs("{}\n", cli->out);
	else
		(void)fprintf(cli->out, "%s\n", table_safe(cli->cx, text));
	return OK;
}

/* Where the following of a list stands. */
struct walk {
	const char	*path;
	char		 after[CURSOR_MAX]; /* "": from the beginning */
	uint64_t	 left;		/* items still wanted */
	uint64_t	 n;		/* items printed */
	bool		 begun;		/* the JSON document is open */
	bool		 more;		/* the server has more */
};

static struct err
list_limit(struct cli *cli, uint64_t *out)
{
	const char *limit = cli_option(cli, OPT_LIMIT);

	*out = UINT64_MAX;
	if (limit != NULL &&
	    (!text_parse_uint(limit, UINT32_MAX, out) || *out == 0))
		return FAIL(cli->cx, ERR_PARAMETER,
		    "--limit is a number from 1 to %u", UINT32_MAX);
	return OK;
}

static void
print_items(struct cli *cli, struct ctx *cx, struct table *table,
    struct walk *walk, const json_t *items)
{
	size_t i;
	json_t *item;

	if (!cli->json) {
		table_rows(cx, table, items);
		walk->n += json_array_size(items);
		return;
	}
	/* Nothing is printed before the first page has come. */
	if (!walk->begun)
		(void)fputs("{\"items\":[", cli->out);
	walk->begun = true;
	json_array_foreach(items, i, item) {
		(void)fputs(walk->n++ > 0 ? ",\n" : "\n", cli->out);
		(void)json_dumpf(item, cli->out, JSON_COMPACT);
	}
}

/* One page: ask, print, move on. */
static struct err
list_page(struct cli *cli, struct ctx *cx, struct table *table,
    struct walk *walk)
{
	uint64_t want = walk->left < PAGE_MAX ? walk->left : PAGE_MAX;
	const char *path = cli_query(cx, walk->path, "limit",
	    arena_printf(cx->arena, "%u", (unsigned)want));
	const json_t *items;
	const char *next;
	json_t *page;

	if (walk->after[0] != '\0')
		path = cli_query(cx, path, "after", walk->after);
	TRY(ask(cli, cx, "GET", path, NULL, &page));
	items = json_object_get(page, "items");
	next = json_string_value(json_object_get(page, "next"));
	if (!json_is_array(items) || (next != NULL &&
	    (strlen(next) >= sizeof(walk->after) ||
	    strcmp(next, walk->after) == 0)))
		return FAIL(cx, ERR_MALFORMED, "the server's answer is no list");
	print_items(cli, cx, table, walk, items);
	walk->left -= json_array_size(items) < walk->left ?
	    json_array_size(items) : walk->left;
	walk->more = next != NULL;
	(void)snprintf(walk->after, sizeof(walk->after), "%s",
	    next == NULL ? "" : next);
	return OK;
}

/* Each page has memory of its own, so a list of any length can be followed. */
static struct err
list_pages(struct cli *cli, struct table *table, struct walk *walk)
{
	struct ctx_root root;
	struct err e = OK;

	ctx_root_init(&root, cli->cx->log);
	do {
		ctx_root_reset(&root);
		e = list_page(cli, &root.cx, table, walk);
		if (!failed(e) && walk->more)
			cli_progress(cli, "%llu items",
			    (unsigned long long)walk->n);
	} while (!failed(e) && walk->more && walk->left > 0 &&
	    !ferror(cli->out));
	cli_progress_end(cli);
	if (failed(e))
		*cli->cx->trail = root.trail;
	ctx_root_fini(&root);
	return e;
}

static void
end_list(struct cli *cli, const struct walk *walk)
{
	if (!cli->json) {
		if (walk->more)
			(void)fprintf(stderr, "daactl: there are more; "
			    "--limit stopped the list\n");
		return;
	}
	(void)fprintf(cli->out, "%s]", walk->n > 0 ? "\n" : "");
	if (walk->more)
		(void)fprintf(cli->out, ",\"next\":%s",
		    (const char *)json_text(cli->cx, json_keep(cli->cx,
		    json_string(walk->after))).p);
	(void)fputs("}\n", cli->out);
}

struct err
cli_list(struct cli *cli, const char *path, const struct column *columns,
    size_t n_columns)
{
	struct table table = {
		.out = cli->out, .style = cli->style, .columns = columns,
		.n_columns = n_columns,
	};
	struct walk walk = { .path = path };
	const char *after = cli_option(cli, OPT_AFTER);

	TRY(list_limit(cli, &walk.left));
	if (after != NULL && strlen(after) >= sizeof(walk.after))
		return FAIL(cli->cx, ERR_PARAMETER, "--after is too long");
	(void)snprintf(walk.after, sizeof(walk.after), "%s",
	    after == NULL ? "" : after);
	/* The client outlives the memory of the pages. */
	TRY(cli_connect(cli));
	TRY(list_pages(cli, &table, &walk));
	end_list(cli, &walk);
	return OK;
}

struct err
cli_pem_block(struct cli *cli, const char *path, struct slice file,
    const char *label, struct slice *out)
{
	const char *text = arena_strndup(cli->cx->arena, (const char *)file.p,
	    file.n);
	const char *begin = arena_printf(cli->cx->arena,
	    "-----BEGIN %s-----", label);
	const char *end = arena_printf(cli->cx->arena, "-----END %s-----",
	    label);
	const char *from = strstr(text, begin), *to;

	*out = SLICE_NONE;
	if (from == NULL && strstr(text, "-----BEGIN ") != NULL)
		return FAIL(cli->cx, ERR_MALFORMED,
		    "%s holds PEM, but no %s", path, label);
	if (from == NULL)
		return OK;
	to = strstr(from, end);
	if (to == NULL)
		return FAIL(cli->cx, ERR_MALFORMED, "%s is cut off", path);
	if (strstr(to, begin) != NULL)
		return FAIL(cli->cx, ERR_MALFORMED,
		    "%s holds more than one %s", path, label);
	*out = SLICE(from, (size_t)(to - from) + strlen(end));
	return OK;
}

struct err
cli_write(struct cli *cli, mode_t mode, struct slice text)
{
	const char *path = cli_option(cli, OPT_OUT);

	if (path != NULL && strcmp(path, "-") != 0)
		return file_replace(cli->cx, path, mode, text);
	if (fwrite(text.p, 1, text.n, cli->out) != text.n)
		return FAIL(cli->cx, ERR_IO, "the answer could not be written");
	return OK;
}

void
cli_progress(const struct cli *cli, const char *fmt, ...)
{
	va_list ap;

	if (!cli->progress)
		return;
	(void)fputs("\r", stderr);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputs("\033[K", stderr);
	(void)fflush(stderr);
}

void
cli_progress_end(const struct cli *cli)
{
	if (cli->progress)
		(void)fputs("\r\033[K", stderr);
}

void
cli_put_text(json_t *object, const char *member, const char *value)
{
	if (value != NULL)
		json_object_set_new(object, member, json_string(value));
}

void
cli_put_bool(json_t *object, const char *member, const char *value)
{
	if (value != NULL)
		json_object_set_new(object, member,
		    json_boolean(strcmp(value, "true") == 0));
}

struct err
cli_put_seconds(struct cli *cli, json_t *object, const char *member,
    enum option_id id)
{
	const char *value = cli_option(cli, id);
	int64_t seconds = 0;

	if (value == NULL)
		return OK;
	if (strcmp(value, "0") != 0 &&
	    !text_parse_duration(value, SECONDS_MAX, &seconds))
		return FAIL(cli->cx, ERR_PARAMETER,
		    "--%s is a duration such as 90s, 15m, 24h or 30d",
		    command_option(id)->name);
	json_object_set_new(object, member, json_integer(seconds));
	return OK;
}

struct err
cli_put_number(struct cli *cli, json_t *object, const char *member,
    enum option_id id, uint64_t max)
{
	const char *value = cli_option(cli, id);
	uint64_t number;

	if (value == NULL)
		return OK;
	if (!text_parse_uint(value, max, &number))
		return FAIL(cli->cx, ERR_PARAMETER,
		    "--%s is a number from 0 to %llu",
		    command_option(id)->name, (unsigned long long)max);
	json_object_set_new(object, member, json_integer((int64_t)number));
	return OK;
}

struct err
cli_put_expiry(struct cli *cli, json_t *object)
{
	const char *at = cli_option(cli, OPT_EXPIRES_AT);
	const char *in = cli_option(cli, OPT_EXPIRES_IN);
	int64_t seconds;

	if (at != NULL && in != NULL)
		return FAIL(cli->cx, ERR_PARAMETER,
		    "--expires-at and --expires-in exclude each other");
	if (at != NULL && !text_parse_time(at, &seconds))
		return FAIL(cli->cx, ERR_PARAMETER, "--expires-at is a time "
		    "such as 2027-01-31T00:00:00Z");
	if (in != NULL && !text_parse_duration(in, SECONDS_MAX, &seconds))
		return FAIL(cli->cx, ERR_PARAMETER, "--expires-in is a "
		    "duration such as 90s, 15m, 24h or 30d");
	if (in != NULL)
		at = text_time_dup(cli->cx->arena, ctx_now(cli->cx) + seconds);
	cli_put_text(object, "expires_at", at);
	return OK;
}
