/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificate profiles of a tenant.  A change is a new version; versions
 * never change and stay for ever, since each certificate says by which it was
 * made.  A group follows the newest version of one, or keeps to one version.
 */
#ifndef DAAPKI_AUTHORITY_PROFILE_H
#define DAAPKI_AUTHORITY_PROFILE_H

#include "authority/authority.h"
#include "db/profile.h"
#include "pki/profile.h"

#define PROFILE_DEFAULT_NAME	"default"	/* each tenant has it */
#define PROFILE_NEWEST		0	/* in place of a version */

/* What is wanted of a profile of that name. */
struct profile_change {
	const char		*name;
	const struct profile	*profile;
	const char		*pointer;	/* where in the request it was */
	int64_t			 from_version;	/* the one that was read before,
						 * or PROFILE_NEWEST: any */
};

/*
 * ERR_FIELD	an edge CA where the tenant's issuing CA may sign none, or the
 *		platform's tenant
 * ERR_EXISTS
 */
struct err	profile_create(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const struct profile_change *, struct db_profile *out);
/*
 * The next version, in force from the commit on for groups that follow it.  The
 * same as the newest is no change, and out is that.
 * ERR_FIELD		as above
 * ERR_NOT_FOUND
 * ERR_PRECONDITION	from_version is not the newest
 */
struct err	profile_update(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const struct profile_change *, struct db_profile *out);
/* In the transaction that makes a tenant. */
struct err	profile_add_default(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const char *actor);

/* That version, or PROFILE_NEWEST.  ERR_NOT_FOUND */
struct err	profile_get(struct ctx *, const struct authority *,
		    const struct tenant *, const char *name, int64_t version,
		    struct db_profile *out);
/* The newest version of each. */
struct err	profile_list(struct ctx *, const struct authority *,
		    const struct tenant *, struct page,
		    struct db_profile **out, size_t *out_n, int64_t *out_next);
/* ERR_NOT_FOUND */
struct err	profile_versions(struct ctx *, const struct authority *,
		    const struct tenant *, const char *name, struct page,
		    struct db_profile **out, size_t *out_n, int64_t *out_next);

#endif
