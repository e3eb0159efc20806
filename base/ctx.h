/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The request context: what a call may use besides its arguments.  Services
 * only; no state of the request is kept here but why it failed.
 */
#ifndef DAAPKI_BASE_CTX_H
#define DAAPKI_BASE_CTX_H

#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/log.h"

/* Wall time in seconds since 1970 UTC, and a clock that never goes back. */
struct clock {
	int64_t	 (*now_s)(void *arg);
	uint64_t (*ticks_us)(void *arg);
	void	*arg;
};

/* Fills p with n unpredictable bytes; cannot fail. */
struct rng {
	void	(*fill)(void *arg, void *p, size_t n);
	void	*arg;
};

extern const struct clock	clock_system;
extern const struct rng		rng_system;

#define TRAIL_NOTE_MAX		384u
#define TRAIL_POINTER_MAX	160u

/* Why a call failed.  note goes to the log; tell is meant for strangers. */
struct trail {
	struct err	 err;
	const char	*file;
	int		 line;
	char		 note[TRAIL_NOTE_MAX];
	char		 tell[TRAIL_NOTE_MAX];
	char		 pointer[TRAIL_POINTER_MAX];	/* RFC 6901, or "" */
	int64_t		 retry_after_s;			/* 0: not said */
};

struct seen;		/* attest/seen.h */
struct receipt;		/* authority/receipt.h */

/* On whose behalf a call is made; the audit keeps it. */
struct actor {
	const char	*kind;		/* "operator", "device", "system" */
	const char	*name;
	const char	*credential;	/* "token:12"; "" for none */
};

struct ctx {
	struct arena		*arena;		/* freed when the request ends */
	const struct clock	*clock;
	const struct rng	*rng;
	const struct log	*log;
	struct trail		*trail;
	const char		*request_id;	/* NULL outside a request */
	const char		*trace;		/* traceparent to pass on
						 * (base/trace.h); or NULL */
	const struct actor	*actor;		/* NULL: the program itself */
	unsigned		*audited;	/* counts the audit's rows; or NULL */
	struct seen		*seen;		/* NULL: nothing is kept */
	struct receipt		*receipt;	/* NULL: no answer is kept */
};

/*
 * Fail with a code and a note for the log (no secret, no full stop):
 *	return FAIL(cx, ERR_CSR_KEY, "curve %d", nid);
 * FAIL_TELL shows the note to the caller too: say only what it may know.
 * FAIL_AT is FAIL_TELL with the JSON pointer of the place.
 */
#define FAIL(cx, code, ...) \
	ctx_failed(ctx_fail((cx), (code), __FILE__, __LINE__, __VA_ARGS__))
#define FAIL_TELL(cx, code, ...) \
	ctx_failed(ctx_fail_tell((cx), (code), __FILE__, __LINE__, \
	    __VA_ARGS__))
#define FAIL_AT(cx, code, pointer, ...) \
	ctx_failed(ctx_fail_at((cx), (code), (pointer), __FILE__, __LINE__, \
	    __VA_ARGS__))

/* Tells the compiler that a failure is one, so that it does not warn of
 * outputs that were not written. */
static inline struct err
ctx_failed(struct err e)
{
	if (e.code == ERR_OK)
		__builtin_unreachable();
	return e;
}

struct err	ctx_fail(struct ctx *, enum err_code, const char *file,
		    int line, const char *fmt, ...)
		    __attribute__((format(printf, 5, 6)));
struct err	ctx_fail_tell(struct ctx *, enum err_code, const char *file,
		    int line, const char *fmt, ...)
		    __attribute__((format(printf, 5, 6)));
struct err	ctx_fail_at(struct ctx *, enum err_code, const char *pointer,
		    const char *file, int line, const char *fmt, ...)
		    __attribute__((format(printf, 6, 7)));
/* Forget an earlier failure: for a caller that goes on in spite of it. */
void		ctx_forget(struct ctx *);

int64_t		ctx_now(const struct ctx *);
void		ctx_random(const struct ctx *, void *p, size_t n);

/*
 * A context of its own for a program or a thread: arena and trail are inside.
 * ctx_root_reset() makes it as new for the next job; ctx_root_fini() frees.
 */
struct ctx_root {
	struct ctx	cx;
	struct trail	trail;
};
void	ctx_root_init(struct ctx_root *, const struct log *);
void	ctx_root_reset(struct ctx_root *);
void	ctx_root_fini(struct ctx_root *);

#endif
