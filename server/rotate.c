/* SPDX-License-Identifier: Apache-2.0 */
#include "server/offline.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "authority/reseal.h"
#include "base/base.h"
#include "base/failpoint.h"
#include "server/serve.h"
#include "server/state.h"

typedef struct err with_fn(struct ctx *, struct db *, struct signer *,
    struct resealed *out);

/* Run one pass with a signer as the settings have it. */
static struct err
with_signer(struct ctx *cx, const struct settings *s, struct db *db,
    with_fn *fn, struct resealed *out)
{
	struct signer_process *process;
	struct signer_conf conf = { .connect = signer_process_connect,
	    .log = cx->log };
	struct signer *signer;
	struct err e;

	TRY(signer_process_open(cx, s, &process));
	conf.arg = process;
	e = signer_open(cx, &conf, &signer);
	if (!failed(e)) {
		e = fn(cx, db, signer, out);
		signer_close(signer);
	}
	signer_process_close(process);
	return e;
}

/* --- files ------------------------------------------------------------------ */

/* The secret that the next start uses: a key, or a passphrase. */
static const char *
secret_of(const struct settings *s)
{
	return s->master_passphrase_file[0] != '\0' ?
	    s->master_passphrase_file : s->master_key_file;
}

static struct err
have_new(struct ctx *cx, const struct settings *s)
{
	const char *new = signer_process_new_secret(cx, s);

	if (access(new, F_OK) == 0)
		return OK;
	if (s->master_passphrase_file[0] != '\0')
		return FAIL_TELL(cx, ERR_CONFIG, "put the new passphrase into "
		    "%s first", new);
	TRY(signer_process_make_key_at(cx, s, new));
	failpoint("rotate.begun");
	return OK;
}

static struct err
sync_folder(struct ctx *cx, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *folder = slash == NULL ? "." : arena_strndup(cx->arena,
	    path, (size_t)(slash - path) + 1);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool done = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		(void)close(fd);
	return done ? OK : FAIL_TELL(cx, ERR_IO, "sync %s: %s", folder,
	    strerror(errno));
}

/* At each moment the name that the settings have leads to a whole secret. */
static struct err
put_in_place(struct ctx *cx, const struct settings *s, const char **out_old)
{
	const char *secret = secret_of(s);
	const char *new = signer_process_new_secret(cx, s);
	const char *old = arena_printf(cx->arena, "%s.old", secret);

	if (unlink(old) != 0 && errno != ENOENT)
		return FAIL_TELL(cx, ERR_IO, "%s: %s", old, strerror(errno));
	if (link(secret, old) != 0)
		return FAIL_TELL(cx, ERR_IO, "%s: %s", old, strerror(errno));
	TRY(sync_folder(cx, secret));
	failpoint("rotate.linked");
	if (rename(new, secret) != 0)
		return FAIL_TELL(cx, ERR_IO, "%s: %s", new, strerror(errno));
	TRY(sync_folder(cx, secret));
	failpoint("rotate.renamed");
	*out_old = old;
	return OK;
}

/* --- the whole ---------------------------------------------------------------- */

/* With the new secret alone. */
static struct err
check_alone(struct ctx *cx, const struct settings *s, struct db *db)
{
	struct settings alone = *s;
	struct resealed ignored;

	if (s->master_passphrase_file[0] != '\0')
		alone.master_passphrase_file =
		    signer_process_new_secret(cx, s);
	else
		alone.master_key_file = signer_process_new_secret(cx, s);
	return with_signer(cx, &alone, db, reseal_check, &ignored);
}

static struct err
rotate(struct ctx *cx, const struct settings *s)
{
	const struct db_conf conf = { .path = s->db_path, .n_readers = 1 };
	bool own = s->signer_socket[0] == '\0';
	const char *old = NULL;
	struct resealed sum, ignored;
	struct db *db;
	struct err e;

	if (own)
		TRY(have_new(cx, s));
	TRY(db_open(cx, &conf, &db));
	e = with_signer(cx, s, db, reseal_all, &sum);
	failpoint("rotate.resealed");
	if (!failed(e))
		e = own ? check_alone(cx, s, db) :
		    with_signer(cx, s, db, reseal_check, &ignored);
	db_close(db);
	TRY(e);
	failpoint("rotate.checked");
	if (own)
		TRY(put_in_place(cx, s, &old));
	(void)printf("%llu CA records, %llu of them sealed anew; the new "
	    "master key opens them all\n", (unsigned long long)sum.records,
	    (unsigned long long)sum.changed);
	if (old != NULL)
		(void)printf("the old one is %s: backups from before need it\n",
		    old);
	else
		(void)printf("start daa-signer without its old master key\n");
	return OK;
}

struct err
offline_rotate_master(struct ctx *cx, const struct settings *s,
    struct offline_options *o)
{
	struct err e;
	int lock;

	(void)o;
	serve_prepare_process();
	TRY(state_lock(cx, s->state_dir, &lock));
	e = rotate(cx, s);
	(void)close(lock);
	return e;
}
