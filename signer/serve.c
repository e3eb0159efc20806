/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/serve.h"

#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/base.h"

/* A queue of bytes: taken from the front, added at the end. */
struct queue { uint8_t *p; size_t at, n, cap; };

struct peer {
	int		 fd;		/* -1: this place is free */
	uint64_t	 id;		/* no other peer has or had it */
	size_t		 n_parked;	/* orders of it that wait for an HSM */
	struct queue	 in, out;
	bool		 greeted;	/* it has said hello */
	bool		 ended;		/* it sends no more */
	bool		 closing;	/* close when out is empty */
};

/* One order of the batch, and whose it is; NULL: nobody's any more. */
struct job {
	struct peer	*peer;
	struct answer	 answer;
};

/* An order that waits for an HSM, or has waited in this batch. */
struct parked {
	struct parked	*next;
	struct work	*work;
	struct place	*place;
	uint64_t	 peer;
	uint8_t		*frame;		/* a copy */
	size_t		 n_frame;
	struct ctx_root	 root;
	struct answer	 answer;
};

struct server {
	struct work		*work;
	const struct serve_conf	*conf;
	struct peer		 peers[SERVE_PEERS_MAX];
	struct job		 jobs[SERVE_BATCH_MAX + LOT_MAX];
	size_t			 n_jobs, n_bytes;	/* of their answers */
	struct parked		*waiting, *ended;	/* in this batch */
	uint64_t		 last_peer;
	struct ctx_root		 root;		/* of the batch */
	bool			 single;	/* the end of the peer ends us */
};

/* --- queues -------------------------------------------------------------- */

static struct slice
queue_slice(const struct queue *q)
{
	return SLICE(q->p + q->at, q->n - q->at);
}

static uint8_t *
queue_room(struct queue *q, size_t n)
{
	if (q->at > 0 && q->cap - q->n < n) {
		memmove(q->p, q->p + q->at, q->n - q->at);
		q->n -= q->at;
		q->at = 0;
	}
	if (q->cap - q->n < n) {
		q->cap = q->n + n > 2 * q->cap ? q->n + n : 2 * q->cap;
		q->p = base_realloc(q->p, q->cap);
	}
	return q->p + q->n;
}

static void
queue_take(struct queue *q, size_t n)
{
	q->at += n;
	if (q->at == q->n)
		q->at = q->n = 0;
}

static void
queue_free(struct queue *q)
{
	free(q->p);
	*q = (struct queue){ NULL, 0, 0, 0 };
}

/* --- peers --------------------------------------------------------------- */

static void
peer_close(struct peer *p)
{
	(void)close(p->fd);
	queue_free(&p->in);
	queue_free(&p->out);
	*p = (struct peer){ .fd = -1 };
}

/* Its orders may be done: it takes the answers that it is given. */
static bool
peer_is_served(const struct peer *p)
{
	return p->fd >= 0 && !p->closing &&
	    p->out.n - p->out.at < SERVE_OUT_MAX;
}

static bool
peer_reads(const struct peer *p)
{
	return peer_is_served(p) && !p->ended &&
	    p->in.n - p->in.at < SERVE_IN_MAX;
}

/* Whole frames are waiting that did not fit into the last batch. */
static bool
peer_has_frame(struct ctx *cx, const struct peer *p)
{
	struct slice in = queue_slice(&p->in);
	size_t n;

	if (!peer_is_served(p))
		return false;
	if (failed(wire_frame_size(cx, in, &n))) {
		ctx_forget(cx);
		return true;		/* and it will be refused */
	}
	return n != 0 && n <= in.n;
}

static void
peer_read(struct peer *p)
{
	ssize_t n = recv(p->fd, queue_room(&p->in, SERVE_READ_SIZE),
	    SERVE_READ_SIZE, MSG_DONTWAIT);

	if (n > 0)
		p->in.n += (size_t)n;
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		p->ended = true;
}

static void
peer_write(struct peer *p)
{
	struct slice out = queue_slice(&p->out);
	ssize_t n;

	if (out.n == 0)
		return;
	n = send(p->fd, out.p, out.n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n > 0) {
		queue_take(&p->out, (size_t)n);
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		p->ended = p->closing = true;
		queue_free(&p->out);
	}
}

static void
peer_accept(struct server *s)
{
	int fd = accept4(s->conf->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	struct ucred who = { .uid = (uid_t)-1 };
	socklen_t n = sizeof(who);

	if (fd < 0)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) != 0 ||
	    (who.uid != s->conf->peer_uid && who.uid != 0)) {
		log_put(s->conf->log, LOG_LEVEL_WARN, "peer.refused", "uid",
		    arena_printf(s->root.cx.arena, "%u", (unsigned)who.uid),
		    NULL);
		(void)close(fd);
		return;
	}
	for (size_t i = 0; i < SERVE_PEERS_MAX; i++) {
		if (s->peers[i].fd < 0) {
			s->peers[i] = (struct peer){ .fd = fd,
			    .id = ++s->last_peer };
			return;
		}
	}
	log_put(s->conf->log, LOG_LEVEL_WARN, "peer.too-many", NULL);
	(void)close(fd);
}

/* --- a batch ------------------------------------------------------------- */

static void
log_refusal(struct server *s, const struct answer *a)
{
	/* That an HSM is gone is logged once, with its reason. */
	enum log_level level = a->err.code == ERR_HSM_GONE ?
	    LOG_LEVEL_DEBUG : err_blame(a->err) == ERR_BLAME_CALLER ?
	    LOG_LEVEL_INFO : LOG_LEVEL_WARN;
	char type[8];

	(void)snprintf(type, sizeof(type), "%u", a->type);
	log_put(s->conf->log, level, "order.refused", "order", type,
	    "code", err_dotted(a->err), "note", a->detail, NULL);
}

/* Nobody who means well sends such an order: say so, and hear no more. */
static void
refuse(struct server *s, struct peer *p, struct answer *a)
{
	if (a->err.code == ERR_ORDER_MALFORMED)
		p->closing = true;
	log_refusal(s, a);
}

static void
decode_failed(struct ctx *cx, struct slice frame, struct answer *out)
{
	struct reader r = reader_of(frame);
	struct answer a = { .err = { ERR_ORDER_MALFORMED } };

	(void)read_be32(&r);
	a.type = read_be16(&r);
	a.tag = read_be64(&r);
	a.detail = arena_strdup(cx->arena, cx->trail->note);
	ctx_forget(cx);
	*out = a;
}

/* --- orders that wait for an HSM ------------------------------------------ */

static void
parked_free(struct parked *p)
{
	ctx_root_fini(&p->root);
	free(p->frame);
	free(p);
}

/* On a stack of its own.  The frame was read before, and reads the same. */
static void
parked_work(void *arg)
{
	struct parked *p = arg;
	struct order order;

	ASSERT(!failed(order_decode(&p->root.cx, SLICE(p->frame, p->n_frame),
	    &order)));
	work_do(&p->root.cx, p->work, &order, &p->answer);
}

static struct peer *
peer_find(struct server *s, uint64_t id)
{
	for (size_t i = 0; i < SERVE_PEERS_MAX; i++)
		if (s->peers[i].fd >= 0 && s->peers[i].id == id)
			return &s->peers[i];
	return NULL;
}

/* It is done: its answer leaves with this batch. */
static void
parked_end(struct server *s, struct parked *p)
{
	struct job *job = &s->jobs[s->n_jobs++];

	job->peer = peer_find(s, p->peer);
	job->answer = p->answer;
	if (job->peer != NULL)
		job->peer->n_parked--;
	if (failed(p->answer.err) && job->peer != NULL)
		refuse(s, job->peer, &p->answer);
	s->n_bytes += p->answer.object.n;
	p->next = s->ended;
	s->ended = p;
}

/* Do the order of that job where it can wait. */
static void
park(struct server *s, struct peer *peer, struct slice frame)
{
	struct lot *lot = hsms_lot(s->work->hsms);
	struct parked *p = base_alloc(sizeof(*p));

	p->work = s->work;
	p->peer = peer->id;
	p->frame = base_alloc(frame.n);
	p->n_frame = frame.n;
	memcpy(p->frame, frame.p, frame.n);
	ctx_root_init(&p->root, s->conf->log);
	peer->n_parked++;
	if (lot_start(lot, parked_work, p, &p->place)) {
		parked_end(s, p);
	} else {
		p->next = s->waiting;
		s->waiting = p;
	}
}

static void
resume_parked(struct server *s)
{
	struct parked **at = &s->waiting;

	while (*at != NULL) {
		struct parked *p = *at;

		if (lot_may_resume(p->place) &&
		    lot_resume(hsms_lot(s->work->hsms), p->place)) {
			*at = p->next;
			parked_end(s, p);
		} else {
			at = &p->next;
		}
	}
}

static void
free_all(struct parked **list)
{
	while (*list != NULL) {
		struct parked *p = *list;

		*list = p->next;
		parked_free(p);
	}
}

/* The order asks to be done where it can wait. */
static bool
asks_to_park(struct server *s)
{
	return s->work->hsms != NULL &&
	    lot_was_asked(hsms_lot(s->work->hsms)) &&
	    lot_has_room(hsms_lot(s->work->hsms));
}

/* --- orders --------------------------------------------------------------- */

static void
do_frame(struct server *s, struct peer *p, struct slice frame)
{
	struct ctx *cx = &s->root.cx;
	struct job *job = &s->jobs[s->n_jobs++];
	struct order order;
	struct err e = order_decode(cx, frame, &order);

	job->peer = p;
	if (!failed(e) && !p->greeted && order.type != ORDER_HELLO)
		e = FAIL(cx, ERR_ORDER_MALFORMED, "an order before hello");
	if (failed(e))
		decode_failed(cx, frame, &job->answer);
	else
		work_do(cx, s->work, &order, &job->answer);
	if (!failed(e) && asks_to_park(s)) {
		s->n_jobs--;
		park(s, p, frame);
		return;
	}
	if (failed(job->answer.err))
		refuse(s, p, &job->answer);
	else
		p->greeted = true;
	s->n_bytes += job->answer.object.n;
	if (job->answer.n_entries > 0)
		s->n_bytes += WORK_JOURNAL_BYTES;
}

/* Do the whole frames that a peer has sent.  They stay in its queue until the
 * batch is answered: what they hold is used until then. */
static void
do_peer(struct server *s, struct peer *p, size_t *out_done)
{
	struct slice in = queue_slice(&p->in);
	size_t done = 0, n;

	while (s->n_jobs < SERVE_BATCH_MAX &&
	    s->n_bytes < SERVE_BATCH_BYTES && peer_is_served(p)) {
		struct slice rest = SLICE(in.p + done, in.n - done);

		if (failed(wire_frame_size(&s->root.cx, rest, &n))) {
			struct job *job = &s->jobs[s->n_jobs++];

			job->peer = p;
			decode_failed(&s->root.cx, rest, &job->answer);
			refuse(s, p, &job->answer);
			break;
		}
		if (n == 0 || n > rest.n)
			break;
		do_frame(s, p, SLICE(rest.p, n));
		done += n;
	}
	*out_done = done;
}

static void
answer_job(struct server *s, const struct job *job)
{
	struct buf b = buf_in(s->root.cx.arena, WIRE_FRAME_MAX);
	struct queue *out;

	if (job->peer == NULL)
		return;
	out = &job->peer->out;
	if (failed(answer_encode(&s->root.cx, &job->answer, &b))) {
		struct answer sorry = {
			.type = job->answer.type, .tag = job->answer.tag,
			.err = { ERR_INTERNAL },
			.detail = s->root.trail.note,
		};

		b = buf_in(s->root.cx.arena, WIRE_FRAME_MAX);
		ASSERT(!failed(answer_encode(&s->root.cx, &sorry, &b)));
		log_refusal(s, &sorry);
	}
	memcpy(queue_room(out, b.n), b.p, b.n);
	out->n += b.n;
}

/* What is not in the journal must not leave: say instead that it failed. */
static void
withdraw(struct server *s, struct err e)
{
	const char *note = arena_strdup(s->root.cx.arena, s->root.trail.note);

	for (size_t i = 0; i < s->n_jobs; i++) {
		struct answer *a = &s->jobs[i].answer;

		if (a->seq == 0)
			continue;
		*a = (struct answer){ .type = a->type, .tag = a->tag,
		    .err = e, .detail = note };
	}
	log_put(s->conf->log, LOG_LEVEL_ERROR, "journal.failed", "note", note,
	    NULL);
}

static struct err
do_batch(struct server *s)
{
	size_t done[SERVE_PEERS_MAX] = { 0 };
	struct err e;

	s->n_jobs = s->n_bytes = 0;
	resume_parked(s);
	for (size_t i = 0; i < SERVE_PEERS_MAX; i++)
		if (s->peers[i].fd >= 0)
			do_peer(s, &s->peers[i], &done[i]);
	e = work_commit(&s->root.cx, s->work);
	if (failed(e))
		withdraw(s, e);
	for (size_t i = 0; i < s->n_jobs; i++)
		answer_job(s, &s->jobs[i]);
	for (size_t i = 0; i < SERVE_PEERS_MAX; i++)
		if (s->peers[i].fd >= 0)
			queue_take(&s->peers[i].in, done[i]);
	free_all(&s->ended);
	ctx_root_reset(&s->root);
	return journal_is_lost(s->work->journal) ? e : OK;
}

/* --- the loop ------------------------------------------------------------ */

/* Close the peers that are through; false when the last one that matters is
 * gone. */
static bool
close_ended(struct server *s)
{
	bool any = false;

	for (size_t i = 0; i < SERVE_PEERS_MAX; i++) {
		struct peer *p = &s->peers[i];

		if (p->fd < 0)
			continue;
		if ((p->closing && p->out.at == p->out.n) ||
		    (p->ended && p->out.at == p->out.n &&
		    p->n_parked == 0 && !peer_has_frame(&s->root.cx, p)))
			peer_close(p);
		else
			any = true;
	}
	return any || !s->single;
}

static bool
has_frames(struct server *s)
{
	for (size_t i = 0; i < SERVE_PEERS_MAX; i++)
		if (peer_has_frame(&s->root.cx, &s->peers[i]))
			return true;
	return false;
}

static size_t
prepare_poll(struct server *s, struct pollfd *fds)
{
	size_t n = 0;

	for (size_t i = 0; i < SERVE_PEERS_MAX; i++) {
		struct peer *p = &s->peers[i];
		bool writes = p->out.at < p->out.n;

		fds[n++] = (struct pollfd){
			.fd = peer_reads(p) || writes ? p->fd : -1,
			.events = (short)((peer_reads(p) ? POLLIN : 0) |
			    (writes ? POLLOUT : 0)),
		};
	}
	fds[n++] = (struct pollfd){ .fd = s->conf->listen_fd,
	    .events = POLLIN };
	if (s->work->hsms != NULL)
		n += hsms_poll(s->work->hsms, &fds[n]);
	return n;
}

static void
do_ready(struct server *s, const struct pollfd *fds)
{
	for (size_t i = 0; i < SERVE_PEERS_MAX; i++) {
		struct peer *p = &s->peers[i];

		if (p->fd < 0 || fds[i].revents == 0)
			continue;
		if (fds[i].events & POLLIN)
			peer_read(p);
		else if ((fds[i].revents & (POLLERR | POLLHUP)) != 0)
			p->ended = p->closing = true;
	}
	if ((fds[SERVE_PEERS_MAX].revents & POLLIN) != 0)
		peer_accept(s);
	if (s->work->hsms != NULL)
		hsms_turn(&s->root.cx, s->work->hsms,
		    &fds[SERVE_PEERS_MAX + 1]);
}

static void
write_all(struct server *s)
{
	for (size_t i = 0; i < SERVE_PEERS_MAX; i++)
		if (s->peers[i].fd >= 0)
			peer_write(&s->peers[i]);
}

/* Frames that wait from the last turn are not waited for.  False: there is no
 * bound to the waiting. */
static bool
wait_time(struct server *s, struct timespec *out)
{
	int ms = -1;

	if (has_frames(s))
		ms = 0;
	else if (s->work->hsms != NULL)
		ms = hsms_wait_ms(s->work->hsms, &s->root.cx);
	*out = (struct timespec){ ms / 1000, ms % 1000 * 1000000 };
	return ms >= 0;
}

/* One turn. */
static struct err
turn(struct server *s)
{
	struct pollfd fds[SERVE_PEERS_MAX + 1 + HSM_MAX];
	size_t n = prepare_poll(s, fds);
	struct timespec most;

	if (ppoll(fds, (nfds_t)n, wait_time(s, &most) ? &most : NULL,
	    &s->conf->wait_mask) < 0) {
		if (errno == EINTR)
			return OK;
		return FAIL(&s->root.cx, ERR_IO, "poll: %s", strerror(errno));
	}
	do_ready(s, fds);
	TRY(do_batch(s));
	write_all(s);
	return OK;
}

/* Give answers that are ready a little time to leave. */
static void
drain(struct server *s)
{
	for (size_t i = 0; i < SERVE_PEERS_MAX; i++) {
		struct peer *p = &s->peers[i];

		while (p->fd >= 0 && p->out.at < p->out.n && !p->closing) {
			struct pollfd fd = { .fd = p->fd, .events = POLLOUT };

			if (poll(&fd, 1, SERVE_DRAIN_MS) != 1)
				break;
			peer_write(p);
		}
	}
}

struct err
serve(struct work *work, const struct serve_conf *conf)
{
	struct server *s = base_alloc(sizeof(*s));
	struct err e = OK;

	s->work = work;
	s->conf = conf;
	s->single = conf->fd >= 0;
	ctx_root_init(&s->root, conf->log);
	for (size_t i = 0; i < SERVE_PEERS_MAX; i++)
		s->peers[i].fd = -1;
	if (s->single)
		s->peers[0].fd = conf->fd;	/* its id is 0 */
	while (!failed(e) && !*conf->stop && close_ended(s))
		e = turn(s);
	write_all(s);
	drain(s);
	for (size_t i = 0; i < SERVE_PEERS_MAX; i++)
		if (s->peers[i].fd >= 0)
			peer_close(&s->peers[i]);
	free_all(&s->waiting);
	ctx_root_fini(&s->root);
	free(s);
	return e;
}
