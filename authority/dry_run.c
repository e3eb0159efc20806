/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/dry_run.h"

#include "authority/policies.h"
#include "authority/reference.h"
#include "base/base.h"
#include "db/attestation.h"
#include "policy/appraise.h"
#include "policy/result.h"

/* Rows whose claims are in memory at once: a list of boot components may have
 * a quarter of a megabyte. */
#define BATCH		50u
/* A rule, a default or the format for each of the outcomes that have one. */
#define REASONS_MAX	256u

const char *
dry_run_outcome_name(enum dry_run_outcome outcome)
{
	static const char *const names[] = {
		[DRY_RUN_PASSES] = "passes",
		[DRY_RUN_FAILS] = "fails",
		[DRY_RUN_NEWLY_PASSES] = "newly_passes",
		[DRY_RUN_NEWLY_FAILS] = "newly_fails",
		[DRY_RUN_UNKNOWN] = "unknown",
		[DRY_RUN_BANNED] = "banned",
	};

	ASSERT(outcome < COUNT_OF(names));
	return names[outcome];
}

struct trying {
	const struct dry_run_spec	*spec;
	int64_t				 tenant_id;
	const char			*name;		/* of the group */
	struct page			 page;
	struct policy			 now, then;
	struct dry_run			 run;
};

/* --- what is tried --------------------------------------------------------- */

static struct err
find_tried(struct ctx *cx, struct db_tx *tx, struct trying *t,
    const struct db_group *group, const char **out_text)
{
	struct db_policy_draft draft;
	struct db_policy row;

	if (t->spec->policy != NULL) {
		*out_text = policy_text(cx, t->spec->policy);
		return OK;
	}
	if (t->spec->version != 0) {
		TRY(db_policy_get(cx, tx, t->tenant_id, group->id,
		    t->spec->version, &row));
		t->run.version = row.version;
		*out_text = row.document;
		return OK;
	}
	TRY(db_policy_draft_get(cx, tx, t->tenant_id, group->id, &draft));
	if (draft.document == NULL)
		return FAIL_TELL(cx, ERR_NOT_FOUND, "group %s has no draft",
		    t->name);
	t->run.revision = draft.revision;
	*out_text = draft.document;
	return OK;
}

static struct err
find_both(struct ctx *cx, struct db_tx *tx, struct trying *t,
    const struct db_group *group)
{
	struct db_policy row;
	const char *text;

	TRY(db_policy_get(cx, tx, t->tenant_id, group->id,
	    group->policy_version, &row));
	TRY(policy_parse(cx, row.document, &t->now));
	t->run.in_force = row.version;
	TRY(find_tried(cx, tx, t, group, &text));
	TRY(policy_parse(cx, text, &t->then));
	return reference_digest(cx, tx, t->tenant_id, text, &t->then,
	    t->run.policy_sha256);
}

/* --- one device -------------------------------------------------------------- */

static void
unknown(struct dry_run_item *item, const char *why)
{
	item->outcome = DRY_RUN_UNKNOWN;
	item->detail = why;
}

static void
judge(struct dry_run_item *item, const struct verdict *now,
    const struct verdict *then)
{
	bool passed = !failed(now->refusal), passes = !failed(then->refusal);
	const struct verdict *why = passes ? now : then;

	item->outcome = passes ?
	    (passed ? DRY_RUN_PASSES : DRY_RUN_NEWLY_PASSES) :
	    (passed ? DRY_RUN_NEWLY_FAILS : DRY_RUN_FAILS);
	if (item->outcome == DRY_RUN_PASSES)
		return;
	item->code = err_dotted(why->refusal);
	item->claim = why->claim;
	item->detail = why->detail;
}

/* Both policies, of which sets of reference values are a part. */
static struct err
try_claims(struct ctx *cx, struct db_tx *tx, const struct trying *t,
    const char *format, const struct claims *claims,
    struct dry_run_item *item)
{
	struct policy now = t->now, then = t->then;
	struct verdict by_now, by_then;

	TRY(reference_apply(cx, tx, t->tenant_id, claims, &now));
	TRY(reference_apply(cx, tx, t->tenant_id, claims, &then));
	policy_appraise(cx, &now, t->run.in_force, t->run.at_s, format,
	    claims, &by_now);
	policy_appraise(cx, &then, t->run.version, t->run.at_s, format,
	    claims, &by_then);
	judge(item, &by_now, &by_then);
	return OK;
}

static struct err
try_one(struct ctx *cx, struct db_tx *tx, const struct trying *t,
    const struct attestation_shown *shown, struct dry_run_item *item)
{
	struct claims claims;

	*item = (struct dry_run_item){
		.device_id = shown->device_id, .attested_s = shown->at_s,
		.refused = shown->refused, .outcome = DRY_RUN_BANNED,
	};
	if (shown->banned)
		return OK;
	if (shown->at_s == 0) {
		unknown(item, "it was never attested");
		return OK;
	}
	if (shown->claims[0] == '\0') {
		unknown(item, "it was refused last, before claims of that "
		    "were kept");
		return OK;
	}
	if (failed(result_claims_parse(cx, shown->claims, &claims))) {
		unknown(item, "its stored claims cannot be read");
		return OK;
	}
	return try_claims(cx, tx, t, shown->format, &claims, item);
}

/* --- all of them --------------------------------------------------------------- */

static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* What is not counted for want of room is counted by its outcome all the same. */
static void
count_reason(struct dry_run *run, const struct dry_run_item *item)
{
	struct dry_run_reason *r = run->reasons;
	const struct dry_run_reason *end = r + run->n_reasons;

	while (r < end && !(r->outcome == item->outcome &&
	    same(r->code, item->code) && same(r->claim, item->claim)))
		r++;
	if (r == end && run->n_reasons == REASONS_MAX)
		return;
	if (r == end) {
		*r = (struct dry_run_reason){ .outcome = item->outcome,
		    .code = item->code, .claim = item->claim };
		run->n_reasons++;
	}
	if (r->n < DRY_RUN_FIRST)
		r->first[r->n] = item->device_id;
	r->n++;
}

/* Claims are of the policies, and so outlive the batch. */
static void
keep(struct ctx *cx, struct dry_run *run, const struct dry_run_item *item)
{
	struct dry_run_item *kept = &run->items[run->n_items];

	run->counts[item->outcome]++;
	run->n_devices++;
	if (item->outcome == DRY_RUN_PASSES)
		return;
	*kept = *item;
	kept->device_id = arena_strdup(cx->arena, item->device_id);
	if (item->detail != NULL)
		kept->detail = arena_strdup(cx->arena, item->detail);
	run->n_items++;
	if (item->code != NULL)
		count_reason(run, kept);
}

/* One batch, in a context of its own; out_n 0: there was none. */
static struct err
try_batch(struct ctx *batch, struct ctx *cx, struct db_tx *tx,
    struct trying *t, int64_t group_id, size_t *out_n)
{
	size_t left = t->page.limit - t->run.n_devices;
	struct attestation_shown *shown;
	struct dry_run_item item;

	TRY(db_attestation_shown(batch, tx, t->tenant_id, group_id,
	    t->run.next, left < BATCH ? left : BATCH, &shown, out_n));
	for (size_t i = 0; i < *out_n; i++) {
		TRY(try_one(batch, tx, t, &shown[i], &item));
		keep(cx, &t->run, &item);
		t->run.next = shown[i].device;
	}
	return OK;
}

static struct err
try_page(struct ctx *cx, struct db_tx *tx, struct trying *t, int64_t group_id)
{
	struct ctx_root root;
	struct err e = OK;
	size_t n = 1;

	ctx_root_init(&root, cx->log);
	while (!failed(e) && n > 0 && t->run.n_devices < t->page.limit) {
		e = try_batch(&root.cx, cx, tx, t, group_id, &n);
		if (failed(e))
			*cx->trail = root.trail;
		ctx_root_reset(&root);
	}
	ctx_root_fini(&root);
	if (n == 0)
		t->run.next = 0;
	return e;
}

static struct err
try_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct trying *t = arg;
	struct db_group group;

	t->run = (struct dry_run){
		.at_s = ctx_now(cx), .next = t->page.after,
		.items = arena_array(cx->arena, t->page.limit,
		    sizeof(struct dry_run_item)),
		.reasons = arena_array(cx->arena, REASONS_MAX,
		    sizeof(struct dry_run_reason)),
	};
	TRY(db_group_by_name(cx, tx, t->tenant_id, t->name, &group));
	TRY(find_both(cx, tx, t, &group));
	return try_page(cx, tx, t, group.id);
}

struct err
dry_run(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const char *group,
    const struct dry_run_spec *spec, struct page page, struct dry_run *out)
{
	struct trying t = {
		.spec = spec, .tenant_id = tenant->id, .name = group,
		.page = page,
	};

	ASSERT(page.limit > 0 && page.limit <= DRY_RUN_PAGE_MAX);
	if (spec->policy != NULL)
		TRY(policies_check_formats(cx, spec->policy,
		    "/policy/formats"));
	TRY(db_read(cx, a->db, try_work, &t));
	*out = t.run;
	return OK;
}
