/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages of the AESM service (psw/ae/common/proto/messages.proto of Intel's
 * SGX software): protocol buffers, of which this reads and writes the few kinds
 * that quoting needs.
 *
 * A request has one field, whose number says what is asked; the answer has one
 * of the same number.  Field 1 of an answer is an error code, 0 for none.
 */
#ifndef DAAPKI_AGENT_AESM_WIRE_H
#define DAAPKI_AGENT_AESM_WIRE_H

#include "base/ctx.h"

#define AESM_MESSAGE_MAX	(128u * 1024u)	/* bytes without its length */
#define AESM_FIELDS		5u	/* 1 to 4 of an answer are used */
#define AESM_FIELDS_MAX		32u	/* of an answer, with unknown ones */

enum aesm_call {
	AESM_INIT_QUOTE_EX	= 15,
	AESM_GET_QUOTE_SIZE_EX	= 16,
	AESM_GET_QUOTE_EX	= 17,
	AESM_UNSUPPORTED	= 20,	/* an answer only */
	AESM_GET_KEY_ID_NUM	= 21,
	AESM_GET_KEY_IDS	= 22,
};

/* A field of a request: bytes, unless they are empty; then the number. */
struct aesm_arg {
	unsigned	field;
	struct slice	bytes;
	uint64_t	number;
};

/* Fields of an answer by their number.  Slices borrow the message. */
struct aesm_reply {
	struct {
		bool		present;
		struct slice	bytes;		/* SLICE_NONE: it is a number */
		uint64_t	number;
	} field[AESM_FIELDS];
};

/* "GetQuoteEx" and the like; static. */
const char	*aesm_call_name(enum aesm_call);
/* A request in cx->arena, without its length before it. */
struct slice	aesm_request(struct ctx *, enum aesm_call,
		    const struct aesm_arg *, size_t n);
/*
 * Read the answer to a call.  Numbers in more bytes than they need, fields that
 * come twice and groups are refused, though other readers take them; fields with
 * numbers above 4 are passed over.
 * ERR_SOURCE	it is no such message, answers something else, or has an error
 */
struct err	aesm_reply_parse(struct ctx *, enum aesm_call, struct slice,
		    struct aesm_reply *out);

#endif
