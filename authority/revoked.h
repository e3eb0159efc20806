/* SPDX-License-Identifier: Apache-2.0 */
/* What everybody who revokes does after the commit. */
#ifndef DAAPKI_AUTHORITY_REVOKED_H
#define DAAPKI_AUTHORITY_REVOKED_H

#include "authority/authority.h"
#include "db/certificate.h"

/* A revocation was committed: the lists that show it are made again at once,
 * and OCSP says so from now on. */
void	revoked_tell(const struct authority *, const struct revoked_one *);
void	revoked_tell_all(const struct authority *,
	    const struct revoked_list *);

#endif
