/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/der.h"

#include <stdio.h>

#include "base/base.h"
#include "base/text.h"

#define TAG_NUMBER_MASK	0x1fu
#define TAG_NUMBER_MAX	0xffffffu
#define UTC_TIME_SIZE	13u	/* YYMMDDHHMMSSZ */
#define GEN_TIME_SIZE	15u	/* YYYYMMDDHHMMSSZ */
#define UTC_TIME_BEGIN_S INT64_C(-631152000)	/* 1950-01-01T00:00:00Z */
#define UTC_TIME_END_S	INT64_C(2524608000)	/* 2050-01-01T00:00:00Z */

static struct slice
bad(struct reader *r)
{
	r->bad = true;
	return SLICE_NONE;
}

uint8_t
der_peek(const struct reader *r)
{
	return r->bad || r->n == 0 ? 0 : r->p[0];
}

/* X.690, 10.1: definite, in the fewest bytes. */
static size_t
read_length(struct reader *r)
{
	uint8_t first = read_u8(r);
	size_t n = 0, width = first & 0x7fu;

	if (first < 0x80)
		return first;
	if (width == 0 || width > 4) {
		r->bad = true;
		return 0;
	}
	for (size_t i = 0; i < width; i++)
		n = n << 8 | read_u8(r);
	if (n < 0x80 || n >> (8 * (width - 1)) == 0)
		r->bad = true;
	return n;
}

struct slice
der_read_any(struct reader *r, uint8_t *out_tag)
{
	uint8_t tag = read_u8(r);
	size_t n;

	if ((tag & TAG_NUMBER_MASK) == TAG_NUMBER_MASK || tag == 0)
		r->bad = true;
	n = read_length(r);
	*out_tag = r->bad ? 0 : tag;
	return read_bytes(r, n);
}

struct slice
der_read(struct reader *r, uint8_t tag)
{
	uint8_t found;
	struct slice s = der_read_any(r, &found);

	return r->bad || found != tag ? bad(r) : s;
}

struct slice
der_read_whole(struct reader *r, uint8_t tag)
{
	const uint8_t *start = r->p;

	(void)der_read(r, tag);
	return r->bad ? SLICE_NONE : SLICE(start, (size_t)(r->p - start));
}

struct reader
der_enter(struct reader *r, uint8_t tag)
{
	struct reader inner = reader_of(der_read(r, tag));

	inner.bad = r->bad;
	return inner;
}

/* Base 128, in the fewest bytes, and above what one byte can say. */
static uint32_t
read_high_number(struct reader *r)
{
	uint32_t number = 0;
	uint8_t byte;

	do {
		byte = read_u8(r);
		if (byte == 0x80 && number == 0)
			r->bad = true;
		if (number > TAG_NUMBER_MAX >> 7)
			r->bad = true;
		number = number << 7 | (byte & 0x7fu);
	} while (byte >= 0x80 && !r->bad);
	if (number < TAG_NUMBER_MASK)
		r->bad = true;
	return number;
}

struct reader
der_enter_numbered(struct reader *r, uint32_t *out_number)
{
	uint8_t first = read_u8(r);
	uint32_t number = first & TAG_NUMBER_MASK;
	struct reader inner;
	size_t n;

	if ((first & ~TAG_NUMBER_MASK) != DER_CONTEXT(0))
		r->bad = true;
	if (number == TAG_NUMBER_MASK)
		number = read_high_number(r);
	n = read_length(r);
	inner = reader_of(read_bytes(r, n));
	inner.bad = r->bad;
	*out_number = r->bad ? 0 : number;
	return inner;
}

void
der_leave(struct reader *outer, const struct reader *inner)
{
	if (!read_done(inner))
		outer->bad = true;
}

bool
der_read_bool(struct reader *r)
{
	struct slice s = der_read(r, DER_BOOLEAN);

	if (s.n != 1 || (s.p[0] != 0x00 && s.p[0] != 0xff)) {
		r->bad = true;
		return false;
	}
	return s.p[0] == 0xff;
}

/* X.690, 8.3.2: not empty, and the first nine bits differ. */
static bool
is_minimal(struct slice s)
{
	if (s.n == 0)
		return false;
	if (s.n == 1)
		return true;
	return !(s.p[0] == 0x00 && s.p[1] < 0x80) &&
	    !(s.p[0] == 0xff && s.p[1] >= 0x80);
}

struct slice
der_read_unsigned(struct reader *r)
{
	struct slice s = der_read(r, DER_INTEGER);

	if (!is_minimal(s) || s.p[0] >= 0x80)
		return bad(r);
	if (s.p[0] == 0)
		return SLICE(s.p + 1, s.n - 1);
	return s;
}

uint64_t
der_read_uint(struct reader *r)
{
	struct slice s = der_read_unsigned(r);
	uint64_t v = 0;

	if (s.n > sizeof(v)) {
		r->bad = true;
		return 0;
	}
	for (size_t i = 0; i < s.n; i++)
		v = v << 8 | s.p[i];
	return v;
}

struct slice
der_read_bits(struct reader *r)
{
	struct slice s = der_read(r, DER_BIT_STRING);

	if (s.n == 0 || s.p[0] != 0)
		return bad(r);
	return SLICE(s.p + 1, s.n - 1);
}

uint16_t
der_read_named_bits(struct reader *r)
{
	struct slice s = der_read(r, DER_BIT_STRING);
	uint16_t bits = 0;
	unsigned n;

	if (s.n < 1 || s.n > 3 || s.p[0] > 7 || (s.n == 1 && s.p[0] != 0)) {
		r->bad = true;
		return 0;
	}
	if (s.n == 1)
		return 0;
	n = 8 * (unsigned)(s.n - 1) - s.p[0];
	for (unsigned i = 0; i < n; i++)
		if ((s.p[1 + i / 8] & 0x80u >> i % 8) != 0)
			bits = (uint16_t)(bits | 1u << i);
	/* The last bit said is a one and the unused ones are zero. */
	if ((bits >> (n - 1) & 1) == 0 ||
	    (s.p[s.n - 1] & ((1u << s.p[0]) - 1)) != 0)
		r->bad = true;
	return r->bad ? 0 : bits;
}

/* X.690, 8.19.2: no component begins with 0x80, none is cut off. */
static bool
is_oid(struct slice s)
{
	bool at_start = true;

	for (size_t i = 0; i < s.n; i++) {
		if (at_start && s.p[i] == 0x80)
			return false;
		at_start = s.p[i] < 0x80;
	}
	return s.n > 0 && at_start;
}

struct slice
der_read_oid(struct reader *r)
{
	struct slice s = der_read(r, DER_OID);

	return is_oid(s) ? s : bad(r);
}

static bool
digits(struct slice *s, size_t n, int *out)
{
	int v = 0;

	for (size_t i = 0; i < n; i++) {
		if (s->p[i] < '0' || s->p[i] > '9')
			return false;
		v = v * 10 + (s->p[i] - '0');
	}
	*s = SLICE(s->p + n, s->n - n);
	*out = v;
	return true;
}

/* What follows the year: month, day, hours, minutes, seconds, Z. */
static bool
rest_of_time(struct slice s, int year, int64_t *out)
{
	int part[5];

	for (size_t i = 0; i < COUNT_OF(part); i++)
		if (!digits(&s, 2, &part[i]))
			return false;
	return s.p[0] == 'Z' && text_time_from_civil(year, part[0], part[1],
	    part[2], part[3], part[4], out);
}

int64_t
der_read_time(struct reader *r)
{
	bool utc = der_peek(r) == DER_UTC_TIME;
	struct slice s;
	int64_t at;
	int year;

	if (!utc) {
		at = der_read_gen_time(r);
		if (at >= UTC_TIME_BEGIN_S && at < UTC_TIME_END_S)
			r->bad = true;
		return r->bad ? 0 : at;
	}
	s = der_read(r, DER_UTC_TIME);
	if (s.n == UTC_TIME_SIZE && digits(&s, 2, &year) &&
	    rest_of_time(s, year + (year >= 50 ? 1900 : 2000), &at))
		return at;
	r->bad = true;
	return 0;
}

int64_t
der_read_gen_time(struct reader *r)
{
	struct slice s = der_read(r, DER_GENERALIZED_TIME);
	int64_t at;
	int year;

	if (s.n == GEN_TIME_SIZE && digits(&s, 4, &year) &&
	    rest_of_time(s, year, &at))
		return at;
	r->bad = true;
	return 0;
}

/*
 * An element begins with its tag and one byte for the length; when more are
 * needed, what was written moves up.
 */
size_t
der_open(struct buf *b, uint8_t tag)
{
	put_u8(b, tag);
	put_u8(b, 0);
	return b->n;
}

static size_t
length_width(size_t n)
{
	size_t width = 0;

	if (n < 0x80)
		return 0;
	for (; n > 0; n >>= 8)
		width++;
	return width;
}

static void
set_length(uint8_t *at, size_t n, size_t width)
{
	if (width == 0) {
		at[0] = (uint8_t)n;
		return;
	}
	at[0] = (uint8_t)(0x80u | width);
	for (size_t i = width; i > 0; i--) {
		at[i] = (uint8_t)n;
		n >>= 8;
	}
}

void
der_close(struct buf *b, size_t opened)
{
	size_t n, width;

	if (b->bad)
		return;
	ASSERT(opened >= 2 && opened <= b->n);
	n = b->n - opened;
	width = length_width(n);
	if (width > 4) {
		b->bad = true;
		return;
	}
	if (width > 0 && put_space(b, width) == NULL)
		return;
	if (width > 0)
		memmove(b->p + opened + width, b->p + opened, n);
	set_length(b->p + opened - 1, n, width);
}

void
der_put(struct buf *b, uint8_t tag, struct slice contents)
{
	uint8_t head[6] = { tag };
	size_t width = length_width(contents.n);

	if (width > 4) {
		b->bad = true;
		return;
	}
	set_length(head + 1, contents.n, width);
	put_bytes(b, SLICE(head, 2 + width));
	put_bytes(b, contents);
}

void
der_put_text(struct buf *b, uint8_t tag, const char *text)
{
	der_put(b, tag, slice_text(text));
}

void
der_put_bool(struct buf *b, bool v)
{
	uint8_t byte = v ? 0xff : 0x00;

	der_put(b, DER_BOOLEAN, SLICE(&byte, 1));
}

void
der_put_null(struct buf *b)
{
	der_put(b, DER_NULL, SLICE_NONE);
}

void
der_put_oid(struct buf *b, struct slice contents)
{
	ASSERT(is_oid(contents));
	der_put(b, DER_OID, contents);
}

void
der_put_uint(struct buf *b, uint64_t v)
{
	uint8_t bytes[8];

	for (size_t i = sizeof(bytes); i > 0; i--) {
		bytes[i - 1] = (uint8_t)v;
		v >>= 8;
	}
	der_put_unsigned(b, SLICE_OF(bytes));
}

void
der_put_unsigned(struct buf *b, struct slice m)
{
	size_t opened;

	while (m.n > 0 && m.p[0] == 0)
		m = SLICE(m.p + 1, m.n - 1);
	opened = der_open(b, DER_INTEGER);
	if (m.n == 0 || m.p[0] >= 0x80)
		put_u8(b, 0);
	put_bytes(b, m);
	der_close(b, opened);
}

void
der_put_bits(struct buf *b, struct slice bytes)
{
	size_t opened = der_open(b, DER_BIT_STRING);

	put_u8(b, 0);
	put_bytes(b, bytes);
	der_close(b, opened);
}

void
der_put_named_bits(struct buf *b, uint16_t bits)
{
	uint8_t bytes[3] = { 0 };
	size_t n = 0;

	for (unsigned i = 0; i < 16; i++) {
		if ((bits >> i & 1) == 0)
			continue;
		bytes[1 + i / 8] = (uint8_t)(bytes[1 + i / 8] | 0x80u >> i % 8);
		bytes[0] = (uint8_t)(7 - i % 8);
		n = 1 + i / 8;
	}
	der_put(b, DER_BIT_STRING, SLICE(bytes, 1 + n));
}

static bool
gen_time(struct buf *b, int64_t at_s, char out[static GEN_TIME_SIZE])
{
	char iso[TEXT_TIME_SIZE];
	static const uint8_t picks[GEN_TIME_SIZE] = {
		0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18, 19
	};

	/* 1950-01-01 to 9999-12-31, what the two forms can say here. */
	if (at_s < UTC_TIME_BEGIN_S || at_s > INT64_C(253402300799)) {
		b->bad = true;
		return false;
	}
	text_time(at_s, iso);
	for (size_t i = 0; i < GEN_TIME_SIZE; i++)
		out[i] = iso[picks[i]];
	return true;
}

void
der_put_time(struct buf *b, int64_t at_s)
{
	char text[GEN_TIME_SIZE];

	if (!gen_time(b, at_s, text))
		return;
	if (at_s < UTC_TIME_END_S)
		der_put(b, DER_UTC_TIME, SLICE(text + 2, UTC_TIME_SIZE));
	else
		der_put(b, DER_GENERALIZED_TIME, SLICE(text, GEN_TIME_SIZE));
}

void
der_put_gen_time(struct buf *b, int64_t at_s)
{
	char text[GEN_TIME_SIZE];

	if (gen_time(b, at_s, text))
		der_put(b, DER_GENERALIZED_TIME, SLICE(text, GEN_TIME_SIZE));
}
