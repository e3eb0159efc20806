/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daa-hsm: holds the session with one HSM for daa-signer.
 *
 * The process that is started is the keeper: it starts the holder, which loads
 * the module, and starts it again when it ends or hangs.  The socket stays the
 * same, so daa-signer, which can start nothing, need not.
 */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "base/base.h"
#include "base/options.h"
#include "base/text.h"
#include "hsm/holder.h"
#include "hsm/sandbox.h"

#define RESTART_S	1		/* from a holder's end to the next */

struct options {
	const char	*conf;
	int		 fd;		/* -1: not given */
	int		 log_level;
	bool		 check, no_sandbox;
};

/* What both processes have. */
struct program {
	struct options		 options;
	struct conf		 conf;
	const char		*pin_path;
	struct holder_memory	*memory;	/* shared */
};

static const char usage_text[] =
"usage: daa-hsm --config DIR/NAME.conf --fd N\n"
"       daa-hsm --config DIR/NAME.conf --check\n"
"\n"
"  --config FILE      which module and token; the name of the file is that of\n"
"                     the key store\n"
"  --fd N             serve daa-signer, which starts this program, there\n"
"  --check            log in, say which keys the token can make, and end\n"
"  --log-level LEVEL  debug, info, warn or error\n"
"  --no-sandbox       for debugging only: keep all rights\n"
"  --version, --help\n";

/* --- options ------------------------------------------------------------- */

enum option_id {
	OPT_CONFIG = OPTIONS_OWN, OPT_FD, OPT_CHECK, OPT_LOG_LEVEL, OPT_NO_SANDBOX,
};

static const struct option long_options[] = {
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "fd", required_argument, NULL, OPT_FD },
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "log-level", required_argument, NULL, OPT_LOG_LEVEL },
	{ "no-sandbox", no_argument, NULL, OPT_NO_SANDBOX },
	OPTIONS_COMMON
};

static bool
take_option(void *arg, int id)
{
	struct options *o = arg;
	uint64_t n;

	switch (id) {
	case OPT_CONFIG:
		o->conf = optarg;
		return true;
	case OPT_FD:
		if (!text_parse_uint(optarg, 1023, &n))
			return false;
		o->fd = (int)n;
		return true;
	case OPT_CHECK:
		o->check = true;
		return true;
	case OPT_LOG_LEVEL:
		o->log_level = log_level_find(optarg);
		return o->log_level >= 0;
	case OPT_NO_SANDBOX:
		o->no_sandbox = true;
		return true;
	default:
		return false;
	}
}

static bool
is_complete(const void *arg)
{
	const struct options *o = arg;

	return o->conf != NULL && o->check != (o->fd >= 0);
}

static const struct options_spec options_spec = {
	"daa-hsm", usage_text, long_options, take_option, is_complete,
};

static struct err
find_pin(struct ctx *cx, struct program *p)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");

	p->pin_path = p->conf.pin_file;
	if (p->pin_path == NULL && folder != NULL)
		p->pin_path = arena_printf(cx->arena, "%s/hsm-pin-%s", folder,
		    p->conf.name);
	if (p->pin_path == NULL)
		return FAIL(cx, ERR_CONFIG, "%s: no pin_file, and no "
		    "credential hsm-pin-%s", p->options.conf, p->conf.name);
	return OK;
}

static struct err
set_variables(struct ctx *cx, const struct conf *conf)
{
	for (size_t i = 0; i < conf->n_variables; i++) {
		const char *text = conf->variables[i];
		const char *equals = strchr(text, '=');

		if (setenv(arena_strndup(cx->arena, text,
		    (size_t)(equals - text)), equals + 1, 1) != 0)
			return FAIL(cx, ERR_CONFIG, "environment: %s",
			    strerror(errno));
	}
	return OK;
}

/* --- the holder ---------------------------------------------------------- */

static struct err
enter(struct ctx *cx, const struct program *p)
{
	TRY(set_variables(cx, &p->conf));
	if (p->options.no_sandbox)
		return OK;
	return sandbox_enter(cx, &p->conf, p->options.conf, p->pin_path);
}

/* The end of daa-signer is that of the socket, which a holder sees between
 * requests: one that is killed while its module writes can leave a token of
 * SoftHSM unreadable.  So neither process heeds SIGTERM, which systemd sends to
 * both.
 *
 * No clean-up at the end: modules have been seen to fail at theirs, and the end
 * of the process ends the session. */
__attribute__((noreturn)) static void
holder_main(const struct ctx_root *root, const struct program *p)
{
	struct ctx_root own;		/* the settings are in the other one */
	struct err e;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() == 1)
		_exit(EXIT_FAILURE);
	ctx_root_init(&own, root->cx.log);
	e = enter(&own.cx, p);
	if (!failed(e))
		e = holder_serve(&own, holder_new(&p->conf, p->pin_path,
		    p->memory), p->options.fd);
	if (failed(e))
		log_put(own.cx.log, LOG_LEVEL_ERROR, "hsm.failed", "hsm",
		    p->conf.name, "code", err_dotted(e), "note",
		    own.trail.note, NULL);
	_exit(failed(e) ? EXIT_FAILURE : EXIT_SUCCESS);
}

static struct err
check(struct ctx *cx, const struct program *p)
{
	static const char *const names[] = {
		[CA_ALG_P256] = "p256", [CA_ALG_P384] = "p384",
		[CA_ALG_ED25519] = "ed25519", [CA_ALG_RSA2048] = "rsa2048",
		[CA_ALG_RSA3072] = "rsa3072", [CA_ALG_RSA4096] = "rsa4096",
	};
	struct token *token;

	TRY(enter(cx, p));
	TRY(holder_token(cx, holder_new(&p->conf, p->pin_path, p->memory),
	    &token));
	(void)printf("key store\t%s\n", p->conf.name);
	for (size_t i = 0; i < p->conf.n_tenants; i++)
		(void)printf("tenant\t%s\n", p->conf.tenants[i]);
	for (size_t i = CA_ALG_P256; i < COUNT_OF(names); i++)
		(void)printf("%s\t%s\n", names[i],
		    token_can(token, (enum ca_alg)i) ? "yes" : "no");
	(void)fflush(stdout);
	return OK;
}

/* --- the keeper ---------------------------------------------------------- */

static void
tell_gone(struct ctx *cx, int fd, const char *why)
{
	struct buf b = buf_in(cx->arena, HSM_PACKET_MAX);
	const struct hsm_answer a = { .status = HSM_SAYS_GONE,
	    .body = slice_text(why) };

	ASSERT(!failed(hsm_answer_encode(cx, &a, &b)));
	(void)send(fd, b.p, b.n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static bool
hangs(struct ctx *cx, const struct program *p)
{
	uint64_t since_us = atomic_load(&p->memory->busy_since_us);
	uint64_t now_us = cx->clock->ticks_us(cx->clock->arg);

	return since_us != 0 && now_us > since_us &&
	    now_us - since_us > HSM_HANG_S * UINT64_C(1000000);
}

/* Until it ends; its exit status. */
static int
watch(struct ctx *cx, const struct program *p, pid_t holder)
{
	const struct timespec second = { 1, 0 };
	sigset_t child;
	int status;

	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	while (waitpid(holder, &status, WNOHANG) == 0) {
		if (hangs(cx, p)) {
			log_put(cx->log, LOG_LEVEL_ERROR, "hsm.hangs", "hsm",
			    p->conf.name, NULL);
			(void)kill(holder, SIGKILL);
		}
		(void)sigtimedwait(&child, NULL, &second);
	}
	return status;
}

static struct err
keep(struct ctx_root *root, const struct program *p)
{
	struct ctx *cx = &root->cx;
	sigset_t child;

	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	ASSERT(sigprocmask(SIG_BLOCK, &child, NULL) == 0);
	ASSERT(signal(SIGTERM, SIG_IGN) != SIG_ERR);
	for (;;) {
		pid_t holder = fork();
		int status;

		if (holder == 0)
			holder_main(root, p);
		if (holder < 0)
			return FAIL(cx, ERR_IO, "fork: %s", strerror(errno));
		status = watch(cx, p, holder);
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			return OK;
		atomic_store(&p->memory->busy_since_us, 0);
		log_put(cx->log, LOG_LEVEL_ERROR, "hsm.holder-ended", "hsm",
		    p->conf.name, NULL);
		tell_gone(cx, p->options.fd,
		    "the process that held the session ended");
		(void)sleep(RESTART_S);
	}
}

static struct err
run(struct ctx_root *root, struct program *p)
{
	struct ctx *cx = &root->cx;
	void *memory = mmap(NULL, sizeof(*p->memory), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return FAIL(cx, ERR_IO, "mmap: %s", strerror(errno));
	p->memory = memory;
	ctx_random(cx, p->memory->hash_key, sizeof(p->memory->hash_key));
	TRY(conf_read(cx, p->options.conf, &p->conf));
	TRY(find_pin(cx, p));
	if (p->conf.n_tenants == 0)
		log_put(cx->log, LOG_LEVEL_WARN, "hsm.no-tenants", "hsm",
		    p->conf.name, NULL);
	return p->options.check ? check(cx, p) : keep(root, p);
}

int
main(int argc, char **argv)
{
	struct program p = { .options = { .fd = -1,
	    .log_level = LOG_LEVEL_INFO } };
	struct log log = { .fd = STDERR_FILENO, .program = "daa-hsm" };
	int code = options_read(&options_spec, argc, argv, &p.options);
	struct ctx_root root;
	struct err e;

	if (code >= 0)
		return code;
	log.least = (enum log_level)p.options.log_level;
	if (sodium_init() < 0)
		return EXIT_FAILURE;
	ctx_root_init(&root, &log);
	e = run(&root, &p);
	if (failed(e)) {
		log_put(&log, LOG_LEVEL_ERROR, "hsm.failed", "code",
		    err_dotted(e), "note", root.trail.note, NULL);
		if (p.options.fd >= 0)
			tell_gone(&root.cx, p.options.fd, "its settings are "
			    "not usable: the log of daa-hsm says why");
	}
	/* See holder_main(). */
	_exit(failed(e) ? EXIT_FAILURE : EXIT_SUCCESS);
}
