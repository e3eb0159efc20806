/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys that do one thing in place of their CA's own, so that a CA's key, or the
 * HSM that has it, can rest: sign OCSP responses (CA_ROLE_OCSP; RFC 6960,
 * 4.2.2.2), or attestation results (CA_ROLE_RESULT).
 *
 * One is made when it is first asked for, kept with its certificate in the
 * database, and made anew when half of its life is over (upkeep) or, where that
 * did not come about, three quarters.
 */
#ifndef DAAPKI_AUTHORITY_DELEGATE_H
#define DAAPKI_AUTHORITY_DELEGATE_H

#include "authority/issuers.h"

struct delegates;

struct delegates	*delegates_new(void);
/* NULL is nothing. */
void			 delegates_free(struct delegates *);

struct delegate_view {
	struct slice	sealed;		/* held until cx->arena goes */
	int64_t		not_after_s;
};
/*
 * The one of that CA and role.  anew: the signer has refused the last; one that
 * was made within DELEGATE_PACE_S is given all the same.
 * ERR_SIGNER_GONE, ERR_SIGNER_REFUSED, ERR_STORAGE
 */
#define DELEGATE_PACE_S	60
struct err	delegate_get(struct ctx *, const struct authority *,
		    const struct issuer *, enum ca_role, bool anew,
		    struct delegate_view *out);

/* A chore: renew those in use whose time has come, and forget the keys of those
 * that have ended. */
struct err	delegates_round(struct ctx *, const struct authority *);

#endif
