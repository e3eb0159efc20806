/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"

/* AUTO for descriptors. */
static void
close_auto(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}
#define AUTO_FD	__attribute__((cleanup(close_auto))) int

static struct err
read_all(struct ctx *cx, int fd, const char *path, size_t max,
    struct slice *out)
{
	struct buf b = buf_in(cx->arena, max + 2);
	uint8_t block[8192];
	ssize_t n;

	while ((n = read(fd, block, sizeof(block))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return FAIL(cx, ERR_IO, "read %s: %s", path,
			    strerror(errno));
		if ((size_t)n > max - b.n)
			return FAIL(cx, ERR_TOO_LARGE,
			    "%s is larger than %zu bytes", path, max);
		put_bytes(&b, SLICE(block, (size_t)n));
	}
	put_u8(&b, 0);
	ASSERT(!b.bad);
	*out = SLICE(b.p, b.n - 1);
	return OK;
}

struct err
file_read(struct ctx *cx, const char *path, size_t max, struct slice *out)
{
	AUTO_FD fd = -1;

	if (strcmp(path, "-") == 0)
		return read_all(cx, STDIN_FILENO, "standard input", max, out);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return FAIL(cx, ERR_IO, "open %s: %s", path, strerror(errno));
	return read_all(cx, fd, path, max, out);
}

struct err
file_read_secret(struct ctx *cx, const char *path, size_t max,
    struct slice *out)
{
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return FAIL(cx, ERR_IO, "open %s: %s", path, strerror(errno));
	if ((st.st_mode & 077) != 0)
		return FAIL(cx, ERR_CONFIG,
		    "%s holds a secret and others may read it (mode %04o)",
		    path, (unsigned)(st.st_mode & 07777));
	return read_all(cx, fd, path, max, out);
}

static bool
write_all(int fd, struct slice s)
{
	while (s.n > 0) {
		ssize_t n = write(fd, s.p, s.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		s.p += n;
		s.n -= (size_t)n;
	}
	return true;
}

static bool
sync_folder_of(struct ctx *cx, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *folder = slash == NULL ? "." : slash == path ? "/" :
	    arena_strndup(cx->arena, path, (size_t)(slash - path));
	AUTO_FD fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 && fsync(fd) == 0;
}

/* Write contents to a new file beside path and sync it. */
static struct err
write_beside(struct ctx *cx, const char *path, mode_t mode,
    struct slice contents, char **out_beside)
{
	uint8_t random[8];
	char *beside;
	AUTO_FD fd = -1;

	ctx_random(cx, random, sizeof(random));
	beside = arena_printf(cx->arena, "%s.%02x%02x%02x%02x%02x%02x.new", path,
	    random[0], random[1], random[2], random[3], random[4], random[5]);
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return FAIL(cx, ERR_IO, "create %s: %s", beside,
		    strerror(errno));
	if (fchmod(fd, mode) != 0 || !write_all(fd, contents) ||
	    fsync(fd) != 0) {
		struct err e = FAIL(cx, ERR_IO, "write %s: %s", beside,
		    strerror(errno));

		(void)unlink(beside);
		return e;
	}
	*out_beside = beside;
	return OK;
}

struct err
file_replace(struct ctx *cx, const char *path, mode_t mode,
    struct slice contents)
{
	char *beside;

	TRY(write_beside(cx, path, mode, contents, &beside));
	if (rename(beside, path) != 0) {
		struct err e = FAIL(cx, ERR_IO, "rename %s: %s", path,
		    strerror(errno));

		(void)unlink(beside);
		return e;
	}
	if (!sync_folder_of(cx, path))
		return FAIL(cx, ERR_IO, "sync the folder of %s: %s", path,
		    strerror(errno));
	return OK;
}

struct err
file_create(struct ctx *cx, const char *path, mode_t mode,
    struct slice contents)
{
	char *beside;
	int failure;

	TRY(write_beside(cx, path, mode, contents, &beside));
	failure = link(beside, path) == 0 ? 0 : errno;
	(void)unlink(beside);
	if (failure != 0)
		return FAIL(cx, failure == EEXIST ? ERR_EXISTS : ERR_IO,
		    "create %s: %s", path, strerror(failure));
	if (!sync_folder_of(cx, path))
		return FAIL(cx, ERR_IO, "sync the folder of %s: %s", path,
		    strerror(errno));
	return OK;
}

struct err
file_make_folder(struct ctx *cx, const char *path)
{
	struct stat st;

	if (mkdir(path, 0700) == 0)
		return OK;
	if (errno == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return OK;
	return FAIL(cx, ERR_IO, "make folder %s: %s", path, strerror(errno));
}
