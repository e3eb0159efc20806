/* SPDX-License-Identifier: Apache-2.0 */
#include "codec/ledger.h"

#include <sodium.h>

#include "base/base.h"
#include "base/text.h"

#define ROW_DOMAIN	"daapki-audit-row-1\n"
#define ROW_MAX		(1024u * 1024u)

_Static_assert(LEDGER_HASH_SIZE == crypto_hash_sha256_BYTES &&
    LEDGER_KEY_SIZE == crypto_sign_PUBLICKEYBYTES &&
    LEDGER_SIGNATURE_SIZE == crypto_sign_BYTES, "sizes are alike");

static void
sha256(struct slice s, struct ledger_hash *out)
{
	(void)crypto_hash_sha256(out->bytes, s.p, s.n);
}

void
ledger_data_hash(const char *data, struct ledger_hash *out)
{
	sha256(slice_text(data == NULL ? "" : data), out);
}

static void
put_field(struct buf *b, const char *text)
{
	put_be32_bytes(b, slice_text(text == NULL ? "" : text));
}

void
ledger_row_hash(struct arena *arena, const struct ledger_row *row,
    const struct ledger_hash *before, const struct ledger_hash *data,
    struct ledger_hash *out)
{
	const char *const fields[] = {
		row->tenant, row->actor_kind, row->actor, row->credential,
		row->action, row->subject, row->request_id, row->trace,
		row->outcome,
	};
	struct buf b = buf_in(arena, ROW_MAX);

	put_text(&b, ROW_DOMAIN);
	put_bytes(&b, SLICE_OF(before->bytes));
	put_be64(&b, row->seq);
	put_be64(&b, (uint64_t)row->at_s);
	for (size_t i = 0; i < COUNT_OF(fields); i++)
		put_field(&b, fields[i]);
	put_bytes(&b, SLICE_OF(data->bytes));
	ASSERT(!b.bad);
	sha256(buf_slice(&b), out);
}

/* --- the tree ------------------------------------------------------------- */

void
ledger_leaf(struct arena *arena, const char *tenant, uint64_t seq,
    const struct ledger_hash *head, struct ledger_hash *out)
{
	struct buf b = buf_in(arena, ROW_MAX);

	put_u8(&b, 0);
	put_field(&b, tenant);
	put_be64(&b, seq);
	put_bytes(&b, SLICE_OF(head->bytes));
	ASSERT(!b.bad);
	sha256(buf_slice(&b), out);
}

static void
join(const struct ledger_hash *left, const struct ledger_hash *right,
    struct ledger_hash *out)
{
	uint8_t bytes[1 + 2 * LEDGER_HASH_SIZE] = { 1 };

	memcpy(bytes + 1, left->bytes, LEDGER_HASH_SIZE);
	memcpy(bytes + 1 + LEDGER_HASH_SIZE, right->bytes, LEDGER_HASH_SIZE);
	sha256(SLICE_OF(bytes), out);
}

/* The largest power of two below n. */
static size_t
split(size_t n)
{
	size_t k = 1;

	while (k * 2 < n)
		k *= 2;
	return k;
}

void
ledger_root(const struct ledger_hash *leaves, size_t n,
    struct ledger_hash *out)
{
	struct ledger_hash left, right;
	size_t k = split(n);

	ASSERT(n > 0);
	if (n == 1) {
		*out = leaves[0];
		return;
	}
	ledger_root(leaves, k, &left);
	ledger_root(leaves + k, n - k, &right);
	join(&left, &right, out);
}

size_t
ledger_path(const struct ledger_hash *leaves, size_t n, size_t place,
    struct ledger_hash out[static LEDGER_PATH_MAX])
{
	size_t k = split(n), depth;

	ASSERT(place < n);
	if (n == 1)
		return 0;
	if (place < k) {
		depth = ledger_path(leaves, k, place, out);
		ledger_root(leaves + k, n - k, &out[depth]);
	} else {
		depth = ledger_path(leaves + k, n - k, place - k, out);
		ledger_root(leaves, k, &out[depth]);
	}
	return depth + 1;
}

bool
ledger_is_included(const struct ledger_hash *leaf, uint64_t place, uint64_t n,
    const struct ledger_hash *path, size_t n_path,
    const struct ledger_hash *root)
{
	struct ledger_hash at = *leaf;
	uint64_t last = n - 1;

	if (n == 0 || place >= n || n_path > LEDGER_PATH_MAX)
		return false;
	for (size_t i = 0; i < n_path; i++) {
		if (last == 0)
			return false;
		if ((place & 1) != 0 || place == last) {
			join(&path[i], &at, &at);
			while ((place & 1) == 0 && place != 0) {
				place >>= 1;
				last >>= 1;
			}
		} else {
			join(&at, &path[i], &at);
		}
		place >>= 1;
		last >>= 1;
	}
	return last == 0 && sodium_memcmp(at.bytes, root->bytes,
	    LEDGER_HASH_SIZE) == 0;
}

/* --- the anchor ----------------------------------------------------------- */

char *
ledger_statement(struct arena *arena, const struct ledger_anchor *a)
{
	return arena_printf(arena, "daapki-audit-checkpoint-1\n%llu\n%s\n"
	    "%u\n%s\n", (unsigned long long)a->journal_seq,
	    text_time_dup(arena, a->at_s), a->n_chains,
	    text_hex(arena, SLICE_OF(a->root.bytes)));
}

bool
ledger_is_signed(struct arena *arena, const struct ledger_anchor *a,
    struct slice public_key, struct slice signature)
{
	const char *text = ledger_statement(arena, a);

	return public_key.n == LEDGER_KEY_SIZE &&
	    signature.n == LEDGER_SIGNATURE_SIZE &&
	    crypto_sign_verify_detached(signature.p, (const uint8_t *)text,
	    strlen(text), public_key.p) == 0;
}
