/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a group's policies.  Versions never change; one is in force.  A
 * draft can be changed until it is put in force, which makes it the next
 * version; any version that there was can be put in force again.  Each time is
 * kept, with who and why.
 */
#ifndef DAAPKI_AUTHORITY_POLICIES_H
#define DAAPKI_AUTHORITY_POLICIES_H

#include "authority/authority.h"
#include "authority/revision.h"
#include "db/group.h"
#include "db/policy.h"
#include "policy/policy.h"

#define POLICIES_REASON_MAX	200u
#define POLICIES_GRACE_MAX_S	(90 * 86400)

/* A format that no verifier has would keep every device out.  ERR_FIELD; pointer
 * is that of the formats. */
struct err	policies_check_formats(struct ctx *, const struct policy *,
		    const char *pointer);

/* --- versions ------------------------------------------------------------ */

/* ERR_NOT_FOUND	no such group or version */
struct err	policies_version(struct ctx *, const struct authority *,
		    const struct tenant *, const char *group, int64_t version,
		    struct db_policy *out);
/* Versions above page.after, oldest first.  ERR_NOT_FOUND */
struct err	policies_versions(struct ctx *, const struct authority *,
		    const struct tenant *, const char *group, struct page,
		    struct db_policy **out, size_t *out_n, int64_t *out_next);
/* What was put in force, oldest first.  ERR_NOT_FOUND */
struct err	policies_activations(struct ctx *, const struct authority *,
		    const struct tenant *, const char *group, struct page,
		    struct db_policy_activation **out, size_t *out_n,
		    int64_t *out_next);

/* --- drafts -------------------------------------------------------------- */

/* ERR_NOT_FOUND	no such group, or it has no draft */
struct err	policies_draft(struct ctx *, const struct authority *,
		    const struct tenant *, const char *group,
		    struct db_policy_draft *out);
/*
 * Make or replace the draft.  from_revision is the draft that this is a change
 * of, or REVISION_ANY.
 * ERR_FIELD		a format or a set of reference values that is not there
 * ERR_NOT_FOUND
 * ERR_PRECONDITION	another draft is there now, or none
 */
struct err	policies_draft_put(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const char *group, const struct policy *,
		    int64_t from_revision, struct db_policy_draft *out);
/* ERR_NOT_FOUND, ERR_PRECONDITION */
struct err	policies_draft_drop(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const char *group, int64_t from_revision);

/* --- putting in force ------------------------------------------------------ */

struct activation_spec {
	int64_t		 version;	/* one that there is, or 0: */
	int64_t		 draft;		/* the draft, in this revision */
	int64_t		 from_version;	/* in force now, or REVISION_ANY */
	int64_t		 grace_s;	/* 0: none */
	const char	*reason;	/* "": none given */
};

/*
 * Put a version or the draft in force.  With a grace, devices whose last
 * accepted attestation met the version before go on renewing by certificate
 * alone for so long; the next activation ends it.
 * ERR_NOT_FOUND	no such group or version
 * ERR_CONFLICT		that version is in force
 * ERR_PRECONDITION	there is no draft of that revision, or another version
 *			is in force
 */
struct err	policies_activate(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const char *group, const struct activation_spec *,
		    struct db_policy_activation *out);

/* --- in the transactions of others ------------------------------------------ */

/* The first version of a group that is being made. */
struct err	policies_begin(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t group_id,
		    const struct db_policy *);
/* The next version, in force from the commit on.  ERR_FIELD: it names a set of
 * reference values that is not there. */
struct err	policies_next(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const struct db_group *,
		    const struct policy *, const char *actor,
		    const char *reason, struct db_policy *out);
/* The version before the one in force, while a grace for it is under way. */
struct err	policies_grace(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t group_id, struct db_policy *out,
		    bool *out_found);

#endif
