/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a tenant.  From the first commit on its tokens are revoked and
 * nobody of it may do anything; then its devices are released (banned ones
 * too: the ban was the tenant's), their certificates revoked, and its CAs
 * revoked, the roots last.  Rows, history and the certificates of CAs stay, and
 * the name stays taken, so that what was issued under it keeps one meaning.
 */
#ifndef DAAPKI_AUTHORITY_TENANT_DELETE_H
#define DAAPKI_AUTHORITY_TENANT_DELETE_H

#include "authority/authority.h"
#include "authority/proposal.h"
#include "db/tenant.h"

#define TENANT_DELETE_BATCH	200u	/* devices of one transaction */

/*
 * Delete it, or go on where that was cut off.
 * ERR_CONFLICT		it is the platform's own
 * ERR_STORAGE		what is left is ended by tenant_delete_round()
 */
struct err	tenant_delete(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    struct db_tenant *out);
/* Go on with one that was cut off. */
struct err	tenant_delete_round(struct ctx *, const struct authority *);

#endif
