/* SPDX-License-Identifier: Apache-2.0 */
#include "server/state.h"

#include <sys/file.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <sodium.h>

#include "base/base.h"
#include "base/file.h"

#define KEYS_MARK	"DAAKEYS1"
#define KEYS_MARK_SIZE	8u
#define KEYS_FILE_SIZE	(KEYS_MARK_SIZE + sizeof(struct authority_keys))

const char *
state_path(struct ctx *cx, const char *state_dir, const char *name)
{
	return arena_printf(cx->arena, "%s/%s", state_dir, name);
}

struct err
state_lock(struct ctx *cx, const char *state_dir, int *out_fd)
{
	const char *path = state_path(cx, state_dir, "lock");
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600), failure;

	if (fd < 0)
		return FAIL_TELL(cx, ERR_CONFIG,
		    "%s: %s (daad init makes the folder)", path,
		    strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		*out_fd = fd;
		return OK;
	}
	failure = errno;
	(void)close(fd);
	if (failure == EWOULDBLOCK)
		return FAIL_TELL(cx, ERR_BUSY,
		    "another daad is using %s", state_dir);
	return FAIL_TELL(cx, ERR_CONFIG, "lock %s: %s", path,
	    strerror(failure));
}

bool
state_is_used(struct ctx *cx, const char *state_dir)
{
	static const char *const names[] = {
		"keys", "daapki.db", "trust.pem",
	};

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (access(state_path(cx, state_dir, names[i]), F_OK) == 0)
			return true;
	return false;
}

struct err
state_make_keys(struct ctx *cx, const char *state_dir)
{
	uint8_t bytes[KEYS_FILE_SIZE];
	struct err e;

	memcpy(bytes, KEYS_MARK, KEYS_MARK_SIZE);
	ctx_random(cx, bytes + KEYS_MARK_SIZE, sizeof(bytes) - KEYS_MARK_SIZE);
	e = file_create(cx, state_path(cx, state_dir, "keys"), 0600,
	    SLICE_OF(bytes));
	sodium_memzero(bytes, sizeof(bytes));
	return e;
}

struct err
state_load_keys(struct ctx *cx, const char *state_dir,
    const struct authority_keys **out)
{
	const char *path = state_path(cx, state_dir, "keys");
	struct authority_keys *keys;
	struct slice bytes;

	TRY(file_read_secret(cx, path, KEYS_FILE_SIZE, &bytes));
	if (bytes.n != KEYS_FILE_SIZE ||
	    memcmp(bytes.p, KEYS_MARK, KEYS_MARK_SIZE) != 0)
		return FAIL_TELL(cx, ERR_CONFIG, "%s is not a keys file", path);
	keys = sodium_malloc(sizeof(*keys));
	ASSERT(keys != NULL);
	memcpy(keys, bytes.p + KEYS_MARK_SIZE, sizeof(*keys));
	/* What the file was read into is this function's alone. */
	sodium_memzero((void *)(uintptr_t)bytes.p, bytes.n);
	ASSERT(sodium_mprotect_readonly(keys) == 0);
	*out = keys;
	return OK;
}

void
state_free_keys(const struct authority_keys *keys)
{
	sodium_free((void *)(uintptr_t)keys);
}
