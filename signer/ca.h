/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CAs whose sealed record was opened.  The most recently used stay open; a
 * record is known by the hash of its bytes.
 */
#ifndef DAAPKI_SIGNER_CA_H
#define DAAPKI_SIGNER_CA_H

#include "pki/cert.h"
#include "pki/ocsp_request.h"
#include "pki/sign.h"
#include "signer/hsm.h"
#include "signer/sealed.h"

#define CA_OPEN_MAX	1024u	/* open at a time */

struct ca {
	struct sealed	 sealed;
	struct cert	 cert;
	struct sign_key	*key;
	struct ocsp_issuer ocsp;	/* how OCSP names it */
	/* Of a delegate: key is its own, cert and ocsp are of its CA. */
	struct cert	 delegate;
	struct ocsp_issuer delegate_ocsp;
	bool		 leaf_checked;	/* OpenSSL read a leaf of it, */
	bool		 ocsp_checked;	/* an OCSP response */
	unsigned	 held;		/* by orders that wait for an HSM */
};

struct ca_cache;

/* Both must outlive it; hsms may be NULL. */
struct ca_cache	*ca_cache_new(const struct master *, struct hsms *);
void		 ca_cache_free(struct ca_cache *);

/*
 * The CA of a sealed record.  It stays open until ca_cache_trim(), and while
 * an order that waits has it.
 * ERR_SEAL	the record is not genuine, or its parts do not agree
 * ERR_ORDER_ROLE	a key that waits for its certificate, or is not a CA's
 * ERR_HSM_GONE, ERR_BUSY	as hsms_enter()
 */
struct err	ca_open(struct ctx *, struct ca_cache *, struct slice record,
		    struct ca **out);
/* The same, and records of CA_ROLE_OCSP: for signing OCSP responses. */
struct err	ca_open_ocsp(struct ctx *, struct ca_cache *,
		    struct slice record, struct ca **out);
/* Records of CA_ROLE_RESULT, and no others: for signing attestation results. */
struct err	ca_open_result(struct ctx *, struct ca_cache *,
		    struct slice record, struct ca **out);
/* A key that a CA lets do one thing: CA_ROLE_OCSP, CA_ROLE_RESULT. */
bool		ca_is_delegate(uint8_t role);
/* Close those that were not used lately, down to CA_OPEN_MAX.  Call it when
 * nothing that ca_open() gave is held. */
void		ca_cache_trim(struct ca_cache *);

#endif
