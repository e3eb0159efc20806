/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates of this service's own TLS listeners. */
#ifndef DAAPKI_AUTHORITY_SERVER_CERTIFICATE_H
#define DAAPKI_AUTHORITY_SERVER_CERTIFICATE_H

#include "authority/authority.h"

#define SERVER_CERTIFICATE_LIFE_S	(90 * 86400)

struct server_certificate {
	struct slice	certificate;	/* DER */
	struct slice	issuer;		/* DER: the platform's server CA */
	struct slice	root;		/* DER: what clients pin */
	int64_t		not_before_s, not_after_s;
};

/*
 * Certify a TLS key for these DNS names and IP addresses (text form, at most
 * WIRE_DNS_NAMES_MAX) by the platform's server CA, and record it.
 * ERR_NOT_FOUND	there is no platform CA: `daad init` makes it
 * ERR_SIGNER_GONE, ERR_SIGNER_REFUSED, ERR_STORAGE
 */
struct err	server_certificate_issue(struct ctx *,
		    const struct authority *, struct slice spki,
		    const char *const *names, size_t n_names,
		    struct server_certificate *out);

#endif
