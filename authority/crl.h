/* SPDX-License-Identifier: Apache-2.0 */
/* The making of one CRL: entries, number, signature, storage.  A part of
 * authority/crls.h, not an interface for doors. */
#ifndef DAAPKI_AUTHORITY_CRL_H
#define DAAPKI_AUTHORITY_CRL_H

#include "authority/issuers.h"
#include "db/crl.h"

/* "http://host/crl/<key id>.crl" of the complete list,
 * "http://host/crl/<key id>/3.crl" of shard 3. */
const char	*crl_url(struct ctx *, const struct authority *,
		    const struct issuer *, unsigned shard);
/* The shard that a URL names; CRL_COMPLETE for any other URL. */
unsigned	 crl_url_shard(const char *url);

#define CRL_KEPT_MAX	(128u * 1024u)	/* bytes; of a longer one only the number */

/*
 * Make a list as the database has it now, and keep it there.  One thread at a
 * time for each list.
 * ERR_STORAGE, ERR_SIGNER_GONE, ERR_SIGNER_REFUSED
 */
struct err	crl_make(struct ctx *, const struct authority *,
		    const struct issuer *, unsigned shard,
		    struct crl_row *out);
/* The one kept last; *out_behind: the database knows revocations that it does
 * not show.  All zero when there is none. */
struct err	crl_load(struct ctx *, const struct authority *,
		    const struct issuer *, unsigned shard,
		    struct crl_row *out, bool *out_behind);

#endif
