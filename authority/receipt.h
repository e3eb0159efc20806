/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Receipts: a call that makes something, asked for again with the same
 * Idempotency-Key (draft-ietf-httpapi-idempotency-key-header), is answered as it
 * was the first time and makes nothing more.
 *
 * The answer is built and kept in the transaction that makes, so one is never
 * there without the other.  Therefore a piece of work that makes something
 * fills what its caller gets, and calls receipt_add() as its last step; a call
 * of several transactions is answered by what the first of them made.  What
 * builds the answer must not read the database: it would see another state.
 *
 * A call that fails keeps nothing.  Rows hold no key and no answer in clear.
 */
#ifndef DAAPKI_AUTHORITY_RECEIPT_H
#define DAAPKI_AUTHORITY_RECEIPT_H

#include "authority/authority.h"

#define RECEIPT_KEY_MAX		128u			/* letters */
#define RECEIPT_HEADERS_MAX	8u
#define RECEIPT_ANSWER_MAX	(1024u * 1024u)		/* with all in it */

struct receipt_header { const char *name, *value; };

struct receipt_answer {
	unsigned		 status;
	const char		*content_type;	/* NULL: there is no body */
	struct slice		 body;
	struct receipt_header	 headers[RECEIPT_HEADERS_MAX];
	size_t			 n_headers;
};

/* What is asked, of which the receipt holds. */
struct receipt_asked {
	const struct principal	*who;
	const struct tenant	*tenant;	/* of the path; may be NULL */
	const char		*method, *path;
	const char		*query;		/* as one text; "" without */
	const char		*content_type;
	struct slice		 body;
};

/* One request with a key; cx->receipt points at it. */
struct receipt {
	const struct authority	*authority;
	int64_t			 tenant_id;
	uint8_t			 key[32], asked[32];	/* keyed hashes */
	/* Builds the answer; set by the door before it has anything made.
	 * NULL: receipt_add() does nothing. */
	struct err		(*say)(struct ctx *, void *arg,
				    struct receipt_answer *out);
	void			*arg;
	bool			 is_added;	/* the answer was built */
};

/*
 * Read the header: a string of RFC 8941 (3.3.3), or the same without quotes.
 * ERR_RECEIPT_KEY	empty, longer than RECEIPT_KEY_MAX, not printable
 */
struct err	receipt_key_read(struct ctx *, const char *header,
		    const char **out);
void		receipt_init(const struct authority *, const char *key,
		    const struct receipt_asked *, struct receipt *out);

/*
 * The answer that was given before, if it was.  wait: also one whose commit is
 * under way, which is waited for.
 * ERR_RECEIPT_MISMATCH	the key was sent with another request
 * ERR_STORAGE
 */
struct err	receipt_find(struct ctx *, const struct receipt *, bool wait,
		    struct receipt_answer *out, bool *out_found);

/*
 * Keep the answer of this request, in the transaction of what it made.  Without
 * cx->receipt this is nothing.
 * ERR_BUSY	the same key was kept meanwhile: what was done here must not
 *		be; receipt_find() has the answer
 */
struct err	receipt_add(struct ctx *, struct db_tx *);

/* Forget those older than limits.receipt_life_s. */
struct err	receipt_round(struct ctx *, const struct authority *);

#endif
