/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/oidc_fetch.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "authority/courier.h"
#include "authority/oidc.h"
#include "authority/oidc_issuer.h"
#include "authority/tenant.h"
#include "base/base.h"
#include "db/oidc.h"

#define SECOND_US	UINT64_C(1000000)
#define IDLE_S		60

/* An issuer whose keys have a URL. */
struct entry {
	int64_t		 id, revision;
	uint64_t	 next_us;	/* when it is due; 0: at once */
	uint64_t	 tried_us;	/* 0: not yet */
	uint64_t	 round;		/* counts what came of tries */
	char		 url[OIDC_URL_MAX + 1];
};

/* The request under way. */
struct flight {
	bool			 under_way, answered;
	int64_t			 id, revision;
	enum courier_outcome	 outcome;
	uint16_t		 status;
	char			 why[COURIER_WHY_MAX + 1];
	uint8_t			*body;		/* malloc */
	size_t			 body_n;
};

struct oidc_fetch {
	const struct authority	*a;
	pthread_t		 thread;
	pthread_mutex_t		 lock;		/* holds all below */
	pthread_cond_t		 wake;		/* the thread */
	pthread_cond_t		 tried;		/* those who wait for it */
	bool			 stop, told;
	bool			 unread;	/* the last reload() failed */
	unsigned		 n_waiters;
	size_t			 n;
	struct entry		 entries[OIDC_ISSUERS_MAX];
	struct flight		 flight;
};

static void
lock(struct oidc_fetch *f)
{
	ASSERT(pthread_mutex_lock(&f->lock) == 0);
}

static void
unlock(struct oidc_fetch *f)
{
	ASSERT(pthread_mutex_unlock(&f->lock) == 0);
}

static uint64_t
now_us(void)
{
	return clock_system.ticks_us(clock_system.arg);
}

static struct timespec
in_seconds(int64_t s)
{
	struct timespec until;

	ASSERT(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
	until.tv_sec += (time_t)s;
	return until;
}

static struct entry *
entry_of(struct oidc_fetch *f, int64_t id)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->entries[i].id == id)
			return &f->entries[i];
	return NULL;
}

/* --- which there are ------------------------------------------------------- */

struct reading { struct oidc_row *rows; size_t n; };

static struct err
read_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct reading *r = arg;

	return db_oidc_list(cx, tx, 0, OIDC_ISSUERS_MAX, &r->rows, &r->n);
}

/* With the lock.  What was not changed keeps its times. */
static void
merge(struct oidc_fetch *f, const struct reading *r)
{
	struct entry now[OIDC_ISSUERS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++) {
		const struct oidc_row *row = &r->rows[i];
		const struct entry *old = entry_of(f, row->id);

		if (row->jwks_url == NULL)
			continue;
		now[n] = old != NULL ? *old : (struct entry){ .id = row->id };
		if (now[n].revision != row->revision)
			now[n].next_us = 0;
		now[n].revision = row->revision;
		(void)snprintf(now[n].url, sizeof(now[n].url), "%s",
		    row->jwks_url);
		n++;
	}
	memcpy(f->entries, now, n * sizeof(now[0]));
	f->n = n;
}

static void
reload(struct oidc_fetch *f)
{
	struct reading r = { NULL, 0 };
	struct ctx_root root;
	struct err e;

	ctx_root_init(&root, f->a->log);
	e = db_read(&root.cx, f->a->db, read_work, &r);
	lock(f);
	if (!failed(e))
		merge(f, &r);
	f->unread = failed(e);
	unlock(f);
	ctx_root_fini(&root);
}

/* --- asking ---------------------------------------------------------------- */

static void
answered(void *arg, const struct courier_answer *answer)
{
	struct oidc_fetch *f = arg;
	struct flight *t = &f->flight;

	lock(f);
	t->outcome = (enum courier_outcome)answer->outcome;
	t->status = answer->status;
	(void)snprintf(t->why, sizeof(t->why), "%s", answer->why);
	t->body = base_alloc(answer->body.n + 1);
	if (answer->body.n > 0)
		memcpy(t->body, answer->body.p, answer->body.n);
	t->body_n = answer->body.n;
	t->answered = true;
	ASSERT(pthread_cond_signal(&f->wake) == 0);
	unlock(f);
}

/* With the lock, so that nothing is sent once it is told to stop. */
static void
begin(struct oidc_fetch *f, struct entry *e)
{
	struct courier_request request = {
		.method = COURIER_GET, .use = COURIER_KEYS,
		.connect_ms = OIDC_FETCH_CONNECT_MS,
		.total_ms = OIDC_FETCH_TOTAL_MS,
		.answer_max = JWKS_BYTES_MAX, .url = e->url,
		.headers = { "Accept: application/json" }, .n_headers = 1,
	};
	struct ctx_root root;

	ctx_root_init(&root, f->a->log);
	f->flight = (struct flight){ .under_way = true, .id = e->id,
	    .revision = e->revision };
	if (failed(courier_send(&root.cx, f->a->courier, &request, answered,
	    f))) {
		f->flight.under_way = false;
		e->next_us = now_us() + SECOND_US;
	} else {
		e->tried_us = now_us();
	}
	ctx_root_fini(&root);
}

/* --- what came ------------------------------------------------------------- */

struct storing {
	const struct flight	*flight;
	const char		*keys, *error;	/* one of them */
	bool			 withdrawn;	/* error, of a set: no keys are left */
};

/* What is no set may be a page of somebody's on the way.  A set of which nothing
 * can be used is the issuer's word: its keys of before are not among it. */
static bool
is_set(const json_t *json)
{
	const json_t *keys = json_object_get(json, "keys");

	return json_is_array(keys) && json_array_size(keys) <= JWKS_KEYS_MAX;
}

/* The set as text, or why there is none. */
static void
judge(struct ctx *cx, struct storing *s)
{
	const struct flight *t = s->flight;
	struct jwks *keys = ARENA_NEW(cx->arena, struct jwks);
	json_t *json;

	if (t->outcome != COURIER_ANSWERED)
		s->error = arena_printf(cx->arena, "%s: %s",
		    courier_outcome_text(t->outcome), t->why);
	else if (t->status != 200)
		s->error = arena_printf(cx->arena, "status %u",
		    (unsigned)t->status);
	else if (failed(json_parse(cx, SLICE(t->body, t->body_n), &json)))
		s->error = "not JSON";
	else if (failed(jwks_read(cx, json, keys))) {
		s->error = arena_strdup(cx->arena, cx->trail->tell);
		s->withdrawn = is_set(json);
	} else
		s->keys = arena_strndup(cx->arena, (const char *)
		    json_text(cx, json).p, json_text(cx, json).n);
	ctx_forget(cx);
}

static struct err
tell(struct ctx *cx, struct db_tx *tx, const struct oidc_row *row,
    const char *old_keys, const char *old_error)
{
	const char *id = arena_printf(cx->arena, "%lld", (long long)row->id);

	if (row->fetch_error != NULL && (old_error == NULL ||
	    (old_keys != NULL && row->fetched == NULL)))
		return tenant_event(cx, tx, 0, EVENT_ISSUER_FETCH_FAILED, id,
		    "issuers", json_pack("{s:s,s:s}", "issuer", row->url,
		    "error", row->fetch_error));
	if (row->fetch_error == NULL && (old_keys == NULL ||
	    strcmp(old_keys, row->fetched) != 0))
		return tenant_event(cx, tx, 0, EVENT_ISSUER_KEYS_CHANGED, id,
		    "issuers", json_pack("{s:s}", "issuer", row->url));
	return OK;
}

static struct err
store_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	const struct storing *s = arg;
	const char *old_keys, *old_error;
	struct oidc_row row;
	struct err e = db_oidc_get(cx, tx, s->flight->id, &row);

	/* Deleted or changed meanwhile: these are keys of nothing. */
	if (e.code == ERR_NOT_FOUND || (!failed(e) &&
	    row.revision != s->flight->revision)) {
		ctx_forget(cx);
		return OK;
	}
	TRY(e);
	old_keys = row.fetched;
	old_error = row.fetch_error;
	row.tried_s = ctx_now(cx);
	row.fetch_error = s->error;
	if (s->keys != NULL || s->withdrawn) {
		row.fetched = s->keys;
		row.fetched_s = s->keys != NULL ? row.tried_s : 0;
	}
	TRY(db_oidc_fetched(cx, tx, &row));
	return tell(cx, tx, &row, old_keys, old_error);
}

/* false: to be tried again soon. */
static bool
store(struct oidc_fetch *f, const struct flight *t)
{
	struct storing s = { .flight = t };
	struct ctx_root root;
	struct err e;

	ctx_root_init(&root, f->a->log);
	judge(&root.cx, &s);
	e = db_write(&root.cx, f->a->db, store_work, &s);
	if (failed(e))
		s.error = root.trail.note;
	if (s.error != NULL)
		log_put(f->a->log, LOG_LEVEL_WARN, "issuer.no-keys",
		    "issuer", arena_printf(root.cx.arena, "%lld",
		    (long long)t->id), "note", s.error, NULL);
	ctx_root_fini(&root);
	oidc_reload(f->a);
	return s.error == NULL;
}

static void
finish(struct oidc_fetch *f, const struct flight *t)
{
	bool good = store(f, t);
	struct entry *e;

	free(t->body);
	lock(f);
	e = entry_of(f, t->id);
	if (e != NULL && e->revision == t->revision)
		e->next_us = now_us() + SECOND_US * (uint64_t)(good ?
		    f->a->limits.issuer_refresh_s : OIDC_FETCH_RETRY_S);
	if (e != NULL)
		e->round++;
	ASSERT(pthread_cond_broadcast(&f->tried) == 0);
	unlock(f);
}

/* --- the thread ------------------------------------------------------------ */

/* With the lock.  The one that has been due longest: slow issuers, asked about
 * by strangers again and again, hold nobody else back. */
static struct entry *
due(struct oidc_fetch *f)
{
	uint64_t now = now_us();
	struct entry *first = NULL;

	for (size_t i = 0; i < f->n; i++)
		if (first == NULL || f->entries[i].next_us < first->next_us)
			first = &f->entries[i];
	return first != NULL && first->next_us <= now ? first : NULL;
}

/* With the lock: until there is something to do, or might be. */
static void
wait_for_work(struct oidc_fetch *f)
{
	uint64_t now = now_us(), least = IDLE_S * SECOND_US;
	struct timespec until;

	for (size_t i = 0; !f->flight.under_way && i < f->n; i++) {
		uint64_t next = f->entries[i].next_us;

		if (next <= now)
			return;
		if (next - now < least)
			least = next - now;
	}
	until = in_seconds((int64_t)(least / SECOND_US) + 1);
	if (!f->stop && !f->told && !f->flight.answered)
		(void)pthread_cond_timedwait(&f->wake, &f->lock, &until);
}

static void
step(struct oidc_fetch *f)
{
	struct flight came;
	struct entry *e;
	bool told;

	lock(f);
	wait_for_work(f);
	told = f->told || f->unread;
	f->told = false;
	came = f->flight;
	if (came.answered)
		f->flight = (struct flight){ .id = 0 };
	unlock(f);
	if (told)
		reload(f);
	if (came.answered)
		finish(f, &came);
	lock(f);
	if (!f->stop && !f->flight.under_way && (e = due(f)) != NULL)
		begin(f, e);
	unlock(f);
}

static void *
fetch_main(void *arg)
{
	struct oidc_fetch *f = arg;
	bool stop = false;

	while (!stop) {
		step(f);
		lock(f);
		stop = f->stop;
		unlock(f);
	}
	return NULL;
}

struct oidc_fetch *
oidc_fetch_start(const struct authority *a)
{
	struct oidc_fetch *f = base_alloc(sizeof(*f));
	pthread_condattr_t attr;

	f->a = a;
	f->told = true;
	ASSERT(pthread_mutex_init(&f->lock, NULL) == 0);
	ASSERT(pthread_condattr_init(&attr) == 0);
	ASSERT(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
	ASSERT(pthread_cond_init(&f->wake, &attr) == 0);
	ASSERT(pthread_cond_init(&f->tried, &attr) == 0);
	(void)pthread_condattr_destroy(&attr);
	ASSERT(pthread_create(&f->thread, NULL, fetch_main, f) == 0);
	return f;
}

void
oidc_fetch_stop(struct oidc_fetch *f)
{
	if (f == NULL)
		return;
	lock(f);
	f->stop = true;
	ASSERT(pthread_cond_signal(&f->wake) == 0);
	ASSERT(pthread_cond_broadcast(&f->tried) == 0);
	unlock(f);
	ASSERT(pthread_join(f->thread, NULL) == 0);
}

void
oidc_fetch_free(struct oidc_fetch *f)
{
	if (f == NULL)
		return;
	free(f->flight.body);
	(void)pthread_mutex_destroy(&f->lock);
	(void)pthread_cond_destroy(&f->wake);
	(void)pthread_cond_destroy(&f->tried);
	free(f);
}

void
oidc_fetch_told(struct oidc_fetch *f)
{
	if (f == NULL)
		return;
	lock(f);
	f->told = true;
	ASSERT(pthread_cond_signal(&f->wake) == 0);
	unlock(f);
}

/* --- those who ask --------------------------------------------------------- */

/* With the lock: whether what came of a try after this is there. */
static bool
wait_for_try(struct oidc_fetch *f, int64_t id)
{
	const struct timespec until = in_seconds(OIDC_FETCH_WAIT_S);
	const struct entry *e = entry_of(f, id);
	uint64_t round = e->round;
	int late = 0;

	f->n_waiters++;
	while (!f->stop && late != ETIMEDOUT && (e = entry_of(f, id)) != NULL &&
	    e->round == round)
		late = pthread_cond_timedwait(&f->tried, &f->lock, &until);
	f->n_waiters--;
	return e != NULL && e->round != round;
}

/* Nobody outside may have this fetched more often than that. */
static bool
is_fresh(const struct oidc_fetch *f, const struct entry *e)
{
	bool under_way = f->flight.under_way && f->flight.id == e->id;

	return !under_way && e->tried_us != 0 && now_us() < e->tried_us +
	    OIDC_FETCH_ASK_S * SECOND_US;
}

struct err
oidc_fetch_ask(struct ctx *cx, struct oidc_fetch *f, int64_t id,
    bool *out_fetched)
{
	bool crowded = false, fetched = false, ask;
	struct entry *e;

	*out_fetched = false;
	if (f == NULL)
		return OK;
	lock(f);
	e = entry_of(f, id);
	ask = e != NULL && !is_fresh(f, e);
	crowded = ask && f->n_waiters >= OIDC_FETCH_WAITERS_MAX;
	if (ask && !crowded) {
		if ((!f->flight.under_way || f->flight.id != id) &&
		    e->next_us > now_us())
			e->next_us = now_us();
		ASSERT(pthread_cond_signal(&f->wake) == 0);
		fetched = wait_for_try(f, id);
	}
	unlock(f);
	if (ask && !fetched)
		return FAIL_TELL(cx, ERR_BUSY,
		    "the keys of the issuer are being fetched");
	*out_fetched = fetched;
	return OK;
}
