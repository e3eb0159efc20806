/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/courier.h"

#include <sys/socket.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"

#define RETRY_S	1	/* from the end of a connection to the next */

/* A place for a request under way; seq is its number and a count, so that an
 * answer to an older one is not taken for this. */
struct place {
	uint32_t	 seq;		/* 0: free */
	courier_done	*done;
	void		*arg;
};

struct courier {
	struct courier_conf	 conf;
	pthread_t		 reader;
	pthread_mutex_t		 lock;		/* holds all below */
	pthread_cond_t		 changed;
	bool			 stop;
	int			 fd;		/* -1: not connected */
	uint32_t		 round;
	struct place		 places[COURIER_AT_ONCE_MAX];
};

static void
lock(struct courier *c)
{
	ASSERT(pthread_mutex_lock(&c->lock) == 0);
}

static void
unlock(struct courier *c)
{
	ASSERT(pthread_mutex_unlock(&c->lock) == 0);
}

/* --- the reader ---------------------------------------------------------- */

static void
deliver(struct courier *c, const struct courier_answer *a)
{
	struct place *place = &c->places[a->seq % COURIER_AT_ONCE_MAX];
	struct place taken;

	lock(c);
	taken = *place;
	if (taken.seq == a->seq && a->seq != 0)
		place->seq = 0;
	unlock(c);
	if (taken.seq == a->seq && a->seq != 0)
		taken.done(taken.arg, a);
}

static struct err
read_one(struct ctx *cx, int fd, struct courier_answer *out)
{
	uint8_t *packet = arena_alloc(cx->arena, COURIER_PACKET_MAX);
	ssize_t n;

	while ((n = recv(fd, packet, COURIER_PACKET_MAX, 0)) < 0 &&
	    errno == EINTR)
		continue;
	if (n <= 0)
		return FAIL(cx, ERR_HTTP, "daa-courier has ended");
	return courier_answer_decode(cx, SLICE(packet, (size_t)n), out);
}

/* Those that were under way: whether they were done is not known. */
static void
lose_all(struct courier *c)
{
	for (size_t i = 0; i < COURIER_AT_ONCE_MAX; i++) {
		struct courier_answer a = { .outcome = COURIER_LOST,
		    .why = "daa-courier ended" };

		lock(c);
		a.seq = c->places[i].seq;
		unlock(c);
		if (a.seq != 0)
			deliver(c, &a);
	}
}

static void
serve_connection(struct courier *c, int fd)
{
	struct ctx_root root;
	struct err e = OK;

	ctx_root_init(&root, c->conf.log);
	while (!failed(e)) {
		struct courier_answer a;

		e = read_one(&root.cx, fd, &a);
		if (!failed(e))
			deliver(c, &a);
		if (!failed(e))
			ctx_root_reset(&root);
	}
	lock(c);
	c->fd = -1;
	if (!c->stop)
		log_put(c->conf.log, LOG_LEVEL_WARN, "courier.gone", "note",
		    root.trail.note, NULL);
	unlock(c);
	(void)close(fd);
	ctx_root_fini(&root);
	lose_all(c);
}

static struct err
connect_once(struct courier *c, int *out_fd)
{
	struct ctx_root root;
	struct err e;

	ctx_root_init(&root, c->conf.log);
	e = c->conf.connect(&root.cx, c->conf.arg, out_fd);
	if (failed(e))
		log_put(c->conf.log, LOG_LEVEL_WARN, "courier.not-started",
		    "note", root.trail.note, NULL);
	ctx_root_fini(&root);
	return e;
}

static void
pause_a_little(struct courier *c)
{
	struct timespec until;

	ASSERT(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
	until.tv_sec += RETRY_S;
	while (!c->stop && pthread_cond_timedwait(&c->changed, &c->lock,
	    &until) == 0)
		continue;
}

static void *
reader_main(void *arg)
{
	struct courier *c = arg;

	lock(c);
	while (!c->stop) {
		int fd;
		bool connected;

		unlock(c);
		connected = !failed(connect_once(c, &fd));
		lock(c);
		if (connected && c->stop)
			(void)close(fd);
		if (connected && !c->stop) {
			c->fd = fd;
			unlock(c);
			serve_connection(c, fd);
			lock(c);
		}
		pause_a_little(c);
	}
	unlock(c);
	return NULL;
}

struct courier *
courier_open(const struct courier_conf *conf)
{
	struct courier *c = base_alloc(sizeof(*c));
	pthread_condattr_t attr;

	c->conf = *conf;
	c->fd = -1;
	ASSERT(pthread_mutex_init(&c->lock, NULL) == 0);
	ASSERT(pthread_condattr_init(&attr) == 0);
	ASSERT(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
	ASSERT(pthread_cond_init(&c->changed, &attr) == 0);
	(void)pthread_condattr_destroy(&attr);
	ASSERT(pthread_create(&c->reader, NULL, reader_main, c) == 0);
	return c;
}

void
courier_close(struct courier *c)
{
	if (c == NULL)
		return;
	lock(c);
	c->stop = true;
	if (c->fd >= 0)
		(void)shutdown(c->fd, SHUT_RDWR);
	ASSERT(pthread_cond_broadcast(&c->changed) == 0);
	unlock(c);
	ASSERT(pthread_join(c->reader, NULL) == 0);
	(void)pthread_mutex_destroy(&c->lock);
	(void)pthread_cond_destroy(&c->changed);
	free(c);
}

/* --- asking -------------------------------------------------------------- */

/* With the lock. */
static struct place *
free_place(struct courier *c)
{
	for (size_t i = 0; i < COURIER_AT_ONCE_MAX; i++)
		if (c->places[i].seq == 0)
			return &c->places[i];
	return NULL;
}

static uint32_t
next_seq(struct courier *c, const struct place *place)
{
	c->round++;
	if (c->round == 0 || c->round > UINT32_MAX / COURIER_AT_ONCE_MAX - 1)
		c->round = 1;
	return c->round * COURIER_AT_ONCE_MAX +
	    (uint32_t)(place - c->places);
}

/* With the lock, so that packets do not have to wait for one another. */
static struct err
send_locked(struct ctx *cx, struct courier *c, struct courier_request *r,
    courier_done *done, void *arg)
{
	struct buf b = buf_in(cx->arena, COURIER_PACKET_MAX);
	struct place *place = free_place(c);

	if (c->fd < 0)
		return FAIL(cx, ERR_HTTP, "daa-courier is not there");
	if (place == NULL)
		return FAIL(cx, ERR_BUSY, "%u requests are under way",
		    COURIER_AT_ONCE_MAX);
	r->seq = next_seq(c, place);
	TRY(courier_request_encode(cx, r, &b));
	if (send(c->fd, b.p, b.n, MSG_NOSIGNAL | MSG_DONTWAIT) !=
	    (ssize_t)b.n)
		return FAIL(cx, errno == EAGAIN ? ERR_BUSY : ERR_HTTP,
		    "daa-courier: %s", strerror(errno));
	*place = (struct place){ r->seq, done, arg };
	return OK;
}

struct err
courier_send(struct ctx *cx, struct courier *c, struct courier_request *r,
    courier_done *done, void *arg)
{
	struct err e;

	lock(c);
	e = send_locked(cx, c, r, done, arg);
	unlock(c);
	return e;
}

struct fetching {
	struct ctx		*cx;
	pthread_mutex_t		 lock;
	pthread_cond_t		 wake;
	bool			 done;
	struct courier_answer	 answer;
};

static void
fetched(void *arg, const struct courier_answer *a)
{
	struct fetching *f = arg;

	ASSERT(pthread_mutex_lock(&f->lock) == 0);
	f->answer = *a;
	f->answer.why = arena_strdup(f->cx->arena, a->why);
	f->answer.body = slice_dup(f->cx->arena, a->body);
	f->done = true;
	ASSERT(pthread_cond_signal(&f->wake) == 0);
	ASSERT(pthread_mutex_unlock(&f->lock) == 0);
}

struct err
courier_fetch(struct ctx *cx, struct courier *c, struct courier_request *r,
    struct courier_answer *out)
{
	struct fetching f = { .cx = cx };
	struct err e;

	ASSERT(pthread_mutex_init(&f.lock, NULL) == 0);
	ASSERT(pthread_cond_init(&f.wake, NULL) == 0);
	e = courier_send(cx, c, r, fetched, &f);
	ASSERT(pthread_mutex_lock(&f.lock) == 0);
	while (!failed(e) && !f.done)
		ASSERT(pthread_cond_wait(&f.wake, &f.lock) == 0);
	ASSERT(pthread_mutex_unlock(&f.lock) == 0);
	(void)pthread_mutex_destroy(&f.lock);
	(void)pthread_cond_destroy(&f.wake);
	if (!failed(e))
		*out = f.answer;
	return e;
}

void
courier_count(struct courier *c, struct courier_stats *out)
{
	*out = (struct courier_stats){ .up = false };
	lock(c);
	out->up = c->fd >= 0;
	for (size_t i = 0; i < COURIER_AT_ONCE_MAX; i++)
		out->under_way += c->places[i].seq != 0;
	unlock(c);
}
