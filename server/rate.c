/* SPDX-License-Identifier: Apache-2.0 */
#include "server/rate.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "base/base.h"

#define N_SETS		1024u
#define N_WAYS		4u	/* buckets of a set */
#define WHOLE		1000000	/* one request, in parts that come each us */

struct bucket {
	uint64_t	key;		/* 0: free */
	uint64_t	at_us;		/* when level was right */
	int64_t		level;		/* in parts of WHOLE */
};

struct rate {
	unsigned	per_s, burst;
	uint8_t		key[crypto_shorthash_KEYBYTES];
	pthread_mutex_t	lock;
	struct bucket	buckets[N_SETS][N_WAYS];
};

struct rate *
rate_new(struct ctx *cx, unsigned per_s, unsigned burst)
{
	struct rate *rate;

	if (per_s == 0)
		return NULL;
	rate = base_alloc(sizeof(*rate));
	rate->per_s = per_s;
	rate->burst = burst < 1 ? 1 : burst;
	/* Nobody can choose whom to share a set with. */
	ctx_random(cx, rate->key, sizeof(rate->key));
	ASSERT(pthread_mutex_init(&rate->lock, NULL) == 0);
	return rate;
}

void
rate_free(struct rate *rate)
{
	if (rate == NULL)
		return;
	(void)pthread_mutex_destroy(&rate->lock);
	free(rate);
}

static uint64_t
key_of(const struct rate *rate, const char *who)
{
	uint8_t hash[crypto_shorthash_BYTES];
	uint64_t key;

	ASSERT(crypto_shorthash(hash, (const uint8_t *)who, strlen(who),
	    rate->key) == 0);
	memcpy(&key, hash, sizeof(key));
	return key == 0 ? 1 : key;
}

/* What has come to it since. */
static void
fill(const struct rate *rate, struct bucket *b, uint64_t now_us)
{
	int64_t full = (int64_t)rate->burst * WHOLE;
	uint64_t since_us = now_us > b->at_us ? now_us - b->at_us : 0;
	uint64_t to_full_us = (uint64_t)(full - b->level) / rate->per_s + 1;

	b->level = since_us >= to_full_us ? full :
	    b->level + (int64_t)(since_us * rate->per_s);
	b->at_us = now_us;
}

/* The bucket of who, filled; in place of the one of its set that was asked for
 * the longest time ago, when it has none. */
static struct bucket *
bucket_of(struct rate *rate, const char *who, uint64_t now_us)
{
	uint64_t key = key_of(rate, who);
	struct bucket *set = rate->buckets[key % N_SETS], *oldest = &set[0];

	for (size_t i = 0; i < N_WAYS; i++) {
		if (set[i].key == key) {
			fill(rate, &set[i], now_us);
			return &set[i];
		}
		if (set[i].key == 0 || (oldest->key != 0 &&
		    set[i].at_us < oldest->at_us))
			oldest = &set[i];
	}
	*oldest = (struct bucket){ key, now_us,
	    (int64_t)rate->burst * WHOLE };
	return oldest;
}

static int64_t
seconds_up(int64_t parts, unsigned per_s)
{
	int64_t a_second = (int64_t)per_s * WHOLE;

	return (parts + a_second - 1) / a_second;
}

static struct err
refuse(struct ctx *cx, const struct rate *rate)
{
	cx->trail->retry_after_s = seconds_up(WHOLE, rate->per_s);
	return FAIL_TELL(cx, ERR_RATE, "at most %u at once and %u a second",
	    rate->burst, rate->per_s);
}

static void
say(const struct rate *rate, int64_t level, struct rate_said *out)
{
	int64_t full = (int64_t)rate->burst * WHOLE;

	(void)snprintf(out->now, sizeof(out->now), "\"principal\";r=%lld;t=%lld",
	    (long long)(level / WHOLE),
	    (long long)seconds_up(full - level, rate->per_s));
	(void)snprintf(out->policy, sizeof(out->policy),
	    "\"principal\";q=%u;w=%lld", rate->burst,
	    (long long)seconds_up(full, rate->per_s));
}

static struct err
ask(struct ctx *cx, struct rate *rate, const char *who, int64_t take,
    struct rate_said *said)
{
	uint64_t now_us = cx->clock->ticks_us(cx->clock->arg);
	struct bucket *b;
	int64_t level;
	bool good;

	if (rate == NULL)
		return OK;
	ASSERT(pthread_mutex_lock(&rate->lock) == 0);
	b = bucket_of(rate, who, now_us);
	good = b->level >= WHOLE;
	if (good)
		b->level -= take;
	level = b->level;
	ASSERT(pthread_mutex_unlock(&rate->lock) == 0);
	if (said != NULL)
		say(rate, level, said);
	return good ? OK : refuse(cx, rate);
}

struct err
rate_take(struct ctx *cx, struct rate *rate, const char *who,
    struct rate_said *said)
{
	return ask(cx, rate, who, WHOLE, said);
}

struct err
rate_look(struct ctx *cx, struct rate *rate, const char *who)
{
	return ask(cx, rate, who, 0, NULL);
}
