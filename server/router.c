/* SPDX-License-Identifier: Apache-2.0 */
#include "server/router.h"

#include <stdio.h>

#include "base/base.h"
#include "base/text.h"

#define SEGMENTS_MAX	16u	/* no pattern has more */

struct segments {
	size_t		 n;
	bool		 more;			/* than that many */
	const char	*raw[SEGMENTS_MAX];	/* from there to the end */
	const char	*text[SEGMENTS_MAX];	/* decoded; NULL: fits no pattern */
};

static int
hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool
router_decode(struct arena *arena, struct slice s, char **out)
{
	char *text = arena_alloc(arena, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];

		if (c == '%') {
			int high = s.n - i > 2 ? hex_value(s.p[i + 1]) : -1;
			int low = s.n - i > 2 ? hex_value(s.p[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = (uint8_t)(high << 4 | low);
			i += 2;
		}
		if (c == '\0')
			return false;
		text[n++] = (char)c;
	}
	*out = text;
	return true;
}

static bool
split(struct arena *arena, const char *path, struct segments *out)
{
	out->n = 0;
	out->more = false;
	while (*path == '/') {
		size_t n = strcspn(path + 1, "/");
		char *text;
		bool good;

		if (out->n == SEGMENTS_MAX) {
			out->more = true;
			return true;
		}
		good = router_decode(arena, SLICE(path + 1, n), &text) &&
		    strchr(text, '/') == NULL &&
		    text_is_printable(slice_text(text));
		out->raw[out->n] = path + 1;
		out->text[out->n++] = good ? text : NULL;
		path += 1 + n;
	}
	return *path == '\0' && out->n > 0;
}

/* The rest of the path, for a last segment {name*}. */
static bool
rest_fits(struct arena *arena, const char *raw, size_t *n_params,
    struct router_match *m)
{
	char *text;

	if (!router_decode(arena, slice_text(raw), &text) ||
	    !text_is_printable(slice_text(text)) || text[0] == '\0')
		return false;
	ASSERT(*n_params < HTTP_PARAMS_MAX);
	m->params[(*n_params)++] = text;
	return true;
}

/* One segment against one of a pattern; names are kept in m. */
static bool
segment_fits(struct arena *arena, struct slice pattern, const char *text,
    size_t *n_params, struct router_match *m)
{
	const uint8_t *close;
	struct slice suffix;
	size_t n = text == NULL ? 0 : strlen(text);

	if (text == NULL)
		return false;
	if (pattern.n == 0 || pattern.p[0] != '{')
		return slice_equal(pattern, slice_text(text));
	close = memchr(pattern.p, '}', pattern.n);
	ASSERT(close != NULL && *n_params < HTTP_PARAMS_MAX);
	suffix = SLICE(close + 1, (size_t)(pattern.p + pattern.n - close - 1));
	if (n <= suffix.n || (suffix.n > 0 &&
	    memcmp(text + n - suffix.n, suffix.p, suffix.n) != 0))
		return false;
	m->params[*n_params] = arena_strndup(arena, text, n - suffix.n);
	if (slice_equal(SLICE(pattern.p, (size_t)(close + 1 - pattern.p)),
	    slice_text("{tenant}")))
		m->tenant = m->params[*n_params];
	(*n_params)++;
	return true;
}

/*
 * Whether a pattern fits, and how well: a bit for each segment, the first
 * segment highest, set where the pattern is literal.
 */
static bool
pattern_fits(struct arena *arena, const char *pattern,
    const struct segments *path, unsigned *out_rank, struct router_match *m)
{
	size_t n_params = 0;
	unsigned rank = 0;

	for (size_t i = 0; i < path->n; i++) {
		size_t n;

		if (*pattern != '/')
			return false;
		n = strcspn(++pattern, "/");
		*out_rank = rank;
		if (n > 2 && memcmp(pattern + n - 2, "*}", 2) == 0)
			return rest_fits(arena, path->raw[i], &n_params, m);
		if (!segment_fits(arena, SLICE(pattern, n), path->text[i],
		    &n_params, m))
			return false;
		rank |= (*pattern != '{' ? 1u : 0u) << (SEGMENTS_MAX - i);
		pattern += n;
	}
	*out_rank = rank;
	return *pattern == '\0' && !path->more;
}

/* Methods as Allow has them; a route's method is one of these. */
static const char *const methods[] =
    { "DELETE", "GET", "HEAD", "PATCH", "POST", "PUT" };

static unsigned
method_bit(const char *method)
{
	for (unsigned i = 0; i < COUNT_OF(methods); i++)
		if (strcmp(methods[i], method) == 0)
			return 1u << i;
	return 0;
}

static void
print_methods(unsigned set, char out[static ROUTER_ALLOW_MAX])
{
	size_t n = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < COUNT_OF(methods); i++)
		if ((set & 1u << i) != 0)
			n += (size_t)snprintf(out + n, ROUTER_ALLOW_MAX - n,
			    "%s%s", n == 0 ? "" : ", ", methods[i]);
}

struct best {
	struct router_match	match;
	unsigned		rank;
	unsigned		methods;	/* of every pattern that fits */
};

static void
consider(struct arena *arena, const struct route *route, const char *method,
    const struct segments *path, struct best *best)
{
	struct router_match m = { .route = route };
	unsigned rank;

	if (!pattern_fits(arena, route->path, path, &rank, &m))
		return;
	best->methods |= method_bit(route->method);
	if (strcmp(route->method, method) != 0 ||
	    (best->match.route != NULL && best->rank > rank))
		return;
	best->match = m;
	best->rank = rank;
}

struct err
router_find(struct ctx *cx, const struct route_table *const *tables,
    size_t n_tables, enum plane plane, const char *method, const char *path,
    struct router_match *out)
{
	struct best best = { .rank = 0 };
	struct segments segments;

	if (strlen(path) > ROUTER_PATH_MAX ||
	    !split(cx->arena, path, &segments))
		return FAIL(cx, ERR_ROUTE, "path cannot be read");
	if (strcmp(method, "HEAD") == 0)
		method = "GET";
	for (size_t t = 0; t < n_tables; t++)
		for (size_t i = 0; i < tables[t]->n; i++)
			if (tables[t]->routes[i].plane == plane)
				consider(cx->arena, &tables[t]->routes[i],
				    method, &segments, &best);
	if ((best.methods & method_bit("GET")) != 0)
		best.methods |= method_bit("HEAD");
	print_methods(best.methods, best.match.allow);
	*out = best.match;
	if (best.methods == 0)
		return FAIL(cx, ERR_ROUTE, "no such path");
	if (best.match.route == NULL)
		return FAIL(cx, ERR_METHOD, "allowed: %s", best.match.allow);
	return OK;
}
