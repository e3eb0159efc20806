/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal: every object that was ever signed, in order, before anybody was
 * given it.  Append-only segment files NNNNNNNN.jnl in one folder:
 *
 *	segment		magic "daapkij1", number be32, first seq be64, hash of
 *			what came before (32), hash of this head (32); entries
 *	entry		length be32 (of what follows), seq be64, time be64,
 *			kind u8, CRL number be64, tenant be16, issuer key ID
 *			be16, object be32, sealed record be32, hash (32)
 *
 * A hash is BLAKE2b-256 over the hash before it and all bytes of the entry (of
 * the head) before its own; so no entry can be changed, left out or moved
 * unless all that follow are made anew.  The object of a CRL is its SHA-256
 * only: the CRL can be made again, and would be most of the journal.
 *
 * What is cut off at the very end (the process died while writing) was never
 * acknowledged and is dropped at the next start.  Any other fault stops the
 * start: somebody has to look.
 */
#ifndef DAAPKI_SIGNER_JOURNAL_H
#define DAAPKI_SIGNER_JOURNAL_H

#include "wire/order.h"

#define JOURNAL_SEGMENT_MAX	(64u * 1024u * 1024u)	/* then a new one */
#define JOURNAL_ENTRY_MAX	(WIRE_CERT_MAX + WIRE_SEALED_MAX + 512u)
#define JOURNAL_HASH_SIZE	32u
#define JOURNAL_LOCK_WAIT_S	5	/* for an earlier signer to end */

struct journal;
struct log_key;

struct journal_conf {
	const char	*folder;	/* made when there is none */
	size_t		 segment_max;	/* bytes; 0: JOURNAL_SEGMENT_MAX */
	/* With it an index is kept (signer/index.h); must outlive the journal.
	 * NULL: the whole journal is read. */
	const struct log_key *log_key;
};

/*
 * Take the folder for this process, read and check the journal, drop an
 * unfinished end.  Where there is an index that the log key has signed, each
 * finished segment only has to be there in its size, and the last one is read
 * from where the index says it follows on; signer/verify.h reads everything.
 * ERR_JOURNAL	it is broken, cannot be read, or another signer has it
 */
struct err	journal_open(struct ctx *, const struct journal_conf *,
		    struct journal **out);
void		journal_close(struct journal *);

/* The seq that the next entry will have; the first is 1. */
uint64_t	journal_next(const struct journal *);
/* The folder's descriptor: what a sandbox has to leave usable. */
int		journal_folder(const struct journal *);
/* The seq of the last committed entry and that entry's hash; 0 and zeros when
 * there is none. */
uint64_t	journal_end(const struct journal *,
		    uint8_t out_hash[static JOURNAL_HASH_SIZE]);
/* How many bytes the last start dropped. */
uint64_t	journal_dropped(const struct journal *);
/* The greatest CRL number of the CA with that key ID; 0 when there is none. */
uint64_t	journal_last_crl(const struct journal *, struct slice key_id);

/*
 * Add an entry to the batch; its seq and time are set here.  Nothing of it may
 * leave the process before journal_commit() has succeeded.
 * ERR_JOURNAL	too large
 */
struct err	journal_append(struct ctx *, struct journal *,
		    const struct journal_entry *, uint64_t *out_seq);
/*
 * Write the batch, with one sync.  After a failure none of the batch's entries
 * exist.
 * ERR_JOURNAL
 */
struct err	journal_commit(struct ctx *, struct journal *);
/* After a failed sync nobody knows what is on the disk: stop and start anew. */
bool		journal_is_lost(const struct journal *);

/*
 * Committed entries with seq >= from: at most max of them, and none after the
 * one that makes them bytes_max or more.  In cx->arena.
 * ERR_JOURNAL	it does not read as it did at the start
 */
struct err	journal_read(struct ctx *, struct journal *, uint64_t from,
		    size_t max, size_t bytes_max,
		    const struct journal_entry **out, size_t *out_n);

#endif
