/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Client certificates of operators: by the CAs of operator_ca_file and nobody
 * else.  A CA of a tenant is never one of them, so that a device certificate is
 * never an operator's credential, whatever is put into that file.
 */
#ifndef DAAPKI_SERVER_OPERATOR_CA_H
#define DAAPKI_SERVER_OPERATOR_CA_H

#include "authority/token.h"

#define OPERATOR_CA_FILE_MAX	(256u * 1024u)
#define OPERATOR_NAME_MAX	512u	/* of a subject or an alternative name */

struct operator_ca;

/*
 * Read the CAs (PEM) and their revocation lists ("": none are asked for).
 * ERR_CONFIG	they cannot be read; or a list is not signed by one of the CAs,
 *		or does not say when the next one comes
 * ERR_IO
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
 * them, is valid now, not revoked, and for clients.  Where there are lists, the
 * CA's own must be there and be of now: nobody knows what one that has run out
 * does not say.  An alternative name that is the only one of its kind (URI,
 * e-mail, DNS) is a name of it, and its subject is the last.
 * ERR_AUTH_CERTIFICATE
 */
struct err	operator_ca_verify(struct ctx *, const struct authority *,
		    const struct operator_ca *, struct slice der,
		    struct token_certificate *out);

#endif
