/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/index.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include "base/base.h"

static const uint8_t magic[5] = { 'D', 'A', 'J', 'I', '1' };

#define SEGMENT_SIZE	(8u + 8u)
#define CRL_SIZE_MIN	(2u + 8u)

static struct slice
encode(struct ctx *cx, const struct log_key *key, const struct index *x)
{
	struct buf b = buf_in(cx->arena, INDEX_MAX);
	uint8_t signature[LOG_SIGNATURE_SIZE];

	put_bytes(&b, SLICE_OF(magic));
	put_be32(&b, (uint32_t)x->n_segments);
	for (size_t i = 0; i < x->n_segments; i++) {
		put_be64(&b, x->segments[i].first_seq);
		put_be64(&b, i + 1 < x->n_segments ? x->segments[i].size : 0);
	}
	put_bytes(&b, SLICE_OF(x->before));
	put_bytes(&b, SLICE_OF(x->entry_hash));
	put_be32(&b, (uint32_t)x->n_crls);
	for (size_t i = 0; i < x->n_crls; i++) {
		put_be16_bytes(&b, SLICE(x->crls[i].key_id,
		    x->crls[i].n_key_id));
		put_be64(&b, x->crls[i].number);
	}
	if (b.bad)
		return SLICE_NONE;
	log_key_sign(key, buf_slice(&b), signature);
	put_bytes(&b, SLICE_OF(signature));
	return b.bad ? SLICE_NONE : buf_slice(&b);
}

bool
index_write(struct ctx *cx, int folder_fd, const struct log_key *key,
    const struct index *x)
{
	struct slice bytes = encode(cx, key, x);
	bool done = false;
	int fd;

	if (bytes.n > 0) {
		fd = openat(folder_fd, INDEX_FILE,
		    O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		done = fd >= 0 && ftruncate(fd, 0) == 0 &&
		    pwrite(fd, bytes.p, bytes.n, 0) == (ssize_t)bytes.n &&
		    fdatasync(fd) == 0;
		if (fd >= 0)
			(void)close(fd);
	}
	if (!done)
		(void)unlinkat(folder_fd, INDEX_FILE, 0);
	return done;
}

/* The whole file, or nothing. */
static struct slice
contents(struct ctx *cx, int folder_fd)
{
	int fd = openat(folder_fd, INDEX_FILE, O_RDONLY | O_CLOEXEC);
	struct slice out = SLICE_NONE;
	struct stat st;
	uint8_t *p;

	if (fd < 0)
		return out;
	if (fstat(fd, &st) == 0 && st.st_size > 0 && st.st_size <= INDEX_MAX) {
		p = arena_alloc(cx->arena, (size_t)st.st_size);
		if (pread(fd, p, (size_t)st.st_size, 0) == st.st_size)
			out = SLICE(p, (size_t)st.st_size);
	}
	(void)close(fd);
	return out;
}

static void
read_hash(struct reader *r, uint8_t *out)
{
	struct slice s = read_bytes(r, JOURNAL_HASH_SIZE);

	if (s.n == JOURNAL_HASH_SIZE)
		memcpy(out, s.p, s.n);
}

static bool
decode(struct ctx *cx, struct reader *r, struct index *x)
{
	if (!slice_equal(read_bytes(r, sizeof(magic)), SLICE_OF(magic)))
		return false;
	x->n_segments = read_be32(r);
	if (x->n_segments < 1 || x->n_segments > r->n / SEGMENT_SIZE)
		return false;
	x->segments = arena_array(cx->arena, x->n_segments,
	    sizeof(*x->segments));
	for (size_t i = 0; i < x->n_segments; i++) {
		x->segments[i].number = (uint32_t)i + 1;
		x->segments[i].first_seq = read_be64(r);
		x->segments[i].size = read_be64(r);
	}
	read_hash(r, x->before);
	read_hash(r, x->entry_hash);
	x->n_crls = read_be32(r);
	if (r->bad || x->n_crls > r->n / CRL_SIZE_MIN)
		return false;
	x->crls = arena_array(cx->arena, x->n_crls, sizeof(*x->crls));
	for (size_t i = 0; i < x->n_crls; i++) {
		struct slice id = read_be16_bytes(r, WIRE_KEY_ID_MAX);

		memcpy(x->crls[i].key_id, id.p, id.n);
		x->crls[i].n_key_id = id.n;
		x->crls[i].number = read_be64(r);
	}
	return read_done(r);
}

bool
index_read(struct ctx *cx, int folder_fd, const struct log_key *key,
    struct index *out)
{
	struct slice bytes = contents(cx, folder_fd), text;
	struct index x = { .n_segments = 0 };
	struct reader r;

	if (bytes.n <= LOG_SIGNATURE_SIZE)
		return false;
	text = SLICE(bytes.p, bytes.n - LOG_SIGNATURE_SIZE);
	r = reader_of(text);
	/* Only what this key has signed is believed at all. */
	if (!log_key_verify(log_key_public(key), text, SLICE(bytes.p + text.n,
	    LOG_SIGNATURE_SIZE)) || !decode(cx, &r, &x))
		return false;
	*out = x;
	return true;
}
