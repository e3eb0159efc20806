/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups: devices of a tenant that share an appraisal policy and a certificate
 * profile (authority/profile.h).  Of the versions of a policy one is in force;
 * more of them in authority/policies.h.
 */
#ifndef DAAPKI_AUTHORITY_GROUP_H
#define DAAPKI_AUTHORITY_GROUP_H

#include "authority/authority.h"
#include "authority/revision.h"
#include "db/group.h"
#include "db/policy.h"
#include "policy/learn.h"

#define GROUP_DEFAULT_NAME		"default"
#define GROUP_TITLE_MAX			200u
#define GROUP_AS_IT_IS			(-1)

/* What is asked of a group. */
struct group_spec {
	const char	*title;		/* NULL: as it is, "" at first */
	const char	*profile;	/* NULL: as it is, "default" at first */
	/* A version, PROFILE_NEWEST or GROUP_AS_IT_IS; another profile is
	 * followed unless a version is said. */
	int64_t		 profile_version;
	int64_t		 revision;	/* group_change(): the one that it
					 * changes, or REVISION_ANY */
};

/*
 * policy NULL: a key that the hardware holds is all that is asked for.
 * ERR_FIELD	no such profile or version, a format that is not known, or the
 *		platform's tenant
 * ERR_EXISTS
 */
struct err	group_create(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const char *name, const struct group_spec *,
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
/* ERR_NOT_FOUND, ERR_FIELD, ERR_PRECONDITION */
struct err	group_change(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const char *name, const struct group_spec *,
		    struct db_group *out);

/* The policy in force.  ERR_NOT_FOUND */
struct err	group_policy(struct ctx *, const struct authority *,
		    const struct tenant *, const char *name,
		    struct db_policy *out);
/* Make a policy the one in force: the next version.  version: the one that it
 * follows, or REVISION_ANY.
 * ERR_NOT_FOUND, ERR_FIELD, ERR_PRECONDITION */
struct err	group_set_policy(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const char *name, int64_t version, const struct policy *,
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
