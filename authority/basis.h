/* SPDX-License-Identifier: Apache-2.0 */
/* What a certificate was issued on: kept with it, and held against it again
 * (doc/AUDIT.md). */
#ifndef DAAPKI_AUTHORITY_BASIS_H
#define DAAPKI_AUTHORITY_BASIS_H

#include "authority/appraise.h"
#include "db/basis.h"

/*
 * In the transaction that records the certificate: the appraisal that it rests
 * on; what that was made of, when it was made just now (else NULL); the sets of
 * reference values that the policy named (authority/reference.h), or NULL.
 * ERR_STORAGE
 */
struct err	basis_keep(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t certificate, const struct attestation_row *,
		    const struct appraised *, const char *sets);

enum replay_outcome {
	REPLAY_SAME,		/* the same verdict, of the same claims */
	REPLAY_DIFFERS,		/* part says where first */
	REPLAY_INCOMPLETE,	/* part is what is missing */
	REPLAY_OUTCOMES,
};
/* "same" and so on. */
const char	*replay_outcome_name(enum replay_outcome);

struct replay {
	enum replay_outcome	 outcome;
	/* record, policy, evidence, collateral, verification, claims
	 * or verdict; NULL when all is the same. */
	const char		*part;
	const char		*detail;	/* in words; NULL: none */
	struct certificate_basis basis;		/* what is said of then */
	bool			 has_basis;
	/* What came out; NULL: it did not come to that. */
	const char		*code;		/* of a refusal */
	const char		*verdict;
	const char		*claims;	/* JSON */
};

/*
 * Make the decision behind a certificate again, of its evidence (NULL: what is
 * missing is said), the policy and the collateral of then.  Only looks.
 * ERR_NOT_FOUND	this tenant has no such certificate
 * ERR_STORAGE
 */
struct err	basis_replay(struct ctx *, const struct authority *,
		    const struct tenant *, const char *serial,
		    const json_t *evidence, struct replay *out);

#endif
