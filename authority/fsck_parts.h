/* SPDX-License-Identifier: Apache-2.0 */
/* What the passes of authority/fsck.h share. */
#ifndef DAAPKI_AUTHORITY_FSCK_PARTS_H
#define DAAPKI_AUTHORITY_FSCK_PARTS_H

#include "authority/fsck.h"
#include "db/audit.h"
#include "pki/cert.h"

#define FSCK_PAGE	256u	/* rows in memory at a time */

/* A CA that was loaded; in the arena of struct fsck. */
struct fsck_ca {
	struct db_ca	 row;
	bool		 readable;	/* cert and key are there */
	bool		 journalled;	/* the journal has it */
	struct cert	 cert;
	struct key	 key;
};

/* Rows that the journal has; a bit each. */
struct fsck_seen { uint8_t *bits; int64_t n; uint64_t n_set; };

struct fsck_list {
	uint64_t	 number;
	const struct fsck_ca *ca;
	uint8_t		 sha256[32];
	bool		 journalled;
};

struct fsck {
	struct db		*db;
	db_finding_fn		*fn;
	void			*arg;
	struct arena		*arena;
	struct fsck_ca		*cas;		/* by id */
	struct fsck_ca		**by_key;	/* by key id */
	size_t			 n_cas;
	struct fsck_counts	 counts;
	/* the journal */
	uint64_t		 next;		/* seq that recovery looks at next */
	struct db_sizes		 sizes;
	struct fsck_seen	 certificates, others;
	struct fsck_list	*lists;
	size_t			 n_lists;
	struct audit_count	 checkpoints;	/* of the audit, at the begin */
	uint64_t		 n_anchored;	/* of them, that it has */
};

void		 fsck_findf(struct ctx *, struct fsck *, const char *check,
		    const char *rule, const char *fmt, ...)
		    __attribute__((format(printf, 5, 6)));
/* NULL when there is none. */
struct fsck_ca	*fsck_ca_by_id(const struct fsck *, int64_t id);
struct fsck_ca	*fsck_ca_by_key_id(const struct fsck *, struct slice key_id);

/* An entry that no row is of: a finding, unless it is known to be a stray or for
 * the next start. */
struct err	 fsck_not_known(struct ctx *, struct db_tx *, struct fsck *,
		    const struct journal_entry *);

/* The audit: each row's hash; and, with an entry of the journal each, the
 * checkpoints. */
struct err	 fsck_audit(struct ctx *, struct fsck *);
struct err	 fsck_audit_begin(struct ctx *, struct fsck *);
struct err	 fsck_audit_take(struct ctx *, struct db_tx *, struct fsck *,
		    const struct journal_entry *);
void		 fsck_audit_end(struct ctx *, struct fsck *);

#endif
