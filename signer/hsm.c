/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/hsm.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/base.h"

#define CONF_SUFFIX	".conf"
#define CHILD_FD	3	/* where daa-hsm finds its socket */
#define CHILD_ARGS	8u

/* What an order waits for; on its stack, in the HSM's queue until it is done. */
struct request {
	struct request		*next;
	struct hsm_request	 head;		/* but for the part of data */
	struct slice		 data;		/* all of it, */
	size_t			 n_sent;	/* of it that has been sent */
	bool			 sent;		/* wholly */
	unsigned		 wait_s;
	uint64_t		 late_us;
	bool			 done;
	enum hsm_status		 status;
	size_t			 n_body;
	uint8_t			 body[HSM_BODY_MAX];
};

struct hsm {
	char		 name[TEXT_NAME_MAX + 1];
	pid_t		 program;
	int		 fd;		/* -1: it has ended */
	uint32_t	 last_seq;
	struct request	*queue;		/* the first is being sent or answered */
	size_t		 n_queue;
	bool		 began;		/* daa-hsm has tried to log in */
	bool		 silent;	/* it has not answered in time, and since */
	bool		 was_gone;	/* and that was logged */
};

struct hsms {
	struct lot	*lot;
	size_t		 n;
	struct hsm	 of[HSM_MAX];
};

/* The key of a CA. */
struct key_there {
	struct hsms	*hsms;
	struct hsm	*hsm;
	enum ca_alg	 alg;
	uint8_t		 id[HSM_KEY_ID_SIZE];
};

/* --- starting ------------------------------------------------------------ */

/* Beside our own file, so that a build tree works; else in PATH. */
static const char *
program_path(struct ctx *cx)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash, *beside;

	if (n <= 0)
		return HSM_PROGRAM;
	self[n] = '\0';
	slash = strrchr(self, '/');
	ASSERT(slash != NULL);
	*slash = '\0';
	beside = arena_printf(cx->arena, "%s/%s", self, HSM_PROGRAM);
	return access(beside, X_OK) == 0 ? beside : HSM_PROGRAM;
}

/* In the child. */
__attribute__((noreturn)) static void
become(const char *const *args, int fd)
{
	if (fd == CHILD_FD ? fcntl(fd, F_SETFD, 0) != 0 :
	    dup2(fd, CHILD_FD) < 0)
		_exit(127);
	/* daad's connection may be among them. */
	if (close_range(CHILD_FD + 1, ~0u, 0) != 0)
		_exit(127);
	/* execvp() does not change what it is given (POSIX, exec). */
	(void)execvp(args[0], (char *const *)(uintptr_t)args);
	_exit(127);
}

static struct err
start(struct ctx *cx, const char *folder, const char *name, int log_level,
    bool sandbox, struct hsm *h)
{
	static const char *const levels[] = {
		[LOG_LEVEL_DEBUG] = "debug", [LOG_LEVEL_INFO] = "info",
		[LOG_LEVEL_WARN] = "warn", [LOG_LEVEL_ERROR] = "error",
	};
	const char *args[CHILD_ARGS] = {
		program_path(cx), "--fd", "3", "--config",
		arena_printf(cx->arena, "%s/%s" CONF_SUFFIX, folder, name),
		arena_printf(cx->arena, "--log-level=%s", levels[log_level]),
		sandbox ? NULL : "--no-sandbox", NULL,
	};
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return FAIL(cx, ERR_CONFIG, "socketpair: %s", strerror(errno));
	h->program = fork();
	if (h->program < 0)
		return FAIL(cx, ERR_CONFIG, "fork: %s", strerror(errno));
	if (h->program == 0)
		become(args, pair[1]);
	(void)close(pair[1]);
	h->fd = pair[0];
	memcpy(h->name, name, strlen(name) + 1);
	log_put(cx->log, LOG_LEVEL_INFO, "hsm.start", "hsm", name, NULL);
	return OK;
}

static bool
is_conf(const char *file, char out_name[static TEXT_NAME_MAX + 1])
{
	size_t n = strlen(file), n_suffix = strlen(CONF_SUFFIX);

	if (n <= n_suffix || n - n_suffix > TEXT_NAME_MAX ||
	    strcmp(file + n - n_suffix, CONF_SUFFIX) != 0)
		return false;
	memcpy(out_name, file, n - n_suffix);
	out_name[n - n_suffix] = '\0';
	return text_is_name(out_name);
}

static struct err
start_all(struct ctx *cx, const char *folder, int log_level, bool sandbox,
    struct hsms *all)
{
	DIR *dir = opendir(folder);
	const struct dirent *file;
	struct err e = OK;

	if (dir == NULL)
		return FAIL(cx, ERR_CONFIG, "open %s: %s", folder,
		    strerror(errno));
	while (!failed(e) && (file = readdir(dir)) != NULL) {
		char name[TEXT_NAME_MAX + 1];

		if (!is_conf(file->d_name, name))
			continue;
		if (strcmp(name, WIRE_KEY_STORE_SEALED) == 0)
			e = FAIL(cx, ERR_CONFIG, "%s/%s: a reserved name",
			    folder, file->d_name);
		else if (all->n == HSM_MAX)
			e = FAIL(cx, ERR_CONFIG, "%s has more than %u HSMs",
			    folder, HSM_MAX);
		else
			e = start(cx, folder, name, log_level, sandbox,
			    &all->of[all->n++]);
	}
	(void)closedir(dir);
	return e;
}

struct err
hsms_open(struct ctx *cx, const char *folder, int log_level, bool sandbox,
    struct hsms **out)
{
	struct hsms *all = base_alloc(sizeof(*all));
	struct err e;

	all->lot = lot_new();
	for (size_t i = 0; i < HSM_MAX; i++)
		all->of[i].fd = -1;
	e = start_all(cx, folder, log_level, sandbox, all);
	if (failed(e)) {
		hsms_close(all);
		return e;
	}
	*out = all;
	return OK;
}

/* The end of the socket tells them; inside the sandbox nobody can be waited
 * for. */
void
hsms_close(struct hsms *all)
{
	if (all == NULL)
		return;
	for (size_t i = 0; i < all->n; i++)
		if (all->of[i].fd >= 0)
			(void)close(all->of[i].fd);
	lot_free(all->lot);
	free(all);
}

struct lot *
hsms_lot(struct hsms *all)
{
	return all->lot;
}

/* --- the queue ----------------------------------------------------------- */

static uint64_t
now_us(const struct ctx *cx)
{
	return cx->clock->ticks_us(cx->clock->arg);
}

/* Take it out of the queue; its order goes on. */
static void
finish(struct hsm *h, struct request *r, enum hsm_status status,
    struct slice body)
{
	struct request **p = &h->queue;

	while (*p != r)
		p = &(*p)->next;
	*p = r->next;
	h->n_queue--;
	if (body.n > sizeof(r->body))
		body.n = sizeof(r->body);
	memcpy(r->body, body.p, body.n);
	r->n_body = body.n;
	r->status = status;
	r->done = true;
}

static void
finish_all(struct hsm *h, const char *why)
{
	while (h->queue != NULL)
		finish(h, h->queue, HSM_SAYS_GONE, slice_text(why));
}

static void
note_gone(struct ctx *cx, struct hsm *h, const char *why)
{
	if (!h->was_gone)
		log_put(cx->log, LOG_LEVEL_ERROR, "hsm.gone", "hsm", h->name,
		    "why", why, NULL);
	h->was_gone = true;
}

static void
note_back(struct ctx *cx, struct hsm *h)
{
	if (h->was_gone)
		log_put(cx->log, LOG_LEVEL_INFO, "hsm.back", "hsm", h->name,
		    NULL);
	h->was_gone = false;
}

static void
end(struct ctx *cx, struct hsm *h)
{
	static const char why[] =
	    "daa-hsm has ended: daa-signer must be started anew";

	(void)close(h->fd);
	h->fd = -1;
	note_gone(cx, h, why);
	finish_all(h, why);
}

static uint64_t
late_us(const struct ctx *cx, const struct hsm *h, const struct request *r)
{
	unsigned wait_s = r->wait_s;

	if (!h->began && wait_s < HSM_START_WAIT_S)
		wait_s = HSM_START_WAIT_S;
	return now_us(cx) + wait_s * UINT64_C(1000000);
}

static void
encode_part(struct ctx *cx, struct request *r, struct buf *b, size_t *out_n)
{
	struct hsm_request part = r->head;
	size_t n = r->data.n - r->n_sent;

	part.more = n > HSM_DATA_MAX;
	if (part.more)
		n = HSM_DATA_MAX;
	part.offset = (uint32_t)r->n_sent;
	part.data = SLICE(r->data.p + r->n_sent, n);
	ASSERT(!failed(hsm_request_encode(cx, &part, b)));
	*out_n = n;
}

/* Send of the first request what the socket takes. */
static void
pump(struct ctx *cx, struct hsm *h)
{
	struct request *r = h->queue;

	while (h->fd >= 0 && !h->silent && r != NULL && !r->sent) {
		struct buf b = buf_in(cx->arena, HSM_PACKET_MAX);
		size_t n;

		if (r->n_sent == 0)
			r->late_us = late_us(cx, h, r);
		encode_part(cx, r, &b, &n);
		if (send(h->fd, b.p, b.n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
			if (errno != EAGAIN && errno != EINTR)
				end(cx, h);
			return;
		}
		r->n_sent += n;
		r->sent = r->n_sent == r->data.n;
	}
}

static void
take(struct ctx *cx, struct hsm *h, const struct hsm_answer *a)
{
	struct request *first = h->queue;

	h->silent = false;
	h->began = true;
	if (a->status == HSM_SAYS_GONE)
		note_gone(cx, h, arena_strndup(cx->arena,
		    (const char *)a->body.p, a->body.n));
	else
		note_back(cx, h);
	/* News: it has ended, and what it was asked is lost.  When it begins,
	 * what it was asked before waits for it in the socket. */
	if (a->seq == 0 && a->status != HSM_SAYS_DONE && first != NULL &&
	    (first->n_sent > 0 || first->sent))
		finish(h, first, HSM_SAYS_GONE, a->body);
	/* Another seq is that of a request that was given up. */
	else if (first != NULL && first->sent && first->head.seq == a->seq)
		finish(h, first, (enum hsm_status)a->status, a->body);
}

static void
receive(struct ctx *cx, struct hsm *h)
{
	uint8_t *packet = arena_alloc(cx->arena, HSM_PACKET_MAX);
	struct hsm_answer a;
	ssize_t n;

	while (h->fd >= 0) {
		n = recv(h->fd, packet, HSM_PACKET_MAX, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			end(cx, h);
		} else if (failed(hsm_answer_decode(cx, SLICE(packet,
		    (size_t)n), &a))) {
			ctx_forget(cx);
			end(cx, h);
		} else {
			take(cx, h, &a);
			pump(cx, h);
		}
	}
}

static void
expire(struct ctx *cx, struct hsm *h)
{
	static const char late[] = "it has not answered in time";
	uint64_t now = now_us(cx);
	struct request *next;

	if (h->queue == NULL)
		return;
	if (now >= h->queue->late_us) {
		h->silent = true;
		note_gone(cx, h, late);
		finish_all(h, late);
		return;
	}
	/* The first is still in its time, which may be long. */
	for (struct request *r = h->queue->next; r != NULL; r = next) {
		next = r->next;
		if (now >= r->late_us)
			finish(h, r, HSM_SAYS_GONE, slice_text(
			    "it is busy with another request"));
	}
}

size_t
hsms_poll(const struct hsms *all, struct pollfd *fds)
{
	for (size_t i = 0; i < all->n; i++) {
		const struct hsm *h = &all->of[i];
		bool writes = h->queue != NULL && !h->queue->sent &&
		    !h->silent;

		fds[i] = (struct pollfd){ .fd = h->fd,
		    .events = (short)(POLLIN | (writes ? POLLOUT : 0)) };
	}
	return all->n;
}

int
hsms_wait_ms(const struct hsms *all, const struct ctx *cx)
{
	uint64_t now = now_us(cx), least = UINT64_MAX;

	for (size_t i = 0; i < all->n; i++)
		for (const struct request *r = all->of[i].queue; r != NULL;
		    r = r->next)
			if (r->late_us < least)
				least = r->late_us;
	if (least == UINT64_MAX)
		return -1;
	return least <= now ? 0 : (int)((least - now) / 1000 + 1);
}

void
hsms_turn(struct ctx *cx, struct hsms *all, const struct pollfd *fds)
{
	for (size_t i = 0; i < all->n; i++) {
		struct hsm *h = &all->of[i];

		if (h->fd >= 0 && fds[i].revents != 0) {
			receive(cx, h);
			pump(cx, h);
		}
		expire(cx, h);
	}
}

/* --- inside an order ----------------------------------------------------- */

static struct hsm *
find(struct hsms *all, const char *name)
{
	for (size_t i = 0; all != NULL && i < all->n; i++)
		if (strcmp(all->of[i].name, name) == 0)
			return &all->of[i];
	return NULL;
}

bool
hsms_have(const struct hsms *all, const char *name)
{
	for (size_t i = 0; all != NULL && i < all->n; i++)
		if (strcmp(all->of[i].name, name) == 0)
			return true;
	return false;
}

struct err
hsms_enter(struct ctx *cx, struct hsms *all, const char *name)
{
	if (!hsms_have(all, name))
		return FAIL(cx, ERR_HSM_GONE, "no HSM %s is configured", name);
	if (lot_is_inside(all->lot))
		return OK;
	lot_ask(all->lot);
	return FAIL(cx, ERR_BUSY, "an order for HSM %s", name);
}

static struct err
check_usable(struct ctx *cx, const struct hsm *h)
{
	if (h->fd < 0)
		return FAIL(cx, ERR_HSM_GONE, "HSM %s: its daa-hsm has ended",
		    h->name);
	if (h->silent)
		return FAIL(cx, ERR_HSM_GONE,
		    "HSM %s: it has not answered for some time", h->name);
	if (h->n_queue >= HSM_WAITING_MAX)
		return FAIL(cx, ERR_HSM_GONE,
		    "HSM %s: too many orders wait for it", h->name);
	return OK;
}

static struct err
ask(struct ctx *cx, struct hsms *all, struct hsm *h, struct request *r,
    struct slice *out)
{
	static const enum err_code codes[] = {
		[HSM_SAYS_GONE] = ERR_HSM_GONE,
		[HSM_SAYS_REFUSED] = ERR_HSM_REFUSED,
		[HSM_SAYS_FORBIDDEN] = ERR_ORDER_KEY_STORE,
	};
	struct request **p = &h->queue;

	TRY(hsms_enter(cx, all, h->name));
	TRY(check_usable(cx, h));
	if (++h->last_seq == 0)
		h->last_seq = 1;
	r->head.seq = h->last_seq;
	r->late_us = late_us(cx, h, r);
	while (*p != NULL)
		p = &(*p)->next;
	*p = r;
	h->n_queue++;
	pump(cx, h);
	lot_wait(all->lot, &r->done);
	if (r->status != HSM_SAYS_DONE)
		return FAIL(cx, codes[r->status], "HSM %s: %.*s", h->name,
		    (int)r->n_body, (const char *)r->body);
	*out = slice_dup(cx->arena, SLICE(r->body, r->n_body));
	return OK;
}

static struct err
sign_there(struct ctx *cx, void *arg, struct slice data, struct slice *out)
{
	const struct key_there *k = arg;
	struct request r = {
		.head = { .op = HSM_SIGN, .alg = (uint8_t)k->alg,
		    .tenant = "" },
		.data = data, .wait_s = HSM_SIGN_WAIT_S,
	};

	if (data.n > HSM_MESSAGE_MAX)
		return FAIL(cx, ERR_HSM_REFUSED, "a message of %zu bytes",
		    data.n);
	memcpy(r.head.key_id, k->id, sizeof(k->id));
	return ask(cx, k->hsms, k->hsm, &r, out);
}

struct err
hsms_make(struct ctx *cx, struct hsms *all, const char *name, enum ca_alg alg,
    const char *tenant, uint8_t out_id[static HSM_KEY_ID_SIZE],
    struct key *out_public)
{
	struct hsm *h = find(all, name);
	struct request r = {
		.head = { .op = HSM_GENERATE, .alg = (uint8_t)alg },
		.wait_s = HSM_MAKE_WAIT_S,
	};
	struct slice spki;

	TRY(hsms_enter(cx, all, name));
	ctx_random(cx, r.head.key_id, HSM_KEY_ID_SIZE);
	r.head.tenant = tenant;
	TRY(ask(cx, all, h, &r, &spki));
	if (failed(key_parse(cx, spki, out_public)))
		return FAIL(cx, ERR_HSM_REFUSED,
		    "HSM %s made a key that cannot be read", name);
	memcpy(out_id, r.head.key_id, HSM_KEY_ID_SIZE);
	return OK;
}

struct err
hsms_key(struct ctx *cx, struct hsms *all, const char *name, enum ca_alg alg,
    const uint8_t id[static HSM_KEY_ID_SIZE], const struct key *public,
    struct sign_key **out)
{
	struct hsm *h = find(all, name);
	struct key_there *k;

	ASSERT(h != NULL);
	k = base_alloc(sizeof(*k));
	*k = (struct key_there){ .hsms = all, .hsm = h, .alg = alg };
	memcpy(k->id, id, sizeof(k->id));
	return sign_key_elsewhere(cx, sign_there, k, public, out);
}
