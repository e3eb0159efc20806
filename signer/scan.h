/* SPDX-License-Identifier: Apache-2.0 */
/* One segment of the journal, read entry by entry; its form is in journal.h. */
#ifndef DAAPKI_SIGNER_SCAN_H
#define DAAPKI_SIGNER_SCAN_H

#include "signer/journal.h"

#define SCAN_HEAD_SIZE	(8u + 4u + 8u + 2u * JOURNAL_HASH_SIZE)
#define SCAN_WINDOW	(256u * 1024u)

enum scan_end {
	SCAN_ENTRY,	/* there is one */
	SCAN_END,	/* the file ends after the last one */
	SCAN_TORN,	/* the file ends within one, or in zeros */
	SCAN_BROKEN,	/* these bytes were never written here */
	SCAN_FAILED,	/* the file cannot be read */
};

struct scan {
	int		 fd;
	uint64_t	 at;		/* offset of the next entry */
	uint64_t	 seq;		/* that it must have */
	uint8_t		 hash[JOURNAL_HASH_SIZE];	/* of what is before */
	uint8_t		*window;	/* SCAN_WINDOW bytes of the file, */
	uint64_t	 window_at;	/* from there, */
	size_t		 window_n;	/* that many read */
};

/* fd and window stay the caller's. */
void		scan_init(struct scan *, int fd, uint8_t *window);

/* Read the head; prev is the hash of what is before this segment.  On success
 * the scan stands at the first entry. */
enum scan_end	scan_head(struct scan *, uint32_t number, uint64_t first_seq,
		    const uint8_t prev[static JOURNAL_HASH_SIZE]);
/* Read the next entry; slices in *out are good until the next call, tenant is
 * in the arena.  Its hash is checked. */
enum scan_end	scan_next(struct arena *, struct scan *,
		    struct journal_entry *out);

/* The same forms, written. */
void		scan_put_head(struct buf *, uint32_t number,
		    uint64_t first_seq,
		    const uint8_t prev[static JOURNAL_HASH_SIZE],
		    uint8_t out_hash[static JOURNAL_HASH_SIZE]);
void		scan_put_entry(struct buf *, const struct journal_entry *,
		    const uint8_t prev[static JOURNAL_HASH_SIZE],
		    uint8_t out_hash[static JOURNAL_HASH_SIZE]);

#endif
