/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of vendors, over HTTP: with limits on size, time and redirects.  What
 * comes is believed by its signature or its fingerprint, not because of where
 * it is from, unless the caller asks for HTTPS alone.
 */
#ifndef DAAPKI_CLI_FETCH_H
#define DAAPKI_CLI_FETCH_H

#include "base/ctx.h"

#define FETCH_MAX		(4u * 1024u * 1024u)	/* bytes */
#define FETCH_CONNECT_S		15L
#define FETCH_WHOLE_S		120L
#define FETCH_REDIRECTS_MAX	5L
#define FETCH_KEY_MAX		512u	/* bytes of an API key */

struct fetch_call {
	const char	*url;
	const char	*ca_file;	/* PEM; NULL: the system's CAs */
	const char	*api_key;	/* NULL: none; a secret */
	bool		 https_only;	/* nothing else speaks for the content */
};

struct fetch_answer {
	struct slice	 body;		/* in cx->arena; a NUL follows it */
	const char	*issuer_chain;	/* of the header whose name ends so,
					 * decoded (PEM); NULL: not sent */
};

/*
 * Get one file.  The environment's proxies are used.
 * ERR_PARAMETER	not an http or https URL, or a key for plain HTTP to another
 *			machine
 * ERR_HTTP		no connection, no trust in the server, too long, or an
 *			answer other than 200 and 404
 * ERR_NOT_FOUND	404
 */
struct err	fetch(struct ctx *, const struct fetch_call *,
		    struct fetch_answer *out);

#endif
