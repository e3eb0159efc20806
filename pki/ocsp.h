/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Basic OCSP responses (RFC 6960, 4.2; RFC 5019), by the CA itself, so that no
 * certificate need travel with them, or by a key that it has delegated, whose
 * certificate then does.  Either is named by its key.
 */
#ifndef DAAPKI_PKI_OCSP_H
#define DAAPKI_PKI_OCSP_H

#include "pki/ocsp_request.h"
#include "pki/sign.h"

#define OCSP_RESPONSE_MAX	24576u	/* bytes: OCSP_IDS_MAX, with room */

enum ocsp_cert_status { OCSP_CERT_GOOD, OCSP_CERT_REVOKED, OCSP_CERT_UNKNOWN };

struct ocsp_single {
	bool		 sha256;	/* how its CertID is hashed; else SHA-1 */
	struct slice	 serial;	/* big-endian, leading zeros or not */
	enum ocsp_cert_status status;
	int64_t		 revoked_s;	/* OCSP_CERT_REVOKED */
	uint8_t		 reason;	/* CRLReason; 0 is not written */
};

struct ocsp {
	const struct ocsp_issuer *issuer;
	const struct ocsp_issuer *delegate;	/* whose key signs; NULL: the
						 * issuer's own */
	int64_t		 produced_s;
	int64_t		 this_update_s, next_update_s;	/* of every entry */
	struct slice	 nonce;		/* of the request; empty for none */
	size_t		 n;
	/* Gives entry i; so that a caller need not copy its own array. */
	struct ocsp_single (*single)(const void *arg, size_t i);
	const void	*arg;
};

/*
 * Its ResponseData, in cx->arena.
 * ERR_CERT_LINT	no entry, or more than OCSP_IDS_MAX
 */
struct err	ocsp_encode(struct ctx *, const struct ocsp *,
		    struct slice *out_tbs);
/* A BasicOCSPResponse (what sign_object() makes) as an OCSPResponse; with the
 * certificate of the delegate, empty when there is none. */
struct slice	ocsp_wrap(struct ctx *, struct slice basic,
		    struct slice certificate);

/* What ocsp_parse() tells. */
struct ocsp_facts {
	struct slice	 tbs, algorithm, signature;
	struct slice	 certificate;	/* of the delegate; empty: none */
	struct slice	 key_sha1;	/* the responder */
	int64_t		 produced_s;
	struct slice	 nonce;		/* empty: none */
	size_t		 n;
	struct ocsp_entry *entries;	/* in cx->arena */
};
struct ocsp_entry {
	struct ocsp_id	 id;
	enum ocsp_cert_status status;
	int64_t		 revoked_s;
	uint8_t		 reason;
	int64_t		 this_update_s, next_update_s;
};

/*
 * Read exactly one successful OCSPResponse as this project makes them.
 * ERR_MALFORMED
 */
struct err	ocsp_parse(struct ctx *, struct slice der,
		    struct ocsp_facts *out);

#endif
