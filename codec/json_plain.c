/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json_plain.h"

#include "base/base.h"

#define DIGITS_MAX	18u	/* no such number overflows */
#define NAME_SIZE	64u

struct scan {
	const uint8_t	*p, *end;
	size_t		 depth, n_containers, n_values;
};

static uint8_t
next(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' ||
	    *s->p == '\n' || *s->p == '\r'))
		s->p++;
	return s->p < s->end ? *s->p : '\0';
}

static bool
take(struct scan *s, uint8_t c)
{
	if (next(s) != c || s->p == s->end)
		return false;
	s->p++;
	return true;
}

/* What is between quotes. */
static bool
take_string(struct scan *s, struct slice *out)
{
	const uint8_t *from;

	if (!take(s, '"'))
		return false;
	from = s->p;
	while (s->p < s->end && *s->p >= 0x20 && *s->p < 0x80 &&
	    *s->p != '"' && *s->p != '\\')
		s->p++;
	if (s->p == s->end || *s->p != '"')
		return false;
	*out = SLICE(from, (size_t)(s->p - from));
	s->p++;
	return true;
}

static json_t *
read_string(struct scan *s)
{
	struct slice text;

	return take_string(s, &text) ?
	    json_stringn_nocheck((const char *)text.p, text.n) : NULL;
}

static json_t *
read_number(struct scan *s)
{
	const uint8_t *from = s->p;
	json_int_t n = 0;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9' &&
	    s->p - from < (ptrdiff_t)DIGITS_MAX)
		n = n * 10 + (*s->p++ - '0');
	if (s->p == from || (*from == '0' && s->p - from > 1))
		return NULL;
	/* More digits, a point or an exponent are jansson's. */
	if (s->p < s->end && *s->p != ',' && *s->p != '}' && *s->p != ']' &&
	    *s->p > ' ')
		return NULL;
	return json_integer(n);
}

static json_t *
read_word(struct scan *s)
{
	static const struct { const char *word; size_t n; json_t *(*make)(void); }
	words[] = {
		{ "true", 4, json_true }, { "false", 5, json_false },
		{ "null", 4, json_null },
	};

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		if ((size_t)(s->end - s->p) < words[i].n ||
		    memcmp(s->p, words[i].word, words[i].n) != 0)
			continue;
		s->p += words[i].n;
		return words[i].make();
	}
	return NULL;
}

static json_t	*read_value(struct scan *);

static bool
read_member(struct scan *s, json_t *object)
{
	char name[NAME_SIZE];
	struct slice text;
	json_t *value;

	if (!take_string(s, &text) || text.n >= sizeof(name) ||
	    !take(s, ':'))
		return false;
	memcpy(name, text.p, text.n);
	name[text.n] = '\0';
	if (json_object_get(object, name) != NULL)
		return false;
	value = read_value(s);
	return value != NULL &&
	    json_object_set_new_nocheck(object, name, value) == 0;
}

static bool
read_item(struct scan *s, json_t *array)
{
	json_t *value = read_value(s);

	return value != NULL && json_array_append_new(array, value) == 0;
}

/* Up to the end that is given. */
static bool
fill(struct scan *s, json_t *into, uint8_t end,
    bool (*read)(struct scan *, json_t *))
{
	/* A container is counted even where it has nothing to count. */
	if (take(s, end))
		return ++s->n_values <= JSON_VALUES_MAX;
	do {
		if (!read(s, into))
			return false;
	} while (take(s, ','));
	return take(s, end);
}

static json_t *
read_container(struct scan *s)
{
	bool is_object = *s->p++ == '{';
	json_t *value = is_object ? json_object() : json_array();

	/* Depth is bounded: for this calls itself. */
	if (++s->depth > JSON_DEPTH_MAX ||
	    ++s->n_containers > JSON_CONTAINERS_MAX || value == NULL ||
	    !fill(s, value, is_object ? '}' : ']',
	    is_object ? read_member : read_item)) {
		json_decref(value);
		return NULL;
	}
	s->depth--;
	return value;
}

static json_t *
read_value(struct scan *s)
{
	uint8_t c = next(s);

	if (++s->n_values > JSON_VALUES_MAX)
		return NULL;
	if (c == '"')
		return read_string(s);
	if (c == '{' || c == '[')
		return read_container(s);
	return c >= '0' && c <= '9' ? read_number(s) : read_word(s);
}

json_t *
json_plain_parse(struct slice text)
{
	struct scan s = { .p = text.p, .end = text.p + text.n };
	uint8_t c = next(&s);
	json_t *value;

	if (c != '{' && c != '[')
		return NULL;
	value = read_value(&s);
	(void)next(&s);
	if (value != NULL && s.p == s.end)
		return value;
	json_decref(value);
	return NULL;
}
