/* SPDX-License-Identifier: Apache-2.0 */
/* What the decision to issue a certificate rested on.  All: ERR_STORAGE. */
#ifndef DAAPKI_DB_BASIS_H
#define DAAPKI_DB_BASIS_H

#include "db/db.h"

struct certificate_basis {
	const char	*format, *verdict, *policy_group;
	int64_t		 appraised_s, policy_version;
	struct slice	 evidence_sha256, policy_sha256;
	/* Of fresh evidence only; else empty and NULL. */
	struct slice	 collateral_sha256;
	struct slice	 claims_sha256, nonce;
	struct slice	 activation;	/* EK's SHA-256, AK's name; or empty */
	const char	*sets;		/* "name id:revision\n"...; or NULL */
};

struct err	db_basis_add(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t certificate, const struct certificate_basis *);
/* None of certificates of before it was kept, or brought in by recovery. */
struct err	db_basis_get(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t certificate, struct certificate_basis *out,
		    bool *out_found);
/* That of the certificate of a device that was issued on fresh evidence with
 * that SHA-256 at that time: what renewals without evidence go back to. */
struct err	db_basis_fresh(struct ctx *, struct db_tx *, int64_t tenant_id,
		    const char *device_id, const struct certificate_basis *,
		    struct certificate_basis *out, bool *out_found);

#endif
