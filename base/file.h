/* SPDX-License-Identifier: Apache-2.0 */
/* Files: read whole within a limit, replace whole or not at all. */
#ifndef DAAPKI_BASE_FILE_H
#define DAAPKI_BASE_FILE_H

#include <sys/types.h>

#include "base/ctx.h"

/*
 * The whole file ("-" is standard input), in cx->arena; a NUL that is not
 * counted follows it.
 * ERR_IO		it cannot be read
 * ERR_TOO_LARGE	it holds more than max bytes
 */
struct err	file_read(struct ctx *, const char *path, size_t max,
		    struct slice *out);

/*
 * Put contents at path, readable as mode says.  A reader sees the old file or
 * the new one, whole, also after a power cut: written beside, synced, renamed,
 * folder synced.
 * ERR_IO		nothing changed
 */
struct err	file_replace(struct ctx *, const char *path, mode_t mode,
		    struct slice contents);

/* As file_replace, but ERR_EXISTS when there is something at path. */
struct err	file_create(struct ctx *, const char *path, mode_t mode,
		    struct slice contents);

/* Read a secret: ERR_CONFIG when others may read it (mode & 077). */
struct err	file_read_secret(struct ctx *, const char *path, size_t max,
		    struct slice *out);

/* Make a folder, mode 0700, if there is none. */
struct err	file_make_folder(struct ctx *, const char *path);

#endif
