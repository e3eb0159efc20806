/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recovery of a tenant that nobody looks after: platform administrators have
 * its devices moved to another, where the setting two_person names
 * "tenant-recovery" by two of them.
 *
 * Nothing moves before limits.recovery_wait_s is over.  Until then the tenant's
 * feed has said so, its owner may object, and an owner's token that is used is
 * an objection too.  Then the devices go by transfers that nobody was asked
 * for, which both histories show; banned ones stay.
 */
#ifndef DAAPKI_AUTHORITY_RECOVERY_H
#define DAAPKI_AUTHORITY_RECOVERY_H

#include "authority/authority.h"
#include "authority/proposal.h"
#include "db/recovery.h"

#define RECOVERY_REASON_MAX	256u
#define RECOVERY_BATCH		200u	/* devices of one transaction */

struct recovery_spec {
	const char	*tenant, *to;	/* names */
	const char	*group;		/* there; NULL: "default" */
	const char	*reason;
};

/*
 * Begin to wait.
 * ERR_NOT_FOUND	one of the tenants, or the group
 * ERR_FIELD		both are the same
 * ERR_CONFLICT		one is under way; an owner's token was used within
 *			limits.recovery_wait_s
 */
struct err	recovery_begin(struct ctx *, const struct authority *,
		    const struct principal *, const struct recovery_spec *,
		    struct recovery_row *out);
/* What a proposal keeps of it. */
json_t		*recovery_params(const struct recovery_spec *);

/* Of a tenant, or of all (NULL), in order of row ID. */
struct err	recovery_list(struct ctx *, const struct authority *,
		    const struct tenant *, struct page,
		    struct recovery_row **out, size_t *out_n);

/*
 * The tenant is not orphaned.
 * ERR_NOT_FOUND
 * ERR_CONFLICT		it is past
 */
struct err	recovery_object(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    int64_t id, struct recovery_row *out);

/* Move what has waited long enough, and go on with what was cut off. */
struct err	recovery_round(struct ctx *, const struct authority *);

#endif
