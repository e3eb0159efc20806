/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands share: settings, the open TPM, the server's last word. */
#ifndef DAAPKI_AGENT_AGENT_H
#define DAAPKI_AGENT_AGENT_H

#include "agent/http.h"
#include "agent/settings.h"
#include "agent/state.h"

#define AGENT_SECRET_MAX	256u	/* bytes of a file with a secret */
#define AGENT_TIMEOUT_MAX_S	3600
#define AGENT_NAME		"daa-agent"

struct agent {
	const struct settings	*set;
	struct tpm		 tpm;
	int64_t			 timeout_s;
	struct http_problem	 problem;	/* status 0: it did not refuse */
};

/*
 * Open the TPM if it is not open yet.
 * ERR_TPM, ERR_CONFIG
 */
struct err	agent_need_tpm(struct ctx *, struct agent *);
/* Drop what is open; the agent can be used again. */
void		agent_rest(struct agent *);

/* Who to ask; client NULL: anonymously. */
struct http_peer agent_peer(const struct agent *, const struct http_client *);

/*
 * The certificate and its key, ready for TLS.  *out_found is false when there
 * is none, or the two do not match.  Whether it is still valid is not asked.
 * ERR_TPM, ERR_CONFIG
 */
struct agent_client {
	struct state_credential	credential;
	struct key		key;
	struct http_client	http;
};
struct err	agent_client(struct ctx *, struct agent *,
		    struct agent_client *out, bool *out_found);
/* It is valid now, by the server's clock as last heard, and a while longer. */
bool		agent_credential_valid(const struct ctx *,
		    const struct state_credential *);

#endif
