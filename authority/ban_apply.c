/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/ban_apply.h"

#include "authority/certificate.h"
#include "authority/event.h"
#include "authority/revoked.h"
#include "authority/tenant.h"
#include "base/base.h"
#include "db/certificate.h"
#include "policy/result.h"

/* An item is a range of row IDs: so many that there are not too many items,
 * and that a batch of them keeps nobody waiting. */
#define RANGE_LEAST	32
#define RANGES_MOST	20000
#define RANGE_BYTES	16u

struct err
ban_fits(struct ctx *cx, const struct match *match,
    const struct ban_device *d, bool *out)
{
	struct match_device device = {
		.device_id = d->device_id, .group = d->group,
		.labels = d->labels, .format = d->format,
	};
	struct claims claims;

	if (match_takes_claims(match) && d->claims != NULL) {
		TRY(result_claims_parse(cx, d->claims, &claims));
		device.claims = &claims;
	}
	*out = match_fits(cx, match, &device, ctx_now(cx));
	return OK;
}

struct err
ban_queue(struct ctx *cx, struct db_tx *tx, const struct tenant *tenant,
    const struct principal *by, int64_t rule, bool lifted,
    struct operation_row *out)
{
	struct operation_spec spec = {
		.tenant = tenant, .by = by,
		.kind = lifted ? ban_lift_operation.name : ban_operation.name,
		.params = arena_printf(cx->arena, "{\"ban\":%lld}",
		    (long long)rule),
	};
	struct operation_item *items;
	int64_t most, width;
	size_t n = 0;

	TRY(db_ban_span(cx, tx, tenant_scope(tenant), &most));
	width = most / RANGES_MOST + 1;
	width = width < RANGE_LEAST ? RANGE_LEAST : width;
	items = arena_array(cx->arena, (size_t)(most / width) + 1,
	    sizeof(*items));
	do {
		struct buf b = buf_in(cx->arena, RANGE_BYTES);
		int64_t from = (int64_t)n * width;

		put_be64(&b, (uint64_t)from);
		put_be64(&b, (uint64_t)(from + width));
		items[n] = (struct operation_item){ .line = (int64_t)n + 1,
		    .input = buf_slice(&b) };
	} while ((int64_t)++n * width < most);
	return operation_add(cx, tx, &spec, items, n, out);
}

/* --- a batch -------------------------------------------------------------------- */

/* The rules of a tenant, read once for a batch. */
struct rules { struct match match; struct ban_row row; };

struct batch {
	struct ctx		*cx;		/* of the batch */
	struct db_tx		*tx;
	const struct operation_row *operation;
	struct rules		 rule;
	bool			 lifted;
	struct ctx_root		 root;		/* of one device */
	struct ban_device	*hits;
	size_t			 n_hits, max;
	struct revoked_list	*revoked;
	size_t			 n_revoked;
};

static struct err
gather(struct ctx *cx, const struct ban_device *d, void *arg)
{
	struct batch *b = arg;
	bool fits = d->tenant_id != 0;

	(void)cx;
	if (b->lifted) {
		fits = fits && d->ban_rule == b->rule.row.id;
	} else if (fits) {
		ctx_root_reset(&b->root);
		b->root.cx.clock = b->cx->clock;
		TRY(ban_fits(&b->root.cx, &b->rule.match, d, &fits));
	}
	if (!fits)
		return OK;
	ASSERT(b->n_hits < b->max);
	b->hits[b->n_hits++] = *d;
	return OK;
}

static struct err
bar(struct batch *b, const struct ban_device *d, const struct ban_row *rule)
{
	bool whole = strcmp(rule->action, BAN_BAN) == 0;
	struct revoked_list *revoked = &b->revoked[b->n_revoked];
	int64_t now_s = ctx_now(b->cx);

	*revoked = (struct revoked_list){ NULL, 0 };
	TRY(db_ban_bar(b->cx, b->tx, d->tenant_id, d->id, whole ?
	    DEVICE_BANNED : DEVICE_QUARANTINED, rule->reason, now_s,
	    rule->id));
	if (whole)
		TRY(db_certificate_revoke_device(b->cx, b->tx, d->tenant_id,
		    d->device_id, REVOKE_PRIVILEGE_WITHDRAWN, now_s, revoked));
	b->n_revoked += whole;
	return event_add(b->cx, b->tx, d->tenant_id, whole ?
	    EVENT_DEVICE_BANNED : EVENT_DEVICE_QUARANTINED, d->device_id,
	    b->operation->created_by, json_pack("{s:s*, s:I, s:I}", "reason",
	    rule->reason, "revoked", (json_int_t)revoked->n, "ban",
	    (json_int_t)rule->id));
}

/* What is banned stays as it is; a quarantine may become a ban. */
static bool
is_worse(const struct ban_row *rule, enum device_state now)
{
	return now != DEVICE_BANNED && (now != DEVICE_QUARANTINED ||
	    strcmp(rule->action, BAN_BAN) == 0);
}

static struct err
apply_rule(struct batch *b, const struct ban_device *d, bool *out_did)
{
	*out_did = is_worse(&b->rule.row, d->state);
	return *out_did ? bar(b, d, &b->rule.row) : OK;
}

/* Another rule may be about it too: then that one keeps it where it is. */
static struct err
free_one(struct batch *b, const struct ban_device *d, bool *out_did)
{
	struct ban_row *rows = arena_array(b->cx->arena, BANS_ACTIVE_MAX,
	    sizeof(*rows));
	size_t n;

	*out_did = false;
	TRY(db_ban_active(b->cx, b->tx, d->tenant_id, rows, &n));
	for (size_t i = 0; i < n; i++) {
		struct match match;
		bool fits;

		TRY(match_parse(b->cx, rows[i].match, &match));
		TRY(ban_fits(b->cx, &match, d, &fits));
		if (fits)
			return db_ban_bar(b->cx, b->tx, d->tenant_id, d->id,
			    d->state, rows[i].reason, ctx_now(b->cx),
			    rows[i].id);
	}
	*out_did = true;
	TRY(db_device_unban(b->cx, b->tx, d->tenant_id, d->id));
	return event_add(b->cx, b->tx, d->tenant_id, EVENT_DEVICE_UNBANNED,
	    d->device_id, b->operation->created_by, NULL);
}

static struct err
do_range(struct batch *b, struct operation_item *item)
{
	struct reader r = reader_of(item->input);
	int64_t after = (int64_t)read_be64(&r);
	int64_t upto = (int64_t)read_be64(&r);
	unsigned n_done = 0;

	if (!read_done(&r) || upto <= after)
		return FAIL(b->cx, ERR_INTERNAL, "a stored range");
	b->n_hits = 0;
	b->max = (size_t)(upto - after);
	b->hits = arena_array(b->cx->arena, b->max, sizeof(*b->hits));
	b->revoked = arena_array(b->cx->arena, b->n_revoked + b->max,
	    sizeof(*b->revoked));
	TRY(db_ban_scan(b->cx, b->tx, b->operation->tenant_id, after, upto,
	    (unsigned)b->max, gather, b));
	for (size_t i = 0; i < b->n_hits; i++) {
		bool did;

		TRY(b->lifted ? free_one(b, &b->hits[i], &did) :
		    apply_rule(b, &b->hits[i], &did));
		n_done += did;
	}
	item->outcome = n_done > 0 ? "changed" : "unchanged";
	item->detail = arena_printf(b->cx->arena, "%u of %zu that fit",
	    n_done, b->n_hits);
	return OK;
}

/* The lists of a range, told after the commit. */
struct told { struct revoked_list *lists; size_t n; };

static struct err
do_ranges(struct batch *b, struct operation_job *job)
{
	struct told *told = arena_array(b->cx->arena, job->n, sizeof(*told));

	for (size_t i = 0; i < job->n; i++) {
		b->n_revoked = 0;
		TRY(do_range(b, &job->items[i]));
		told[i] = (struct told){ b->revoked, b->n_revoked };
	}
	job->kept = told;
	return OK;
}

static struct err
work(struct ctx *cx, struct db_tx *tx, struct operation_job *job, bool lifted)
{
	struct batch *b = ARENA_NEW(cx->arena, struct batch);
	const json_t *id = json_object_get(job->params, "ban");
	struct err e;

	b->cx = cx;
	b->tx = tx;
	b->operation = job->row;
	b->lifted = lifted;
	TRY(db_ban_get(cx, tx, job->row->tenant_id, json_integer_value(id),
	    &b->rule.row));
	TRY(match_parse(cx, b->rule.row.match, &b->rule.match));
	/* It may have been lifted before it was worked off. */
	if (!lifted && b->rule.row.lifted_s != 0)
		return FAIL(cx, ERR_CONFLICT, "ban %lld was lifted",
		    (long long)b->rule.row.id);
	ctx_root_init(&b->root, cx->log);
	e = do_ranges(b, job);
	if (failed(e) && failed(b->root.trail.err) && !failed(cx->trail->err))
		*cx->trail = b->root.trail;
	ctx_root_fini(&b->root);
	return e;
}

static struct err
ban_step(struct ctx *cx, struct db_tx *tx, struct operation_job *job)
{
	return work(cx, tx, job, false);
}

static struct err
lift_step(struct ctx *cx, struct db_tx *tx, struct operation_job *job)
{
	return work(cx, tx, job, true);
}

static void
tell(struct ctx *cx, struct operation_job *job)
{
	const struct told *told = job->kept;

	(void)cx;
	for (size_t i = 0; i < job->n; i++)
		for (size_t k = 0; k < told[i].n; k++)
			revoked_tell_all(job->authority, &told[i].lists[k]);
}

const struct operation_kind ban_operation = {
	.name = "ban", .of_owners = true, .step = ban_step,
	.committed = tell,
};

const struct operation_kind ban_lift_operation = {
	.name = "ban-lift", .of_owners = true, .step = lift_step,
};
