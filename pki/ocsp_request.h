/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OCSP requests (RFC 6960, 4.1), read strictly, and the certificates that they
 * ask about.
 *
 * A requester's signature is read past: an answer is the same for everybody
 * (RFC 5019, 2.1.1).  Extensions other than the nonce are passed over unless
 * they are critical (RFC 6960, 4.4).
 */
#ifndef DAAPKI_PKI_OCSP_REQUEST_H
#define DAAPKI_PKI_OCSP_REQUEST_H

#include "pki/cert.h"

#define OCSP_REQUEST_MAX	16384u	/* bytes */
#define OCSP_IDS_MAX		64u	/* certificates in one request */
#define OCSP_NONCE_MAX		128u	/* RFC 9654, 2.1 */
#define OCSP_SHA1_SIZE		20u
#define OCSP_SHA256_SIZE	32u

/* A certificate that is asked about (CertID).  Slices point into the request. */
struct ocsp_id {
	bool		 sha256;	/* the hashes; else SHA-1 */
	struct slice	 name_hash, key_hash;	/* of the issuer */
	struct slice	 serial;	/* big-endian, 1 to CERT_SERIAL_MAX bytes,
					 * no leading zero but for a lone 0 */
};

struct ocsp_request {
	size_t		 n;		/* 1 to OCSP_IDS_MAX */
	struct ocsp_id	*ids;		/* in cx->arena */
	struct slice	 nonce;		/* empty: none */
	bool		 is_signed;	/* by whom was not looked at */
};

/*
 * Read exactly one OCSPRequest.
 * ERR_MALFORMED	not that, beyond a limit, a critical extension, a hash
 *			other than SHA-1 or SHA-256, or a nonce of a size that
 *			RFC 9654 has refused: answer malformedRequest
 */
struct err	ocsp_request_parse(struct ctx *, struct slice der,
		    struct ocsp_request *out);
/*
 * The same from the last part of a GET's path (RFC 6960, A.1) once its %xx are
 * undone: base64 with its padding.  What is read is in cx->arena.
 * ERR_MALFORMED
 */
struct err	ocsp_request_parse_base64(struct ctx *, const char *text,
		    struct ocsp_request *out);

/* How a CA is named in a CertID. */
struct ocsp_issuer {
	uint8_t	name_sha1[OCSP_SHA1_SIZE], key_sha1[OCSP_SHA1_SIZE];
	uint8_t	name_sha256[OCSP_SHA256_SIZE], key_sha256[OCSP_SHA256_SIZE];
};

/* ERR_MALFORMED	its SubjectPublicKeyInfo cannot be read */
struct err	ocsp_issuer_init(struct ctx *, const struct cert *ca,
		    struct ocsp_issuer *out);
/* Is that a certificate of this CA, by name and key? */
bool		ocsp_id_is_of(const struct ocsp_id *,
		    const struct ocsp_issuer *);

/* OCSPResponseStatus (RFC 6960, 4.2.1) of answers without a body. */
enum ocsp_error {
	OCSP_ERROR_MALFORMED = 1, OCSP_ERROR_INTERNAL = 2,
	OCSP_ERROR_TRY_LATER = 3, OCSP_ERROR_UNAUTHORIZED = 6,
};
/* The whole OCSPResponse of it, DER. */
struct slice	ocsp_error_der(enum ocsp_error);

#endif
