/* SPDX-License-Identifier: Apache-2.0 */
#include "hsm/holder.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "base/base.h"

struct holder {
	const struct conf	*conf;
	const char		*pin_path;
	struct holder_memory	*memory;
	struct token		*token;		/* NULL: not open */
	uint64_t		 failed_us;	/* when opening failed; 0: not */
	char			 why[HSM_TEXT_MAX];	/* it failed */
	uint8_t			*parts;		/* of a message */
	size_t			 n_parts;
	uint32_t		 parts_seq;	/* of which request */
};

struct holder *
holder_new(const struct conf *conf, const char *pin_path,
    struct holder_memory *memory)
{
	struct holder *h = base_alloc(sizeof(*h));

	h->conf = conf;
	h->pin_path = pin_path;
	h->memory = memory;
	return h;
}

void
holder_free(struct holder *h)
{
	token_close(h->token);
	free(h->parts);
	free(h);
}

static uint64_t
ticks_us(const struct ctx *cx)
{
	return cx->clock->ticks_us(cx->clock->arg);
}

/* --- the PIN ------------------------------------------------------------- */

/* pin has room for TOKEN_PIN_MAX + 2.  Read each time: it may have been put
 * right. */
static struct err
read_pin(struct ctx *cx, const struct holder *h, char *pin)
{
	int fd = open(h->pin_path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t n = -1;

	if (fd >= 0 && fstat(fd, &st) == 0)
		n = read(fd, pin, TOKEN_PIN_MAX + 1);
	if (fd >= 0)
		(void)close(fd);
	if (n < 0)
		return FAIL(cx, ERR_HSM_GONE, "PIN file %s: %s", h->pin_path,
		    strerror(errno));
	/* A credential of systemd is 0440, in a folder of the service. */
	if (h->conf->pin_file != NULL && (st.st_mode & 077) != 0)
		return FAIL(cx, ERR_HSM_GONE,
		    "PIN file %s: others may read it", h->pin_path);
	if (n > 0 && pin[n - 1] == '\n')
		n--;
	if (n == 0 || n > (ssize_t)TOKEN_PIN_MAX ||
	    memchr(pin, '\n', (size_t)n) != NULL ||
	    memchr(pin, '\0', (size_t)n) != NULL)
		return FAIL(cx, ERR_HSM_GONE, "PIN file %s: not one line",
		    h->pin_path);
	pin[n] = '\0';
	return OK;
}

static void
hash_pin(const struct holder *h, const char *pin, uint8_t *out)
{
	(void)crypto_generichash(out, HOLDER_HASH_SIZE, (const uint8_t *)pin,
	    strlen(pin), h->memory->hash_key, sizeof(h->memory->hash_key));
}

static bool
was_refused(const struct holder *h, const uint8_t *hash)
{
	return atomic_load(&h->memory->has_refused_pin) &&
	    memcmp(h->memory->refused_pin, hash, HOLDER_HASH_SIZE) == 0;
}

/* --- the token ------------------------------------------------------------- */

static struct err
open_with(struct ctx *cx, struct holder *h, char *pin)
{
	uint8_t hash[HOLDER_HASH_SIZE];
	bool pin_refused;
	struct err e;

	TRY(read_pin(cx, h, pin));
	hash_pin(h, pin, hash);
	if (was_refused(h, hash))
		return FAIL(cx, ERR_HSM_GONE, "the token refused the PIN; "
		    "it is not tried again until the PIN file changes");
	e = token_open(cx, h->conf, pin, &h->token, &pin_refused);
	if (!failed(e) || !pin_refused)
		return e;
	memcpy(h->memory->refused_pin, hash, sizeof(hash));
	atomic_store(&h->memory->has_refused_pin, true);
	return e;
}

struct err
holder_token(struct ctx *cx, struct holder *h, struct token **out)
{
	uint64_t now_us = ticks_us(cx);
	struct err e = OK;
	char *pin;

	if (h->token == NULL && h->failed_us != 0 &&
	    now_us - h->failed_us < HOLDER_REOPEN_S * UINT64_C(1000000))
		return FAIL(cx, ERR_HSM_GONE, "%s", h->why);
	if (h->token == NULL) {
		pin = sodium_malloc(TOKEN_PIN_MAX + 2);
		ASSERT(pin != NULL);
		e = open_with(cx, h, pin);
		sodium_free(pin);
		log_put(cx->log, failed(e) ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO,
		    failed(e) ? "hsm.not-open" : "hsm.open", "hsm",
		    h->conf->name, "why", failed(e) ? cx->trail->note : NULL,
		    NULL);
	}
	h->failed_us = failed(e) ? ticks_us(cx) : 0;
	if (failed(e)) {
		size_t n = strlen(cx->trail->note);

		n = n < sizeof(h->why) - 1 ? n : sizeof(h->why) - 1;
		memcpy(h->why, cx->trail->note, n);
		h->why[n] = '\0';
		return e;
	}
	*out = h->token;
	return OK;
}

/* --- requests -------------------------------------------------------------- */

static struct err
once(struct ctx *cx, struct holder *h, const struct hsm_request *r,
    struct slice *out)
{
	struct slice data = r->data;
	struct token *token;

	/* Known without the token, and told while it is away. */
	if (r->op == HSM_GENERATE && !conf_serves(h->conf, r->tenant))
		return FAIL(cx, ERR_ORDER_KEY_STORE, "its file does not name "
		    "tenant %s", r->tenant);
	TRY(holder_token(cx, h, &token));
	if (r->op == HSM_GENERATE)
		return token_generate(cx, token, r, out);
	if (h->n_parts > 0)
		data = SLICE(h->parts, h->n_parts);
	return token_sign(cx, token, r->alg, r->key_id, data, out);
}

/* A session may be lost though the token is there: whatever fails is tried
 * once more on a new one.  So is a key that is not found: a module that has
 * lost its token may show an empty one. */
static struct err
twice(struct ctx *cx, struct holder *h, const struct hsm_request *r,
    struct slice *out)
{
	bool was_open = h->token != NULL;
	struct err e = once(cx, h, r, out);

	if (!failed(e) || h->token == NULL)
		return e;
	if (e.code == ERR_HSM_GONE || r->op == HSM_SIGN) {
		log_put(cx->log, LOG_LEVEL_WARN, "hsm.failed", "hsm",
		    h->conf->name, "why", cx->trail->note, NULL);
		token_close(h->token);
		h->token = NULL;
	}
	if (h->token != NULL || !was_open)
		return e;
	ctx_forget(cx);
	return once(cx, h, r, out);
}

static void
drop_parts(struct holder *h)
{
	free(h->parts);
	h->parts = NULL;
	h->n_parts = 0;
}

/* Parts before this one may have gone to a holder that has ended, or be of a
 * request that was given up. */
static struct err
keep_part(struct ctx *cx, struct holder *h, const struct hsm_request *r)
{
	if (r->seq != h->parts_seq || r->offset == 0)
		drop_parts(h);
	h->parts_seq = r->seq;
	if (r->offset != h->n_parts)
		return FAIL(cx, ERR_HSM_GONE,
		    "the beginning of the message is lost");
	if (h->n_parts + r->data.n > HSM_MESSAGE_MAX)
		return FAIL(cx, ERR_HSM_REFUSED, "a message too long");
	h->parts = base_realloc(h->parts, h->n_parts + r->data.n);
	memcpy(h->parts + h->n_parts, r->data.p, r->data.n);
	h->n_parts += r->data.n;
	return OK;
}

static const char *
plain(struct ctx *cx, const char *text)
{
	size_t n = strlen(text);
	char *copy = arena_strndup(cx->arena, text,
	    n < HSM_TEXT_MAX ? n : HSM_TEXT_MAX);

	for (char *p = copy; *p != '\0'; p++)
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
	return copy;
}

static enum hsm_status
status_of(struct err e)
{
	if (!failed(e))
		return HSM_SAYS_DONE;
	if (e.code == ERR_ORDER_KEY_STORE)
		return HSM_SAYS_FORBIDDEN;
	return e.code == ERR_HSM_REFUSED ? HSM_SAYS_REFUSED : HSM_SAYS_GONE;
}

static struct err
answer(struct ctx *cx, int fd, uint32_t seq, struct err e, struct slice body)
{
	struct buf b = buf_in(cx->arena, HSM_PACKET_MAX);
	struct hsm_answer a = { .seq = seq, .status = (uint8_t)status_of(e),
	    .body = body };

	if (failed(e))
		a.body = slice_text(plain(cx, cx->trail->note));
	TRY(hsm_answer_encode(cx, &a, &b));
	if (send(fd, b.p, b.n, MSG_NOSIGNAL) == (ssize_t)b.n)
		return OK;
	return FAIL(cx, errno == EPIPE ? ERR_STOPPING : ERR_IO, "send: %s",
	    strerror(errno));
}

static struct err
do_packet(struct ctx *cx, struct holder *h, int fd, struct slice packet)
{
	struct slice body = SLICE_NONE;
	struct hsm_request r;
	struct err e = OK;

	TRY(hsm_request_decode(cx, packet, &r));
	if (r.more || r.offset != 0)
		e = keep_part(cx, h, &r);
	else
		drop_parts(h);
	if (r.more)
		return OK;
	if (!failed(e))
		e = twice(cx, h, &r, &body);
	drop_parts(h);
	return answer(cx, fd, r.seq, e, body);
}

/* A holder before this one may have been killed while it wrote to the token:
 * SoftHSM does so at each login, and shows no token until that is over. */
static struct err
open_at_start(struct ctx *cx, struct holder *h)
{
	const struct timespec pause = { 0, HOLDER_START_PAUSE_MS * 1000000L };
	struct token *token;
	struct err e;

	for (unsigned tries = 1;; tries++) {
		e = holder_token(cx, h, &token);
		if (!failed(e) || tries == HOLDER_START_TRIES ||
		    atomic_load(&h->memory->has_refused_pin))
			return e;
		ctx_forget(cx);
		(void)nanosleep(&pause, NULL);
		h->failed_us = 0;
	}
}

struct err
holder_serve(struct ctx_root *root, struct holder *h, int fd)
{
	struct ctx *cx = &root->cx;
	uint8_t *packet = base_alloc(HSM_PACKET_MAX);
	struct err e;
	ssize_t n;

	/* Opening may hang as well. */
	atomic_store(&h->memory->busy_since_us, ticks_us(cx));
	e = answer(cx, fd, 0, open_at_start(cx, h), SLICE_NONE);
	while (!failed(e)) {
		ctx_root_reset(root);
		atomic_store(&h->memory->busy_since_us, 0);
		n = recv(fd, packet, HSM_PACKET_MAX, 0);
		if (n == 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		atomic_store(&h->memory->busy_since_us, ticks_us(cx));
		e = n < 0 ? FAIL(cx, ERR_IO, "recv: %s", strerror(errno)) :
		    do_packet(cx, h, fd, SLICE(packet, (size_t)n));
	}
	free(packet);
	return e.code == ERR_STOPPING ? OK : e;
}
