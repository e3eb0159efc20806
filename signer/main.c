/* SPDX-License-Identifier: Apache-2.0 */
/* daa-signer: holds the CA keys, takes typed orders, keeps the journal. */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <sodium.h>

#include "base/file.h"
#include "base/options.h"
#include "pki/ossl.h"
#include "signer/dump.h"
#include "signer/sandbox.h"
#include "signer/serve.h"
#include "signer/verify.h"

#define SECURE_HEAP_SIZE	(4u * 1024u * 1024u)	/* keys of CA_OPEN_MAX CAs */
#define SECURE_HEAP_UNIT	32u

/* Exit codes. */
enum { EXIT_JOURNAL = 3 };

struct options {
	struct master_source master, old_master;
	const char	*journal, *socket, *make_master_key;
	const char	*verify_journal, *dump_journal, *log_key;
	const char	*hsm_dir;
	int		 fd;		/* -1: not given */
	int64_t		 peer_uid;	/* -1: not given */
	int		 log_level;
	size_t		 segment_bytes;	/* 0: the usual */
	bool		 no_sandbox, check;
};

static const char usage_text[] =
"usage: daa-signer [--master-key FILE | --master-passphrase-file FILE]\n"
"                  --journal DIR (--fd N | --socket PATH)\n"
"       daa-signer --make-master-key FILE\n"
"       daa-signer --check-journal --journal DIR\n"
"       daa-signer --verify-journal DIR [--log-key FILE]\n"
"       daa-signer --dump-journal DIR [--log-key FILE]\n"
"\n"
"  --master-key FILE      the key that seals CA keys; without it the systemd\n"
"                         credential master-key or master-passphrase\n"
"  --master-passphrase-file FILE\n"
"                         make that key from a passphrase\n"
"  --old-master-key FILE, --old-master-passphrase-file FILE\n"
"                         what was sealed before, while it is sealed anew\n"
"  --journal DIR          folder of the journal; made when there is none\n"
"  --hsm-dir DIR          HSMs: one for each NAME.conf there\n"
"  --segment-bytes N      begin a new file of the journal at that size\n"
"  --fd N                 serve one peer on this socket and end with it\n"
"  --socket PATH          listen there for peers of the same user\n"
"  --peer-uid N           ... of that user instead\n"
"  --make-master-key FILE make a new master key and end\n"
"  --check-journal        read the whole journal, say what it holds, and end\n"
"  --verify-journal DIR   check every hash and checkpoint, print the counts\n"
"  --dump-journal DIR     the same, and write the entries as frames to\n"
"                         standard output\n"
"  --log-key FILE         ... which this public key must have signed\n"
"  --log-level LEVEL      debug, info, warn or error\n"
"  --no-sandbox           for debugging only: keep all rights\n"
"  --version, --help\n";

static volatile sig_atomic_t stop;

static void
on_signal(int number)
{
	(void)number;
	stop = 1;
}

/* --- options ------------------------------------------------------------- */

enum option_id {
	OPT_MASTER_KEY = OPTIONS_OWN, OPT_MASTER_PASSPHRASE, OPT_OLD_MASTER_KEY,
	OPT_OLD_MASTER_PASSPHRASE, OPT_VERIFY, OPT_DUMP, OPT_LOG_KEY, OPT_SEGMENT,
	OPT_JOURNAL, OPT_FD, OPT_SOCKET, OPT_PEER_UID,
	OPT_MAKE_MASTER_KEY, OPT_CHECK, OPT_HSM_DIR, OPT_LOG_LEVEL, OPT_NO_SANDBOX,
};

static const struct option long_options[] = {
	{ "master-key", required_argument, NULL, OPT_MASTER_KEY },
	{ "master-passphrase-file", required_argument, NULL,
	    OPT_MASTER_PASSPHRASE },
	{ "old-master-key", required_argument, NULL, OPT_OLD_MASTER_KEY },
	{ "old-master-passphrase-file", required_argument, NULL,
	    OPT_OLD_MASTER_PASSPHRASE },
	{ "verify-journal", required_argument, NULL, OPT_VERIFY },
	{ "dump-journal", required_argument, NULL, OPT_DUMP },
	{ "log-key", required_argument, NULL, OPT_LOG_KEY },
	{ "journal", required_argument, NULL, OPT_JOURNAL },
	{ "hsm-dir", required_argument, NULL, OPT_HSM_DIR },
	{ "segment-bytes", required_argument, NULL, OPT_SEGMENT },
	{ "fd", required_argument, NULL, OPT_FD },
	{ "socket", required_argument, NULL, OPT_SOCKET },
	{ "peer-uid", required_argument, NULL, OPT_PEER_UID },
	{ "make-master-key", required_argument, NULL, OPT_MAKE_MASTER_KEY },
	{ "check-journal", no_argument, NULL, OPT_CHECK },
	{ "log-level", required_argument, NULL, OPT_LOG_LEVEL },
	{ "no-sandbox", no_argument, NULL, OPT_NO_SANDBOX },
	OPTIONS_COMMON
};

/* Where a text goes; NULL for an option that is none. */
static const char **
text_option(struct options *o, int id)
{
	const struct { int id; const char **to; } texts[] = {
		{ OPT_MASTER_KEY, &o->master.key_file },
		{ OPT_MASTER_PASSPHRASE, &o->master.passphrase_file },
		{ OPT_OLD_MASTER_KEY, &o->old_master.key_file },
		{ OPT_OLD_MASTER_PASSPHRASE, &o->old_master.passphrase_file },
		{ OPT_JOURNAL, &o->journal }, { OPT_SOCKET, &o->socket },
		{ OPT_MAKE_MASTER_KEY, &o->make_master_key },
		{ OPT_VERIFY, &o->verify_journal },
		{ OPT_DUMP, &o->dump_journal },
		{ OPT_LOG_KEY, &o->log_key }, { OPT_HSM_DIR, &o->hsm_dir },
	};

	for (size_t i = 0; i < COUNT_OF(texts); i++)
		if (texts[i].id == id)
			return texts[i].to;
	return NULL;
}

static bool
take_option(void *arg, int id)
{
	struct options *o = arg;
	const char **text = text_option(o, id);
	uint64_t n;

	if (text != NULL) {
		*text = optarg;
		return true;
	}
	switch (id) {
	case OPT_FD:
		if (!text_parse_uint(optarg, 1023, &n))
			return false;
		o->fd = (int)n;
		return true;
	case OPT_SEGMENT:
		if (!text_parse_uint(optarg, UINT32_MAX, &n) || n == 0)
			return false;
		o->segment_bytes = (size_t)n;
		return true;
	case OPT_PEER_UID:
		if (!text_parse_uint(optarg, UINT32_MAX - 1, &n))
			return false;
		o->peer_uid = (int64_t)n;
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

/* Do they say one thing to do? */
static bool
is_complete(const void *arg)
{
	const struct options *o = arg;

	if (o->make_master_key != NULL)
		return true;
	if (o->verify_journal != NULL || o->dump_journal != NULL)
		return o->journal == NULL && (o->verify_journal == NULL ||
		    o->dump_journal == NULL);
	return o->journal != NULL && o->log_key == NULL &&
	    (o->master.key_file == NULL ||
	    o->master.passphrase_file == NULL) &&
	    (o->old_master.key_file == NULL ||
	    o->old_master.passphrase_file == NULL) &&
	    (o->check || (o->fd >= 0) != (o->socket != NULL));
}

static const struct options_spec options_spec = {
	"daa-signer", usage_text, long_options, take_option, is_complete,
};

/* --- the socket ---------------------------------------------------------- */

/* Is the path taken by a socket that nobody listens on any more? */
static bool
is_stale(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat st;
	bool stale;

	if (fd < 0)
		return false;
	stale = stat(address->sun_path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    connect(fd, (const struct sockaddr *)address,
	    sizeof(*address)) != 0 && errno == ECONNREFUSED;
	(void)close(fd);
	return stale;
}

static struct err
open_socket(struct ctx *cx, const char *path, bool for_others, int *out_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return FAIL(cx, ERR_CONFIG, "the socket's path is too long");
	memcpy(address.sun_path, path, strlen(path));
	if (is_stale(&address))
		(void)unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return FAIL(cx, ERR_CONFIG, "socket: %s", strerror(errno));
	/* Another user's daad gets through by its user ID, not by a mode. */
	(void)umask(for_others ? 0111 : 0177);
	if (bind(fd, (const struct sockaddr *)&address,
	    sizeof(address)) != 0 || listen(fd, SERVE_PEERS_MAX) != 0) {
		struct err e = FAIL(cx, ERR_CONFIG, "listen at %s: %s", path,
		    strerror(errno));

		(void)close(fd);
		return e;
	}
	*out_fd = fd;
	return OK;
}

static void
catch_signals(struct serve_conf *conf)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t both;

	(void)sigemptyset(&both);
	(void)sigaddset(&both, SIGTERM);
	(void)sigaddset(&both, SIGINT);
	/* They come in only while the loop waits. */
	ASSERT(sigprocmask(SIG_BLOCK, &both, &conf->wait_mask) == 0);
	(void)sigdelset(&conf->wait_mask, SIGTERM);
	(void)sigdelset(&conf->wait_mask, SIGINT);
	ASSERT(sigaction(SIGTERM, &action, NULL) == 0);
	ASSERT(sigaction(SIGINT, &action, NULL) == 0);
	conf->stop = &stop;
}

/* --- the program --------------------------------------------------------- */

static void
log_journal(struct ctx *cx, const struct journal *j)
{
	log_put(cx->log, LOG_LEVEL_INFO, "journal.open", "next",
	    arena_printf(cx->arena, "%llu",
	    (unsigned long long)journal_next(j)), "dropped",
	    arena_printf(cx->arena, "%llu",
	    (unsigned long long)journal_dropped(j)), NULL);
}

static struct err
run_with(struct ctx *cx, const struct options *o, struct work *work)
{
	struct serve_conf conf = {
		.fd = o->fd, .listen_fd = -1, .log = cx->log,
		.peer_uid = o->peer_uid >= 0 ? (uid_t)o->peer_uid : geteuid(),
	};

	if (o->socket != NULL)
		TRY(open_socket(cx, o->socket, conf.peer_uid != geteuid(),
		    &conf.listen_fd));
	catch_signals(&conf);
	if (!o->no_sandbox)
		TRY(sandbox_enter(cx, journal_folder(work->journal)));
	else
		log_put(cx->log, LOG_LEVEL_WARN, "sandbox.off", NULL);
	log_put(cx->log, LOG_LEVEL_INFO, "signer.ready", NULL);
	TRY(serve(work, &conf));
	log_put(cx->log, LOG_LEVEL_INFO, "signer.end", NULL);
	return OK;
}

static struct err
open_master(struct ctx *cx, const struct options *o, struct master **out)
{
	struct master *master, *old;
	struct err e;

	TRY(master_open(cx, &o->master, &master));
	if (o->old_master.key_file != NULL ||
	    o->old_master.passphrase_file != NULL) {
		e = master_open(cx, &o->old_master, &old);
		if (failed(e)) {
			master_free(master);
			return e;
		}
		master_set_old(master, old);
		log_put(cx->log, LOG_LEVEL_WARN, "master.two-keys", NULL);
	}
	*out = master;
	return OK;
}

/* With *work but for its journal; that is opened, and closed, here. */
static struct err
run_journal(struct ctx *cx, const struct options *o, struct work *work)
{
	const struct journal_conf conf = { .folder = o->journal,
	    .segment_max = o->segment_bytes, .log_key = work->log_key };
	struct err e;

	TRY(journal_open(cx, &conf, &work->journal));
	log_journal(cx, work->journal);
	e = o->check ? OK : run_with(cx, o, work);
	journal_close(work->journal);
	return e;
}

static struct err
run_unsealed(struct ctx *cx, const struct options *o, struct work *work)
{
	struct master *master;
	struct log_key *log_key = NULL;
	struct err e;

	TRY(file_make_folder(cx, o->journal));
	TRY(open_master(cx, o, &master));
	e = log_key_open(cx, o->journal, master, &log_key);
	if (!failed(e)) {
		log_put(cx->log, LOG_LEVEL_INFO, "log-key.open", "public",
		    text_hex(cx->arena, log_key_public(log_key)), NULL);
		work->master = master;
		work->log_key = log_key;
		work->cas = ca_cache_new(master, work->hsms);
		e = run_journal(cx, o, work);
		ca_cache_free(work->cas);
	}
	log_key_free(log_key);
	master_free(master);
	return e;
}

static struct err
run_alone(struct ctx *cx, const struct options *o, struct work *work)
{
	sandbox_harden(cx);
	if (CRYPTO_secure_malloc_init(SECURE_HEAP_SIZE,
	    SECURE_HEAP_UNIT) == 0)
		return FAIL(cx, ERR_CONFIG, "OpenSSL has no secure heap");
	TRY(ossl_warm_up(cx));
	return o->check ? run_journal(cx, o, work) :
	    run_unsealed(cx, o, work);
}

/* What holds the HSMs' sessions is started before there is anything that it
 * could inherit. */
static struct err
run(struct ctx *cx, const struct options *o)
{
	struct work work = { 0 };
	struct err e;

	if (o->hsm_dir != NULL && !o->check)
		TRY(hsms_open(cx, o->hsm_dir, o->log_level, !o->no_sandbox,
		    &work.hsms));
	e = run_alone(cx, o, &work);
	hsms_close(work.hsms);
	return e;
}

static struct err
verify(struct ctx *cx, const struct options *o)
{
	static const char *const words[] = {
		[JOURNAL_CA] = "CAs", [JOURNAL_LEAF] = "leaves",
		[JOURNAL_CRL] = "CRLs", [JOURNAL_CROSS] = "cross-certificates",
		[JOURNAL_PROOF] = "proofs", [JOURNAL_OCSP] = "OCSP keys",
		[JOURNAL_REVOKED] = "revocations",
		[JOURNAL_RESULT] = "result keys",
		[JOURNAL_AUDIT] = "audit checkpoints",
	};
	const struct verify_conf conf = { .folder = o->verify_journal,
	    .log_key = o->log_key };
	struct verified v;

	TRY(verify_journal(cx, &conf, &v));
	(void)printf("segments\t%u\nentries\t%llu\n", v.segments,
	    (unsigned long long)v.entries);
	for (size_t i = JOURNAL_CA; i < COUNT_OF(words); i++)
		(void)printf("%s\t%llu\n", words[i],
		    (unsigned long long)v.kinds[i]);
	(void)printf("checkpoints\t%llu\nunfinished bytes\t%llu\n"
	    "last hash\t%s\n", (unsigned long long)v.checkpoints,
	    (unsigned long long)v.unfinished,
	    text_hex(cx->arena, SLICE_OF(v.hash)));
	return OK;
}

static struct err
dispatch(struct ctx *cx, const struct options *o)
{
	if (o->make_master_key != NULL)
		return master_make(cx, o->make_master_key);
	if (o->dump_journal != NULL)
		return dump_journal(cx, o->dump_journal, o->log_key, stdout);
	return o->verify_journal != NULL ? verify(cx, o) : run(cx, o);
}

int
main(int argc, char **argv)
{
	struct options o = { .fd = -1, .peer_uid = -1,
	    .log_level = LOG_LEVEL_INFO };
	struct log log = { .fd = STDERR_FILENO, .program = "daa-signer" };
	struct ctx_root root;
	int code = options_read(&options_spec, argc, argv, &o);
	struct err e;

	if (code >= 0)
		return code;
	o.master.params_folder = o.old_master.params_folder = o.journal;
	log.least = (enum log_level)o.log_level;
	if (sodium_init() < 0)
		return EXIT_FAILURE;
	ctx_root_init(&root, &log);
	e = dispatch(&root.cx, &o);
	if (failed(e))
		log_put(&log, LOG_LEVEL_ERROR, "signer.failed", "code",
		    err_dotted(e), "note", root.trail.note, NULL);
	ctx_root_fini(&root);
	if (e.code == ERR_JOURNAL)
		return EXIT_JOURNAL;
	return failed(e) ? EXIT_FAILURE : EXIT_SUCCESS;
}
