/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which piece of hardware this is, and the evidence that says so: the formats
 * "tpm2" and "key" of doc/EVIDENCE.md, and those that source.h gets elsewhere.
 */
#ifndef DAAPKI_AGENT_IDENTITY_H
#define DAAPKI_AGENT_IDENTITY_H

#include "agent/agent.h"

#define IDENTITY_EVENT_LOG_MAX	(1024u * 1024u)
#define IDENTITY_STATEMENT_MAX	4096u
#define IDENTITY_CHAIN_MAX	10u	/* certificates above the EK's */

struct identity {
	/* "tpm-ek:...", "key:..."; from elsewhere, as the server named it with
	 * the last certificate, or NULL. */
	const char	*hardware_id;
	const char	*device_id;	/* 64 hex digits, or NULL with it */
	struct slice	 spki;		/* DER of the key behind it, or empty */
	const char	*ek_name;	/* NULL when it is no TPM */
	struct slice	 ek_certificate;
	struct state_ak	 ak;		/* of a TPM */
	struct key	 device_key;	/* of identity = key */
};

/* A TPM2_ActivateCredential that the server asked for. */
struct activation {
	const char	*token;		/* NULL: none */
	struct slice	 secret;
};

/* The settings are enough for the kind of identity; ERR_CONFIG. */
struct err	identity_check(struct ctx *, const struct agent *);
/*
 * Who this is, without any use of the network.  A raw device key is made on
 * first use; a TPM is only asked.
 * ERR_TPM, ERR_CONFIG, ERR_IO
 */
struct err	identity_name(struct ctx *, struct agent *,
		    struct identity *out);
/*
 * The same with an attestation key: the one in the state folder, or, where
 * there is none or the TPM does not know it any more, a new one.
 */
struct err	identity_open(struct ctx *, struct agent *,
		    struct identity *out);

/*
 * Members of POST /v1/tpm/activations for the AK, and the answer to its reply.
 * ERR_MALFORMED, ERR_TPM
 */
struct err	identity_ask_activation(struct ctx *, struct agent *,
		    const struct identity *, json_t **out_request);
struct err	identity_activate(struct ctx *, struct agent *,
		    const struct identity *, const json_t *reply,
		    struct activation *out);

/* Whether this server has activated the AK, and that it has (or not). */
bool		identity_is_active(const struct agent *,
		    const struct identity *);
struct err	identity_set_active(struct ctx *, struct agent *,
		    struct identity *, bool active);

/*
 * Evidence for a nonce and the key spki.  key, where it is in the TPM, is
 * certified by the AK; NULL leaves that out.
 * ERR_TPM, ERR_CONFIG, ERR_IO, ERR_SOURCE
 */
struct err	identity_evidence(struct ctx *, struct agent *,
		    const struct identity *, struct slice nonce,
		    struct slice spki, const struct key *key,
		    const struct activation *, json_t **out);

#endif
