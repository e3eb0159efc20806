/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Appraisal policies (RFC 9334, 8.5): what a group asks of the claims that a
 * verifier made.
 *
 *	{"formats": ["tpm2"],
 *	 "rules": [{"claim": "hardware_key", "equals": true},
 *		   {"claim": "pcr.sha256.7", "one_of": ["<hex>", ...]},
 *		   {"claim": "boot_components", "subset_of": ["<hex>", ...]},
 *		   {"claim": "tpm_firmware_version", "at_least": 7},
 *		   {"claim": "status", "one_of": ["UpToDate",
 *		    {"value": "OutOfDate", "until": "2027-01-01T00:00:00Z"}]},
 *		   {"claim": "measurement", "in_set": "pumps"}]}
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
	POLICY_NONE_OF,		/* the claim is none of the values, or is a list
				 * with none of them in it */
	POLICY_SUBSET_OF,	/* the claim is a list with nothing else in it */
	POLICY_CONTAINS,	/* the claim is a list with all the values in it */
	POLICY_IN_SET,		/* the claim, or each item of it, is in a set of
				 * reference values (authority/reference.h) */
	POLICY_OP_COUNT,
};

/* One value; its type is that of the rule's claim, TEXT for items of a list. */
struct policy_value {
	union {
		bool		 boolean;
		uint64_t	 uint;
		const char	*text;
		struct slice	 bytes;
	};
	int64_t		 until_s;	/* accepted until then; 0: for ever */
};

struct policy_rule {
	const char			*claim;		/* "pcr.sha256.7" */
	const struct claim_kind		*kind;
	enum policy_op			 op;
	const struct policy_value	*values;	/* one, or several */
	size_t				 n_values;
	const char			*set;	/* POLICY_IN_SET: its name; else
						 * NULL.  The values are those of
						 * it that the device showed. */
};

struct policy {
	const char *const		*formats;	/* none: any format */
	size_t				 n_formats;
	const struct policy_rule	*rules;		/* in the given order */
	size_t				 n_rules;
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

/* Has it a rule that refers to a set of reference values? */
bool		policy_names_sets(const struct policy *);
/* A claim that is no list as values of sets are written: text, lower-case hex,
 * a decimal number, true or false. */
const char	*policy_claim_text(struct ctx *, const struct claim *);

/* "equals" and so on: the member of the rule. */
const char	*policy_op_name(enum policy_op);

/* Is the claim, of this type and no list, that value? */
bool		policy_value_is(enum claim_type, const struct claim *,
		    const struct policy_value *);
/* The value with that text; NULL when there is none. */
const struct policy_value *policy_value_find(const struct policy_value *,
		    size_t n, const char *text);
/* The rule over that claim with that operator; NULL when there is none. */
const struct policy_rule *policy_rule_find(const struct policy_rule *,
		    size_t n, const char *claim, enum policy_op);

#endif
