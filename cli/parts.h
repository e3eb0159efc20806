/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A maker's list of parts, as it is written down, to the lines of a manifest.
 */
#ifndef DAAPKI_CLI_PARTS_H
#define DAAPKI_CLI_PARTS_H

#include "base/ctx.h"

#define PARTS_FILE_MAX	(46u * 1024u * 1024u)	/* in base64url the server's 64 */
#define PARTS_LINE_MAX	4096u			/* bytes of one, as JSON */

/*
 * CSV, whose first line names its columns, in any order, of hardware_id,
 * public_key, model, batch and claim_secret; or NDJSON with those members.
 * Each line is held to what the server takes, so that nothing is signed that it
 * would refuse.  out is NDJSON in cx->arena.
 * ERR_MALFORMED	a line is none of that; the note says which
 * ERR_TOO_LARGE	more than PARTS_FILE_MAX
 */
struct err	parts_read(struct ctx *, struct slice text, bool csv,
		    struct slice *out, size_t *out_n);

/* Is it a manifest, and neither CSV nor NDJSON? */
bool		parts_is_manifest(struct slice text);
/*
 * Claims of the parts of a manifest, each with its claim secret, as NDJSON for a
 * bulk call: of one batch, or of all (NULL), into that group (NULL: none said).
 * Whose signature it is, is not asked: the secrets are what proves claims.
 * ERR_MALFORMED	not a manifest
 * ERR_PARAMETER	the group is not a name
 * ERR_TOO_LARGE	more than PARTS_FILE_MAX
 */
struct err	parts_claims(struct ctx *, struct slice text,
		    const char *batch, const char *group, struct slice *out,
		    size_t *out_n);

#endif
