/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What daad and daa-courier, which alone opens connections to the outside, say
 * to each other: packets over a socketpair that keeps their bounds
 * (SOCK_SEQPACKET).
 *
 *	request	seq be32, use u8, method u8, connect ms be32, total ms be32,
 *		answer max be32, url be16, headers u8 * be16, body be32
 *	answer	seq be32, outcome u8, status be16, ms be32, why be16, body be32
 *
 * Requests are answered in any order, each once.
 */
#ifndef DAAPKI_WIRE_COURIER_H
#define DAAPKI_WIRE_COURIER_H

#include "base/ctx.h"

#define COURIER_URL_MAX		2048u
#define COURIER_HEADERS_MAX	16u
#define COURIER_HEADER_MAX	1024u	/* "Name: value" */
#define COURIER_BODY_MAX	(64u * 1024u)
#define COURIER_ANSWER_MAX	(64u * 1024u)	/* that is read of one */
#define COURIER_WHY_MAX		256u
#define COURIER_MS_MAX		60000u
#define COURIER_PACKET_MAX	(96u * 1024u)
#define COURIER_AT_ONCE_MAX	256u	/* requests under way */

/* What it is for: where it may go, and who vouches for the server there. */
enum courier_use {
	COURIER_WEBHOOK,	/* a URL of a tenant */
	COURIER_KEYS,		/* keys of an issuer; https only */
	COURIER_USES
};

enum courier_method { COURIER_GET = 1, COURIER_POST };

struct courier_request {
	uint32_t	 seq;
	uint8_t		 use;		/* enum courier_use */
	uint8_t		 method;	/* enum courier_method */
	uint32_t	 connect_ms, total_ms;	/* 1 to COURIER_MS_MAX */
	uint32_t	 answer_max;	/* of the body: more is cut off */
	const char	*url;
	size_t		 n_headers;
	const char	*headers[COURIER_HEADERS_MAX];
	struct slice	 body;
};

enum courier_outcome {
	COURIER_ANSWERED,	/* status and body are set */
	COURIER_URL,		/* not a URL of a scheme that is allowed */
	COURIER_FORBIDDEN,	/* its address is not one to connect to */
	COURIER_RESOLVE,	/* its name has no address */
	COURIER_CONNECT,
	COURIER_TLS,
	COURIER_TIMEOUT,
	COURIER_TOO_LARGE,	/* the answer goes on after COURIER_ANSWER_MAX */
	COURIER_FAILED,		/* it did not speak HTTP, or broke off */
	COURIER_BUSY,		/* COURIER_AT_ONCE_MAX are under way */
	COURIER_LOST,		/* the courier ended: made by daad alone */
	COURIER_OUTCOMES
};

struct courier_answer {
	uint32_t	 seq;
	uint8_t		 outcome;	/* enum courier_outcome */
	uint16_t	 status;	/* ANSWERED: 100 to 999, else 0 */
	uint32_t	 ms;
	const char	*why;		/* in words, "" when answered */
	struct slice	 body;
};

/* "answered", "forbidden-address", ...: stable, shown to operators. */
const char	*courier_outcome_text(enum courier_outcome);

/* ERR_INTERNAL	a limit above is broken */
struct err	courier_request_encode(struct ctx *,
		    const struct courier_request *, struct buf *);
struct err	courier_answer_encode(struct ctx *,
		    const struct courier_answer *, struct buf *);
/*
 * Read exactly one packet.  Texts are in cx->arena, slices point into packet.
 * ERR_ORDER_MALFORMED
 */
struct err	courier_request_decode(struct ctx *, struct slice packet,
		    struct courier_request *out);
struct err	courier_answer_decode(struct ctx *, struct slice packet,
		    struct courier_answer *out);

#endif
