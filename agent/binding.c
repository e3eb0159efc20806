/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/binding.h"

#include <sodium.h>

#include "base/base.h"

#define MESSAGE_MAX	256u	/* tag, format, nonce and hash */

size_t
binding_size(const char *format)
{
	static const char *const longer[] = {
		"openenclave", "sgx", "snp", "tdx",
	};

	for (size_t i = 0; i < COUNT_OF(longer); i++)
		if (strcmp(format, longer[i]) == 0)
			return BINDING_MAX;
	return BINDING_SIZE;
}

void
binding_hash(const char *format, struct slice nonce, struct slice spki,
    uint8_t *out, size_t n)
{
	static const char tag[] = "daapki-bind-1";	/* its NUL is hashed */
	uint8_t key[crypto_hash_sha256_BYTES], message[MESSAGE_MAX];
	const struct slice parts[] = {
		SLICE(tag, sizeof(tag)), SLICE(format, strlen(format) + 1),
		nonce, SLICE_OF(key),
	};
	size_t used = 0;

	_Static_assert(BINDING_SIZE == crypto_hash_sha256_BYTES, "SHA-256");
	_Static_assert(BINDING_MAX == crypto_hash_sha512_BYTES, "SHA-512");
	ASSERT(n == BINDING_SIZE || n == BINDING_MAX);
	(void)crypto_hash_sha256(key, spki.p, spki.n);
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		ASSERT(parts[i].n <= sizeof(message) - used);
		memcpy(message + used, parts[i].p, parts[i].n);
		used += parts[i].n;
	}
	if (n == BINDING_MAX)
		(void)crypto_hash_sha512(out, message, used);
	else
		(void)crypto_hash_sha256(out, message, used);
}
