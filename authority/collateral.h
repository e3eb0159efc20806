/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collateral: what vendors publish of their platforms and certificates, read
 * and verified when an operator brings it.  The platform's holds for every
 * tenant, a tenant's for its own devices.
 */
#ifndef DAAPKI_AUTHORITY_COLLATERAL_H
#define DAAPKI_AUTHORITY_COLLATERAL_H

#include "authority/authority.h"
#include "authority/collateral_read.h"
#include "db/collateral.h"

#define COLLATERAL_NAME_MAX		200u
#define COLLATERAL_PROVENANCE_MAX	500u

struct collateral_spec {
	const char	*kind, *name;
	const char	*provenance;	/* where it is from; NULL: not said */
	const json_t	*document;	/* authority/collateral_read.h */
};

/*
 * Verify it by the anchors of the scope (a tenant's and the platform's;
 * tenant NULL: the platform's) and keep it, in the place of an older one about
 * the same.
 * ERR_FIELD	an unknown kind, or a document that is malformed, not signed
 *		under an anchor, or not valid now
 * ERR_EXISTS	there is a newer one
 */
struct err	collateral_add(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const struct collateral_spec *,
		    struct db_collateral *out);
/* Without their documents. */
struct err	collateral_list(struct ctx *, const struct authority *,
		    const struct tenant *, struct page,
		    struct db_collateral **out, size_t *out_n,
		    int64_t *out_next);
/* ERR_NOT_FOUND */
struct err	collateral_get(struct ctx *, const struct authority *,
		    const struct tenant *, int64_t id,
		    struct db_collateral *out);
/* ERR_NOT_FOUND */
struct err	collateral_delete(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    int64_t id);

/* Forget what was replaced long since and no certificate rests on.  An event
 * collateral.expiring for what lapses within limits.collateral_warn_s,
 * once each. */
struct err	collateral_round(struct ctx *, const struct authority *);

#endif
