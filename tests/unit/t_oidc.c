/* SPDX-License-Identifier: Apache-2.0 */
/* Issuers of OpenID Connect, and whom their JWTs make operators. */
#include "tests/unit/fleet.h"
#include "tests/unit/jose.h"
#include "tests/unit/older_db.h"

#include "authority/oidc.h"
#include "authority/oidc_issuer.h"
#include "authority/role.h"
#include "authority/tenant.h"

#define ISSUER	"https://login.example/a"

static const struct principal init = { .role = ROLE_ADMIN, .name = "init",
    .id = "token:1", .person = "init", .lineage = "" };
static const struct principal alice = { .role = ROLE_ADMIN, .name = "alice",
    .id = "token:2", .person = "alice", .lineage = "init" };
static const struct principal bob = { .role = ROLE_ADMIN, .name = "bob",
    .id = "token:3", .person = "bob", .lineage = "init" };

static struct jose_key key;

static void
begin(void)
{
	fleet_open();
	fleet_add_platform();
	ck_ok(oidc_open(cx, &fleet.a, &fleet.a.oidc));
	key = jose_key("ES256", "k1");
}

static void
end(void)
{
	oidc_close(fleet.a.oidc);
	fleet_close();
}

static json_t *
parse(const char *text)
{
	json_t *json;

	ck_ok(json_parse(cx, slice_text(text), &json));
	return json;
}

static struct oidc_spec
spec_of(const char *rules)
{
	return (struct oidc_spec){ .url = ISSUER, .audience = "daapki",
	    .platform = true, .jwks = parse(jose_set(&key, 1)),
	    .rules = parse(rules) };
}

static struct oidc_row
make(const struct principal *by, const struct oidc_spec *spec)
{
	struct oidc_row row;

	ck_ok(oidc_issuer_create(cx, &fleet.a, by, spec, &row));
	return row;
}

/* Of the issuer, for now, with more members ("\"sub\":\"s\""). */
static const char *
jwt(const char *more)
{
	return jose_sign(&key, arena_printf(cx->arena, "{\"iss\":\"" ISSUER
	    "\",\"aud\":\"daapki\",\"exp\":%lld,%s}",
	    (long long)fleet.now_s + 300, more));
}

static struct principal
who_is(const char *more)
{
	struct principal who;

	ck_ok(oidc_authenticate(cx, &fleet.a, jwt(more), &who));
	return who;
}

static struct err
try(const char *text)
{
	struct principal who;

	return oidc_authenticate(cx, &fleet.a, text, &who);
}

#define ADMINS	"[{\"claim\":\"sub\",\"value\":\"root\",\"role\":\"admin\"}," \
	"{\"claim\":\"g\",\"value\":\"own\",\"role\":\"owner\","	\
	"\"tenant\":\"tenant-a\"},"					\
	"{\"claim\":\"g\",\"value\":\"line\",\"role\":\"contributor\","	\
	"\"tenant\":\"tenant-b\",\"group\":\"other\"}]"

START_TEST(the_first_rule_that_fits_says_who_it_is)
{
	struct oidc_spec spec;
	struct principal who;

	begin();
	spec = spec_of(ADMINS);
	make(&init, &spec);
	who = who_is("\"sub\":\"olga\",\"g\":[\"line\",\"own\"]");
	ck_assert_int_eq(who.role, ROLE_OWNER);
	ck_assert_int_eq(who.tenant_id, fleet.tenants[0].id);
	ck_assert_int_eq(who.group_id, 0);
	ck_assert_int_eq(who.token_id, 0);
	ck_assert_str_eq(who.name, "olga@" ISSUER);
	ck_assert_str_eq(who.person, who.name);
	ck_assert_str_eq(who.lineage, "init");
	who = who_is("\"sub\":\"lina\",\"g\":\"line\"");
	ck_assert_int_eq(who.role, ROLE_CONTRIBUTOR);
	ck_assert_int_eq(who.tenant_id, fleet.tenants[1].id);
	ck_assert_int_ne(who.group_id, 0);
	ck_assert_str_eq(who.group, "other");
	who = who_is("\"sub\":\"root\",\"g\":\"own\"");
	ck_assert_int_eq(who.role, ROLE_ADMIN);
	ck_assert_int_eq(who.tenant_id, 0);
	ck_fails(try(jwt("\"sub\":\"x\",\"g\":[]")), ERR_AUTH_FORBIDDEN);
	end();
}
END_TEST

START_TEST(one_pair_of_subject_and_issuer_is_one_principal)
{
	struct principal one, same, other;
	struct oidc_spec spec;
	const char *id;

	begin();
	spec = spec_of(ADMINS);
	make(&init, &spec);
	one = who_is("\"sub\":\"a\",\"g\":\"own\"");
	same = who_is("\"sub\":\"a\",\"g\":\"line\",\"jti\":\"7\"");
	other = who_is("\"sub\":\"A\",\"g\":\"own\"");
	ck_assert_str_eq(one.id, same.id);
	ck_assert_str_ne(one.id, other.id);
	ck_assert_uint_eq(strlen(one.id), 4 + 64);
	id = one.id;
	/* Another issuer of the same keys. */
	spec.url = ISSUER "/b";
	make(&init, &spec);
	ck_ok(oidc_authenticate(cx, &fleet.a, jose_sign(&key, arena_printf(
	    cx->arena, "{\"iss\":\"" ISSUER "/b\",\"sub\":\"a\",\"g\":\"own\","
	    "\"aud\":\"daapki\",\"exp\":%lld}",
	    (long long)fleet.now_s + 300)), &one));
	ck_assert_str_ne(one.id, id);
	end();
}
END_TEST

START_TEST(what_is_not_of_a_known_issuer_for_us_and_now_is_refused)
{
	static const char payload[] = "{\"iss\":\"%s\",\"aud\":%s,\"sub\":"
	    "\"root\",\"exp\":%lld}";
	static const struct { const char *iss, *aud; int64_t exp; bool good; }
	rows[] = {
		{ ISSUER, "\"daapki\"", 300, true },
		{ ISSUER, "[\"x\",\"daapki\"]", 300, true },
		{ ISSUER "/", "\"daapki\"", 300, false },
		{ "https://login.example/A", "\"daapki\"", 300, false },
		{ ISSUER, "\"daapki2\"", 300, false },
		{ ISSUER, "\"Daapki\"", 300, false },
		{ ISSUER, "[\"x\"]", 300, false },
		{ ISSUER, "\"daapki\"", -61, false },
		{ ISSUER, "\"daapki\"", 90000, false },
	};
	struct jose_key other = jose_key("ES256", "k1");
	struct oidc_spec spec;

	begin();
	ck_fails(try(jwt("\"sub\":\"root\"")), ERR_AUTH_TOKEN);
	spec = spec_of(ADMINS);
	make(&init, &spec);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct err e = try(jose_sign(&key, arena_printf(cx->arena,
		    payload, rows[i].iss, rows[i].aud,
		    (long long)fleet.now_s + rows[i].exp)));

		ck_assert_msg(e.code == (rows[i].good ? ERR_OK :
		    ERR_AUTH_TOKEN), "row %zu", i);
	}
	ck_fails(try(jose_sign(&other, arena_printf(cx->arena, payload,
	    ISSUER, "\"daapki\"", (long long)fleet.now_s + 300))),
	    ERR_AUTH_TOKEN);
	/* It would be of both. */
	spec.audience = "second";
	make(&init, &spec);
	ck_fails(try(jose_sign(&key, arena_printf(cx->arena, payload, ISSUER,
	    "[\"daapki\",\"second\"]", (long long)fleet.now_s + 300))),
	    ERR_AUTH_TOKEN);
	ck_ok(try(jose_sign(&key, arena_printf(cx->arena, payload, ISSUER,
	    "\"second\"", (long long)fleet.now_s + 300))));
	end();
}
END_TEST

static struct err
try_rules(const char *rules, const char *tenant, bool platform)
{
	struct oidc_spec spec = spec_of(rules);
	struct oidc_row row;
	struct err e;

	spec.tenant = tenant;
	spec.platform = platform;
	e = oidc_issuer_create(cx, &fleet.a, &init, &spec, &row);
	if (!failed(e))
		ck_ok(oidc_issuer_delete(cx, &fleet.a, &init, row.id,
		    REVISION_ANY));
	return e;
}

#define RULE(role, more) "[{\"claim\":\"g\",\"value\":\"x\",\"role\":\"" role \
	"\"" more "}]"
#define OF_A	",\"tenant\":\"tenant-a\""

START_TEST(rules_give_no_more_than_the_issuer_may)
{
	static const struct {
		const char *rules, *tenant;
		bool platform, good;
	} rows[] = {
		{ RULE("admin", ""), NULL, true, true },
		{ RULE("admin", ""), NULL, false, false },
		{ RULE("reader", ""), NULL, false, false },
		{ RULE("owner", ""), NULL, true, false },
		{ RULE("admin", OF_A), NULL, true, false },
		{ RULE("owner", OF_A), NULL, false, true },
		{ RULE("owner", OF_A), "tenant-a", false, true },
		{ RULE("owner", ""), "tenant-a", false, true },
		{ RULE("admin", ""), "tenant-a", false, false },
		{ RULE("owner", OF_A), "tenant-b", false, false },
		{ RULE("owner", OF_A), "tenant-a", true, false },
		{ RULE("owner", ",\"tenant\":\"nobody\""), NULL, false, false },
		{ RULE("reader", OF_A ",\"group\":\"other\""), NULL, false,
		    true },
		{ RULE("reader", OF_A ",\"group\":\"none\""), NULL, false,
		    false },
		{ RULE("auditor", OF_A ",\"group\":\"other\""), NULL, false,
		    false },
		{ RULE("reader", ",\"group\":\"other\""), NULL, true, false },
		{ RULE("king", OF_A), NULL, false, false },
		{ RULE("owner", OF_A ",\"more\":1"), NULL, false, false },
		{ "[]", NULL, true, false },
		{ "{}", NULL, true, false },
		{ "[1]", NULL, true, false },
		{ "[{\"value\":\"x\",\"role\":\"owner\"" OF_A "}]", NULL, false,
		    false },
		{ "[{\"claim\":\"g\",\"role\":\"owner\"" OF_A "}]", NULL, false,
		    false },
	};

	begin();
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct err e = try_rules(rows[i].rules, rows[i].tenant,
		    rows[i].platform);

		ck_assert_msg(e.code == (rows[i].good ? ERR_OK : ERR_FIELD),
		    "row %zu: %s %s", i, err_name(e), cx->trail->note);
	}
	end();
}
END_TEST

START_TEST(an_issuer_has_a_url_of_https_and_keys_from_one_place)
{
	static const char *const urls[] = { "http://x", "https://", "x",
	    "https://a@b", "https://a?b", "https://a#b", "https://a b",
	    "https://a\"b", "https://\xc3\xa4" };
	struct oidc_spec spec, bad;
	struct oidc_row row;

	begin();
	spec = spec_of(ADMINS);
	for (size_t i = 0; i < COUNT_OF(urls); i++) {
		bad = spec;
		bad.url = urls[i];
		ck_fails(oidc_issuer_create(cx, &fleet.a, &init, &bad, &row),
		    ERR_FIELD);
		ck_assert_str_eq(cx->trail->pointer, "/issuer");
	}
	bad = spec;
	bad.jwks_url = "https://x/keys";
	ck_fails(oidc_issuer_create(cx, &fleet.a, &init, &bad, &row),
	    ERR_FIELD);
	bad.jwks = NULL;
	bad.jwks_url = "http://x/keys";
	ck_fails(oidc_issuer_create(cx, &fleet.a, &init, &bad, &row),
	    ERR_FIELD);
	bad.jwks_url = NULL;
	ck_fails(oidc_issuer_create(cx, &fleet.a, &init, &bad, &row),
	    ERR_FIELD);
	bad.jwks = parse("{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}");
	ck_fails(oidc_issuer_create(cx, &fleet.a, &init, &bad, &row),
	    ERR_FIELD);
	ck_assert_str_eq(cx->trail->pointer, "/jwks");
	make(&init, &spec);
	ck_fails(oidc_issuer_create(cx, &fleet.a, &init, &spec, &row),
	    ERR_EXISTS);
	end();
}
END_TEST

START_TEST(there_are_so_many_issuers_and_no_more)
{
	struct oidc_spec spec;
	struct oidc_row row;

	begin();
	spec = spec_of(ADMINS);
	for (unsigned i = 0; i < OIDC_ISSUERS_MAX; i++) {
		spec.audience = arena_printf(cx->arena, "a%u", i);
		make(&init, &spec);
	}
	spec.audience = "more";
	ck_fails(oidc_issuer_create(cx, &fleet.a, &init, &spec, &row),
	    ERR_CONFLICT);
	end();
}
END_TEST

START_TEST(a_change_holds_at_once_and_only_of_what_was_read)
{
	struct oidc_spec spec, change = { .revision = 1 };
	struct jose_key old;
	const char *before;
	struct oidc_row row;

	begin();
	spec = spec_of(ADMINS);
	row = make(&init, &spec);
	before = jwt("\"sub\":\"root\"");
	ck_ok(try(before));
	old = key;
	key = jose_key("EdDSA", "k2");
	change.jwks = parse(jose_set(&key, 1));
	ck_ok(oidc_issuer_change(cx, &fleet.a, &init, row.id, &change, &row));
	ck_assert_int_eq(row.revision, 2);
	ck_fails(try(before), ERR_AUTH_TOKEN);
	ck_ok(try(jwt("\"sub\":\"root\"")));
	ck_fails(oidc_issuer_change(cx, &fleet.a, &init, row.id, &change,
	    &row), ERR_PRECONDITION);
	change = (struct oidc_spec){ .rules = parse(RULE("reader", "")) };
	ck_ok(oidc_issuer_change(cx, &fleet.a, &init, row.id, &change, &row));
	ck_fails(try(jwt("\"sub\":\"root\"")), ERR_AUTH_FORBIDDEN);
	ck_assert_int_eq(who_is("\"sub\":\"z\",\"g\":\"x\"").role,
	    ROLE_READER);
	change = (struct oidc_spec){ .jwks_url = "https://x.example/keys" };
	ck_ok(oidc_issuer_change(cx, &fleet.a, &init, row.id, &change, &row));
	ck_assert_ptr_null(row.jwks);
	ck_fails(try(jwt("\"sub\":\"z\",\"g\":\"x\"")), ERR_AUTH_TOKEN);
	change = (struct oidc_spec){ .jwks = parse(jose_set(&old, 1)) };
	ck_ok(oidc_issuer_change(cx, &fleet.a, &init, row.id, &change, &row));
	ck_assert_ptr_null(row.jwks_url);
	ck_fails(oidc_issuer_delete(cx, &fleet.a, &init, row.id, 1),
	    ERR_PRECONDITION);
	ck_ok(oidc_issuer_delete(cx, &fleet.a, &init, row.id, row.revision));
	ck_fails(try(before), ERR_AUTH_TOKEN);
	ck_fails(oidc_issuer_delete(cx, &fleet.a, &init, row.id,
	    REVISION_ANY), ERR_NOT_FOUND);
	end();
}
END_TEST

static struct err
delete_tenant(struct ctx *c, struct db_tx *tx, void *arg)
{
	const struct tenant *tenant = arg;

	return db_tenant_delete(c, tx, tenant->id, fleet.now_s);
}

START_TEST(a_rule_of_a_deleted_tenant_gives_nothing_and_no_other_is_looked_at)
{
	struct oidc_spec spec;

	begin();
	spec = spec_of("[{\"claim\":\"g\",\"value\":\"own\",\"role\":"
	    "\"reader\"" OF_A "},{\"claim\":\"g\",\"value\":\"own\","
	    "\"role\":\"admin\"}]");
	make(&init, &spec);
	ck_assert_int_eq(who_is("\"sub\":\"x\",\"g\":\"own\"").role,
	    ROLE_READER);
	ck_ok(db_write(cx, fleet.a.db, delete_tenant, &fleet.tenants[0]));
	oidc_reload(&fleet.a);
	ck_fails(try(jwt("\"sub\":\"x\",\"g\":\"own\"")),
	    ERR_AUTH_FORBIDDEN);
	end();
}
END_TEST

START_TEST(who_made_or_changed_an_issuer_is_no_second_to_its_people)
{
	struct oidc_spec spec, change = { .title = "other" };
	struct principal one, two, named, far;
	struct oidc_row first;

	begin();
	spec = spec_of(ADMINS);
	first = make(&init, &spec);
	one = who_is("\"sub\":\"one\",\"g\":\"own\"");
	two = who_is("\"sub\":\"two\",\"g\":\"own\"");
	named = (struct principal){ .name = "t", .person = one.person,
	    .lineage = "init" };
	/* Of the first token of all: as tokens that it made. */
	ck_assert(role_are_two(&one, &two));
	ck_assert(role_are_two(&one, &alice) && role_are_two(&alice, &one));
	ck_assert(!role_are_two(&one, &one) && !role_are_two(&one, &named));
	ck_assert(!role_are_two(&one, &init) && !role_are_two(&init, &one));
	/* Alice has had it in her hands: she could be both. */
	ck_ok(oidc_issuer_change(cx, &fleet.a, &alice, first.id, &change,
	    &first));
	ck_assert_str_eq(first.lineage, "alice\ninit");
	one = who_is("\"sub\":\"one\",\"g\":\"own\"");
	two = who_is("\"sub\":\"two\",\"g\":\"own\"");
	ck_assert(!role_are_two(&one, &two) && !role_are_two(&one, &alice));
	ck_assert(!role_are_two(&alice, &one) && role_are_two(&one, &bob));
	/* Each once, and nobody is forgotten. */
	ck_ok(oidc_issuer_change(cx, &fleet.a, &bob, first.id, &change,
	    &first));
	ck_ok(oidc_issuer_change(cx, &fleet.a, &alice, first.id, &change,
	    &first));
	ck_assert_str_eq(first.lineage, "bob\nalice\ninit");
	one = who_is("\"sub\":\"one\",\"g\":\"own\"");
	ck_assert(!role_are_two(&one, &alice) && !role_are_two(&one, &bob));
	/* Two issuers of two people. */
	ck_ok(oidc_issuer_delete(cx, &fleet.a, &init, first.id, 0));
	make(&alice, &spec);
	one = who_is("\"sub\":\"one\",\"g\":\"own\"");
	far = (struct principal){ .name = "f", .person = "f@https://b",
	    .lineage = "bob\ninit" };
	ck_assert(role_are_two(&one, &far) && role_are_two(&far, &one));
	end();
}
END_TEST

/* What somebody known by a JWT makes is of that person, and of the issuer's. */
START_TEST(what_a_person_of_an_issuer_makes_is_not_two)
{
	struct principal one, left, right;
	struct oidc_spec spec;
	const char *lineage;

	begin();
	spec = spec_of(ADMINS);
	make(&init, &spec);
	one = who_is("\"sub\":\"one\",\"g\":\"own\"");
	ck_ok(role_lineage(cx, &one, &lineage));
	left = (struct principal){ .name = "l", .person = "l",
	    .lineage = lineage };
	right = (struct principal){ .name = "r", .person = "r",
	    .lineage = lineage };
	ck_assert(!role_are_two(&left, &right));
	ck_assert(!role_are_two(&one, &left) && !role_are_two(&left, &one));
	ck_assert(role_are_two(&left, &alice));
	end();
}
END_TEST

START_TEST(issuers_hold_after_a_start)
{
	struct oidc_spec spec;

	begin();
	spec = spec_of(ADMINS);
	make(&init, &spec);
	oidc_close(fleet.a.oidc);
	ck_ok(oidc_open(cx, &fleet.a, &fleet.a.oidc));
	ck_ok(try(jwt("\"sub\":\"root\"")));
	ck_assert(oidc_is_jwt(jwt("\"sub\":\"root\"")));
	ck_assert(!oidc_is_jwt("daapki_AAAA") && !oidc_is_jwt("eyJ"));
	end();
}
END_TEST

struct all { struct oidc_row *rows; size_t n; };

static struct err
insert_and_list(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct oidc_row row = { .url = ISSUER, .audience = "a",
	    .rules = "[]", .jwks_url = "https://k", .lineage = "init",
	    .created_s = 1, .created_by = "init" };
	struct all *all = arg;

	TRY(db_oidc_insert(c, tx, &row, &row.id));
	return db_oidc_list(c, tx, 0, 10, &all->rows, &all->n);
}

START_TEST(an_older_database_gets_issuers_of_which_there_are_none)
{
	char folder[] = "/tmp/t_oidc.XXXXXX";
	struct all all;
	struct db *db;

	db = older_db(folder, "CREATE TABLE oidc_issuer",
	    "INSERT INTO tenant (name, title, created_s) VALUES "
	    "('old', '', 1)");
	ck_ok(db_write(cx, db, insert_and_list, &all));
	ck_assert_uint_eq(all.n, 1);
	ck_assert_str_eq(all.rows[0].url, ISSUER);
	ck_assert_int_eq(all.rows[0].revision, 1);
	ck_assert_ptr_null(all.rows[0].fetched);
	older_db_end(db, folder);
}
END_TEST

UNIT_MAIN("oidc",
    the_first_rule_that_fits_says_who_it_is,
    one_pair_of_subject_and_issuer_is_one_principal,
    what_is_not_of_a_known_issuer_for_us_and_now_is_refused,
    rules_give_no_more_than_the_issuer_may,
    an_issuer_has_a_url_of_https_and_keys_from_one_place,
    there_are_so_many_issuers_and_no_more,
    a_change_holds_at_once_and_only_of_what_was_read,
    a_rule_of_a_deleted_tenant_gives_nothing_and_no_other_is_looked_at,
    who_made_or_changed_an_issuer_is_no_second_to_its_people,
    what_a_person_of_an_issuer_makes_is_not_two,
    issuers_hold_after_a_start,
    an_older_database_gets_issuers_of_which_there_are_none)
