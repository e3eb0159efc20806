/* SPDX-License-Identifier: Apache-2.0 */
/* What relying parties of a tenant pin, and chains, in the forms they take. */
#ifndef DAAPKI_AUTHORITY_BUNDLE_H
#define DAAPKI_AUTHORITY_BUNDLE_H

#include "authority/ca.h"
#include "pki/bundle.h"

enum bundle_format {
	BUNDLE_PEM, BUNDLE_DER, BUNDLE_PKCS7, BUNDLE_JWKS, BUNDLE_SPIFFE,
	BUNDLE_FORMATS
};

struct bundle { const char *media_type; struct slice bytes; };

/* "pem", "der", "pkcs7", "jwks", "spiffe". */
bool		bundle_format_find(const char *word, enum bundle_format *out);
/* What an Accept field asks for; PEM where it names none of ours. */
enum bundle_format bundle_format_accepted(const char *accept);

/*
 * The tenant's roots that are staged, active, retiring or tainted: its own
 * affair's too.  with_chain adds, before them, the CAs under them in those
 * states, what is between, and cross-certificates (not with JWKS or SPIFFE,
 * which list authorities).
 * ERR_PARAMETER	BUNDLE_DER, and it is not exactly one certificate
 * ERR_CONFLICT		JWKS or SPIFFE, and a root's key has no such form
 */
struct err	bundle_of_tenant(struct ctx *, const struct authority *,
		    const struct tenant *, enum bundle_format,
		    bool with_chain, struct bundle *out);
/*
 * A CA's certificate and those above it, whatever their state; between its root
 * and that one's peers the cross-certificates there are.  BUNDLE_DER is the
 * CA's own alone.
 * ERR_NOT_FOUND
 * ERR_CONFLICT		it has no certificate yet; or as above
 */
struct err	bundle_of_ca(struct ctx *, const struct authority *,
		    const struct tenant *, const char *key_id,
		    enum bundle_format, struct bundle *out);

#endif
