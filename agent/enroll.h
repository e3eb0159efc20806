/* SPDX-License-Identifier: Apache-2.0 */
/* Getting a certificate: challenge, evidence, request, answer. */
#ifndef DAAPKI_AGENT_ENROLL_H
#define DAAPKI_AGENT_ENROLL_H

#include "agent/identity.h"

#define ENROLL_TRIES	4u	/* the server may ask for other things first */

struct enroll_how {
	bool	renew;		/* show the present certificate, if still valid */
	bool	same_key;	/* keep its key */
};

/*
 * Prove who this is and get a certificate.  It replaces the one in the state
 * folder whole; publish_credential() is what makes it known.
 * ERR_HTTP and the server's codes (agent->problem says more), ERR_TPM, ...
 */
struct err	enroll(struct ctx *, struct agent *, struct enroll_how,
		    struct state_credential *out);

/*
 * Ask who has this device, with proof of who asks; the server's answer.
 * Failures as enroll().
 */
struct err	enroll_ask_owner(struct ctx *, struct agent *,
		    const json_t **out);

/*
 * Consent to be claimed by that tenant, on the server that is set, with proof
 * of who consents; the server's answer, whose member consent is the text to
 * hand over.
 * Failures as enroll(); ERR_PARAMETER	tenant is not a name
 */
struct err	enroll_consent(struct ctx *, struct agent *,
		    const char *tenant, const json_t **out);

/*
 * The evidence alone, for that nonce and the key spki.  The agent's own key
 * (that of the certificate, or a new one) is certified along with it; spki
 * empty: it is bound too.
 */
struct err	enroll_evidence(struct ctx *, struct agent *,
		    struct slice nonce, struct slice spki, json_t **out);

/*
 * Read a 201 reply and hold it against the key it should be for.
 * ERR_HTTP	something is missing, or it is for another key
 */
struct err	enroll_read_reply(struct ctx *, const json_t *reply,
		    const struct key *, struct state_credential *out);

#endif
