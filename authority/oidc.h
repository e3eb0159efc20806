/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JWTs of OpenID Connect as credentials of operators.
 *
 * The issuers that administrators of the platform named are in memory, their
 * keys read; whose JWT is whose is decided by the rules of its issuer.
 */
#ifndef DAAPKI_AUTHORITY_OIDC_H
#define DAAPKI_AUTHORITY_OIDC_H

#include "authority/authority.h"
#include "authority/oidc_rule.h"

struct oidc;

/* ERR_STORAGE */
struct err	oidc_open(struct ctx *, const struct authority *,
		    struct oidc **out);
/* NULL is nothing. */
void		oidc_close(struct oidc *);
/* What is in the database now holds when this returns.  When it cannot be read,
 * no JWT is good until it can. */
void		oidc_reload(const struct authority *);

/* Could it be one, and is no token of ours? */
bool		oidc_is_jwt(const char *text);
/*
 * Who has this JWT: a principal whose id, name and person are made of iss and
 * sub, and whose lineage is that of the issuer's row.
 * ERR_AUTH_TOKEN	it is not good; the caller is told why when it is signed
 *			by the issuer
 * ERR_AUTH_FORBIDDEN	it is, and no rule fits
 * ERR_BUSY		the keys of its issuer are being fetched
 */
struct err	oidc_authenticate(struct ctx *, const struct authority *,
		    const char *text, struct principal *out);

#endif
