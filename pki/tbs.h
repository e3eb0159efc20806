/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TBSCertificates (RFC 5280, 4.1), made from facts: every profile that this
 * project issues.  Only the public key is spliced in from outside.
 */
#ifndef DAAPKI_PKI_TBS_H
#define DAAPKI_PKI_TBS_H

#include "pki/key.h"

#define TBS_MAX			8000u	/* leaves room for the signature */
#define TBS_COMMON_NAME_MAX	64u	/* ub-common-name, RFC 5280, A.1 */
#define TBS_ORGANIZATION_MAX	64u
#define TBS_HOSTS_MAX		16u
#define TBS_HOST_TEXT_MAX	253u	/* a DNS name in text form */

/* The subjectAltName of TBS_RESULT; of a tenant. */
#define TBS_RESULT_URI		"urn:daapki:%s:attestation-results"

enum tbs_profile {
	TBS_ROOT,	/* self-signed CA without pathLen */
	TBS_ISSUING,	/* CA below another, with pathLen */
	TBS_DEVICE,	/* named by device ID; enum tbs_flag says the rest */
	TBS_SERVER,	/* serverAuth, named by its hosts */
	TBS_PROOF,	/* for nobody: says a relying party's nonce */
	TBS_OCSP,	/* signs OCSP responses for its issuer */
	TBS_RESULT,	/* signs attestation results of its tenant */
};

/* What a device certificate says; bits. */
enum tbs_flag {
	TBS_HARDWARE_KEY	= 1 << 0,
	TBS_CLIENT_AUTH		= 1 << 1,
	TBS_SERVER_AUTH		= 1 << 2,
	TBS_NO_REV_AVAIL	= 1 << 3,	/* RFC 9608 */
	TBS_SAN_URN		= 1 << 4,
	TBS_SAN_PERMANENT_ID	= 1 << 5,	/* RFC 4043 */
	TBS_SAN_HARDWARE_NAME	= 1 << 6,	/* RFC 4108, 5 */
	TBS_EDGE_CA		= 1 << 7,	/* CA, pathLen 0, limited names */
};

struct tbs {
	enum tbs_profile profile;
	const struct key_sig *sig;	/* what it will be signed with */
	struct slice	 serial;	/* big-endian, 8 to 20 bytes, positive */
	struct slice	 issuer;	/* Name, DER; for a root its own */
	struct slice	 issuer_key_id;	/* empty for a root */
	int64_t		 not_before_s, not_after_s;
	const char	*organization;	/* the tenant */
	const char	*common_name;	/* not of TBS_DEVICE, TBS_SERVER;
					 * TBS_PROOF: the nonce */
	unsigned	 path_len;	/* TBS_ISSUING only */
	const char	*device_id;	/* TBS_DEVICE only, 64 hex */
	uint8_t		 flags;		/* TBS_DEVICE only: enum tbs_flag */
	/* TBS_DEVICE only: NULL, "" or the domain of a SPIFFE ID,
	 * spiffe://<domain>/device/<id>, which takes the place of the URN. */
	const char	*spiffe_domain;
	/* TBS_SERVER: DNS names, or IP addresses in text form.  TBS_EDGE_CA:
	 * the DNS names at or below which it may name hosts. */
	size_t		 n_hosts;
	const char *const *hosts;
	const struct key *key;		/* to be certified */
	/* of the issuer; NULL or "" for none */
	const char	*crl_url, *aia_url, *ocsp_url;
};

/* Name ::= O, CN as UTF8String; common_name may be "" (then only O). */
void		tbs_put_name(struct buf *, const char *organization,
		    const char *common_name);

/* SPIFFE-ID, 2.1: a trust domain in lower case. */
bool		tbs_is_trust_domain(const char *);
/* RFC 1123, 2.1: labels of letters, digits and hyphens, none at an end. */
bool		tbs_is_dns_name(const char *);

/*
 * The DER of it, in cx->arena.
 * ERR_CERT_LINT	a text is too long, a host is neither a DNS name in
 *			letter-digit-hyphen form nor an address, a trust
 *			domain is not [a-z0-9.-_], or the flags ask for no name
 */
struct err	tbs_encode(struct ctx *, const struct tbs *,
		    struct slice *out);

#endif
