/* SPDX-License-Identifier: Apache-2.0 */
#include "signer/master.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "base/base.h"
#include "base/file.h"
#include "base/text.h"

#define HEX_SIZE	(2u * MASTER_KEY_SIZE)

struct master {
	uint8_t	key[MASTER_KEY_SIZE];
	char	text[HEX_SIZE + 2];	/* while it is read */
};

static struct err
read_key(struct ctx *cx, int fd, const char *path, mode_t forbidden,
    struct master *m)
{
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) != 0)
		return FAIL(cx, ERR_CONFIG, "%s: %s", path, strerror(errno));
	if ((st.st_mode & forbidden) != 0)
		return FAIL(cx, ERR_CONFIG,
		    "%s holds the master key and others may read it "
		    "(mode %04o)", path, (unsigned)(st.st_mode & 07777));
	/* Straight into locked memory: no copy is left in a buffer. */
	n = read(fd, m->text, HEX_SIZE + 2);
	if (n == HEX_SIZE + 1 && m->text[HEX_SIZE] == '\n')
		n = HEX_SIZE;
	if (n != HEX_SIZE)
		return FAIL(cx, ERR_CONFIG,
		    "%s is not one line of %u hex digits", path, HEX_SIZE);
	m->text[HEX_SIZE] = '\0';
	if (!text_unhex(m->text, m->key, sizeof(m->key)))
		return FAIL(cx, ERR_CONFIG,
		    "%s is not one line of %u hex digits", path, HEX_SIZE);
	sodium_memzero(m->text, sizeof(m->text));
	return OK;
}

/* systemd gives the service's user its credential by an access list, which
 * shows as a group permission. */
static struct err
find_key(struct ctx *cx, const char **io_path, mode_t *out_forbidden)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");

	*out_forbidden = 077;
	if (*io_path != NULL)
		return OK;
	if (folder == NULL)
		return FAIL(cx, ERR_CONFIG,
		    "neither --master-key nor a systemd credential "
		    "named %s", MASTER_CREDENTIAL);
	*io_path = arena_printf(cx->arena, "%s/%s", folder,
	    MASTER_CREDENTIAL);
	*out_forbidden = 007;
	return OK;
}

struct err
master_open(struct ctx *cx, const char *path, struct master **out)
{
	struct master *m;
	mode_t forbidden;
	struct err e;
	int fd;

	TRY(find_key(cx, &path, &forbidden));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return FAIL(cx, ERR_CONFIG, "open %s: %s", path,
		    strerror(errno));
	m = sodium_malloc(sizeof(*m));
	ASSERT(m != NULL);
	e = read_key(cx, fd, path, forbidden, m);
	(void)close(fd);
	if (failed(e)) {
		master_free(m);
		return e;
	}
	*out = m;
	return OK;
}

void
master_free(struct master *m)
{
	sodium_free(m);		/* wipes, and takes NULL */
}

struct err
master_make(struct ctx *cx, const char *path)
{
	uint8_t key[MASTER_KEY_SIZE];
	char text[HEX_SIZE + 2];
	struct err e;

	ctx_random(cx, key, sizeof(key));
	(void)sodium_bin2hex(text, sizeof(text), key, sizeof(key));
	text[HEX_SIZE] = '\n';
	e = file_create(cx, path, 0600, SLICE(text, HEX_SIZE + 1));
	sodium_memzero(key, sizeof(key));
	sodium_memzero(text, sizeof(text));
	return e;
}

void
master_tenant_key(const struct master *m, const char *tenant,
    uint8_t out[static MASTER_KEY_SIZE])
{
	static const uint8_t label[] = "daapki-seal-1";	/* with its NUL */
	crypto_generichash_state state;

	(void)crypto_generichash_init(&state, m->key, sizeof(m->key),
	    MASTER_KEY_SIZE);
	(void)crypto_generichash_update(&state, label, sizeof(label));
	(void)crypto_generichash_update(&state, (const uint8_t *)tenant,
	    strlen(tenant));
	(void)crypto_generichash_final(&state, out, MASTER_KEY_SIZE);
	sodium_memzero(&state, sizeof(state));
}
