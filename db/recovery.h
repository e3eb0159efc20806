/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recoveries: devices of a tenant that nobody looks after go to another.  Of a
 * tenant at most one is under way (waiting or moving).
 *
 * An absent time is 0, an absent text NULL; texts are in cx->arena.  Every
 * function can fail with ERR_STORAGE.
 */
#ifndef DAAPKI_DB_RECOVERY_H
#define DAAPKI_DB_RECOVERY_H

#include "db/db.h"

enum recovery_state {
	RECOVERY_WAITING,	/* until ready_s, for an objection */
	RECOVERY_MOVING,
	RECOVERY_DONE,
	RECOVERY_OBJECTED,
	RECOVERY_STATE_COUNT,
};

/* "waiting" and so on: as stored and as shown. */
const char	*db_recovery_state_name(enum recovery_state);

struct recovery_row {
	int64_t			 id;
	int64_t			 tenant_id;
	const char		*tenant;
	int64_t			 to_tenant_id;
	const char		*to;
	int64_t			 group_id;	/* there */
	const char		*group;
	const char		*reason;
	enum recovery_state	 state;
	int64_t			 begun_s;
	const char		*begun_by;
	int64_t			 ready_s;	/* nothing is moved before */
	int64_t			 moved;		/* devices so far */
	int64_t			 ended_s;
	const char		*ended_by;
};

/* ERR_EXISTS	one is under way */
struct err	db_recovery_add(struct ctx *, struct db_tx *,
		    const struct recovery_row *, int64_t *out_id);
/* ERR_NOT_FOUND */
struct err	db_recovery_get(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t id, struct recovery_row *out);
/* Write what may change of a row, if its state still is from; ERR_CONFLICT. */
struct err	db_recovery_step(struct ctx *, struct db_tx *,
		    enum recovery_state from, const struct recovery_row *);
/* Of a tenant, or of all (0), in order of row ID. */
struct err	db_recovery_list(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t after, unsigned limit,
		    struct recovery_row **out, size_t *out_n);
/* One whose time has come. */
struct err	db_recovery_due(struct ctx *, struct db_tx *, int64_t at_s,
		    struct recovery_row *out, bool *out_found);

#endif
