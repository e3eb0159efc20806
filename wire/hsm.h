/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What daa-signer and daa-hsm, which holds one HSM's session, say to each
 * other: packets over a socketpair that keeps their bounds (SOCK_SEQPACKET).
 *
 *	request		seq be32, op u8, alg u8, key id (16), more u8,
 *			offset be32, tenant be16, data be32
 *	answer		seq be32, status u8, body be32
 *
 * The signer has one request under way at a time.  An answer with seq 0 is
 * news of the other side itself: HSM_SAYS_DONE that it is ready, else why not.
 */
#ifndef DAAPKI_WIRE_HSM_H
#define DAAPKI_WIRE_HSM_H

#include "wire/order.h"

#define HSM_PACKET_MAX		(64u * 1024u)
#define HSM_DATA_MAX		(48u * 1024u)	/* in one packet */
/* A message for Ed25519, which signs no digest, comes in parts. */
#define HSM_MESSAGE_MAX		WIRE_OBJECT_MAX
#define HSM_KEY_ID_SIZE		16u		/* CKA_ID of a key pair */
#define HSM_BODY_MAX		WIRE_SPKI_MAX
#define HSM_TEXT_MAX		256u
/* How long a request may take there before it is held to hang, in seconds: the
 * module's process is then ended and started again.  The largest RSA keys take
 * some HSMs most of a minute. */
#define HSM_HANG_S		90

enum hsm_op {
	HSM_GENERATE = 1,	/* a key pair; the body is its public key, a
				 * SubjectPublicKeyInfo */
	HSM_SIGN,		/* the body is the signature as X.509 has it */
};

struct hsm_request {
	uint32_t	 seq;		/* not 0 */
	uint8_t		 op;		/* enum hsm_op */
	uint8_t		 alg;		/* enum ca_alg */
	uint8_t		 key_id[HSM_KEY_ID_SIZE];
	bool		 more;		/* another part follows; not answered */
	uint32_t	 offset;	/* of this part in the message */
	const char	*tenant;	/* HSM_GENERATE: whose it will be; else "" */
	struct slice	 data;		/* HSM_SIGN: the digest; of Ed25519 a
					 * part of the message */
};

enum hsm_status {
	HSM_SAYS_DONE,
	HSM_SAYS_GONE,		/* it cannot be used now */
	HSM_SAYS_REFUSED,	/* it can, and will not do that */
	HSM_SAYS_FORBIDDEN,	/* its file does not name the tenant */
};

struct hsm_answer {
	uint32_t	 seq;		/* of the request, or 0 */
	uint8_t		 status;	/* enum hsm_status */
	struct slice	 body;		/* not DONE: why, in words */
};

/* ERR_INTERNAL	a limit above is broken */
struct err	hsm_request_encode(struct ctx *, const struct hsm_request *,
		    struct buf *);
struct err	hsm_answer_encode(struct ctx *, const struct hsm_answer *,
		    struct buf *);
/*
 * Read exactly one packet.  Texts are in cx->arena, slices point into packet.
 * ERR_ORDER_MALFORMED
 */
struct err	hsm_request_decode(struct ctx *, struct slice packet,
		    struct hsm_request *out);
struct err	hsm_answer_decode(struct ctx *, struct slice packet,
		    struct hsm_answer *out);

#endif
