/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reference values (RFC 9334, 8.3): named sets of known-good values of a tenant,
 * each with where it is from and how long it holds.  A policy refers to a set
 * ({"claim": "measurement", "in_set": "pumps"}), so that the values of a firmware
 * release are added without a new version of the policy.
 */
#ifndef DAAPKI_AUTHORITY_REFERENCE_H
#define DAAPKI_AUTHORITY_REFERENCE_H

#include "authority/authority.h"
#include "authority/revision.h"
#include "db/reference.h"
#include "policy/policy.h"

#define REFERENCE_SETS_MAX	1000u	/* of a tenant */
#define REFERENCE_VALUES_MAX	10000u	/* of a set */
#define REFERENCE_NOTE_MAX	200u
#define REFERENCE_PROVENANCE_MAX 500u

/* --- sets ----------------------------------------------------------------- */

struct err	reference_sets(struct ctx *, const struct authority *,
		    const struct tenant *, struct page,
		    struct reference_set **out, size_t *out_n,
		    int64_t *out_next);
/* ERR_NOT_FOUND */
struct err	reference_set_get(struct ctx *, const struct authority *,
		    const struct tenant *, const char *name,
		    struct reference_set *out);
/*
 * Make a set, or give it another note.  note NULL: as it is, "" at first.
 * ERR_PRECONDITION	revision is said and is not the present one
 * ERR_CONFLICT		the tenant has REFERENCE_SETS_MAX
 */
struct err	reference_set_put(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const char *name, const char *note, int64_t revision,
		    struct reference_set *out);
/* ERR_NOT_FOUND, ERR_PRECONDITION
 * ERR_CONFLICT		a policy in force or a draft names it */
struct err	reference_set_delete(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const char *name, int64_t revision);

/* --- values --------------------------------------------------------------- */

/* ERR_NOT_FOUND */
struct err	reference_values(struct ctx *, const struct authority *,
		    const struct tenant *, const char *set, struct page,
		    struct reference_value **out, size_t *out_n,
		    int64_t *out_next);
/*
 * Value, note, provenance and valid_until_s of the row; digests are in lower
 * case.
 * ERR_NOT_FOUND	no such set
 * ERR_FIELD		hex in upper case, or an end that is past
 * ERR_EXISTS		it is in the set
 * ERR_CONFLICT		the set has REFERENCE_VALUES_MAX
 */
struct err	reference_value_add(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const char *set, const struct reference_value *,
		    struct reference_value *out);
/* ERR_NOT_FOUND */
struct err	reference_value_delete(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const char *set, int64_t id);

/* Tell of values that end soon, once each. */
struct err	reference_round(struct ctx *, const struct authority *);

/* --- for appraisal ---------------------------------------------------------- */

/* Every set that the policy names is there.  ERR_FIELD; pointer is that of the
 * policy. */
struct err	reference_check(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const struct policy *,
		    const char *pointer);
/*
 * Give rules that name a set those of the device's values which are in it: with
 * them policy_appraise() says what it would say with the whole set.
 */
struct err	reference_apply(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const struct claims *,
		    struct policy *inout);
/* The sets that a policy names: for each a line "\nname id:revision", as rules
 * have them.  NULL: it names none. */
struct err	reference_sets_named(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const struct policy *,
		    const char **out);
/* SHA-256 of the text of a policy and of those lines. */
void		reference_hash(const char *document, const char *sets,
		    uint8_t out[32]);
/* The same of the sets as they are now. */
struct err	reference_digest(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const char *document,
		    const struct policy *, uint8_t out[32]);

/* The same of a stored policy, in a transaction of its own where it names sets.
 * ERR_STORAGE */
struct err	reference_digest_now(struct ctx *, const struct authority *,
		    int64_t tenant_id, const char *document, uint8_t out[32]);

struct reference_used {
	uint8_t		 sha256[32];	/* reference_hash() */
	const char	*sets;		/* reference_sets_named() */
};
/* All of it, in a transaction of its own where there is need of one. */
struct err	reference_use(struct ctx *, const struct authority *,
		    int64_t tenant_id, const char *document,
		    const struct claims *, struct policy *inout,
		    struct reference_used *out);
/* As reference_apply(), with the sets as they were in such lines. */
struct err	reference_apply_then(struct ctx *, const struct authority *,
		    int64_t tenant_id, const char *sets,
		    const struct claims *, struct policy *inout);

#endif
