/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/life.h"

#include "authority/cross.h"
#include "authority/crls.h"
#include "authority/event.h"
#include "authority/proposal.h"
#include "authority/receipt.h"
#include "authority/revoked.h"
#include "authority/rollover.h"
#include "authority/tenant.h"
#include "base/base.h"
#include "base/failpoint.h"
#include "db/certificate.h"

/* RFC 5280, 5.3.1.  What a CA issued is not compromised with it: its devices
 * get others. */
#define REASON_SUPERSEDED	4

#define DAY_S	86400

static const struct { const char *word; int reason; } reasons[] = {
	{ "unspecified", 0 }, { "keyCompromise", 1 }, { "cACompromise", 2 },
	{ "affiliationChanged", 3 }, { "superseded", 4 },
	{ "cessationOfOperation", 5 }, { "privilegeWithdrawn", 9 },
};

bool
life_reason_find(const char *word, int *out)
{
	for (size_t i = 0; i < COUNT_OF(reasons); i++) {
		if (strcmp(reasons[i].word, word) == 0) {
			*out = reasons[i].reason;
			return true;
		}
	}
	return false;
}

const char *
life_reason_word(int reason)
{
	for (size_t i = 0; i < COUNT_OF(reasons); i++)
		if (reasons[i].reason == reason)
			return reasons[i].word;
	return reasons[0].word;
}

static bool
is(const struct db_ca *ca, const char *state)
{
	return strcmp(ca->state, state) == 0;
}

static bool
is_root(const struct db_ca *ca)
{
	return strcmp(ca->role, "root") == 0;
}

/* --- when to look at it again -------------------------------------------- */

static int64_t
earlier(int64_t a, int64_t b)
{
	return a == 0 ? b : b == 0 ? a : a < b ? a : b;
}

int64_t
life_due(const struct authority *a, const struct db_ca *ca)
{
	int64_t due_s = ca->staged_s + (ca->not_after_s - ca->staged_s) / 3 * 2;

	if (ca->retire_s != 0)
		due_s = earlier(due_s, ca->retire_s -
		    a->limits.ca_announce_s);
	return due_s;
}

/* Zero is never. */
static int64_t
next_look(const struct authority *a, const struct db_ca *ca, int64_t now_s)
{
	int64_t look_s = ca->not_after_s + 1;

	if (is(ca, "revoked") || is(ca, "expired") || is(ca, "requested"))
		return 0;
	if (is(ca, "staged"))
		return earlier(ca->activate_s, look_s);
	if (is(ca, "active") && ca->retire_s > now_s)
		look_s = earlier(look_s, ca->retire_s);
	if (is(ca, "active"))
		return earlier(look_s, ca->warned_s == 0 ?
		    life_due(a, ca) : now_s + DAY_S);
	if (is(ca, "retiring") || is(ca, "tainted"))
		return now_s;
	return look_s;
}

void
life_begin_active(const struct authority *a, struct db_ca *ca)
{
	ca->state = "active";
	ca->activated_s = ca->staged_s;
	ca->look_s = next_look(a, ca, ca->staged_s);
}

void
life_begin_staged(const struct authority *a, int64_t now_s, struct db_ca *ca)
{
	ca->state = "staged";
	ca->staged_s = ca->changed_s = now_s;
	ca->look_s = next_look(a, ca, now_s);
}

/* --- steps ---------------------------------------------------------------- */

/* One change in its transaction.  What it did is told after the commit. */
struct change {
	const struct authority	*a;
	struct err		(*step)(struct ctx *, struct db_tx *,
				    struct change *);
	int64_t			 tenant_id;
	const char		*actor;
	uint8_t			 key_id[ISSUER_KEY_ID_SIZE];
	int			 reason;
	int64_t			 revision;
	struct life_calendar	 calendar;
	int64_t			 now_s;
	struct db_ca		 ca, *out;
	struct revoked_list	 revoked;	/* leaves */
	bool			 under_root;	/* its root's CRL changed */
};

static json_t *
event_data(struct ctx *cx, const struct db_ca *ca)
{
	json_t *data = json_pack("{s:s, s:s, s:s}", "role", ca->role,
	    "state", ca->state, "not_after",
	    text_time_dup(cx->arena, ca->not_after_s));

	ASSERT(data != NULL);
	if (ca->activate_s != 0 && is(ca, "staged"))
		ASSERT(json_object_set_new(data, "activate_at", json_string(
		    text_time_dup(cx->arena, ca->activate_s))) == 0);
	if (is(ca, "revoked"))
		ASSERT(json_object_set_new(data, "reason", json_string(
		    life_reason_word(ca->revoke_reason))) == 0);
	return data;
}

static struct err
note(struct ctx *cx, struct db_tx *tx, const struct db_ca *ca,
    enum event_type type, const char *actor)
{
	return event_add(cx, tx, ca->tenant_id, type,
	    text_hex(cx->arena, ca->key_id), actor, event_data(cx, ca));
}

/* Nothing more will come of it: its root may have waited for that. */
static bool
is_over(const char *state)
{
	return strcmp(state, "retired") == 0 ||
	    strcmp(state, "revoked") == 0 || strcmp(state, "expired") == 0;
}

/* Into that state: the row and its event. */
static struct err
move(struct ctx *cx, struct db_tx *tx, const struct change *c,
    struct db_ca *ca, const char *state, enum event_type event)
{
	const char *old = ca->state;

	ca->state = state;
	ca->changed_s = c->now_s;
	ca->look_s = next_look(c->a, ca, c->now_s);
	TRY(db_ca_update(cx, tx, ca, old));
	if (ca->parent_id != 0 && is_over(state))
		TRY(db_ca_look_set(cx, tx, ca->tenant_id, ca->parent_id,
		    c->now_s));
	return note(cx, tx, ca, event, c->actor);
}

static struct err
change_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct change *c = arg;

	c->revoked = (struct revoked_list){ NULL, 0 };
	c->under_root = false;
	TRY(db_ca_by_key_id(cx, tx, c->tenant_id, SLICE_OF(c->key_id),
	    &c->ca));
	TRY(revision_check(cx, c->revision, c->ca.revision));
	TRY(c->step(cx, tx, c));
	TRY(db_ca_by_key_id(cx, tx, c->tenant_id, SLICE_OF(c->key_id),
	    &c->ca));
	*c->out = c->ca;
	return receipt_add(cx, tx);
}

static struct err
change_now(struct ctx *cx, struct change *c, struct db_ca *out)
{
	struct err e;

	c->out = out;
	e = db_write(cx, c->a->db, change_work, c);
	if (e.code == ERR_EXISTS)
		return FAIL_TELL(cx, ERR_CONFLICT, "another CA of this role "
		    "is staged or active meanwhile");
	TRY(e);
	failpoint("rollover.changed");
	/* First, so that nothing is called good when the rest fails. */
	revoked_tell_all(c->a, &c->revoked);
	if (c->under_root)
		revoked_tell(c->a, &(struct revoked_one){ c->ca.parent_id,
		    CRL_COMPLETE, c->ca.serial });
	return issuers_sync(cx, c->a, c->tenant_id);
}

static struct err
change_of(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const char *key_id, struct change *out)
{
	*out = (struct change){ .a = a, .tenant_id = tenant->id,
	    .actor = who->name, .now_s = ctx_now(cx) };
	if (!text_unhex(key_id, out->key_id, sizeof(out->key_id)))
		return FAIL(cx, ERR_NOT_FOUND, "not a key id");
	return OK;
}

/* --- activate ------------------------------------------------------------- */

/* It has to be possible to trust what it will issue. */
static struct err
check_root_of(struct ctx *cx, struct db_tx *tx, const struct db_ca *ca)
{
	const char *state;

	if (ca->parent_id == 0)
		return OK;
	TRY(db_ca_state(cx, tx, ca->tenant_id, ca->parent_id, &state));
	if (strcmp(state, "active") != 0 && strcmp(state, "retiring") != 0)
		return FAIL_TELL(cx, ERR_CONFLICT, "its root is %s", state);
	return OK;
}

/* A staged CA becomes active; the place is free. */
static struct err
promote(struct ctx *cx, struct db_tx *tx, const struct change *c,
    struct db_ca *ca)
{
	TRY(check_root_of(cx, tx, ca));
	if (ca->not_before_s > c->now_s || ca->not_after_s <= c->now_s)
		return FAIL_TELL(cx, ERR_CONFLICT,
		    "its certificate is not valid now");
	ca->activated_s = c->now_s;
	return move(cx, tx, c, ca, "active", EVENT_CA_ACTIVATED);
}

static struct err
activate(struct ctx *cx, struct db_tx *tx, struct change *c)
{
	struct db_ca old;
	bool found;

	if (!is(&c->ca, "staged"))
		return FAIL_TELL(cx, ERR_CONFLICT, "the CA is %s: only a "
		    "staged one can be activated", c->ca.state);
	TRY(db_ca_of_state(cx, tx, c->tenant_id, c->ca.role, "active", &old,
	    &found));
	if (found)
		TRY(move(cx, tx, c, &old, "retiring", EVENT_CA_RETIRING));
	return promote(cx, tx, c, &c->ca);
}

struct err
life_activate(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const struct life_step *step, struct db_ca *out)
{
	struct change c;

	TRY(change_of(cx, a, tenant, who, step->key_id, &c));
	c.step = activate;
	c.revision = step->revision;
	return change_now(cx, &c, out);
}

/* --- retire ----------------------------------------------------------------- */

/* How long something that it signed is valid still; 0: nothing is. */
static struct err
in_use_until(struct ctx *cx, struct db_tx *tx, const struct db_ca *ca,
    int64_t now_s, int64_t *out_s)
{
	int64_t n, end_s;

	*out_s = 0;
	if (is_root(ca)) {
		TRY(db_ca_count_under(cx, tx, ca->tenant_id, ca->id, &n));
		*out_s = n > 0 ? ca->not_after_s : 0;
		return OK;
	}
	TRY(db_certificate_end_of_ca(cx, tx, ca->tenant_id, ca->id, &end_s));
	*out_s = end_s >= now_s ? end_s : 0;
	return OK;
}

static struct err
retire(struct ctx *cx, struct db_tx *tx, struct change *c)
{
	int64_t until_s;

	if (is(&c->ca, "active"))
		return FAIL_TELL(cx, ERR_CONFLICT, "the CA is active: "
		    "activate its successor, or taint it");
	if (!is(&c->ca, "retiring") && !is(&c->ca, "staged") &&
	    !is(&c->ca, "requested"))
		return FAIL_TELL(cx, ERR_CONFLICT, "the CA is %s",
		    c->ca.state);
	TRY(in_use_until(cx, tx, &c->ca, c->now_s, &until_s));
	if (until_s != 0)
		return FAIL_TELL(cx, ERR_CONFLICT, is_root(&c->ca) ?
		    "CAs under it are in use" :
		    "certificates of it are valid until %s",
		    text_time_dup(cx->arena, until_s));
	c->ca.retired_s = c->now_s;
	return move(cx, tx, c, &c->ca, "retired", EVENT_CA_RETIRED);
}

struct err
life_retire(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const struct life_step *step, struct db_ca *out)
{
	struct change c;

	TRY(change_of(cx, a, tenant, who, step->key_id, &c));
	c.step = retire;
	c.revision = step->revision;
	return change_now(cx, &c, out);
}

/* --- taint, revoke ---------------------------------------------------------- */

/* The one that was active is not any more: whoever is staged takes over. */
static struct err
replace(struct ctx *cx, struct db_tx *tx, const struct change *c)
{
	struct db_ca next;
	struct err e;
	bool found;

	TRY(db_ca_of_state(cx, tx, c->tenant_id, c->ca.role, "staged", &next,
	    &found));
	if (!found)
		return OK;
	e = promote(cx, tx, c, &next);
	/* It cannot serve yet; that must not keep a bad one in service. */
	if (e.code != ERR_CONFLICT)
		return e;
	ctx_forget(cx);
	return OK;
}

static bool
may_be_tainted(const struct db_ca *ca)
{
	return is(ca, "staged") || is(ca, "active") || is(ca, "retiring");
}

static struct err
taint(struct ctx *cx, struct db_tx *tx, struct change *c)
{
	bool was_active = is(&c->ca, "active");

	if (!may_be_tainted(&c->ca))
		return FAIL_TELL(cx, ERR_CONFLICT, "the CA is %s",
		    c->ca.state);
	c->ca.tainted_s = c->now_s;
	TRY(move(cx, tx, c, &c->ca, "tainted", EVENT_CA_TAINTED));
	return was_active ? replace(cx, tx, c) : OK;
}

struct err
life_taint(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const struct life_step *step, struct db_ca *out)
{
	struct change c;

	TRY(change_of(cx, a, tenant, who, step->key_id, &c));
	c.step = taint;
	c.revision = step->revision;
	TRY(change_now(cx, &c, out));
	rollover_replace(cx, a, tenant, &c.ca);
	return OK;
}

static struct err
check_revocable(struct ctx *cx, struct db_tx *tx, const struct db_ca *ca)
{
	int64_t n;

	if (!may_be_tainted(ca) && !is(ca, "tainted") && !is(ca, "retired"))
		return FAIL_TELL(cx, ERR_CONFLICT, "the CA is %s", ca->state);
	if (!is_root(ca))
		return OK;
	TRY(db_ca_count_under(cx, tx, ca->tenant_id, ca->id, &n));
	if (n > 0)
		return FAIL_TELL(cx, ERR_CONFLICT,
		    "CAs under it are in use: revoke them first");
	return OK;
}

static struct err
revoke(struct ctx *cx, struct db_tx *tx, struct change *c)
{
	bool was_active = is(&c->ca, "active");

	TRY(check_revocable(cx, tx, &c->ca));
	c->ca.revoked_s = c->now_s;
	c->ca.revoke_reason = c->reason;
	TRY(db_certificate_revoke_ca(cx, tx, c->tenant_id, c->ca.id,
	    REASON_SUPERSEDED, c->now_s, &c->revoked));
	c->under_root = c->ca.parent_id != 0;
	TRY(move(cx, tx, c, &c->ca, "revoked", EVENT_CA_REVOKED));
	return was_active ? replace(cx, tx, c) : OK;
}

struct err
life_revoke(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const struct life_step *step, struct db_ca *out)
{
	struct change c;

	TRY(change_of(cx, a, tenant, who, step->key_id, &c));
	c.step = revoke;
	c.revision = step->revision;
	c.reason = step->reason;
	TRY(change_now(cx, &c, out));
	rollover_replace(cx, a, tenant, &c.ca);
	return OK;
}

struct err
life_revoke_carry_out(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const json_t *params, json_t **out_result)
{
	struct json_in in = json_in(cx, params, "");
	struct life_step step = {
		.key_id = json_get_text(&in, "ca", JSON_REQUIRED, 64),
		.reason = (int)json_get_int(&in, "reason", 0, 10, 0),
		.revision = REVISION_ANY,
	};
	struct db_ca ca;

	(void)out_result;
	TRY(json_in_done(&in));
	return life_revoke(cx, a, tenant, who, &step, &ca);
}

/* --- the calendar ------------------------------------------------------------ */

static struct err
check_calendar(struct ctx *cx, const struct db_ca *ca)
{
	if (ca->activate_s != 0 && ca->not_after_s != 0 &&
	    ca->activate_s >= ca->not_after_s)
		return FAIL_AT(cx, ERR_FIELD, "/activate_at",
		    "activate_at: after the end of its certificate");
	if (ca->retire_s != 0 && ca->retire_s <= ca->activate_s)
		return FAIL_AT(cx, ERR_FIELD, "/retire_at",
		    "retire_at: not after activate_at");
	return OK;
}

static struct err
schedule(struct ctx *cx, struct db_tx *tx, struct change *c)
{
	const struct life_calendar *plan = &c->calendar;
	bool staged = is(&c->ca, "staged") || is(&c->ca, "requested");

	if (!staged && !is(&c->ca, "active"))
		return FAIL_TELL(cx, ERR_CONFLICT, "the CA is %s",
		    c->ca.state);
	if (plan->activate_s != LIFE_AS_IT_IS && !staged)
		return FAIL_TELL(cx, ERR_CONFLICT, "the CA is active already");
	if (plan->activate_s != LIFE_AS_IT_IS)
		c->ca.activate_s = plan->activate_s;
	if (plan->retire_s != LIFE_AS_IT_IS)
		c->ca.retire_s = plan->retire_s;
	TRY(check_calendar(cx, &c->ca));
	return move(cx, tx, c, &c->ca, c->ca.state, EVENT_CA_SCHEDULED);
}

struct err
life_schedule(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const char *key_id, const struct life_calendar *calendar,
    struct db_ca *out)
{
	struct change c;

	TRY(change_of(cx, a, tenant, who, key_id, &c));
	c.step = schedule;
	c.revision = calendar->revision;
	c.calendar = *calendar;
	return change_now(cx, &c, out);
}

/* --- by time ------------------------------------------------------------------ */

static struct err
end(struct ctx *cx, struct db_tx *tx, struct change *c)
{
	struct db_ca *ca = &c->ca;
	int64_t until_s;

	if (ca->not_after_s < c->now_s && !is(ca, "revoked") &&
	    !is(ca, "expired") && !is(ca, "requested")) {
		bool was_active = is(ca, "active");

		TRY(move(cx, tx, c, ca, "expired", EVENT_CA_EXPIRED));
		return was_active ? replace(cx, tx, c) : OK;
	}
	ca->look_s = is(ca, "tainted") ? ca->not_after_s + 1 :
	    next_look(c->a, ca, c->now_s);
	if (is(ca, "retiring")) {
		TRY(in_use_until(cx, tx, ca, c->now_s, &until_s));
		if (until_s == 0 && ca->retire_s <= c->now_s)
			return retire(cx, tx, c);
		/* The end of what is under a root sets its look_s. */
		ca->look_s = is_root(ca) ? c->now_s + DAY_S :
		    until_s > ca->retire_s ? until_s + 1 : ca->retire_s;
	}
	if (ca->look_s != 0 && ca->look_s <= c->now_s)
		ca->look_s = c->now_s + DAY_S;
	if (ca->look_s != 0)
		ca->look_s = earlier(ca->look_s, ca->not_after_s + 1);
	return db_ca_look_set(cx, tx, c->tenant_id, ca->id, ca->look_s);
}

static struct err
by_time(struct ctx *cx, const struct authority *a, const struct db_ca *ca,
    struct err (*step)(struct ctx *, struct db_tx *, struct change *))
{
	struct change c = { .a = a, .tenant_id = ca->tenant_id,
	    .actor = ROLLOVER_ACTOR, .now_s = ctx_now(cx), .step = step };
	struct db_ca changed;

	memcpy(c.key_id, ca->key_id.p, sizeof(c.key_id));
	return change_now(cx, &c, &changed);
}

struct err
life_end(struct ctx *cx, const struct authority *a, const struct db_ca *ca)
{
	return by_time(cx, a, ca, end);
}

static struct err
warn(struct ctx *cx, struct db_tx *tx, struct change *c)
{
	if (!is(&c->ca, "active") || c->ca.warned_s != 0)
		return OK;
	c->ca.warned_s = c->now_s;
	return move(cx, tx, c, &c->ca, c->ca.state, EVENT_CA_SUCCESSOR_DUE);
}

struct err
life_warn(struct ctx *cx, const struct authority *a, const struct db_ca *ca)
{
	return by_time(cx, a, ca, warn);
}

/* --- stage ------------------------------------------------------------------- */

struct staging {
	const struct authority	*a;
	const struct life_plan	*plan;
	const char		*actor;
	struct db_tenant	 tenant;
	int64_t			 number;
	bool			 has_root, edge;
	const char		*key_store;	/* NULL: nothing says which */
	struct db_ca		 root, made, *out;
};

/* A successor does not lose what the profiles of its tenant need. */
static struct err
read_active(struct ctx *cx, struct db_tx *tx, struct staging *s)
{
	const struct life_plan *plan = s->plan;
	struct db_ca active;
	bool found;

	s->edge = plan->edge == LIFE_EDGE_YES;
	s->key_store = plan->key_store;
	TRY(db_ca_of_state(cx, tx, s->tenant.id, ca_role_word(plan->role),
	    "active", &active, &found));
	if (found && plan->edge == LIFE_EDGE_AS_BEFORE &&
	    plan->role == CA_ROLE_ISSUING)
		s->edge = ca_may_edge(cx, active.certificate);
	if (found && s->key_store == NULL)
		s->key_store = ca_key_store(cx, &active);
	return OK;
}

static struct err
read_before(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct staging *s = arg;
	const char *role = ca_role_word(s->plan->role);
	bool found;

	TRY(db_tenant_by_id(cx, tx, s->tenant.id, &s->tenant));
	TRY(db_ca_of_state(cx, tx, s->tenant.id, role, "staged", &s->made,
	    &found));
	if (found)
		return FAIL_TELL(cx, ERR_CONFLICT, "CA %s is staged already",
		    text_hex(cx->arena, s->made.key_id));
	TRY(db_ca_count(cx, tx, s->tenant.id, role, &s->number));
	s->number++;
	TRY(read_active(cx, tx, s));
	TRY(db_ca_of_state(cx, tx, s->tenant.id, "root", "active", &s->root,
	    &s->has_root));
	if (s->has_root && s->key_store == NULL)
		s->key_store = ca_key_store(cx, &s->root);
	return OK;
}

static struct err
insert_staged(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct staging *s = arg;

	TRY(db_ca_insert(cx, tx, &s->made, &s->made.id));
	TRY(note(cx, tx, &s->made, s->plan->own_root ? EVENT_CA_REQUESTED :
	    EVENT_CA_STAGED, s->actor));
	*s->out = s->made;
	return receipt_add(cx, tx);
}

static struct err
spec_of(struct ctx *cx, const struct staging *s, struct ca_spec *out)
{
	const struct life_plan *plan = s->plan;
	const char *word = plan->algorithm != NULL ? plan->algorithm :
	    s->tenant.algorithm;
	bool is_platform = strcmp(s->tenant.name, TENANT_PLATFORM) == 0;
	bool needs_root = plan->role != CA_ROLE_ROOT && !plan->own_root;
	struct ca_spec spec = { .tenant = s->tenant.name, .role = plan->role,
	    .number = s->number, .parent = needs_root ? &s->root : NULL,
	    .edge = s->edge, .key_store = s->key_store };

	if (!ca_alg_find(word, &spec.alg))
		return FAIL_AT(cx, ERR_FIELD, "/algorithm",
		    "algorithm: not one that a CA can have");
	if ((plan->role == CA_ROLE_SERVER) != is_platform &&
	    plan->role != CA_ROLE_ROOT)
		return FAIL_AT(cx, ERR_FIELD, "/role",
		    "role: not one for this tenant");
	if (plan->own_root && plan->role != CA_ROLE_ISSUING)
		return FAIL_AT(cx, ERR_FIELD, "/root",
		    "root: only an issuing CA is signed by a root");
	if (spec.edge && plan->role != CA_ROLE_ISSUING)
		return FAIL_AT(cx, ERR_FIELD, "/edge",
		    "edge: only an issuing CA has edge CAs below it");
	if (needs_root && !s->has_root)
		return FAIL_TELL(cx, ERR_CONFLICT,
		    "there is no active root to sign it");
	*out = spec;
	return OK;
}

static struct err
make_staged(struct ctx *cx, struct staging *s)
{
	struct ca_spec spec;

	TRY(spec_of(cx, s, &spec));
	TRY(s->plan->own_root ? ca_request(cx, s->a, &spec, &s->made) :
	    ca_make(cx, s->a, &spec, &s->made));
	s->made.tenant_id = s->tenant.id;
	s->made.parent_id = spec.parent == NULL ? 0 : spec.parent->id;
	s->made.activate_s = s->plan->activate_s;
	s->made.retire_s = s->plan->retire_s;
	s->made.look_s = next_look(s->a, &s->made, ctx_now(cx));
	return OK;
}

struct err
life_stage(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const struct life_plan *plan, struct db_ca *out)
{
	struct staging s = { .a = a, .plan = plan, .actor = who->name,
	    .tenant = { .id = tenant->id }, .out = out };
	struct db_ca planned = { .activate_s = plan->activate_s,
	    .retire_s = plan->retire_s };
	struct err e;

	TRY(check_calendar(cx, &planned));
	TRY(db_read(cx, a->db, read_before, &s));
	TRY(make_staged(cx, &s));
	failpoint("rollover.made");
	e = db_write(cx, a->db, insert_staged, &s);
	failpoint("rollover.staged");
	if (e.code == ERR_EXISTS)
		return FAIL_TELL(cx, ERR_CONFLICT,
		    "another CA was staged meanwhile");
	TRY(e);
	TRY(issuers_sync(cx, a, tenant->id));
	if (plan->role == CA_ROLE_ROOT && failed(cross_sign(cx, a, tenant))) {
		log_put(a->log, LOG_LEVEL_WARN, "ca.not-cross-signed",
		    "tenant", tenant->name, "note", cx->trail->note, NULL);
		ctx_forget(cx);
	}
	return OK;
}
