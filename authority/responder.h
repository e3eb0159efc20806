/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OCSP (RFC 6960, 5019, 9654) for the certificates of every CA.
 *
 * An answer is signed when it is first asked for, and kept until half of its
 * life is over or the certificate is revoked.  One with a nonce is signed each
 * time, from what is known in memory.
 */
#ifndef DAAPKI_AUTHORITY_RESPONDER_H
#define DAAPKI_AUTHORITY_RESPONDER_H

#include "authority/issuers.h"
#include "pki/ocsp_request.h"

#define RESPONDER_ANSWERS_MAX	65536u	/* kept; some 450 bytes each */
#define RESPONDER_ETAG_SIZE	35u	/* quoted hex, and NUL */

struct responder;

struct responder	*responder_new(void);
/* NULL is nothing. */
void			 responder_free(struct responder *);

/* "http://host/ocsp/<key id>": what certificates say. */
const char	*responder_url(struct ctx *, const struct authority *,
		    const struct issuer *);

/* A certificate was revoked: what was answered about it is not given again. */
void		 responder_forget(const struct authority *, int64_t ca_id,
		    struct slice serial);

struct responder_answer {
	struct slice	der;	/* OCSPResponse, held until cx->arena goes */
	bool		is_kept;	/* the same for everybody: caches may
					 * keep it, and etag is set */
	int64_t		this_s, next_s;
	char		etag[RESPONDER_ETAG_SIZE];
};
/*
 * Answer a request that came to that CA's URL.
 * ERR_NOT_FOUND	it asks about another CA, or this one is over
 * ERR_SIGNER_GONE, ERR_SIGNER_REFUSED, ERR_STORAGE
 */
struct err	responder_ask(struct ctx *, const struct authority *,
		    const struct issuer *, const struct ocsp_request *,
		    struct responder_answer *out);
/* The same without waiting: false where no answer is kept that will do. */
bool		responder_kept(struct ctx *, const struct authority *,
		    const struct issuer *, const struct ocsp_request *,
		    struct responder_answer *out);

#endif
