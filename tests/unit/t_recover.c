/* SPDX-License-Identifier: Apache-2.0 */
/* What the signer's journal knows and the database does not. */
#include "tests/unit/leaves.h"

#include <stdio.h>

#include "authority/reseal.h"
#include "db/meta.h"

/* As when the server was killed between the signer's answer and the commit. */
static struct slice
sign_without_a_row(void)
{
	struct subject subject = {
		.known = true, .claimed = true, .tenant = tenant,
	};
	struct issued *issued = ARENA_NEW(cx->arena, struct issued);

	ck_ok(profile_parse(cx, "{}", &subject.profile));
	ck_ok(issue_leaf(cx, realm->authority, &subject, LEAVES_DEVICE,
	    leaves_spki(), true, issued));
	return issued->row.serial;
}

static void
expect_recovered(struct slice serial)
{
	struct certificate_row row;

	ck_ok(certificate_get(cx, realm->authority, &tenant,
	    text_hex(cx->arena, serial), &row));
	ck_assert(row.recovered);
}

static struct err
seen_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	const char **text = arg;

	return db_meta_get(c, tx, "journal_seen", text);
}

static uint64_t
seen(void)
{
	const char *text = NULL;
	uint64_t n;

	ck_ok(db_read(cx, realm->authority->db, seen_work, &text));
	ck_assert_ptr_nonnull(text);
	ck_assert(text_parse_uint(text, INT64_MAX, &n));
	return n;
}

START_TEST(a_certificate_without_a_row_is_brought_in_at_the_next_start)
{
	struct slice serial;

	leaves_open();
	serial = sign_without_a_row();
	realm_reopen(cx, realm);
	expect_recovered(serial);
	leaves_close();
}
END_TEST

/* Lost, or put back to an older state, it counts from less than before. */
START_TEST(a_journal_that_is_shorter_than_it_was_is_read_from_its_beginning)
{
	struct slice serial;
	uint64_t before;

	leaves_open();
	for (unsigned i = 0; i < 8; i++)
		(void)leaves_issue(&tenant);
	realm_reopen(cx, realm);
	before = seen();
	ck_assert_uint_gt(before, 8);
	ck_assert_int_eq(rename(arena_printf(cx->arena, "%s/journal",
	    realm->folder), arena_printf(cx->arena, "%s/lost",
	    realm->folder)), 0);
	realm_reopen(cx, realm);
	ck_assert_uint_eq(seen(), 1);
	serial = sign_without_a_row();
	realm_reopen(cx, realm);
	expect_recovered(serial);
	ck_assert_uint_lt(seen(), before);
	leaves_close();
}
END_TEST

/* Under the new master key with all the others. */
START_TEST(a_change_of_the_master_key_brings_in_what_has_no_row)
{
	struct resealed sum;
	struct slice serial;

	leaves_open();
	serial = sign_without_a_row();
	ck_ok(reseal_all(cx, realm->authority->db, realm->authority->signer,
	    &sum));
	ck_assert_uint_gt(sum.records, 1);
	expect_recovered(serial);
	leaves_close();
}
END_TEST

UNIT_MAIN("recover",
    a_certificate_without_a_row_is_brought_in_at_the_next_start,
    a_journal_that_is_shorter_than_it_was_is_read_from_its_beginning,
    a_change_of_the_master_key_brings_in_what_has_no_row)
