/* SPDX-License-Identifier: Apache-2.0 */
/* The audit's chains and checkpoints; doc/AUDIT.md.  All: ERR_STORAGE. */
#ifndef DAAPKI_DB_AUDIT_H
#define DAAPKI_DB_AUDIT_H

#include "db/db.h"

struct audit_chain {
	int64_t		 tenant_id;
	const char	*name;
	uint64_t	 seq;		/* of the last row; 0: none yet */
	struct slice	 hash;		/* that row's; zeros when none */
};

struct audit_row {
	uint64_t	 seq;
	int64_t		 at_s;
	const char	*actor_kind, *actor, *credential;
	const char	*action, *subject, *request_id, *trace, *outcome;
	const char	*data;		/* a JSON object */
	struct slice	 hash;
	struct slice	 before;	/* the hash of the row before it; empty
					 * of the first.  Not of an insert. */
};

/* NULL: any. */
struct audit_filter {
	const char	*actor, *subject;
	const char	*action;	/* exactly that */
	const char	*actions;	/* what begins so */
	int64_t		 from_s, to_s;		/* from <= at < to */
	uint64_t	 after, through;	/* seq: after < seq <= through,
						 * which is 0 for any */
	size_t		 limit;
};

struct audit_checkpoint {
	int64_t		 id, at_s;
	struct slice	 root, leaves;
	uint32_t	 n_chains;
	uint64_t	 journal_seq;
	struct slice	 public_key, signature;
};

/* A chain's head at a checkpoint. */
struct audit_head {
	int64_t		 tenant_id, checkpoint;
	uint32_t	 place;
	uint64_t	 seq;
	struct slice	 hash;
};

struct err	db_audit_chain(struct ctx *, struct db_tx *, int64_t tenant_id,
		    struct audit_chain *out, bool *out_found);
/* A chain without a row yet: tenant_id, name and a hash of zeros. */
struct err	db_audit_begin(struct ctx *, struct db_tx *,
		    const struct audit_chain *);
/* seq must be the chain's next. */
struct err	db_audit_insert(struct ctx *, struct db_tx *,
		    int64_t tenant_id, const struct audit_row *);
struct err	db_audit_list(struct ctx *, struct db_tx *, int64_t tenant_id,
		    const struct audit_filter *, struct audit_row **out,
		    size_t *out_n);

/* All chains, in order of tenant_id. */
struct err	db_audit_chains(struct ctx *, struct db_tx *,
		    struct audit_chain **out, size_t *out_n);
/* Tenants that have no chain yet. */
struct err	db_audit_unbegun(struct ctx *, struct db_tx *,
		    int64_t **out_ids, size_t *out_n);

/* Before the signer is told; journal_seq, key and signature come after. */
struct err	db_audit_checkpoint_add(struct ctx *, struct db_tx *,
		    const struct audit_checkpoint *, int64_t *out_id);
struct err	db_audit_checkpoint_done(struct ctx *, struct db_tx *,
		    const struct audit_checkpoint *);
/* The journal has it, and nobody heard the answer. */
struct err	db_audit_checkpoint_found(struct ctx *, struct db_tx *,
		    struct slice root, int64_t at_s, uint64_t journal_seq,
		    bool *out_found);
/* Forget those of before that the signer never took. */
struct err	db_audit_checkpoint_give_up(struct ctx *, struct db_tx *,
		    int64_t before_s);
struct err	db_audit_checkpoint_by_seq(struct ctx *, struct db_tx *,
		    uint64_t journal_seq, struct audit_checkpoint *out,
		    bool *out_found);
/* How many the journal has, and the greatest id of them. */
struct audit_count { uint64_t n; int64_t last_id; };
struct err	db_audit_checkpoints_count(struct ctx *, struct db_tx *,
		    struct audit_count *out);
struct err	db_audit_head_add(struct ctx *, struct db_tx *,
		    const struct audit_head *);
/* The newest head of the chain that a checkpoint has; checkpoint 0: none. */
struct err	db_audit_head_last(struct ctx *, struct db_tx *,
		    int64_t tenant_id, struct audit_head *out);
/* A tenant's heads with after < seq <= to and their checkpoints. */
struct audit_anchored {
	struct audit_head	head;
	struct audit_checkpoint	checkpoint;
};
struct err	db_audit_anchored(struct ctx *, struct db_tx *,
		    int64_t tenant_id, uint64_t after, uint64_t to,
		    size_t limit, struct audit_anchored **out,
		    size_t *out_n);

#endif
