/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups: devices of a tenant that share an appraisal policy and a certificate
 * profile.  Policies are kept as versions that never change; the newest is in
 * force.
 */
#ifndef DAAPKI_AUTHORITY_GROUP_H
#define DAAPKI_AUTHORITY_GROUP_H

#include "authority/authority.h"
#include "db/group.h"
#include "db/policy.h"
#include "policy/learn.h"

#define GROUP_DEFAULT_NAME		"default"
#define GROUP_TITLE_MAX			200u
/* lifetime and backdate together stay below CA_LEAF_MAX_S */
#define GROUP_LIFETIME_MIN_S		1
#define GROUP_LIFETIME_MAX_S		(90 * 86400)
#define GROUP_BACKDATE_MAX_S		86400
#define GROUP_RENEW_WITHOUT_MAX_S	(90 * 86400)
#define GROUP_INTERVAL_MAX_S		86400

/* What is asked of a group; -1 and NULL mean: as it is, or the default. */
struct group_profile {
	const char	*title;
	int64_t		 lifetime_s;		/* default 86400 */
	int64_t		 backdate_s;		/* default 300 */
	int64_t		 renew_after_percent;	/* 1 to 99, default 50 */
	int64_t		 renew_without_evidence_s;	/* default 0: never */
	int64_t		 min_interval_s;	/* default 0 */
};

/*
 * policy NULL: a key that the hardware holds is all that is asked for.
 * ERR_FIELD	a number out of range, a format that is not known, or the
 *		platform's tenant
 * ERR_EXISTS
 */
struct err	group_create(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const char *name, const struct group_profile *,
		    const struct policy *, struct db_group *out);
/* In the transaction that makes a tenant. */
struct err	group_add_default(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const char *actor);

/* ERR_NOT_FOUND */
struct err	group_get(struct ctx *, const struct authority *,
		    const struct tenant *, const char *name,
		    struct db_group *out);
struct err	group_list(struct ctx *, const struct authority *,
		    const struct tenant *, struct page,
		    struct db_group **out, size_t *out_n, int64_t *out_next);
/* ERR_NOT_FOUND, ERR_FIELD */
struct err	group_change(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const char *name, const struct group_profile *,
		    struct db_group *out);

/* The policy in force.  ERR_NOT_FOUND */
struct err	group_policy(struct ctx *, const struct authority *,
		    const struct tenant *, const char *name,
		    struct db_policy *out);
/* Make a policy the one in force: the next version.
 * ERR_NOT_FOUND, ERR_FIELD */
struct err	group_set_policy(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const char *name, const struct policy *,
		    struct db_policy *out);
/*
 * Have the policy also accept what a device of this group showed when it was
 * attested last.
 * ERR_NOT_FOUND	no such group, or the device is not the tenant's
 * ERR_CONFLICT		it is in another group, is banned, was never attested,
 *			or has not shown what is to be learned
 */
struct err	group_learn_policy(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const char *name, const char *device_id,
		    const struct policy_learn *, struct db_policy *out);

/* For enrolment, in its transaction: profile and policy in force. */
struct err	group_rules(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t group_id, struct db_group *out_group,
		    struct policy *out_policy);

#endif
