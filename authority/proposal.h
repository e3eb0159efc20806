/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two-person rule: what the setting two_person names is not done when it is
 * asked for.  It becomes a proposal; another person approves it, and then it is
 * carried out, or rejects it.  Who are two: role_are_two() of authority/role.h.
 *
 * A door that does something of a kind below asks proposal_is_needed(); if so
 * it calls proposal_make() in place of doing it, and answers 202.  params is
 * all that carrying it out needs; what it depends on is looked at again then.
 */
#ifndef DAAPKI_AUTHORITY_PROPOSAL_H
#define DAAPKI_AUTHORITY_PROPOSAL_H

#include "authority/authority.h"
#include "codec/json.h"
#include "db/proposal.h"

#define PROPOSAL_SUBJECT_MAX	256u		/* bytes */
#define PROPOSAL_PARAMS_MAX	(1024u * 1024u)	/* bytes of JSON */
/* One that was approved and is not at its end by then can be approved again:
 * the server ended while it was carried out. */
#define PROPOSAL_RETRY_S	120

enum proposal_kind {
	PROPOSAL_TENANT_DELETION,	/* of the platform */
	PROPOSAL_CA_REVOCATION,
	PROPOSAL_BULK_RELEASE,
	PROPOSAL_TENANT_RECOVERY,	/* of the platform */
	PROPOSAL_KINDS,
};

/*
 * Carry it out, as the one who approved (who); tenant is NULL for kinds of the
 * platform.  out_result, a new reference, is what is kept of how it ended; NULL
 * is nothing.  May be called a second time after a crash.
 */
typedef struct err proposal_fn(struct ctx *, const struct authority *,
    const struct tenant *, const struct principal *who, const json_t *params,
    json_t **out_result);

/* "tenant-deletion ca-revocation": a bit for each kind.  ERR_CONFIG */
struct err	proposal_kinds_read(struct ctx *, const char *words,
		    unsigned *out);
const char	*proposal_kind_name(enum proposal_kind);
bool		 proposal_is_needed(const struct authority *,
		    enum proposal_kind);

/*
 * Propose.  tenant is NULL for kinds of the platform.  Takes params, an object.
 * Keeps the receipt of the call.
 * ERR_EXISTS	an open proposal of that kind is about the same
 */
struct proposal_spec {
	enum proposal_kind	 kind;
	const char		*subject;
	json_t			*params;
};
struct err	proposal_make(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const struct proposal_spec *, struct db_proposal *out);

/* ERR_NOT_FOUND */
struct err	proposal_get(struct ctx *, const struct authority *,
		    const struct tenant *, int64_t id,
		    struct db_proposal *out);
struct err	proposal_list(struct ctx *, const struct authority *,
		    const struct tenant *, struct page,
		    struct db_proposal **out, size_t *out_n,
		    int64_t *out_next);

/*
 * Carry it out.
 * ERR_NOT_FOUND
 * ERR_CONFLICT		it is not open
 * ERR_TWO_PERSONS	who asks is not another than who proposed
 * and what its kind fails with: then the proposal has failed
 */
struct err	proposal_approve(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    int64_t id, struct db_proposal *out);
/* By anybody who might approve it, and by who proposed it.
 * ERR_NOT_FOUND, ERR_CONFLICT */
struct err	proposal_reject(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    int64_t id, struct db_proposal *out);

/* --- the kinds; each is in the module whose act it is --------------------- */

extern proposal_fn	tenant_delete_carry_out, life_revoke_carry_out,
			recovery_carry_out, claim_release_carry_out;

#endif
