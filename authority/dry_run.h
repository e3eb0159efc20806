/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy would do to a group, told before it is in force: it is held
 * against what each device showed last, by the function that appraises.
 *
 * Stored claims are what verifiers made of evidence then: signatures, trust
 * anchors and collateral are not looked at again.  A device of which no claims
 * are kept is unknown, never one that passes.
 */
#ifndef DAAPKI_AUTHORITY_DRY_RUN_H
#define DAAPKI_AUTHORITY_DRY_RUN_H

#include "authority/authority.h"
#include "policy/policy.h"

#define DRY_RUN_PAGE_MAX	1000u	/* devices looked at in one call */
#define DRY_RUN_FIRST		10u	/* device IDs told of each reason */

enum dry_run_outcome {
	DRY_RUN_PASSES,		/* both policies accept what it showed */
	DRY_RUN_FAILS,		/* neither does */
	DRY_RUN_NEWLY_PASSES,	/* only the one that is tried */
	DRY_RUN_NEWLY_FAILS,	/* only the one in force */
	DRY_RUN_UNKNOWN,	/* what it showed is not known */
	DRY_RUN_BANNED,		/* whatever it shows, it is refused */
	DRY_RUN_OUTCOMES,
};
/* "newly_fails" and so on. */
const char	*dry_run_outcome_name(enum dry_run_outcome);

struct dry_run_item {
	const char		*device_id;
	enum dry_run_outcome	 outcome;
	/* By the policy that is tried; by the one in force where only that one
	 * refuses; why it is unknown.  NULL: does not apply. */
	const char		*code, *claim, *detail;
	int64_t			 attested_s;	/* 0: never */
	bool			 refused;	/* what it showed then was refused */
};

struct dry_run_reason {
	enum dry_run_outcome	 outcome;
	const char		*code, *claim;	/* claim may be NULL */
	size_t			 n;
	const char		*first[DRY_RUN_FIRST];	/* device IDs */
};

/* What is tried: one of these. */
struct dry_run_spec {
	const struct policy	*policy;	/* or NULL: */
	int64_t			 version;	/* or 0: the draft */
};

struct dry_run {
	int64_t			 at_s, in_force;
	int64_t			 version, revision;	/* of what was tried, or 0 */
	uint8_t			 policy_sha256[32];	/* reference_digest() */
	size_t			 n_devices;		/* looked at */
	size_t			 counts[DRY_RUN_OUTCOMES];
	struct dry_run_reason	*reasons;	/* in order of first sight */
	size_t			 n_reasons;
	struct dry_run_item	*items;		/* those that do not pass both */
	size_t			 n_items;
	int64_t			 next;		/* 0: that was all */
};

/*
 * Look at the devices of a group after page.after, at most page.limit.
 * ERR_NOT_FOUND	no such group, version or draft
 * ERR_FIELD		policy names a format that is not known
 */
struct err	dry_run(struct ctx *, const struct authority *,
		    const struct tenant *, const char *group,
		    const struct dry_run_spec *, struct page,
		    struct dry_run *out);

#endif
