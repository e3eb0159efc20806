/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verifiers (RFC 9334): evidence in, claims out.  One file per format, each a
 * row of the same table.
 *
 * A format says what is true of a device; never whether that is good enough
 * (policy/ does that).  It opens no file or socket, reads no clock but the
 * appraisal's, and keeps nothing between calls but what follows from bytes
 * alone, in cx->seen, where a caller has one (attest/seen.h).
 */
#ifndef DAAPKI_ATTEST_ATTEST_H
#define DAAPKI_ATTEST_ATTEST_H

#include "base/claims.h"
#include "base/ctx.h"
#include "codec/json.h"

#define ATTEST_CHAIN_MAX	10u		/* certificates in a chain */
#define ATTEST_CERT_MAX		8192u		/* bytes of one certificate */
#define ATTEST_EVENT_LOG_MAX	(1024u * 1024u)
#define ATTEST_NONCE_SIZE	32u
#define HARDWARE_ID_MAX		256u		/* "<scheme>:<value>" */
#define DEVICE_ID_SIZE		65u		/* 64 hex digits and NUL */

/* A registered key: what its id is, each format says (AK name, X||Y, ...). */
struct trust_key {
	struct slice	id;
	struct slice	spki;		/* DER; may be empty where id says it */
};

struct dcap_opened;

/*
 * What Intel says of its platforms (PCS API v4), as it came; nothing of it is
 * believed without proof.  What is not there is empty.
 */
struct trust_collateral {
	struct slice		 tcb_info;	/* JSON, the exact text */
	struct slice		 qe_identity;
	const struct slice	*tcb_signing_chain;	/* DER, leaf first */
	size_t			 n_tcb_signing_chain;
	/* Of the QE identity, where it is another one; else empty. */
	const struct slice	*qe_signing_chain;
	size_t			 n_qe_signing_chain;
	struct slice		 root_crl, pck_crl;	/* DER */
	/* The same, read: attest/dcap_collateral.h.  NULL: when asked for. */
	const struct dcap_opened *opened;
};

/* The certificates of an SNP chip's key, which hosts need not send. */
struct trust_chip {
	struct slice		 chip_id;	/* as in reports */
	const struct slice	*certs;		/* DER; VCEK, ASK, ARK or not */
	size_t			 n_certs;
};

/* What an appraisal may do without; named as in doc/EVIDENCE.md. */
enum trust_allow {
	TRUST_ALLOW_MISSING_CRL		= 1 << 0,
	TRUST_ALLOW_MISSING_COLLATERAL	= 1 << 1,
	TRUST_ALLOW_SHA1		= 1 << 2,
	TRUST_ALLOW_EK_PROFILE		= 1 << 3,
	/* TPM makers outside the TCG's registry (virtual TPMs): the server,
	 * where who registered the anchor has vouched for them by that. */
	TRUST_ALLOW_ANY_MAKER		= 1 << 4,
};

struct x509_st;			/* X509 */
struct X509_crl_st;		/* X509_CRL */

/* What of it an appraisal looked at: an item for each of the list. */
struct trust_used {
	bool	*crls, *collateral, *chips;
	bool	 serials;
};

/* Everything believed without proof.  All slices are borrowed. */
struct trust {
	const struct slice	*anchors;	/* DER certificates */
	size_t			 n_anchors;
	const struct trust_key	*keys;
	size_t			 n_keys;
	const struct slice	*crls;		/* DER */
	size_t			 n_crls;
	const struct slice	*revoked_serials; /* big-endian, no leading 0 */
	size_t			 n_revoked_serials;
	const uint32_t		*manufacturers;	/* TPM vendors; none: any known */
	size_t			 n_manufacturers;
	const struct trust_collateral *collateral;	/* Intel's */
	size_t			 n_collateral;
	const struct trust_chip	*chips;
	size_t			 n_chips;
	unsigned		 allow;		/* enum trust_allow */
	/* NULL; or anchors and crls as chain_read_trust() read them. */
	struct x509_st *const	*anchor_certs;
	struct X509_crl_st *const *crl_lists;
	struct trust_used	*used;		/* set by verifiers; or NULL */
};

/* Proof that an AK and an EK share a TPM (TPM 2.0 Part 1, 24): made now by
 * credential activation, or remembered from an earlier time. */
struct trust_activation {
	struct slice	ak_name;
	uint8_t		ek_spki_sha256[32];
};

struct appraisal {
	const struct trust	*trust;
	int64_t			 at_s;		/* validity is judged then */
	/*
	 * The nonce.  raw: it is compared as it stands and no key is bound
	 * (offline cases only; may be empty).  Otherwise 32 bytes, and the
	 * evidence must carry the binding hash over it and spki.
	 */
	struct slice		 nonce;
	bool			 raw;
	struct slice		 spki;		/* DER, of the key to certify */
	const char		*identifier;	/* NULL, or who it must name */
	/* tpm2: an activation, or NULL.  Without it (and unless raw) an AK
	 * needs a certificate chain or a registered key. */
	const struct trust_activation *activation;
	/* tpm2: SHA-256 of the SPKIs of EKs known without a certificate. */
	const uint8_t		(*known_eks)[32];
	size_t			 n_known_eks;
};

struct attestation {
	const char	*format;
	char		 hardware_id[HARDWARE_ID_MAX];	/* "" when not shown */
	const char	*status;	/* TCB status; NULL where there is none */
	struct claims	 claims;
};

struct attest_format {
	const char	*name;		/* "tpm2"; in evidence, policies, logs */
	/*
	 * Evidence members to a value of the format's own type, in cx->arena.
	 * Exactly one encoding; trailing bytes refused.  in's failures carry
	 * the pointer of the member.
	 * ERR_EV_MALFORMED, ERR_EV_UNSUPPORTED
	 */
	struct err	(*read)(struct ctx *, struct json_in *in,
			    void **out_value);
	/*
	 * Check every signature up to something in appraisal->trust, that the
	 * nonce (and the key to certify) is covered, and say what is true.
	 * *out is complete only on success.
	 * ERR_EV_*	as err.def has them
	 * ERR_HW_UNKNOWN	a key that nobody vouches for and nobody registered
	 */
	struct err	(*verify)(struct ctx *, const void *value,
			    const struct appraisal *, struct attestation *out);
	/*
	 * Who the evidence says it is from, before anything is checked: to
	 * find the tenant whose trust applies and the AK known of the device.
	 * "" and empty when it does not say.
	 */
	void		(*identify)(struct ctx *, const void *value,
			    char out_hardware_id[static HARDWARE_ID_MAX],
			    struct slice *out_ak_name);
};

/* NULL when there is no such format. */
const struct attest_format	*attest_find(const char *name);
/* All formats, for listings and tests. */
const struct attest_format *const *attest_formats(size_t *out_n);

/* Evidence after reading: its format and that format's value. */
struct evidence {
	const struct attest_format	*format;
	const void			*value;
};

/*
 * Read an evidence document: an object with "format" and that format's
 * members, binary in base64url.  pointer is where it stands in the request.
 * ERR_EV_UNSUPPORTED	no such format
 * ERR_EV_MALFORMED	a member is missing, unknown or cannot be read
 */
struct err	evidence_read(struct ctx *, const json_t *, const char *pointer,
		    struct evidence *out);
struct err	evidence_verify(struct ctx *, const struct evidence *,
		    const struct appraisal *, struct attestation *out);

/* As identify() of its format. */
void		evidence_identify(struct ctx *, const struct evidence *,
		    char out_hardware_id[static HARDWARE_ID_MAX],
		    struct slice *out_ak_name);

/*
 * The binding hash: H("daapki-bind-1" || 00 || format || 00 || nonce ||
 * SHA-256(spki)), SHA-256 or SHA-512 by out_n (32 or 64).
 */
void	attest_binding(const char *format, struct slice nonce,
	    struct slice spki, uint8_t *out, size_t out_n);

/* Device ID: lower-case hex SHA-256 of the hardware ID text. */
void	attest_device_id(const char *hardware_id, char out[static DEVICE_ID_SIZE]);

#endif
