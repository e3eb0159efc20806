/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/operation.h"

#include "authority/operation_kinds.h"
#include "authority/receipt.h"
#include "authority/role.h"
#include "authority/tenant.h"
#include "base/base.h"

#define PIECE_BYTES	(512u * 1024u)	/* input of one transaction */
#define BATCH_BYTES	(64u * 1024u)	/* input of one batch */
#define DROP_ROWS	500u		/* taken away in one transaction */
#define LEFT_S		3600		/* input that never came to an end */
#define QUOTA_RETRY_S	60
#define ITEM_HEAD	8u		/* line and length */

/* --- making one ------------------------------------------------------ */

struct operation_input {
	const struct authority	*authority;
	struct operation_row	 row;
	bool			 held;
	int64_t			 n_put;		/* items so far */
	int64_t			 n_written;	/* of these, in the database */
	struct ctx_root		*root;		/* memory of the piece */
	struct piece { struct buf body; int64_t n; } *batches;
	size_t			 n_batches, n_bytes;
};

#define PIECE_BATCHES	(PIECE_BYTES / ITEM_HEAD / OPERATION_BATCH + 2u)

static void
input_free(void *arg)
{
	struct operation_input *in = arg;

	ctx_root_fini(in->root);
}

static void
input_empty(struct operation_input *in)
{
	ctx_root_reset(in->root);
	in->batches = arena_array(in->root->cx.arena, PIECE_BATCHES,
	    sizeof(*in->batches));
	in->n_batches = in->n_bytes = 0;
}

static struct operation_input *
input_new(struct ctx *cx, const struct operation_spec *spec)
{
	struct operation_input *in = ARENA_NEW(cx->arena,
	    struct operation_input);
	uint8_t random[(OPERATION_NAME_SIZE - 1) / 2];

	ctx_random(cx, random, sizeof(random));
	in->row = (struct operation_row){
		.tenant_id = tenant_scope(spec->tenant),
		.tenant = spec->tenant == NULL ? NULL : spec->tenant->name,
		.name = text_hex(cx->arena, SLICE_OF(random)),
		.kind = spec->kind, .state = "receiving",
		.params = spec->params == NULL ? "{}" : spec->params,
		.counts = "{}",
		.created_s = ctx_now(cx), .created_by = spec->by->name,
		.group_id = spec->by->group_id, .group = spec->by->group,
	};
	in->held = spec->held;
	in->root = ARENA_NEW(cx->arena, struct ctx_root);
	ctx_root_init(in->root, cx->log);
	arena_defer(cx->arena, input_free, in);
	input_empty(in);
	return in;
}

/* Each may be as long as a body: what a tenant makes wait has an end. */
static struct err
check_room(struct ctx *cx, struct db_tx *tx, int64_t tenant_id)
{
	int64_t n;

	if (tenant_id == 0)
		return OK;
	TRY(db_operation_unended(cx, tx, tenant_id, &n));
	if (n < (int64_t)OPERATIONS_UNENDED_MAX)
		return OK;
	cx->trail->retry_after_s = QUOTA_RETRY_S;
	return FAIL_TELL(cx, ERR_QUOTA, "%u operations of the tenant have not "
	    "ended: wait for some, or cancel them", OPERATIONS_UNENDED_MAX);
}

static struct err
begin_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct operation_input *in = arg;

	TRY(check_room(cx, tx, in->row.tenant_id));
	return db_operation_insert(cx, tx, &in->row, &in->row.id);
}

struct err
operation_begin(struct ctx *cx, const struct authority *a,
    const struct operation_spec *spec, struct operation_input **out)
{
	struct operation_input *in = input_new(cx, spec);

	in->authority = a;
	TRY(db_write(cx, a->db, begin_work, in));
	*out = in;
	return OK;
}

static struct err
write_piece(struct ctx *cx, struct db_tx *tx, const struct operation_input *in)
{
	int64_t first = in->n_written;

	for (size_t i = 0; i < in->n_batches; i++) {
		const struct piece *b = &in->batches[i];

		TRY(db_operation_put(cx, tx, in->row.id, first, b->n,
		    buf_slice(&b->body)));
		first += b->n;
	}
	return OK;
}

static struct err
piece_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	return write_piece(cx, tx, arg);
}

static struct piece *
batch_for(struct operation_input *in, size_t n)
{
	struct piece *b = in->n_batches == 0 ? NULL :
	    &in->batches[in->n_batches - 1];

	if (b != NULL && b->n < OPERATION_BATCH &&
	    b->body.n + n <= BATCH_BYTES)
		return b;
	ASSERT(in->n_batches < PIECE_BATCHES);
	b = &in->batches[in->n_batches++];
	b->body = buf_in(in->root->cx.arena, BATCH_BYTES);
	return b;
}

static void
gather(struct operation_input *in, int64_t line, struct slice item)
{
	struct piece *b = batch_for(in, item.n + ITEM_HEAD);

	put_be32(&b->body, (uint32_t)line);
	put_be32_bytes(&b->body, item);
	ASSERT(!b->body.bad);
	b->n++;
	in->n_put++;
	in->n_bytes += item.n + ITEM_HEAD;
}

static struct err
check_item(struct ctx *cx, const struct operation_input *in,
    struct slice item)
{
	if (in->n_put >= OPERATION_ITEMS_MAX)
		return FAIL_TELL(cx, ERR_TOO_LARGE, "more than %u lines",
		    OPERATION_ITEMS_MAX);
	if (item.n > OPERATION_ITEM_MAX)
		return FAIL_TELL(cx, ERR_TOO_LARGE,
		    "an item of more than %u bytes", OPERATION_ITEM_MAX);
	return OK;
}

struct err
operation_put(struct ctx *cx, struct operation_input *in, int64_t line,
    struct slice item)
{
	TRY(check_item(cx, in, item));
	if (in->n_bytes + item.n > PIECE_BYTES) {
		TRY(db_write(cx, in->authority->db, piece_work, in));
		in->n_written = in->n_put;
		input_empty(in);
	}
	gather(in, line, item);
	return OK;
}

static struct err
open_it(struct ctx *cx, struct db_tx *tx, const struct operation_input *in,
    struct operation_row *out)
{
	struct operation_row row = in->row;

	if (in->n_put == 0)
		return FAIL_TELL(cx, ERR_FIELD, "there is nothing to do");
	TRY(write_piece(cx, tx, in));
	row.state = in->held ? "held" : "queued";
	row.items = in->n_put;
	TRY(db_operation_open(cx, tx, row.tenant_id, row.id, row.state,
	    row.items));
	TRY(tenant_event(cx, tx, row.tenant_id, EVENT_OPERATION_CREATED,
	    row.name, row.created_by, json_pack("{s:s, s:I}", "kind",
	    row.kind, "items", (json_int_t)row.items)));
	*out = row;
	return OK;
}

struct ending { struct operation_input *in; struct operation_row *out; };

static struct err
end_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct ending *e = arg;

	TRY(open_it(cx, tx, e->in, e->out));
	return receipt_add(cx, tx);
}

struct err
operation_end(struct ctx *cx, struct operation_input *in,
    struct operation_row *out)
{
	struct ending e = { in, out };

	TRY(db_write(cx, in->authority->db, end_work, &e));
	operation_wake(in->authority);
	return OK;
}

struct err
operation_add(struct ctx *cx, struct db_tx *tx,
    const struct operation_spec *spec, const struct operation_item *items,
    size_t n, struct operation_row *out)
{
	struct operation_input *in = input_new(cx, spec);

	TRY(db_operation_insert(cx, tx, &in->row, &in->row.id));
	for (size_t i = 0; i < n; i++) {
		TRY(check_item(cx, in, items[i].input));
		if (in->n_bytes + items[i].input.n > PIECE_BYTES) {
			TRY(write_piece(cx, tx, in));
			in->n_written = in->n_put;
			input_empty(in);
		}
		gather(in, items[i].line, items[i].input);
	}
	return open_it(cx, tx, in, out);
}

struct err
operation_let_go(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *name)
{
	struct operation_row row;
	bool found;

	TRY(db_operation_by_name(cx, tx, name, &row, &found));
	if (!found || row.tenant_id != tenant_id)
		return FAIL(cx, ERR_NOT_FOUND, "operation %s", name);
	if (strcmp(row.state, "held") != 0)
		return FAIL_TELL(cx, ERR_CONFLICT, "the operation is %s",
		    row.state);
	return db_operation_open(cx, tx, tenant_id, row.id, "queued",
	    row.items);
}

/* --- looking --------------------------------------------------------- */

static struct err
find(struct ctx *cx, struct db_tx *tx, const struct principal *who,
    const char *name, struct operation_row *out)
{
	bool found;

	TRY(db_operation_by_name(cx, tx, name, out, &found));
	if (!found || (who->tenant_id != 0 &&
	    who->tenant_id != out->tenant_id) ||
	    (who->group_id != 0 && who->group_id != out->group_id))
		return FAIL(cx, ERR_NOT_FOUND, "operation %s", name);
	return OK;
}

struct looking {
	const struct principal		*who;
	const char			*name, *outcome;
	const struct tenant		*tenant;
	const struct operation_filter	*filter;
	int64_t				 now_s, after;
	unsigned			 limit;
	struct operation_row		 row, *rows;
	struct operation_item_row	*items;
	size_t				 n;
};

static struct err
get_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct looking *l = arg;

	return find(cx, tx, l->who, l->name, &l->row);
}

struct err
operation_get(struct ctx *cx, const struct authority *a,
    const struct principal *who, const char *name, struct operation_row *out)
{
	struct looking l = { .who = who, .name = name };

	TRY(db_read(cx, a->db, get_work, &l));
	*out = l.row;
	return OK;
}

static struct err
list_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct looking *l = arg;

	if (l->tenant == NULL && l->who->tenant_id == 0)
		return db_operation_list_all(cx, tx, l->filter, &l->rows,
		    &l->n);
	return db_operation_list(cx, tx, l->tenant != NULL ?
	    l->tenant->id : l->who->tenant_id, l->filter, &l->rows, &l->n);
}

struct err
operation_list(struct ctx *cx, const struct authority *a,
    const struct principal *who, const struct tenant *tenant,
    const struct operation_filter *filter, struct operation_row **out,
    size_t *out_n)
{
	struct operation_filter seen = *filter;
	struct looking l = { .who = who, .tenant = tenant, .filter = &seen };

	seen.group_id = who->group_id;
	if (tenant != NULL && who->tenant_id != 0 &&
	    who->tenant_id != tenant->id)
		return FAIL(cx, ERR_NOT_FOUND, "tenant");
	TRY(db_read(cx, a->db, list_work, &l));
	*out = l.rows;
	*out_n = l.n;
	return OK;
}

/* Outcomes of what was refused have a code, and an index. */
static bool
is_refusal(const char *outcome)
{
	return outcome != NULL && strcmp(outcome, OPERATION_REFUSED) == 0;
}

static struct err
items_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct looking *l = arg;

	TRY(find(cx, tx, l->who, l->name, &l->row));
	return db_operation_item_list(cx, tx, l->row.id, l->outcome,
	    is_refusal(l->outcome), l->after, l->limit, &l->items, &l->n);
}

struct err
operation_items(struct ctx *cx, const struct authority *a,
    const struct principal *who, const char *name, const char *outcome,
    int64_t after, unsigned limit, struct operation_item_row **out,
    size_t *out_n)
{
	struct looking l = {
		.who = who, .name = name, .outcome = outcome, .after = after,
		.limit = limit,
	};

	TRY(db_read(cx, a->db, items_work, &l));
	*out = l.items;
	*out_n = l.n;
	return OK;
}

/* --- ending ---------------------------------------------------------- */

/* With an event, once: what has ended ends no more. */
static struct err
end(struct ctx *cx, struct db_tx *tx, struct operation_row *row,
    const char *state, const char *actor)
{
	row->state = state;
	row->ended_s = ctx_now(cx);
	TRY(db_operation_advance(cx, tx, row));
	return tenant_event(cx, tx, row->tenant_id, EVENT_OPERATION_ENDED,
	    row->name, actor, json_pack("{s:s, s:s, s:I, s:I, s:s*}",
	    "kind", row->kind, "state", state, "items",
	    (json_int_t)row->items, "done", (json_int_t)row->done,
	    "code", row->code));
}

static const struct operation_kind *
kind_of(const char *name)
{
	for (size_t i = 0; i < operation_n_kinds; i++)
		if (strcmp(operation_kinds[i]->name, name) == 0)
			return operation_kinds[i];
	return NULL;
}

/* Nobody stops what they could not have begun. */
static struct err
check_right(struct ctx *cx, const struct principal *who, const char *name)
{
	const struct operation_kind *kind = kind_of(name);

	if (kind != NULL && kind->of_owners && !role_may(who->role, RIGHT_OWN))
		return FAIL(cx, ERR_AUTH_FORBIDDEN, "operation %s", name);
	return OK;
}

static struct err
cancel_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct looking *l = arg;

	TRY(find(cx, tx, l->who, l->name, &l->row));
	TRY(check_right(cx, l->who, l->row.kind));
	if (l->row.ended_s != 0)
		return FAIL_TELL(cx, ERR_CONFLICT,
		    "the operation is %s already", l->row.state);
	TRY(db_operation_drop_input(cx, tx, l->row.id));
	return end(cx, tx, &l->row, "cancelled", l->who->name);
}

struct err
operation_cancel(struct ctx *cx, const struct authority *a,
    const struct principal *who, const char *name, struct operation_row *out)
{
	struct looking l = { .who = who, .name = name };

	TRY(db_write(cx, a->db, cancel_work, &l));
	*out = l.row;
	return OK;
}

/* --- a batch --------------------------------------------------------- */

struct turn {
	const struct authority	*authority;
	int64_t			*after_tenant;
	bool			 did;
	struct operation_row	 row;
	struct operation_job	 job;
	const struct operation_kind *kind;
	struct err		 why;	/* of the kind, not of the database */
};

static struct err
read_batch(struct ctx *cx, struct db_tx *tx, struct turn *t)
{
	struct operation_job *job = &t->job;
	struct slice body;
	struct reader r;
	int64_t n;

	TRY(db_operation_take(cx, tx, t->row.id, t->row.done, &n, &body));
	if (n < 1 || n > OPERATION_BATCH)
		return FAIL(cx, ERR_INTERNAL, "operation %s has no batch at "
		    "%lld", t->row.name, (long long)t->row.done);
	job->items = arena_array(cx->arena, (size_t)n, sizeof(*job->items));
	job->n = (size_t)n;
	r = reader_of(body);
	for (size_t i = 0; i < job->n; i++) {
		job->items[i].line = read_be32(&r);
		job->items[i].input = read_be32_bytes(&r, OPERATION_ITEM_MAX);
	}
	if (!read_done(&r))
		return FAIL(cx, ERR_INTERNAL, "a batch cannot be read");
	return OK;
}

/* One more of that outcome. */
static void
count(json_t *counts, const char *outcome)
{
	json_int_t n = json_integer_value(json_object_get(counts, outcome));

	ASSERT(json_object_set_new(counts, outcome,
	    json_integer(n + 1)) == 0);
}

static struct err
note_items(struct ctx *cx, struct db_tx *tx, struct turn *t)
{
	json_t *counts;

	TRY(json_parse(cx, slice_text(t->row.counts), &counts));
	for (size_t i = 0; i < t->job.n; i++) {
		const struct operation_item *item = &t->job.items[i];
		struct operation_item_row row = {
			.number = t->row.done + (int64_t)i,
			.line = item->line, .outcome = item->outcome,
			.subject = item->subject == NULL ? "" : item->subject,
			.code = item->code == ERR_OK ? NULL :
			    err_dotted((struct err){ (uint16_t)item->code }),
			.detail = item->detail,
		};

		ASSERT(item->outcome != NULL);
		count(counts, item->outcome);
		TRY(db_operation_item_add(cx, tx, t->row.id, &row));
	}
	t->row.counts = (const char *)json_text(cx, counts).p;
	return OK;
}

/* Nothing is done for a tenant that was deleted. */
static struct err
check_tenant(struct ctx *cx, struct db_tx *tx, int64_t tenant_id)
{
	struct db_tenant tenant;

	if (tenant_id == 0)
		return OK;
	TRY(db_tenant_by_id(cx, tx, tenant_id, &tenant));
	return tenant.deleted_s == 0 ? OK :
	    FAIL(cx, ERR_NOT_FOUND, "the tenant was deleted");
}

static struct err
do_batch(struct ctx *cx, struct db_tx *tx, struct turn *t)
{
	json_t *params;

	TRY(check_tenant(cx, tx, t->row.tenant_id));
	t->kind = kind_of(t->row.kind);
	if (t->kind == NULL)
		return FAIL(cx, ERR_INTERNAL, "no kind %s", t->row.kind);
	TRY(json_parse(cx, slice_text(t->row.params), &params));
	t->job = (struct operation_job){
		.authority = t->authority, .row = &t->row, .params = params,
	};
	TRY(read_batch(cx, tx, t));
	TRY(t->kind->step(cx, tx, &t->job));
	TRY(note_items(cx, tx, t));
	TRY(db_operation_taken(cx, tx, t->row.id, t->row.done));
	t->row.done += (int64_t)t->job.n;
	if (t->row.done == t->row.items)
		return end(cx, tx, &t->row, "done", t->row.created_by);
	return db_operation_advance(cx, tx, &t->row);
}

static struct err
next_operation(struct ctx *cx, struct db_tx *tx, struct turn *t)
{
	int64_t id;

	TRY(db_operation_next(cx, tx, *t->after_tenant, &id));
	if (id == 0 && *t->after_tenant >= 0)
		TRY(db_operation_next(cx, tx, -1, &id));
	t->did = false;
	if (id != 0)
		TRY(db_operation_by_id(cx, tx, id, &t->row, &t->did));
	return OK;
}

static struct err
batch_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct turn *t = arg;
	struct actor *actor;

	TRY(next_operation(cx, tx, t));
	if (!t->did)
		return OK;
	if (t->row.started_s == 0)
		t->row.started_s = ctx_now(cx);
	t->row.state = "running";
	cx->request_id = t->row.name;
	actor = ARENA_NEW(cx->arena, struct actor);
	*actor = (struct actor){ "operator", t->row.created_by,
	    arena_printf(cx->arena, "operation:%s", t->row.name) };
	cx->actor = actor;
	t->why = do_batch(cx, tx, t);
	return t->why;
}

struct failing { struct operation_row *row; struct err why; };

static struct err
fail_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	const struct failing *f = arg;
	struct operation_row row;
	bool found;

	TRY(db_operation_by_id(cx, tx, f->row->id, &row, &found));
	if (!found || row.ended_s != 0)
		return OK;
	row.code = err_dotted(f->why);
	TRY(db_operation_drop_input(cx, tx, row.id));
	return end(cx, tx, &row, "failed", row.created_by);
}

static struct err
fail_operation(struct ctx *cx, struct turn *t)
{
	struct failing f = { &t->row, t->why };

	log_put(cx->log, LOG_LEVEL_ERROR, "operation.failed", "operation",
	    t->row.name, "kind", t->row.kind, "code", err_dotted(t->why),
	    "note", cx->trail->note, NULL);
	ctx_forget(cx);
	return db_write(cx, t->authority->db, fail_work, &f);
}

/* --- what is old ----------------------------------------------------- */

struct pruning { int64_t ended_s, left_s; bool did; };

static struct err
prune_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct pruning *p = arg;
	int64_t id;
	bool gone;

	TRY(db_operation_old(cx, tx, p->ended_s, &id));
	if (id == 0)
		TRY(db_operation_left(cx, tx, p->left_s, &id));
	p->did = id != 0;
	return id == 0 ? OK : db_operation_drop(cx, tx, id, DROP_ROWS, &gone);
}

static struct err
find_old(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct pruning *p = arg;
	int64_t id;

	TRY(db_operation_old(cx, tx, p->ended_s, &id));
	if (id == 0)
		TRY(db_operation_left(cx, tx, p->left_s, &id));
	p->did = id != 0;
	return OK;
}

static struct err
prune(struct ctx *cx, const struct authority *a, bool *out_did)
{
	struct pruning p = {
		.ended_s = ctx_now(cx) - a->limits.operation_keep_s,
		.left_s = ctx_now(cx) - LEFT_S,
	};

	TRY(db_read(cx, a->db, find_old, &p));
	if (p.did)
		TRY(db_write(cx, a->db, prune_work, &p));
	*out_did = p.did;
	return OK;
}

/* Is there any to go on with?  Asked of a snapshot, so that a thread with
 * nothing to do commits nothing. */
static struct err
find_open(struct ctx *cx, struct db_tx *tx, void *arg)
{
	int64_t *id = arg;

	return db_operation_next(cx, tx, -1, id);
}

struct err
operation_turn(struct ctx *cx, const struct authority *a,
    int64_t *after_tenant, bool *out_did)
{
	struct turn t = { .authority = a, .after_tenant = after_tenant };
	int64_t open = 0;
	struct err e;

	TRY(db_read(cx, a->db, find_open, &open));
	if (open == 0)
		return prune(cx, a, out_did);
	e = db_write(cx, a->db, batch_work, &t);
	if (failed(e) && failed(t.why) && t.why.code != ERR_STORAGE)
		e = fail_operation(cx, &t);
	else if (!failed(e) && t.did && t.kind->committed != NULL)
		t.kind->committed(cx, &t.job);
	TRY(e);
	*after_tenant = t.row.tenant_id;
	*out_did = t.did;
	return OK;
}
