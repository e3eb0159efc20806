/* SPDX-License-Identifier: Apache-2.0 */
/* Operators' tokens, on a real database. */
#include "tests/unit/fleet.h"

#include "authority/tenant.h"
#include "authority/token.h"

static const struct principal admin = { 1, ROLE_ADMIN, 0, "root" };
static struct authority_keys keys;

static struct err
add_platform(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct db_tenant platform = { .name = TENANT_PLATFORM, .title = "",
	    .created_s = FLEET_NOW };

	(void)arg;
	return db_tenant_insert(c, tx, &platform, &platform.id);
}

static void
open_with_keys(void)
{
	fleet_open();
	memset(&keys, 7, sizeof(keys));
	fleet.a.keys = &keys;
	ck_ok(db_write(cx, fleet.a.db, add_platform, NULL));
}

static const char *
make(const struct tenant *tenant, enum role role, int64_t expires_s,
    int64_t *out_id)
{
	struct token_spec spec = { "ci", role, expires_s };
	struct db_token token;
	const char *text;

	ck_ok(token_create(cx, &fleet.a, tenant, &admin, &spec, &token,
	    &text));
	ck_assert_uint_eq(strlen(text), strlen(TOKEN_PREFIX) + 43);
	ck_assert_uint_eq(token.hash.n, 0);
	*out_id = token.id;
	return text;
}

START_TEST(a_token_names_its_role_and_tenant)
{
	struct principal who;
	const char *text;
	int64_t id;

	open_with_keys();
	text = make(&fleet.tenants[1], ROLE_OWNER, 0, &id);
	ck_ok(token_authenticate(cx, &fleet.a, text, &who));
	ck_assert_int_eq(who.token_id, id);
	ck_assert_int_eq(who.role, ROLE_OWNER);
	ck_assert_int_eq(who.tenant_id, fleet.tenants[1].id);
	ck_assert_str_eq(who.name, "ci");
	ck_ok(token_create_first(cx, &fleet.a, &text));
	ck_ok(token_authenticate(cx, &fleet.a, text, &who));
	ck_assert_int_eq(who.role, ROLE_ADMIN);
	ck_assert_int_eq(who.tenant_id, 0);
	fleet_close();
}
END_TEST

START_TEST(a_token_with_any_character_changed_is_nobody)
{
	struct principal who;
	const char *text;
	size_t n;
	int64_t id;

	open_with_keys();
	text = make(&fleet.tenants[0], ROLE_OWNER, 0, &id);
	n = strlen(text);
	for (size_t i = 0; i < n; i++) {
		char *changed = arena_strdup(cx->arena, text);

		changed[i] = changed[i] == 'A' ? 'B' : 'A';
		ck_fails(token_authenticate(cx, &fleet.a, changed, &who),
		    ERR_AUTH_TOKEN);
		changed = arena_strndup(cx->arena, text, i);
		ck_fails(token_authenticate(cx, &fleet.a, changed, &who),
		    ERR_AUTH_TOKEN);
	}
	ck_fails(token_authenticate(cx, &fleet.a, arena_printf(cx->arena,
	    "%sA", text), &who), ERR_AUTH_TOKEN);
	ck_ok(token_authenticate(cx, &fleet.a, text, &who));
	fleet_close();
}
END_TEST

START_TEST(an_expired_token_is_nobody_from_its_second_on)
{
	struct principal who;
	const char *text;
	int64_t id;

	open_with_keys();
	text = make(&fleet.tenants[0], ROLE_READER, FLEET_NOW + 10, &id);
	fleet.now_s = FLEET_NOW + 9;
	ck_ok(token_authenticate(cx, &fleet.a, text, &who));
	fleet.now_s = FLEET_NOW + 10;
	ck_fails(token_authenticate(cx, &fleet.a, text, &who),
	    ERR_AUTH_TOKEN);
	fleet_close();
}
END_TEST

START_TEST(a_revoked_token_is_nobody_and_is_still_listed)
{
	struct page page = { 0, 10 };
	struct principal who;
	struct db_token *tokens;
	const char *text;
	int64_t id, next;
	size_t n;

	open_with_keys();
	text = make(&fleet.tenants[0], ROLE_OWNER, 0, &id);
	ck_fails(token_revoke(cx, &fleet.a, &fleet.tenants[1], &admin, id),
	    ERR_NOT_FOUND);
	ck_fails(token_revoke(cx, &fleet.a, NULL, &admin, id),
	    ERR_NOT_FOUND);
	ck_ok(token_authenticate(cx, &fleet.a, text, &who));
	ck_ok(token_revoke(cx, &fleet.a, &fleet.tenants[0], &admin, id));
	ck_fails(token_authenticate(cx, &fleet.a, text, &who),
	    ERR_AUTH_TOKEN);
	ck_fails(token_revoke(cx, &fleet.a, &fleet.tenants[0], &admin, id),
	    ERR_NOT_FOUND);
	ck_ok(token_list(cx, &fleet.a, &fleet.tenants[0], page, &tokens, &n,
	    &next));
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(tokens[0].revoked_s, FLEET_NOW);
	fleet_close();
}
END_TEST

START_TEST(lists_show_a_tenant_its_own_tokens_only)
{
	struct page page = { 0, 10 };
	struct db_token *tokens;
	int64_t id, next;
	size_t n;

	open_with_keys();
	(void)make(&fleet.tenants[0], ROLE_OWNER, 0, &id);
	(void)make(&fleet.tenants[1], ROLE_OWNER, 0, &id);
	(void)make(NULL, ROLE_READER, 0, &id);
	ck_ok(token_list(cx, &fleet.a, &fleet.tenants[1], page, &tokens, &n,
	    &next));
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(tokens[0].tenant_id, fleet.tenants[1].id);
	ck_ok(token_list(cx, &fleet.a, NULL, page, &tokens, &n, &next));
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(tokens[0].tenant_id, 0);
	fleet_close();
}
END_TEST

START_TEST(a_tenant_cannot_have_an_administrator_nor_the_platform_an_owner)
{
	struct token_spec spec = { "x", ROLE_ADMIN, 0 };
	struct db_token token;
	const char *text;

	open_with_keys();
	ck_fails(token_create(cx, &fleet.a, &fleet.tenants[0], &admin, &spec,
	    &token, &text), ERR_FIELD);
	ck_assert_str_eq(cx->trail->pointer, "/role");
	spec.role = ROLE_OWNER;
	ck_fails(token_create(cx, &fleet.a, NULL, &admin, &spec, &token,
	    &text), ERR_FIELD);
	spec.expires_s = FLEET_NOW;
	ck_fails(token_create(cx, &fleet.a, &fleet.tenants[0], &admin, &spec,
	    &token, &text), ERR_FIELD);
	ck_assert_str_eq(cx->trail->pointer, "/expires_at");
	fleet_close();
}
END_TEST

START_TEST(the_last_use_is_noted_once_a_minute)
{
	struct page page = { 0, 10 };
	struct principal who;
	struct db_token *tokens;
	const char *text;
	int64_t id, next;
	size_t n;
	static const struct { int64_t at, noted; } uses[] = {
		{ 0, 0 }, { 59, 0 }, { 60, 60 }, { 100, 60 }, { 121, 121 },
	};

	open_with_keys();
	text = make(&fleet.tenants[0], ROLE_OWNER, 0, &id);
	for (size_t i = 0; i < COUNT_OF(uses); i++) {
		fleet.now_s = FLEET_NOW + uses[i].at;
		ck_ok(token_authenticate(cx, &fleet.a, text, &who));
		ck_ok(token_list(cx, &fleet.a, &fleet.tenants[0], page,
		    &tokens, &n, &next));
		ck_assert_int_eq(tokens[0].last_used_s,
		    FLEET_NOW + uses[i].noted);
	}
	fleet_close();
}
END_TEST

START_TEST(another_key_of_the_service_opens_nothing)
{
	struct principal who;
	const char *text;
	int64_t id;

	open_with_keys();
	text = make(&fleet.tenants[0], ROLE_OWNER, 0, &id);
	keys.token[0] ^= 1;
	ck_fails(token_authenticate(cx, &fleet.a, text, &who),
	    ERR_AUTH_TOKEN);
	keys.token[0] ^= 1;
	ck_ok(token_authenticate(cx, &fleet.a, text, &who));
	fleet_close();
}
END_TEST

UNIT_MAIN("token",
    a_token_names_its_role_and_tenant,
    a_token_with_any_character_changed_is_nobody,
    an_expired_token_is_nobody_from_its_second_on,
    a_revoked_token_is_nobody_and_is_still_listed,
    lists_show_a_tenant_its_own_tokens_only,
    a_tenant_cannot_have_an_administrator_nor_the_platform_an_owner,
    the_last_use_is_noted_once_a_minute,
    another_key_of_the_service_opens_nothing)
