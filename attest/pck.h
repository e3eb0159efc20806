/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intel's certificates: of a platform (PCK, "Intel SGX PCK Certificate and CRL
 * Profile Specification"), of those who sign what Intel says of platforms, and
 * the revocation lists of both.
 */
#ifndef DAAPKI_ATTEST_PCK_H
#define DAAPKI_ATTEST_PCK_H

#include "attest/chain.h"
#include "attest/dcap_quote.h"

#define PCK_PPID_SIZE	16u
#define PCK_CRL_MAX	(2u * 1024u * 1024u)	/* bytes */

enum pck_type { PCK_STANDARD, PCK_SCALABLE, PCK_SCALABLE_INTEGRITY };

/* What a PCK certificate says of its platform (1.2.840.113741.1.13.1). */
struct pck {
	uint8_t		ppid[PCK_PPID_SIZE];
	uint8_t		components[DCAP_SVN_SIZE];
	uint16_t	pce_svn;
	uint8_t		cpu_svn[DCAP_SVN_SIZE];
	uint8_t		pce_id[2];
	uint8_t		fmspc[6];
	enum pck_type	type;
	bool		has_instance;	/* platforms of several packages */
	uint8_t		instance_id[16];
	bool		has_flags;
	bool		dynamic_platform, cached_keys, smt_enabled;
};

/*
 * Read that extension of a certificate.
 * ERR_EV_MALFORMED	it is not there, or an element is missing, twice, out of
 *			its range or not known
 */
struct err	pck_parse(struct ctx *, X509 *, struct pck *out);

/* Whose certificate a path is to begin with. */
enum pck_role { PCK_PLATFORM, PCK_TCB_SIGNING };

/*
 * Verify a chain (leaf first, then the PCK CA of a platform, then the root or
 * not) up to an anchor: chain_verify(), with just these certificates, by their
 * names.  A root that came along is one that the anchor's key signed.
 * *out_path: leaf, CA (of a platform), anchor.
 * ERR_EV_CHAIN		other names, lengths or roles
 * ERR_EV_*		chain_verify()'s
 */
struct err	pck_chain_verify(struct ctx *, enum pck_role,
		    X509 *const *certs, size_t n, const struct trust *,
		    int64_t at_s, struct chain_path *out_path);

/* Are they of one key?  A root may have been made anew. */
bool		pck_same_key(X509 *, X509 *);

/*
 * Read exactly one CRL; cx->arena frees it.
 * ERR_EV_MALFORMED
 */
struct err	pck_crl_parse(struct ctx *, struct slice der, X509_CRL **out);
/*
 * Is it the issuer's, whole, signed and current?
 * ERR_EV_MISMATCH	another issuer's
 * ERR_EV_SIGNATURE, ERR_EV_EXPIRED
 * ERR_EV_PROPERTY	version 1, or no CRL number or authority key identifier
 * ERR_EV_UNSUPPORTED	a critical extension, or not ECDSA with SHA-256
 */
struct err	pck_crl_verify(struct ctx *, X509_CRL *, X509 *issuer,
		    int64_t at_s);
/* ERR_EV_REVOKED	the certificate is in it */
struct err	pck_crl_check(struct ctx *, X509_CRL *, X509 *);

#endif
