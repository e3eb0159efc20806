/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request to the server: JSON out, JSON in, over TLS with a pinned trust
 * bundle, and with a client certificate whose key may be in the TPM.
 */
#ifndef DAAPKI_AGENT_HTTP_H
#define DAAPKI_AGENT_HTTP_H

#include "agent/key.h"
#include "codec/json.h"

#define HTTP_REPLY_MAX		(1024u * 1024u)
#define HTTP_CONNECT_MAX_S	15

/* Who the agent shows itself to be; NULL where there is no certificate. */
struct http_client {
	const struct key	*key;
	const char		*certificate, *chain;	/* PEM */
};

struct http_peer {
	const char			*base;		/* https://host:port */
	const char			*ca;		/* file; NULL: system's */
	int64_t				 timeout_s;
	const struct http_client	*client;	/* NULL: anonymous */
};

/* Why the server said no. */
struct http_problem {
	unsigned	 status;	/* 0: it did not say anything */
	const char	*code;		/* "policy.measurement" */
	const char	*detail;	/* or the title; may be NULL */
	const char	*pointer;	/* may be NULL */
	const char	*request;	/* ID for the operator; may be NULL */
	int64_t		 retry_after_s;	/* 0: not said */
};

/*
 * body NULL sends nothing.  On success out_reply is the JSON of a 2xx reply,
 * NULL when it has none.
 * ERR_HTTP		no answer, or not a usable one: try later
 * ERR_* of the server	it refused; out_problem says more
 */
struct err	http_post(struct ctx *, const struct http_peer *,
		    const char *path, const json_t *body,
		    json_t **out_reply, struct http_problem *out_problem);
struct err	http_get(struct ctx *, const struct http_peer *,
		    const char *path, json_t **out_reply,
		    struct http_problem *out_problem);

/* Read a reply by its status and content; for tests, and for the above. */
struct err	http_read_reply(struct ctx *, unsigned status,
		    const char *content_type, int64_t retry_after_s,
		    struct slice content, json_t **out_reply,
		    struct http_problem *out_problem);

#endif
