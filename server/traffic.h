/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests' servers were asked and what they answered, for
 * tests/system/traffic.py to hold against api-spec/openapi.yaml.  Only a build
 * with --enable-traffic keeps it, secrets of bodies and all; in any other this
 * is nothing.
 *
 * Where the environment's DAAPKI_TRAFFIC names a folder, each process has a
 * file there, with one JSON object a line:
 *	plane, method, path (of the request), route (of its table; "" where
 *	none matched), query, type and body of the request, status, headers
 *	and answer.
 * Bodies are base64url; of one above TRAFFIC_BODY_MAX there is only the length.
 */
#ifndef DAAPKI_SERVER_TRAFFIC_H
#define DAAPKI_SERVER_TRAFFIC_H

#include "server/engine.h"

#define TRAFFIC_BODY_MAX	(1024u * 1024u)

struct MHD_Response;

#ifdef DAAPKI_TRAFFIC
/* Before the sandbox, which lets nothing be opened there; -1: none is kept. */
int	traffic_open(void);
/* response has its headers. */
void	traffic_put(int fd, struct job *, struct MHD_Response *response);
#else
static inline int
traffic_open(void)
{
	return -1;
}

static inline void
traffic_put(int fd, struct job *job, struct MHD_Response *response)
{
	(void)fd;
	(void)job;
	(void)response;
}
#endif

#endif
