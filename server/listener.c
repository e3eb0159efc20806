/* SPDX-License-Identifier: Apache-2.0 */
#include "server/listener.h"

#include <sys/socket.h>

#include <netdb.h>
#include <netinet/in.h>

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include <microhttpd.h>

#include "base/base.h"
#include "server/settings.h"
#include "server/traffic.h"

#define BACKLOG			1024
/* Room for ENGINE_HEADERS_MAX several times over, so that our own refusal and
 * not the library's is what most clients see.  The library fills it with zeros
 * after each request: where a request costs little, that is felt. */
#define CONNECTION_MEMORY	(128u * 1024u)
#define CONNECTION_MEMORY_STATUS (2 * ENGINE_HEADERS_MAX + 8192u)
#define SLOWEST_REPLY		16384u	/* bytes a second that a reader must take */
#define SECOND_US		1000000u

struct connection {
	struct connection	*prev, *next;
	struct listener		*listener;
	int			 fd;
	atomic_uint_fast64_t	 deadline_us;	/* 0: the work is on our side */
	char			 address[INET6_ADDRSTRLEN];
};

struct listener {
	struct listener_conf	 conf;
	struct MHD_Daemon	*mhd;
	atomic_size_t		 busy;
	pthread_mutex_t		 lock;		/* of the list */
	struct connection	*connections;
};

static uint64_t
now_us(void)
{
	return clock_system.ticks_us(clock_system.arg);
}

/* --- connections ------------------------------------------------------- */

static void
allow_time(struct connection *c, uint64_t seconds)
{
	atomic_store(&c->deadline_us, now_us() + seconds * SECOND_US);
}

static void
note_address(struct connection *c, const struct sockaddr *address)
{
	socklen_t n = address->sa_family == AF_INET6 ?
	    sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);

	if (getnameinfo(address, n, c->address, sizeof(c->address), NULL, 0,
	    NI_NUMERICHOST) != 0)
		(void)snprintf(c->address, sizeof(c->address), "-");
}

static void
prepare_tls(struct connection *c, gnutls_session_t session)
{
	/* identity_for() asks for it. */
	gnutls_session_set_ptr(session, c);
	if (c->listener->conf.plane != PLANE_DEVICE &&
	    c->listener->conf.engine->operators == NULL)
		return;
	/* Ask for a certificate of whatever CA; the chain is ours to verify,
	 * against the right tenant. */
	gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUEST);
	gnutls_certificate_send_x509_rdn_sequence(session, 1);
}

static void
begin_connection(struct listener *l, struct MHD_Connection *mhd,
    void **out_context)
{
	struct connection *c = base_alloc(sizeof(*c));
	const union MHD_ConnectionInfo *info;

	c->listener = l;
	info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
	c->fd = info->connect_fd;
	info = MHD_get_connection_info(mhd,
	    MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	note_address(c, info->client_addr);
	allow_time(c, l->conf.request_timeout_s);
	if (l->conf.tls != NULL) {
		info = MHD_get_connection_info(mhd,
		    MHD_CONNECTION_INFO_GNUTLS_SESSION);
		prepare_tls(c, info->tls_session);
	}
	(void)pthread_mutex_lock(&l->lock);
	c->next = l->connections;
	if (c->next != NULL)
		c->next->prev = c;
	l->connections = c;
	(void)pthread_mutex_unlock(&l->lock);
	*out_context = c;
}

static void
end_connection(struct listener *l, struct connection *c)
{
	(void)pthread_mutex_lock(&l->lock);
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		l->connections = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	(void)pthread_mutex_unlock(&l->lock);
	free(c);
}

static void
on_connection(void *arg, struct MHD_Connection *mhd, void **context,
    enum MHD_ConnectionNotificationCode what)
{
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		begin_connection(arg, mhd, context);
	} else if (*context != NULL) {
		end_connection(arg, *context);
		*context = NULL;
	}
}

static struct connection *
connection_of(struct MHD_Connection *mhd)
{
	return MHD_get_connection_info(mhd,
	    MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* The library forgets the connection before it closes its descriptor, so what
 * is in the list is open, and is this connection's. */
void
listener_tick(struct listener *l)
{
	uint64_t now = now_us(), deadline;

	(void)pthread_mutex_lock(&l->lock);
	for (struct connection *c = l->connections; c != NULL; c = c->next) {
		deadline = atomic_load(&c->deadline_us);
		if (deadline != 0 && deadline < now) {
			(void)shutdown(c->fd, SHUT_RDWR);
			atomic_store(&c->deadline_us, 0);
			log_put(l->conf.engine->log, LOG_LEVEL_INFO,
			    "connection.slow", "address", c->address, NULL);
		}
	}
	(void)pthread_mutex_unlock(&l->lock);
}

/* --- requests ------------------------------------------------------------ */

struct headers_seen {
	size_t		 letters;
	const char	*traceparent;
	unsigned	 n_traceparents;
};

static enum MHD_Result
look_at_header(void *arg, enum MHD_ValueKind kind, const char *name,
    size_t name_n, const char *value, size_t value_n)
{
	struct headers_seen *seen = arg;

	(void)kind;
	seen->letters += name_n + value_n + 4;
	if (strcasecmp(name, "traceparent") == 0) {
		seen->traceparent = value;
		seen->n_traceparents++;
	}
	return MHD_YES;
}

static enum MHD_Result
add_query(void *arg, enum MHD_ValueKind kind, const char *name,
    const char *value)
{
	(void)kind;
	job_add_query(arg, name, value);
	return MHD_YES;
}

/* The leaf that the client showed; TLS has proved that it has the key. */
static void
copy_certificate(struct job *job, struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd,
	    MHD_CONNECTION_INFO_GNUTLS_SESSION);
	const gnutls_datum_t *chain;
	unsigned n = 0;

	chain = gnutls_certificate_get_peers(info->tls_session, &n);
	if (chain != NULL && n > 0 && chain[0].size <= WIRE_CERT_MAX)
		job->certificate = slice_dup(job->root.cx.arena,
		    SLICE(chain[0].data, chain[0].size));
}

static bool
wants_certificate(const struct job *job)
{
	const struct route *route = job->match.route;

	return !failed(job->refused) && (route->auth == AUTH_CLIENT ||
	    route->auth == AUTH_CLIENT_MAYBE ||
	    (job->engine->operators != NULL && job->authorization == NULL &&
	    job->request.plane == PLANE_OPERATOR));
}

static const char *
header(struct MHD_Connection *mhd, const char *name)
{
	return MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, name);
}

static struct job *
begin_job(struct listener *l, struct MHD_Connection *mhd,
    const char *method, const char *path)
{
	struct job *job = job_new(l->conf.engine);
	struct headers_seen seen = { .letters = 0 };
	struct job_head head = {
		.plane = l->conf.plane, .method = method, .path = path,
		.address = connection_of(mhd)->address,
		.accept = header(mhd, "Accept"),
		.content_type = header(mhd, "Content-Type"),
		.authorization = header(mhd, "Authorization"),
		.content_length = header(mhd, "Content-Length"),
		.transfer_encoding = header(mhd, "Transfer-Encoding"),
	};

	job->listener = mhd;
	(void)MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, look_at_header,
	    &seen);
	head.headers_n = seen.letters;
	/* Two of them are none (Trace Context, 3.2). */
	if (seen.n_traceparents == 1)
		head.traceparent = seen.traceparent;
	job_begin(job, &head);
	(void)MHD_get_connection_values(mhd, MHD_GET_ARGUMENT_KIND, add_query,
	    job);
	for (size_t i = 0; i < ENGINE_HEADERS_KEPT; i++)
		job_add_header(job, i, header(mhd, engine_headers[i]));
	if (l->conf.tls != NULL && wants_certificate(job))
		copy_certificate(job, mhd);
	atomic_fetch_add(&l->busy, 1);
	return job;
}

static const char *
text_or_null(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

static void
add_headers(const struct listener *l, const struct job *job,
    struct MHD_Response *response)
{
	const struct http_reply *reply = &job->reply;
	const struct http_header all[] = {
		{ "X-Request-Id", job->id },
		{ "traceresponse", job->trace.text },
		{ "RateLimit", text_or_null(job->rate.now) },
		{ "RateLimit-Policy", text_or_null(job->rate.policy) },
		{ "X-Content-Type-Options", "nosniff" },
		{ "Content-Security-Policy",
		    "default-src 'none'; frame-ancestors 'none'" },
		{ "Cache-Control", l->conf.tls != NULL ? "no-store" : NULL },
		{ "Content-Type", reply->content_type },
		{ "Connection", atomic_load(&l->conf.engine->stopping) ?
		    "close" : NULL },
	};

	for (size_t i = 0; i < COUNT_OF(all); i++)
		if (all[i].value != NULL)
			(void)MHD_add_response_header(response, all[i].name,
			    all[i].value);
	for (size_t i = 0; i < reply->n_headers; i++)
		(void)MHD_add_response_header(response, reply->headers[i].name,
		    reply->headers[i].value);
}

static enum MHD_Result
send_reply(struct listener *l, struct MHD_Connection *mhd, struct job *job)
{
	const struct http_reply *reply = &job->reply;
	struct MHD_Response *response;
	enum MHD_Result queued;

	/* The body is in the job's arena, which lives until on_completed(). */
	response = MHD_create_response_from_buffer(reply->body.n,
	    (void *)(uintptr_t)reply->body.p, MHD_RESPMEM_PERSISTENT);
	if (response == NULL)
		return MHD_NO;
	add_headers(l, job, response);
	traffic_put(l->conf.engine->traffic, job, response);
	job->is_sent = true;
	job_log(job, reply->status);
	allow_time(connection_of(mhd), l->conf.request_timeout_s +
	    reply->body.n / SLOWEST_REPLY);
	queued = MHD_queue_response(mhd, reply->status, response);
	MHD_destroy_response(response);
	return queued;
}

static enum MHD_Result
hand_over(struct listener *l, struct MHD_Connection *mhd, struct job *job)
{
	if (job_run_at_once(job))
		return send_reply(l, mhd, job);
	if (!failed(job->refused) && !workers_reserve(l->conf.workers))
		job_refuse(job, ERR_BUSY, "the queue is full");
	if (failed(job->refused)) {
		job_run(job);	/* only says so */
		return send_reply(l, mhd, job);
	}
	atomic_store(&connection_of(mhd)->deadline_us, 0);
	/* In this order: the worker may be done before this returns. */
	MHD_suspend_connection(mhd);
	workers_push(l->conf.workers, job);
	return MHD_YES;
}

static enum MHD_Result
on_request(void *arg, struct MHD_Connection *mhd, const char *path,
    const char *method, const char *version, const char *upload,
    size_t *upload_n, void **context)
{
	struct listener *l = arg;
	struct job *job = *context;

	(void)version;
	if (job == NULL) {
		job = begin_job(l, mhd, method, path);
		*context = job;
		/* A reply queued in this first call closes the connection
		 * afterwards, so it is for bodies that are not to be read. */
		if (!job_is_hopeless(job))
			return MHD_YES;
		job_run(job);
		return send_reply(l, mhd, job);
	}
	if (*upload_n > 0) {
		bool go_on = job_add_body(job, upload, *upload_n);

		*upload_n = 0;
		return go_on ? MHD_YES : MHD_NO;
	}
	return job->is_run ? send_reply(l, mhd, job) : hand_over(l, mhd, job);
}

static void
wake(struct feed_waiter *waiter, bool news)
{
	struct job *job = (struct job *)(void *)((char *)waiter -
	    offsetof(struct job, waiter));
	struct workers *workers =
	    connection_of(job->listener)->listener->conf.workers;

	/* With a full queue, a page without events is the kindest answer. */
	if (news && workers_reserve(workers))
		workers_push(workers, job);
	else
		MHD_resume_connection(job->listener);
}

void
listener_job_done(struct job *job)
{
	if (!job_waits(job, wake))
		MHD_resume_connection(job->listener);
}

static void
on_completed(void *arg, struct MHD_Connection *mhd, void **context,
    enum MHD_RequestTerminationCode how)
{
	struct listener *l = arg;
	struct job *job = *context;

	(void)how;
	if (job == NULL)
		return;
	if (!job->is_sent)
		job_log(job, 0);
	job_free(job);
	*context = NULL;
	atomic_fetch_sub(&l->busy, 1);
	allow_time(connection_of(mhd), l->conf.request_timeout_s);
}

/* --- the library --------------------------------------------------------- */

static int
identity_for(gnutls_session_t session, const gnutls_datum_t *cas, int n_cas,
    const gnutls_pk_algorithm_t *algorithms, int n_algorithms,
    gnutls_pcert_st **out_chain, unsigned *out_n, gnutls_privkey_t *out_key)
{
	const struct connection *c = gnutls_session_get_ptr(session);
	const struct tls_identity *identity =
	    tls_identity(c->listener->conf.tls);

	(void)cas;
	(void)n_cas;
	(void)algorithms;
	(void)n_algorithms;
	/* GnuTLS does not change what it is lent here. */
	*out_chain = (gnutls_pcert_st *)(uintptr_t)identity->chain;
	*out_n = identity->n_chain;
	*out_key = identity->key;
	return 0;
}

/* Paths and queries are decoded in our own code, once and strictly. */
static size_t
leave_escaped(void *arg, struct MHD_Connection *mhd, char *text)
{
	(void)arg;
	(void)mhd;
	return strlen(text);
}

__attribute__((format(printf, 2, 0)))
static void
on_log(void *arg, const char *fmt, va_list ap)
{
	const struct listener *l = arg;
	char text[256];

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	text[strcspn(text, "\n")] = '\0';
	log_put(l->conf.engine->log, LOG_LEVEL_DEBUG, "http", "note", text,
	    NULL);
}

static struct MHD_Daemon *
start_library(struct listener *l, int fd)
{
	const struct listener_conf *conf = &l->conf;
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG |
	    MHD_ALLOW_SUSPEND_RESUME | (conf->tls != NULL ? MHD_USE_TLS : 0);
	struct MHD_OptionItem tls[] = {
		/* POSIX lets a function's address be in a void pointer. */
		{ MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)identity_for },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)
		    TLS_PRIORITIES },
		{ MHD_OPTION_END, 0, NULL },
	};
	struct MHD_OptionItem plain[] = { { MHD_OPTION_END, 0, NULL } };
	/* One thread is had by asking for no pool. */
	struct MHD_OptionItem pool[] = {
		{ conf->n_threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE :
		    MHD_OPTION_END, (intptr_t)conf->n_threads, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};

	return MHD_start_daemon(flags, 0, NULL, NULL, on_request, l,
	    MHD_OPTION_EXTERNAL_LOGGER, on_log, l,
	    MHD_OPTION_LISTEN_SOCKET, fd,
	    MHD_OPTION_NOTIFY_CONNECTION, on_connection, l,
	    MHD_OPTION_NOTIFY_COMPLETED, on_completed, l,
	    MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, l,
	    MHD_OPTION_CONNECTION_TIMEOUT, conf->request_timeout_s,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	    (size_t)(conf->plane == PLANE_STATUS ? CONNECTION_MEMORY_STATUS :
	    CONNECTION_MEMORY),
	    MHD_OPTION_CONNECTION_LIMIT, conf->connections_max,
	    MHD_OPTION_PER_IP_CONNECTION_LIMIT,
	    conf->connections_per_address_max,
	    MHD_OPTION_ARRAY, pool,
	    MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
	    MHD_OPTION_ARRAY, conf->tls != NULL ? tls : plain,
	    MHD_OPTION_END);
}

struct err
listener_start(struct ctx *cx, const struct listener_conf *conf, int fd,
    struct listener **out)
{
	struct listener *l = base_alloc(sizeof(*l));

	l->conf = *conf;
	ASSERT(pthread_mutex_init(&l->lock, NULL) == 0);
	l->mhd = start_library(l, fd);
	if (l->mhd == NULL) {
		(void)close(fd);
		(void)pthread_mutex_destroy(&l->lock);
		free(l);
		return FAIL(cx, ERR_CONFIG, "start to listen on %s",
		    conf->listen);
	}
	*out = l;
	return OK;
}

static struct err
open_socket(struct ctx *cx, const struct addrinfo *ai, const char *listen_text,
    int *out_fd)
{
	int on = 1, failure;
	int fd = socket(ai->ai_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 &&
	    listen(fd, BACKLOG) == 0) {
		*out_fd = fd;
		return OK;
	}
	failure = errno;
	if (fd >= 0)
		(void)close(fd);
	return FAIL_TELL(cx, ERR_CONFIG, "listen on %s: %s", listen_text,
	    strerror(failure));
}

struct err
listener_bind(struct ctx *cx, const char *text, int *out_fd,
    unsigned *out_port)
{
	const struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV,
	};
	struct sockaddr_storage bound = { .ss_family = 0 };
	socklen_t n = sizeof(bound);
	struct addrinfo *ai;
	const char *host, *port;
	struct err e;

	TRY(settings_split_listen(cx, text, &host, &port));
	if (getaddrinfo(host, port, &hints, &ai) != 0)
		return FAIL_TELL(cx, ERR_CONFIG, "listen on %s", text);
	e = open_socket(cx, ai, text, out_fd);
	freeaddrinfo(ai);
	TRY(e);
	ASSERT(getsockname(*out_fd, (struct sockaddr *)&bound, &n) == 0);
	/* Both families have the port at the same place. */
	*out_port = ntohs(((const struct sockaddr_in *)&bound)->sin_port);
	return OK;
}

void
listener_quiesce(struct listener *l)
{
	int fd = MHD_quiesce_daemon(l->mhd);

	if (fd >= 0)
		(void)close(fd);
}

size_t
listener_busy(struct listener *l)
{
	return atomic_load(&l->busy);
}

void
listener_stop(struct listener *l)
{
	if (l == NULL)
		return;
	MHD_stop_daemon(l->mhd);
	(void)pthread_mutex_destroy(&l->lock);
	free(l);
}
