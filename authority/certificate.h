/* SPDX-License-Identifier: Apache-2.0 */
/* Device certificates of a tenant: look and revoke. */
#ifndef DAAPKI_AUTHORITY_CERTIFICATE_H
#define DAAPKI_AUTHORITY_CERTIFICATE_H

#include "authority/authority.h"
#include "db/certificate.h"

/* RFC 5280, 5.3.1, as far as it fits a device. */
enum revoke_reason {
	REVOKE_UNSPECIFIED = 0,
	REVOKE_KEY_COMPROMISE = 1,
	REVOKE_AFFILIATION_CHANGED = 3,
	REVOKE_SUPERSEDED = 4,
	REVOKE_CESSATION = 5,
	REVOKE_PRIVILEGE_WITHDRAWN = 9,
};

/* "keyCompromise"; "unspecified" for what is not in the list. */
const char	*certificate_reason_name(int reason);
bool		 certificate_reason_find(const char *name,
		    enum revoke_reason *out);

/* serial: lower-case hex.  ERR_NOT_FOUND */
struct err	certificate_get(struct ctx *, const struct authority *,
		    const struct tenant *, const char *serial,
		    struct certificate_row *out);
/* In order of row ID; without the certificates themselves.  out_next: the
 * cursor of the next page, also of one that is short; 0: this is the last. */
struct err	certificate_list(struct ctx *, const struct authority *,
		    const struct tenant *, const struct certificate_filter *,
		    struct certificate_row **out, size_t *out_n,
		    int64_t *out_next);
/* What to revoke, and why. */
struct certificate_change { const char *serial; enum revoke_reason reason; };

/*
 * Revoke one.  What is revoked stays so, with its first reason and time:
 * asking again answers with them.
 * ERR_NOT_FOUND	this tenant has no such certificate, or it is of a device
 *			of another group than the principal's
 * ERR_CONFLICT		it has expired: no CRL would show it
 */
struct err	certificate_revoke(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const struct certificate_change *,
		    struct certificate_row *out);

#endif
