/* SPDX-License-Identifier: Apache-2.0 */
/* A policy that accepts what a golden device showed. */
#ifndef DAAPKI_POLICY_LEARN_H
#define DAAPKI_POLICY_LEARN_H

#include "policy/policy.h"

/* Which values of a golden device are to be accepted from now on. */
struct policy_learn {
	const char *const	*claims;	/* "pcr.sha256.7" */
	size_t			 n_claims;
	bool			 boot_components;
};

/*
 * A policy that accepts what the old one accepts and also these values of
 * these claims.  A rule that asks for one value becomes one of several; where
 * there is no rule yet, one is made.
 * ERR_CONFLICT	the device has not shown such a claim, or the policy would
 *		grow above its limits
 */
struct err	policy_learn(struct ctx *, const struct policy *,
		    const struct claims *, const struct policy_learn *,
		    struct policy *out);

#endif
