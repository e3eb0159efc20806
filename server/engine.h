/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request from its head to its reply, without a word about sockets.
 *
 * A listener (I/O thread) makes a job, tells it the head, then the body as it
 * comes; both only look and copy.  A worker runs it: authentication, tenant,
 * JSON, handler; or the I/O thread itself, where the answer is in memory.  The
 * listener sends what is in job->reply.
 */
#ifndef DAAPKI_SERVER_ENGINE_H
#define DAAPKI_SERVER_ENGINE_H

#include <stdatomic.h>

#include "authority/receipt.h"
#include "base/trace.h"
#include "authority/feed.h"
#include "server/rate.h"
#include "server/metrics.h"
#include "server/router.h"

#define ENGINE_QUERY_MAX	16u	/* parameters of a URL */
#define ENGINE_QUERY_TEXT_MAX	1024u	/* letters of one of them */
#define ENGINE_HEADERS_MAX	16384u	/* letters of all header lines */
#define ENGINE_BODIES_MAX	(256u * 1024u * 1024u)	/* of a plane, at once */
/* A body that is too large by no more is read and dropped, so that the
 * connection can go on; one that says it is larger is not read at all. */
#define ENGINE_DISCARD_MAX	(1024u * 1024u)

struct operator_ca;	/* server/operator_ca.h */

struct engine {
	const struct authority	*authority;
	struct metrics		*metrics;	/* NULL: nothing is counted */
	const struct log	*log;
	const struct operator_ca *operators;	/* NULL: tokens only */
	const struct route_table *const *tables;
	size_t			 n_tables;
	atomic_size_t		 body_bytes[PLANE_COUNT];	/* of all jobs */
	atomic_bool		 stopping;
	int			 traffic;	/* traffic_open() */
	/* Of the operator plane; NULL: no limit. */
	struct rate		*principals, *failures;	/* the second by address */
};

/* The headers that http_header() can tell, beside those of struct job_head. */
#define ENGINE_HEADERS_KEPT	5u
extern const char *const engine_headers[ENGINE_HEADERS_KEPT];

struct job_query { const char *name, *value; };

struct job {
	struct job		*next;		/* in the queue */
	struct ctx_root		 root;
	struct engine		*engine;
	void			*listener;	/* the listener's own */
	char			 id[17];
	struct trace		 trace;
	struct log		 log;		/* the engine's, with the trace */
	uint64_t		 began_us;
	struct err		 refused;	/* before a worker saw it */
	struct router_match	 match;
	size_t			 body_said;	/* Content-Length; 0: not said */
	uint8_t			*body;		/* free() */
	size_t			 body_n, body_cap;
	size_t			 dropped;	/* bytes of a refused body */
	const char		*authorization;	/* NULL: not sent */
	struct slice		 certificate;	/* of the client; may be empty */
	const char		*headers[ENGINE_HEADERS_KEPT];	/* or NULL */
	size_t			 n_query;
	struct job_query	 query[ENGINE_QUERY_MAX];
	struct http_request	 request;
	struct http_reply	 reply;
	struct rate_said	 rate;		/* "" where no limit holds */
	struct http_saying	 saying;	/* http_will_say() */
	struct receipt		 receipt;	/* of an Idempotency-Key */
	bool			 is_run;	/* reply is there */
	bool			 is_sent;	/* reply was handed over */
	struct feed_waiter	 waiter;	/* until_us: 0 before it waits */
	/* The request points at these. */
	struct principal	 principal;
	struct tenant		 tenant;
	struct client_device	 device;
	struct actor		 actor;
	unsigned		 n_audited;	/* rows that it wrote */
};

/* What a listener knows when the head of a request has come. */
struct job_head {
	enum plane	 plane;
	const char	*method, *path;		/* path as it was sent */
	const char	*address;
	const char	*accept, *content_type, *authorization;	/* or NULL */
	const char	*content_length, *transfer_encoding;	/* or NULL */
	const char	*traceparent;		/* NULL: not once */
	size_t		 headers_n;		/* letters of all header lines */
};

struct job	*job_new(struct engine *);
void		 job_free(struct job *);

/* Look at the head; texts are copied.  A refusal is kept in job->refused. */
void		 job_begin(struct job *, const struct job_head *);
/* The value of engine_headers[which] as it was sent; NULL: it was not. */
void		 job_add_header(struct job *, size_t which,
		    const char *value);
/* A query parameter as it was sent ("a%2fb"); value may be NULL. */
void		 job_add_query(struct job *, const char *name,
		    const char *value);
/* The refusal should go out now, and the body be left unread. */
bool		 job_is_hopeless(const struct job *);
/* More of the body.  false: far too much came, drop the connection. */
bool		 job_add_body(struct job *, const void *, size_t n);
/* Refuse in place of running: the queue is full, the server stops. */
void		 job_refuse(struct job *, enum err_code, const char *why);

/* Do the work, or say job->refused.  job->reply is set when it returns. */
void		 job_run(struct job *);
/* The same without waiting, on the I/O thread; false, and nothing done, where
 * the route does not say that it can, or it cannot now. */
bool		 job_run_at_once(struct job *);
/*
 * After job_run(), on the worker: is the reply to wait (struct http_wait)?  Then
 * the job is the feed's until wake() is called, which has it run once more, or
 * sends the reply that there is.
 */
bool		 job_waits(struct job *, void (*wake)(struct feed_waiter *,
		    bool news));
/* The line of the log; status 0 when no reply went out. */
void		 job_log(const struct job *, unsigned status);

#endif
