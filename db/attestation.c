/* SPDX-License-Identifier: Apache-2.0 */
#include "db/attestation.h"

#include "base/base.h"
#include "db/optional.h"

#define COLUMN_RESET_COUNT	10u

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

	*a = (struct attestation_row){ .verdict = REFUSED, .claims = "{}" };
	a->at_s = walk_int(&w);
	a->format = walk_text(&w);
	a->policy_version = walk_int(&w);
	a->vector = walk_blob(&w);
	a->policy_group = walk_text(&w);
	a->policy_sha256 = walk_blob(&w);
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
	    DB_B(a->policy_sha256)), NULL);
}
