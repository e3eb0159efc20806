/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a CA, as operators lead it; authority/rollover.h does by time
 * what is planned here.
 *
 *	requested -> staged -> active -> retiring -> retired
 *
 * requested	its key is there, its certificate is awaited (own root)
 * staged	announced: in bundles, so that relying parties learn it; issues
 *		nothing yet
 * active	issues; one of a tenant and role
 * retiring	issues no more; what it issued is good until it expires
 * retired	nothing that it issued is valid any more
 * tainted	out of turn: issues no more, and who has a certificate of it has
 *		to renew, because it is to be revoked
 * revoked	with all that it issued
 * expired	its certificate is past its end
 *
 * Each step is one transaction with its event (ca.staged, ca.activated, and so
 * on).  A step from a state that has no such step is ERR_CONFLICT, and says why.
 */
#ifndef DAAPKI_AUTHORITY_LIFE_H
#define DAAPKI_AUTHORITY_LIFE_H

#include "authority/ca.h"
#include "authority/revision.h"

struct life_plan {
	enum ca_role	 role;
	const char	*algorithm;	/* NULL: that of the tenant */
	int64_t		 activate_s;	/* 0: when an operator says so */
	int64_t		 retire_s;	/* 0: when its successor is active */
	bool		 own_root;	/* CA_ROLE_ISSUING only */
	/* May it sign edge CAs?  By default as the active one. */
	enum life_edge { LIFE_EDGE_AS_BEFORE, LIFE_EDGE_NO, LIFE_EDGE_YES } edge;
	/* NULL: where the key of the active one is, or when there is none that
	 * of the active root; else as in ca_spec */
	const char	*key_store;
};

/*
 * Make the next CA of a role.  A root is also cross-signed with those that
 * there are, now or soon after.
 * ERR_FIELD		no such algorithm; a plan that cannot be
 * ERR_CONFLICT		one is staged already; there is no active root
 * ERR_SIGNER_GONE, ERR_SIGNER_REFUSED, ERR_STORAGE
 */
struct err	life_stage(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const struct life_plan *, struct db_ca *out);

#define LIFE_AS_IT_IS	(-1)

/* Change the calendar: times, 0 for none, or LIFE_AS_IT_IS.
 * ERR_FIELD, ERR_CONFLICT, ERR_NOT_FOUND */
struct life_calendar {
	int64_t	activate_s, retire_s;
	int64_t	revision;	/* as in life_step */
};
struct err	life_schedule(struct ctx *, const struct authority *,
		    const struct tenant *, const struct principal *,
		    const char *key_id, const struct life_calendar *,
		    struct db_ca *out);

/* What is done to which CA; key_id is lower-case hex. */
struct life_step {
	const char	*key_id;
	int		 reason;	/* of life_revoke */
	int64_t		 revision;	/* the one that it changes, or
					 * REVISION_ANY; ERR_PRECONDITION */
};

typedef struct err life_fn(struct ctx *, const struct authority *,
    const struct tenant *, const struct principal *,
    const struct life_step *, struct db_ca *out);

/*
 * Everyone of these: ERR_NOT_FOUND, ERR_CONFLICT, ERR_STORAGE.
 *
 * life_activate	a staged one takes over from the active one
 * life_retire		a retiring one without valid certificates; or one that
 *			was never active is given up
 * life_taint		an active one hands over to the staged one if there is
 *			one; with automatic rollover one is made if there is not
 * life_revoke		with all that it issued; on the CRL of its root
 */
life_fn	life_activate, life_retire, life_taint, life_revoke;

/* --- for authority/rollover.c ------------------------------------------- */

/* Retire or expire it if its time has come, else say when to look again. */
struct err	life_end(struct ctx *, const struct authority *,
		    const struct db_ca *);
/* Say once, by event, that it wants a successor that only people can make. */
struct err	life_warn(struct ctx *, const struct authority *,
		    const struct db_ca *);

/* When its successor has to be staged. */
int64_t		life_due(const struct authority *, const struct db_ca *);

/* The first CAs of a tenant are active from the start; row not in the database
 * yet. */
void		life_begin_active(const struct authority *, struct db_ca *);
/* A requested one has its certificate. */
void		life_begin_staged(const struct authority *, int64_t now_s,
		    struct db_ca *);

/* The words of an RFC 5280 reason that fits a CA; false when it is none. */
bool		life_reason_find(const char *word, int *out);
const char	*life_reason_word(int reason);

#endif
