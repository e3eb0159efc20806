/* SPDX-License-Identifier: Apache-2.0 */
/* Where tenants have events sent to.  All: ERR_STORAGE. */
#ifndef DAAPKI_DB_WEBHOOK_H
#define DAAPKI_DB_WEBHOOK_H

#include "db/db.h"

struct webhook_row {
	int64_t		 id, tenant_id;
	const char	*url;
	const char	*types;		/* "device.* ca.staged"; "" is all */
	const char	*description;
	const char	*kind;		/* hmac, ed25519 */
	const char	*state;		/* active, disabled */
	const char	*reason;	/* of disabled; or NULL */
	struct slice	 sealed;
	struct slice	 old_sealed;	/* or empty */
	int64_t		 old_until_s;
	int64_t		 cursor;	/* done with up to here */
	int64_t		 epoch;
	int64_t		 attempts;	/* of the event after it, in vain */
	int64_t		 next_s;	/* when to try again; 0: at once */
	int64_t		 failing_since_s;	/* 0: it is not */
	int64_t		 created_s;
	const char	*created_by;
};

struct delivery_row {
	int64_t		 id;
	int64_t		 event_id;
	const char	*type;
	int64_t		 at_s;
	int64_t		 attempt;	/* 1 is the first */
	const char	*outcome;	/* courier_outcome_text() */
	int64_t		 status;	/* 0: none */
	int64_t		 ms;
	const char	*excerpt;	/* of the answer, or why there is none */
};

struct err	db_webhook_insert(struct ctx *, struct db_tx *,
		    const struct webhook_row *, int64_t *out_id);
struct err	db_webhook_count(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t *out);
/* ERR_NOT_FOUND */
struct err	db_webhook_get(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t id, struct webhook_row *out);
struct err	db_webhook_list(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t after, unsigned limit,
		    struct webhook_row **out, size_t *out_n);
/* Of all tenants, those that are active. */
struct err	db_webhook_active(struct ctx *, struct db_tx *, int64_t after,
		    unsigned limit, struct webhook_row **out, size_t *out_n);
/* With its deliveries.  ERR_NOT_FOUND */
struct err	db_webhook_delete(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t id);
struct err	db_webhook_keys(struct ctx *, struct db_tx *,
		    const struct webhook_row *);
/* Active from that cursor on, as if nothing had failed. */
struct err	db_webhook_begin(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t id, int64_t cursor);
/* What came of deliveries; *out_kept is false when an operator changed it
 * meanwhile, and then nothing is. */
struct err	db_webhook_progress(struct ctx *, struct db_tx *,
		    const struct webhook_row *, bool *out_kept);
/* Keeps the last most of them. */
struct err	db_delivery_add(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t webhook_id, unsigned most,
		    const struct delivery_row *);
struct err	db_delivery_list(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t webhook_id, int64_t after,
		    unsigned limit, struct delivery_row **out, size_t *out_n);
/* The last event before that time; 0: there is none. */
struct err	db_event_before(struct ctx *, struct db_tx *,
		    int64_t tenant_id, int64_t at_s, int64_t *out_id);

#endif
