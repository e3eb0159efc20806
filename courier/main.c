/* SPDX-License-Identifier: Apache-2.0 */
/* daa-courier: see daa-courier(8). */
#include <sys/prctl.h>
#include <sys/resource.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/base.h"
#include "base/options.h"
#include "base/text.h"
#include "courier/post.h"
#include "courier/sandbox.h"

#define FILES_MAX	1024u

struct options {
	const char	*allow, *ca_file;
	const char	*keys_allow, *keys_ca_file;	/* of issuers */
	int		 fd;		/* -1: not given */
	int		 log_level;
	bool		 http, no_sandbox;
};

static const char usage_text[] =
"usage: daa-courier --fd N [--allow NETWORKS] [--http] [--ca-file FILE]\n"
"       [--keys-allow NETWORKS] [--keys-ca-file FILE]\n"
"\n"
"  --fd N             serve daad, which starts this program, there\n"
"  --allow NETWORKS   connect to these too, which are not public: 10.0.0.0/8\n"
"  --http             URLs without TLS are allowed\n"
"  --ca-file FILE     who may vouch for servers, in place of the system's CAs\n"
"  --keys-allow NETWORKS, --keys-ca-file FILE\n"
"                     the same for keys of issuers, always with TLS\n"
"  --log-level LEVEL  debug, info, warn or error\n"
"  --no-sandbox       for debugging only: keep all rights\n"
"  --version, --help\n";

enum option_id {
	OPT_FD = OPTIONS_OWN, OPT_ALLOW, OPT_HTTP, OPT_CA_FILE, OPT_KEYS_ALLOW,
	OPT_KEYS_CA_FILE, OPT_LOG_LEVEL, OPT_NO_SANDBOX,
};

static const struct option long_options[] = {
	{ "fd", required_argument, NULL, OPT_FD },
	{ "allow", required_argument, NULL, OPT_ALLOW },
	{ "http", no_argument, NULL, OPT_HTTP },
	{ "ca-file", required_argument, NULL, OPT_CA_FILE },
	{ "keys-allow", required_argument, NULL, OPT_KEYS_ALLOW },
	{ "keys-ca-file", required_argument, NULL, OPT_KEYS_CA_FILE },
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
	case OPT_FD:
		if (!text_parse_uint(optarg, 1023, &n))
			return false;
		o->fd = (int)n;
		return true;
	case OPT_ALLOW:
		o->allow = optarg;
		return true;
	case OPT_HTTP:
		o->http = true;
		return true;
	case OPT_CA_FILE:
		o->ca_file = optarg;
		return true;
	case OPT_KEYS_ALLOW:
		o->keys_allow = optarg;
		return true;
	case OPT_KEYS_CA_FILE:
		o->keys_ca_file = optarg;
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

	return o->fd >= 0;
}

static const struct options_spec options_spec = {
	"daa-courier", usage_text, long_options, take_option, is_complete,
};

static struct err
run(struct ctx_root *root, const struct options *o)
{
	struct post_conf conf = { .uses = {
		[COURIER_WEBHOOK] = { .http = o->http,
		    .ca_file = o->ca_file },
		[COURIER_KEYS] = { .ca_file = o->keys_ca_file },
	} };
	const char *files_read[] = { o->ca_file, o->keys_ca_file };
	const struct rlimit none = { 0, 0 };
	const struct rlimit files = { FILES_MAX, FILES_MAX };

	TRY(guard_parse(&root->cx, o->allow,
	    &conf.uses[COURIER_WEBHOOK].guard));
	TRY(guard_parse(&root->cx, o->keys_allow,
	    &conf.uses[COURIER_KEYS].guard));
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)setrlimit(RLIMIT_NOFILE, &files);
	(void)signal(SIGPIPE, SIG_IGN);
	/* Nothing of the environment is meant for libcurl. */
	if (clearenv() != 0 ||
	    curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return FAIL(&root->cx, ERR_CONFIG, "libcurl");
	if (!o->no_sandbox)
		TRY(sandbox_enter(&root->cx, files_read,
		    COUNT_OF(files_read)));
	return post_serve(root, &conf, o->fd);
}

int
main(int argc, char **argv)
{
	struct options o = { .fd = -1, .allow = "", .keys_allow = "",
	    .log_level = LOG_LEVEL_INFO };
	struct log log = { .fd = STDERR_FILENO, .program = "daa-courier" };
	int code = options_read(&options_spec, argc, argv, &o);
	struct ctx_root root;
	struct err e;

	if (code >= 0)
		return code;
	log.least = (enum log_level)o.log_level;
	ctx_root_init(&root, &log);
	e = run(&root, &o);
	if (failed(e))
		log_put(&log, LOG_LEVEL_ERROR, "courier.failed", "code",
		    err_dotted(e), "note", root.trail.note, NULL);
	_exit(failed(e) ? EXIT_FAILURE : EXIT_SUCCESS);
}
