/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificate profiles: what a device's certificate says, which keys it may be
 * for, and how it is renewed.  A JSON document, schema/profile.schema.json.
 */
#ifndef DAAPKI_PKI_PROFILE_H
#define DAAPKI_PKI_PROFILE_H

#include "codec/json.h"
#include "pki/key.h"

#define PROFILE_TEXT_MAX		8192u	/* bytes of a document */
/* lifetime and backdate together stay below what is sealed with CA keys */
#define PROFILE_LIFETIME_MIN_S		1
#define PROFILE_LIFETIME_MAX_S		(90 * 86400)
#define PROFILE_BACKDATE_MAX_S		86400
#define PROFILE_RENEW_WITHOUT_MAX_S	(90 * 86400)
#define PROFILE_INTERVAL_MAX_S		86400
#define PROFILE_DNS_NAMES_MAX		16u
#define PROFILE_DOMAIN_MAX		253u	/* characters of a DNS name */

/* Bits of the four sets.  The words of the document are beside each. */
enum profile_key_type {
	PROFILE_KEY_P256 = 1 << 0,	/* p256 */
	PROFILE_KEY_P384 = 1 << 1,	/* p384 */
	PROFILE_KEY_ED25519 = 1 << 2,	/* ed25519 */
	PROFILE_KEY_RSA2048 = 1 << 3,	/* rsa2048 */
	PROFILE_KEY_RSA3072 = 1 << 4,	/* rsa3072 */
	PROFILE_KEY_RSA4096 = 1 << 5,	/* rsa4096 */
};
enum profile_usage {
	PROFILE_CLIENT_AUTH = 1 << 0,	/* clientAuth */
	PROFILE_SERVER_AUTH = 1 << 1,	/* serverAuth */
};
enum profile_name_form {
	PROFILE_NAME_URN = 1 << 0,		/* urn */
	PROFILE_NAME_SPIFFE = 1 << 1,		/* spiffe */
	PROFILE_NAME_PERMANENT_ID = 1 << 2,	/* permanentIdentifier */
	PROFILE_NAME_HARDWARE = 1 << 3,		/* hardwareModuleName */
};
enum profile_revocation {
	PROFILE_CRL = 1 << 0,		/* crl: the CRL's URL */
	PROFILE_OCSP = 1 << 1,		/* ocsp: the responder's URL */
	PROFILE_NO_REV_AVAIL = 1 << 2,	/* noRevAvail: RFC 9608 */
};

struct profile {
	int64_t		 lifetime_s;			/* default 86400 */
	int64_t		 backdate_s;			/* default 300 */
	int64_t		 renew_after_percent;		/* 1 to 99; 50 */
	int64_t		 renew_without_evidence_s;	/* default 0: never */
	int64_t		 min_interval_s;		/* default 0 */
	bool		 require_hardware_key;		/* default false */
	unsigned	 key_types;	/* default all */
	unsigned	 usages;	/* default clientAuth */
	unsigned	 names;		/* default urn, permanentIdentifier */
	unsigned	 revocation;	/* default crl, ocsp */
	const char	*trust_domain;	/* of a SPIFFE ID; or "" */
	/* A CA of the device's own, below which only its own subject, and hosts
	 * at or below dns_names, may be named; pathLen 0.  Default no. */
	bool		 edge;
	size_t		 n_dns_names;
	const char	*dns_names[PROFILE_DNS_NAMES_MAX];
};

/*
 * Read a document at that pointer.  What is absent has its default.
 * ERR_FIELD	with the pointer of the member that is not acceptable, or goes
 *		with no other
 */
struct err	profile_read(struct ctx *, const json_t *, const char *pointer,
		    struct profile *out);
/* The same of a text that was stored.  ERR_FIELD, ERR_JSON */
struct err	profile_parse(struct ctx *, const char *text,
		    struct profile *out);
/* The whole document, every member said; the same for the same profile. */
const char	*profile_text(struct ctx *, const struct profile *);

/* Does it take that key?  An RSA key of another size than those is none. */
bool		profile_takes_key(const struct profile *, const struct key *);
/* The words of key types in a set: "p256, ed25519". */
const char	*profile_key_words(struct ctx *, unsigned set);

#endif
