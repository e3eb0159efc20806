/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ctx.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include <sodium.h>

#include "base/base.h"
#include "base/text.h"

static int64_t
system_now_s(void *arg)
{
	struct timespec ts;

	(void)arg;
	ASSERT(clock_gettime(CLOCK_REALTIME, &ts) == 0);
	return ts.tv_sec;
}

static uint64_t
system_ticks_us(void *arg)
{
	struct timespec ts;

	(void)arg;
	ASSERT(clock_gettime(CLOCK_MONOTONIC, &ts) == 0);
	return (uint64_t)ts.tv_sec * 1000000u + (uint64_t)ts.tv_nsec / 1000u;
}

static void
system_fill(void *arg, void *p, size_t n)
{
	(void)arg;
	randombytes_buf(p, n);
}

const struct clock clock_system = { system_now_s, system_ticks_us, NULL };
const struct rng rng_system = { system_fill, NULL };

/* Told and stored as JSON, which takes whole letters of UTF-8 only: one that
 * was cut in two at the end goes, and what is none becomes question marks. */
static void
keep_whole_letters(char *text)
{
	size_t n = strlen(text), least = n > 3 ? n - 3 : 0;

	for (size_t i = n; i + 1 > least; i--) {
		if (!text_is_utf8(SLICE(text, i)))
			continue;
		text[i] = '\0';
		return;
	}
	for (; *text != '\0'; text++)
		if ((*text & 0x80) != 0)
			*text = '?';
}

__attribute__((format(printf, 5, 0)))
static struct err
fail(struct ctx *cx, enum err_code code, const char *file, int line,
    const char *fmt, va_list ap)
{
	struct trail *t = cx->trail;

	ASSERT(code != ERR_OK);
	*t = (struct trail){
		.err = { (uint16_t)code }, .file = file, .line = line,
		.retry_after_s = t->retry_after_s,
	};
	(void)vsnprintf(t->note, sizeof(t->note), fmt, ap);
	keep_whole_letters(t->note);
	return t->err;
}

struct err
ctx_fail(struct ctx *cx, enum err_code code, const char *file, int line,
    const char *fmt, ...)
{
	struct err e;
	va_list ap;

	va_start(ap, fmt);
	e = fail(cx, code, file, line, fmt, ap);
	va_end(ap);
	return e;
}

struct err
ctx_fail_tell(struct ctx *cx, enum err_code code, const char *file, int line,
    const char *fmt, ...)
{
	struct err e;
	va_list ap;

	va_start(ap, fmt);
	e = fail(cx, code, file, line, fmt, ap);
	va_end(ap);
	memcpy(cx->trail->tell, cx->trail->note, sizeof(cx->trail->tell));
	return e;
}

struct err
ctx_fail_at(struct ctx *cx, enum err_code code, const char *pointer,
    const char *file, int line, const char *fmt, ...)
{
	struct err e;
	va_list ap;

	va_start(ap, fmt);
	e = fail(cx, code, file, line, fmt, ap);
	va_end(ap);
	memcpy(cx->trail->tell, cx->trail->note, sizeof(cx->trail->tell));
	(void)snprintf(cx->trail->pointer, sizeof(cx->trail->pointer), "%s",
	    pointer);
	keep_whole_letters(cx->trail->pointer);
	return e;
}

void
ctx_forget(struct ctx *cx)
{
	*cx->trail = (struct trail){ .err = OK };
}

int64_t
ctx_now(const struct ctx *cx)
{
	return cx->clock->now_s(cx->clock->arg);
}

void
ctx_random(const struct ctx *cx, void *p, size_t n)
{
	cx->rng->fill(cx->rng->arg, p, n);
}

void
ctx_root_init(struct ctx_root *root, const struct log *log)
{
	*root = (struct ctx_root){
		.cx = {
			.arena = arena_new(), .clock = &clock_system,
			.rng = &rng_system, .log = log,
		},
	};
	root->cx.trail = &root->trail;
}

void
ctx_root_reset(struct ctx_root *root)
{
	arena_reset(root->cx.arena);
	ctx_forget(&root->cx);
	root->cx.request_id = NULL;
	root->cx.trace = NULL;
	root->cx.actor = NULL;
	root->cx.audited = NULL;
}

void
ctx_root_fini(struct ctx_root *root)
{
	arena_free(root->cx.arena);
	root->cx.arena = NULL;
}
