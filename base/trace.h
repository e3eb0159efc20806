/* SPDX-License-Identifier: Apache-2.0 */
/*
 * W3C Trace Context, level 1: which request of which trace a piece of work
 * belongs to.  Only traceparent is kept; tracestate is not passed on.
 */
#ifndef DAAPKI_BASE_TRACE_H
#define DAAPKI_BASE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#define TRACE_ID_SIZE		16u
#define TRACE_SPAN_SIZE		8u
#define TRACE_ID_LETTERS	32u
#define TRACE_SPAN_LETTERS	16u
#define TRACE_PARENT_LETTERS	55u	/* of version 00 */
/* A later version may say more; one that is longer is not looked at. */
#define TRACE_SENT_MAX		512u
#define TRACE_RANDOM_SIZE	(TRACE_ID_SIZE + TRACE_SPAN_SIZE)

struct trace {
	char	id[TRACE_ID_LETTERS + 1];
	char	parent[TRACE_SPAN_LETTERS + 1];	/* who called; "": nobody said */
	/* What is passed on: version 00, the trace, this request's own span. */
	char	text[TRACE_PARENT_LETTERS + 1];
};

/*
 * Go on with the trace that a traceparent names, with a span of our own; where
 * sent is NULL or not to the letter of 3.2.2, a trace of our own is begun, as
 * 4.3 says.  random is what the IDs are made of.
 */
void	trace_begin(const char *sent,
	    const uint8_t random[static TRACE_RANDOM_SIZE], struct trace *out);
/* This request's own span, as it is in text; "" before trace_begin(). */
void	trace_span(const struct trace *,
	    char out[static TRACE_SPAN_LETTERS + 1]);

#endif
