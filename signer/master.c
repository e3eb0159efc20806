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
#define PASSES_MAX	64u
#define MEMORY_MAX	(UINT64_C(4) * 1024 * 1024 * 1024)
#define PARAMS_TEXT_MAX	128u

struct master {
	uint8_t		 key[MASTER_KEY_SIZE];
	struct master	*old;
	/* While it is read: hex, or a passphrase. */
	char		 text[MASTER_PASSPHRASE_MAX + 2];
};

/* What a passphrase is stretched with. */
struct params {
	uint64_t	passes, memory;
	uint8_t		salt[crypto_pwhash_SALTBYTES];
};

/* --- files --------------------------------------------------------------- */

/* A secret's one line into m->text, without its end. */
static struct err
read_line(struct ctx *cx, const char *path, mode_t forbidden,
    struct master *m, size_t *out_n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) != 0) {
		struct err e = FAIL(cx, ERR_CONFIG, "open %s: %s", path,
		    strerror(errno));

		if (fd >= 0)
			(void)close(fd);
		return e;
	}
	/* Straight into locked memory: no copy is left in a buffer. */
	n = read(fd, m->text, sizeof(m->text) - 1);
	(void)close(fd);
	if ((st.st_mode & forbidden) != 0)
		return FAIL(cx, ERR_CONFIG,
		    "%s holds the master key and others may read it "
		    "(mode %04o)", path, (unsigned)(st.st_mode & 07777));
	if (n > 0 && m->text[n - 1] == '\n')
		n--;
	if (n <= 0 || memchr(m->text, '\n', (size_t)n) != NULL)
		return FAIL(cx, ERR_CONFIG, "%s is not one line", path);
	m->text[n] = '\0';
	*out_n = (size_t)n;
	return OK;
}

static struct err
read_key(struct ctx *cx, const char *path, mode_t forbidden,
    const struct master_source *source, struct master *m)
{
	size_t n;

	(void)source;
	TRY(read_line(cx, path, forbidden, m, &n));
	if (n != HEX_SIZE || !text_unhex(m->text, m->key, sizeof(m->key)))
		return FAIL(cx, ERR_CONFIG,
		    "%s is not one line of %u hex digits", path, HEX_SIZE);
	return OK;
}

/* --- passphrases --------------------------------------------------------- */

static struct err
make_params(struct ctx *cx, const char *path, struct params *out)
{
	struct params p = { .passes = MASTER_PASSES, .memory = MASTER_MEMORY };
	const char *line;

	ctx_random(cx, p.salt, sizeof(p.salt));
	line = arena_printf(cx->arena, "argon2id %llu %llu %s\n",
	    (unsigned long long)p.passes, (unsigned long long)p.memory,
	    text_hex(cx->arena, SLICE_OF(p.salt)));
	TRY(file_create(cx, path, 0600, slice_text(line)));
	*out = p;
	return OK;
}

static bool
parse_params(char *line, struct params *out)
{
	char *word[4], *rest = line;

	line[strcspn(line, "\n")] = '\0';
	for (size_t i = 0; i < COUNT_OF(word); i++) {
		word[i] = strsep(&rest, " ");
		if (word[i] == NULL)
			return false;
	}
	return rest == NULL && strcmp(word[0], "argon2id") == 0 &&
	    text_parse_uint(word[1], PASSES_MAX, &out->passes) &&
	    out->passes >= 1 &&
	    text_parse_uint(word[2], MEMORY_MAX, &out->memory) &&
	    out->memory >= crypto_pwhash_argon2id_MEMLIMIT_MIN &&
	    text_unhex(word[3], out->salt, sizeof(out->salt));
}

static struct err
read_params(struct ctx *cx, const char *folder, struct params *out)
{
	const char *path = arena_printf(cx->arena, "%s/%s", folder,
	    MASTER_PARAMS_FILE);
	struct slice text;

	if (access(path, F_OK) != 0) {
		TRY(file_make_folder(cx, folder));
		return make_params(cx, path, out);
	}
	TRY(file_read(cx, path, PARAMS_TEXT_MAX, &text));
	if (!parse_params(arena_strndup(cx->arena, (const char *)text.p,
	    text.n), out))
		return FAIL(cx, ERR_CONFIG,
		    "%s is not one line of Argon2id parameters", path);
	return OK;
}

static struct err
read_passphrase(struct ctx *cx, const char *path, mode_t forbidden,
    const struct master_source *source, struct master *m)
{
	struct params p;
	size_t n;

	TRY(read_line(cx, path, forbidden, m, &n));
	if (n < MASTER_PASSPHRASE_MIN || n > MASTER_PASSPHRASE_MAX)
		return FAIL(cx, ERR_CONFIG,
		    "the passphrase in %s has %zu bytes; %u to %u", path, n,
		    MASTER_PASSPHRASE_MIN, MASTER_PASSPHRASE_MAX);
	TRY(read_params(cx, source->params_folder, &p));
	if (crypto_pwhash(m->key, sizeof(m->key), m->text, n, p.salt,
	    p.passes, (size_t)p.memory, crypto_pwhash_ALG_ARGON2ID13) != 0)
		return FAIL(cx, ERR_CONFIG,
		    "Argon2id needs %llu bytes of memory",
		    (unsigned long long)p.memory);
	return OK;
}

/* --- any ----------------------------------------------------------------- */

typedef struct err read_source(struct ctx *, const char *path,
    mode_t forbidden, const struct master_source *, struct master *);

/* systemd gives the service's user its credential by an access list, which
 * shows as a group permission. */
static struct err
read_credential(struct ctx *cx, const struct master_source *source,
    struct master *m)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY"), *path;
	static const struct { const char *name; read_source *read; } kinds[] = {
		{ MASTER_CREDENTIAL, read_key },
		{ MASTER_PASSPHRASE_CREDENTIAL, read_passphrase },
	};

	for (size_t i = 0; folder != NULL && i < COUNT_OF(kinds); i++) {
		path = arena_printf(cx->arena, "%s/%s", folder,
		    kinds[i].name);
		if (access(path, F_OK) == 0)
			return kinds[i].read(cx, path, 007, source, m);
	}
	return FAIL(cx, ERR_CONFIG, "no master key: neither a file is named "
	    "nor is there a systemd credential %s or %s", MASTER_CREDENTIAL,
	    MASTER_PASSPHRASE_CREDENTIAL);
}

struct err
master_open(struct ctx *cx, const struct master_source *source,
    struct master **out)
{
	struct master *m = sodium_malloc(sizeof(*m));
	struct err e;

	ASSERT(m != NULL);
	m->old = NULL;
	if (source->key_file != NULL)
		e = read_key(cx, source->key_file, 077, source, m);
	else if (source->passphrase_file != NULL)
		e = read_passphrase(cx, source->passphrase_file, 077, source,
		    m);
	else
		e = read_credential(cx, source, m);
	sodium_memzero(m->text, sizeof(m->text));
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
	if (m == NULL)
		return;
	master_free(m->old);
	sodium_free(m);		/* and wipes */
}

void
master_set_old(struct master *m, struct master *old)
{
	m->old = old;
}

const struct master *
master_old(const struct master *m)
{
	return m->old;
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

/* label is with its NUL. */
static void
derive(const struct master *m, struct slice label, const char *name,
    uint8_t *out)
{
	crypto_generichash_state state;

	(void)crypto_generichash_init(&state, m->key, sizeof(m->key),
	    MASTER_KEY_SIZE);
	(void)crypto_generichash_update(&state, label.p, label.n);
	(void)crypto_generichash_update(&state, (const uint8_t *)name,
	    strlen(name));
	(void)crypto_generichash_final(&state, out, MASTER_KEY_SIZE);
	sodium_memzero(&state, sizeof(state));
}

void
master_tenant_key(const struct master *m, const char *tenant,
    uint8_t out[static MASTER_KEY_SIZE])
{
	static const uint8_t label[] = "daapki-seal-1";

	derive(m, SLICE_OF(label), tenant, out);
}

void
master_log_key(const struct master *m, uint8_t out[static MASTER_KEY_SIZE])
{
	static const uint8_t label[] = "daapki-log-1";

	derive(m, SLICE_OF(label), "", out);
}
