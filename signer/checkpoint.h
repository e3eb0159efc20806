/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checkpoints: the journal's state, signed by a key of its own.  A copy kept
 * elsewhere shows later whether the journal was cut or made anew.
 *
 * What is signed is the text
 *
 *	daapki-journal-checkpoint-1 LF
 *	seq LF				of the last entry, decimal; 0: none
 *	time LF				2026-11-22T07:52:50Z
 *	hash LF				that entry's, 64 hex; zeros when none
 *
 * Those that were given out are also kept beside the journal, in the file
 * "checkpoints": a line of seq, time, hash, public key and signature for each.
 */
#ifndef DAAPKI_SIGNER_CHECKPOINT_H
#define DAAPKI_SIGNER_CHECKPOINT_H

#include "signer/journal.h"
#include "signer/logkey.h"

#define CHECKPOINT_FILE		"checkpoints"
#define CHECKPOINT_LINE_MAX	320u

/* The text that is signed, NUL-terminated, in the arena. */
char		*checkpoint_text(struct arena *, uint64_t seq, int64_t at_s,
		    const uint8_t hash[static JOURNAL_HASH_SIZE]);

/*
 * Of what is committed now; slices in cx->arena.  Kept in the file first.
 * ERR_JOURNAL	it could not be kept
 */
struct err	checkpoint_make(struct ctx *, const struct journal *,
		    const struct log_key *, struct journal_checkpoint *out);

/* Is it signed by the key that it names? */
bool		checkpoint_is_signed(struct arena *,
		    const struct journal_checkpoint *);

/* Read one line, without its LF; slices in the arena.  False: it is none. */
bool		checkpoint_read_line(struct arena *, const char *line,
		    struct journal_checkpoint *out);

#endif
