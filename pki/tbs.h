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

enum tbs_profile {
	TBS_ROOT,	/* self-issued CA, pathLen 1 */
	TBS_ISSUING,	/* CA, pathLen 0 */
	TBS_DEVICE,	/* clientAuth, named by device ID */
	TBS_SERVER,	/* serverAuth, named by its hosts */
};

struct tbs {
	enum tbs_profile profile;
	const struct key_sig *sig;	/* what it will be signed with */
	struct slice	 serial;	/* big-endian, 8 to 20 bytes, positive */
	struct slice	 issuer;	/* Name, DER; for a root its own */
	struct slice	 issuer_key_id;	/* empty for a root */
	int64_t		 not_before_s, not_after_s;
	const char	*organization;	/* the tenant */
	const char	*common_name;	/* CAs only */
	const char	*device_id;	/* TBS_DEVICE only */
	bool		 hardware_key;	/* TBS_DEVICE only */
	size_t		 n_hosts;	/* TBS_SERVER only: DNS names, */
	const char *const *hosts;	/* or IP addresses in text form */
	const struct key *key;		/* to be certified */
	const char	*crl_url, *aia_url;	/* of the issuer; "" for none */
};

/* Name ::= O, CN as UTF8String; common_name may be "" (then only O). */
void		tbs_put_name(struct buf *, const char *organization,
		    const char *common_name);

/*
 * The DER of it, in cx->arena.
 * ERR_CERT_LINT	a text is too long or a host is neither a DNS name in
 *			letter-digit-hyphen form nor an address
 */
struct err	tbs_encode(struct ctx *, const struct tbs *,
		    struct slice *out);

#endif
