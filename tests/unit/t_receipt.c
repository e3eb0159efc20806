/* SPDX-License-Identifier: Apache-2.0 */
/* Answers kept for who asks again, on a real database. */
#include "tests/unit/fleet.h"
#include "tests/unit/older_db.h"

#include <stdio.h>

#include "authority/group.h"
#include "authority/receipt.h"
#include "authority/token.h"
#include "authority/webhook.h"
#include "db/receipt.h"

static struct authority_keys keys;
static const struct group_spec as_it_is = { NULL, NULL, GROUP_AS_IT_IS, REVISION_ANY };

static void
open_with_keys(void)
{
	fleet_open();
	memset(&keys, 7, sizeof(keys));
	fleet.a.keys = &keys;
	fleet.a.limits.receipt_life_s = 3600;
}

static struct receipt_asked
asked_of(unsigned who, const char *path, const char *body)
{
	return (struct receipt_asked){ .who = &fleet.owners[who],
	    .tenant = &fleet.tenants[who], .method = "POST", .path = path,
	    .query = "", .content_type = "application/json",
	    .body = slice_text(body) };
}

static struct receipt
receipt_of(const char *key, unsigned who, const char *path, const char *body)
{
	struct receipt_asked asked = asked_of(who, path, body);
	struct receipt r;

	receipt_init(&fleet.a, key, &asked, &r);
	return r;
}

/* arg is the text that the answer is. */
static struct err
say_text(struct ctx *c, void *arg, struct receipt_answer *out)
{
	(void)c;
	*out = (struct receipt_answer){ .status = 201,
	    .content_type = "application/json",
	    .body = slice_text(*(const char **)arg),
	    .headers = { { "ETag", "\"1\"" } }, .n_headers = 1 };
	return OK;
}

/* Make a token with that receipt; the answer is its text. */
static struct err
make_token(struct receipt *r, const char **out_text)
{
	struct token_spec spec = { .name = "ci", .role = ROLE_READER };
	struct db_token token;
	struct err e;

	r->say = say_text;
	r->arg = out_text;
	cx->receipt = r;
	e = token_create(cx, &fleet.a, &fleet.tenants[0], &fleet.owners[0],
	    &spec, &token, out_text);
	cx->receipt = NULL;
	return e;
}

static bool
has(const struct receipt *r, struct receipt_answer *out)
{
	bool found;

	ck_ok(receipt_find(cx, r, false, out, &found));
	return found;
}

static size_t
n_tokens(void)
{
	struct db_token *tokens;
	struct page page = { 0, 1000 };
	int64_t next;
	size_t n;

	ck_ok(token_list(cx, &fleet.a, &fleet.tenants[0], page, &tokens, &n,
	    &next));
	return n;
}

START_TEST(a_key_is_a_string_or_the_same_without_quotes)
{
	static const struct { const char *header, *key; } rows[] = {
		{ "abc", "abc" }, { "\"abc\"", "abc" },
		{ "\"a b\"", "a b" }, { "\"a\\\"b\\\\\"", "a\"b\\" },
		{ "8e03978e-40d5-43dd-bc93-6894a57f9324",
		    "8e03978e-40d5-43dd-bc93-6894a57f9324" },
		{ "", NULL }, { "\"\"", NULL }, { "a b", NULL },
		{ "\"a", NULL }, { "a\"", NULL }, { "\"a\\b\"", NULL },
		{ "\"a\"b\"", NULL }, { "a\x7f", NULL }, { "\xc3\xa4", NULL },
		{ "\"a\\\"", NULL }, { "\"", NULL }, { "a\\", NULL },
	};
	const char *key;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (rows[i].key == NULL) {
			ck_fails(receipt_key_read(cx, rows[i].header, &key),
			    ERR_RECEIPT_KEY);
			continue;
		}
		ck_ok(receipt_key_read(cx, rows[i].header, &key));
		ck_assert_str_eq(key, rows[i].key);
	}
}
END_TEST

START_TEST(a_key_has_at_most_128_letters)
{
	char text[RECEIPT_KEY_MAX + 2];
	const char *key;

	memset(text, 'k', sizeof(text));
	text[RECEIPT_KEY_MAX + 1] = '\0';
	ck_fails(receipt_key_read(cx, text, &key), ERR_RECEIPT_KEY);
	text[RECEIPT_KEY_MAX] = '\0';
	ck_ok(receipt_key_read(cx, text, &key));
	ck_assert_str_eq(key, text);
}
END_TEST

START_TEST(the_answer_is_found_again_as_it_was)
{
	struct receipt r, again;
	struct receipt_answer answer;
	const char *text;

	open_with_keys();
	r = receipt_of("k", 0, "/v1/x", "{}");
	ck_assert(!has(&r, &answer));
	ck_ok(make_token(&r, &text));
	ck_assert(r.is_added);
	again = receipt_of("k", 0, "/v1/x", "{}");
	ck_assert(has(&again, &answer));
	ck_assert_uint_eq(answer.status, 201);
	ck_assert_str_eq(answer.content_type, "application/json");
	ck_assert(slice_equal(answer.body, slice_text(text)));
	ck_assert_uint_eq(answer.n_headers, 1);
	ck_assert_str_eq(answer.headers[0].name, "ETag");
	ck_assert_str_eq(answer.headers[0].value, "\"1\"");
	fleet_close();
}
END_TEST

START_TEST(a_key_is_of_who_sent_it_and_of_one_path)
{
	struct receipt r;
	struct receipt_answer answer;
	const char *text;

	open_with_keys();
	r = receipt_of("k", 0, "/v1/x", "{}");
	ck_ok(make_token(&r, &text));
	r = receipt_of("k", 1, "/v1/x", "{}");
	ck_assert(!has(&r, &answer));
	r = receipt_of("k", 0, "/v1/y", "{}");
	ck_assert(!has(&r, &answer));
	r = receipt_of("l", 0, "/v1/x", "{}");
	ck_assert(!has(&r, &answer));
	fleet_close();
}
END_TEST

START_TEST(the_same_key_with_another_request_is_refused)
{
	struct receipt_asked asked;
	struct receipt r;
	struct receipt_answer answer;
	const char *text;
	bool found;

	open_with_keys();
	r = receipt_of("k", 0, "/v1/x", "{}");
	ck_ok(make_token(&r, &text));
	r = receipt_of("k", 0, "/v1/x", "{ }");
	ck_fails(receipt_find(cx, &r, false, &answer, &found),
	    ERR_RECEIPT_MISMATCH);
	asked = asked_of(0, "/v1/x", "{}");
	asked.query = "dry_run=true";
	receipt_init(&fleet.a, "k", &asked, &r);
	ck_fails(receipt_find(cx, &r, true, &answer, &found),
	    ERR_RECEIPT_MISMATCH);
	fleet_close();
}
END_TEST

START_TEST(what_comes_second_makes_nothing_and_finds_the_first)
{
	struct receipt first, second;
	struct receipt_answer answer;
	const char *text, *other;
	bool found;

	open_with_keys();
	/* Both looked before either was done. */
	first = receipt_of("k", 0, "/v1/x", "{}");
	second = receipt_of("k", 0, "/v1/x", "{}");
	ck_ok(make_token(&first, &text));
	ck_fails(make_token(&second, &other), ERR_BUSY);
	ck_assert(!second.is_added);
	ck_assert_uint_eq(n_tokens(), 1);
	ck_assert_uint_eq(fleet_events(0, "token.created"), 1);
	ck_ok(receipt_find(cx, &second, true, &answer, &found));
	ck_assert(found);
	ck_assert(slice_equal(answer.body, slice_text(text)));
	fleet_close();
}
END_TEST

START_TEST(what_fails_keeps_nothing)
{
	struct receipt r;
	struct receipt_answer answer;
	struct db_group group;
	const char *text = "x";

	open_with_keys();
	r = receipt_of("k", 0, "/v1/x", "{}");
	r.say = say_text;
	r.arg = &text;
	cx->receipt = &r;
	ck_fails(group_create(cx, &fleet.a, &fleet.tenants[0],
	    &fleet.owners[0], "default", &as_it_is, NULL, &group),
	    ERR_EXISTS);
	cx->receipt = NULL;
	ck_assert(!has(&r, &answer));
	fleet_close();
}
END_TEST

/* Does any file of the database hold these bytes? */
static bool
is_on_disk(const char *needle)
{
	static const char *const ends[] = { "", "-wal" };
	bool found = false;

	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		FILE *f = fopen(arena_printf(cx->arena, "%s/db%s",
		    fleet.folder, ends[i]), "rb");
		char *bytes = arena_alloc(cx->arena, 1u << 22);
		size_t n;

		ck_assert_ptr_nonnull(f);
		n = fread(bytes, 1, 1u << 22, f);
		ck_assert(feof(f));
		ck_assert_int_eq(fclose(f), 0);
		found |= memmem(bytes, n, needle, strlen(needle)) != NULL;
	}
	return found;
}

START_TEST(neither_key_nor_answer_is_on_disk_in_clear)
{
	struct receipt r;
	const char *text;

	open_with_keys();
	r = receipt_of("a-key-that-is-found", 0, "/v1/x", "{}");
	ck_ok(make_token(&r, &text));
	ck_assert(is_on_disk("token.created"));
	ck_assert(!is_on_disk("a-key-that-is-found"));
	ck_assert(!is_on_disk(text));
	fleet_close();
}
END_TEST

START_TEST(another_servers_key_opens_no_answer)
{
	struct receipt r;
	struct receipt_answer answer;
	const char *text;
	bool found;

	open_with_keys();
	r = receipt_of("k", 0, "/v1/x", "{}");
	ck_ok(make_token(&r, &text));
	keys.seal[0] ^= 1;
	ck_fails(receipt_find(cx, &r, false, &answer, &found), ERR_STORAGE);
	fleet_close();
}
END_TEST

START_TEST(after_its_time_a_key_is_new_again)
{
	struct receipt r;
	struct receipt_answer answer;
	const char *first, *second;

	open_with_keys();
	r = receipt_of("k", 0, "/v1/x", "{}");
	ck_ok(make_token(&r, &first));
	fleet.now_s += 3599;
	ck_assert(has(&r, &answer));
	fleet.now_s += 1;
	ck_assert(!has(&r, &answer));
	/* The row is there still, and is no obstacle. */
	r = receipt_of("k", 0, "/v1/x", "{}");
	ck_ok(make_token(&r, &second));
	ck_assert(has(&r, &answer));
	ck_assert(slice_equal(answer.body, slice_text(second)));
	ck_assert_uint_eq(n_tokens(), 2);
	fleet_close();
}
END_TEST

START_TEST(the_upkeep_forgets_what_is_over)
{
	struct receipt r;
	struct receipt_answer answer;
	const char *text;

	open_with_keys();
	r = receipt_of("k", 0, "/v1/x", "{}");
	ck_ok(make_token(&r, &text));
	fleet.now_s += 3600;
	ck_ok(receipt_round(cx, &fleet.a));
	fleet.now_s -= 3600;
	ck_assert(!has(&r, &answer));
	ck_ok(make_token(&r, &text));
	ck_ok(receipt_round(cx, &fleet.a));
	ck_assert(has(&r, &answer));
	fleet_close();
}
END_TEST

static struct err
insert(struct ctx *c, struct db_tx *tx, void *arg)
{
	return db_receipt_insert(c, tx, arg, 0);
}

/* arg is what the answer is made of, which is there by then. */
static struct err
say_webhook(struct ctx *c, void *arg, struct receipt_answer *out)
{
	const struct webhook_made *m = arg;

	*out = (struct receipt_answer){ .status = 201,
	    .content_type = "text/plain", .body = slice_text(arena_printf(
	    c->arena, "%lld %s %s", (long long)m->row.id, m->row.url,
	    m->secret)) };
	return OK;
}

START_TEST(the_answer_about_a_webhook_is_built_of_the_webhook)
{
	struct webhook_spec spec = { .url = "https://hooks.example/",
	    .description = "", .kind = "hmac", .types = "" };
	struct webhook_made made = { .secret = "none" };
	struct receipt_answer answer;
	struct receipt r;

	open_with_keys();
	r = receipt_of("k", 0, "/w", "{}");
	r.say = say_webhook;
	r.arg = &made;
	cx->receipt = &r;
	ck_ok(webhook_create(cx, &fleet.a, &fleet.tenants[0],
	    &fleet.owners[0], &spec, &made));
	cx->receipt = NULL;
	ck_assert(has(&r, &answer));
	ck_assert(slice_equal(answer.body, slice_text(arena_printf(cx->arena,
	    "%lld https://hooks.example/ %s", (long long)made.row.id,
	    made.secret))));
	r = receipt_of("k", 0, "/w/rotate", "{}");
	r.say = say_webhook;
	r.arg = &made;
	made.secret = "none";
	cx->receipt = &r;
	ck_ok(webhook_rotate(cx, &fleet.a, &fleet.tenants[0],
	    &fleet.owners[0], made.row.id, 0, &made));
	cx->receipt = NULL;
	ck_assert(has(&r, &answer));
	ck_assert(slice_equal(answer.body, slice_text(arena_printf(cx->arena,
	    "%lld https://hooks.example/ %s", (long long)made.row.id,
	    made.secret))));
	fleet_close();
}
END_TEST

START_TEST(a_database_from_before_receipts_takes_them)
{
	char *dir = arena_strdup(cx->arena, "/tmp/t_receipt.XXXXXX");
	struct db_receipt row = { .key = SLICE("k", 1),
	    .asked = SLICE("a", 1), .answer = SLICE("s", 1), .created_s = 5 };
	struct db *db;

	db = older_db(dir, "TABLE receipt", "");
	ck_ok(db_write(cx, db, insert, &row));
	ck_fails(db_write(cx, db, insert, &row), ERR_EXISTS);
	older_db_end(db, dir);
}
END_TEST

UNIT_MAIN("receipt",
    a_key_is_a_string_or_the_same_without_quotes,
    a_key_has_at_most_128_letters,
    the_answer_is_found_again_as_it_was,
    a_key_is_of_who_sent_it_and_of_one_path,
    the_same_key_with_another_request_is_refused,
    what_comes_second_makes_nothing_and_finds_the_first,
    what_fails_keeps_nothing,
    neither_key_nor_answer_is_on_disk_in_clear,
    another_servers_key_opens_no_answer,
    after_its_time_a_key_is_new_again,
    the_upkeep_forgets_what_is_over,
    the_answer_about_a_webhook_is_built_of_the_webhook,
    a_database_from_before_receipts_takes_them)
