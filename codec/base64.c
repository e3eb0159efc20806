/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/base64.h"

#include <sodium.h>

#define VARIANT	sodium_base64_VARIANT_URLSAFE_NO_PADDING

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

bool
base64url_parse(struct arena *arena, const char *text, size_t n_text,
    size_t max, struct slice *out)
{
	size_t room = n_text / 4 * 3 + 3, n;
	uint8_t *bytes;

	if (n_text > max / 3 * 4 + 4)
		return false;
	bytes = arena_alloc(arena, room);
	/* libsodium refuses stray low bits; without an end pointer it also
	 * refuses anything after the text. */
	if (sodium_base642bin(bytes, room, text, n_text, NULL, &n, NULL,
	    VARIANT) != 0 || n > max)
		return false;
	*out = SLICE(bytes, n);
	return true;
}
