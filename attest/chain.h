/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificate paths of hardware makers: from a leaf over the intermediates that
 * came with it to an anchor that an operator configured, at a stated time.
 *
 * This is not web PKI: no system roots, no fetching, no purposes but those that
 * a caller asks for.  Makers' certificates are not always DER, so they are read
 * with OpenSSL and only ever hashed as they came.
 */
#ifndef DAAPKI_ATTEST_CHAIN_H
#define DAAPKI_ATTEST_CHAIN_H

#include "attest/attest.h"
#include "pki/ossl.h"

#define CHAIN_ANCHORS_MAX	1024u	/* configured for one appraisal */
/* Signatures checked while a path is sought: names can be given to many. */
#define CHAIN_TRIES_MAX		64u

/*
 * Read exactly one certificate; shared through cx->seen where that is and has
 * it, so it is not to be changed.  cx->arena lets it go.
 * ERR_EV_MALFORMED
 */
struct err	chain_cert_parse(struct ctx *, struct slice der, X509 **out);
/* Whether the first one of a chain was made for one challenge: nothing about
 * such a certificate is kept in cx->seen. */
enum chain_leaf { CHAIN_LEAF_STAYS, CHAIN_LEAF_OF_CHALLENGE };
/* A chain member: n certificates into an array in the arena. */
struct err	chain_certs_parse(struct ctx *, const struct slice *der,
		    size_t n, enum chain_leaf, X509 ***out);
/* The same, where a chain is to be judged before what is in its certificates:
 * extensions that cannot be read are refused on a path that is found. */
struct err	chain_certs_read(struct ctx *, const struct slice *der,
		    size_t n, enum chain_leaf, X509 ***out);
/* ERR_EV_MALFORMED	extensions that cannot be read */
struct err	chain_check_extensions(struct ctx *, X509 *);
/*
 * Read exactly one CRL; shared and let go like a certificate.  It lives no
 * longer than cx->arena, whoever else holds it.  NULL: it is none, or bytes
 * follow it; OpenSSL's queue says what.
 */
X509_CRL	*chain_crl_read(struct ctx *, struct slice der);

/*
 * Is it signed by the issuer's key (whatever else they are)?  What was found
 * right is looked for in cx->seen (and of lists, kept there).  false: no;
 * OpenSSL's queue may say why.
 */
bool		chain_is_signed(struct ctx *, X509 *child, X509 *issuer);
bool		chain_crl_is_signed(struct ctx *, X509_CRL *, X509 *issuer);
/*
 * Keep a path that led to an anchor, each signed by the next, in cx->seen: what
 * strangers send leads to none, and so takes no room there.
 */
void		chain_keep(struct ctx *, X509 *const *path, size_t n);

/*
 * Read all anchors and CRLs of trust at once, for many appraisals: into
 * anchor_certs and crl_lists, which live as long as cx->arena.  What cannot be
 * read is NULL there, and tried again when it is asked for.
 */
void		chain_read_trust(struct ctx *, struct trust *);

/*
 * Find a path from leaf over some of pool to an anchor of trust, by names,
 * key identifiers and signatures (RFC 5280, 6.1): each issuer a CA that may
 * sign certificates, path lengths kept, no critical extension unknown, keys of
 * at least RSA 2048, P-256 or Ed25519, signatures over SHA-256 or better (SHA-1
 * where trust allows it), all certificates valid at at_s, none but the anchor in a
 * CRL of its issuer or in trust's list of serials.
 *
 * An anchor is believed by its bytes, whoever signed it.  A CRL that trust has
 * for an issuer must be signed by it and current; issuers without one pass.
 *
 * ERR_EV_SIGNATURE	an issuer by name did not sign
 * ERR_EV_CHAIN		no issuer, or one that may not issue this
 * ERR_EV_EXPIRED	a certificate or CRL is not valid at that time
 * ERR_EV_REVOKED
 * ERR_EV_UNSUPPORTED	a signature algorithm that is not accepted
 * ERR_EV_MALFORMED	extensions of a certificate on it that cannot be read
 * ERR_CONFIG		an anchor that might be asked for, or a CRL of trust,
 *			cannot be read
 */
struct err	chain_verify(struct ctx *, X509 *leaf, X509 *const *pool,
		    size_t n_pool, const struct trust *, int64_t at_s);
/* The same, and the path that was found: leaf first, the anchor last. */
struct chain_path {
	X509	*certs[ATTEST_CHAIN_MAX + 2];
	size_t	 n;
};
struct err	chain_verify_path(struct ctx *, X509 *leaf, X509 *const *pool,
		    size_t n_pool, const struct trust *, int64_t at_s,
		    struct chain_path *out);

/* The same, where the caller reads extensions that may be critical: their OIDs,
 * "1.2.3", the last one NULL; or NULL. */
struct err	chain_verify_reading(struct ctx *, X509 *leaf,
		    X509 *const *pool, size_t n_pool, const struct trust *,
		    int64_t at_s, const char *const *critical,
		    struct chain_path *out);

/* The same, with what a maker's certificates need otherwise. */
struct chain_rules {
	const char *const	*critical;	/* as above, or NULL */
	/* The leaf's dates are its device's own words: not asked. */
	bool			 leaf_at_any_time;
};
struct err	chain_verify_by(struct ctx *, const struct chain_rules *,
		    X509 *leaf, X509 *const *pool, size_t n_pool,
		    const struct trust *, int64_t at_s,
		    struct chain_path *out);

/* Its public key, for no longer than the certificate; NULL: none that OpenSSL
 * knows.  X509_get0_pubkey() of what was read here says NULL always. */
EVP_PKEY	*chain_key(const X509 *);
/* A key of RSA 2048, P-256, Ed25519 or better? */
bool		chain_key_is_strong(X509 *);
/* Seconds of an ASN.1 time; false when it is none. */
bool		chain_seconds_of(const ASN1_TIME *, int64_t *out);

/* Its names in subjectAltName; NULL: none, or none that can be read.  They live
 * as long as the certificate and the arena. */
const struct stack_st_GENERAL_NAME *chain_alt_names(struct arena *, X509 *);
/* Does the certificate list this extended key usage ("2.23.133.8.1")? */
bool		chain_has_eku(X509 *, const char *oid);
/* Does it have any extended key usage at all? */
bool		chain_limits_eku(X509 *);
/* Is the extension with that OID there? */
bool		chain_has_extension(X509 *, const char *oid);
/* Has the subject exactly one attribute of that kind, and with that value
 * (shorter than 64 bytes)? */
bool		chain_subject_is(X509 *, int nid, const char *text);
/* A key of that named curve ("secp384r1")?  NULL is none. */
bool		chain_key_is_on(const EVP_PKEY *, const char *group);
/* How many extensions with that OID there are; the contents of the first one,
 * which live as long as the certificate. */
size_t		chain_extension(X509 *, const char *oid, struct slice *out);
/* The certificate's SubjectPublicKeyInfo as it stands there, copied. */
struct slice	chain_spki(struct ctx *, const X509 *);
/* Is obj that OID? */
bool		chain_oid_is(const ASN1_OBJECT *, const char *oid);
/* Not a CA, by basicConstraints and by keyUsage. */
bool		chain_is_end_entity(X509 *);

#endif
