/* SPDX-License-Identifier: Apache-2.0 */
/* A start by the journal's index: the same as one that reads everything, and
 * what each of the two notices. */
#include "tests/unit/unit.h"

#include <unistd.h>

#include "base/file.h"
#include "signer/index.h"
#include "signer/verify.h"

#define ENTRIES	40u

static char folder[32];
static struct master *master;
static struct log_key *log_key;

static const char *
path(const char *name)
{
	return arena_printf(cx->arena, "%s/%s", folder, name);
}

static struct err
try_open(const struct log_key *key, struct journal **out)
{
	const struct journal_conf conf = { .folder = folder,
	    .segment_max = 600, .log_key = key };

	return journal_open(cx, &conf, out);
}

static void
fill_with(const char *object, unsigned n)
{
	struct journal *j;
	uint64_t seq;

	ck_ok(try_open(log_key, &j));
	for (unsigned i = 0; i < n; i++) {
		struct journal_entry e = {
			.kind = i % 5 == 0 ? JOURNAL_CRL : JOURNAL_LEAF,
			.tenant = "tenant-a", .object = slice_text(object),
			.issuer_key_id = slice_text("key"),
			.crl_number = i % 5 == 0 ? i + 1 : 0,
		};

		ck_ok(journal_append(cx, j, &e, &seq));
		ck_ok(journal_commit(cx, j));
	}
	journal_close(j);
}

static void
fill(unsigned n)
{
	fill_with("object", n);
}

static void
begin(void)
{
	struct master_source s = { .key_file = NULL };

	memcpy(folder, "/tmp/daapki-t-XXXXXX", 21);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	s.key_file = path("master.key");
	ck_ok(master_make(cx, s.key_file));
	ck_ok(master_open(cx, &s, &master));
	ck_ok(log_key_open(cx, folder, master, &log_key));
	fill(ENTRIES);
}

static void
end(void)
{
	log_key_free(log_key);
	master_free(master);
	ck_assert_int_eq(system(arena_printf(cx->arena, "rm -rf %s",
	    folder)), 0);
}

static struct slice
contents(const char *name)
{
	struct slice out;

	ck_ok(file_read(cx, path(name), 1u << 20, &out));
	return out;
}

static void
replace(const char *name, struct slice bytes)
{
	ck_ok(file_replace(cx, path(name), 0600, bytes));
}

/* All that a start finds out, the entries among it. */
static void
expect_whole(const struct log_key *key)
{
	const struct journal_entry *entries;
	uint8_t hash[JOURNAL_HASH_SIZE], want[JOURNAL_HASH_SIZE];
	struct journal *j;
	size_t n;

	ck_ok(try_open(NULL, &j));
	ck_assert_uint_eq(journal_end(j, want), ENTRIES);
	journal_close(j);
	ck_ok(try_open(key, &j));
	ck_assert_uint_eq(journal_next(j), ENTRIES + 1);
	ck_assert_uint_eq(journal_end(j, hash), ENTRIES);
	ck_assert_mem_eq(hash, want, sizeof(hash));
	ck_assert_uint_eq(journal_last_crl(j, slice_text("key")), 36);
	ck_ok(journal_read(cx, j, 1, ENTRIES + 1, 1u << 20, &entries, &n));
	ck_assert_uint_eq(n, ENTRIES);
	journal_close(j);
}

static void
flip(const char *name, size_t at)
{
	struct slice all = contents(name);
	uint8_t *copy = arena_dup(cx->arena, all.p, all.n);

	ck_assert_uint_lt(at, all.n);
	copy[at] ^= 1;
	replace(name, SLICE(copy, all.n));
}

START_TEST(a_start_by_the_index_is_as_one_that_reads_everything)
{
	ck_assert_int_eq(access(path("00000003.jnl"), F_OK), 0);
	ck_assert_int_eq(access(path(INDEX_FILE), F_OK), 0);
	expect_whole(log_key);
}
END_TEST

START_TEST(an_index_that_was_changed_or_cut_is_not_believed)
{
	struct slice all = contents(INDEX_FILE);

	for (size_t bit = 0; bit < 8 * all.n; bit += 7) {
		uint8_t *copy = arena_dup(cx->arena, all.p, all.n);

		copy[bit / 8] = (uint8_t)(copy[bit / 8] ^ 1u << bit % 8);
		replace(INDEX_FILE, SLICE(copy, all.n));
		expect_whole(log_key);
	}
	for (size_t n = 0; n < all.n; n += 11) {
		replace(INDEX_FILE, SLICE(all.p, n));
		expect_whole(log_key);
	}
}
END_TEST

START_TEST(an_index_of_another_key_is_not_believed)
{
	struct log_key *other;
	struct journal *j;

	ck_assert_int_eq(unlink(path(LOG_KEY_FILE)), 0);
	ck_ok(log_key_open(cx, folder, master, &other));
	/* Were it believed, a finished segment would not be read. */
	flip("00000001.jnl", 150);
	ck_ok(try_open(log_key, &j));
	journal_close(j);
	ck_fails(try_open(other, &j), ERR_JOURNAL);
	log_key_free(other);
}
END_TEST

START_TEST(without_an_index_everything_is_read_and_one_is_made)
{
	ck_assert_int_eq(unlink(path(INDEX_FILE)), 0);
	expect_whole(log_key);
	ck_assert_int_eq(access(path(INDEX_FILE), F_OK), 0);
}
END_TEST

START_TEST(an_older_index_is_gone_on_from)
{
	struct slice older = contents(INDEX_FILE);
	struct journal *j;

	fill(ENTRIES);
	ck_assert(!slice_equal(older, contents(INDEX_FILE)));
	replace(INDEX_FILE, older);
	ck_ok(try_open(log_key, &j));
	ck_assert_uint_eq(journal_next(j), 2 * ENTRIES + 1);
	journal_close(j);
}
END_TEST

START_TEST(a_finished_segment_must_be_there_in_its_size)
{
	struct slice two = contents("00000002.jnl");
	struct journal *j;

	replace("00000002.jnl", SLICE(two.p, two.n - 1));
	ck_fails(try_open(log_key, &j), ERR_JOURNAL);
	ck_assert_int_eq(unlink(path("00000002.jnl")), 0);
	ck_fails(try_open(log_key, &j), ERR_JOURNAL);
	replace("00000002.jnl", two);
	expect_whole(log_key);
}
END_TEST

static uint64_t
n_segments(void)
{
	struct verify_conf conf = { .folder = folder };
	struct verified found;

	ck_ok(verify_journal(cx, &conf, &found));
	return found.segments;
}

START_TEST(a_bit_that_was_changed_is_found_at_the_start_or_by_verifying)
{
	struct verify_conf conf = { .folder = folder };
	const char *last = arena_printf(cx->arena, "%08llu.jnl",
	    (unsigned long long)n_segments());
	struct verified found;
	struct journal *j;

	/* In a finished segment: by verifying, and when it is read. */
	flip("00000001.jnl", 150);
	ck_fails(verify_journal(cx, &conf, &found), ERR_JOURNAL);
	ck_ok(try_open(log_key, &j));
	journal_close(j);
	ck_fails(try_open(NULL, &j), ERR_JOURNAL);
	flip("00000001.jnl", 150);
	ck_ok(verify_journal(cx, &conf, &found));
	/* In the last one: by both. */
	flip(last, 50);
	ck_fails(verify_journal(cx, &conf, &found), ERR_JOURNAL);
	ck_fails(try_open(log_key, &j), ERR_JOURNAL);
}
END_TEST

/* Each is a journal that is right in itself; one segment of the one is put into
 * the other. */
START_TEST(a_segment_of_another_journal_is_found_when_it_is_read)
{
	const char *own = arena_strdup(cx->arena, folder);
	const struct journal_entry *entries;
	struct slice foreign;
	struct journal *j;
	size_t n;

	memcpy(folder, "/tmp/daapki-t-XXXXXX", 21);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	fill_with("forged", ENTRIES);
	foreign = contents("00000002.jnl");
	ck_assert_int_eq(system(arena_printf(cx->arena, "rm -rf %s",
	    folder)), 0);
	memcpy(folder, own, strlen(own) + 1);
	ck_assert_uint_eq(foreign.n, contents("00000002.jnl").n);
	replace("00000002.jnl", foreign);
	ck_ok(try_open(log_key, &j));
	ck_fails(journal_read(cx, j, 1, ENTRIES, 1u << 20, &entries, &n),
	    ERR_JOURNAL);
	/* Nor is it believed where the reading begins with it. */
	ck_fails(journal_read(cx, j, 8, ENTRIES, 1u << 20,
	    &entries, &n), ERR_JOURNAL);
	journal_close(j);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		a_start_by_the_index_is_as_one_that_reads_everything,
		an_index_that_was_changed_or_cut_is_not_believed,
		an_index_of_another_key_is_not_believed,
		without_an_index_everything_is_read_and_one_is_made,
		an_older_index_is_gone_on_from,
		a_finished_segment_must_be_there_in_its_size,
		a_bit_that_was_changed_is_found_at_the_start_or_by_verifying,
		a_segment_of_another_journal_is_found_when_it_is_read,
	};

	return unit_run("index", tests, COUNT_OF(tests), begin, end);
}
