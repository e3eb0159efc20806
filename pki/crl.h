/* SPDX-License-Identifier: Apache-2.0 */
/* Certificate revocation lists, version 2 (RFC 5280, 5). */
#ifndef DAAPKI_PKI_CRL_H
#define DAAPKI_PKI_CRL_H

#include "pki/key.h"

#define CRL_ENTRIES_MAX		1000000u
#define CRL_MAX			(54u * 1024u * 1024u)	/* that many, with room */
#define CRL_SERIAL_SIZE		16u

struct crl_entry {
	const uint8_t	*serial;	/* CRL_SERIAL_SIZE bytes, positive */
	int64_t		 revoked_s;
	uint8_t		 reason;	/* CRLReason; 0 is not written */
};

struct crl {
	const struct key_sig *sig;
	struct slice	 issuer;	/* Name, DER */
	struct slice	 issuer_key_id;
	uint64_t	 number;
	int64_t		 this_update_s, next_update_s;
	/* NULL or "" for the complete list; else the URL of the shard that it
	 * is, said critically (RFC 5280, 5.2.5), with users' certificates
	 * only. */
	const char	*shard_url;
	size_t		 n_entries;
	/* Gives entry i; so that a caller need not copy its own array. */
	struct crl_entry (*entry)(const void *arg, size_t i);
	const void	*arg;
};

/*
 * Its TBSCertList, in cx->arena.
 * ERR_CERT_LINT	larger than CRL_MAX
 */
struct err	crl_encode(struct ctx *, const struct crl *,
		    struct slice *out_tbs);

/* What crl_read() tells. */
struct crl_facts {
	struct slice	 tbs, algorithm, signature;
	struct slice	 issuer, aki;
	uint64_t	 number;
	int64_t		 this_update_s, next_update_s;
	bool		 is_shard;
	const char	*shard_url;	/* "" when it is complete */
	size_t		 n_entries;
};

/*
 * Read exactly one CRL, or one TBSCertList (then signature stays empty), as
 * this project makes them: AKI, number and the shard that it is, and per entry
 * at most a reason (1 to 6, 9, 10).
 * ERR_MALFORMED
 */
struct err	crl_parse(struct ctx *, struct slice der,
		    struct crl_facts *out);
struct err	crl_parse_tbs(struct ctx *, struct slice tbs,
		    struct crl_facts *out);

#endif
