/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a start need not read again: the file "index" beside the segments, signed
 * by the log key.  It says which segments there are, how large each that is
 * finished is, what the last one follows on, and the CRL numbers so far.
 *
 *	magic "DAJI1", segments be32, { first seq be64, size be64 } for each
 *	(the last one's size is 0), hash before the last segment (32), hash of
 *	the last entry (32), CAs be32, { key ID be16, CRL number be64 } for
 *	each, signature (64) over all that is before it
 *
 * It is written whenever a segment is begun, in place: one that was cut off
 * does not verify, and the whole journal is read.
 */
#ifndef DAAPKI_SIGNER_INDEX_H
#define DAAPKI_SIGNER_INDEX_H

#include "signer/journal.h"
#include "signer/logkey.h"

#define INDEX_FILE		"index"
#define INDEX_MAX		(16u * 1024u * 1024u)	/* bytes */

struct segment {
	uint32_t	number;
	uint64_t	first_seq;
	uint64_t	size;		/* bytes, once it is finished; else 0 */
};

struct crl_last {
	uint8_t		key_id[WIRE_KEY_ID_MAX];
	size_t		n_key_id;
	uint64_t	number;
};

struct index {
	size_t		 n_segments;	/* 1 at least */
	struct segment	*segments;	/* numbered from 1 on */
	uint8_t		 before[JOURNAL_HASH_SIZE];	/* the last segment */
	uint8_t		 entry_hash[JOURNAL_HASH_SIZE];
	size_t		 n_crls;
	struct crl_last	*crls;
};

/* Best effort: false when it could not be written, and then there is none. */
bool		index_write(struct ctx *, int folder_fd,
		    const struct log_key *, const struct index *);
/* In cx->arena.  False: there is none, or none that the key has signed. */
bool		index_read(struct ctx *, int folder_fd,
		    const struct log_key *, struct index *out);

#endif
