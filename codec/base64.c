/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/base64.h"

#include <sodium.h>

#define VARIANT	sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define BLOCK	64u	/* characters decoded at once */
#define BAD	0xc0u	/* bits that no value of six has */

char *
base64url(struct arena *arena, struct slice s)
{
	size_t size = sodium_base64_encoded_len(s.n, VARIANT);
	char *text = arena_alloc(arena, size);

	return sodium_bin2base64(text, size, s.p, s.n, VARIANT);
}

char *
base64(struct arena *arena, struct slice s)
{
	size_t size = sodium_base64_encoded_len(s.n,
	    sodium_base64_VARIANT_ORIGINAL);
	char *text = arena_alloc(arena, size);

	return sodium_bin2base64(text, size, s.p, s.n,
	    sodium_base64_VARIANT_ORIGINAL);
}

/* All ones if c is one of n characters from first on. */
static inline uint8_t
is_from(uint8_t c, char first, unsigned n)
{
	return (uint8_t)-((uint8_t)(c - (uint8_t)first) < n);
}

/*
 * The values of a block of characters, BAD where one has none.  Some of what is
 * decoded is secret, so nothing is looked up or branched on; and the size is
 * fixed, so that compilers do it with vectors.
 */
static void
values_of(const uint8_t in[static BLOCK], uint8_t out[static BLOCK])
{
	for (size_t i = 0; i < BLOCK; i++) {
		uint8_t c = in[i];
		uint8_t upper = is_from(c, 'A', 26);
		uint8_t lower = is_from(c, 'a', 26);
		uint8_t digit = is_from(c, '0', 10);
		uint8_t dash = is_from(c, '-', 1), under = is_from(c, '_', 1);
		uint8_t known = upper | lower | digit | dash | under;

		out[i] = (uint8_t)((upper & (c - 'A')) |
		    (lower & (c - 'a' + 26)) | (digit & (c - '0' + 52)) |
		    (dash & 62) | (under & 63) | (uint8_t)~known);
	}
}

/* Up to BLOCK characters; returns BAD bits, if any had them. */
static uint8_t
decode_block(const char *text, size_t n, uint8_t *out)
{
	uint8_t in[BLOCK], v[BLOCK], bad = 0;

	/* What is filled in means zeros. */
	memset(in, 'A', sizeof(in));
	memcpy(in, text, n);
	values_of(in, v);
	for (size_t i = 0; i < BLOCK; i++)
		bad |= v[i];
	for (size_t i = 0; i < n; i += 4) {
		uint32_t four = (uint32_t)v[i] << 18 | (uint32_t)v[i + 1] << 12 |
		    (uint32_t)v[i + 2] << 6 | v[i + 3];

		out[0] = (uint8_t)(four >> 16);
		out[1] = (uint8_t)(four >> 8);
		out[2] = (uint8_t)four;
		out += 3;
	}
	return bad & BAD;
}

bool
base64url_parse(struct arena *arena, const char *text, size_t n_text,
    size_t max, struct slice *out)
{
	/* Four characters are three bytes; two or three at the end, one or
	 * two. */
	size_t rest = n_text % 4, n = n_text / 4 * 3 + rest * 3 / 4;
	uint8_t *bytes, bad = 0;

	if (n_text > max / 3 * 4 + 4 || rest == 1 || n > max)
		return false;
	bytes = arena_alloc(arena, n_text / 4 * 3 + 3);
	for (size_t i = 0; i < n_text; i += BLOCK)
		bad |= decode_block(text + i, n_text - i < BLOCK ?
		    n_text - i : BLOCK, bytes + i / 4 * 3);
	/* Bits of the last character that are no byte's. */
	if (bad != 0 || (rest != 0 && bytes[n] != 0))
		return false;
	*out = SLICE(bytes, n);
	return true;
}
