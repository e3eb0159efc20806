/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/crls.h"

#include <pthread.h>
#include <search.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "authority/crl.h"
#include "base/base.h"
#include "db/meta.h"

/* Two, so that one long list does not hold up all the others. */
#define THREADS		2u
#define PACE_US		1000000u	/* at most one a second and list */
/* A list that takes long is made seldomer: it is under way a fifth of the time
 * at most, so that issuance goes on. */
#define REST_FACTOR	4u
#define RETRY_US	1000000u	/* after a failure; doubled */
#define RETRY_US_MOST	64000000u

#define KEY_SHARDS	"crl_shards"	/* the most there ever were */

/* A list that was made.  Nothing in it changes; whoever has it counts. */
struct held {
	atomic_uint	refs;
	struct crl_view	view;
	uint8_t		bytes[];
};

/* All of it is held by the lock of crls, but issuer and shard. */
struct list {
	const struct issuer	*issuer;
	unsigned		 shard;
	struct held		*held;		/* NULL: none in memory */
	bool			 loaded;	/* the database was asked */
	bool			 behind;	/* what it had was out of date */
	bool			 dirty, making, asked;
	uint64_t		 rounds;	/* makings that ended */
	unsigned		 n_failed;	/* in a row */
	uint64_t		 not_before_us;	/* pace and retry */
	uint64_t		 due_us;	/* when in the heap */
	size_t			 at;		/* place in the heap, from 1; 0: not there */
};

struct crls {
	const struct authority	*authority;
	unsigned		 shards_most;
	pthread_mutex_t		 lock;
	pthread_cond_t		 wake;		/* the threads: heap or stop */
	pthread_cond_t		 made;		/* who waits for a list */
	bool			 stop;
	void			*lists;		/* tree of struct list */
	struct list		**heap;		/* by due_us; [0] is not used */
	size_t			 n_heap, cap_heap;
	size_t			 n_threads;
	pthread_t		 threads[THREADS];
};

static void
lock(struct crls *all)
{
	ASSERT(pthread_mutex_lock(&all->lock) == 0);
}

static void
unlock(struct crls *all)
{
	ASSERT(pthread_mutex_unlock(&all->lock) == 0);
}

static uint64_t
ticks(const struct ctx *cx)
{
	return cx->clock->ticks_us(cx->clock->arg);
}

/* --- lists held by many ------------------------------------------------- */

static struct held *
held_of(const struct crl_row *row)
{
	struct held *held = base_alloc(sizeof(*held) + row->der.n);

	atomic_init(&held->refs, 1);
	memcpy(held->bytes, row->der.p, row->der.n);
	held->view = (struct crl_view){
		.der = SLICE(held->bytes, row->der.n),
		.number = row->number,
		.this_s = row->this_s, .next_s = row->next_s,
	};
	return held;
}

static void
held_drop(void *p)
{
	struct held *held = p;

	if (held != NULL && atomic_fetch_sub(&held->refs, 1) == 1)
		free(held);
}

/* With the lock. */
static void
held_give(struct ctx *cx, struct held *held, struct crl_view *out)
{
	atomic_fetch_add(&held->refs, 1);
	arena_defer(cx->arena, held_drop, held);
	*out = held->view;
}

/* --- the heap: what is to be done, the earliest first -------------------- */

static void
heap_set(struct crls *all, size_t at, struct list *l)
{
	all->heap[at] = l;
	l->at = at;
}

static void
heap_up(struct crls *all, size_t at)
{
	struct list *l = all->heap[at];

	for (; at > 1 && all->heap[at / 2]->due_us > l->due_us; at /= 2)
		heap_set(all, at, all->heap[at / 2]);
	heap_set(all, at, l);
}

static void
heap_down(struct crls *all, size_t at)
{
	struct list *l = all->heap[at];
	size_t child;

	for (; (child = 2 * at) <= all->n_heap; at = child) {
		if (child < all->n_heap && all->heap[child + 1]->due_us <
		    all->heap[child]->due_us)
			child++;
		if (all->heap[child]->due_us >= l->due_us)
			break;
		heap_set(all, at, all->heap[child]);
	}
	heap_set(all, at, l);
}

static void
heap_remove(struct crls *all, struct list *l)
{
	struct list *last = all->heap[all->n_heap--];
	size_t at = l->at;

	l->at = 0;
	if (last == l)
		return;
	heap_set(all, at, last);
	heap_up(all, at);
	heap_down(all, last->at);
}

/* Have a list looked at then, or earlier when that was said before. */
static void
schedule(struct crls *all, struct list *l, uint64_t due_us)
{
	if (l->at != 0 && l->due_us <= due_us)
		return;
	if (l->at == 0) {
		if (all->n_heap + 1 >= all->cap_heap) {
			all->cap_heap = all->cap_heap == 0 ? 64 :
			    all->cap_heap * 2;
			all->heap = base_realloc(all->heap,
			    all->cap_heap * sizeof(struct list *));
		}
		heap_set(all, ++all->n_heap, l);
	}
	l->due_us = due_us;
	heap_up(all, l->at);
	/* Another thread may already be at work on what woke it. */
	ASSERT(pthread_cond_signal(&all->wake) == 0);
}

/* --- lists ---------------------------------------------------------------- */

static int
order_lists(const void *a, const void *b)
{
	const struct list *x = a, *y = b;

	if (x->issuer->id != y->issuer->id)
		return x->issuer->id < y->issuer->id ? -1 : 1;
	return x->shard < y->shard ? -1 : x->shard > y->shard;
}

/* With the lock; made when there is none. */
static struct list *
list_of(struct crls *all, const struct issuer *issuer, unsigned shard)
{
	struct list key = { .issuer = issuer, .shard = shard }, *l;
	struct list *const *node = tfind(&key, &all->lists, order_lists);

	if (node != NULL)
		return *node;
	l = base_alloc(sizeof(*l));
	l->issuer = issuer;
	l->shard = shard;
	ASSERT(tsearch(l, &all->lists, order_lists) != NULL);
	return l;
}

static void
list_free(void *p)
{
	struct list *l = p;

	held_drop(l->held);
	free(l);
}

static void
mark_dirty(struct crls *all, struct list *l, uint64_t now_us)
{
	l->dirty = true;
	/* One that is being made is looked at again when it is done. */
	if (!l->making)
		schedule(all, l, l->not_before_us > now_us ?
		    l->not_before_us : now_us);
}

/* Half of its life is kept in hand. */
static void
schedule_by_time(struct crls *all, struct list *l, int64_t now_s,
    uint64_t now_us)
{
	const struct crl_view *v = &l->held->view;
	int64_t in_s = v->next_s - (v->next_s - v->this_s) / 2 - now_s;

	if (now_s >= l->issuer->not_after_s)
		return;
	schedule(all, l, now_us + (in_s > 0 ? (uint64_t)in_s : 0) * 1000000u);
}

/* --- making ---------------------------------------------------------------- */

static bool
is_over(const struct issuer *issuer, int64_t now_s)
{
	return now_s >= issuer->not_after_s;
}

/* With the lock. */
static void
take_made(struct crls *all, struct list *l, struct held *held,
    uint64_t began_us, uint64_t now_us, int64_t now_s)
{
	uint64_t rest_us = now_us + REST_FACTOR * (now_us - began_us);

	held_drop(l->held);
	l->held = held;
	l->loaded = true;
	l->behind = false;
	l->n_failed = 0;
	l->not_before_us = began_us + PACE_US > rest_us ?
	    began_us + PACE_US : rest_us;
	schedule_by_time(all, l, now_s, now_us);
}

static void
take_failure(struct list *l, uint64_t now_us)
{
	uint64_t wait_us = RETRY_US_MOST;

	if (l->n_failed < 6)
		wait_us = (uint64_t)RETRY_US << l->n_failed;
	l->n_failed++;
	l->dirty = true;
	l->not_before_us = now_us + wait_us;
}

/* With the lock, which is not held while the signer and the database work. */
static void
make(struct ctx *cx, struct crls *all, struct list *l)
{
	uint64_t began_us = ticks(cx), now_us;
	struct held *held = NULL;
	struct crl_row row;
	struct err e;

	l->making = true;
	l->dirty = l->asked = false;
	unlock(all);
	e = crl_make(cx, all->authority, l->issuer, l->shard, &row);
	now_us = ticks(cx);
	if (failed(e))
		log_put(all->authority->log, LOG_LEVEL_ERROR, "crl.failed",
		    "tenant", l->issuer->tenant.name, "shard",
		    arena_printf(cx->arena, "%u", l->shard),
		    "code", err_dotted(e), "note", cx->trail->note, NULL);
	else
		held = held_of(&row);
	lock(all);
	if (held == NULL)
		take_failure(l, now_us);
	else
		take_made(all, l, held, began_us, now_us, ctx_now(cx));
	l->making = false;
	l->rounds++;
	if (l->dirty)
		mark_dirty(all, l, now_us);
	ASSERT(pthread_cond_broadcast(&all->made) == 0);
}

/* With the lock: the list whose time has come. */
static void
look_at(struct ctx *cx, struct crls *all, struct list *l)
{
	/* Another thread is at it, and looks again when it is done. */
	if (l->making || is_over(l->issuer, ctx_now(cx)))
		return;
	if (l->dirty || l->asked) {
		make(cx, all, l);
		return;
	}
	/* Nobody has asked for it for half its life: it stays in the database. */
	held_drop(l->held);
	l->held = NULL;
	l->loaded = false;
}

static void
wait_until(pthread_cond_t *cond, struct crls *all, uint64_t from_now_us)
{
	struct timespec until;

	ASSERT(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
	from_now_us += (uint64_t)until.tv_nsec / 1000;
	until.tv_sec += (time_t)(from_now_us / 1000000);
	until.tv_nsec = (long)(from_now_us % 1000000) * 1000;
	(void)pthread_cond_timedwait(cond, &all->lock, &until);
}

static void *
crls_main(void *arg)
{
	struct crls *all = arg;
	struct ctx_root root;

	ctx_root_init(&root, all->authority->log);
	lock(all);
	while (!all->stop) {
		struct list *first = all->n_heap > 0 ? all->heap[1] : NULL;
		uint64_t now_us = ticks(&root.cx);

		if (first == NULL) {
			ASSERT(pthread_cond_wait(&all->wake, &all->lock) == 0);
		} else if (first->due_us > now_us) {
			wait_until(&all->wake, all, first->due_us - now_us);
		} else {
			heap_remove(all, first);
			look_at(&root.cx, all, first);
			ctx_root_reset(&root);
		}
	}
	unlock(all);
	ctx_root_fini(&root);
	return NULL;
}

/* --- asking ------------------------------------------------------------------ */

/* With the lock, which is not held meanwhile: what the database has. */
static struct err
load(struct ctx *cx, struct crls *all, struct list *l)
{
	struct crl_row row;
	bool behind;
	struct err e;

	unlock(all);
	e = crl_load(cx, all->authority, l->issuer, l->shard, &row, &behind);
	lock(all);
	if (failed(e) || l->loaded)
		return e;
	l->loaded = true;
	l->behind = behind;
	if (row.der.n > 0) {
		l->held = held_of(&row);
		schedule_by_time(all, l, ctx_now(cx), ticks(cx));
	}
	return OK;
}

/* With the lock: must it be made before it is given? */
static bool
is_wanting(const struct list *l, int64_t now_s)
{
	if (is_over(l->issuer, now_s))
		return false;
	return l->held == NULL || l->behind || l->held->view.next_s <= now_s;
}

/* With the lock: wait for the making that this asks for. */
static void
wait_made(struct ctx *cx, struct crls *all, struct list *l)
{
	uint64_t now_us = ticks(cx), end_us = now_us + CRLS_WAIT_S * 1000000u;
	/* One under way may have begun before what it has to show. */
	uint64_t rounds = l->rounds + (l->making && l->behind ? 2 : 1);

	/* It has just failed: who asks again and again must not wait. */
	if (l->n_failed > 0 && l->not_before_us > now_us)
		return;
	mark_dirty(all, l, now_us);
	for (; l->rounds < rounds && !all->stop && now_us < end_us;
	    now_us = ticks(cx))
		wait_until(&all->made, all, end_us - now_us);
}

static bool
has_shard(const struct crls *all, const struct issuer *issuer, unsigned shard)
{
	return shard == CRL_COMPLETE || (issuer->role == CA_ROLE_ISSUING &&
	    shard <= all->shards_most);
}

struct err
crls_get(struct ctx *cx, const struct authority *a,
    const struct issuer *issuer, unsigned shard, struct crl_view *out)
{
	struct crls *all = a->crls;
	struct err e = OK;
	struct list *l;

	if (!has_shard(all, issuer, shard))
		return FAIL(cx, ERR_NOT_FOUND, "no shard %u", shard);
	lock(all);
	l = list_of(all, issuer, shard);
	l->asked = true;
	if (!l->loaded)
		e = load(cx, all, l);
	if (!failed(e) && is_wanting(l, ctx_now(cx)))
		wait_made(cx, all, l);
	if (!failed(e) && l->held != NULL)
		held_give(cx, l->held, out);
	else if (!failed(e))
		e = FAIL(cx, ERR_BUSY, "the CRL could not be made in time");
	unlock(all);
	if (e.code == ERR_BUSY)
		cx->trail->retry_after_s = 1;
	return e;
}

bool
crls_held(struct ctx *cx, const struct authority *a,
    const struct issuer *issuer, unsigned shard, struct crl_view *out)
{
	struct crls *all = a->crls;
	struct list key = { .issuer = issuer, .shard = shard };
	struct list *const *node;
	bool good;

	lock(all);
	node = tfind(&key, &all->lists, order_lists);
	good = node != NULL && (*node)->held != NULL &&
	    !is_wanting(*node, ctx_now(cx));
	if (good) {
		(*node)->asked = true;
		held_give(cx, (*node)->held, out);
	}
	unlock(all);
	return good;
}

void
crls_changed(const struct authority *a, int64_t ca_id, unsigned shard)
{
	const struct issuer *issuer = issuers_by_id(a, ca_id);
	uint64_t now_us = clock_system.ticks_us(clock_system.arg);

	/* A CA that recovery has just found: it is loaded at the next start,
	 * and crls_open() finds the list behind. */
	if (issuer == NULL)
		return;
	lock(a->crls);
	mark_dirty(a->crls, list_of(a->crls, issuer, CRL_COMPLETE), now_us);
	if (shard != CRL_COMPLETE)
		mark_dirty(a->crls, list_of(a->crls, issuer, shard), now_us);
	unlock(a->crls);
}

unsigned
crls_pick(const struct ctx *cx, const struct authority *a,
    const struct issuer *issuer)
{
	uint32_t random;

	if (issuer->role != CA_ROLE_ISSUING || a->limits.crl_shards == 0)
		return CRL_COMPLETE;
	ctx_random(cx, &random, sizeof(random));
	return 1 + random % a->limits.crl_shards;
}

/* --- open, close --------------------------------------------------------------- */

struct opening {
	unsigned	 shards;	/* in: of the setting; out: the most ever */
	struct crl_key	*behind;
	size_t		 n_behind;
};

/* A certificate keeps its shard when the setting becomes smaller, so the most
 * shards there ever were are served. */
static struct err
shards_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct opening *o = arg;
	const char *text;
	uint64_t most = 0;

	TRY(db_meta_get(cx, tx, KEY_SHARDS, &text));
	if (text != NULL && !text_parse_uint(text, CRL_SHARDS_MAX, &most))
		return FAIL(cx, ERR_STORAGE, "%s is no number", KEY_SHARDS);
	if (most >= o->shards) {
		o->shards = (unsigned)most;
		return OK;
	}
	return db_meta_put(cx, tx, KEY_SHARDS,
	    arena_printf(cx->arena, "%u", o->shards));
}

static struct err
behind_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct opening *o = arg;

	return db_crl_behind(cx, tx, &o->behind, &o->n_behind);
}

static struct err
prepare(struct ctx *cx, struct crls *all)
{
	const struct authority *a = all->authority;
	struct opening o = { .shards = a->limits.crl_shards };

	TRY(db_write(cx, a->db, shards_work, &o));
	all->shards_most = o.shards;
	TRY(db_read(cx, a->db, behind_work, &o));
	for (size_t i = 0; i < o.n_behind; i++) {
		const struct issuer *issuer = issuers_by_id(a,
		    o.behind[i].ca_id);

		if (issuer != NULL && has_shard(all, issuer,
		    o.behind[i].shard))
			mark_dirty(all, list_of(all, issuer,
			    o.behind[i].shard), 0);
	}
	return OK;
}

static void
init_cond(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	ASSERT(pthread_condattr_init(&attr) == 0);
	ASSERT(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
	ASSERT(pthread_cond_init(cond, &attr) == 0);
	(void)pthread_condattr_destroy(&attr);
}

struct err
crls_open(struct ctx *cx, const struct authority *a, struct crls **out)
{
	struct crls *all = base_alloc(sizeof(*all));
	struct err e;

	all->authority = a;
	ASSERT(pthread_mutex_init(&all->lock, NULL) == 0);
	init_cond(&all->wake);
	init_cond(&all->made);
	e = prepare(cx, all);
	if (failed(e)) {
		crls_close(all);
		return e;
	}
	for (; all->n_threads < THREADS; all->n_threads++)
		ASSERT(pthread_create(&all->threads[all->n_threads], NULL,
		    crls_main, all) == 0);
	*out = all;
	return OK;
}

void
crls_close(struct crls *all)
{
	if (all == NULL)
		return;
	lock(all);
	all->stop = true;
	ASSERT(pthread_cond_broadcast(&all->wake) == 0);
	unlock(all);
	for (size_t i = 0; i < all->n_threads; i++)
		ASSERT(pthread_join(all->threads[i], NULL) == 0);
	tdestroy(all->lists, list_free);
	free(all->heap);
	(void)pthread_mutex_destroy(&all->lock);
	(void)pthread_cond_destroy(&all->wake);
	(void)pthread_cond_destroy(&all->made);
	free(all);
}
