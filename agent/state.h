/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the agent keeps in its state folder.
 *
 *	tpm.json	the attestation key (sealed by the TPM) and its EK
 *	device-key.pem	the raw key of identity = key
 *	credential.json	the certificate, its chain and its key, as one file: a
 *			new one takes the place of the old one whole
 *	announced	serial of the certificate that was last written out
 *	reports/	error reports that the server has not acknowledged
 *	lock		held by the one process that works here
 */
#ifndef DAAPKI_AGENT_STATE_H
#define DAAPKI_AGENT_STATE_H

#include "agent/ek.h"
#include "agent/key.h"
#include "codec/json.h"

#define STATE_FILE_MAX		(256u * 1024u)
#define STATE_SERVERS_MAX	16u	/* that know the AK */

/* The attestation key, and the endorsement key of the same TPM. */
struct state_ak {
	struct tpm_blob	 blob;
	const char	*ek_name;
	TPMT_PUBLIC	 ek_public;
	struct slice	 ek_certificate;	/* DER; may be empty */
	const char	*servers[STATE_SERVERS_MAX]; /* that activated it */
	size_t		 n_servers;
};

/* What the server gave, and the key it is for.  Texts end in NUL. */
struct state_credential {
	const char	*key, *certificate, *chain;	/* PEM */
	const char	*device_id, *hardware_id, *tenant, *group, *serial;
	int64_t		 not_before_s, not_after_s;
	int64_t		 renew_after_s, renew_before_s;
	int64_t		 clock_offset_s;	/* server's clock less ours */
	const json_t	*attestation;		/* NULL: not said */
};

const char	*state_path(struct ctx *, const char *folder, const char *file);

/*
 * Wait for the lock of the state folder (made if need be); it is held until
 * the descriptor is closed.
 * ERR_IO
 */
struct err	state_lock(struct ctx *, const char *folder, int *out_fd);

/* *out_found tells whether there was one.  ERR_CONFIG: it cannot be read. */
struct err	state_read_ak(struct ctx *, const char *folder,
		    struct state_ak *out, bool *out_found);
struct err	state_write_ak(struct ctx *, const char *folder,
		    const struct state_ak *);

struct err	state_read_credential(struct ctx *, const char *folder,
		    struct state_credential *out, bool *out_found);
struct err	state_write_credential(struct ctx *, const char *folder,
		    const struct state_credential *);
/* The credential as JSON without its key; kept by the arena. */
json_t		*state_credential_json(struct ctx *,
		    const struct state_credential *);

#endif
