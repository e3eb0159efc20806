/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the roles of operators may, and when two operators are two people.
 *
 * Roles are of a tenant or of the platform; a role of the platform holds in
 * every tenant.
 */
#ifndef DAAPKI_AUTHORITY_ROLE_H
#define DAAPKI_AUTHORITY_ROLE_H

#include "authority/authority.h"

/* What can be asked of an operator. */
enum right {
	RIGHT_READ,	/* look */
	RIGHT_AUDIT,	/* look at who did what, and who may what */
	RIGHT_WRITE,	/* make and change */
	RIGHT_OWN,	/* take away, give away, revoke, say who may */
	RIGHT_ADMIN,	/* the platform */
	RIGHT_COUNT,
};

#define ROLE_NAME_MAX		16u	/* letters */
#define ROLE_PERSON_MAX		512u	/* bytes of principal.person */
#define ROLE_LINEAGE_MAX	4096u	/* bytes of principal.lineage */

/* "reader", "auditor", "contributor", "owner", "admin". */
const char	*role_name(enum role);
bool		 role_find(const char *name, enum role *out);
bool		 role_may(enum role, enum right);
/* Whether there are principals of the platform (else: of a tenant) with it. */
bool		 role_is_of(enum role, bool platform);

/*
 * The lineage of what this principal makes: itself, and its own.
 * ERR_CONFLICT		it would be longer than ROLE_LINEAGE_MAX
 */
struct err	 role_lineage(struct ctx *, const struct principal *,
		    const char **out);
/* Is that person one of a lineage, which may be NULL? */
bool		 role_is_in(const char *lineage, const char *person);
/*
 * Whether they are two for the two-person rule: not the same person, neither
 * made the credential of the other, nor one that made it, and nobody made both
 * but the first of all.  Who makes a credential has had its secret, or can
 * make another like it.
 */
bool		 role_are_two(const struct principal *,
		    const struct principal *);

#endif
