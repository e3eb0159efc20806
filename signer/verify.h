/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A journal checked from outside, while a signer may be writing to it: every
 * hash, and every checkpoint that is kept beside it.
 */
#ifndef DAAPKI_SIGNER_VERIFY_H
#define DAAPKI_SIGNER_VERIFY_H

#include "signer/journal.h"

#define VERIFY_CHECKPOINTS_MAX	(64u * 1024u * 1024u)	/* bytes of them */

struct verified {
	uint32_t	 segments;
	uint64_t	 entries;
	uint64_t	 kinds[JOURNAL_AUDIT + 1];	/* by enum journal_kind */
	uint64_t	 checkpoints;
	uint64_t	 unfinished;	/* bytes at the very end */
	uint8_t		 hash[JOURNAL_HASH_SIZE];	/* of the last entry */
};

/* Given each entry, good until it returns; what it fails with ends the work. */
typedef struct err verify_entry_fn(void *arg, const struct journal_entry *);

struct verify_conf {
	const char	*folder;
	/* File with the public log key (64 hex and a line end) that every
	 * checkpoint must be signed by.  NULL: the key that the journal's own
	 * log.key names; without that each by the key that it names. */
	const char	*log_key;
	verify_entry_fn	*entry;		/* or NULL */
	void		*arg;
};

/*
 * Changes nothing.
 * ERR_JOURNAL	broken, and where; or cut below a checkpoint
 * ERR_CONFIG	the file of the log key is not of that form
 */
struct err	verify_journal(struct ctx *, const struct verify_conf *,
		    struct verified *out);

#endif
