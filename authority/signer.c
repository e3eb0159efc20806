/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/signer.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"

#define RETRY_MS_FIRST	50u
#define RETRY_MS_MOST	2000u
#define HSM_RETRY_S	5	/* for who asked for a lost HSM */
#define READ_BLOCK	65536u

/* One thread that waits for one answer; on its stack, linked while it waits. */
struct waiter {
	struct waiter	*next;
	uint64_t	 tag;
	bool		 done, lost;
	uint8_t		*frame;		/* its answer; the waiter frees it */
	size_t		 n_frame;
	pthread_cond_t	 wake;
};

struct signer {
	atomic_uint_fast64_t	 orders, us;	/* signer_count() */
	struct signer_conf	 conf;
	pthread_t		 reader;

	pthread_mutex_t		 lock;		/* holds all below */
	pthread_cond_t		 changed;	/* up or stop changed */
	bool			 up, stop;
	struct timespec		 give_up;	/* while not up: until when to
						 * wait for it */
	int			 fd;
	uint64_t		 next_tag;
	struct waiter		*waiters;

	/* Whole frames only on the socket; never held with lock. */
	pthread_mutex_t		 send_lock;

	uint8_t			*in;		/* the reader's own */
	size_t			 n_in, cap_in;
};

static void
deadline_in(unsigned ms, struct timespec *out)
{
	ASSERT(clock_gettime(CLOCK_MONOTONIC, out) == 0);
	out->tv_sec += ms / 1000;
	out->tv_nsec += (long)(ms % 1000) * 1000000;
	if (out->tv_nsec >= 1000000000) {
		out->tv_sec++;
		out->tv_nsec -= 1000000000;
	}
}

static void
cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	ASSERT(pthread_condattr_init(&attr) == 0);
	ASSERT(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
	ASSERT(pthread_cond_init(cond, &attr) == 0);
	(void)pthread_condattr_destroy(&attr);
}

static void
lock(pthread_mutex_t *mutex)
{
	ASSERT(pthread_mutex_lock(mutex) == 0);
}

static void
unlock(pthread_mutex_t *mutex)
{
	ASSERT(pthread_mutex_unlock(mutex) == 0);
}

/* --- the reader's side -------------------------------------------------- */

/* Hand a frame to whoever waits for its tag; an answer nobody awaits any more
 * is dropped: its waiter gave up, and recovery will find what was made. */
static void
deliver(struct signer *s, struct slice frame)
{
	struct reader r = reader_of(frame);
	uint64_t tag;

	(void)read_be32(&r);
	(void)read_be16(&r);
	tag = read_be64(&r);
	lock(&s->lock);
	for (struct waiter *w = s->waiters; w != NULL; w = w->next) {
		if (w->tag != tag || w->done)
			continue;
		w->frame = base_alloc(frame.n);
		memcpy(w->frame, frame.p, frame.n);
		w->n_frame = frame.n;
		w->done = true;
		ASSERT(pthread_cond_signal(&w->wake) == 0);
		break;
	}
	unlock(&s->lock);
}

/* Read what is there and deliver whole frames; false ends the connection. */
static bool
read_some(struct signer *s, struct ctx *cx, int fd)
{
	size_t size, at = 0;
	ssize_t n;

	if (s->cap_in - s->n_in < READ_BLOCK) {
		s->cap_in = s->n_in + 2 * READ_BLOCK;
		s->in = base_realloc(s->in, s->cap_in);
	}
	n = read(fd, s->in + s->n_in, READ_BLOCK);
	if (n < 0 && errno == EINTR)
		return true;
	if (n <= 0)
		return false;
	s->n_in += (size_t)n;
	for (;;) {
		struct slice rest = SLICE(s->in + at, s->n_in - at);

		if (failed(wire_frame_size(cx, rest, &size)))
			return false;
		if (size == 0 || size > rest.n)
			break;
		deliver(s, SLICE(rest.p, size));
		at += size;
	}
	memmove(s->in, s->in + at, s->n_in - at);
	s->n_in -= at;
	return true;
}

/* Say hello before anybody else may speak. */
static struct err
greet(struct signer *s, struct ctx *cx, int fd)
{
	struct order hello = { .type = ORDER_HELLO,
	    .hello = { .version = WIRE_VERSION } };
	struct buf out = buf_in(cx->arena, WIRE_FRAME_MAX);
	struct waiter w = { .tag = 0 };
	struct answer answer;

	TRY(order_encode(cx, &hello, &out));
	if (send(fd, out.p, out.n, MSG_NOSIGNAL) != (ssize_t)out.n)
		return FAIL(cx, ERR_SIGNER_GONE, "hello: %s", strerror(errno));
	s->n_in = 0;
	cond_init(&w.wake);
	lock(&s->lock);
	w.next = s->waiters;
	s->waiters = &w;
	unlock(&s->lock);
	while (!w.done && read_some(s, cx, fd))
		continue;
	lock(&s->lock);
	for (struct waiter **p = &s->waiters; *p != NULL; p = &(*p)->next) {
		if (*p == &w) {
			*p = w.next;
			break;
		}
	}
	unlock(&s->lock);
	(void)pthread_cond_destroy(&w.wake);
	if (!w.done)
		return FAIL(cx, ERR_SIGNER_GONE, "no answer to hello");
	arena_defer(cx->arena, free, w.frame);
	TRY(answer_decode(cx, SLICE(w.frame, w.n_frame), &answer));
	if (failed(answer.err) || answer.version != WIRE_VERSION)
		return FAIL(cx, ERR_SIGNER_GONE,
		    "the signer speaks version %u, this program %u",
		    answer.version, WIRE_VERSION);
	return OK;
}

static void
set_up(struct signer *s, int fd, bool up)
{
	lock(&s->lock);
	s->up = up;
	s->fd = fd;
	deadline_in(SIGNER_OUTAGE_S * 1000, &s->give_up);
	for (struct waiter *w = s->waiters; !up && w != NULL; w = w->next) {
		w->lost = true;
		ASSERT(pthread_cond_signal(&w->wake) == 0);
	}
	ASSERT(pthread_cond_broadcast(&s->changed) == 0);
	unlock(&s->lock);
}

static bool
is_stopping(struct signer *s)
{
	bool stop;

	lock(&s->lock);
	stop = s->stop;
	unlock(&s->lock);
	return stop;
}

static void
pause_ms(struct signer *s, unsigned ms)
{
	struct timespec until;

	deadline_in(ms, &until);
	lock(&s->lock);
	while (!s->stop && pthread_cond_timedwait(&s->changed, &s->lock,
	    &until) == 0)
		continue;
	unlock(&s->lock);
}

/* One connection, from its making to its loss. */
static struct err
keep_one(struct signer *s, struct ctx *cx, bool *out_was_up)
{
	int fd = -1;
	struct err e;

	TRY(s->conf.connect(cx, s->conf.arg, &fd));
	e = greet(s, cx, fd);
	if (!failed(e)) {
		*out_was_up = true;
		set_up(s, fd, true);
		/* signer_close() shuts down what set_up() told it of; it
		 * may have come before. */
		while (!is_stopping(s) && read_some(s, cx, fd))
			arena_reset(cx->arena);
		/* A sender may be inside send() with this descriptor. */
		(void)shutdown(fd, SHUT_RDWR);
		set_up(s, -1, false);
	}
	lock(&s->send_lock);
	(void)close(fd);
	unlock(&s->send_lock);
	return failed(e) ? e : FAIL(cx, ERR_SIGNER_GONE, "connection lost");
}

static void *
reader_main(void *arg)
{
	struct signer *s = arg;
	unsigned retry_ms = RETRY_MS_FIRST;
	struct ctx_root root;

	ctx_root_init(&root, s->conf.log);
	while (!is_stopping(s)) {
		bool was_up = false;
		struct err e = keep_one(s, &root.cx, &was_up);

		if (is_stopping(s))
			break;
		log_put(s->conf.log, LOG_LEVEL_WARN, "signer.lost", "code",
		    err_dotted(e), "note", root.trail.note, NULL);
		retry_ms = was_up ? RETRY_MS_FIRST : retry_ms * 2;
		if (retry_ms > RETRY_MS_MOST)
			retry_ms = RETRY_MS_MOST;
		pause_ms(s, retry_ms);
		ctx_root_reset(&root);
	}
	ctx_root_fini(&root);
	return NULL;
}

/* --- the callers' side --------------------------------------------------- */

/* With the lock: wait until connected; false when it took too long. */
static bool
wait_up(struct signer *s, const struct timespec *until)
{
	while (!s->up && !s->stop)
		if (pthread_cond_timedwait(&s->changed, &s->lock, until) != 0)
			break;
	return s->up;
}

static bool
send_all(int fd, struct slice s)
{
	while (s.n > 0) {
		ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		s.p += n;
		s.n -= (size_t)n;
	}
	return true;
}

/* Send on the connection that is up now; one that was lost meanwhile has woken
 * the waiter already. */
static void
send_frame(struct signer *s, struct slice frame)
{
	int fd;

	lock(&s->send_lock);
	lock(&s->lock);
	fd = s->up ? s->fd : -1;
	unlock(&s->lock);
	if (fd >= 0 && !send_all(fd, frame))
		(void)shutdown(fd, SHUT_RDWR);
	unlock(&s->send_lock);
}

static void
forget(struct signer *s, struct waiter *w)
{
	for (struct waiter **p = &s->waiters; *p != NULL; p = &(*p)->next) {
		if (*p == w) {
			*p = w->next;
			return;
		}
	}
}

static unsigned
wait_of(const struct order *order)
{
	bool makes_key = order->type == ORDER_MAKE_CA ||
	    order->type == ORDER_REQUEST_CA ||
	    order->type == ORDER_DELEGATE;

	return makes_key ? SIGNER_MAKE_WAIT_S : SIGNER_WAIT_S;
}

/* Send and wait; the answer's frame or NULL. */
static bool
exchange(struct signer *s, struct order *order, struct ctx *cx,
    struct waiter *w, struct err *out)
{
	struct buf frame = buf_in(cx->arena, WIRE_FRAME_MAX);
	struct timespec until, give_up;

	deadline_in(wait_of(order) * 1000, &until);
	lock(&s->lock);
	give_up = s->give_up;
	if (!wait_up(s, &give_up)) {
		unlock(&s->lock);
		return false;
	}
	order->tag = w->tag = ++s->next_tag;
	w->next = s->waiters;
	s->waiters = w;
	unlock(&s->lock);

	*out = order_encode(cx, order, &frame);
	if (!failed(*out))
		send_frame(s, buf_slice(&frame));

	lock(&s->lock);
	while (!failed(*out) && !w->done && !w->lost)
		if (pthread_cond_timedwait(&w->wake, &s->lock, &until) != 0)
			break;
	forget(s, w);
	unlock(&s->lock);
	return w->done;
}

struct err
signer_call(struct ctx *cx, struct signer *s, struct order *order,
    struct answer *out)
{
	struct waiter w = { .done = false };
	struct answer answer;
	struct err e = OK;
	uint64_t began_us = clock_system.ticks_us(clock_system.arg);
	bool done;

	cond_init(&w.wake);
	done = exchange(s, order, cx, &w, &e);
	atomic_fetch_add(&s->orders, done ? 1 : 0);
	atomic_fetch_add(&s->us, done ?
	    clock_system.ticks_us(clock_system.arg) - began_us : 0);
	(void)pthread_cond_destroy(&w.wake);
	if (!done) {
		TRY(e);
		cx->trail->retry_after_s = 1;
		return FAIL(cx, ERR_SIGNER_GONE, w.lost ?
		    "the connection broke" : "no connection or no answer");
	}
	arena_defer(cx->arena, free, w.frame);
	TRY(answer_decode(cx, SLICE(w.frame, w.n_frame), &answer));
	if (answer.err.code == ERR_JOURNAL || answer.err.code == ERR_BUSY) {
		cx->trail->retry_after_s = 1;
		return FAIL(cx, ERR_SIGNER_GONE, "%s: %s",
		    err_dotted(answer.err), answer.detail);
	}
	if (answer.err.code == ERR_HSM_GONE)
		cx->trail->retry_after_s = HSM_RETRY_S;
	if (answer.err.code == ERR_HSM_GONE ||
	    answer.err.code == ERR_HSM_REFUSED ||
	    answer.err.code == ERR_ORDER_KEY_STORE)
		return FAIL(cx, answer.err.code, "%s", answer.detail);
	if (failed(answer.err))
		return FAIL(cx, ERR_SIGNER_REFUSED, "%s: %s",
		    err_dotted(answer.err), answer.detail);
	if (answer.type != order->type)
		return FAIL(cx, ERR_INTERNAL, "answer %u to order %u",
		    answer.type, order->type);
	*out = answer;
	return OK;
}

bool
signer_is_up(struct signer *s)
{
	bool up;

	lock(&s->lock);
	up = s->up;
	unlock(&s->lock);
	return up;
}

struct err
signer_open(struct ctx *cx, const struct signer_conf *conf,
    struct signer **out)
{
	struct signer *s = base_alloc(sizeof(*s));
	struct timespec until;
	bool up;

	s->conf = *conf;
	s->fd = -1;
	ASSERT(pthread_mutex_init(&s->lock, NULL) == 0);
	ASSERT(pthread_mutex_init(&s->send_lock, NULL) == 0);
	cond_init(&s->changed);
	ASSERT(pthread_create(&s->reader, NULL, reader_main, s) == 0);
	deadline_in(SIGNER_WAIT_S * 1000, &until);
	lock(&s->lock);
	up = wait_up(s, &until);
	unlock(&s->lock);
	if (!up) {
		signer_close(s);
		return FAIL(cx, ERR_SIGNER_GONE, "the signer did not come up");
	}
	*out = s;
	return OK;
}

void
signer_close(struct signer *s)
{
	if (s == NULL)
		return;
	lock(&s->lock);
	ASSERT(s->waiters == NULL || !s->up);
	s->stop = true;
	if (s->fd >= 0)
		(void)shutdown(s->fd, SHUT_RDWR);
	ASSERT(pthread_cond_broadcast(&s->changed) == 0);
	unlock(&s->lock);
	ASSERT(pthread_join(s->reader, NULL) == 0);
	free(s->in);
	(void)pthread_mutex_destroy(&s->lock);
	(void)pthread_mutex_destroy(&s->send_lock);
	(void)pthread_cond_destroy(&s->changed);
	free(s);
}

void
signer_count(struct signer *s, struct signer_stats *out)
{
	out->orders = atomic_load(&s->orders);
	out->us = atomic_load(&s->us);
}
