/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Long work.  What an operation has to do is stored first, item by item; then
 * one thread works it off, a batch in a transaction, so that after a crash it
 * goes on where it was and each item has exactly one outcome.  Tenants take
 * turns, and between batches others write (OPERATION_PACE_US).
 *
 * What is done with an item says the operation's kind: a row of the table in
 * operation.c.
 */
#ifndef DAAPKI_AUTHORITY_OPERATION_H
#define DAAPKI_AUTHORITY_OPERATION_H

#include "authority/authority.h"
#include "codec/json.h"
#include "db/operation.h"

#define OPERATION_NAME_SIZE	33u		/* 32 hex digits and NUL */
#define OPERATION_ITEMS_MAX	1000000u	/* of one operation */
#define OPERATION_ITEM_MAX	8192u		/* bytes of one item */
#define OPERATION_BATCH		64u		/* items of a transaction */
#define OPERATIONS_UNENDED_MAX	256u		/* of a tenant, with input sent */
#define OPERATION_PARAMS_MAX	16384u		/* bytes of JSON text */
/* A batch begins that long after the one before it began, 1,800 items a second,
 * or after half the time that it took, whichever is later: the rest is for
 * others to write. */
#define OPERATION_PACE_US	35000u

/* --- what one has to do ---------------------------------------------- */

struct operation_item {
	int64_t		 line;		/* where the caller had it, from 1 */
	struct slice	 input;		/* as it was put; may be empty */
	/* For the kind to set: */
	const char	*outcome;	/* a word such as "claimed" */
	const char	*subject;	/* NULL, or which thing it was about */
	enum err_code	 code;		/* ERR_OK, or why it was refused */
	const char	*detail;	/* NULL, or words for the caller */
};

/* A batch, as a kind sees it.  All is in the arena of the batch. */
struct operation_job {
	const struct authority		*authority;
	const struct operation_row	*row;
	const json_t			*params;
	struct operation_item		*items;
	size_t				 n;
	void				*kept;	/* from step to committed */
};

struct operation_kind {
	const char	*name;
	/* Who may cancel it needs RIGHT_OWN: it takes away, or says who may. */
	bool		 of_owners;
	/*
	 * Do the items of a batch, in a transaction, and set outcomes.  A
	 * failure undoes the batch: ERR_STORAGE is tried again, any other ends
	 * the operation as failed.
	 */
	struct err	(*step)(struct ctx *, struct db_tx *,
			    struct operation_job *);
	/* After the commit, to tell what is in memory.  May be NULL. */
	void		(*committed)(struct ctx *, struct operation_job *);
};

/* Whose, and of which kind. */
struct operation_spec {
	const struct tenant	*tenant;	/* NULL: the platform's */
	const struct principal	*by;
	const char		*kind;
	const char		*params;	/* JSON object; NULL: {} */
	bool			 held;		/* until operation_let_go() */
};

/* --- making one ------------------------------------------------------ */

/* Items as they are gathered; in the arena of the cx it was made with. */
struct operation_input;

/*
 * Write the operation's row, seen by nobody yet, and get ready for items.
 * ERR_QUOTA		the tenant has OPERATIONS_UNENDED_MAX already
 * ERR_STORAGE
 */
struct err	operation_begin(struct ctx *, const struct authority *,
		    const struct operation_spec *,
		    struct operation_input **out);
/*
 * One item more; written in transactions of their own as they get many.  What
 * is never ended is taken away later.
 * ERR_TOO_LARGE	more than OPERATION_ITEMS_MAX, or an item above
 *			OPERATION_ITEM_MAX
 */
struct err	operation_put(struct ctx *, struct operation_input *,
		    int64_t line, struct slice);
/* That was all: it is queued (or held), with its receipt, and the thread woken.
 * ERR_FIELD		there was no item */
struct err	operation_end(struct ctx *, struct operation_input *,
		    struct operation_row *out);

/* The whole in the caller's transaction, of few items; after the commit the
 * caller calls operation_wake().  Failures as above. */
struct err	operation_add(struct ctx *, struct db_tx *,
		    const struct operation_spec *,
		    const struct operation_item *, size_t n,
		    struct operation_row *out);
/* In a transaction: a held one may go.  Then operation_wake().
 * ERR_NOT_FOUND, ERR_CONFLICT */
struct err	operation_let_go(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const char *name);

/* --- looking --------------------------------------------------------- */

/* A principal finds those of its tenant, one of the platform all; who has one
 * group, what who has that group began.
 * ERR_NOT_FOUND */
struct err	operation_get(struct ctx *, const struct authority *,
		    const struct principal *, const char *name,
		    struct operation_row *out);
/* tenant NULL: all that the principal may see. */
struct err	operation_list(struct ctx *, const struct authority *,
		    const struct principal *, const struct tenant *,
		    const struct operation_filter *,
		    struct operation_row **out, size_t *out_n);
/* Items with a number above after; outcome NULL: any.  ERR_NOT_FOUND */
struct err	operation_items(struct ctx *, const struct authority *,
		    const struct principal *, const char *name,
		    const char *outcome, int64_t after, unsigned limit,
		    struct operation_item_row **out, size_t *out_n);
/* What was done stays done.  ERR_NOT_FOUND, ERR_CONFLICT: it has ended */
struct err	operation_cancel(struct ctx *, const struct authority *,
		    const struct principal *, const char *name,
		    struct operation_row *out);

/* --- the thread ------------------------------------------------------ */

struct operations;

struct operations *operations_start(const struct authority *);
/* Waits for the batch that runs.  NULL is nothing. */
void		operations_stop(struct operations *);
/* There is something to do.  NULL (no thread, as in tests) is nothing. */
void		operation_wake(const struct authority *);
/*
 * One batch of the operation whose turn it is, or one piece of what is old
 * taken away; *out_did says whether there was any.  What the thread does, for
 * tests to do by hand.  after_tenant is kept between calls; begin with -1.
 */
struct err	operation_turn(struct ctx *, const struct authority *,
		    int64_t *after_tenant, bool *out_did);

#endif
