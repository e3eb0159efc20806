/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/realm.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "authority/signer.h"
#include "authority/tenant.h"
#include "base/base.h"

const struct principal realm_admin = {
	.token_id = 1, .role = ROLE_ADMIN, .tenant_id = 0, .name = "test-admin",
};

/* $builddir is set by `make check`; by hand, tests run in the build folder. */
static const char *
signer_program(struct ctx *cx)
{
	const char *folder = getenv("abs_builddir");

	return arena_printf(cx->arena, "%s/daa-signer",
	    folder == NULL ? "." : folder);
}

static pid_t
run(const char *program, char *const argv[], int keep_fd)
{
	pid_t pid = fork();

	ASSERT(pid >= 0);
	if (pid == 0) {
		if (keep_fd >= 0)
			(void)fcntl(keep_fd, F_SETFD, 0);
		execv(program, argv);
		_exit(127);
	}
	return pid;
}

static void
reap(pid_t pid, bool must_succeed)
{
	int status;

	ASSERT(waitpid(pid, &status, 0) == pid);
	ASSERT(!must_succeed || (WIFEXITED(status) &&
	    WEXITSTATUS(status) == 0));
}

static struct err
start_signer(struct ctx *cx, void *arg, int *out_fd)
{
	struct realm *r = arg;
	int pair[2];

	if (r->away)
		return FAIL(cx, ERR_SIGNER_GONE, "the test has stopped it");
	if (r->signer > 0)
		reap(r->signer, false);
	ASSERT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	r->signer = run(signer_program(cx), (char *[]){
	    arena_strdup(cx->arena, "daa-signer"),
	    arena_strdup(cx->arena, "--master-key"),
	    arena_printf(cx->arena, "%s/master.key", r->folder),
	    arena_strdup(cx->arena, "--journal"),
	    arena_printf(cx->arena, "%s/journal", r->folder),
	    arena_strdup(cx->arena, "--fd"),
	    arena_printf(cx->arena, "%d", pair[1]), NULL }, pair[1]);
	(void)close(pair[1]);
	*out_fd = pair[0];
	return OK;
}

static void
make_master_key(struct ctx *cx, struct realm *r)
{
	const char *program = signer_program(cx);

	reap(run(program, (char *[]){
	    arena_strdup(cx->arena, "daa-signer"),
	    arena_strdup(cx->arena, "--make-master-key"),
	    arena_printf(cx->arena, "%s/master.key", r->folder), NULL }, -1),
	    true);
}

static int64_t
moved_now_s(void *arg)
{
	const struct realm *r = arg;

	return clock_system.now_s(NULL) + r->ahead_s;
}

static void
open_authority(struct ctx *cx, struct realm *r)
{
	struct err e = authority_open(cx, &r->conf, &r->authority);

	if (failed(e)) {
		(void)fprintf(stderr, "authority_open: %s: %s\n", err_name(e),
		    cx->trail->note);
		abort();
	}
}

struct realm *
realm_open(struct ctx *cx)
{
	struct realm *r = ARENA_NEW(cx->arena, struct realm);
	struct signer_conf *signer = ARENA_NEW(cx->arena, struct signer_conf);
	static const char *const names[] = { "localhost", "127.0.0.1" };
	char folder[] = "/tmp/daapki-realm.XXXXXX";
	struct tenant platform;
	struct err e;

	ASSERT(mkdtemp(folder) != NULL);
	r->folder = arena_strdup(cx->arena, folder);
	make_master_key(cx, r);
	r->clock = (struct clock){ moved_now_s, clock_system.ticks_us, r };
	ctx_random(cx, &r->keys, sizeof(r->keys));
	*signer = (struct signer_conf){ start_signer, r, NULL };
	r->conf = (struct authority_conf){
		.db = { .path = arena_printf(cx->arena, "%s/db", folder),
		    .n_readers = 2 },
		.signer = signer, .keys = &r->keys,
		.status_url = "http://127.0.0.1:8080",
		.names = names, .n_names = COUNT_OF(names),
		.limits = {
			.nonce_life_s = 300, .activation_life_s = 300,
			.crl_life_s = 86400, .crl_shards = 4,
			.ocsp_signer_life_s = 86400, .ocsp_life_s = 3600,
			.ocsp_in_leaves = true,
			.result_life_s = 300, .result_key_life_s = 86400,
			.cache_age_s = 60, .reports_per_day = 1000,
			.ca_root_life_s = 20 * 365 * 86400LL,
			.ca_issuing_life_s = 5 * 365 * 86400LL,
			.ca_rollover_auto = true, .ca_announce_s = 86400,
			.collateral_warn_s = 7 * 86400,
			.anchor_warn_s = 90 * 86400,
			.receipt_life_s = 86400,
			.recovery_wait_s = 7 * 86400,
			.transfer_undo_s = 3 * 86400,
			.release_undo_s = 3 * 86400,
			.consent_life_s = 3600,
			.event_keep_s = 90 * 86400,
			.audit_anchor_s = 3600,
			.evidence_cache_mb = 16,
		},
	};
	open_authority(cx, r);
	/* As `daad init` does. */
	e = tenant_create_platform(cx, r->authority, &platform);
	ASSERT(!failed(e));
	return r;
}

void
realm_kill_signer(struct realm *r)
{
	ASSERT(kill(r->signer, SIGKILL) == 0);
}

void
realm_stop_signer(struct realm *r)
{
	r->away = true;
	realm_kill_signer(r);
}

static void
stop(struct realm *r)
{
	authority_close(r->authority);
	r->authority = NULL;
	reap(r->signer, false);
	r->signer = 0;
}

void
realm_reopen(struct ctx *cx, struct realm *r)
{
	realm_kill_signer(r);
	stop(r);
	open_authority(cx, r);
}

static int
remove_one(const char *path, const struct stat *st, int what, struct FTW *ftw)
{
	(void)st;
	(void)what;
	(void)ftw;
	return remove(path);
}

void
realm_close(struct ctx *cx, struct realm *r)
{
	(void)cx;
	stop(r);
	ASSERT(nftw(r->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0);
}

void
realm_use_clock(struct ctx *cx, struct realm *r)
{
	cx->clock = &r->clock;
}
