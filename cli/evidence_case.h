/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Evidence cases and documents (doc/EVIDENCE.md): what an offline appraisal
 * is given, read from files.
 */
#ifndef DAAPKI_CLI_EVIDENCE_CASE_H
#define DAAPKI_CLI_EVIDENCE_CASE_H

#include "attest/attest.h"

#define EVIDENCE_ANCHORS_MAX	1024u
#define EVIDENCE_KEYS_MAX	1024u
#define EVIDENCE_CRLS_MAX	256u
#define EVIDENCE_CRL_MAX	(4u * 1024u * 1024u)
#define EVIDENCE_COLLATERAL_MAX	256u
/* What was asked for may be a text (ACME), or longer than a format takes: then
 * it is not what the evidence holds. */
#define EVIDENCE_NONCE_MAX	1024u

struct evidence_case {
	const char	*name;
	const json_t	*evidence;
	bool		 has_trust, has_nonce, has_at, raw;
	struct trust	 trust;
	struct slice	 nonce;
	int64_t		 at_s;
	const char	*identifier;	/* or NULL */
	const json_t	*expect;	/* or NULL */
};

/*
 * Read a case, or an evidence document alone (an object with "format"; it has
 * no more than the evidence).  References to files are followed from the
 * folder of path.
 * ERR_IO, ERR_TOO_LARGE	the file, or one that it names
 * ERR_JSON, ERR_FIELD		not a case
 */
struct err	evidence_case_read(struct ctx *, const char *path,
		    struct evidence_case *out);

/* Read a file that holds the trust member of a case alone. */
struct err	evidence_trust_read(struct ctx *, const char *path,
		    struct trust *out);

#endif
