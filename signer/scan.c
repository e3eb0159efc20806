/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/scan.h"

#include <errno.h>
#include <unistd.h>

#include <sodium.h>

#include "base/base.h"

static const uint8_t magic[8] = { 'd', 'a', 'a', 'p', 'k', 'i', 'j', '1' };

#define FIXED_SIZE	(8u + 8u + 1u + 8u)	/* seq, time, kind, number */
#define ENTRY_MIN	(FIXED_SIZE + 2u + 2u + 4u + 4u + JOURNAL_HASH_SIZE)

static void
chain(const uint8_t *prev, struct slice bytes, uint8_t *out)
{
	crypto_generichash_state state;

	(void)crypto_generichash_init(&state, NULL, 0, JOURNAL_HASH_SIZE);
	(void)crypto_generichash_update(&state, prev, JOURNAL_HASH_SIZE);
	(void)crypto_generichash_update(&state, bytes.p, bytes.n);
	(void)crypto_generichash_final(&state, out, JOURNAL_HASH_SIZE);
}

void
scan_init(struct scan *s, int fd, uint8_t *window)
{
	*s = (struct scan){ .fd = fd, .window = window };
}

/* As much as there is from that offset, up to the window's size. */
static bool
fill(struct scan *s, uint64_t at)
{
	s->window_at = at;
	s->window_n = 0;
	while (s->window_n < SCAN_WINDOW) {
		ssize_t n = pread(s->fd, s->window + s->window_n,
		    SCAN_WINDOW - s->window_n,
		    (off_t)(at + s->window_n));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		if (n == 0)
			break;
		s->window_n += (size_t)n;
	}
	return true;
}

/* At most n bytes at the scan's place; fewer only where the file ends. */
static bool
peek(struct scan *s, size_t n, struct slice *out)
{
	uint64_t skip = s->at - s->window_at;
	size_t have;

	if (s->window_n == 0 || s->at < s->window_at ||
	    skip > s->window_n || s->window_n - skip < n) {
		if (!fill(s, s->at))
			return false;
		skip = 0;
	}
	have = s->window_n - (size_t)skip;
	*out = SLICE(s->window + skip, have < n ? have : n);
	return true;
}

enum scan_end
scan_head(struct scan *s, uint32_t number, uint64_t first_seq,
    const uint8_t prev[static JOURNAL_HASH_SIZE])
{
	struct slice head, want_prev = SLICE(prev, JOURNAL_HASH_SIZE);
	uint8_t hash[JOURNAL_HASH_SIZE];
	struct reader r;
	bool good;

	if (!peek(s, SCAN_HEAD_SIZE, &head))
		return SCAN_FAILED;
	if (head.n < SCAN_HEAD_SIZE)
		return SCAN_TORN;
	chain(prev, SLICE(head.p, SCAN_HEAD_SIZE - JOURNAL_HASH_SIZE), hash);
	r = reader_of(head);
	good = slice_equal(read_bytes(&r, sizeof(magic)), SLICE_OF(magic));
	good = read_be32(&r) == number && good;
	good = read_be64(&r) == first_seq && good;
	good = slice_equal(read_bytes(&r, JOURNAL_HASH_SIZE), want_prev) &&
	    good;
	good = slice_equal(read_bytes(&r, JOURNAL_HASH_SIZE),
	    SLICE_OF(hash)) && good;
	if (!good)
		return SCAN_BROKEN;
	s->at = SCAN_HEAD_SIZE;
	s->seq = first_seq;
	memcpy(s->hash, hash, sizeof(hash));
	return SCAN_ENTRY;
}

static void
read_entry(struct arena *arena, struct reader *r, struct journal_entry *e)
{
	struct slice tenant;

	e->seq = read_be64(r);
	e->at_s = (int64_t)read_be64(r);
	e->kind = read_u8(r);
	e->crl_number = read_be64(r);
	tenant = read_be16_bytes(r, TEXT_NAME_MAX);
	e->tenant = arena_strndup(arena, (const char *)tenant.p, tenant.n);
	e->issuer_key_id = read_be16_bytes(r, WIRE_KEY_ID_MAX);
	e->object = read_be32_bytes(r, WIRE_CERT_MAX);
	e->sealed = read_be32_bytes(r, WIRE_SEALED_MAX);
}

static bool
is_zero(struct slice s)
{
	return s.n == 0 || sodium_is_zero(s.p, s.n);
}

/*
 * Is that the beginning of an entry that this scan could have met?  A length
 * that was changed must not pass for an end that was cut off: so far as its
 * parts are there, they have to add up to it.
 */
static bool
is_beginning(const struct scan *s, struct slice rest, size_t length)
{
	struct reader r = reader_of(rest);
	static const size_t widths[] = { 2, 2, 4, 4 };
	size_t sum = ENTRY_MIN;
	uint64_t seq;

	(void)read_be32(&r);
	seq = read_be64(&r);
	if (r.bad)
		return true;
	if (seq != s->seq)
		return false;
	(void)read_bytes(&r, FIXED_SIZE - 8);
	for (size_t i = 0; i < COUNT_OF(widths); i++) {
		size_t n = widths[i] == 2 ? read_be16(&r) : read_be32(&r);

		if (r.bad)
			return true;
		sum += n;
		if (sum > length)
			return false;
		(void)read_bytes(&r, n);
	}
	return sum == length;
}

static enum scan_end
torn_or_broken(struct scan *s, struct slice rest)
{
	/* Nothing but zeros up to the end: a file made longer whose bytes
	 * never came (the power failed). */
	struct scan tail = *s;

	while (rest.n > 0 && is_zero(rest)) {
		tail.at += rest.n;
		if (!peek(&tail, SCAN_WINDOW, &rest))
			return SCAN_FAILED;
	}
	s->window_n = 0;	/* the window has moved on */
	return rest.n == 0 ? SCAN_TORN : SCAN_BROKEN;
}

enum scan_end
scan_next(struct arena *arena, struct scan *s, struct journal_entry *out)
{
	struct journal_entry e = { 0 };
	uint8_t hash[JOURNAL_HASH_SIZE];
	struct slice rest;
	struct reader r;
	size_t length;

	if (!peek(s, JOURNAL_ENTRY_MAX, &rest))
		return SCAN_FAILED;
	if (rest.n == 0)
		return SCAN_END;
	r = reader_of(rest);
	length = read_be32(&r);
	if (r.bad)
		return SCAN_TORN;
	if (length < ENTRY_MIN || length > JOURNAL_ENTRY_MAX - 4)
		return torn_or_broken(s, rest);
	if (length > r.n)
		return is_beginning(s, rest, length) ? SCAN_TORN : SCAN_BROKEN;
	chain(s->hash, SLICE(rest.p, 4 + length - JOURNAL_HASH_SIZE), hash);
	r.n = length;
	read_entry(arena, &r, &e);
	if (!slice_equal(read_bytes(&r, JOURNAL_HASH_SIZE), SLICE_OF(hash)) ||
	    !read_done(&r) || e.seq != s->seq)
		return SCAN_BROKEN;
	s->at += 4 + length;
	s->seq++;
	memcpy(s->hash, hash, sizeof(hash));
	*out = e;
	return SCAN_ENTRY;
}

void
scan_put_head(struct buf *b, uint32_t number, uint64_t first_seq,
    const uint8_t prev[static JOURNAL_HASH_SIZE],
    uint8_t out_hash[static JOURNAL_HASH_SIZE])
{
	size_t at = b->n;

	put_bytes(b, SLICE_OF(magic));
	put_be32(b, number);
	put_be64(b, first_seq);
	put_bytes(b, SLICE(prev, JOURNAL_HASH_SIZE));
	ASSERT(!b->bad);
	chain(prev, SLICE(b->p + at, b->n - at), out_hash);
	put_bytes(b, SLICE(out_hash, JOURNAL_HASH_SIZE));
}

void
scan_put_entry(struct buf *b, const struct journal_entry *e,
    const uint8_t prev[static JOURNAL_HASH_SIZE],
    uint8_t out_hash[static JOURNAL_HASH_SIZE])
{
	size_t at = b->n, n_tenant = strlen(e->tenant);

	put_be32(b, (uint32_t)(ENTRY_MIN + n_tenant + e->issuer_key_id.n +
	    e->object.n + e->sealed.n));
	put_be64(b, e->seq);
	put_be64(b, (uint64_t)e->at_s);
	put_u8(b, e->kind);
	put_be64(b, e->crl_number);
	put_be16_bytes(b, SLICE(e->tenant, n_tenant));
	put_be16_bytes(b, e->issuer_key_id);
	put_be32_bytes(b, e->object);
	put_be32_bytes(b, e->sealed);
	if (b->bad)
		return;
	chain(prev, SLICE(b->p + at, b->n - at), out_hash);
	put_bytes(b, SLICE(out_hash, JOURNAL_HASH_SIZE));
}
