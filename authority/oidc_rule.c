/* SPDX-License-Identifier: Apache-2.0 */
#include "authority/oidc_rule.h"

#include "authority/role.h"
#include "base/base.h"
#include "db/group.h"
#include "db/tenant.h"

/* --- reading ---------------------------------------------------------------- */

static void
check_rule(struct json_in *in, const struct oidc_rule *r,
    const struct oidc_bounds *bounds)
{
	if (r->tenant == NULL && !bounds->platform)
		json_refuse(in, "tenant", "is needed: the issuer gives no "
		    "roles of the platform");
	else if (bounds->tenant != NULL && strcmp(r->tenant,
	    bounds->tenant) != 0)
		json_refuse(in, "tenant", "is not the issuer's");
	else if (!role_is_of(r->role, r->tenant == NULL))
		json_refuse(in, "role", r->tenant == NULL ?
		    "must be admin, reader or auditor on the platform" :
		    "must be owner, contributor, reader or auditor of a "
		    "tenant");
	else if (r->group != NULL && (r->tenant == NULL ||
	    r->role == ROLE_AUDITOR))
		json_refuse(in, "group", "is of a tenant, and no auditor's");
}

static struct err
read_rule(struct ctx *cx, const json_t *json, const char *pointer,
    const struct oidc_bounds *bounds, struct oidc_rule *out)
{
	struct json_in in = json_in(cx, json, pointer);
	struct oidc_rule r = { .role = ROLE_READER };
	const char *role;

	r.claim = json_get_text(&in, "claim", JSON_REQUIRED, OIDC_CLAIM_MAX);
	r.value = json_get_text(&in, "value", JSON_REQUIRED, OIDC_VALUE_MAX);
	role = json_get_text(&in, "role", JSON_REQUIRED, ROLE_NAME_MAX);
	r.tenant = json_get_name(&in, "tenant", JSON_OPTIONAL);
	r.group = json_get_name(&in, "group", JSON_OPTIONAL);
	if (r.tenant == NULL)
		r.tenant = bounds->tenant;
	if (role != NULL && !role_find(role, &r.role))
		json_refuse(&in, "role", "there is no such role");
	if (!failed(in.err))
		check_rule(&in, &r, bounds);
	TRY(json_in_done(&in));
	*out = r;
	return OK;
}

struct err
oidc_rules_read(struct ctx *cx, const json_t *json, const char *pointer,
    const struct oidc_bounds *bounds, struct oidc_rules *out)
{
	size_t n = json_array_size(json);
	struct oidc_rule *rules;

	if (!json_is_array(json) || n == 0 || n > OIDC_RULES_MAX)
		return FAIL_AT(cx, ERR_FIELD, pointer,
		    "must hold 1 to %u rules", OIDC_RULES_MAX);
	rules = arena_array(cx->arena, n, sizeof(*rules));
	for (size_t i = 0; i < n; i++)
		TRY(read_rule(cx, json_array_get(json, i),
		    json_pointer_item(cx, pointer, i), bounds, &rules[i]));
	*out = (struct oidc_rules){ n, rules };
	return OK;
}

json_t *
oidc_rules_json(const struct oidc_rules *rules)
{
	json_t *array = json_array();

	for (size_t i = 0; i < rules->n; i++) {
		const struct oidc_rule *r = &rules->rules[i];

		ASSERT(json_array_append_new(array, json_pack(
		    "{s:s,s:s,s:s,s:s*,s:s*}", "claim", r->claim, "value",
		    r->value, "role", role_name(r->role), "tenant", r->tenant,
		    "group", r->group)) == 0);
	}
	return array;
}

/* --- using ------------------------------------------------------------------ */

static struct err
resolve(struct ctx *cx, struct db_tx *tx, struct oidc_rule *r)
{
	struct db_tenant tenant;
	struct db_group group;

	TRY(db_tenant_by_name(cx, tx, r->tenant, &tenant));
	if (tenant.deleted_s != 0)
		return FAIL(cx, ERR_NOT_FOUND, "a deleted tenant");
	r->tenant_id = tenant.id;
	if (r->group == NULL)
		return OK;
	TRY(db_group_by_name(cx, tx, tenant.id, r->group, &group));
	r->group_id = group.id;
	return OK;
}

struct err
oidc_rules_resolve(struct ctx *cx, struct db_tx *tx, struct oidc_rules *rules)
{
	for (size_t i = 0; i < rules->n; i++) {
		struct oidc_rule *r = &rules->rules[i];
		struct err e = OK;

		if (r->tenant != NULL)
			e = resolve(cx, tx, r);
		if (failed(e) && e.code != ERR_NOT_FOUND)
			return e;
		r->lost = failed(e);
		if (r->lost)
			ctx_forget(cx);
	}
	return OK;
}

const struct oidc_rule *
oidc_rules_match(const struct oidc_rules *rules, const struct jwt *jwt)
{
	for (size_t i = 0; i < rules->n; i++)
		if (jwt_claims(jwt, rules->rules[i].claim,
		    rules->rules[i].value))
			return &rules->rules[i];
	return NULL;
}
