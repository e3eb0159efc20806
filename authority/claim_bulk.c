/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/claim_bulk.h"

#include "authority/claim_proof.h"
#include "authority/operation_kinds.h"
#include "authority/proposal.h"
#include "base/base.h"

#define LINE_BYTES	4096u	/* of a line as it is stored */

static const char *const outcome_names[] = {
	[CLAIM_PENDING] = "pending",
	[CLAIM_CLAIMED] = "claimed",
	[CLAIM_ALREADY] = "already-claimed",
	[CLAIM_RELEASED] = "released",
	[CLAIM_REFUSED] = OPERATION_REFUSED,
};

const char *
claim_outcome_name(enum claim_outcome outcome)
{
	ASSERT((size_t)outcome < COUNT_OF(outcome_names));
	return outcome_names[outcome];
}

/* --- one line -------------------------------------------------------- */

/* A batch in a transaction.  revoked has room for a list a line. */
struct batch {
	struct claimer		 by;
	const struct claim_bulk	*how;
	struct revoked_list	*revoked;
	size_t			 n_revoked;
};

static struct err
claim_line(struct ctx *cx, struct db_tx *tx, struct batch *b,
    struct claim_line *line)
{
	struct claim_result result;

	TRY(claim_make_in(cx, tx, &b->by, &line->request, &result));
	line->outcome = result.was_own ? CLAIM_ALREADY : CLAIM_CLAIMED;
	return OK;
}

static struct err
release_line(struct ctx *cx, struct db_tx *tx, struct batch *b,
    struct claim_line *line)
{
	struct revoked_list *revoked = &b->revoked[b->n_revoked];
	char device_id[DEVICE_ID_SIZE];

	TRY(claim_device_id(cx, &line->request, device_id));
	TRY(claim_release_in(cx, tx, &b->by, device_id, b->how->reason,
	    revoked));
	b->n_revoked++;
	line->outcome = CLAIM_RELEASED;
	return OK;
}

/* What is a line's own fault, found before anything was written for it. */
static bool
is_refusal(struct err e)
{
	enum err_blame blame = err_blame(e);

	return blame == ERR_BLAME_CALLER || blame == ERR_BLAME_POLICY;
}

/* Memory of what is kept of the line is cx->arena's. */
static struct err
do_line(struct ctx *cx, struct db_tx *tx, struct batch *b,
    struct claim_line *line)
{
	const char *tell = cx->trail->tell;
	struct err e;

	if (line->outcome != CLAIM_PENDING)
		return OK;
	e = b->how->release ? release_line(cx, tx, b, line) :
	    claim_line(cx, tx, b, line);
	if (!failed(e) || !is_refusal(e))
		return e;
	line->outcome = CLAIM_REFUSED;
	line->code = (enum err_code)e.code;
	line->detail = tell[0] == '\0' ? NULL : arena_strdup(cx->arena, tell);
	ctx_forget(cx);
	return OK;
}

/* A setting that became stricter since the call was made holds. */
static enum claim_proof
stricter(const struct authority *a, const struct claim_bulk *how)
{
	return how->proof > a->limits.claim_proof ? how->proof :
	    a->limits.claim_proof;
}

/* --- at once --------------------------------------------------------- */

struct many {
	const struct authority	*authority;
	const struct tenant	*tenant;
	struct batch		 batch;
	const struct claim_line	*lines;
	size_t			 n;
	struct claim_line	 out[OPERATION_BATCH];
};

static struct err
many_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct many *m = arg;

	m->batch.n_revoked = 0;
	m->batch.revoked = arena_array(cx->arena, m->n,
	    sizeof(*m->batch.revoked));
	for (size_t i = 0; i < m->n; i++) {
		m->out[i] = m->lines[i];
		claim_request_seal(cx, m->authority, m->tenant->name,
		    &m->out[i].request);
		TRY(do_line(cx, tx, &m->batch, &m->out[i]));
	}
	return OK;
}

/* One transaction, in memory of its own: a file is longer than a request. */
static struct err
run_batch(struct ctx *cx, const struct authority *a, struct many *m,
    struct claim_line *lines)
{
	struct ctx_root root;
	struct err e;

	ctx_root_init(&root, cx->log);
	root.cx.clock = cx->clock;
	root.cx.rng = cx->rng;
	root.cx.request_id = cx->request_id;
	root.cx.trace = cx->trace;
	root.cx.actor = cx->actor;
	root.cx.audited = cx->audited;
	e = db_write(&root.cx, a->db, many_work, m);
	if (failed(e))
		*cx->trail = root.trail;
	for (size_t i = 0; !failed(e) && i < m->n; i++) {
		lines[i].outcome = m->out[i].outcome;
		lines[i].code = m->out[i].code;
		lines[i].detail = m->out[i].detail == NULL ? NULL :
		    arena_strdup(cx->arena, m->out[i].detail);
	}
	for (size_t i = 0; !failed(e) && i < m->batch.n_revoked; i++)
		revoked_tell_all(a, &m->batch.revoked[i]);
	ctx_root_fini(&root);
	return e;
}

struct err
claim_many(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *by,
    const struct claim_bulk *how, struct claim_line *lines, size_t n)
{
	struct many *m = ARENA_NEW(cx->arena, struct many);

	if (n > CLAIM_AT_ONCE_MAX)
		return FAIL_TELL(cx, ERR_TOO_LARGE, "more than %u lines",
		    CLAIM_AT_ONCE_MAX);
	m->authority = a;
	m->tenant = tenant;
	m->batch.how = how;
	for (size_t at = 0; at < n; at += m->n) {
		m->batch.by = (struct claimer){ tenant->id, by->name,
		    ctx_now(cx), how->dry, stricter(a, how),
		    by->group_id };
		m->lines = lines + at;
		m->n = n - at < OPERATION_BATCH ? n - at : OPERATION_BATCH;
		TRY(run_batch(cx, a, m, lines + at));
	}
	return OK;
}

/* --- as an operation ------------------------------------------------- */

struct err
claim_bulk_begin(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *by,
    const struct claim_bulk *how, struct operation_input **out)
{
	json_t *params = json_keep(cx, json_pack("{s:b, s:s*, s:s*}",
	    "dry_run", how->dry, "reason", how->reason, "proof",
	    how->release || how->proof == CLAIM_PROOF_NONE ? NULL :
	    claim_proof_name(how->proof)));
	struct operation_spec spec = {
		.tenant = tenant, .by = by,
		.kind = how->release ? release_operation.name :
		    claim_operation.name,
		.params = (const char *)json_text(cx, params).p,
		.held = how->held,
	};

	return operation_begin(cx, a, &spec, out);
}

static void
put_optional(struct buf *b, const char *text)
{
	put_be16_bytes(b, text == NULL ? SLICE_NONE : slice_text(text));
}

struct err
claim_bulk_put(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, struct operation_input *in,
    const struct claim_line *line)
{
	struct buf b = buf_in(cx->arena, LINE_BYTES);
	struct claim_request request = line->request;

	/* No secret is stored, not for a minute. */
	claim_request_seal(cx, a, tenant->name, &request);
	put_u8(&b, line->outcome == CLAIM_REFUSED);
	put_be16(&b, (uint16_t)line->code);
	put_optional(&b, line->id);
	put_optional(&b, line->request.device_id);
	put_optional(&b, line->request.hardware_id);
	put_optional(&b, line->request.group);
	put_optional(&b, line->detail);
	put_be16_bytes(&b, request.secret_mac);
	put_be16_bytes(&b, request.sealed_consent);
	put_optional(&b, request.labels);
	ASSERT(!b.bad);
	return operation_put(cx, in, line->number, buf_slice(&b));
}

static const char *
read_optional(struct ctx *cx, struct reader *r)
{
	struct slice s = read_be16_bytes(r, LINE_BYTES);

	return s.n == 0 ? NULL :
	    arena_strndup(cx->arena, (const char *)s.p, s.n);
}

static struct err
read_line(struct ctx *cx, const struct operation_item *item,
    struct claim_line *out)
{
	struct reader r = reader_of(item->input);

	*out = (struct claim_line){ .number = (unsigned)item->line };
	out->outcome = read_u8(&r) ? CLAIM_REFUSED : CLAIM_PENDING;
	out->code = (enum err_code)read_be16(&r);
	out->id = read_optional(cx, &r);
	out->request.device_id = read_optional(cx, &r);
	out->request.hardware_id = read_optional(cx, &r);
	out->request.group = read_optional(cx, &r);
	out->detail = read_optional(cx, &r);
	out->request.secret_mac = read_be16_bytes(&r, CLAIM_MAC_SIZE);
	/* An older release has stored lines that end here. */
	if (r.n > 0) {
		out->request.sealed_consent = read_be16_bytes(&r,
		    CLAIM_CONSENT_SIZE);
		out->request.labels = read_optional(cx, &r);
	}
	if (!read_done(&r) || out->code >= ERR_COUNT)
		return FAIL(cx, ERR_INTERNAL, "a stored line");
	return OK;
}

static struct err
step(struct ctx *cx, struct db_tx *tx, struct operation_job *job,
    const struct claim_bulk *how)
{
	struct batch *b = ARENA_NEW(cx->arena, struct batch);

	*b = (struct batch){
		.by = { job->row->tenant_id, job->row->created_by,
		    ctx_now(cx), how->dry, stricter(job->authority, how),
		    job->row->group_id },
		.how = how,
		.revoked = arena_array(cx->arena, job->n,
		    sizeof(*b->revoked)),
	};
	for (size_t i = 0; i < job->n; i++) {
		struct operation_item *item = &job->items[i];
		struct claim_line line;

		TRY(read_line(cx, item, &line));
		TRY(do_line(cx, tx, b, &line));
		item->outcome = claim_outcome_name(line.outcome);
		item->subject = line.id;
		item->code = line.code;
		item->detail = line.detail;
	}
	job->kept = b;
	return OK;
}

/* Names of releases to come would be the strictest. */
static enum claim_proof
stored_proof(const char *name)
{
	enum claim_proof proof = CLAIM_PROOF_NONE;

	while (name != NULL && proof + 1 < CLAIM_PROOF_COUNT &&
	    strcmp(claim_proof_name(proof), name) != 0)
		proof++;
	return proof;
}

static struct claim_bulk
how_of(const struct operation_job *job, bool release)
{
	return (struct claim_bulk){
		.proof = stored_proof(json_string_value(json_object_get(
		    job->params, "proof"))),
		.release = release,
		.dry = json_is_true(json_object_get(job->params, "dry_run")),
		.reason = json_string_value(json_object_get(job->params,
		    "reason")),
	};
}

static struct err
claim_step(struct ctx *cx, struct db_tx *tx, struct operation_job *job)
{
	struct claim_bulk how = how_of(job, false);

	return step(cx, tx, job, &how);
}

static struct err
release_step(struct ctx *cx, struct db_tx *tx, struct operation_job *job)
{
	struct claim_bulk how = how_of(job, true);

	return step(cx, tx, job, &how);
}

static void
released(struct ctx *cx, struct operation_job *job)
{
	const struct batch *b = job->kept;

	(void)cx;
	for (size_t i = 0; i < b->n_revoked; i++)
		revoked_tell_all(job->authority, &b->revoked[i]);
}

/* --- when another person approves it --------------------------------- */

struct going { int64_t tenant_id; const char *name; };

static struct err
go_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	const struct going *g = arg;

	return operation_let_go(cx, tx, g->tenant_id, g->name);
}

/* A second time, after a crash: it goes already. */
struct err
claim_release_carry_out(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const json_t *params, json_t **out_result)
{
	struct going g = { tenant->id, json_string_value(json_object_get(
	    params, "operation")) };
	struct operation_row row;

	if (g.name == NULL)
		return FAIL(cx, ERR_INTERNAL, "a proposal without operation");
	TRY(operation_get(cx, a, who, g.name, &row));
	if (strcmp(row.state, "held") == 0)
		TRY(db_write(cx, a->db, go_work, &g));
	operation_wake(a);
	*out_result = json_pack("{s:s}", "operation", g.name);
	return OK;
}

const struct operation_kind claim_operation = {
	.name = "claim", .step = claim_step,
};

const struct operation_kind release_operation = {
	.name = "release", .of_owners = true, .step = release_step,
	.committed = released,
};
