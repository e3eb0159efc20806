/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operator plane over HTTPS: one connection, kept alive; no redirects, no
 * other protocols, no proxy but the one the environment names.
 */
#ifndef DAAPKI_CLI_CLIENT_H
#define DAAPKI_CLI_CLIENT_H

#include "base/ctx.h"
#include "cli/settings.h"

#define CLIENT_ANSWER_MAX	(64u * 1024u * 1024u)	/* kept in memory */
#define CLIENT_CONNECT_S	15L
#define CLIENT_SILENCE_S	120L	/* a bulk import may take that long */
#define CLIENT_TEXT_MAX		512u

/* The problem document of the last answer (RFC 9457); "" where not said. */
struct client_problem {
	char		 code[64];
	char		 title[CLIENT_TEXT_MAX];
	char		 detail[CLIENT_TEXT_MAX];
	char		 pointer[CLIENT_TEXT_MAX];
	char		 request_id[64];
	int64_t		 retry_after_s;		/* 0: not said */
};

struct client_call {
	const char	*method;
	const char	*path;		/* with its query */
	const char	*accept;	/* NULL: application/json */
	const char	*if_match;	/* an ETag; NULL: whatever is there */
	const char	*key;		/* Idempotency-Key; NULL: none */
	const char	*content_type;	/* NULL: no body */
	struct slice	 body;
};

struct client_answer {
	unsigned	 status;
	struct slice	 body;		/* in cx->arena; a NUL follows it */
	const char	*next;		/* X-Next-After; NULL when not sent */
};

struct client;

/* ERR_INTERNAL when libcurl cannot start; else as settings_token(). */
struct err	client_new(struct ctx *, const struct settings *,
		    struct client **out);
void		client_free(struct client *);

/*
 * Ask once.
 * ERR_HTTP	no connection, no trust in the server, or no whole answer
 * ERR_MALFORMED	an answer that is not this service's
 * any other	what the server answered; client_problem() has its words
 */
struct err	client_ask(struct ctx *, struct client *,
		    const struct client_call *, struct client_answer *out);

/* NULL when the last call did not end with a problem of the server. */
const struct client_problem	*client_problem(const struct client *);

/* The err of a problem's dotted code; by status when the code is unknown. */
struct err	client_err_of(const char *code, unsigned status);

#endif
