/* SPDX-License-Identifier: Apache-2.0 */
#include "server/serve.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "authority/feed.h"
#include "authority/proposal.h"
#include "authority/result.h"
#include "base/base.h"
#include "base/file.h"
#include "server/listener.h"
#include "server/operator_ca.h"
#include "server/sandbox.h"
#include "server/state.h"
#include "server/traffic.h"

#define TLS_LOOK_S	60	/* how often the TLS certificate is looked at */
#define DRAIN_POLL_MS	20

struct server {
	const struct settings		*settings;
	struct authority_parts		 parts;
	int				 lock_fd;
	int				 fds[PLANE_COUNT];
	unsigned			 ports[PLANE_COUNT];
	struct authority		*authority;
	struct tls			*tls;
	struct operator_ca		*operators;	/* or NULL */
	struct engine			 engine;
	struct workers			*workers;	/* of devices, operators */
	struct workers			*status_workers;
	struct listener			*listeners[PLANE_COUNT];
};

static const char *
listen_of(const struct settings *s, enum plane plane)
{
	switch (plane) {
	case PLANE_DEVICE:
		return s->device_listen;
	case PLANE_OPERATOR:
		return s->operator_listen;
	default:
		return s->status_listen;
	}
}

void
serve_prepare_process(void)
{
	const struct rlimit none = { 0, 0 };
	struct rlimit files;

	(void)umask(077);
	(void)setrlimit(RLIMIT_CORE, &none);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
}

/* What is written in certificates when status_url is not set. */
static const char *
status_url(struct ctx *cx, const struct settings *s, unsigned port)
{
	bool is_ipv6 = strchr(s->names[0], ':') != NULL;

	if (s->status_url[0] != '\0')
		return s->status_url;
	return arena_printf(cx->arena, "http://%s%s%s:%u",
	    is_ipv6 ? "[" : "", s->names[0], is_ipv6 ? "]" : "", port);
}

/* --- starting -------------------------------------------------------------- */

/* Before any thread: signals are for the main loop only. */
static void
block_signals(sigset_t *out)
{
	(void)sigemptyset(out);
	(void)sigaddset(out, SIGTERM);
	(void)sigaddset(out, SIGINT);
	(void)sigaddset(out, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, out, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}

/* Whoever owned this process would own every CA key then.  Only opening tells:
 * the sandbox does not hide that a file is there. */
static void
warn_of_key(struct ctx *cx, const struct settings *s)
{
	int fd = open(s->master_key_file, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)close(fd);
	log_put(cx->log, LOG_LEVEL_WARN, "sandbox.key-readable", "file",
	    s->master_key_file, NULL);
}

/* Their files name PKCS#11 modules, and who may have keys. */
static void
warn_of_hsms(struct ctx *cx, const struct settings *s)
{
	int fd = -1;

	if (s->hsm_dir[0] != '\0')
		fd = open(s->hsm_dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	(void)close(fd);
	log_put(cx->log, LOG_LEVEL_WARN, "sandbox.hsms-writable", "folder",
	    s->hsm_dir, NULL);
}

static struct err
enter_sandbox(struct ctx *cx, const struct settings *s)
{
	const char *slash = strrchr(s->db_path, '/');
	const char *folders[] = {
		s->state_dir,
		slash == NULL ? "." : arena_strndup(cx->arena, s->db_path,
		    (size_t)(slash - s->db_path) + 1),
		NULL,
	};

	if (!s->sandbox) {
		log_put(cx->log, LOG_LEVEL_WARN, "sandbox.off", NULL);
		return OK;
	}
	TRY(sandbox_enter(cx, folders, s->signer_socket[0] != '\0'));
	warn_of_key(cx, s);
	warn_of_hsms(cx, s);
	return OK;
}

struct err
serve_open_authority(struct ctx *cx, const struct settings *s,
    struct authority_parts *parts, unsigned status_port,
    struct authority **out)
{
	struct authority_conf conf = {
		.log = cx->log,
		.db = { .path = s->db_path,
		    .n_readers = (unsigned)s->db_readers },
		.signer = &parts->signer_conf, .keys = parts->keys,
		.status_url = status_url(cx, s, status_port),
		.names = s->names, .n_names = s->n_names,
		.limits = {
			.nonce_life_s = s->nonce_life_s,
			.activation_life_s = s->activation_life_s,
			.crl_life_s = s->crl_life_s,
			.crl_shards = (unsigned)s->crl_shards,
			.ocsp_life_s = s->ocsp_life_s,
			.ocsp_in_leaves = s->ocsp != 0,
			.ocsp_delegated = s->ocsp_signer != 0,
			.ocsp_signer_life_s = s->ocsp_signer_life_s,
			.result_life_s = s->result_life_s,
			.result_key_life_s = RESULT_KEY_LIFE_S,
			.cache_age_s = s->cache_age_s,
			.reports_per_day = (unsigned)s->reports_per_day,
			.event_keep_s = s->event_keep_s,
			.certificate_warn_s = s->certificate_warn_s,
			.issuer_refresh_s = s->issuer_refresh_s,
			.webhook_give_up_s = s->webhook_give_up_s,
			.ca_root_life_s = s->ca_root_life_s,
			.ca_issuing_life_s = s->ca_issuing_life_s,
			.ca_rollover_auto = s->ca_rollover_auto != 0,
			.ca_announce_s = s->ca_announce_s,
			.collateral_warn_s = s->collateral_warn_s,
			.anchor_warn_s = s->anchor_warn_s,
			.receipt_life_s = s->receipt_life_s,
			.recovery_wait_s = s->recovery_wait_s,
			.transfer_undo_s = s->transfer_undo_s,
			.release_undo_s = s->release_undo_s,
			.transfer_evidence = s->transfer_evidence != 0,
			.claim_proof = (enum claim_proof)s->claim_proof,
			.consent_life_s = s->consent_life_s,
			.operation_keep_s = s->operation_keep_s,
			.proposal_life_s = s->proposal_life_s,
			.audit_anchor_s = s->audit_anchor_s,
			.evidence_cache_mb = (unsigned)s->evidence_cache_mb,
		},
	};

	TRY(proposal_kinds_read(cx, s->two_person, &conf.limits.two_person));
	parts->signer_conf = (struct signer_conf){
		.connect = signer_process_connect,
		.arg = parts->signer_process, .log = cx->log,
	};
	if (parts->with_courier) {
		parts->courier_conf = (struct courier_conf){
			.connect = signer_process_courier,
			.arg = parts->signer_process, .log = cx->log,
		};
		conf.courier = &parts->courier_conf;
	}
	return authority_open(cx, &conf, out);
}

static struct err
start_planes(struct ctx *cx, struct server *server)
{
	const struct settings *s = server->settings;
	struct workers_conf workers = {
		.n = (size_t)s->workers, .queue_max = (size_t)s->queue_max,
		.done = listener_job_done,
	}, status = workers;

	server->engine.authority = server->authority;
	server->engine.log = cx->log;
	server->engine.operators = server->operators;
	server->engine.tables = routes_all;
	server->engine.n_tables = routes_n_tables;
	server->engine.metrics = metrics_new(routes_all, routes_n_tables);
	server->engine.principals = rate_new(cx, (unsigned)s->rate_per_s,
	    (unsigned)s->rate_burst);
	server->engine.failures = rate_new(cx, (unsigned)s->auth_fail_per_s,
	    (unsigned)s->auth_fail_burst);
	status.n = (size_t)s->status_workers;
	TRY(workers_start(cx, &workers, &server->workers));
	TRY(workers_start(cx, &status, &server->status_workers));
	metrics_watch(server->engine.metrics, server->workers,
	    server->status_workers);
	for (unsigned i = 0; i < PLANE_COUNT; i++) {
		struct listener_conf conf = {
			.plane = (enum plane)i, .listen = listen_of(s, i),
			.engine = &server->engine,
			.workers = i == PLANE_STATUS ?
			    server->status_workers : server->workers,
			.tls = i == PLANE_STATUS ? NULL : server->tls,
			.n_threads = (unsigned)s->io_threads,
			.connections_max = (unsigned)s->connections_max,
			.connections_per_address_max =
			    (unsigned)s->connections_per_address_max,
			.request_timeout_s = (unsigned)s->request_timeout_s,
		};
		int fd = server->fds[i];

		server->fds[i] = -1;
		TRY(listener_start(cx, &conf, fd, &server->listeners[i]));
	}
	return OK;
}

/* Where to reach a plane from this machine. */
static struct err
write_listening(struct ctx *cx, const struct server *server)
{
	static const char *const names[] = {
		"device https://", "operator https://", "status http://",
	};
	const struct settings *s = server->settings;
	struct buf b = buf_in(cx->arena, 4096);

	for (unsigned i = 0; i < PLANE_COUNT; i++) {
		const char *host, *port;

		TRY(settings_split_listen(cx, listen_of(s, i), &host, &port));
		if (strcmp(host, "0.0.0.0") == 0)
			host = "127.0.0.1";
		else if (strcmp(host, "::") == 0)
			host = "::1";
		put_text(&b, names[i]);
		put_fmt(&b, strchr(host, ':') == NULL ? "%s:%u\n" :
		    "[%s]:%u\n", host, server->ports[i]);
	}
	return file_replace(cx, state_path(cx, s->state_dir, "listening"),
	    0644, buf_slice(&b));
}

static struct err
start(struct ctx *cx, struct server *server)
{
	const struct settings *s = server->settings;
	bool is_new;

	TRY(state_lock(cx, s->state_dir, &server->lock_fd));
	/* Of a server that was killed: it would lead to nowhere. */
	(void)unlink(state_path(cx, s->state_dir, "listening"));
	TRY(state_load_keys(cx, s->state_dir, &server->parts.keys));
	for (unsigned i = 0; i < PLANE_COUNT; i++)
		TRY(listener_bind(cx, listen_of(s, i), &server->fds[i],
		    &server->ports[i]));
	if (s->operator_ca_file[0] != '\0')
		TRY(operator_ca_open(cx, s->operator_ca_file,
		    s->operator_crl_file, &server->operators));
	server->engine.traffic = traffic_open();
	TRY(enter_sandbox(cx, s));
	TRY(serve_open_authority(cx, s, &server->parts,
	    server->ports[PLANE_STATUS], &server->authority));
	if (server->operators != NULL)
		TRY(operator_ca_check(cx, server->authority,
		    server->operators));
	TRY(tls_provide(cx, server->authority, s, &is_new));
	TRY(tls_open(cx, s->state_dir, &server->tls));
	TRY(start_planes(cx, server));
	return write_listening(cx, server);
}

/* --- running --------------------------------------------------------------- */

/* A failure waits for the next look: the certificate is good for a third of
 * its life yet. */
static void
look_at_tls(struct server *server, const struct log *log)
{
	struct ctx_root root;
	struct err e;
	bool is_new = false;

	ctx_root_init(&root, log);
	e = tls_provide(&root.cx, server->authority, server->settings,
	    &is_new);
	if (!failed(e) && is_new)
		e = tls_reload(&root.cx, server->tls,
		    server->settings->state_dir);
	if (failed(e))
		log_put(log, LOG_LEVEL_ERROR, "tls.not-renewed",
		    "code", err_dotted(e), "note", root.trail.note, NULL);
	else if (is_new)
		log_put(log, LOG_LEVEL_INFO, "tls.renewed", NULL);
	ctx_root_fini(&root);
}

static void
run_until_told(struct ctx *cx, struct server *server, const sigset_t *signals)
{
	const struct timespec second = { 1, 0 };
	unsigned ticks = 0;

	for (;;) {
		int sig = sigtimedwait(signals, NULL, &second);

		if (sig == SIGTERM || sig == SIGINT)
			return;
		for (unsigned i = 0; i < PLANE_COUNT; i++)
			listener_tick(server->listeners[i]);
		feed_tick(server->authority->feed,
		    clock_system.ticks_us(clock_system.arg));
		if (sig == SIGHUP || ++ticks % TLS_LOOK_S == 0)
			look_at_tls(server, cx->log);
	}
}

static size_t
busy(const struct server *server)
{
	size_t n = 0;

	for (unsigned i = 0; i < PLANE_COUNT; i++)
		n += listener_busy(server->listeners[i]);
	return n;
}

/* Finish what has begun; a client that never ends its request is cut off. */
static void
drain(struct server *server)
{
	const struct timespec pause = { 0, DRAIN_POLL_MS * 1000000 };
	int64_t left_ms = server->settings->drain_timeout_s * 1000;

	atomic_store(&server->engine.stopping, true);
	feed_close(server->authority->feed);
	for (unsigned i = 0; i < PLANE_COUNT; i++)
		listener_quiesce(server->listeners[i]);
	while (busy(server) > 0 && left_ms > 0) {
		(void)nanosleep(&pause, NULL);
		left_ms -= DRAIN_POLL_MS;
		if (left_ms % 1000 == 0)
			for (unsigned i = 0; i < PLANE_COUNT; i++)
				listener_tick(server->listeners[i]);
	}
}

/* Also of what was started only in part. */
static void
finish(struct server *server)
{
	if (server->workers != NULL)
		workers_stop(server->workers);
	if (server->status_workers != NULL)
		workers_stop(server->status_workers);
	for (unsigned i = 0; i < PLANE_COUNT; i++) {
		listener_stop(server->listeners[i]);
		if (server->fds[i] >= 0)
			(void)close(server->fds[i]);
	}
	workers_free(server->workers);
	workers_free(server->status_workers);
	metrics_free(server->engine.metrics);
	rate_free(server->engine.principals);
	rate_free(server->engine.failures);
	tls_close(server->tls);
	operator_ca_close(server->operators);
	authority_close(server->authority);
	signer_process_close(server->parts.signer_process);
	state_free_keys(server->parts.keys);
	if (server->lock_fd >= 0)
		(void)close(server->lock_fd);
}

struct err
serve_run(struct ctx *cx, const struct settings *s)
{
	struct server server = {
		.settings = s, .lock_fd = -1, .fds = { -1, -1, -1 },
		.parts.with_courier = true,
	};
	sigset_t signals;
	struct err e;

	serve_prepare_process();
	/* First, and before the lock: it must keep neither the lock nor
	 * blocked signals, and have no secret in its memory. */
	TRY(signer_process_open(cx, s, &server.parts.signer_process));
	block_signals(&signals);
	e = start(cx, &server);
	if (!failed(e)) {
		log_put(cx->log, LOG_LEVEL_INFO, "started",
		    "state", s->state_dir, NULL);
		run_until_told(cx, &server, &signals);
		log_put(cx->log, LOG_LEVEL_INFO, "draining", NULL);
		drain(&server);
		(void)unlink(state_path(cx, s->state_dir, "listening"));
	}
	finish(&server);
	if (!failed(e))
		log_put(cx->log, LOG_LEVEL_INFO, "stopped", NULL);
	return e;
}
