/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/cbor.h"

#include "base/base.h"
#include "base/text.h"

#define MAJOR_SIMPLE	7u
#define KEY_TEXT_MAX	48

/* The parser: what is left, and what may still be allocated. */
struct parse {
	struct ctx	*cx;
	struct reader	 r;
	unsigned	 rules;
	size_t		 n_items;
};

static struct err
wrong(struct parse *p, const char *why)
{
	return FAIL_TELL(p->cx, ERR_EV_MALFORMED, "CBOR: %s", why);
}

/* --- heads ------------------------------------------------------------- */

/* RFC 8949, 3: a major type and an argument. */
static struct err
read_head(struct parse *p, uint8_t *out_major, uint8_t *out_info,
    uint64_t *out_n)
{
	uint8_t first = read_u8(&p->r), info = first & 31;
	struct slice more;
	uint64_t n = 0;

	if (info > 27)
		return wrong(p, info == 31 ? "an indefinite length" :
		    "a reserved head");
	if (info < 24)
		n = info;
	more = read_bytes(&p->r, info < 24 ? 0 : (size_t)1 << (info - 24));
	if (p->r.bad)
		return wrong(p, "it is cut off");
	for (size_t i = 0; i < more.n; i++)
		n = n << 8 | more.p[i];
	/* Of floats and simple values the width is a part of the meaning. */
	if (first >> 5 != MAJOR_SIMPLE && (p->rules & CBOR_ANY_WIDTH) == 0 &&
	    ((info == 24 && n < 24) ||
	    (info > 24 && n >> (4 * more.n) == 0)))
		return wrong(p, "a number in more bytes than it needs");
	*out_major = first >> 5;
	*out_info = info;
	*out_n = n;
	return OK;
}

/* --- items ------------------------------------------------------------- */

static struct err	parse_item(struct parse *, unsigned depth, struct cbor *);

static struct err
parse_string(struct parse *p, struct cbor *item)
{
	if (item->n > p->r.n)
		return wrong(p, "a string is cut off");
	item->string = read_bytes(&p->r, (size_t)item->n);
	if (item->kind == CBOR_TEXT && !text_is_utf8(item->string))
		return wrong(p, "text that is not UTF-8");
	return OK;
}

/* n items; each is a byte at least, so that what is not there costs nothing. */
static struct err
parse_items(struct parse *p, unsigned depth, uint64_t n, struct cbor *item)
{
	struct cbor *items;

	if (n > CBOR_ITEMS_MAX - p->n_items)
		return wrong(p, "too many items");
	if (n > p->r.n)
		return wrong(p, "items are missing");
	if (depth >= CBOR_DEPTH_MAX)
		return wrong(p, "nested too deep");
	p->n_items += (size_t)n;
	items = arena_array(p->cx->arena, (size_t)n, sizeof(*items));
	for (size_t i = 0; i < n; i++)
		TRY(parse_item(p, depth + 1, &items[i]));
	item->items = items;
	return OK;
}

static bool
is_same_key(const struct cbor *a, const struct cbor *b)
{
	return a->kind == b->kind && a->n == b->n &&
	    slice_equal(a->string, b->string);
}

/* Does a come before b? */
static bool
is_before(struct slice a, struct slice b, bool shorter_first)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = memcmp(a.p, b.p, n);

	if (shorter_first && a.n != b.n)
		return a.n < b.n;
	return order < 0 || (order == 0 && a.n < b.n);
}

static struct err
check_key(struct parse *p, const struct cbor *items, size_t i)
{
	const struct cbor *key = &items[2 * i];

	if (key->kind != CBOR_UINT && key->kind != CBOR_NEGATIVE &&
	    key->kind != CBOR_TEXT && key->kind != CBOR_BYTES)
		return wrong(p, "a map key that is no integer and no string");
	for (size_t k = 0; k < i; k++)
		if (is_same_key(&items[2 * k], key))
			return wrong(p, "a map key twice");
	if (i > 0 && (p->rules & (CBOR_ORDERED | CBOR_SHORTER_FIRST)) != 0 &&
	    !is_before(items[2 * (i - 1)].whole, key->whole,
	    (p->rules & CBOR_SHORTER_FIRST) != 0))
		return wrong(p, "map keys out of order");
	return OK;
}

static struct err
parse_map(struct parse *p, unsigned depth, struct cbor *item)
{
	if (item->n > CBOR_PAIRS_MAX)
		return wrong(p, "a map of too many pairs");
	TRY(parse_items(p, depth, 2 * item->n, item));
	for (size_t i = 0; i < item->n; i++)
		TRY(check_key(p, item->items, i));
	return OK;
}

/* RFC 8949, 3.3. */
static struct err
parse_simple(struct parse *p, uint8_t info, struct cbor *item)
{
	static const struct { enum cbor_kind kind; uint64_t n; } rows[] = {
		[20] = { CBOR_BOOL, 0 }, [21] = { CBOR_BOOL, 1 },
		[22] = { CBOR_NULL, 0 }, [23] = { CBOR_UNDEFINED, 0 },
		[25] = { CBOR_FLOAT, 0 }, [26] = { CBOR_FLOAT, 0 },
		[27] = { CBOR_FLOAT, 0 },
	};

	if (info < 20 || info == 24)
		return wrong(p, "a simple value without a meaning");
	item->kind = rows[info].kind;
	item->n = rows[info].n;
	return OK;
}

static struct err
parse_item(struct parse *p, unsigned depth, struct cbor *out)
{
	const uint8_t *start = p->r.p;
	struct cbor item = { .n = 0 };
	struct err e = OK;
	uint8_t major, info;

	TRY(read_head(p, &major, &info, &item.n));
	item.kind = (enum cbor_kind)major;
	if (major == MAJOR_SIMPLE)
		e = parse_simple(p, info, &item);
	else if (item.kind == CBOR_BYTES || item.kind == CBOR_TEXT)
		e = parse_string(p, &item);
	else if (item.kind == CBOR_ARRAY)
		e = parse_items(p, depth, item.n, &item);
	else if (item.kind == CBOR_MAP)
		e = parse_map(p, depth, &item);
	else if (item.kind == CBOR_TAG)
		e = parse_items(p, depth, 1, &item);
	TRY(e);
	item.whole = SLICE(start, (size_t)(p->r.p - start));
	*out = item;
	return OK;
}

struct err
cbor_parse_first(struct ctx *cx, struct slice bytes, unsigned rules,
    struct cbor *out)
{
	struct parse p = { .cx = cx, .r = reader_of(bytes), .rules = rules };

	return parse_item(&p, 1, out);
}

struct err
cbor_parse(struct ctx *cx, struct slice bytes, unsigned rules,
    struct cbor *out)
{
	struct cbor item;

	TRY(cbor_parse_first(cx, bytes, rules, &item));
	if (item.whole.n != bytes.n)
		return FAIL_TELL(cx, ERR_EV_MALFORMED,
		    "CBOR: bytes follow the item");
	*out = item;
	return OK;
}

/* --- looking ------------------------------------------------------------ */

bool
cbor_int(const struct cbor *item, int64_t *out)
{
	if ((item->kind != CBOR_UINT && item->kind != CBOR_NEGATIVE) ||
	    item->n > INT64_MAX)
		return false;
	*out = item->kind == CBOR_UINT ? (int64_t)item->n :
	    -1 - (int64_t)item->n;
	return true;
}

bool
cbor_text_is(const struct cbor *item, const char *text)
{
	return item->kind == CBOR_TEXT &&
	    slice_equal(item->string, slice_text(text));
}

const struct cbor *
cbor_find(const struct cbor *map, int64_t key)
{
	int64_t found;

	for (size_t i = 0; map->kind == CBOR_MAP && i < map->n; i++)
		if (cbor_int(&map->items[2 * i], &found) && found == key)
			return &map->items[2 * i + 1];
	return NULL;
}

const struct cbor *
cbor_find_text(const struct cbor *map, const char *key)
{
	for (size_t i = 0; map->kind == CBOR_MAP && i < map->n; i++)
		if (cbor_text_is(&map->items[2 * i], key))
			return &map->items[2 * i + 1];
	return NULL;
}

const char *
cbor_kind_name(enum cbor_kind kind)
{
	static const char *const names[] = {
		[CBOR_UINT] = "an unsigned integer",
		[CBOR_NEGATIVE] = "a negative integer",
		[CBOR_BYTES] = "a byte string", [CBOR_TEXT] = "text",
		[CBOR_ARRAY] = "an array", [CBOR_MAP] = "a map",
		[CBOR_TAG] = "a tagged item", [CBOR_BOOL] = "a boolean",
		[CBOR_NULL] = "null", [CBOR_UNDEFINED] = "undefined",
		[CBOR_FLOAT] = "a float",
	};

	return names[kind];
}

/* --- walking a map ----------------------------------------------------- */

struct cbor_in
cbor_in(struct ctx *cx, const struct cbor *map, const char *name)
{
	struct cbor_in in = { .cx = cx, .map = map, .name = name };

	if (map->kind != CBOR_MAP)
		in.err = FAIL_TELL(cx, ERR_EV_MALFORMED, "%s: %s, not a map",
		    name, cbor_kind_name(map->kind));
	return in;
}

void
cbor_refuse(struct cbor_in *in, int64_t key, const char *why)
{
	if (!failed(in->err))
		in->err = FAIL_TELL(in->cx, ERR_EV_MALFORMED, "%s: %lld %s",
		    in->name, (long long)key, why);
}

struct err
cbor_in_done(struct cbor_in *in)
{
	return in->err;
}

struct err
cbor_in_done_all(struct cbor_in *in)
{
	TRY(in->err);
	if (in->n_asked != in->map->n)
		return FAIL_TELL(in->cx, ERR_EV_MALFORMED,
		    "%s: a member that does not belong there", in->name);
	return OK;
}

const struct cbor *
cbor_get_any(struct cbor_in *in, int64_t key, enum cbor_need need)
{
	const struct cbor *value;

	if (failed(in->err))
		return NULL;
	value = cbor_find(in->map, key);
	if (value != NULL)
		in->n_asked++;
	else if (need == CBOR_REQUIRED)
		cbor_refuse(in, key, "is missing");
	return value;
}

const struct cbor *
cbor_get(struct cbor_in *in, int64_t key, enum cbor_kind kind,
    enum cbor_need need)
{
	const struct cbor *value = cbor_get_any(in, key, need);

	if (value != NULL && value->kind != kind) {
		cbor_refuse(in, key, arena_printf(in->cx->arena,
		    "is %s, not %s", cbor_kind_name(value->kind),
		    cbor_kind_name(kind)));
		return NULL;
	}
	return value;
}

struct slice
cbor_get_bytes(struct cbor_in *in, int64_t key, enum cbor_need need,
    size_t least, size_t most)
{
	const struct cbor *value = cbor_get(in, key, CBOR_BYTES, need);

	if (value == NULL)
		return SLICE_NONE;
	if (value->string.n < least || value->string.n > most) {
		cbor_refuse(in, key, "is not of its length");
		return SLICE_NONE;
	}
	return value->string;
}

const char *
cbor_get_text(struct cbor_in *in, int64_t key, enum cbor_need need,
    size_t most)
{
	const struct cbor *value = cbor_get(in, key, CBOR_TEXT, need);

	if (value == NULL)
		return NULL;
	if (value->string.n == 0 || value->string.n > most ||
	    !text_is_printable(value->string)) {
		cbor_refuse(in, key, "is too long, empty or not printable");
		return NULL;
	}
	return arena_strndup(in->cx->arena, (const char *)value->string.p,
	    value->string.n);
}

int64_t
cbor_get_int(struct cbor_in *in, int64_t key, enum cbor_need need,
    int64_t least, int64_t most)
{
	const struct cbor *value = cbor_get_any(in, key, need);
	int64_t n;

	if (value == NULL)
		return 0;
	if (!cbor_int(value, &n) || n < least || n > most) {
		cbor_refuse(in, key, "is no integer in its range");
		return 0;
	}
	return n;
}

/* --- writing ------------------------------------------------------------ */

void
cbor_put_head(struct buf *b, enum cbor_kind kind, uint64_t n)
{
	uint8_t major = (uint8_t)(kind << 5);

	ASSERT(kind <= CBOR_TAG);
	if (n < 24) {
		put_u8(b, (uint8_t)(major | n));
	} else if (n <= UINT8_MAX) {
		put_u8(b, major | 24);
		put_u8(b, (uint8_t)n);
	} else if (n <= UINT16_MAX) {
		put_u8(b, major | 25);
		put_be16(b, (uint16_t)n);
	} else if (n <= UINT32_MAX) {
		put_u8(b, major | 26);
		put_be32(b, (uint32_t)n);
	} else {
		put_u8(b, major | 27);
		put_be64(b, n);
	}
}

void
cbor_put_int(struct buf *b, int64_t n)
{
	if (n >= 0)
		cbor_put_head(b, CBOR_UINT, (uint64_t)n);
	else
		cbor_put_head(b, CBOR_NEGATIVE, (uint64_t)(-1 - n));
}

void
cbor_put_bytes(struct buf *b, struct slice s)
{
	cbor_put_head(b, CBOR_BYTES, s.n);
	put_bytes(b, s);
}

void
cbor_put_text(struct buf *b, const char *text)
{
	cbor_put_head(b, CBOR_TEXT, strlen(text));
	put_text(b, text);
}
