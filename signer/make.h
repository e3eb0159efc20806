/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates from facts: built, linted, signed, read back. */
#ifndef DAAPKI_SIGNER_MAKE_H
#define DAAPKI_SIGNER_MAKE_H

#include "pki/cert.h"
#include "pki/sign.h"
#include "pki/tbs.h"

/* A new serial of WIRE_SERIAL_SIZE bytes, in cx->arena. */
struct slice	make_serial(struct ctx *);
/* A Name, DER, in cx->arena. */
struct slice	make_name(struct ctx *, const char *organization,
		    const char *common_name);

/*
 * Build, lint, sign.  issuer is NULL for a root, whose key signs itself.  What
 * is signed is what was linted: the same bytes.
 * ERR_CERT_LINT, ERR_INTERNAL
 */
struct err	make_certificate(struct ctx *, const struct tbs *,
		    const struct sign_key *, const struct cert *issuer,
		    struct slice *out_der);

#endif
