/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which devices a rule is about.
 *
 *	{"device_ids": ["<64 hex>", ...],
 *	 "group": "lab",
 *	 "labels": {"site": "berlin"},
 *	 "shows": {"rules": [{"claim": "pcr.sha256.7", "equals": "<hex>"}]},
 *	 "fails": {"rules": [{"claim": "tcb_snp", "at_least": 22}]}}
 *
 * Every member that is there must fit.  shows and fails are policies: what a
 * device attested shows when all of its rules are met, and fails when one is
 * not that is over a claim which was made: the rule above fits a TCB below 22,
 * and nothing that has no such TCB.  Nothing here does I/O or reads a clock.
 */
#ifndef DAAPKI_POLICY_MATCH_H
#define DAAPKI_POLICY_MATCH_H

#include "policy/policy.h"

#define MATCH_DEVICES_MAX	1000u
#define MATCH_LABELS_MAX	16u
#define MATCH_TEXT_MAX		(128u * 1024u)	/* stored document */

struct match_label { const char *name, *value; };

struct match {
	const char *const	*device_ids;	/* none: any */
	size_t			 n_device_ids;
	const char		*group;		/* NULL: any */
	const struct match_label *labels;
	size_t			 n_labels;
	const struct policy	*shows, *fails;	/* or NULL */
};

/* A device that is held against it; what is not known is NULL. */
struct match_device {
	const char		*device_id, *group;
	const char		*labels;	/* a JSON object */
	const char		*format;
	const struct claims	*claims;	/* as it attested */
};

/* pointer is where the document stands.
 * ERR_FIELD	a member is unknown or does not fit, or there is none */
struct err	match_read(struct ctx *, const json_t *, const char *pointer,
		    struct match *out);
/* The same for a stored document.  ERR_STORAGE */
struct err	match_parse(struct ctx *, const char *text, struct match *out);

/* Does it ask for what was attested? */
bool		match_takes_claims(const struct match *);
bool		match_fits(struct ctx *, const struct match *,
		    const struct match_device *, int64_t at_s);

#endif
