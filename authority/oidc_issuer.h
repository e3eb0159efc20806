/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which issuers of OpenID Connect the platform believes, and what for.  Only
 * administrators of the platform make and change them: who does could make JWTs
 * for anybody, and is counted as having made them (authority/role.h).
 */
#ifndef DAAPKI_AUTHORITY_OIDC_ISSUER_H
#define DAAPKI_AUTHORITY_OIDC_ISSUER_H

#include "authority/authority.h"
#include "authority/oidc_rule.h"
#include "authority/revision.h"
#include "db/oidc.h"

#define OIDC_ISSUERS_MAX	64u
#define OIDC_TITLE_MAX		200u
#define OIDC_URL_MAX		1024u	/* of keys; JWT_ISSUER_MAX: the issuer's */

struct oidc_spec {
	/* Only when it is made. */
	const char	*url, *tenant;
	bool		 platform;
	/* NULL: as it is. */
	const char	*audience, *title, *jwks_url;
	const json_t	*jwks, *rules;
	int64_t		 revision;	/* of a change; or REVISION_ANY */
};

/*
 * ERR_FIELD	a member is not acceptable, or names what is not there
 * ERR_EXISTS	there is one of that URL and audience
 * ERR_CONFLICT	OIDC_ISSUERS_MAX; role_lineage()
 */
struct err	oidc_issuer_create(struct ctx *, const struct authority *,
		    const struct principal *, const struct oidc_spec *,
		    struct oidc_row *out);
/* As that, and ERR_NOT_FOUND, ERR_PRECONDITION.  Keys by URL take the place of
 * given ones, and the other way round. */
struct err	oidc_issuer_change(struct ctx *, const struct authority *,
		    const struct principal *, int64_t id,
		    const struct oidc_spec *, struct oidc_row *out);
/* ERR_NOT_FOUND */
struct err	oidc_issuer_get(struct ctx *, const struct authority *,
		    int64_t id, struct oidc_row *out);
struct err	oidc_issuer_list(struct ctx *, const struct authority *,
		    struct page, struct oidc_row **out, size_t *out_n,
		    int64_t *out_next);
/* From then on its JWTs are not good.  ERR_NOT_FOUND, ERR_PRECONDITION */
struct err	oidc_issuer_delete(struct ctx *, const struct authority *,
		    const struct principal *, int64_t id, int64_t revision);

#endif
