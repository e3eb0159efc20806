/* SPDX-License-Identifier: Apache-2.0 */
/* What every file may use: assertions, memory, automatic clean-up. */
#ifndef DAAPKI_BASE_BASE_H
#define DAAPKI_BASE_BASE_H

#include <stddef.h>

/* What only a bug can break.  Stays in releases: a wrong server stops. */
#define ASSERT(cond) do {						\
	if (__builtin_expect(!(cond), 0))				\
		base_bug(__FILE__, __LINE__, #cond);			\
} while (0)

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* AUTO(X509) x = NULL;  frees x however the function is left. */
#define AUTO(T)		__attribute__((cleanup(T##_auto))) T *
#define AUTO_DEFINE(T, free_fn)						\
	static inline void						\
	T##_auto(T **p)							\
	{								\
		if (*p != NULL)						\
			free_fn(*p);					\
	}								\
	struct T##_auto_takes_a_semicolon

__attribute__((noreturn)) void
base_bug(const char *file, int line, const char *what);

/* Zeroed memory for what outlives a request; never NULL.  free() it. */
void	*base_alloc(size_t n);
/* As realloc; never NULL. */
void	*base_realloc(void *, size_t n);
char	*base_strdup(const char *);

#endif
