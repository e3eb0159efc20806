/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificate revocation lists: what each has to show, and the last one made.
 *
 * Shard 0 is the complete list of a CA, 1 and up are its shards.  A revision
 * counts the revocations that concern a list; the statements that revoke keep
 * it, so a list whose revision is behind is known to be out of date, also after
 * a crash.  Every function can fail with ERR_STORAGE.
 */
#ifndef DAAPKI_DB_CRL_H
#define DAAPKI_DB_CRL_H

#include "db/db.h"

#define CRL_COMPLETE	0u	/* the shard number of the complete list */

/* Which list. */
struct crl_key {
	int64_t		tenant_id, ca_id;
	unsigned	shard;
};

struct crl_row {
	uint64_t	number;		/* 0: none was ever made */
	uint64_t	revision;	/* of what it shows */
	int64_t		this_s, next_s;
	struct slice	der;		/* may be empty with a number set */
};

/* The last one made, all zero when there was none; out_revision is what it
 * would have to show. */
struct err	db_crl_get(struct ctx *, struct db_tx *,
		    const struct crl_key *, struct crl_row *out,
		    uint64_t *out_revision);
/* Keep a new one.  ERR_CONFLICT	one with that number or more is there */
struct err	db_crl_put(struct ctx *, struct db_tx *,
		    const struct crl_key *, const struct crl_row *);
/* Every list that is out of date, of any tenant (tenant_id is not set). */
struct err	db_crl_behind(struct ctx *, struct db_tx *,
		    struct crl_key **out, size_t *out_n);

/* One entry of a CRL. */
struct revoked_row {
	struct slice	serial;
	int64_t		revoked_s;
	int		reason;		/* RFC 5280, 5.3.1 */
};
/*
 * The revoked certificates of a list whose notAfter is since_s or later.  RFC
 * 5280, 3.3 keeps an entry until one CRL beyond expiry has shown it: so pass
 * now less one CRL lifetime.  In order of expiry.
 */
struct err	db_crl_entries(struct ctx *, struct db_tx *,
		    const struct crl_key *, int64_t since_s,
		    struct revoked_row **out, size_t *out_n);

/* Revocations by a CA (of its certificates, or of CAs under it) that the journal
 * was not told of; at most that many. */
struct err	db_crl_not_noted(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t ca_id, size_t most,
		    struct revoked_row **out, size_t *out_n);
/* It was told of these. */
struct err	db_crl_noted(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t ca_id, const struct revoked_row *, size_t n);

/* What is known of a serial of a CA; for OCSP. */
struct serial_status {
	bool		known;		/* that CA has issued it */
	int64_t		revoked_s;	/* 0: it is good */
	int		reason;
};
struct err	db_crl_status(struct ctx *, struct db_tx *, int64_t tenant_id,
		    int64_t ca_id, struct slice serial,
		    struct serial_status *out);

#endif
