/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's own TLS identity: a key and a certificate that the platform's
 * CA issues, both made again before the certificate runs out, without a
 * restart.
 */
#ifndef DAAPKI_SERVER_TLS_H
#define DAAPKI_SERVER_TLS_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#include "authority/authority.h"
#include "server/settings.h"

/* TLS 1.2 and 1.3 only (RFC 8996), the server's order of suites. */
#define TLS_PRIORITIES \
	"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE"
#define TLS_CHAIN_MAX	4u	/* leaf, server CA, and room */

struct tls;

/*
 * Have key and certificate in the state folder: make both when there are none,
 * when the certificate lacks a name of the settings, or when two thirds of its
 * life are over.  *out_is_new: they were made.
 * ERR_SIGNER_GONE, ERR_SIGNER_REFUSED, ERR_STORAGE, ERR_IO
 */
struct err	tls_provide(struct ctx *, const struct authority *,
		    const struct settings *, bool *out_is_new);

/* Load them.  ERR_IO, ERR_CONFIG */
struct err	tls_open(struct ctx *, const char *state_dir,
		    struct tls **out);
/* Load them again; handshakes under way keep what they have. */
struct err	tls_reload(struct ctx *, struct tls *, const char *state_dir);
/* NULL is nothing. */
void		tls_close(struct tls *);

/* What a handshake uses; good until the second reload after this. */
struct tls_identity {
	gnutls_pcert_st		 chain[TLS_CHAIN_MAX];
	unsigned		 n_chain;
	gnutls_privkey_t	 key;
};
const struct tls_identity	*tls_identity(struct tls *);

#endif
