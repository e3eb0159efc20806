/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Appraisal policies (RFC 9334, 8.5): what a group asks of the claims that a
 * verifier made.
 *
 *	{"formats": ["tpm2"],
 *	 "rules": [{"claim": "hardware_key", "equals": true},
 *		   {"claim": "pcr.sha256.7", "one_of": ["<hex>", ...]},
 *		   {"claim": "boot_components", "subset_of": ["<hex>", ...]},
 *		   {"claim": "tpm_firmware_version", "at_least": 7}]}
 *
 * Everything is denied that is not asked for: there is at least one rule, all
 * of them must be met, and a rule over a claim that was not made is not.
 * Nothing here does I/O or reads a clock.  schema/policy.schema.json says the
 * same for other programs.
 */
#ifndef DAAPKI_POLICY_POLICY_H
#define DAAPKI_POLICY_POLICY_H

#include "base/claims.h"
#include "base/ctx.h"
#include "codec/json.h"

#define POLICY_RULES_MAX	64u
#define POLICY_VALUES_MAX	256u	/* of one rule */
#define POLICY_FORMATS_MAX	16u
#define POLICY_CLAIM_MAX	64u	/* bytes of a claim's name */
#define POLICY_VALUE_TEXT_MAX	256u
#define POLICY_VALUE_BYTES_MAX	64u	/* a SHA-512 digest */
#define POLICY_TEXT_MAX		(64u * 1024u)	/* stored document */

enum policy_op {
	POLICY_EQUALS,		/* the claim is the value */
	POLICY_ONE_OF,		/* the claim is one of the values */
	POLICY_AT_LEAST,	/* the claim is a number not below the value */
	POLICY_SUBSET_OF,	/* the claim is a list of some of the values, at
				 * least one; nothing else is in it */
	POLICY_CONTAINS,	/* the claim is a list with all the values in it */
	POLICY_OP_COUNT,
};

/* One value; its type is that of the rule's claim, TEXT for items of a list. */
union policy_value {
	bool		 boolean;
	uint64_t	 uint;
	const char	*text;
	struct slice	 bytes;
};

struct policy_rule {
	const char			*claim;		/* "pcr.sha256.7" */
	const struct claim_kind		*kind;
	enum policy_op			 op;
	const union policy_value	*values;	/* one, or several */
	size_t				 n_values;
};

struct policy {
	const char *const		*formats;	/* none: any format */
	size_t				 n_formats;
	const struct policy_rule	*rules;		/* in the given order */
	size_t				 n_rules;
};

/* What an appraisal came to, in the words of EAR (draft-ietf-rats-ear). */
struct verdict {
	const char	*tier;		/* "affirming" or "contraindicated" */
	int64_t		 policy_version;
	struct err	 refusal;	/* OK when affirming */
	const char	*claim;		/* of the rule that was not met, or NULL */
	/* Which rule, and what was found: for the device and the operator.
	 * "" when affirming. */
	const char	*detail;
};

/* Which values of a golden device are to be accepted from now on. */
struct policy_learn {
	const char *const	*claims;	/* "pcr.sha256.7" */
	size_t			 n_claims;
	bool			 boot_components;
};

/*
 * Read a policy document.  Values are copied to cx->arena.  pointer is where
 * the document stands in the request.
 * ERR_FIELD	a member is unknown, missing or does not fit its claim; the
 *		pointer says which
 */
struct err	policy_read(struct ctx *, const json_t *, const char *pointer,
		    struct policy *out);
/* The same for a stored document.  ERR_STORAGE: it cannot be read. */
struct err	policy_parse(struct ctx *, const char *text,
		    struct policy *out);

/* The document of a policy; the caller has the reference. */
json_t		*policy_json(struct ctx *, const struct policy *);
/* Its canonical text: compact, formats before rules. */
const char	*policy_text(struct ctx *, const struct policy *);

/* "equals" and so on: the member of the rule. */
const char	*policy_op_name(enum policy_op);

/*
 * Hold the claims against the policy.  The first rule that is not met, in the
 * order of the document, decides the refusal, whose code is the claim's own;
 * the format comes before all rules.  format is what the evidence was.
 */
void		policy_appraise(struct ctx *, const struct policy *,
		    int64_t version, const char *format,
		    const struct claims *, struct verdict *out);

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
