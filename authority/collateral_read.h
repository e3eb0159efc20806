/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents of the collateral store, as they are sent and kept:
 *
 *	dcap	{"tcb_info": "<text>", "qe_identity": "<text>",
 *		 "tcb_signing_chain": ["<DER>", ...], "root_crl": "<DER>",
 *		 "pck_crl": "<DER>"}
 *	crl	{"crl": "<DER>", "chain": ["<DER>", ...]}
 *	revoked-serials	{"serials": ["<hex>", ...]}
 *	android-status	{"entries": {"<hex>": {"status": "REVOKED", ...}, ...}}
 *	snp-chain	{"certificates": ["<DER>", ...]}
 *
 * chain: the CRL's issuer first, where that is no anchor itself.  Serials are
 * lower-case hex without leading zero bytes.  android-status is what Google
 * publishes at https://android.googleapis.com/attestation/status; both statuses
 * that it has, REVOKED and SUSPENDED, mean that a certificate is not believed.
 * Its serials have no leading zero digits.  Of snp-chain,
 * certificates are a chip's VCEK, its ASK, and the ARK or not.
 */
#ifndef DAAPKI_AUTHORITY_COLLATERAL_READ_H
#define DAAPKI_AUTHORITY_COLLATERAL_READ_H

#include "attest/attest.h"

#define COLLATERAL_CRL_MAX	(2u * 1024u * 1024u)	/* bytes */
#define COLLATERAL_SERIALS_MAX	65536u
#define COLLATERAL_SERIAL_MAX	20u	/* bytes: RFC 5280, 4.1.2.2 */

enum collateral_kind {
	COLLATERAL_DCAP, COLLATERAL_CRL, COLLATERAL_REVOKED_SERIALS,
	COLLATERAL_ANDROID_STATUS, COLLATERAL_SNP_CHAIN, COLLATERAL_KIND_COUNT,
};

/* What a document holds; the members of its kind. */
struct collateral_value {
	enum collateral_kind	 kind;
	struct trust_collateral	 dcap;
	struct slice		 crl;
	const struct slice	*chain;
	size_t			 n_chain;
	const struct slice	*serials;	/* big-endian, no leading 0 */
	size_t			 n_serials;
	struct trust_chip	 chip;
};

/* Of what it speaks, and from when until when. */
struct collateral_facts {
	const char	*about;		/* "" of serials: their name says it */
	int64_t		 issued_s;
	int64_t		 expires_s;	/* not valid then; 0: never */
};

const char	*collateral_kind_name(enum collateral_kind);
/* false: no such kind */
bool		 collateral_kind_find(const char *name,
		    enum collateral_kind *out);

/*
 * Read a document; the value is in cx->arena.
 * ERR_FIELD	with the place below pointer
 */
struct err	collateral_read(struct ctx *, enum collateral_kind,
		    const json_t *document, const char *pointer,
		    struct collateral_value *out);

/*
 * Is it genuine by that trust, whole, and valid at that time?  A PCK CRL is of
 * a CA that is only known with a quote: its form and time are looked at here,
 * its signature at each appraisal.
 * ERR_FIELD	no; the detail says why
 */
struct err	collateral_check(struct ctx *, const struct collateral_value *,
		    const struct trust *, int64_t at_s, const char *pointer,
		    struct collateral_facts *out);

#endif
