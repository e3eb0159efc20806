/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Long work: an operation, what it has yet to do in batches, and what came of
 * each item.  An absent time is 0, an absent text NULL; texts and blobs are in
 * cx->arena.  Every function can fail with ERR_STORAGE.
 */
#ifndef DAAPKI_DB_OPERATION_H
#define DAAPKI_DB_OPERATION_H

#include "db/db.h"

struct operation_row {
	int64_t		 id;
	int64_t		 tenant_id;	/* 0: the platform */
	const char	*tenant;	/* its name; NULL: the platform */
	const char	*name;		/* 32 hex digits */
	const char	*kind;
	const char	*state;		/* as the schema lists them */
	const char	*params;	/* a JSON object */
	int64_t		 items, done;	/* items in all; those with an outcome */
	const char	*counts;	/* a JSON object: outcome to number */
	const char	*code;		/* why it failed: a dotted code */
	int64_t		 created_s;
	const char	*created_by;
	int64_t		 started_s, ended_s;
	int64_t		 group_id;	/* of who began it; 0: had no group */
	const char	*group;		/* its name; NULL: none */
};

struct operation_item_row {
	int64_t		 number;	/* from 0 */
	int64_t		 line;		/* where the caller had it, from 1 */
	const char	*subject;	/* "" when there is none */
	const char	*outcome;
	const char	*code;		/* a dotted code; NULL: not refused */
	const char	*detail;	/* NULL, or words for the caller */
};

struct operation_filter {
	const char	*state, *kind;	/* NULL: any */
	int64_t		 group_id;	/* of who began it; 0: any */
	int64_t		 after;		/* row ID */
	unsigned	 limit;
};

/* A new one, that nobody sees yet. */
struct err	db_operation_insert(struct ctx *, struct db_tx *,
		    const struct operation_row *, int64_t *out_id);
/* How many have not ended, whatever they wait for. */
struct err	db_operation_unended(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t *out);
/* It has all its items, and is in that state now: held or queued.
 * ERR_CONFLICT		it was neither new nor held */
struct err	db_operation_open(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t id, const char *state,
		    int64_t items);
/* Store state, done, counts, started_s, ended_s and code.
 * ERR_CONFLICT		it has ended */
struct err	db_operation_advance(struct ctx *, struct db_tx *,
		    const struct operation_row *);

/* Whoever's it is: the caller compares the tenant. */
struct err	db_operation_by_name(struct ctx *, struct db_tx *,
		    const char *name, struct operation_row *out,
		    bool *out_found);
struct err	db_operation_by_id(struct ctx *, struct db_tx *, int64_t id,
		    struct operation_row *out, bool *out_found);
struct err	db_operation_list(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const struct operation_filter *,
		    struct operation_row **out, size_t *out_n);
/* Those of every tenant. */
struct err	db_operation_list_all(struct ctx *, struct db_tx *,
		    const struct operation_filter *,
		    struct operation_row **out, size_t *out_n);

/* *out is 0 when there is none. */
struct err	db_operation_next(struct ctx *, struct db_tx *,
		    int64_t after_tenant, int64_t *out);
struct err	db_operation_old(struct ctx *, struct db_tx *,
		    int64_t ended_s, int64_t *out);
struct err	db_operation_left(struct ctx *, struct db_tx *,
		    int64_t created_s, int64_t *out);
/* Take away at most about that many of its rows; the operation goes last.
 * out_gone says that it went. */
struct err	db_operation_drop(struct ctx *, struct db_tx *, int64_t id,
		    unsigned rows, bool *out_gone);

/* --- its input and its items ----------------------------------------- */

struct err	db_operation_put(struct ctx *, struct db_tx *, int64_t id,
		    int64_t first, int64_t n, struct slice body);
/* out_n is 0 when there is no such batch. */
struct err	db_operation_take(struct ctx *, struct db_tx *, int64_t id,
		    int64_t first, int64_t *out_n, struct slice *out_body);
struct err	db_operation_taken(struct ctx *, struct db_tx *, int64_t id,
		    int64_t first);
/* All that it has yet to do. */
struct err	db_operation_drop_input(struct ctx *, struct db_tx *,
		    int64_t id);
struct err	db_operation_item_add(struct ctx *, struct db_tx *,
		    int64_t id, const struct operation_item_row *);
/* Items with a number above after, in order.  outcome may be NULL; refused
 * says that it is one whose items have a code. */
struct err	db_operation_item_list(struct ctx *, struct db_tx *,
		    int64_t id, const char *outcome, bool refused,
		    int64_t after, unsigned limit,
		    struct operation_item_row **out, size_t *out_n);

#endif
