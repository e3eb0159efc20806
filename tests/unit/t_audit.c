/* SPDX-License-Identifier: Apache-2.0 */
/* The audit: chains, refusals, checkpoints in the real journal, and what is
 * found of a database that was set back. */
#include "tests/unit/leaves.h"

#include <unistd.h>

#include <sqlite3.h>

#include "authority/audit.h"
#include "authority/event.h"
#include "db/schema.h"
#include "tests/unit/sql.h"

static struct audit_filter
all(void)
{
	return (struct audit_filter){ .from_s = INT64_MIN, .to_s = INT64_MAX,
	    .limit = 1000 };
}

static struct audit_page
page_of(const struct tenant *of, struct audit_filter filter)
{
	struct audit_page page;

	ck_ok(audit_list(cx, realm->authority, of, &filter, &page));
	return page;
}

static void
is_sound(const struct audit_page *page)
{
	struct ledger_hash at = { { 0 } }, data;

	for (size_t i = 0; i < page->n_rows; i++) {
		struct ledger_row bytes = audit_ledger_row(page->chain,
		    &page->rows[i]);

		ck_assert_uint_eq(page->rows[i].seq, i + 1);
		ledger_data_hash(page->rows[i].data, &data);
		ledger_row_hash(cx->arena, &bytes, &at, &data, &at);
		ck_assert(slice_equal(page->rows[i].hash,
		    SLICE_OF(at.bytes)));
	}
}

static const struct audit_row *
last(const struct audit_page *page)
{
	ck_assert_uint_gt(page->n_rows, 0);
	return &page->rows[page->n_rows - 1];
}

START_TEST(what_happens_in_a_tenant_is_in_its_chain_and_in_no_other)
{
	struct audit_page page, platform;
	struct tenant other;
	size_t before;

	leaves_tenant("tenant-b", &other);
	before = page_of(&other, all()).n_rows;
	page = page_of(&tenant, all());
	is_sound(&page);
	ck_assert_str_eq(page.chain, "tenant-a");
	ck_assert_str_eq(page.rows[0].action, "audit.begun");
	ck_assert_str_eq(last(&page)->action, "tenant.created");
	ck_assert_str_eq(last(&page)->subject, "tenant-a");
	ck_assert_uint_eq(page_of(&other, all()).n_rows, before);
	platform = page_of(NULL, all());
	is_sound(&platform);
	ck_assert_str_eq(platform.chain, TENANT_PLATFORM);
}
END_TEST

/* A page that leaves rows out looks at so many, and says where to go on. */
START_TEST(a_filter_looks_at_so_many_rows_a_page_and_goes_on)
{
	struct audit_filter filter = all();
	struct audit_page page = page_of(&tenant, all());
	uint64_t first = last(&page)->seq;
	sqlite3 *sqlite;

	ck_assert_uint_eq(page.next, 0);
	ck_assert_int_eq(sqlite3_open(arena_printf(cx->arena, "%s/db",
	    realm->folder), &sqlite), SQLITE_OK);
	ck_assert_msg(sqlite3_exec(sqlite, arena_printf(cx->arena,
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
	    "WHERE i < %u) INSERT INTO audit SELECT %lld, %llu + i, 1, "
	    "'system', 'x', '', CASE i WHEN %u THEN 'rare.done' ELSE "
	    "'usual.done' END, '', '', '', 'ok', '{}', zeroblob(32) FROM n",
	    AUDIT_LOOK_MAX + 5, (long long)tenant.id,
	    (unsigned long long)first, AUDIT_LOOK_MAX + 5), NULL, NULL,
	    NULL) == SQLITE_OK, "%s", sqlite3_errmsg(sqlite));
	ck_assert_int_eq(sqlite3_close(sqlite), SQLITE_OK);
	filter.action = "rare.done";
	filter.after = first;
	page = page_of(&tenant, filter);
	ck_assert_uint_eq(page.n_rows, 0);
	ck_assert_uint_eq(page.next, first + AUDIT_LOOK_MAX);
	filter.after = page.next;
	page = page_of(&tenant, filter);
	ck_assert_uint_eq(page.n_rows, 1);
	ck_assert_uint_eq(page.next, 0);
	filter = all();
	filter.actor = "x";
	page = page_of(&tenant, filter);
	ck_assert_uint_eq(page.n_rows, filter.limit);
	ck_assert_uint_eq(page.next, last(&page)->seq);
	/* A whole export looks at as many as it may have. */
	filter.limit = 2 * AUDIT_LOOK_MAX;
	page = page_of(&tenant, filter);
	ck_assert_uint_eq(page.n_rows, AUDIT_LOOK_MAX + 5);
	ck_assert_uint_eq(page.next, 0);
}
END_TEST

START_TEST(a_row_names_who_asked_and_by_which_request)
{
	static const struct actor alice = { "operator", "alice", "token:3" };
	struct audit_page page;
	unsigned n = 0;

	cx->actor = &alice;
	cx->request_id = "r1";
	cx->trace = "t1";
	cx->audited = &n;
	ck_ok(audit_note(cx, realm->authority, tenant.id, "x.done", "it",
	    "somebody", json_pack("{s:i}", "n", 1)));
	cx->actor = NULL;
	cx->request_id = cx->trace = NULL;
	cx->audited = NULL;
	ck_assert_uint_eq(n, 1);
	ck_ok(audit_note(cx, realm->authority, tenant.id, "y.done", "it",
	    "upkeep", NULL));
	page = page_of(&tenant, all());
	is_sound(&page);
	ck_assert_str_eq(last(&page)->actor_kind, "system");
	ck_assert_str_eq(last(&page)->actor, "upkeep");
	page.n_rows--;
	ck_assert_str_eq(last(&page)->actor_kind, "operator");
	ck_assert_str_eq(last(&page)->actor, "alice");
	ck_assert_str_eq(last(&page)->credential, "token:3");
	ck_assert_str_eq(last(&page)->request_id, "r1");
	ck_assert_str_eq(last(&page)->trace, "t1");
	ck_assert_str_eq(last(&page)->data, "{\"n\":1}");
}
END_TEST

static struct err
add_and_fail(struct ctx *c, struct db_tx *tx, void *arg)
{
	(void)arg;
	TRY(audit_add(c, tx, tenant.id, "x.done", "it", "x", NULL));
	return FAIL(c, ERR_CONFLICT, "after all");
}

START_TEST(what_did_not_happen_leaves_no_row)
{
	size_t before;

	before = page_of(&tenant, all()).n_rows;
	ck_fails(db_write(cx, realm->authority->db, add_and_fail, NULL),
	    ERR_CONFLICT);
	ck_assert_uint_eq(page_of(&tenant, all()).n_rows, before);
}
END_TEST

START_TEST(filters_choose_rows)
{
	struct audit_filter f = all();

	for (unsigned i = 0; i < 4; i++)
		ck_ok(audit_note(cx, realm->authority, tenant.id, i < 2 ?
		    "x.done" : "x.undone", i % 2 == 0 ? "even" : "odd",
		    i == 3 ? "bob" : "upkeep", NULL));
	f.action = "x.done";
	ck_assert_uint_eq(page_of(&tenant, f).n_rows, 2);
	f.action = NULL;
	f.actions = "x.";
	ck_assert_uint_eq(page_of(&tenant, f).n_rows, 4);
	f.subject = "odd";
	ck_assert_uint_eq(page_of(&tenant, f).n_rows, 2);
	f.actor = "bob";
	ck_assert_uint_eq(page_of(&tenant, f).n_rows, 1);
	f = all();
	f.limit = 1;
	f.after = 1;
	ck_assert_uint_eq(page_of(&tenant, f).rows[0].seq, 2);
	f = all();
	f.to_s = 1;
	ck_assert_uint_eq(page_of(&tenant, f).n_rows, 0);
}
END_TEST

/* --- refusals --------------------------------------------------------------- */

static void
refuse(int64_t tenant_id, const char *actor, const char *what)
{
	audit_refused(cx, realm->authority, &(struct audit_refusal){
	    .tenant_id = tenant_id, .actor = actor, .credential = "",
	    .what = what, .err = { ERR_AUTH_FORBIDDEN } });
}

START_TEST(refusals_that_are_alike_are_one_row_with_their_count)
{
	struct audit_page page;
	size_t before;

	before = page_of(&tenant, all()).n_rows;
	for (unsigned i = 0; i < 1000; i++)
		refuse(tenant.id, "mallory", "POST /x");
	refuse(tenant.id, "mallory", "POST /y");
	ck_ok(audit_flush(cx, realm->authority));
	page = page_of(&tenant, all());
	is_sound(&page);
	ck_assert_uint_eq(page.n_rows, before + 2);
	page.n_rows--;
	ck_assert_str_eq(last(&page)->action, "request.refused");
	ck_assert_str_eq(last(&page)->actor, "mallory");
	ck_assert_str_eq(last(&page)->subject, "POST /x");
	ck_assert_str_eq(last(&page)->outcome, "auth.forbidden");
	ck_assert_ptr_nonnull(strstr(last(&page)->data, "\"count\":1000,"));
	ck_ok(audit_flush(cx, realm->authority));
	ck_assert_uint_eq(page_of(&tenant, all()).n_rows, before + 2);
}
END_TEST

/* "sub@iss" of a JWT is longer than any token's name, and of any letters. */
START_TEST(a_refusal_names_its_actor_whole_and_in_whole_letters)
{
	char name[AUDIT_ACTOR_MAX + 3] = "";
	struct audit_page page;

	memset(name, 'x', AUDIT_ACTOR_MAX - 2);
	memcpy(name + AUDIT_ACTOR_MAX - 2, "\xc3\xa4", 2);
	refuse(tenant.id, name, "POST /x");
	ck_ok(audit_flush(cx, realm->authority));
	page = page_of(&tenant, all());
	ck_assert_str_eq(last(&page)->actor, name);
	memcpy(name + AUDIT_ACTOR_MAX - 2, "x\xc3\xa4", 3);
	refuse(tenant.id, name, "POST /x");
	ck_ok(audit_flush(cx, realm->authority));
	page = page_of(&tenant, all());
	is_sound(&page);
	ck_assert_uint_eq(strlen(last(&page)->actor), AUDIT_ACTOR_MAX - 1);
	ck_assert(text_is_utf8(slice_text(last(&page)->actor)));
}
END_TEST

START_TEST(no_number_of_different_refusals_makes_more_than_so_many_rows)
{
	size_t before;

	before = page_of(NULL, all()).n_rows;
	for (unsigned i = 0; i < 10 * AUDIT_REFUSALS_MAX; i++)
		refuse(AUDIT_PLATFORM, arena_printf(cx->arena, "m%u", i),
		    "POST /x");
	ck_ok(audit_flush(cx, realm->authority));
	ck_assert_uint_le(page_of(NULL, all()).n_rows, before +
	    AUDIT_REFUSALS_MAX);
}
END_TEST

START_TEST(refusals_are_written_when_the_server_ends)
{
	struct audit_page page;

	refuse(tenant.id, "mallory", "POST /x");
	realm_reopen(cx, realm);
	page = page_of(&tenant, all());
	ck_assert_str_eq(last(&page)->action, "request.refused");
}
END_TEST

/* --- checkpoints ------------------------------------------------------------ */

START_TEST(a_checkpoint_proves_the_head_of_each_chain_that_changed)
{
	const struct audit_proof *p;
	struct audit_page page;
	struct ledger_anchor a;
	struct tenant other;
	bool made;

	leaves_tenant("tenant-b", &other);
	ck_ok(audit_anchor(cx, realm->authority, &made));
	ck_assert(made);
	page = page_of(&tenant, all());
	ck_assert_uint_ge(page.n_proofs, 1);
	p = &page.proofs[page.n_proofs - 1];
	ck_assert_uint_eq(p->anchored.head.seq, last(&page)->seq);
	ck_assert(slice_equal(p->anchored.head.hash, last(&page)->hash));
	a = (struct ledger_anchor){ p->anchored.checkpoint.journal_seq,
	    p->anchored.checkpoint.at_s, p->anchored.checkpoint.n_chains,
	    { { 0 } } };
	memcpy(a.root.bytes, p->anchored.checkpoint.root.p,
	    LEDGER_HASH_SIZE);
	ck_assert_uint_eq(a.n_chains, 3);
	ck_assert(ledger_is_included(&p->leaf, p->anchored.head.place,
	    a.n_chains, p->path, p->n_path, &a.root));
	ck_assert(ledger_is_signed(cx->arena, &a,
	    p->anchored.checkpoint.public_key,
	    p->anchored.checkpoint.signature));
	/* Nothing happened since, and then only here. */
	ck_ok(audit_anchor(cx, realm->authority, &made));
	ck_assert(!made);
	ck_ok(audit_note(cx, realm->authority, tenant.id, "x.done", "it", "x",
	    NULL));
	ck_ok(audit_anchor(cx, realm->authority, &made));
	ck_assert(made);
	ck_assert_uint_eq(page_of(&tenant, all()).n_proofs, page.n_proofs + 1);
	ck_assert_uint_eq(page_of(&other, all()).n_proofs, 1);
}
END_TEST

static bool
has_action(const struct audit_page *page, const char *action)
{
	for (size_t i = 0; i < page->n_rows; i++)
		if (strcmp(page->rows[i].action, action) == 0)
			return true;
	return false;
}

START_TEST(a_database_that_forgot_a_checkpoint_says_so_for_ever)
{
	struct audit_page page;

	ck_ok(audit_anchor(cx, realm->authority, NULL));
	page = page_of(NULL, all());
	ck_assert(!has_action(&page, "audit.set-back"));
	sql_run(realm->conf.db.path,
	    "DELETE FROM audit_head; DELETE FROM audit_checkpoint; "
	    "UPDATE meta SET value = '1' WHERE key = 'journal_seen'");
	realm_reopen(cx, realm);
	page = page_of(NULL, all());
	is_sound(&page);
	ck_assert(has_action(&page, "audit.set-back"));
}
END_TEST

START_TEST(a_checkpoint_whose_answer_was_lost_is_found_in_the_journal)
{
	struct audit_page page;

	ck_ok(audit_anchor(cx, realm->authority, NULL));
	sql_run(realm->conf.db.path,
	    "UPDATE audit_checkpoint SET journal_seq = NULL, "
	    "public_key = NULL, signature = NULL; "
	    "UPDATE meta SET value = '1' WHERE key = 'journal_seen'");
	realm_reopen(cx, realm);
	page = page_of(NULL, all());
	ck_assert(!has_action(&page, "audit.set-back"));
}
END_TEST

START_TEST(chains_of_a_database_from_before_begin_at_the_next_start)
{
	struct audit_page page;

	realm_reopen(cx, realm);
	sql_run(realm->conf.db.path,
	    "DROP TRIGGER audit_is_kept; DELETE FROM audit; "
	    "DELETE FROM audit_head; DELETE FROM audit_chain; "
	    "DELETE FROM audit_checkpoint");
	realm_reopen(cx, realm);
	page = page_of(&tenant, all());
	ck_assert_uint_eq(page.n_rows, 1);
	ck_assert_str_eq(page.rows[0].action, "audit.begun");
	is_sound(&page);
}
END_TEST

START_TEST(the_database_itself_refuses_to_change_or_forget_a_row)
{
	sqlite3 *sqlite;

	ck_assert_int_eq(sqlite3_open(realm->conf.db.path, &sqlite),
	    SQLITE_OK);
	ck_assert_int_ne(sqlite3_exec(sqlite, "UPDATE audit SET actor = 'x'",
	    NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_ne(sqlite3_exec(sqlite, "DELETE FROM audit", NULL, NULL,
	    NULL), SQLITE_OK);
	(void)sqlite3_close(sqlite);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		what_happens_in_a_tenant_is_in_its_chain_and_in_no_other,
		a_filter_looks_at_so_many_rows_a_page_and_goes_on,
		a_row_names_who_asked_and_by_which_request,
		what_did_not_happen_leaves_no_row,
		filters_choose_rows,
		refusals_that_are_alike_are_one_row_with_their_count,
		a_refusal_names_its_actor_whole_and_in_whole_letters,
		no_number_of_different_refusals_makes_more_than_so_many_rows,
		refusals_are_written_when_the_server_ends,
		a_checkpoint_proves_the_head_of_each_chain_that_changed,
		a_database_that_forgot_a_checkpoint_says_so_for_ever,
		a_checkpoint_whose_answer_was_lost_is_found_in_the_journal,
		chains_of_a_database_from_before_begin_at_the_next_start,
		the_database_itself_refuses_to_change_or_forget_a_row,
	};

	return unit_run("audit", tests, COUNT_OF(tests), leaves_open,
	    leaves_close);
}
