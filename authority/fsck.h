/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does what is stored hold together?  Three passes, none of which changes
 * anything: the rules of the database (db/fsck.def); each CA, certificate and
 * list as an object, with its signature; the signer's journal against the
 * database, both ways.
 *
 * It may run beside a server.  What the journal has and the database has not
 * looked at yet (the next start does, authority/recover.h) is counted, not
 * found fault with.
 */
#ifndef DAAPKI_AUTHORITY_FSCK_H
#define DAAPKI_AUTHORITY_FSCK_H

#include "db/fsck.h"
#include "wire/order.h"

struct fsck;

struct fsck_counts {
	uint64_t	cas, certificates, lists;	/* looked at */
	uint64_t	entries;	/* of the journal */
	uint64_t	pending;	/* of them, for the next start to bring in */
	uint64_t	audit;		/* rows of the audit, looked at */
	uint64_t	strays;		/* of them, that no record can hold */
	uint64_t	findings;
};

/* Both must outlive it.  ERR_STORAGE */
struct err	fsck_open(struct ctx *, struct db *, db_finding_fn *,
		    void *arg, struct fsck **out);
/* NULL is nothing. */
void		fsck_close(struct fsck *);
void		fsck_count(const struct fsck *, struct fsck_counts *out);

/* Tell something that was found elsewhere. */
void		fsck_find(struct fsck *, const char *check, const char *rule,
		    const char *what);

/* The first two passes.  ERR_STORAGE */
struct err	fsck_database(struct ctx *, struct fsck *);

/*
 * The third: begin, then every entry in order, then end; after a journal that
 * broke off, no end.  ERR_STORAGE
 */
struct err	fsck_journal_begin(struct ctx *, struct fsck *);
struct err	fsck_journal_take(struct ctx *, struct fsck *,
		    const struct journal_entry *, size_t n);
struct err	fsck_journal_end(struct ctx *, struct fsck *);

#endif
