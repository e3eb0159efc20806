/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who did what: rows in a chain of hashes for each tenant (the reserved tenant
 * is the platform's), written in the transaction of what they tell of, and
 * anchored from time to time in the signer's journal.  doc/AUDIT.md.
 *
 * event_add() writes a row for each event.  What an operator does that is no
 * event calls audit_add().  Who it was, the request and its trace are taken
 * from the context.
 */
#ifndef DAAPKI_AUTHORITY_AUDIT_H
#define DAAPKI_AUTHORITY_AUDIT_H

#include "authority/authority.h"
#include "codec/json.h"
#include "codec/ledger.h"
#include "db/audit.h"

#define AUDIT_OK		"ok"	/* an outcome; others are error codes */
#define AUDIT_PLATFORM		0	/* tenant_id of the platform's chain */

/* Refusals that are kept apart between two rounds; what is more is counted
 * under its code alone. */
#define AUDIT_REFUSALS_MAX	256u
#define AUDIT_WORD_MAX		128u	/* of what such a one names */
#define AUDIT_ACTOR_MAX		512u	/* bytes of whom it names; what is longer
					 * is cut at a letter's end */

/*
 * Add a row; its chain is begun if it has none.  actor is whose name is told
 * where the context names nobody.  Takes data, which may be NULL.
 * ERR_STORAGE
 */
struct err	audit_add(struct ctx *, struct db_tx *, int64_t tenant_id,
		    const char *action, const char *subject,
		    const char *actor, json_t *data);
/* The same with an outcome, and data as the text of a JSON object or NULL. */
struct err	audit_put(struct ctx *, struct db_tx *, int64_t tenant_id,
		    const char *action, const char *subject,
		    const char *actor, const char *outcome,
		    const char *data);
/* A transaction of its own, for an act that wrote nothing else. */
struct err	audit_note(struct ctx *, const struct authority *,
		    int64_t tenant_id, const char *action,
		    const char *subject, const char *actor, json_t *data);

/* --- refusals ------------------------------------------------------------- */

struct audit_refusal {
	int64_t		 tenant_id;	/* AUDIT_PLATFORM where none is known */
	const char	*actor;		/* "" for a stranger */
	const char	*credential;
	const char	*what;		/* "POST /v1/tenants"; a constant of ours
					 * where the actor is a stranger */
	struct err	 err;
};
/*
 * Count it: refusals that are alike become one row a round, with how many there
 * were, so that nobody can fill the disk with them.  Never fails.
 */
void		audit_refused(struct ctx *, const struct authority *,
		    const struct audit_refusal *);

/* --- by time -------------------------------------------------------------- */

struct audit_keeper;
struct audit_keeper *audit_keeper_new(void);
void		audit_keeper_free(struct audit_keeper *);

/* Begin the chains that are not there: of a database from before. */
struct err	audit_begin_all(struct ctx *, const struct authority *);
/* Write the refusals that were counted. */
struct err	audit_flush(struct ctx *, const struct authority *);
/*
 * Tell the journal the state of all chains, if one has changed since the last
 * time.  *out_made may be NULL.
 * ERR_SIGNER_GONE, ERR_STORAGE
 */
struct err	audit_anchor(struct ctx *, const struct authority *,
		    bool *out_made);
/* Both, the second when it is time. */
struct err	audit_round(struct ctx *, const struct authority *);

/* --- reading -------------------------------------------------------------- */

/* A head that a checkpoint has, and the way from it to the root. */
struct audit_proof {
	struct audit_anchored	anchored;
	struct ledger_hash	leaf, path[LEDGER_PATH_MAX];
	size_t			n_path;
};

/* Rows that are looked at for a page that leaves some out: that many, or its
 * limit where that is more. */
#define AUDIT_LOOK_MAX		10000u

/*
 * tenant NULL: the platform; filter.through is not looked at.  A page that leaves
 * rows out may be short, or empty, and have more behind it.  Proofs are of the
 * heads with after < seq <= the last row's; none where the filter leaves rows
 * out.
 */
struct audit_page {
	const char		*chain;		/* its name */
	struct audit_row	*rows;
	size_t			 n_rows;
	uint64_t		 next;		/* seq to go on behind; 0: it is
						 * the last page */
	struct audit_proof	*proofs;	/* in order of seq */
	size_t			 n_proofs;
};
struct err	audit_list(struct ctx *, const struct authority *,
		    const struct tenant *, const struct audit_filter *,
		    struct audit_page *out);

/* As the hash is over it. */
struct ledger_row audit_ledger_row(const char *chain,
		    const struct audit_row *);

#endif
