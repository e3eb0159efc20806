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
#define CA_BUNDLE_MAX	1000u	/* CAs in one bundle */

/* Where anyone gets its certificate, and its CRL: on the status plane. */
const char	*ca_url(struct ctx *, const struct authority *,
		    const uint8_t key_id[static ISSUER_KEY_ID_SIZE]);
const char	*ca_crl_url(struct ctx *, const struct authority *,
		    const uint8_t key_id[static ISSUER_KEY_ID_SIZE]);

/*
 * Have the signer make a key and its certificate: a root of the tenant, or
 * under parent an issuing or server CA.  out is a row, active, that is not in
 * the database yet: tenant_id and parent_id are the caller's to set.
 * ERR_SIGNER_GONE, ERR_SIGNER_REFUSED
 */
struct err	ca_make(struct ctx *, const struct authority *,
		    const char *tenant, enum ca_role,
		    const struct db_ca *parent, struct db_ca *out);

/* Its name as people read it: "O=tenant-a, CN=Root CA 1". */
const char	*ca_subject(struct ctx *, const struct db_ca *);

/* out_next is the cursor of the next page, 0 at the end. */
struct err	ca_list(struct ctx *, const struct authority *,
		    const struct tenant *, struct page, struct db_ca **out,
		    size_t *out_n, int64_t *out_next);
/* By key ID in lower-case hex.  ERR_NOT_FOUND */
struct err	ca_get(struct ctx *, const struct authority *,
		    const struct tenant *, const char *key_id,
		    struct db_ca *out);
/*
 * PEM of the tenant's roots that are not revoked; with_chain adds its issuing
 * CAs, before the roots as TLS wants it.
 */
struct err	ca_bundle(struct ctx *, const struct authority *,
		    const struct tenant *, bool with_chain,
		    const char **out);

#endif
