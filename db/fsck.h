/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must hold of the database, and its rows of all tenants in order, for who
 * checks them one by one.  All: ERR_STORAGE.
 */
#ifndef DAAPKI_DB_FSCK_H
#define DAAPKI_DB_FSCK_H

#include "db/ca.h"
#include "db/certificate.h"
#include "db/crl.h"

struct db_finding {
	const char	*check;		/* "claim_one" */
	const char	*rule;		/* what should hold */
	const char	*what;		/* that does not */
};
typedef void db_finding_fn(void *arg, const struct db_finding *);

/* Every rule that one statement can hold; each break of one is told. */
struct err	db_fsck(struct ctx *, struct db_tx *, int64_t now_s,
		    db_finding_fn *, void *arg);
/* How many rules those are. */
size_t		db_fsck_n_rules(void);

/* The greatest row numbers there are; 0 of an empty table. */
struct db_sizes { int64_t cas, certificates, signed_others; };
struct err	db_fsck_sizes(struct ctx *, struct db_tx *,
		    struct db_sizes *out);

/* Rows with an id above after, at most that many. */
struct err	db_fsck_certificates(struct ctx *, struct db_tx *,
		    int64_t after, size_t most, struct certificate_row **out,
		    size_t *out_n);
struct err	db_fsck_signed(struct ctx *, struct db_tx *, int64_t after,
		    size_t most, struct db_ca_signed **out, size_t *out_n);
struct err	db_fsck_signed_find(struct ctx *, struct db_tx *,
		    int64_t ca_id, struct slice serial,
		    struct db_ca_signed *out, bool *out_found);

/* A list as it is kept. */
struct db_fsck_crl {
	int64_t		id;
	struct crl_key	key;
	struct crl_row	row;		/* revision: of what it shows */
	uint64_t	revision;	/* what it would have to show */
};
struct err	db_fsck_crls(struct ctx *, struct db_tx *, int64_t after,
		    size_t most, struct db_fsck_crl **out, size_t *out_n);

#endif
