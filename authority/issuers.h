/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CAs of all tenants, kept in memory, and their CRLs: made again at once
 * when a revocation says so, and by time before they run out.
 */
#ifndef DAAPKI_AUTHORITY_ISSUERS_H
#define DAAPKI_AUTHORITY_ISSUERS_H

#include "authority/authority.h"
#include "wire/order.h"

#define ISSUER_KEY_ID_SIZE	20u	/* SubjectKeyIdentifier */

/* One CA.  Lives until issuers_close(); nothing in it changes but the CRL. */
struct issuer {
	int64_t			 id;		/* row of table ca */
	struct tenant		 tenant;
	enum ca_role		 role;
	uint8_t			 key_id[ISSUER_KEY_ID_SIZE];
	struct slice		 certificate;	/* DER */
	struct slice		 sealed;	/* the signer's record */
	int64_t			 not_before_s, not_after_s;
	const struct issuer	*parent;	/* NULL for a root */
};

struct issuers;

/* Load every CA from the database and begin to keep the CRLs fresh. */
struct err	issuers_open(struct ctx *, struct authority *,
		    struct issuers **out);
/* Stops the CRL thread first. NULL is nothing. */
void		issuers_close(struct issuers *);

/* A CA was committed: read it in.  ERR_STORAGE, ERR_NOT_FOUND */
struct err	issuers_add(struct ctx *, const struct authority *,
		    int64_t ca_id);

/* NULL when there is none. */
const struct issuer	*issuers_by_key_id(const struct authority *,
			    const uint8_t key_id[static ISSUER_KEY_ID_SIZE]);
/* The CA of that role that serves a tenant now; NULL when there is none. */
const struct issuer	*issuers_active(const struct authority *,
			    int64_t tenant_id, enum ca_role);

/* A revocation under this CA was committed: a new CRL within a second. */
void		issuers_crl_changed(const struct authority *, int64_t ca_id);
/*
 * A copy of the present CRL.  false while there is none yet.  out_number is
 * its CRL number, out_next_s its nextUpdate.
 */
bool		issuers_crl(struct ctx *, const struct authority *,
		    const struct issuer *, struct slice *out,
		    uint64_t *out_number, int64_t *out_this_s,
		    int64_t *out_next_s);

#endif
