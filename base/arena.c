/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

#define CHUNK_SIZE	8192u	/* most requests need one or two */
#define ALIGN		16u

struct chunk {
	struct chunk	*next;
	size_t		 used, size;
	_Alignas(ALIGN) unsigned char bytes[];
};

struct hook {
	struct hook	*next;
	void		(*free_fn)(void *);
	void		*object;
};

struct arena {
	size_t		 chunk_size;
	struct chunk	*chunks;	/* newest first */
	struct hook	*hooks;		/* newest first; live in the chunks */
};

struct arena *
arena_new_small(size_t chunk)
{
	struct arena *arena = base_alloc(sizeof(*arena));

	arena->chunk_size = chunk;
	return arena;
}

struct arena *
arena_new(void)
{
	return arena_new_small(CHUNK_SIZE);
}

static void
run_hooks(struct arena *arena)
{
	while (arena->hooks != NULL) {
		struct hook *hook = arena->hooks;

		arena->hooks = hook->next;
		hook->free_fn(hook->object);
	}
}

void
arena_reset(struct arena *arena)
{
	struct chunk *keep = NULL;

	run_hooks(arena);
	while (arena->chunks != NULL) {
		struct chunk *chunk = arena->chunks;

		arena->chunks = chunk->next;
		if (keep == NULL && chunk->size == arena->chunk_size) {
			keep = chunk;
			continue;
		}
		free(chunk);
	}
	if (keep != NULL) {
		keep->next = NULL;
		keep->used = 0;
	}
	arena->chunks = keep;
}

void
arena_free(struct arena *arena)
{
	if (arena == NULL)
		return;
	arena_reset(arena);
	free(arena->chunks);
	free(arena);
}

void *
arena_alloc(struct arena *arena, size_t n)
{
	struct chunk *chunk = arena->chunks;
	size_t need;
	void *p;

	ASSERT(n <= SIZE_MAX / 2);
	need = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (chunk == NULL || chunk->size - chunk->used < need) {
		size_t size = need > arena->chunk_size ? need :
		    arena->chunk_size;

		/* Zeroed in pieces, as they are given out. */
		chunk = base_realloc(NULL, sizeof(*chunk) + size);
		chunk->size = size;
		chunk->used = 0;
		chunk->next = arena->chunks;
		arena->chunks = chunk;
	}
	p = chunk->bytes + chunk->used;
	chunk->used += need;
	return memset(p, 0, n);
}

void *
arena_array(struct arena *arena, size_t n, size_t size)
{
	size_t total;

	ASSERT(!__builtin_mul_overflow(n, size, &total));
	return arena_alloc(arena, total);
}

void *
arena_dup(struct arena *arena, const void *p, size_t n)
{
	void *copy = arena_alloc(arena, n);

	if (n > 0)
		memcpy(copy, p, n);
	return copy;
}

char *
arena_strndup(struct arena *arena, const char *text, size_t n)
{
	char *copy = arena_alloc(arena, n + 1);

	if (n > 0)
		memcpy(copy, text, n);
	return copy;
}

char *
arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *
arena_printf(struct arena *arena, const char *fmt, ...)
{
	va_list ap, again;
	char *text;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	ASSERT(n >= 0);
	text = arena_alloc(arena, (size_t)n + 1);
	(void)vsnprintf(text, (size_t)n + 1, fmt, again);
	va_end(again);
	return text;
}

void
arena_defer(struct arena *arena, void (*free_fn)(void *), void *object)
{
	struct hook *hook = ARENA_NEW(arena, struct hook);

	hook->free_fn = free_fn;
	hook->object = object;
	hook->next = arena->hooks;
	arena->hooks = hook;
}
