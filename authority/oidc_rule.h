/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the claims of an issuer's JWTs make of their holders: an ordered list of
 * rules, of which the first that fits is the one.
 *
 *	{ "claim": "groups", "value": "fleet-admins", "role": "owner",
 *	  "tenant": "tenant-a", "group": "line-2" }
 */
#ifndef DAAPKI_AUTHORITY_OIDC_RULE_H
#define DAAPKI_AUTHORITY_OIDC_RULE_H

#include "authority/authority.h"
#include "pki/jwt.h"

#define OIDC_RULES_MAX	64u	/* of an issuer */
#define OIDC_CLAIM_MAX	128u	/* bytes of a claim's name */
#define OIDC_VALUE_MAX	256u

struct oidc_rule {
	const char	*claim, *value;	/* jwt_claims() */
	enum role	 role;
	const char	*tenant;	/* NULL: the platform */
	const char	*group;		/* NULL: every group of the tenant */
	/* oidc_rules_resolve(): 0 is none.  lost: what it names is not there,
	 * so whom it fits may nothing. */
	int64_t		 tenant_id, group_id;
	bool		 lost;
};

struct oidc_rules {
	size_t			 n;
	struct oidc_rule	*rules;
};

/* What the rules of an issuer may give. */
struct oidc_bounds {
	const char	*tenant;	/* the only one, and which rules mean
					 * that name none; NULL: any */
	bool		 platform;	/* roles of the platform too */
};

/*
 * Read the rules of a JSON array at pointer.
 * ERR_FIELD
 */
struct err	oidc_rules_read(struct ctx *, const json_t *,
		    const char *pointer, const struct oidc_bounds *,
		    struct oidc_rules *out);
json_t		*oidc_rules_json(const struct oidc_rules *);
/* Look up what they name.  ERR_STORAGE */
struct err	oidc_rules_resolve(struct ctx *, struct db_tx *,
		    struct oidc_rules *);
/* The first that fits; NULL: none does. */
const struct oidc_rule	*oidc_rules_match(const struct oidc_rules *,
			    const struct jwt *);

#endif
