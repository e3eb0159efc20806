/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/pubkey.h"

#include "attest/seen.h"
#include "pki/key.h"

/* What a key takes: a curve's group, or what RSA computes once (doc/BENCH.md),
 * its numbers and what is kept of them. */
#define KEY_BYTES	5000u
#define KEY_FACTOR	4u

static void
hold_key(void *key)
{
	ASSERT(EVP_PKEY_up_ref(key) == 1);
}

static void
free_key(void *key)
{
	EVP_PKEY_free(key);
}

static const struct seen_type key_type = { hold_key, free_key };

/*
 * The decoder costs more than a signature: it is left with what key_parse()
 * does not take, such as P-521, and with saying what is wrong.
 */
EVP_PKEY *
pubkey_read_anew(struct ctx *cx, struct slice spki)
{
	const uint8_t *p = spki.p;
	struct key parsed;
	EVP_PKEY *key;

	if (!failed(key_parse(cx, spki, &parsed)))
		return parsed.pkey;
	ctx_forget(cx);
	key = d2i_PUBKEY(NULL, &p, (long)spki.n);
	if (key == NULL)
		return NULL;
	arena_defer(cx->arena, free_key, key);
	return p == spki.p + spki.n ? key : NULL;
}

EVP_PKEY *
pubkey_read(struct ctx *cx, struct slice spki)
{
	struct seen_id id = { .by = { 0 } };
	EVP_PKEY *key;
	void *kept;

	if (cx->seen == NULL)
		return pubkey_read_anew(cx, spki);
	seen_hash(spki, id.of);
	if (seen_find(cx->seen, SEEN_KEY, &id, &kept)) {
		arena_defer(cx->arena, free_key, kept);
		return kept;
	}
	key = pubkey_read_anew(cx, spki);
	if (key != NULL)
		seen_keep(cx->seen, SEEN_KEY, &id, &key_type, key,
		    KEY_BYTES + KEY_FACTOR * spki.n);
	return key;
}
