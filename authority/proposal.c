/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/proposal.h"

#include "authority/receipt.h"
#include "authority/role.h"
#include "authority/tenant.h"
#include "base/base.h"

struct kind {
	const char	*name;
	bool		 of_platform;
	proposal_fn	*carry_out;
};

/* A row without a function is a kind that nothing here does. */
static const struct kind kinds[PROPOSAL_KINDS] = {
	[PROPOSAL_TENANT_DELETION] = { "tenant-deletion", true,
	    tenant_delete_carry_out },
	[PROPOSAL_CA_REVOCATION] = { "ca-revocation", false,
	    life_revoke_carry_out },
	[PROPOSAL_BULK_RELEASE] = { "bulk-release", false,
	    claim_release_carry_out },
	[PROPOSAL_TENANT_RECOVERY] = { "tenant-recovery", true,
	    recovery_carry_out },
};

static const struct kind *
find_kind(const char *name, size_t n)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (strlen(kinds[i].name) == n &&
		    memcmp(kinds[i].name, name, n) == 0)
			return &kinds[i];
	return NULL;
}

struct err
proposal_kinds_read(struct ctx *cx, const char *words, unsigned *out)
{
	static const char between[] = " ,\t";
	unsigned set = 0;

	for (words += strspn(words, between); *words != '\0';
	    words += strspn(words, between)) {
		size_t n = strcspn(words, between);
		const struct kind *kind = find_kind(words, n);

		if (kind == NULL)
			return FAIL_TELL(cx, ERR_CONFIG,
			    "two_person: there is no \"%.*s\"", (int)n, words);
		set |= 1u << (kind - kinds);
		words += n;
	}
	*out = set;
	return OK;
}

const char *
proposal_kind_name(enum proposal_kind kind)
{
	ASSERT((size_t)kind < COUNT_OF(kinds));
	return kinds[kind].name;
}

bool
proposal_is_needed(const struct authority *a, enum proposal_kind kind)
{
	return (a->limits.two_person & 1u << kind) != 0;
}

/* --- proposing ---------------------------------------------------------- */

static const char *
text_of(struct ctx *cx, const json_t *value)
{
	struct slice text = json_text(cx, value);

	return arena_strndup(cx->arena, (const char *)text.p, text.n);
}

struct proposing { struct db_proposal row, *out; };

static struct err
note(struct ctx *cx, struct db_tx *tx, const struct db_proposal *p,
    enum event_type type, const char *actor)
{
	return tenant_event(cx, tx, p->tenant_id, type, p->subject, actor,
	    json_pack("{s:s,s:I}", "kind", p->kind, "id", (json_int_t)p->id));
}

static struct err
make_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct proposing *m = arg;
	struct err e;

	TRY(db_proposal_expire(cx, tx, m->row.tenant_id, m->row.created_s));
	e = db_proposal_insert(cx, tx, &m->row, &m->row.id);
	if (e.code == ERR_EXISTS)
		return FAIL_TELL(cx, ERR_EXISTS,
		    "that is proposed already: %s", m->row.subject);
	TRY(e);
	TRY(note(cx, tx, &m->row, EVENT_PROPOSAL_MADE, m->row.proposed_by));
	*m->out = m->row;
	return receipt_add(cx, tx);
}

struct err
proposal_make(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const struct proposal_spec *spec, struct db_proposal *out)
{
	json_t *params = json_keep(cx, spec->params);
	struct proposing m = {
		.row = {
			.tenant_id = tenant_scope(tenant),
			.kind = proposal_kind_name(spec->kind),
			.subject = spec->subject,
			.params = text_of(cx, params),
			.state = "open",
			.proposed_by = who->name,
			.person = who->person != NULL ? who->person :
			    who->name,
			.lineage = who->lineage != NULL ? who->lineage : "",
			.created_s = ctx_now(cx),
			.expires_s = ctx_now(cx) + a->limits.proposal_life_s,
		},
		.out = out,
	};

	ASSERT(kinds[spec->kind].of_platform == (tenant == NULL));
	return db_write(cx, a->db, make_work, &m);
}

/* --- looking ------------------------------------------------------------ */

struct listing {
	int64_t			 tenant_id;
	struct page		 page;
	struct db_proposal	*items;
	size_t			 n;
};

/* One whose time is over is so before any write has said it. */
static void
see_expiry(struct ctx *cx, struct db_proposal *p)
{
	if (strcmp(p->state, "open") == 0 && p->expires_s <= ctx_now(cx))
		p->state = "expired";
}

static struct err
list_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct listing *l = arg;

	return db_proposal_list(cx, tx, l->tenant_id, l->page.after,
	    (size_t)l->page.limit + 1, &l->items, &l->n);
}

struct err
proposal_list(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, struct page page, struct db_proposal **out,
    size_t *out_n, int64_t *out_next)
{
	struct listing l = { .tenant_id = tenant_scope(tenant), .page = page };
	bool more;

	TRY(db_read(cx, a->db, list_work, &l));
	for (size_t i = 0; i < l.n; i++)
		see_expiry(cx, &l.items[i]);
	more = l.n > page.limit;
	*out = l.items;
	*out_n = more ? page.limit : l.n;
	*out_next = more ? l.items[page.limit - 1].id : 0;
	return OK;
}

struct deciding {
	int64_t			 tenant_id, id;
	const struct principal	*who;
	struct db_proposal	 row;
};

static struct err
get_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct deciding *d = arg;

	return db_proposal_get(cx, tx, d->tenant_id, d->id, &d->row);
}

struct err
proposal_get(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, int64_t id, struct db_proposal *out)
{
	struct deciding d = { .tenant_id = tenant_scope(tenant), .id = id };

	TRY(db_read(cx, a->db, get_work, &d));
	see_expiry(cx, &d.row);
	*out = d.row;
	return OK;
}

/* --- deciding ----------------------------------------------------------- */

static bool
was_left(struct ctx *cx, const struct db_proposal *p)
{
	return strcmp(p->state, "approved") == 0 &&
	    p->decided_s + PROPOSAL_RETRY_S <= ctx_now(cx);
}

static struct err
load_undecided(struct ctx *cx, struct db_tx *tx, struct deciding *d)
{
	TRY(db_proposal_get(cx, tx, d->tenant_id, d->id, &d->row));
	see_expiry(cx, &d->row);
	if (strcmp(d->row.state, "open") != 0 && !was_left(cx, &d->row))
		return FAIL_TELL(cx, ERR_CONFLICT, "the proposal is %s",
		    d->row.state);
	return OK;
}

static struct err
decide(struct ctx *cx, struct db_tx *tx, struct deciding *d,
    const char *state, enum event_type type)
{
	d->row.state = state;
	d->row.decided_by = d->who->name;
	d->row.decided_s = ctx_now(cx);
	TRY(db_proposal_decide(cx, tx, &d->row));
	return note(cx, tx, &d->row, type, d->who->name);
}

static struct err
approve_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct deciding *d = arg;
	struct principal proposer;

	TRY(load_undecided(cx, tx, d));
	proposer = (struct principal){ .name = d->row.proposed_by,
	    .person = d->row.person, .lineage = d->row.lineage };
	if (!role_are_two(&proposer, d->who))
		return FAIL(cx, ERR_TWO_PERSONS, "proposed by %s",
		    d->row.person);
	return decide(cx, tx, d, "approved", EVENT_PROPOSAL_APPROVED);
}

static struct err
reject_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct deciding *d = arg;

	TRY(load_undecided(cx, tx, d));
	return decide(cx, tx, d, "rejected", EVENT_PROPOSAL_REJECTED);
}

static struct err
end_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct deciding *d = arg;

	TRY(db_proposal_decide(cx, tx, &d->row));
	return note(cx, tx, &d->row, strcmp(d->row.state, "done") == 0 ?
	    EVENT_PROPOSAL_DONE : EVENT_PROPOSAL_FAILED, d->row.decided_by);
}

/* How it ended is kept; what it failed with is what is answered. */
static struct err
note_end(struct ctx *cx, const struct authority *a, struct deciding *d,
    struct err e, json_t *result)
{
	struct trail trail = *cx->trail;
	struct err noted;

	d->row.state = failed(e) ? "failed" : "done";
	if (failed(e))
		result = json_keep(cx, json_pack("{s:s}", "code",
		    err_dotted(e)));
	d->row.outcome = result == NULL ? NULL :
	    text_of(cx, result);
	noted = db_write(cx, a->db, end_work, d);
	if (!failed(e))
		return noted;
	*cx->trail = trail;
	return e;
}

static struct err
carry_out(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, struct deciding *d)
{
	const struct kind *kind = find_kind(d->row.kind, strlen(d->row.kind));
	json_t *params, *result = NULL;
	struct err e;

	if (kind == NULL || kind->carry_out == NULL)
		return FAIL(cx, ERR_INTERNAL, "kind %s", d->row.kind);
	TRY(json_parse(cx, slice_text(d->row.params), &params));
	e = kind->carry_out(cx, a, tenant, d->who, params, &result);
	return note_end(cx, a, d, e,
	    result == NULL ? NULL : json_keep(cx, result));
}

struct err
proposal_approve(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who, int64_t id,
    struct db_proposal *out)
{
	struct deciding d = {
		.tenant_id = tenant_scope(tenant), .id = id, .who = who,
	};

	TRY(db_write(cx, a->db, approve_work, &d));
	TRY(carry_out(cx, a, tenant, &d));
	*out = d.row;
	return OK;
}

struct err
proposal_reject(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who, int64_t id,
    struct db_proposal *out)
{
	struct deciding d = {
		.tenant_id = tenant_scope(tenant), .id = id, .who = who,
	};

	TRY(db_write(cx, a->db, reject_work, &d));
	*out = d.row;
	return OK;
}
