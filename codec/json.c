/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/json.h"

#include <stdlib.h>

#include "base/base.h"
#include "base/text.h"
#include "codec/base64.h"
#include "codec/json_plain.h"

static void
release(void *value)
{
	json_decref(value);
}

json_t *
json_keep(struct ctx *cx, json_t *value)
{
	ASSERT(value != NULL);
	arena_defer(cx->arena, release, value);
	return value;
}

struct slice
json_text(struct ctx *cx, const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	ASSERT(text != NULL);
	arena_defer(cx->arena, free, text);
	return slice_text(text);
}

const char *
json_member_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text == NULL ? "" : text;
}

bool
json_member_bytes(struct ctx *cx, const json_t *object, const char *name,
    size_t max, struct slice *out)
{
	const char *text = json_member_text(object, name);

	return text[0] != '\0' && base64url_parse(cx->arena, text,
	    strlen(text), max, out);
}

/* What a text holds at most, seen without reading it. */
struct extent { size_t depth, n_containers, n_values; };

/* One character outside strings. */
static void
note_char(uint8_t c, size_t *depth, struct extent *e)
{
	if (c == '{' || c == '[') {
		e->n_containers++;
		if (++*depth > e->depth)
			e->depth = *depth;
	} else if ((c == '}' || c == ']') && *depth > 0) {
		--*depth;
	} else if (c == ',') {
		e->n_values++;
	}
}

static struct extent
extent_of(struct slice text)
{
	struct extent e = { .depth = 0 };
	bool in_string = false;
	size_t depth = 0;

	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];

		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string)
			note_char(c, &depth, &e);
	}
	e.n_values += e.n_containers;
	return e;
}

/* jansson recurses, to a bound of its own of 2048, and keeps what it reads;
 * ours are checked before it runs. */
static struct err
check_extent(struct ctx *cx, struct slice text)
{
	struct extent e = extent_of(text);

	if (e.depth > JSON_DEPTH_MAX)
		return FAIL_TELL(cx, ERR_JSON, "nested deeper than %u",
		    JSON_DEPTH_MAX);
	if (e.n_containers > JSON_CONTAINERS_MAX)
		return FAIL_TELL(cx, ERR_JSON,
		    "more than %u objects and arrays", JSON_CONTAINERS_MAX);
	if (e.n_values > JSON_VALUES_MAX)
		return FAIL_TELL(cx, ERR_JSON, "more than %u values",
		    JSON_VALUES_MAX);
	return OK;
}

struct err
json_parse(struct ctx *cx, struct slice text, json_t **out)
{
	json_t *value = json_plain_parse(text);
	json_error_t error;

	if (value != NULL) {
		*out = json_keep(cx, value);
		return OK;
	}
	TRY(check_extent(cx, text));
	value = json_loadb((const char *)text.p, text.n,
	    JSON_REJECT_DUPLICATES, &error);
	if (value == NULL)
		return FAIL_TELL(cx, ERR_JSON, "line %d, column %d: %s",
		    error.line, error.column, error.text);
	*out = json_keep(cx, value);
	return OK;
}

const char *
json_pointer(struct ctx *cx, const char *base, const char *name)
{
	struct buf b = buf_in(cx->arena, TRAIL_POINTER_MAX);

	put_text(&b, base);
	put_u8(&b, '/');
	for (; *name != '\0'; name++) {
		if (*name == '~')
			put_text(&b, "~0");
		else if (*name == '/')
			put_text(&b, "~1");
		else
			put_u8(&b, (uint8_t)*name);
	}
	put_u8(&b, 0);
	return b.bad ? base : (const char *)b.p;
}

const char *
json_pointer_item(struct ctx *cx, const char *base, size_t i)
{
	return arena_printf(cx->arena, "%s/%zu", base, i);
}

struct json_in
json_in(struct ctx *cx, const json_t *object, const char *pointer)
{
	struct json_in in = {
		.cx = cx, .object = object, .pointer = pointer,
		.code = ERR_FIELD, .err = OK,
	};

	if (!json_is_object(object))
		in.err = FAIL_AT(cx, ERR_FIELD, pointer, "must be an object");
	return in;
}

void
json_refuse(struct json_in *in, const char *name, const char *why)
{
	if (failed(in->err))
		return;
	in->err = FAIL_AT(in->cx, in->code,
	    json_pointer(in->cx, in->pointer, name), "%s: %s", name, why);
}

const json_t *
json_get(struct json_in *in, const char *name, enum json_need need)
{
	const json_t *value;

	if (failed(in->err))
		return NULL;
	ASSERT(in->n_seen < JSON_MEMBERS_MAX);
	in->seen[in->n_seen++] = name;
	value = json_object_get(in->object, name);
	if (json_is_null(value))
		value = NULL;
	if (value == NULL && need == JSON_REQUIRED)
		json_refuse(in, name, "is missing");
	return value;
}

struct json_in
json_in_member(struct json_in *in, const char *name, enum json_need need,
    bool *out_present)
{
	const json_t *value = json_get(in, name, need);
	struct json_in inner = { .cx = in->cx, .code = in->code };

	*out_present = value != NULL;
	if (value != NULL) {
		inner = json_in(in->cx, value,
		    json_pointer(in->cx, in->pointer, name));
		inner.code = in->code;
		if (failed(inner.err))
			in->err = inner.err;
	}
	return inner;
}

static bool
was_asked(const struct json_in *in, const char *name)
{
	for (size_t i = 0; i < in->n_seen; i++)
		if (strcmp(in->seen[i], name) == 0)
			return true;
	return false;
}

struct err
json_in_done(struct json_in *in)
{
	const char *name;
	json_t *value;

	if (in->object == NULL && !failed(in->err))
		return OK;
	if (!failed(in->err)) {
		json_object_foreach((json_t *)(uintptr_t)in->object, name,
		    value) {
			if (!was_asked(in, name)) {
				json_refuse(in, name, "is not known here");
				break;
			}
		}
	}
	return in->err;
}

const char *
json_get_text(struct json_in *in, const char *name, enum json_need need,
    size_t max)
{
	const json_t *value = json_get(in, name, need);

	if (value == NULL)
		return NULL;
	if (!json_is_string(value)) {
		json_refuse(in, name, "must be a string");
		return NULL;
	}
	if (json_string_length(value) == 0 ||
	    json_string_length(value) > max ||
	    !text_is_printable(SLICE(json_string_value(value),
	    json_string_length(value)))) {
		json_refuse(in, name,
		    "must be printable text that is neither empty nor too long");
		return NULL;
	}
	return json_string_value(value);
}

const char *
json_get_name(struct json_in *in, const char *name, enum json_need need)
{
	const char *text = json_get_text(in, name, need, TEXT_NAME_MAX);

	if (text != NULL && !text_is_name(text)) {
		json_refuse(in, name, "must be 1 to 63 of a-z, 0-9 and -, "
		    "with a letter or digit at both ends");
		return NULL;
	}
	return text;
}

int64_t
json_get_int(struct json_in *in, const char *name, int64_t least, int64_t most,
    int64_t fallback)
{
	const json_t *value = json_get(in, name, JSON_OPTIONAL);
	int64_t v;

	if (value == NULL)
		return fallback;
	v = json_integer_value(value);
	if (!json_is_integer(value) || v < least || v > most) {
		json_refuse(in, name, arena_printf(in->cx->arena,
		    "must be an integer from %lld to %lld", (long long)least,
		    (long long)most));
		return fallback;
	}
	return v;
}

bool
json_get_bool(struct json_in *in, const char *name, bool fallback)
{
	const json_t *value = json_get(in, name, JSON_OPTIONAL);

	if (value == NULL)
		return fallback;
	if (!json_is_boolean(value)) {
		json_refuse(in, name, "must be true or false");
		return fallback;
	}
	return json_is_true(value);
}

int64_t
json_get_time(struct json_in *in, const char *name, int64_t fallback_s)
{
	const char *text = json_get_text(in, name, JSON_OPTIONAL, 32);
	int64_t at_s;

	if (text == NULL)
		return fallback_s;
	if (!text_parse_time(text, &at_s)) {
		json_refuse(in, name,
		    "must be a UTC time like 2026-01-31T12:00:00Z");
		return fallback_s;
	}
	return at_s;
}

static bool
bytes_of(struct json_in *in, const json_t *value, size_t max,
    struct slice *out)
{
	return json_is_string(value) && base64url_parse(in->cx->arena,
	    json_string_value(value), json_string_length(value), max, out) &&
	    out->n > 0;
}

struct slice
json_get_bytes(struct json_in *in, const char *name, enum json_need need,
    size_t max)
{
	const json_t *value = json_get(in, name, need);
	struct slice s = SLICE_NONE;

	if (value != NULL && !bytes_of(in, value, max, &s)) {
		json_refuse(in, name,
		    "must be base64url without padding, within its limit");
		return SLICE_NONE;
	}
	return s;
}

struct slice
json_get_hex(struct json_in *in, const char *name, enum json_need need,
    size_t max)
{
	const json_t *value = json_get(in, name, need);
	struct slice s = SLICE_NONE;

	if (value == NULL)
		return s;
	if (!json_is_string(value) ||
	    strlen(json_string_value(value)) != json_string_length(value) ||
	    !text_unhex_any(in->cx->arena, json_string_value(value), max,
	    &s) || s.n == 0) {
		json_refuse(in, name, "must be lower-case hex, within its limit");
		return SLICE_NONE;
	}
	return s;
}

const json_t *
json_get_array(struct json_in *in, const char *name, enum json_need need,
    size_t max)
{
	const json_t *value = json_get(in, name, need);

	if (value == NULL)
		return NULL;
	if (!json_is_array(value) || json_array_size(value) > max) {
		json_refuse(in, name, arena_printf(in->cx->arena,
		    "must be an array of at most %zu items", max));
		return NULL;
	}
	return value;
}

size_t
json_get_bytes_array(struct json_in *in, const char *name,
    enum json_need need, size_t n_max, size_t max, struct slice **out)
{
	const json_t *array = json_get_array(in, name, need, n_max);
	size_t n = json_array_size(array);

	*out = arena_array(in->cx->arena, n, sizeof(**out));
	for (size_t i = 0; i < n; i++) {
		if (!bytes_of(in, json_array_get(array, i), max, &(*out)[i])) {
			json_refuse(in, name, "must hold base64url strings "
			    "without padding, within their limit");
			return 0;
		}
	}
	return n;
}
