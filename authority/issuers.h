/* SPDX-License-Identifier: Apache-2.0 */
/* The CAs of all tenants, kept in memory: those that have a certificate. */
#ifndef DAAPKI_AUTHORITY_ISSUERS_H
#define DAAPKI_AUTHORITY_ISSUERS_H

#include "authority/authority.h"
#include "wire/order.h"

#define ISSUER_KEY_ID_SIZE	20u	/* SubjectKeyIdentifier */
#define ISSUER_CROSSES_MAX	8u	/* given out for one root */

/* One CA.  Lives until issuers_close(); nothing in it changes. */
struct issuer {
	int64_t			 id;		/* row of table ca */
	struct tenant		 tenant;
	enum ca_role		 role;
	uint8_t			 key_id[ISSUER_KEY_ID_SIZE];
	struct slice		 certificate;	/* DER */
	struct slice		 sealed;	/* the signer's record */
	int64_t			 not_before_s, not_after_s;
	const struct issuer	*parent;	/* NULL for a root, and where the
						 * root is the tenant's own: */
	size_t			 n_above;	/* then its issuer first, the */
	const struct slice	*above;		/* root last; DER */
};

struct issuers;

/* Load every CA from the database. */
struct err	issuers_open(struct ctx *, struct authority *,
		    struct issuers **out);
/* NULL is nothing. */
void		issuers_close(struct issuers *);

/* A CA was committed: read it in.  ERR_STORAGE, ERR_NOT_FOUND */
struct err	issuers_add(struct ctx *, const struct authority *,
		    int64_t ca_id);
/* States of a tenant's CAs, or its CAs, or what they signed, have changed, and
 * were committed: read them again.  ERR_STORAGE */
struct err	issuers_sync(struct ctx *, const struct authority *,
		    int64_t tenant_id);

/* NULL when there is none. */
const struct issuer	*issuers_by_key_id(const struct authority *,
			    const uint8_t key_id[static ISSUER_KEY_ID_SIZE]);
const struct issuer	*issuers_by_id(const struct authority *, int64_t id);
/* The CA of that role that serves a tenant now; NULL when there is none. */
const struct issuer	*issuers_active(const struct authority *,
			    int64_t tenant_id, enum ca_role);

/* May what it signed be relied on: is it staged, active, retiring or tainted? */
bool			 issuers_is_alive(const struct authority *,
			    const struct issuer *);
/* The root of its chain; its own certificate for a root. */
struct slice		 issuers_root(const struct issuer *);
/* Certificates of a root by other roots of its tenant that are alive: for who
 * trusts one of those only.  How many there are in out. */
size_t			 issuers_crosses(struct ctx *,
			    const struct authority *, const struct issuer *,
			    struct slice out[static ISSUER_CROSSES_MAX]);

#endif
