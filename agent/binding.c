/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/binding.h"

#include <sodium.h>

void
binding_hash(const char *format, struct slice nonce, struct slice spki,
    uint8_t out[static BINDING_SIZE])
{
	static const char tag[] = "daapki-bind-1";	/* its NUL is hashed */
	uint8_t key[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;

	_Static_assert(BINDING_SIZE == crypto_hash_sha256_BYTES, "SHA-256");
	(void)crypto_hash_sha256(key, spki.p, spki.n);
	(void)crypto_hash_sha256_init(&state);
	(void)crypto_hash_sha256_update(&state, (const uint8_t *)tag,
	    sizeof(tag));
	(void)crypto_hash_sha256_update(&state, (const uint8_t *)format,
	    strlen(format) + 1);
	(void)crypto_hash_sha256_update(&state, nonce.p, nonce.n);
	(void)crypto_hash_sha256_update(&state, key, sizeof(key));
	(void)crypto_hash_sha256_final(&state, out);
}
