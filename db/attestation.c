/* SPDX-License-Identifier: Apache-2.0 */
#include "db/attestation.h"

#include "base/base.h"
#include "db/optional.h"

#define COLUMN_RESET_COUNT	10u
#define COLUMN_REFUSED_AT	6u	/* of ATTESTATION_SHOWN */

struct one { struct attestation_row *row; bool found; };

static struct err
take(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct one *one = arg;
	struct attestation_row *a = one->row;
	struct db_walk w = { cx, row, 0 };

	a->at_s = walk_int(&w);
	a->format = walk_text(&w);
	a->verdict = walk_text(&w);
	a->claims = walk_text(&w);
	a->evidence_sha256 = walk_blob(&w);
	a->policy_version = walk_int(&w);
	a->vector = walk_blob(&w);
	a->policy_group = walk_text(&w);
	a->policy_sha256 = walk_blob(&w);
	a->ak_name = walk_blob(&w);
	ASSERT(w.column == COLUMN_RESET_COUNT);
	a->has_counters = !db_is_null(row, COLUMN_RESET_COUNT);
	a->reset_count = walk_int(&w);
	a->restart_count = walk_int(&w);
	a->clock_ms = walk_int(&w);
	one->found = true;
	*stop = true;
	return OK;
}

struct err
db_attestation_get(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t device, struct attestation_row *out, bool *out_found)
{
	struct one one = { out, false };

	TRY(db_rows(cx, tx, STMT_ATTESTATION_GET,
	    DB_ARGS(DB_I(tenant_id), DB_I(device)), take, &one));
	*out_found = one.found;
	return OK;
}

/*
 * TPM 2.0 Part 1, 36.3: Clock goes on within a start, restartCount within a
 * reset, resetCount until TPM2_Clear.  After a crash Clock may come back a
 * little lower, but then one of the counts is higher.
 */
static bool
goes_back(const struct attestation_row *old,
    const struct attestation_row *new)
{
	if (!old->has_counters || !new->has_counters ||
	    !slice_equal(old->ak_name, new->ak_name))
		return false;
	if (new->reset_count != old->reset_count)
		return new->reset_count < old->reset_count;
	if (new->restart_count != old->restart_count)
		return new->restart_count < old->restart_count;
	return new->clock_ms < old->clock_ms;
}

struct err
db_attestation_put(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t device, const struct attestation_row *a)
{
	struct attestation_row old = { 0 };
	struct db_value reset = DB_N, restart = DB_N, clock = DB_N;
	bool found;

	TRY(db_attestation_get(cx, tx, tenant_id, device, &old, &found));
	if (found && goes_back(&old, a))
		return FAIL(cx, ERR_EV_ROLLED_BACK,
		    "%lld/%lld/%lld after %lld/%lld/%lld",
		    (long long)a->reset_count, (long long)a->restart_count,
		    (long long)a->clock_ms, (long long)old.reset_count,
		    (long long)old.restart_count, (long long)old.clock_ms);
	if (a->has_counters) {
		reset = DB_I(a->reset_count);
		restart = DB_I(a->restart_count);
		clock = DB_I(a->clock_ms);
	}
	TRY(db_run(cx, tx, STMT_APPRAISAL_REFUSED_FORGET,
	    DB_ARGS(DB_I(tenant_id), DB_I(device)), NULL));
	return db_run(cx, tx, STMT_ATTESTATION_PUT, DB_ARGS(DB_I(tenant_id),
	    DB_I(device), DB_I(a->at_s), DB_T(a->format), DB_T(a->verdict),
	    DB_T(a->claims), DB_B(a->evidence_sha256),
	    DB_I(a->policy_version), DB_B(a->vector), DB_T(a->policy_group),
	    DB_B(a->policy_sha256), db_blob_or_null(a->ak_name), reset,
	    restart, clock), NULL);
}

struct err
db_attestation_forget(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t device)
{
	TRY(db_run(cx, tx, STMT_APPRAISAL_REFUSED_FORGET,
	    DB_ARGS(DB_I(tenant_id), DB_I(device)), NULL));
	return db_run(cx, tx, STMT_ATTESTATION_FORGET,
	    DB_ARGS(DB_I(tenant_id), DB_I(device)), NULL);
}

/* --- what was refused ------------------------------------------------- */

#define REFUSED	"contraindicated"	/* what else would it be */

static struct err
take_refused(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct one *one = arg;
	struct attestation_row *a = one->row;
	struct db_walk w = { cx, row, 0 };

	*a = (struct attestation_row){ .verdict = REFUSED };
	a->at_s = walk_int(&w);
	a->format = walk_text(&w);
	a->policy_version = walk_int(&w);
	a->vector = walk_blob(&w);
	a->policy_group = walk_text(&w);
	a->policy_sha256 = walk_blob(&w);
	a->claims = walk_text(&w);
	one->found = true;
	*stop = true;
	return OK;
}

struct err
db_attestation_refused(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t device, struct attestation_row *out, bool *out_found)
{
	struct one one = { out, false };

	TRY(db_rows(cx, tx, STMT_APPRAISAL_REFUSED_GET,
	    DB_ARGS(DB_I(tenant_id), DB_I(device)), take_refused, &one));
	*out_found = one.found;
	return OK;
}

struct err
db_attestation_refuse(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t device, const struct attestation_row *a)
{
	ASSERT(strcmp(a->verdict, REFUSED) == 0);
	return db_run(cx, tx, STMT_APPRAISAL_REFUSED_PUT, DB_ARGS(
	    DB_I(tenant_id), DB_I(device), DB_I(a->at_s), DB_T(a->format),
	    DB_I(a->policy_version), DB_B(a->vector), DB_T(a->policy_group),
	    DB_B(a->policy_sha256), DB_T(a->claims)), NULL);
}

/* --- what a group's devices showed -------------------------------------- */

struct shown_rows { struct attestation_shown *items; size_t n; };

static struct err
take_shown(struct ctx *cx, const struct db_row *row, void *arg, bool *stop)
{
	struct shown_rows *read = arg;
	struct attestation_shown *s = &read->items[read->n++];
	struct db_walk w = { cx, row, 0 };

	(void)stop;
	s->device = walk_int(&w);
	s->device_id = walk_text(&w);
	s->banned = strcmp(walk_text(&w), "banned") == 0;
	s->refused = !db_is_null(row, COLUMN_REFUSED_AT);
	if (s->refused)
		w.column = COLUMN_REFUSED_AT;
	s->at_s = walk_int(&w);
	s->format = walk_text(&w);
	s->claims = walk_text(&w);
	return OK;
}

struct err
db_attestation_shown(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    int64_t group_id, int64_t after, size_t most,
    struct attestation_shown **out, size_t *out_n)
{
	struct shown_rows read = {
		arena_array(cx->arena, most, sizeof(*read.items)), 0
	};

	TRY(db_rows(cx, tx, STMT_ATTESTATION_SHOWN, DB_ARGS(DB_I(tenant_id),
	    DB_I(group_id), DB_I(after), DB_I((int64_t)most)), take_shown,
	    &read));
	*out = read.items;
	*out_n = read.n;
	return OK;
}
