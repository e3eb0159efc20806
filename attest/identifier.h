/* SPDX-License-Identifier: Apache-2.0 */
/* The name of a device in subjectAltName: PermanentIdentifier (RFC 4043),
 * HardwareModuleName (RFC 4108). */
#ifndef DAAPKI_ATTEST_IDENTIFIER_H
#define DAAPKI_ATTEST_IDENTIFIER_H

#include "base/bytes.h"
#include "pki/ossl.h"

/*
 * The first such name that is wanted (NULL: any): the identifierValue or
 * hwSerialNum, copied.  false when there is none.
 */
bool	identifier_find(struct arena *, X509 *, const char *wanted,
	    struct slice *out);

#endif
