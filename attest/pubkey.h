/* SPDX-License-Identifier: Apache-2.0 */
/* Public keys that sign evidence and are not in a certificate. */
#ifndef DAAPKI_ATTEST_PUBKEY_H
#define DAAPKI_ATTEST_PUBKEY_H

#include "pki/ossl.h"

/*
 * Read exactly one SubjectPublicKeyInfo; reading a point checks that it is on
 * its curve.  Shared through cx->seen where that is: a device signs with the
 * same key each time.  cx->arena lets it go.
 * NULL: it is none that OpenSSL knows; its queue says why.
 */
EVP_PKEY	*pubkey_read(struct ctx *, struct slice spki);
/* The same, neither looked for in cx->seen nor kept there. */
EVP_PKEY	*pubkey_read_anew(struct ctx *, struct slice spki);

#endif
