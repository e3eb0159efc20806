/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <signal.h>
#include <unistd.h>

#include "base/file.h"
#include "signer/journal.h"

static char folder[32];
static struct journal_conf conf;

static const char *
segment(unsigned number)
{
	return arena_printf(cx->arena, "%s/%08u.jnl", folder, number);
}

static void
begin(void)
{
	memcpy(folder, "/tmp/daapki-t-XXXXXX", 21);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	conf = (struct journal_conf){ .folder = folder };
}

static void
end(void)
{
	char command[64];

	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static struct journal *
opened(void)
{
	struct journal *j;

	ck_ok(journal_open(cx, &conf, &j));
	return j;
}

static struct journal_entry
entry(unsigned n)
{
	return (struct journal_entry){
		.kind = JOURNAL_LEAF, .tenant = "tenant-a",
		.object = slice_text(arena_printf(cx->arena, "object %u", n)),
		.issuer_key_id = slice_text("key"),
	};
}

static void
add(struct journal *j, unsigned n)
{
	struct journal_entry e = entry(n);
	uint64_t seq;

	ck_ok(journal_append(cx, j, &e, &seq));
	ck_assert_uint_eq(seq, n);
}

/* Entries 1 to n, one a commit. */
static void
fill(unsigned n)
{
	struct journal *j = opened();

	for (unsigned i = 1; i <= n; i++) {
		add(j, i);
		ck_ok(journal_commit(cx, j));
	}
	journal_close(j);
}

static void
holds(struct journal *j, unsigned n)
{
	const struct journal_entry *entries;
	size_t got;

	ck_assert_uint_eq(journal_next(j), n + 1);
	for (unsigned from = 1; from <= n;) {
		ck_ok(journal_read(cx, j, from, 100, 1u << 20, &entries,
		    &got));
		ck_assert_uint_gt(got, 0);
		for (size_t i = 0; i < got; i++, from++) {
			struct journal_entry want = entry(from);

			ck_assert_uint_eq(entries[i].seq, from);
			ck_assert(slice_equal(entries[i].object,
			    want.object));
			ck_assert_str_eq(entries[i].tenant, "tenant-a");
		}
	}
	ck_ok(journal_read(cx, j, n + 1, 100, 1u << 20, &entries, &got));
	ck_assert_uint_eq(got, 0);
}

static struct slice
contents(unsigned number)
{
	struct slice s;

	ck_ok(file_read(cx, segment(number), 64u << 20, &s));
	return s;
}

static void
replace(unsigned number, struct slice s)
{
	ck_ok(file_replace(cx, segment(number), 0600, s));
}

START_TEST(entries_are_there_after_the_next_start)
{
	struct journal *j;

	begin();
	fill(10);
	j = opened();
	holds(j, 10);
	add(j, 11);
	ck_ok(journal_commit(cx, j));
	holds(j, 11);
	journal_close(j);
	end();
}
END_TEST

START_TEST(an_entry_that_was_not_committed_is_not_read_and_not_kept)
{
	const struct journal_entry *entries;
	struct journal *j;
	size_t n;

	begin();
	fill(3);
	j = opened();
	add(j, 4);
	ck_ok(journal_read(cx, j, 4, 100, 1u << 20, &entries, &n));
	ck_assert_uint_eq(n, 0);
	journal_close(j);
	j = opened();
	holds(j, 3);
	journal_close(j);
	end();
}
END_TEST

START_TEST(segments_rotate_and_are_read_across)
{
	struct journal *j;
	struct stat st;

	begin();
	conf.segment_max = 1000;
	fill(100);
	ck_assert_int_eq(stat(segment(5), &st), 0);
	j = opened();
	holds(j, 100);
	journal_close(j);
	end();
}
END_TEST

START_TEST(an_end_that_was_cut_off_is_dropped_at_every_length)
{
	struct slice all, before;
	struct journal *j;

	begin();
	fill(4);
	before = contents(1);
	j = opened();
	add(j, 5);
	ck_ok(journal_commit(cx, j));
	journal_close(j);
	all = contents(1);
	for (size_t n = before.n; n < all.n; n++) {
		replace(1, SLICE(all.p, n));
		j = opened();
		ck_assert_uint_eq(journal_dropped(j), n - before.n);
		holds(j, 4);
		add(j, 5);
		ck_ok(journal_commit(cx, j));
		holds(j, 5);
		journal_close(j);
		j = opened();
		holds(j, 5);
		journal_close(j);
	}
	end();
}
END_TEST

START_TEST(zeros_at_the_end_are_dropped)
{
	struct slice all;
	struct journal *j;
	uint8_t *longer;

	begin();
	fill(4);
	all = contents(1);
	longer = arena_alloc(cx->arena, all.n + 300000);
	memcpy(longer, all.p, all.n);
	replace(1, SLICE(longer, all.n + 300000));
	j = opened();
	ck_assert_uint_eq(journal_dropped(j), 300000);
	holds(j, 4);
	journal_close(j);
	longer[all.n + 290000] = 1;
	replace(1, SLICE(longer, all.n + 300000));
	ck_fails(journal_open(cx, &conf, &j), ERR_JOURNAL);
	end();
}
END_TEST

START_TEST(any_bit_that_was_changed_stops_the_start)
{
	struct slice all;

	begin();
	fill(4);
	all = contents(1);
	for (size_t bit = 0; bit < 8 * all.n; bit++) {
		uint8_t *copy = arena_dup(cx->arena, all.p, all.n);
		struct journal *j;

		copy[bit / 8] = (uint8_t)(copy[bit / 8] ^ 1u << bit % 8);
		replace(1, SLICE(copy, all.n));
		ck_assert_msg(journal_open(cx, &conf, &j).code == ERR_JOURNAL,
		    "bit %zu", bit);
	}
	end();
}
END_TEST

START_TEST(a_segment_that_is_cut_off_and_not_the_last_stops_the_start)
{
	struct journal *j;
	struct slice all;

	begin();
	conf.segment_max = 600;
	fill(20);
	all = contents(2);
	replace(2, SLICE(all.p, all.n - 1));
	ck_fails(journal_open(cx, &conf, &j), ERR_JOURNAL);
	end();
}
END_TEST

START_TEST(segments_that_changed_places_stop_the_start)
{
	struct journal *j;
	struct slice two, three;

	begin();
	conf.segment_max = 600;
	fill(20);
	two = contents(2);
	three = contents(3);
	replace(2, three);
	replace(3, two);
	ck_fails(journal_open(cx, &conf, &j), ERR_JOURNAL);
	replace(2, two);
	replace(3, three);
	j = opened();
	holds(j, 20);
	journal_close(j);
	end();
}
END_TEST

START_TEST(a_segment_whose_head_was_not_finished_is_begun_anew)
{
	struct journal *j;
	struct slice head;

	begin();
	conf.segment_max = 600;
	fill(20);
	head = contents(1);
	for (size_t n = 0; n < 84; n += 7) {
		unsigned last = 1;
		struct stat st;

		while (stat(segment(last), &st) == 0)
			last++;
		replace(last, SLICE(head.p, n));
		j = opened();
		holds(j, 20);
		journal_close(j);
		ck_assert_int_eq(unlink(segment(last)), 0);
	}
	end();
}
END_TEST

START_TEST(a_batch_that_cannot_be_written_leaves_no_trace)
{
	struct rlimit old, tight;
	struct journal *j;
	struct stat st;

	begin();
	fill(3);
	j = opened();
	ck_assert_int_eq(stat(segment(1), &st), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
	tight = (struct rlimit){ (rlim_t)st.st_size + 50, old.rlim_max };
	ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
	add(j, 4);
	add(j, 5);
	ck_fails(journal_commit(cx, j), ERR_JOURNAL);
	ck_assert(!journal_is_lost(j));
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
	holds(j, 3);
	add(j, 4);
	ck_ok(journal_commit(cx, j));
	holds(j, 4);
	journal_close(j);
	j = opened();
	ck_assert_uint_eq(journal_dropped(j), 0);
	holds(j, 4);
	journal_close(j);
	end();
}
END_TEST

START_TEST(crl_numbers_are_known_after_a_start_and_over_segments)
{
	struct journal_entry e = {
		.kind = JOURNAL_CRL, .tenant = "tenant-a",
		.object = slice_text("hash"),
	};
	struct journal *j;
	uint64_t seq;

	begin();
	conf.segment_max = 300;
	j = opened();
	for (unsigned i = 1; i <= 40; i++) {
		e.issuer_key_id = slice_text(i % 2 == 0 ? "even" : "odd");
		e.crl_number = 100 + i;
		ck_ok(journal_append(cx, j, &e, &seq));
		ck_ok(journal_commit(cx, j));
	}
	journal_close(j);
	j = opened();
	ck_assert_uint_eq(journal_last_crl(j, slice_text("even")), 140);
	ck_assert_uint_eq(journal_last_crl(j, slice_text("odd")), 139);
	ck_assert_uint_eq(journal_last_crl(j, slice_text("other")), 0);
	journal_close(j);
	end();
}
END_TEST

START_TEST(two_signers_cannot_have_one_journal)
{
	struct journal *j, *second;

	begin();
	j = opened();
	ck_fails(journal_open(cx, &conf, &second), ERR_JOURNAL);
	journal_close(j);
	end();
}
END_TEST

START_TEST(a_large_answer_is_cut_between_entries)
{
	const struct journal_entry *entries;
	struct journal *j;
	size_t n;

	begin();
	fill(50);
	j = opened();
	ck_ok(journal_read(cx, j, 1, 100, 30, &entries, &n));
	ck_assert_uint_eq(n, 4);	/* "object 1" is 8 bytes */
	ck_ok(journal_read(cx, j, 10, 3, 1u << 20, &entries, &n));
	ck_assert_uint_eq(n, 3);
	ck_assert_uint_eq(entries[0].seq, 10);
	ck_ok(journal_read(cx, j, 0, 1, 1u << 20, &entries, &n));
	ck_assert_uint_eq(entries[0].seq, 1);
	ck_ok(journal_read(cx, j, UINT64_MAX, 1, 1u << 20, &entries, &n));
	ck_assert_uint_eq(n, 0);
	journal_close(j);
	end();
}
END_TEST

UNIT_MAIN("journal",
    entries_are_there_after_the_next_start,
    an_entry_that_was_not_committed_is_not_read_and_not_kept,
    segments_rotate_and_are_read_across,
    an_end_that_was_cut_off_is_dropped_at_every_length,
    zeros_at_the_end_are_dropped,
    any_bit_that_was_changed_stops_the_start,
    a_segment_that_is_cut_off_and_not_the_last_stops_the_start,
    segments_that_changed_places_stop_the_start,
    a_segment_whose_head_was_not_finished_is_begun_anew,
    a_batch_that_cannot_be_written_leaves_no_trace,
    crl_numbers_are_known_after_a_start_and_over_segments,
    two_signers_cannot_have_one_journal,
    a_large_answer_is_cut_between_entries)
