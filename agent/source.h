/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence that this program does not make itself: where it is asked for, and
 * the one table of the places.  Nothing that comes from there is believed; it
 * is the server that verifies it.
 */
#ifndef DAAPKI_AGENT_SOURCE_H
#define DAAPKI_AGENT_SOURCE_H

#include "agent/settings.h"
#include "codec/json.h"

#define SOURCE_EVIDENCE_MAX	(4u * 1024u * 1024u)	/* bytes of JSON */
#define SOURCE_FORMAT_MAX	32u			/* characters */
#define SOURCE_WAIT_MAX_S	3600

/* For what it is to be. */
struct source_ask {
	const struct settings	*set;
	struct slice		 nonce;
	struct slice		 spki;		/* of the key to be certified */
	int64_t			 wait_s;	/* for each answer */
};

/* One place.  get: see source_evidence(). */
struct source {
	const char	*name;		/* the setting evidence_source */
	struct err	(*check)(struct ctx *, const struct settings *);
	struct err	(*get)(struct ctx *, const struct source_ask *,
			    json_t *evidence);
};

/*
 * The settings of identity = evidence are enough for its source.
 * ERR_CONFIG
 */
struct err	source_check(struct ctx *, const struct settings *);

/*
 * Get evidence for a nonce and a key; kept by the arena.
 * ERR_CONFIG	a setting is wrong, or what it names is not there
 * ERR_SOURCE	it failed, took too long, or gave something else
 */
struct err	source_evidence(struct ctx *, const struct settings *,
		    struct slice nonce, struct slice spki, json_t **out);

/* The binding hash for that format, n bytes of it, in the arena. */
struct slice	source_binding(struct ctx *, const struct source_ask *,
		    const char *format, size_t n);
/* Set a member; binary is base64url. */
void		source_set(json_t *, const char *name, json_t *value);
void		source_set_bytes(struct ctx *, json_t *, const char *name,
		    struct slice);
/*
 * Run a program that takes one JSON object and answers with one.
 * ERR_CONFIG, ERR_SOURCE
 */
struct err	source_run(struct ctx *, const struct source_ask *,
		    const char *name, const char *command,
		    const json_t *request, json_t **out);

#endif
