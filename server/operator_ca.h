/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Client certificates of operators: by the CAs of operator_ca_file and nobody
 * else.  A CA of a tenant is never one of them, so that a device certificate is
 * never an operator's credential, whatever is put into that file.
 */
#ifndef DAAPKI_SERVER_OPERATOR_CA_H
#define DAAPKI_SERVER_OPERATOR_CA_H

#include "authority/authority.h"

#define OPERATOR_CA_FILE_MAX	(256u * 1024u)

struct operator_ca;

/* What a certificate is known by: authority/token.h. */
struct operator_certificate { const char *sha256, *subject; };

/*
 * Read the CAs (PEM) and their revocation lists ("": none).
 * ERR_CONFIG, ERR_IO
 */
struct err	operator_ca_open(struct ctx *, const char *ca_file,
		    const char *crl_file, struct operator_ca **out);
/* NULL is nothing. */
void		operator_ca_close(struct operator_ca *);
/* ERR_CONFIG	one of them is a CA of this service */
struct err	operator_ca_check(struct ctx *, const struct authority *,
		    const struct operator_ca *);
/*
 * Whether a client certificate (DER), whose key TLS has proved, leads to one of
 * them, is valid now, not revoked, and for clients.
 * ERR_AUTH_CERTIFICATE
 */
struct err	operator_ca_verify(struct ctx *, const struct authority *,
		    const struct operator_ca *, struct slice der,
		    struct operator_certificate *out);

#endif
