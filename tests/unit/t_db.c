/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <sys/stat.h>

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "db/checkpoint.h"
#include "db/db.h"
#include "db/meta.h"

#define N_THREADS	16
#define N_ROUNDS	40

static char *folder;

static struct db *
open_db(void)
{
	struct db_conf conf = {
		.path = arena_printf(cx->arena, "%s/db", folder),
		.n_readers = 2,
	};
	struct db *db;

	ck_ok(db_open(cx, &conf, &db));
	return db;
}

static struct db *
open_new(void)
{
	folder = arena_strdup(cx->arena, "/tmp/t_db.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	return open_db();
}

static void
close_and_remove(struct db *db)
{
	static const char *const files[] = { "db", "db-wal", "db-shm" };

	db_close(db);
	for (size_t i = 0; i < COUNT_OF(files); i++)
		(void)unlink(arena_printf(cx->arena, "%s/%s", folder,
		    files[i]));
	ck_assert_int_eq(rmdir(folder), 0);
}

struct put { const char *key, *value; enum err_code end; };

static struct err
put(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct put *p = arg;

	TRY(db_meta_put(c, tx, p->key, p->value));
	return p->end == ERR_OK ? OK : FAIL(c, p->end, "as asked");
}

static struct err
get(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct put *p = arg;

	return db_meta_get(c, tx, p->key, &p->value);
}

START_TEST(what_was_written_is_there_after_opening_again)
{
	struct put in = { "k", "v", ERR_OK }, out = { "k", NULL, ERR_OK };
	struct db *db = open_new();

	ck_ok(db_write(cx, db, put, &in));
	db_close(db);
	db = open_db();
	ck_ok(db_read(cx, db, get, &out));
	ck_assert_str_eq(out.value, "v");
	close_and_remove(db);
}
END_TEST

START_TEST(work_that_fails_leaves_nothing)
{
	struct put in = { "k", "v", ERR_CONFLICT }, out = { "k", NULL, ERR_OK };
	struct db *db = open_new();

	ck_fails(db_write(cx, db, put, &in), ERR_CONFLICT);
	ck_ok(db_read(cx, db, get, &out));
	ck_assert_ptr_null(out.value);
	close_and_remove(db);
}
END_TEST

struct writer { struct db *db; int id; atomic_int *bad; };

/* Each round: one write that must stay, one that must not. */
static void *
write_rounds(void *arg)
{
	struct writer *w = arg;
	struct ctx_root root;

	ctx_root_init(&root, NULL);
	for (int i = 0; i < N_ROUNDS; i++) {
		struct put keep = { arena_printf(root.cx.arena, "k%d-%d",
		    w->id, i), "v", ERR_OK };
		struct put drop = { arena_printf(root.cx.arena, "x%d-%d",
		    w->id, i), "v", ERR_CONFLICT };
		struct put seen = { keep.key, NULL, ERR_OK };

		if (failed(db_write(&root.cx, w->db, put, &keep)) ||
		    db_write(&root.cx, w->db, put, &drop).code !=
		    ERR_CONFLICT ||
		    failed(db_read(&root.cx, w->db, get, &seen)) ||
		    seen.value == NULL)
			atomic_fetch_add(w->bad, 1);
		ctx_root_reset(&root);
	}
	ctx_root_fini(&root);
	return NULL;
}

START_TEST(writers_at_once_each_keep_theirs_and_only_theirs)
{
	struct writer writers[N_THREADS];
	pthread_t threads[N_THREADS];
	struct db *db = open_new();
	atomic_int bad = 0;

	for (int i = 0; i < N_THREADS; i++) {
		writers[i] = (struct writer){ db, i, &bad };
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
		    write_rounds, &writers[i]), 0);
	}
	for (int i = 0; i < N_THREADS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	ck_assert_int_eq(bad, 0);
	for (int i = 0; i < N_THREADS * N_ROUNDS; i++) {
		struct put keep = { arena_printf(cx->arena, "k%d-%d",
		    i / N_ROUNDS, i % N_ROUNDS), NULL, ERR_OK };
		struct put drop = { arena_printf(cx->arena, "x%d-%d",
		    i / N_ROUNDS, i % N_ROUNDS), NULL, ERR_OK };

		ck_ok(db_read(cx, db, get, &keep));
		ck_assert_ptr_nonnull(keep.value);
		ck_ok(db_read(cx, db, get, &drop));
		ck_assert_ptr_null(drop.value);
	}
	close_and_remove(db);
}
END_TEST

#define PAGE		4096u
#define BIG		(4u * 1024u * 1024u)
#define BIG_ROUNDS	24u	/* twice what the log may hold, and more */

START_TEST(the_log_begins_anew_while_it_is_written_to)
{
	char *text = arena_alloc(cx->arena, BIG + 1);
	struct put in = { "k", text, ERR_OK }, out = { "k", NULL, ERR_OK };
	struct db *db = open_new();
	off_t most = 0;
	struct stat st;

	for (unsigned i = 0; i < BIG_ROUNDS; i++) {
		memset(text, 'a' + (int)(i % 26), BIG);
		ck_ok(db_write(cx, db, put, &in));
		ck_assert_int_eq(stat(arena_printf(cx->arena, "%s/db-wal",
		    folder), &st), 0);
		if (st.st_size > most)
			most = st.st_size;
	}
	ck_assert_int_lt(most, (off_t)BIG * BIG_ROUNDS * 3 / 4);
	ck_assert_int_gt((off_t)BIG * BIG_ROUNDS,
	    (off_t)2 * CHECKPOINT_WRITER_AT * PAGE);
	ck_ok(db_read(cx, db, get, &out));
	ck_assert_str_eq(out.value, text);
	db_close(db);
	db = open_db();
	ck_ok(db_read(cx, db, get, &out));
	ck_assert_str_eq(out.value, text);
	close_and_remove(db);
}
END_TEST

UNIT_MAIN("db",
    what_was_written_is_there_after_opening_again,
    work_that_fails_leaves_nothing,
    writers_at_once_each_keep_theirs_and_only_theirs,
    the_log_begins_anew_while_it_is_written_to)
