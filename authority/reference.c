/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/reference.h"

#include <sodium.h>

#include "authority/event.h"
#include "authority/lapse.h"
#include "authority/receipt.h"
#include "base/base.h"

#define HEX_MIN	32u	/* what has so many hex digits is a digest */

static struct err
find_set(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *name, struct reference_set *out)
{
	bool found;

	TRY(db_reference_set_get(cx, tx, tenant_id, name, out, &found));
	if (!found)
		return FAIL_TELL(cx, ERR_NOT_FOUND,
		    "there is no set of reference values %s", name);
	return OK;
}

/* --- looking ----------------------------------------------------------- */

struct looking {
	int64_t			 tenant_id;
	const char		*name;
	struct page		 page;
	struct reference_set	 set, *sets;
	struct reference_value	*values;
	size_t			 n;
};

static struct err
sets_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct looking *l = arg;

	return db_reference_set_list(cx, tx, l->tenant_id, l->page.after,
	    (size_t)l->page.limit + 1, &l->sets, &l->n);
}

struct err
reference_sets(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, struct page page, struct reference_set **out,
    size_t *out_n, int64_t *out_next)
{
	struct looking l = { .tenant_id = tenant->id, .page = page };
	bool more;

	TRY(db_read(cx, a->db, sets_work, &l));
	more = l.n > page.limit;
	*out = l.sets;
	*out_n = more ? page.limit : l.n;
	*out_next = more ? l.sets[page.limit - 1].id : 0;
	return OK;
}

static struct err
get_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct looking *l = arg;

	return find_set(cx, tx, l->tenant_id, l->name, &l->set);
}

struct err
reference_set_get(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const char *name, struct reference_set *out)
{
	struct looking l = { .tenant_id = tenant->id, .name = name };

	TRY(db_read(cx, a->db, get_work, &l));
	*out = l.set;
	return OK;
}

static struct err
values_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct looking *l = arg;

	TRY(find_set(cx, tx, l->tenant_id, l->name, &l->set));
	return db_reference_value_list(cx, tx, l->tenant_id, l->set.id,
	    l->page.after, (size_t)l->page.limit + 1, &l->values, &l->n);
}

struct err
reference_values(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const char *set, struct page page,
    struct reference_value **out, size_t *out_n, int64_t *out_next)
{
	struct looking l = {
		.tenant_id = tenant->id, .name = set, .page = page
	};
	bool more;

	TRY(db_read(cx, a->db, values_work, &l));
	more = l.n > page.limit;
	*out = l.values;
	*out_n = more ? page.limit : l.n;
	*out_next = more ? l.values[page.limit - 1].id : 0;
	return OK;
}

/* --- changing sets -------------------------------------------------------- */

struct changing {
	int64_t			 tenant_id, revision, id;
	const char		*name, *note, *actor;
	struct reference_set	 set;
	struct reference_value	 value, *out;
};

static struct err
make_set(struct ctx *cx, struct db_tx *tx, struct changing *c)
{
	struct reference_set *sets, made = {
		.name = c->name, .note = c->note == NULL ? "" : c->note,
		.created_s = ctx_now(cx), .changed_by = c->actor,
	};
	size_t n;

	if (c->revision != REVISION_ANY)
		return FAIL_TELL(cx, ERR_PRECONDITION, "there is no set %s",
		    c->name);
	TRY(db_reference_set_list(cx, tx, c->tenant_id, 0, REFERENCE_SETS_MAX,
	    &sets, &n));
	if (n == REFERENCE_SETS_MAX)
		return FAIL_TELL(cx, ERR_CONFLICT, "a tenant has at most %u "
		    "sets of reference values", REFERENCE_SETS_MAX);
	TRY(db_reference_set_add(cx, tx, c->tenant_id, &made));
	return find_set(cx, tx, c->tenant_id, c->name, &c->set);
}

static struct err
touch(struct ctx *cx, struct db_tx *tx, struct changing *c, int64_t more)
{
	c->set.changed_s = ctx_now(cx);
	c->set.changed_by = c->actor;
	TRY(db_reference_set_change(cx, tx, c->tenant_id, &c->set, more));
	c->set.revision++;
	c->set.entries += more;
	return OK;
}

static struct err
tell(struct ctx *cx, struct db_tx *tx, const struct changing *c,
    const char *what)
{
	return event_add(cx, tx, c->tenant_id, EVENT_REFERENCE_CHANGED,
	    c->name, c->actor, json_pack("{s:s,s:I}", "change", what,
	    "revision", (json_int_t)c->set.revision));
}

static struct err
put_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct changing *c = arg;
	bool found;

	TRY(db_reference_set_get(cx, tx, c->tenant_id, c->name, &c->set,
	    &found));
	if (!found) {
		TRY(make_set(cx, tx, c));
		return tell(cx, tx, c, "made");
	}
	TRY(revision_check(cx, c->revision, c->set.revision));
	if (c->note == NULL)
		return OK;
	c->set.note = c->note;
	TRY(touch(cx, tx, c, 0));
	return tell(cx, tx, c, "note");
}

struct err
reference_set_put(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const char *name, const char *note, int64_t revision,
    struct reference_set *out)
{
	struct changing c = {
		.tenant_id = tenant->id, .revision = revision, .name = name,
		.note = note, .actor = who->name,
	};

	TRY(db_write(cx, a->db, put_work, &c));
	*out = c.set;
	return OK;
}

/* Names have no letter that LIKE takes for more than itself. */
static struct err
delete_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct changing *c = arg;
	const char *group;

	TRY(find_set(cx, tx, c->tenant_id, c->name, &c->set));
	TRY(revision_check(cx, c->revision, c->set.revision));
	TRY(db_reference_set_used(cx, tx, c->tenant_id, arena_printf(
	    cx->arena, "%%\"in_set\":\"%s\"%%", c->name), &group));
	if (group != NULL)
		return FAIL_TELL(cx, ERR_CONFLICT,
		    "the policy of group %s names it", group);
	TRY(db_reference_set_delete(cx, tx, c->tenant_id, c->set.id));
	return tell(cx, tx, c, "deleted");
}

struct err
reference_set_delete(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const char *name, int64_t revision)
{
	struct changing c = {
		.tenant_id = tenant->id, .revision = revision, .name = name,
		.actor = who->name,
	};

	return db_write(cx, a->db, delete_work, &c);
}

/* --- changing values -------------------------------------------------------- */

/* Verifiers write digests in lower case: others would never be met. */
static struct err
check_value(struct ctx *cx, const struct reference_value *v)
{
	size_t n = strlen(v->value);

	if (n >= HEX_MIN && strspn(v->value, "0123456789abcdefABCDEF") == n &&
	    strpbrk(v->value, "ABCDEF") != NULL)
		return FAIL_AT(cx, ERR_FIELD, "/value",
		    "hex must be in lower case");
	if (v->valid_until_s != 0 && v->valid_until_s <= ctx_now(cx))
		return FAIL_AT(cx, ERR_FIELD, "/valid_until",
		    "must be later than now");
	return OK;
}

static struct err
add_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct changing *c = arg;

	TRY(find_set(cx, tx, c->tenant_id, c->name, &c->set));
	if (c->set.entries >= (int64_t)REFERENCE_VALUES_MAX)
		return FAIL_TELL(cx, ERR_CONFLICT, "a set has at most %u "
		    "values", REFERENCE_VALUES_MAX);
	TRY(db_reference_value_add(cx, tx, c->tenant_id, c->set.id,
	    &c->value, &c->value.id));
	TRY(touch(cx, tx, c, 1));
	TRY(tell(cx, tx, c, "value added"));
	*c->out = c->value;
	return receipt_add(cx, tx);
}

struct err
reference_value_add(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const char *set, const struct reference_value *value,
    struct reference_value *out)
{
	struct changing c = {
		.tenant_id = tenant->id, .name = set, .actor = who->name,
		.value = *value, .out = out,
	};
	struct err e;

	TRY(check_value(cx, value));
	c.value.tenant_id = tenant->id;
	c.value.set = set;
	c.value.created_s = ctx_now(cx);
	c.value.created_by = who->name;
	e = db_write(cx, a->db, add_work, &c);
	if (e.code == ERR_EXISTS)
		return FAIL_AT(cx, ERR_EXISTS, "/value",
		    "the value is in set %s", set);
	return e;
}

static struct err
remove_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct changing *c = arg;

	TRY(find_set(cx, tx, c->tenant_id, c->name, &c->set));
	TRY(db_reference_value_delete(cx, tx, c->tenant_id, c->set.id,
	    c->id));
	TRY(touch(cx, tx, c, -1));
	return tell(cx, tx, c, "value deleted");
}

struct err
reference_value_delete(struct ctx *cx, const struct authority *a,
    const struct tenant *tenant, const struct principal *who,
    const char *set, int64_t id)
{
	struct changing c = {
		.tenant_id = tenant->id, .name = set, .actor = who->name,
		.id = id,
	};

	return db_write(cx, a->db, remove_work, &c);
}

/* --- warning ----------------------------------------------------------- */

static struct err
warn_due(struct ctx *cx, struct db_tx *tx, int64_t until_s, size_t most,
    bool warn, size_t *out_n)
{
	struct reference_value *rows;

	TRY(db_reference_due(cx, tx, until_s, most, &rows, out_n));
	for (size_t i = 0; warn && i < *out_n; i++) {
		const struct reference_value *v = &rows[i];

		TRY(db_reference_warned(cx, tx, v->tenant_id, v->id,
		    ctx_now(cx)));
		TRY(event_add(cx, tx, v->tenant_id, EVENT_REFERENCE_EXPIRING,
		    v->set, "upkeep", json_pack("{s:I,s:s,s:s}", "id",
		    (json_int_t)v->id, "value", v->value, "expires_at",
		    text_time_dup(cx->arena, v->valid_until_s))));
	}
	return OK;
}

struct err
reference_round(struct ctx *cx, const struct authority *a)
{
	return lapse_round(cx, a, a->limits.anchor_warn_s, warn_due);
}

/* --- for appraisal ---------------------------------------------------------- */

struct err
reference_check(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct policy *policy, const char *pointer)
{
	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct policy_rule *rule = &policy->rules[i];
		struct reference_set set;
		bool found;

		if (rule->set == NULL)
			continue;
		TRY(db_reference_set_get(cx, tx, tenant_id, rule->set, &set,
		    &found));
		if (!found)
			return FAIL_AT(cx, ERR_FIELD, json_pointer(cx,
			    json_pointer_item(cx, json_pointer(cx, pointer,
			    "rules"), i), "in_set"),
			    "there is no set of reference values %s",
			    rule->set);
	}
	return OK;
}

/* Where values are looked up: in the sets of now, or of then. */
struct shelf {
	int64_t		 tenant_id;
	const char	*then;		/* lines of sets; NULL: now */
};

/* The line of a set, of those that reference_sets_named() made. */
static bool
set_then(struct ctx *cx, const char *lines, const char *name, int64_t *out_id,
    int64_t *out_revision)
{
	const char *at = strstr(lines, arena_printf(cx->arena, "\n%s ",
	    name)), *colon, *end;
	uint64_t id, revision;

	if (at == NULL)
		return false;
	at += strlen(name) + 2;
	end = at + strcspn(at, "\n");
	colon = memchr(at, ':', (size_t)(end - at));
	if (colon == NULL || !text_parse_uint(arena_printf(cx->arena, "%.*s",
	    (int)(colon - at), at), INT64_MAX, &id) ||
	    !text_parse_uint(arena_printf(cx->arena, "%.*s",
	    (int)(end - colon - 1), colon + 1), INT64_MAX, &revision))
		return false;
	*out_id = (int64_t)id;
	*out_revision = (int64_t)revision;
	return true;
}

static struct err
find_value(struct ctx *cx, struct db_tx *tx, const struct shelf *shelf,
    const char *set, const char *text, int64_t *out_until_s, bool *out_found)
{
	struct reference_value row;
	int64_t id, revision;

	if (shelf->then != NULL) {
		*out_found = false;
		return !set_then(cx, shelf->then, set, &id, &revision) ? OK :
		    db_reference_value_then(cx, tx, shelf->tenant_id, id,
		    revision, text, out_until_s, out_found);
	}
	TRY(db_reference_value_find(cx, tx, shelf->tenant_id, set, text, &row,
	    out_found));
	if (*out_found)
		*out_until_s = row.valid_until_s;
	return OK;
}

/* One value that the device showed: add it to the rule's if it is in the set. */
static struct err
look_up(struct ctx *cx, struct db_tx *tx, const struct shelf *shelf,
    const struct policy_rule *rule, const char *text,
    struct policy_value value, struct policy_value *values, size_t *n)
{
	bool found;

	TRY(find_value(cx, tx, shelf, rule->set, text, &value.until_s,
	    &found));
	if (found)
		values[(*n)++] = value;
	return OK;
}

static struct err
apply_rule(struct ctx *cx, struct db_tx *tx, const struct shelf *shelf,
    const struct claim *claim, struct policy_rule *rule)
{
	bool list = claim->kind->type == CLAIM_LIST;
	size_t n_shown = list ? claim->list.n : 1, n = 0;
	struct policy_value *values = arena_array(cx->arena, n_shown,
	    sizeof(*values)), value = { .until_s = 0 };

	for (size_t i = 0; list && i < n_shown; i++) {
		value.text = claim->list.items[i];
		TRY(look_up(cx, tx, shelf, rule, value.text, value, values,
		    &n));
	}
	if (claim->kind->type == CLAIM_BYTES)
		value.bytes = claim->bytes;
	else if (claim->kind->type == CLAIM_UINT)
		value.uint = claim->uint;
	else if (!list)
		value.text = claim->text;
	if (!list)
		TRY(look_up(cx, tx, shelf, rule,
		    policy_claim_text(cx, claim), value, values, &n));
	rule->values = values;
	rule->n_values = n;
	return OK;
}

static struct err
apply_from(struct ctx *cx, struct db_tx *tx, const struct shelf *shelf,
    const struct claims *claims, struct policy *policy)
{
	struct policy_rule *rules;

	if (!policy_names_sets(policy))
		return OK;
	rules = arena_array(cx->arena, policy->n_rules, sizeof(*rules));
	memcpy(rules, policy->rules, policy->n_rules * sizeof(*rules));
	for (size_t i = 0; i < policy->n_rules; i++) {
		const struct claim *claim = claims_find(claims,
		    rules[i].claim);

		if (rules[i].set != NULL && claim != NULL)
			TRY(apply_rule(cx, tx, shelf, claim, &rules[i]));
	}
	policy->rules = rules;
	return OK;
}

struct err
reference_apply(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct claims *claims, struct policy *policy)
{
	const struct shelf now = { tenant_id, NULL };

	return apply_from(cx, tx, &now, claims, policy);
}

struct err
reference_sets_named(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const struct policy *policy, const char **out)
{
	const char *lines = NULL;

	for (size_t i = 0; i < policy->n_rules; i++) {
		const char *name = policy->rules[i].set;
		struct reference_set set = { .id = 0 };
		bool found;

		if (name == NULL)
			continue;
		TRY(db_reference_set_get(cx, tx, tenant_id, name, &set,
		    &found));
		lines = arena_printf(cx->arena, "%s\n%s %lld:%lld",
		    lines == NULL ? "" : lines, name, (long long)set.id,
		    (long long)set.revision);
	}
	*out = lines;
	return OK;
}

void
reference_hash(const char *document, const char *sets, uint8_t out[32])
{
	crypto_hash_sha256_state state;

	(void)crypto_hash_sha256_init(&state);
	(void)crypto_hash_sha256_update(&state, (const uint8_t *)document,
	    strlen(document));
	if (sets != NULL)
		(void)crypto_hash_sha256_update(&state,
		    (const uint8_t *)sets, strlen(sets));
	(void)crypto_hash_sha256_final(&state, out);
}

struct err
reference_digest(struct ctx *cx, struct db_tx *tx, int64_t tenant_id,
    const char *document, const struct policy *policy, uint8_t out[32])
{
	const char *sets;

	TRY(reference_sets_named(cx, tx, tenant_id, policy, &sets));
	reference_hash(document, sets, out);
	return OK;
}

struct using {
	struct shelf		 shelf;
	const struct claims	*claims;
	struct policy		 policy;
	const char		*sets;
};

static struct err
use_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct using *u = arg;

	TRY(reference_sets_named(cx, tx, u->shelf.tenant_id, &u->policy,
	    &u->sets));
	return apply_from(cx, tx, &u->shelf, u->claims, &u->policy);
}

struct err
reference_use(struct ctx *cx, const struct authority *a, int64_t tenant_id,
    const char *document, const struct claims *claims, struct policy *policy,
    struct reference_used *out)
{
	struct using u = { { tenant_id, NULL }, claims, *policy, NULL };

	if (policy_names_sets(policy)) {
		TRY(db_read(cx, a->db, use_work, &u));
		*policy = u.policy;
	}
	out->sets = u.sets;
	reference_hash(document, u.sets, out->sha256);
	return OK;
}

static struct err
then_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct using *u = arg;

	return apply_from(cx, tx, &u->shelf, u->claims, &u->policy);
}

struct err
reference_apply_then(struct ctx *cx, const struct authority *a,
    int64_t tenant_id, const char *sets, const struct claims *claims,
    struct policy *policy)
{
	struct using u = { { tenant_id, sets }, claims, *policy, NULL };

	TRY(db_read(cx, a->db, then_work, &u));
	*policy = u.policy;
	return OK;
}

static struct err
lines_work(struct ctx *cx, struct db_tx *tx, void *arg)
{
	struct using *u = arg;

	return reference_sets_named(cx, tx, u->shelf.tenant_id, &u->policy,
	    &u->sets);
}

struct err
reference_digest_now(struct ctx *cx, const struct authority *a,
    int64_t tenant_id, const char *document, uint8_t out[32])
{
	struct using u = { .shelf = { tenant_id, NULL } };

	TRY(policy_parse(cx, document, &u.policy));
	if (policy_names_sets(&u.policy))
		TRY(db_read(cx, a->db, lines_work, &u));
	reference_hash(document, u.sets, out);
	return OK;
}
