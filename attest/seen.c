/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/seen.h"

#include <pthread.h>
#include <stdlib.h>

#include <sodium.h>

#include "pki/ossl.h"

#define BYTES_PER_BUCKET	4096u
#define BUCKETS_MIN		64u
#define ENTRY_BYTES		(sizeof(struct entry) + 2 * sizeof(void *))

struct entry {
	struct entry		*next;		/* of its bucket */
	struct entry		*ring_next, *ring_prev;
	struct seen_id		 id;
	enum seen_kind		 kind;
	bool			 wanted;	/* since the hand passed */
	const struct seen_type	*type;
	void			*value;
	size_t			 bytes;
};

struct seen {
	pthread_mutex_t	  lock;
	uint8_t		  key[crypto_shorthash_KEYBYTES];
	struct entry	**buckets;
	size_t		  n_buckets;	/* a power of two */
	struct entry	 *hand;		/* NULL: nothing is kept */
	size_t		  bytes_max;
	struct seen_count count;
};

struct seen *
seen_new(size_t bytes_max)
{
	struct seen *s = base_alloc(sizeof(*s));

	ASSERT(pthread_mutex_init(&s->lock, NULL) == 0);
	/* Nobody outside can choose what falls into one bucket. */
	crypto_shorthash_keygen(s->key);
	s->bytes_max = bytes_max;
	s->n_buckets = BUCKETS_MIN;
	while (s->n_buckets < bytes_max / BYTES_PER_BUCKET)
		s->n_buckets *= 2;
	s->buckets = base_alloc(s->n_buckets * sizeof(struct entry *));
	return s;
}

static struct entry **
bucket_of(struct seen *s, enum seen_kind kind, const struct seen_id *id)
{
	uint8_t hash[crypto_shorthash_BYTES];
	uint64_t n;

	(void)crypto_shorthash(hash, (const uint8_t *)id, sizeof(*id), s->key);
	memcpy(&n, hash, sizeof(n));
	return &s->buckets[(n + kind) & (s->n_buckets - 1)];
}

/* Where it is linked; *place is NULL when it is not there. */
static struct entry **
place_of(struct seen *s, enum seen_kind kind, const struct seen_id *id)
{
	struct entry **place = bucket_of(s, kind, id);

	while (*place != NULL && ((*place)->kind != kind ||
	    memcmp(&(*place)->id, id, sizeof(*id)) != 0))
		place = &(*place)->next;
	return place;
}

static void
drop(struct seen *s, struct entry *e)
{
	struct entry **place = place_of(s, e->kind, &e->id);

	ASSERT(*place == e);
	*place = e->next;
	e->ring_prev->ring_next = e->ring_next;
	e->ring_next->ring_prev = e->ring_prev;
	if (s->hand == e)
		s->hand = e->ring_next == e ? NULL : e->ring_next;
	s->count.n--;
	s->count.bytes -= e->bytes;
	if (e->type != NULL)
		e->type->let_go(e->value);
	free(e);
}

void
seen_free(struct seen *s)
{
	if (s == NULL)
		return;
	while (s->hand != NULL)
		drop(s, s->hand);
	(void)pthread_mutex_destroy(&s->lock);
	free(s->buckets);
	free(s);
}

/*
 * The clock: what was asked for since the hand passed stays for one more round.
 * What is new has not been asked for yet, so that evidence of strangers, however
 * much of it there is, drives out its own kind first.
 */
static void
make_room(struct seen *s, size_t bytes)
{
	while (s->hand != NULL && s->count.bytes + bytes > s->bytes_max) {
		struct entry *e = s->hand;

		s->hand = e->ring_next;
		if (e->wanted)
			e->wanted = false;
		else
			drop(s, e);
	}
}

/* Behind the hand, which comes to it last. */
static void
put_in_ring(struct seen *s, struct entry *e)
{
	if (s->hand == NULL) {
		s->hand = e->ring_next = e->ring_prev = e;
		return;
	}
	e->ring_next = s->hand;
	e->ring_prev = s->hand->ring_prev;
	e->ring_prev->ring_next = e;
	e->ring_next->ring_prev = e;
}

bool
seen_find(struct seen *s, enum seen_kind kind, const struct seen_id *id,
    void **out_value)
{
	struct entry *e;

	if (s == NULL)
		return false;
	ASSERT(pthread_mutex_lock(&s->lock) == 0);
	e = *place_of(s, kind, id);
	if (e == NULL) {
		s->count.n_misses++;
	} else {
		s->count.n_hits++;
		e->wanted = true;
		if (e->type != NULL)
			e->type->hold(e->value);
		if (out_value != NULL)
			*out_value = e->value;
	}
	ASSERT(pthread_mutex_unlock(&s->lock) == 0);
	return e != NULL;
}

void
seen_keep(struct seen *s, enum seen_kind kind, const struct seen_id *id,
    const struct seen_type *type, void *value, size_t bytes)
{
	struct entry **place, *e;

	bytes += ENTRY_BYTES;
	if (s == NULL || bytes > s->bytes_max)
		return;
	ASSERT(pthread_mutex_lock(&s->lock) == 0);
	if (*place_of(s, kind, id) == NULL) {	/* else nothing has to go */
		make_room(s, bytes);
		place = place_of(s, kind, id);
		e = base_alloc(sizeof(*e));
		*e = (struct entry){ .id = *id, .kind = kind, .type = type,
		    .value = value, .bytes = bytes };
		if (type != NULL)
			type->hold(value);
		*place = e;
		put_in_ring(s, e);
		s->count.n++;
		s->count.bytes += bytes;
	}
	ASSERT(pthread_mutex_unlock(&s->lock) == 0);
}

void
seen_hash(struct slice s, uint8_t out[static SEEN_SHA256_SIZE])
{
	ASSERT(EVP_Digest(s.p, s.n, out, NULL, ossl_sha256(), NULL) == 1);
}

struct seen_count
seen_count(struct seen *s)
{
	struct seen_count count;

	ASSERT(pthread_mutex_lock(&s->lock) == 0);
	count = s->count;
	ASSERT(pthread_mutex_unlock(&s->lock) == 0);
	return count;
}
