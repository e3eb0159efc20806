/* SPDX-License-Identifier: Apache-2.0 */
/* What daad does on a state folder without serving. */
#ifndef DAAPKI_SERVER_OFFLINE_H
#define DAAPKI_SERVER_OFFLINE_H

#include "server/settings.h"

#define OFFLINE_FINDINGS	1	/* exit status: something is wrong */

struct offline_options {
	bool		 json;
	const char	*log_key;	/* file of the public log key, or NULL */
	int		 status;	/* out: the exit status when OK */
};

/*
 * daad fsck: all of authority/fsck.h; daad journal-verify: the third pass only.
 * Findings go to standard output, one a line, then what was looked at; status
 * says whether there were any.  A server may be running.
 * ERR_STORAGE	the database cannot be read, or is of another version
 * ERR_IO	daa-signer cannot be run
 */
struct err	offline_fsck(struct ctx *, const struct settings *,
		    struct offline_options *);
struct err	offline_journal_verify(struct ctx *, const struct settings *,
		    struct offline_options *);

/*
 * daad rotate-master: seal every CA record under a new master key.  The new
 * secret is beside the one in use, ".new" appended: a key is made there when
 * there is none, a passphrase the operator has put there.  Whoever starts
 * daa-signer while it is there gives it both, so service can go on after a run
 * that was cut off, and another run finishes it:
 *
 *	1. make the new secret, unless it is there
 *	2. seal each record anew that the new one does not open
 *	3. see that a signer with the new one alone opens every record
 *	4. keep the old secret as ".old"
 *	5. put the new one in its place
 *
 * With signer_socket the secrets are that signer's: it must run with both, and
 * only 2 and 3 are done, the latter with that signer.
 * ERR_BUSY	daad is running
 * ERR_CONFIG	there is no new passphrase
 * ERR_SIGNER_GONE, ERR_SIGNER_REFUSED, ERR_SEAL, ERR_STORAGE, ERR_IO
 */
struct err	offline_rotate_master(struct ctx *, const struct settings *,
		    struct offline_options *);

#endif
