/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holding claims against a policy, and what that comes to in the words of
 * RFC 9334 and AR4SI (draft-ietf-rats-ar4si): a tier and a trust vector.
 *
 * Some things are refused unless the policy says itself what of them it accepts
 * (not only what it does not, none_of): a platform
 * that could be debugged, a TCB whose vendor does not call it up to date; a guest
 * or trust domain that can be moved away; of an SNP guest firmware that is not
 * committed to, and a report from below the highest privilege level; PSA life
 * cycles but "secured"; an Android device whose boot loader is unlocked, or that
 * did not boot its maker's system.
 */
#ifndef DAAPKI_POLICY_APPRAISE_H
#define DAAPKI_POLICY_APPRAISE_H

#include "base/ar4si.h"
#include "policy/policy.h"

/* What an appraisal came to. */
struct verdict {
	/* AR4SI_WARNING: accepted, but something only until until_s, or though
	 * it can be debugged or its vendor does not call it sound;
	 * AR4SI_CONTRAINDICATED: refused. */
	const char	*tier;			/* its name */
	uint8_t		 vector[AR4SI_ELEMENTS];	/* enum ar4si_tier */
	int64_t		 until_s;	/* of what ends; else 0 */
	int64_t		 policy_version;
	struct err	 refusal;	/* OK unless contraindicated */
	const char	*claim;		/* of the rule that was not met, or NULL */
	/* Which rule, and what was found: for the device and the operator.
	 * "" unless refused. */
	const char	*detail;
};

/*
 * Hold the claims against the policy at that time.  The first rule that is not
 * met, in the order of the document, decides the refusal, whose code is the
 * claim's own; the format comes before all rules, and what is refused by
 * default after them.  format is what the evidence was.
 */
void		policy_appraise(struct ctx *, const struct policy *,
		    int64_t version, int64_t at_s, const char *format,
		    const struct claims *, struct verdict *out);

/* One rule alone against a claim that it is over. */
bool		policy_rule_met(struct ctx *, const struct policy_rule *,
		    int64_t at_s, const struct claim *);

#endif
