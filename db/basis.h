/* SPDX-License-Identifier: Apache-2.0 */
/* What the decision to issue a certificate rested on.  All: ERR_STORAGE. */
#ifndef DAAPKI_DB_BASIS_H
#define DAAPKI_DB_BASIS_H

#include "db/db.h"

struct certificate_basis {
	const char	*format, *verdict, *policy_group;
	int64_t		 appraised_s, policy_version;
	struct slice	 evidence_sha256, policy_sha256;
	struct slice	 collateral_sha256;	/* empty: no fresh evidence */
};

struct err	db_basis_add(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t certificate, const struct certificate_basis *);
/* None of certificates of before it was kept, or brought in by recovery. */
struct err	db_basis_get(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t certificate, struct certificate_basis *out,
		    bool *out_found);

#endif
