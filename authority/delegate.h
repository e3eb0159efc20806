/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys that sign OCSP responses in place of their CA's own (RFC 6960, 4.2.2.2),
 * so that a CA's key, or the HSM that has it, can rest.
 *
 * One is made when a CA is first asked about, kept with its certificate in the
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
 * The one of that CA.  anew: the signer has refused the last; one that was made
 * within DELEGATE_PACE_S is given all the same.
 * ERR_SIGNER_GONE, ERR_SIGNER_REFUSED, ERR_STORAGE
 */
#define DELEGATE_PACE_S	60
struct err	delegate_get(struct ctx *, const struct authority *,
		    const struct issuer *, bool anew,
		    struct delegate_view *out);

/* A chore: renew those in use whose time has come, and forget the keys of those
 * that have ended. */
struct err	delegates_round(struct ctx *, const struct authority *);

#endif
