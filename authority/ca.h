/* SPDX-License-Identifier: Apache-2.0 */
/* Certification authorities of a tenant: making, showing, finding. */
#ifndef DAAPKI_AUTHORITY_CA_H
#define DAAPKI_AUTHORITY_CA_H

#include "authority/authority.h"
#include "authority/issuers.h"
#include "db/ca.h"

#define CA_BACKDATE_S	3600	/* clocks of relying parties may be behind */
/* The longest life of a leaf; sealed with each key that signs leaves. */
#define CA_LEAF_MAX_S	(91 * 86400)

/* Where anyone gets its certificate, and its CRL: on the status plane. */
const char	*ca_url(struct ctx *, const struct authority *,
		    const uint8_t key_id[static ISSUER_KEY_ID_SIZE]);
const char	*ca_crl_url(struct ctx *, const struct authority *,
		    const uint8_t key_id[static ISSUER_KEY_ID_SIZE]);

/* "p256", "p384", "ed25519", "rsa2048", "rsa3072", "rsa4096". */
const char	*ca_alg_word(enum ca_alg);
bool		 ca_alg_find(const char *word, enum ca_alg *out);
/* "root", "issuing", "server". */
const char	*ca_role_word(enum ca_role);
bool		 ca_role_find(const char *word, enum ca_role *out);

/* What is to be made. */
struct ca_spec {
	const char		*tenant;
	enum ca_role		 role;
	enum ca_alg		 alg;
	int64_t			 number;	/* in its name: "Root CA 2" */
	const struct db_ca	*parent;	/* NULL for a root */
	bool			 edge;		/* may sign edge CAs; issuing */
	const char		*key_store;	/* NULL: sealed; or see below */
};

/* Where the key is: "sealed", or the name of an HSM. */
const char	*ca_key_store(struct ctx *, const struct db_ca *);

/*
 * Have the signer make a key and its certificate: a root of the tenant, or
 * under parent an issuing or server CA.  out is a row, staged now, that is not
 * in the database yet: tenant_id, parent_id and plans are the caller's to set.
 * ERR_FIELD	there is no such key store
 * ERR_SIGNER_GONE, ERR_SIGNER_REFUSED, ERR_HSM_GONE, ERR_HSM_REFUSED
 */
struct err	ca_make(struct ctx *, const struct authority *,
		    const struct ca_spec *, struct db_ca *out);
/*
 * Have the signer make the key of an issuing CA and a request for its
 * certificate, which the tenant's own root is to sign.  out as above; its state
 * is requested, and its key id that of the key, not of a certificate yet.
 */
struct err	ca_request(struct ctx *, const struct authority *,
		    const struct ca_spec *, struct db_ca *out);
/* The members of a row that say what a CA certificate says.
 * ERR_CERT_LINT	its key id has not ISSUER_KEY_ID_SIZE bytes */
struct err	ca_set_certificate(struct ctx *, struct slice der,
		    struct db_ca *);

/* May the CA of that certificate sign edge CAs of devices? */
bool		 ca_may_edge(struct ctx *, struct slice der);

/* Its name as people read it: "O=tenant-a, CN=Root CA 1"; NULL while its
 * certificate is awaited. */
const char	*ca_subject(struct ctx *, const struct db_ca *);

/* out_next is the cursor of the next page, 0 at the end. */
struct err	ca_list(struct ctx *, const struct authority *,
		    const struct tenant *, struct page, struct db_ca **out,
		    size_t *out_n, int64_t *out_next);
/* By key ID in lower-case hex.  ERR_NOT_FOUND */
struct err	ca_get(struct ctx *, const struct authority *,
		    const struct tenant *, const char *key_id,
		    struct db_ca *out);

#endif
