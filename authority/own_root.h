/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An issuing CA whose root is the tenant's own affair: life_stage() with
 * own_root makes the key and the request, this takes the certificate.
 */
#ifndef DAAPKI_AUTHORITY_OWN_ROOT_H
#define DAAPKI_AUTHORITY_OWN_ROOT_H

#include "authority/ca.h"

/*
 * The certificate and those above it: its issuer first, the root last.  The CA
 * is staged then, and its key id is that of the certificate, which whoever
 * signed it chose.
 * ERR_NOT_FOUND
 * ERR_CONFLICT		it is not requested; another one is staged
 * ERR_FIELD		the signer does not take it, and says why
 * ERR_SIGNER_GONE, ERR_STORAGE
 */
struct err	own_root_adopt(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const char *key_id, const struct slice *chain,
		    size_t n_chain, struct db_ca *out);

#endif
