/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>

#include <sodium.h>

#include "base/base.h"

bool
slice_equal_secret(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || sodium_memcmp(a.p, b.p, a.n) == 0);
}

struct slice
read_bytes(struct reader *r, size_t n)
{
	struct slice s = { r->p, n };

	if (r->bad || n > r->n) {
		r->bad = true;
		return SLICE_NONE;
	}
	r->p += n;
	r->n -= n;
	return s;
}

static uint64_t
read_be(struct reader *r, size_t width)
{
	struct slice s = read_bytes(r, width);
	uint64_t v = 0;

	for (size_t i = 0; i < s.n; i++)
		v = v << 8 | s.p[i];
	return v;
}

static uint64_t
read_le(struct reader *r, size_t width)
{
	struct slice s = read_bytes(r, width);
	uint64_t v = 0;

	for (size_t i = s.n; i > 0; i--)
		v = v << 8 | s.p[i - 1];
	return v;
}

uint8_t
read_u8(struct reader *r)
{
	return (uint8_t)read_be(r, 1);
}

uint16_t
read_be16(struct reader *r)
{
	return (uint16_t)read_be(r, 2);
}

uint32_t
read_be32(struct reader *r)
{
	return (uint32_t)read_be(r, 4);
}

uint64_t
read_be64(struct reader *r)
{
	return read_be(r, 8);
}

uint16_t
read_le16(struct reader *r)
{
	return (uint16_t)read_le(r, 2);
}

uint32_t
read_le32(struct reader *r)
{
	return (uint32_t)read_le(r, 4);
}

uint64_t
read_le64(struct reader *r)
{
	return read_le(r, 8);
}

static struct slice
read_counted(struct reader *r, size_t n, size_t max)
{
	if (n > max)
		r->bad = true;
	return read_bytes(r, n);
}

struct slice
read_be16_bytes(struct reader *r, size_t max)
{
	return read_counted(r, read_be16(r), max);
}

struct slice
read_be32_bytes(struct reader *r, size_t max)
{
	return read_counted(r, read_be32(r), max);
}

uint8_t *
put_space(struct buf *b, size_t n)
{
	uint8_t *at;

	if (b->bad || n > b->max - b->n) {
		b->bad = true;
		return NULL;
	}
	if (n > b->cap - b->n) {
		size_t cap = b->cap > 0 ? b->cap : 64;
		uint8_t *grown;

		while (cap - b->n < n)
			cap *= 2;
		if (cap > b->max)
			cap = b->max;
		grown = arena_alloc(b->arena, cap);
		if (b->n > 0)
			memcpy(grown, b->p, b->n);
		b->p = grown;
		b->cap = cap;
	}
	at = b->p + b->n;
	b->n += n;
	return at;
}

void
put_bytes(struct buf *b, struct slice s)
{
	uint8_t *at = put_space(b, s.n);

	if (at != NULL && s.n > 0)
		memcpy(at, s.p, s.n);
}

void
put_text(struct buf *b, const char *text)
{
	put_bytes(b, slice_text(text));
}

void
put_fmt(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	char small[256], *text = small;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	ASSERT(n >= 0);
	if ((size_t)n >= sizeof(small)) {
		text = arena_alloc(b->arena, (size_t)n + 1);
		(void)vsnprintf(text, (size_t)n + 1, fmt, again);
	}
	va_end(again);
	put_bytes(b, SLICE(text, (size_t)n));
}

static void
put_be(struct buf *b, uint64_t v, size_t width)
{
	uint8_t *at = put_space(b, width);

	if (at == NULL)
		return;
	for (size_t i = width; i > 0; i--) {
		at[i - 1] = (uint8_t)v;
		v >>= 8;
	}
}

void
put_u8(struct buf *b, uint8_t v)
{
	put_be(b, v, 1);
}

void
put_be16(struct buf *b, uint16_t v)
{
	put_be(b, v, 2);
}

void
put_be32(struct buf *b, uint32_t v)
{
	put_be(b, v, 4);
}

void
put_be64(struct buf *b, uint64_t v)
{
	put_be(b, v, 8);
}

void
put_be16_bytes(struct buf *b, struct slice s)
{
	if (s.n > UINT16_MAX) {
		b->bad = true;
		return;
	}
	put_be16(b, (uint16_t)s.n);
	put_bytes(b, s);
}

void
put_be32_bytes(struct buf *b, struct slice s)
{
	if (s.n > UINT32_MAX) {
		b->bad = true;
		return;
	}
	put_be32(b, (uint32_t)s.n);
	put_bytes(b, s);
}
