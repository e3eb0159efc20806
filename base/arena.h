/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request memory: allocate, never free, drop all at the end.
 *
 * Running out of memory ends the process.  Everything acknowledged is on disk
 * before the acknowledgement, so a restart is the recovery that is always
 * tested; what one request can allocate is bounded by the limits on its input.
 */
#ifndef DAAPKI_BASE_ARENA_H
#define DAAPKI_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena;

struct arena	*arena_new(void);
/* One that takes its memory in pieces of that size: for small ones of which
 * there are many and which live long. */
struct arena	*arena_new_small(size_t chunk);
/* Runs the hooks, newest first, then frees all.  NULL is nothing. */
void		 arena_free(struct arena *);
/* As arena_free, but the arena can be used again. */
void		 arena_reset(struct arena *);

/* n bytes, zeroed, aligned for any type.  Never NULL; n may be 0. */
void		*arena_alloc(struct arena *, size_t n);
/* n objects of that size, zeroed; an overflow of the product ends the process. */
void		*arena_array(struct arena *, size_t n, size_t size);
void		*arena_dup(struct arena *, const void *, size_t n);
/* A copy that ends in NUL. */
char		*arena_strndup(struct arena *, const char *, size_t n);
char		*arena_strdup(struct arena *, const char *);
char		*arena_printf(struct arena *, const char *fmt, ...)
		    __attribute__((format(printf, 2, 3)));
/* Have free_fn(object) called when the arena goes: for foreign objects. */
void		 arena_defer(struct arena *, void (*free_fn)(void *), void *object);

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))

#endif
