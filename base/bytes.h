/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes: borrowed ranges, a reader and a writer.
 *
 * The reader and the writer remember that something went wrong, so that code
 * reads a whole structure and asks once, at the end.  After the first failure
 * a reader gives zeros and empty slices, a writer writes nothing.
 */
#ifndef DAAPKI_BASE_BYTES_H
#define DAAPKI_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"

/* Borrowed: whoever made it says what must outlive it. */
struct slice { const uint8_t *p; size_t n; };

#define SLICE(ptr, len)		((struct slice){ (const uint8_t *)(ptr), (len) })
#define SLICE_OF(array)		SLICE((array), sizeof(array))
#define SLICE_NONE		((struct slice){ NULL, 0 })

static inline struct slice
slice_text(const char *text)
{
	return SLICE(text, strlen(text));
}

static inline bool
slice_equal(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline struct slice
slice_dup(struct arena *arena, struct slice s)
{
	return SLICE(arena_dup(arena, s.p, s.n), s.n);
}

/* Equal lengths and contents, in time that depends on the length only. */
bool	slice_equal_secret(struct slice a, struct slice b);

/* Reader over a borrowed range. */
struct reader { const uint8_t *p; size_t n; bool bad; };

static inline struct reader
reader_of(struct slice s)
{
	return (struct reader){ s.p, s.n, false };
}

struct slice	read_bytes(struct reader *, size_t n);
uint8_t		read_u8(struct reader *);
uint16_t	read_be16(struct reader *);
uint32_t	read_be32(struct reader *);
uint64_t	read_be64(struct reader *);
uint16_t	read_le16(struct reader *);
uint32_t	read_le32(struct reader *);
uint64_t	read_le64(struct reader *);
/* A length of that width, then that many bytes; longer than max is bad. */
struct slice	read_be16_bytes(struct reader *, size_t max);
struct slice	read_be32_bytes(struct reader *, size_t max);
/* All was well so far, and nothing is left. */
static inline bool
read_done(const struct reader *r)
{
	return !r->bad && r->n == 0;
}

/* Growing bytes in an arena, never more than max. */
struct buf {
	struct arena	*arena;
	uint8_t		*p;
	size_t		 n, cap, max;
	bool		 bad;		/* something did not fit */
};

static inline struct buf
buf_in(struct arena *arena, size_t max)
{
	return (struct buf){ .arena = arena, .max = max };
}

static inline struct slice
buf_slice(const struct buf *b)
{
	return SLICE(b->p, b->n);
}

/* Room for n more bytes, counted as written; NULL when it does not fit. */
uint8_t	*put_space(struct buf *, size_t n);
void	 put_bytes(struct buf *, struct slice);
void	 put_text(struct buf *, const char *);
void	 put_fmt(struct buf *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
void	 put_u8(struct buf *, uint8_t);
void	 put_be16(struct buf *, uint16_t);
void	 put_be32(struct buf *, uint32_t);
void	 put_be64(struct buf *, uint64_t);
/* A length of that width, then the bytes; a length that does not fit is bad. */
void	 put_be16_bytes(struct buf *, struct slice);
void	 put_be32_bytes(struct buf *, struct slice);

#endif
