/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
base_bug(const char *file, int line, const char *what)
{
	(void)fprintf(stderr, "bug: %s:%d: %s\n", file, line, what);
	abort();
}

static void *
must(void *p)
{
	if (p == NULL) {
		(void)fputs("out of memory\n", stderr);
		abort();
	}
	return p;
}

void *
base_alloc(size_t n)
{
	return must(calloc(1, n > 0 ? n : 1));
}

void *
base_realloc(void *p, size_t n)
{
	return must(realloc(p, n > 0 ? n : 1));
}

char *
base_strdup(const char *text)
{
	return must(strdup(text));
}
