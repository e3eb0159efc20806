/* SPDX-License-Identifier: Apache-2.0 */
/* Operators' tokens, on a real database. */
#include "tests/unit/fleet.h"
#include "tests/unit/older_db.h"

#include "authority/role.h"
#include "authority/tenant.h"
#include "authority/token.h"

static const struct principal admin = { .token_id = 1,
    .role = ROLE_ADMIN, .name = "root" };
static struct authority_keys keys;

static void
open_with_keys(void)
{
	fleet_open();
	memset(&keys, 7, sizeof(keys));
	fleet.a.keys = &keys;
	fleet_add_platform();
}

static const char *
make(const struct tenant *tenant, enum role role, int64_t expires_s,
    int64_t *out_id)
{
	struct token_spec spec = { .name = "ci", .role = role,
	    .expires_s = expires_s };
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
	struct token_spec spec = { .name = "x", .role = ROLE_ADMIN };
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

START_TEST(a_rotated_token_has_two_secrets_until_the_overlap_is_over)
{
	struct token_rotation what = { .overlap_s = 100, .expires_s = -1 };
	const char *old, *mid, *text;
	struct db_token token;
	struct principal who;

	open_with_keys();
	old = make(&fleet.tenants[0], ROLE_OWNER, FLEET_NOW + 1000, &what.id);
	ck_ok(token_rotate(cx, &fleet.a, &fleet.tenants[0], &admin, &what,
	    &token, &mid));
	ck_assert_int_eq(token.expires_s, FLEET_NOW + 1000);
	ck_assert_str_ne(old, mid);
	ck_assert_uint_eq(token.hash.n + token.old_hash.n, 0);
	ck_ok(token_authenticate(cx, &fleet.a, mid, &who));
	ck_assert_int_eq(who.token_id, what.id);
	fleet.now_s = FLEET_NOW + 99;
	ck_ok(token_authenticate(cx, &fleet.a, old, &who));
	ck_assert_str_eq(who.id, arena_printf(cx->arena, "token:%lld",
	    (long long)what.id));
	fleet.now_s = FLEET_NOW + 100;
	ck_fails(token_authenticate(cx, &fleet.a, old, &who),
	    ERR_AUTH_TOKEN);
	ck_ok(token_authenticate(cx, &fleet.a, mid, &who));
	/* Twice within an overlap: the first secret is gone at once. */
	what.overlap_s = 0;
	ck_ok(token_rotate(cx, &fleet.a, &fleet.tenants[0], &admin, &what,
	    &token, &text));
	ck_fails(token_authenticate(cx, &fleet.a, mid, &who),
	    ERR_AUTH_TOKEN);
	ck_ok(token_authenticate(cx, &fleet.a, text, &who));
	fleet_close();
}
END_TEST

START_TEST(what_is_another_tenants_revoked_or_expired_is_not_rotated)
{
	struct token_rotation what = { .overlap_s = 0, .expires_s = -1 };
	struct db_token token;
	const char *text;

	open_with_keys();
	(void)make(&fleet.tenants[0], ROLE_OWNER, FLEET_NOW + 10, &what.id);
	ck_fails(token_rotate(cx, &fleet.a, &fleet.tenants[1], &admin, &what,
	    &token, &text), ERR_NOT_FOUND);
	ck_fails(token_rotate(cx, &fleet.a, NULL, &admin, &what, &token,
	    &text), ERR_NOT_FOUND);
	fleet.now_s = FLEET_NOW + 10;
	ck_fails(token_rotate(cx, &fleet.a, &fleet.tenants[0], &admin, &what,
	    &token, &text), ERR_CONFLICT);
	what.expires_s = FLEET_NOW + 10;
	ck_fails(token_rotate(cx, &fleet.a, &fleet.tenants[0], &admin, &what,
	    &token, &text), ERR_FIELD);
	what.expires_s = 0;
	ck_ok(token_rotate(cx, &fleet.a, &fleet.tenants[0], &admin, &what,
	    &token, &text));
	ck_assert_int_eq(token.expires_s, 0);
	ck_ok(token_revoke(cx, &fleet.a, &fleet.tenants[0], &admin, what.id));
	ck_fails(token_rotate(cx, &fleet.a, &fleet.tenants[0], &admin, &what,
	    &token, &text), ERR_NOT_FOUND);
	fleet_close();
}
END_TEST

static struct err
name_certificate(const char *name, const char *certificate)
{
	struct token_spec spec = { .name = name, .role = ROLE_READER,
	    .certificate = certificate };
	struct db_token token;
	const char *text;

	return token_create(cx, &fleet.a, &fleet.tenants[0], &admin, &spec,
	    &token, &text);
}

#define A_HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

START_TEST(a_certificate_is_known_by_its_hash_before_its_names_in_order)
{
	const struct token_certificate shown = { .sha256 = A_HASH,
	    .names = { "san:email:a@x", "san:dns:a.x", "subject:CN=a" },
	    .n_names = 3 };
	/* The least first: each goes before those that were there. */
	static const char by_hash[] = "sha256:" A_HASH;
	static const char *const tokens[] = { "subject:CN=a", "san:dns:a.x",
	    "san:email:a@x", by_hash };
	static const char *const bad[] = { "san:", "san:ip:192.0.2.1",
	    "san:dns:", "dns:a.x", "subject:", "sha256:00" };
	struct principal who;

	open_with_keys();
	ck_fails(token_authenticate_certificate(cx, &fleet.a, &shown, &who),
	    ERR_AUTH_CERTIFICATE);
	ck_ok(name_certificate("another", "san:dns:A.X"));
	ck_fails(token_authenticate_certificate(cx, &fleet.a, &shown, &who),
	    ERR_AUTH_CERTIFICATE);
	for (size_t i = 0; i < COUNT_OF(tokens); i++) {
		ck_ok(name_certificate(tokens[i], tokens[i]));
		ck_ok(token_authenticate_certificate(cx, &fleet.a, &shown,
		    &who));
		ck_assert_str_eq(who.name, tokens[i]);
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		ck_fails(name_certificate("bad", bad[i]), ERR_FIELD);
	fleet_close();
}
END_TEST

START_TEST(a_token_of_a_group_is_that_groups)
{
	struct token_spec spec = { .name = "line", .role = ROLE_CONTRIBUTOR,
	    .group = "default" };
	struct principal who;
	struct db_token token;
	const char *text;

	open_with_keys();
	ck_ok(token_create(cx, &fleet.a, &fleet.tenants[0], &admin, &spec,
	    &token, &text));
	ck_ok(token_authenticate(cx, &fleet.a, text, &who));
	ck_assert_str_eq(who.group, "default");
	ck_assert_int_ne(who.group_id, 0);
	spec.group = "nowhere";
	ck_fails(token_create(cx, &fleet.a, &fleet.tenants[0], &admin, &spec,
	    &token, &text), ERR_FIELD);
	ck_assert_str_eq(cx->trail->pointer, "/group");
	spec = (struct token_spec){ .name = "x", .role = ROLE_AUDITOR,
	    .group = "default" };
	ck_fails(token_create(cx, &fleet.a, &fleet.tenants[0], &admin, &spec,
	    &token, &text), ERR_FIELD);
	spec.role = ROLE_READER;
	ck_fails(token_create(cx, &fleet.a, NULL, &admin, &spec, &token,
	    &text), ERR_FIELD);
	ck_assert_str_eq(cx->trail->pointer, "/group");
	fleet_close();
}
END_TEST

static struct principal
token_of(const struct principal *maker, const char *name, const char *person)
{
	struct token_spec spec = { .name = name, .role = ROLE_OWNER,
	    .person = person };
	struct principal who;
	struct db_token token;
	const char *text;

	ck_ok(token_create(cx, &fleet.a, &fleet.tenants[0], maker, &spec,
	    &token, &text));
	ck_ok(token_authenticate(cx, &fleet.a, text, &who));
	return who;
}

START_TEST(two_are_two_unless_one_made_the_other)
{
	struct principal alice, bob, again, puppet, deeper;

	open_with_keys();
	alice = token_of(&admin, "alice", NULL);
	bob = token_of(&admin, "bob", NULL);
	again = token_of(&bob, "alices-ci", "alice");
	puppet = token_of(&alice, "carol", NULL);
	deeper = token_of(&puppet, "dora", NULL);
	ck_assert(role_are_two(&alice, &bob) && role_are_two(&bob, &alice));
	ck_assert(!role_are_two(&alice, &alice));
	ck_assert(!role_are_two(&alice, &again));
	ck_assert(!role_are_two(&alice, &puppet));
	ck_assert(!role_are_two(&puppet, &alice));
	ck_assert(!role_are_two(&alice, &deeper));
	ck_assert(!role_are_two(&admin, &bob));
	ck_assert(role_are_two(&puppet, &bob));
	fleet_close();
}
END_TEST

/* As on a server: the first one makes the administrators, these the owners. */
START_TEST(two_that_one_person_made_are_not_two)
{
	struct token_rotation what = { .overlap_s = 0, .expires_s = -1 };
	struct principal alice, bob, owner, puppet, of_bob, deeper;
	struct db_token token;
	const char *text;

	open_with_keys();
	alice = token_of(&admin, "alice", NULL);
	bob = token_of(&admin, "bob", NULL);
	owner = token_of(&alice, "carol", NULL);
	puppet = token_of(&alice, "dora", NULL);
	deeper = token_of(&puppet, "erik", NULL);
	of_bob = token_of(&bob, "fay", NULL);
	ck_assert(!role_are_two(&owner, &puppet));
	ck_assert(!role_are_two(&puppet, &owner));
	ck_assert(!role_are_two(&owner, &deeper));
	ck_assert(!role_are_two(&deeper, &owner));
	ck_assert(role_are_two(&owner, &of_bob));
	ck_assert(role_are_two(&of_bob, &deeper));
	ck_assert(role_are_two(&alice, &of_bob));
	/* Given anew by bob, it is nothing that alice knows. */
	what.id = puppet.token_id;
	ck_ok(token_rotate(cx, &fleet.a, &fleet.tenants[0], &bob, &what,
	    &token, &text));
	ck_ok(token_authenticate(cx, &fleet.a, text, &puppet));
	ck_assert(role_are_two(&owner, &puppet));
	ck_assert(!role_are_two(&of_bob, &puppet));
	fleet_close();
}
END_TEST

START_TEST(who_rotates_a_token_has_made_it)
{
	struct token_rotation what = { .overlap_s = 0, .expires_s = -1 };
	struct principal alice, bob, after;
	struct db_token token;
	const char *text;

	open_with_keys();
	alice = token_of(&admin, "alice", NULL);
	bob = token_of(&alice, "bob", NULL);
	ck_assert(!role_are_two(&alice, &bob));
	/* By itself: alice could have, with the secret that she gave away. */
	what.id = bob.token_id;
	ck_ok(token_rotate(cx, &fleet.a, &fleet.tenants[0], &bob, &what,
	    &token, &text));
	ck_ok(token_authenticate(cx, &fleet.a, text, &after));
	ck_assert(!role_are_two(&alice, &after));
	/* By who was not made by her: she knows nothing of it any more. */
	ck_ok(token_rotate(cx, &fleet.a, &fleet.tenants[0], &admin, &what,
	    &token, &text));
	ck_ok(token_authenticate(cx, &fleet.a, text, &after));
	ck_assert(role_are_two(&alice, &after));
	fleet_close();
}
END_TEST

START_TEST(a_secret_that_overlaps_is_its_makers_still)
{
	struct token_rotation what = { .overlap_s = 100, .expires_s = -1 };
	struct token_spec spec = { .name = "bob", .role = ROLE_OWNER };
	struct principal alice, after;
	struct db_token token;
	const char *old, *text;

	open_with_keys();
	alice = token_of(&admin, "alice", NULL);
	ck_ok(token_create(cx, &fleet.a, &fleet.tenants[0], &alice, &spec,
	    &token, &old));
	what.id = token.id;
	ck_ok(token_rotate(cx, &fleet.a, &fleet.tenants[0], &admin, &what,
	    &token, &text));
	/* It is alice's, who was given it, for as long as it is good. */
	ck_ok(token_authenticate(cx, &fleet.a, old, &after));
	ck_assert(!role_are_two(&alice, &after));
	ck_assert(!role_are_two(&admin, &after));
	fleet_close();
}
END_TEST

START_TEST(each_role_may_what_the_table_says)
{
	static const char *const may[ROLE_COUNT] = {
		[ROLE_READER] = "r", [ROLE_AUDITOR] = "ra",
		[ROLE_CONTRIBUTOR] = "rw", [ROLE_OWNER] = "rawo",
		[ROLE_ADMIN] = "rawoP",
	};
	enum role found;

	for (enum role role = 0; role < ROLE_COUNT; role++) {
		for (enum right right = 0; right < RIGHT_COUNT; right++)
			ck_assert(role_may(role, right) ==
			    (strchr(may[role], "rawoP"[right]) != NULL));
		ck_assert(role_find(role_name(role), &found));
		ck_assert_int_eq(found, role);
	}
	ck_assert(!role_find("root", &found));
	ck_assert(!role_is_of(ROLE_ADMIN, false));
	ck_assert(!role_is_of(ROLE_OWNER, true));
	ck_assert(!role_is_of(ROLE_CONTRIBUTOR, true));
}
END_TEST

struct all { struct db_token *rows; size_t n; };

static struct err
list_all(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct all *all = arg;

	return db_token_list(c, tx, 0, 0, 10, &all->rows, &all->n);
}

START_TEST(an_older_database_keeps_its_tokens)
{
	char folder[] = "/tmp/t_token.XXXXXX";
	struct all all;
	struct db *db;

	db = older_db(folder, "lineage TEXT",
	    "INSERT INTO token (name, role, hash, created_s, revoked_s) VALUES "
	    "('init', 'admin', x'01', 1, NULL), ('ops', 'reader', x'02', 2, 3)");
	ck_ok(db_read(cx, db, list_all, &all));
	ck_assert_uint_eq(all.n, 2);
	ck_assert_str_eq(all.rows[0].person, "init");
	ck_assert_str_eq(all.rows[0].lineage, "");
	ck_assert_str_eq(all.rows[1].lineage, "init");
	ck_assert_int_eq(all.rows[1].revoked_s, 3);
	ck_assert_int_eq(all.rows[1].group_id, 0);
	older_db_end(db, folder);
}
END_TEST

UNIT_MAIN("token",
    a_rotated_token_has_two_secrets_until_the_overlap_is_over,
    what_is_another_tenants_revoked_or_expired_is_not_rotated,
    a_certificate_is_known_by_its_hash_before_its_names_in_order,
    a_token_of_a_group_is_that_groups,
    two_are_two_unless_one_made_the_other,
    two_that_one_person_made_are_not_two,
    who_rotates_a_token_has_made_it,
    a_secret_that_overlaps_is_its_makers_still,
    each_role_may_what_the_table_says,
    an_older_database_keeps_its_tokens,
    a_token_names_its_role_and_tenant,
    a_token_with_any_character_changed_is_nobody,
    an_expired_token_is_nobody_from_its_second_on,
    a_revoked_token_is_nobody_and_is_still_listed,
    lists_show_a_tenant_its_own_tokens_only,
    a_tenant_cannot_have_an_administrator_nor_the_platform_an_owner,
    the_last_use_is_noted_once_a_minute,
    another_key_of_the_service_opens_nothing)
