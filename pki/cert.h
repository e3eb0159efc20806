/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates as this project makes them (RFC 5280), read strictly.  Not a
 * reader for other people's certificates: what we never write is refused.
 */
#ifndef DAAPKI_PKI_CERT_H
#define DAAPKI_PKI_CERT_H

#include "pki/key.h"

#define CERT_MAX		8192u	/* bytes of one certificate */
#define CERT_SERIAL_MAX		20u	/* RFC 5280, 4.1.2.2 */
#define CERT_EXTENSIONS_MAX	16u
#define CERT_NAMES_MAX		32u	/* names in subjectAltName */

/* Extensions that are known here. */
enum cert_ext_id {
	CERT_EXT_SKI, CERT_EXT_AKI, CERT_EXT_KEY_USAGE, CERT_EXT_EKU,
	CERT_EXT_BASIC, CERT_EXT_SAN, CERT_EXT_POLICIES, CERT_EXT_CRLDP,
	CERT_EXT_AIA, CERT_EXT_NAME_CONSTRAINTS, CERT_EXT_NO_REV_AVAIL,
	CERT_EXT_OCSP_NOCHECK,
	CERT_EXT_COUNT
};
struct cert_ext { bool present, critical; };

/* Named bits of KeyUsage (RFC 5280, 4.2.1.3). */
enum cert_usage {
	CERT_USAGE_DIGITAL_SIGNATURE	= 1 << 0,
	CERT_USAGE_KEY_CERT_SIGN	= 1 << 5,
	CERT_USAGE_CRL_SIGN		= 1 << 6,
};

enum cert_policy {
	CERT_POLICY_NONE, CERT_POLICY_HARDWARE, CERT_POLICY_SOFTWARE
};

/* Forms of names that nameConstraints limit; bits. */
enum cert_name_form {
	CERT_NAME_EMAIL = 1 << 0, CERT_NAME_DNS = 1 << 1,
	CERT_NAME_URI = 1 << 2, CERT_NAME_IPV4 = 1 << 3,
	CERT_NAME_IPV6 = 1 << 4,
};
#define CERT_NAMES_ALL	0x1f

/* Slices point into the bytes that were read; texts are in cx->arena. */
struct cert {
	struct slice	 der;		/* empty after cert_parse_tbs() */
	struct slice	 tbs;		/* with tag and length */
	struct slice	 algorithm;	/* AlgorithmIdentifier, whole */
	struct slice	 signature;	/* empty after cert_parse_tbs() */
	struct slice	 serial;	/* big-endian, no leading zero */
	struct slice	 issuer, subject;	/* Name, with tag and length */
	const char	*common_name, *organization;	/* of the subject; "" */
	int64_t		 not_before_s, not_after_s;	/* both inclusive */
	struct slice	 spki;
	struct cert_ext	 ext[CERT_EXT_COUNT];
	struct slice	 ski, aki;	/* key ids; empty when absent */
	uint16_t	 key_usage;	/* enum cert_usage */
	bool		 client_auth, server_auth, ocsp_signing, other_eku;
	bool		 result_signing;	/* attestation results */
	bool		 ca;
	int		 path_len;	/* -1: no limit said */
	enum cert_policy policy;
	const char	*san_uri;	/* "" when absent */
	const char	*permanent_id;	/* RFC 4043 identifierValue; "" */
	struct slice	 hardware_serial;	/* RFC 4108 hwSerialNum, of our
					 * hardware type; or empty */
	size_t		 n_hosts;	/* dNSNames and iPAddresses */
	const char	*crl_url, *aia_url, *ocsp_url;	/* "" when absent */
	/* Limits on names below it: the one subject that may be extended, and
	 * the other forms that are limited at all (enum cert_name_form). */
	struct slice	 permitted_subject;	/* Name; empty when absent */
	uint8_t		 limited_names;
};

/*
 * Read exactly one certificate.  Its signature is not looked at.
 * ERR_AUTH_CERTIFICATE	not a certificate that this project could have made
 */
struct err	cert_parse(struct ctx *, struct slice der, struct cert *out);
/*
 * The same for the certificate of a CA of ours that may have been made by
 * somebody else: parts that this project does not use may be of any form
 * unless they are critical.  What cert_parse() takes is read alike.
 * ERR_AUTH_CERTIFICATE
 */
struct err	cert_parse_ca(struct ctx *, struct slice der,
		    struct cert *out);
/* The same for a TBSCertificate that is not signed yet. */
struct err	cert_parse_tbs(struct ctx *, struct slice tbs,
		    struct cert *out);

/* Its public key.  ERR_AUTH_CERTIFICATE	of a kind that key.h does not take */
struct err	cert_key(struct ctx *, const struct cert *, struct key *out);
/* Only the signature.  ERR_AUTH_CERTIFICATE */
struct err	cert_verify_signature(struct ctx *, const struct cert *,
		    const struct key *issuer);
/*
 * Was cert issued by issuer, and are both valid at that time?  Names, key ids,
 * issuer's right to sign, both validity periods, the signature.  Revocation,
 * and whether to trust issuer, are the caller's business.
 * ERR_AUTH_CERTIFICATE
 */
struct err	cert_verify_issued(struct ctx *, const struct cert *,
		    const struct cert *issuer, int64_t at_s);

#endif
