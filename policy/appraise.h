/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holding claims against a policy, and what that comes to in the words of
 * RFC 9334 and AR4SI (draft-ietf-rats-ar4si): a tier and a trust vector.
 *
 * Two things are refused unless the policy speaks of them itself: a platform
 * that could be debugged, and a TCB whose vendor does not call it up to date.
 */
#ifndef DAAPKI_POLICY_APPRAISE_H
#define DAAPKI_POLICY_APPRAISE_H

#include "policy/policy.h"

/* AR4SI, 2.3: what each element of the vector speaks of. */
enum trust_element {
	TRUST_INSTANCE_IDENTITY, TRUST_CONFIGURATION, TRUST_EXECUTABLES,
	TRUST_FILE_SYSTEM, TRUST_HARDWARE, TRUST_RUNTIME_OPAQUE,
	TRUST_STORAGE_OPAQUE, TRUST_SOURCED_DATA,
	TRUST_ELEMENT_COUNT,
};

/* The values that are used of AR4SI's; 0 says nothing. */
enum trust_value {
	TRUST_NONE = 0,
	TRUST_AFFIRMED = 2,	/* known, and approved by the policy */
	TRUST_WARNED = 32,	/* accepted for a time only */
	TRUST_REFUSED = 96,	/* what was shown is not accepted */
};

/* What an appraisal came to. */
struct verdict {
	/* "affirming"; "warning": accepted, but something only until until_s;
	 * "contraindicated": refused. */
	const char	*tier;
	uint8_t		 vector[TRUST_ELEMENT_COUNT];	/* enum trust_value */
	int64_t		 until_s;	/* of "warning"; else 0 */
	int64_t		 policy_version;
	struct err	 refusal;	/* OK unless contraindicated */
	const char	*claim;		/* of the rule that was not met, or NULL */
	/* Which rule, and what was found: for the device and the operator.
	 * "" unless refused. */
	const char	*detail;
};

/* "instance-identity" and so on. */
const char	*trust_element_name(enum trust_element);

/*
 * Hold the claims against the policy at that time.  The first rule that is not
 * met, in the order of the document, decides the refusal, whose code is the
 * claim's own; the format comes before all rules, and what is refused by
 * default after them.  format is what the evidence was.
 */
void		policy_appraise(struct ctx *, const struct policy *,
		    int64_t version, int64_t at_s, const char *format,
		    const struct claims *, struct verdict *out);

#endif
