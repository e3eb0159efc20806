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

#endif
