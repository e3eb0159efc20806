/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DER (X.690): strict reading over borrowed bytes, and writing.
 *
 * The reader is base's sticky one: read a whole structure, then ask
 * read_done().  Only the one distinguished encoding passes: definite minimal
 * lengths, minimal integers, 00 or ff for booleans.  Tags are one byte: numbers
 * above 30 are der_enter_numbered()'s only.
 */
#ifndef DAAPKI_CODEC_DER_H
#define DAAPKI_CODEC_DER_H

#include "base/bytes.h"

enum der_tag {
	DER_BOOLEAN		= 0x01,
	DER_INTEGER		= 0x02,
	DER_BIT_STRING		= 0x03,
	DER_OCTET_STRING	= 0x04,
	DER_NULL		= 0x05,
	DER_OID			= 0x06,
	DER_ENUMERATED		= 0x0a,
	DER_UTF8_STRING		= 0x0c,
	DER_PRINTABLE_STRING	= 0x13,
	DER_IA5_STRING		= 0x16,
	DER_UTC_TIME		= 0x17,
	DER_GENERALIZED_TIME	= 0x18,
	DER_SEQUENCE		= 0x30,
	DER_SET			= 0x31,
};
/* Context-specific tags 0 to 30: constructed, and primitive. */
#define DER_CONTEXT(n)		((uint8_t)(0xa0u | (n)))
#define DER_IMPLICIT(n)		((uint8_t)(0x80u | (n)))

/* --- reading --------------------------------------------------------- */

/* The tag of the next element; 0 at the end, or after a failure. */
uint8_t		der_peek(const struct reader *);
/* Contents of the next element, which must have that tag. */
struct slice	der_read(struct reader *, uint8_t tag);
/* Contents of the next element whatever it is; its tag in *out_tag. */
struct slice	der_read_any(struct reader *, uint8_t *out_tag);
/* The next element with tag and length; it must have that tag. */
struct slice	der_read_whole(struct reader *, uint8_t tag);

/*
 * Go into an element and come out again.  Between the two, read from the inner
 * reader only; leaving it with bytes unread, or failed, fails the outer one.
 */
struct reader	der_enter(struct reader *, uint8_t tag);
void		der_leave(struct reader *outer, const struct reader *inner);
/* Go into an element with a constructed context-specific tag of any number
 * (X.690, 8.1.2.4), to be left with der_leave(); 0 when there is none. */
struct reader	der_enter_numbered(struct reader *, uint32_t *out_number);

bool		der_read_bool(struct reader *);
/* An INTEGER of 0 to 2^64 - 1. */
uint64_t	der_read_uint(struct reader *);
/* An INTEGER >= 0 of any size: its bytes, without a leading zero byte. */
struct slice	der_read_unsigned(struct reader *);
/* A BIT STRING of whole bytes. */
struct slice	der_read_bits(struct reader *);
/* A BIT STRING of at most 16 named bits (X.690, 11.2.2): bit n is 1 << n. */
uint16_t	der_read_named_bits(struct reader *);
/* An OBJECT IDENTIFIER's contents, well formed. */
struct slice	der_read_oid(struct reader *);
/* UTCTime or GeneralizedTime as RFC 5280 (4.1.2.5) has them: UTC with seconds,
 * UTCTime from 1950 to 2049 and the other form for no time that it could say. */
int64_t		der_read_time(struct reader *);

/* GeneralizedTime where a standard asks for that form whatever the year. */
int64_t		der_read_gen_time(struct reader *);

/* --- writing --------------------------------------------------------- */

/* Begin an element; der_close() with what it gave back ends it. */
size_t	der_open(struct buf *, uint8_t tag);
void	der_close(struct buf *, size_t opened);

void	der_put(struct buf *, uint8_t tag, struct slice contents);
void	der_put_text(struct buf *, uint8_t tag, const char *);
void	der_put_bool(struct buf *, bool);
void	der_put_null(struct buf *);
void	der_put_oid(struct buf *, struct slice contents);
void	der_put_uint(struct buf *, uint64_t);
/* A big-endian magnitude of any size, leading zeros or not. */
void	der_put_unsigned(struct buf *, struct slice magnitude);
/* Whole bytes as a BIT STRING. */
void	der_put_bits(struct buf *, struct slice);
void	der_put_named_bits(struct buf *, uint16_t);
/* In the form that RFC 5280 asks for at that time; years 1950 to 9999. */
void	der_put_time(struct buf *, int64_t at_s);
void	der_put_gen_time(struct buf *, int64_t at_s);

#endif
