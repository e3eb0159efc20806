/* SPDX-License-Identifier: Apache-2.0 */
/* TLS with the agent's certificate: given to libcurl, or tried by itself. */
#ifndef DAAPKI_AGENT_TLS_H
#define DAAPKI_AGENT_TLS_H

#include <openssl/ssl.h>

#include "agent/key.h"

#define TLS_WAIT_S	10	/* for one answer of the peer, in tls-check */

/* Show this certificate; ERR_CONFIG when the three do not go together. */
struct err	tls_set_client(struct ctx *, SSL_CTX *, const struct key *,
		    const char *certificate, const char *chain);

/* What a peer did with the certificate. */
struct tls_outcome {
	const char	*version;	/* "TLSv1.3"; static */
	const char	*cipher;	/* static */
	const char	*peer;		/* subject of its certificate */
	bool		 asked;		/* it asked for a certificate */
	const char	*answer;	/* first line it sent; NULL: none */
};

/*
 * Open mutual TLS to "host:port", send a line, and wait until the peer shows
 * that it took the certificate: by a session ticket or by data.  In TLS 1.3 a
 * finished handshake does not show that (RFC 8446, 4.6.1 and appendix E.1).
 * The peer's certificate must lead to ca (file; NULL: the system's) and be for
 * that host.
 * ERR_PARAMETER	not host:port
 * ERR_HTTP		it cannot be reached, hung up, or did not ask
 * ERR_CONFIG		its own certificate is not right
 * ERR_AUTH_CERTIFICATE	it did not take ours
 */
struct err	tls_check(struct ctx *, const char *host_port, const char *ca,
		    const struct key *, const char *certificate,
		    const char *chain, struct tls_outcome *out);

#endif
