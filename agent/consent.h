/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device signs that consents to be claimed: the server, the tenant and
 * the challenge,
 *
 *	SHA-512("daapki-claim-consent-1" || 00 || audience || 00 ||
 *	    tenant || 00 || nonce)
 *
 * which no nonce of an enrolment is, since get_nonce() takes 32 bytes only.
 * The server has code of its own for this, as for the binding hash
 * (agent/binding.h).
 */
#ifndef DAAPKI_AGENT_CONSENT_H
#define DAAPKI_AGENT_CONSENT_H

#include "base/ctx.h"
#include "codec/json.h"

/* The host of a URL: a name or an address, without brackets.  ERR_CONFIG */
struct err	consent_audience(struct ctx *, const char *url,
		    const char **out);
/* The hash itself, 64 bytes. */
struct slice	consent_hash(struct ctx *, const char *audience,
		    const char *tenant, struct slice nonce);
/*
 * That hash for the server at a URL, to stand in the nonce's place; body gets
 * the members audience and tenant.
 * ERR_PARAMETER	tenant is not a name
 * ERR_CONFIG		the URL has no host
 */
struct err	consent_statement(struct ctx *, const char *url,
		    const char *tenant, struct slice nonce, json_t *body,
		    struct slice *out);

#endif
