/* SPDX-License-Identifier: Apache-2.0 */
/* What the database keeps of CRLs: revisions, numbers, and older schemas. */
#include "tests/unit/unit.h"

#include <unistd.h>

#include "db/certificate.h"
#include "db/crl.h"
#include "db/schema.h"
#include "tests/unit/sql.h"

static char *folder, *path;
static struct db *db;

static const struct crl_key complete = { 1, 2, CRL_COMPLETE };
static const struct crl_key shard_3 = { 1, 2, 3 };

static void
open_db(void)
{
	struct db_conf conf = { .path = path, .n_readers = 1 };

	ck_ok(db_open(cx, &conf, &db));
}

/* A tenant with a root and an issuing CA (row 2). */
#define A_TENANT							\
	"INSERT INTO tenant (id, name, title, created_s) "		\
	"VALUES (1, 'tenant-a', '', 1);"				\
	"INSERT INTO ca (id, tenant, role, state, parent, key_id, "	\
	"serial, certificate, sealed, not_before_s, not_after_s, "	\
	"created_s) VALUES "						\
	"(1, 1, 'root', 'active', NULL, x'01', x'11', x'', x'', 1, 9, 1), "	\
	"(2, 1, 'issuing', 'active', 1, x'02', x'12', x'', x'', 1, 9, 1);"

static void
make_folder(void)
{
	folder = arena_strdup(cx->arena, "/tmp/t_crl_db.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	path = arena_printf(cx->arena, "%s/db", folder);
}

static void
open_new(void)
{
	make_folder();
	open_db();
	sql_run(path, A_TENANT);
}

static void
close_all(void)
{
	static const char *const ends[] = { "", "-wal", "-shm" };

	db_close(db);
	for (size_t i = 0; i < COUNT_OF(ends); i++)
		(void)unlink(arena_printf(cx->arena, "%s%s", path, ends[i]));
	ck_assert_int_eq(rmdir(folder), 0);
}

struct work {
	struct crl_key		 key;
	struct crl_row		 row;
	uint64_t		 revision;
	struct crl_key		*behind;
	size_t			 n;
	struct certificate_row	 certificate;
	struct serial_status	 status;
	struct slice		 serial;
	struct revoked_row	*entries;
};

static struct err
get_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct work *w = arg;

	return db_crl_get(c, tx, &w->key, &w->row, &w->revision);
}

static struct work
get(struct crl_key key)
{
	struct work w = { .key = key };

	ck_ok(db_read(cx, db, get_work, &w));
	return w;
}

static struct err
put_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct work *w = arg;

	return db_crl_put(c, tx, &w->key, &w->row);
}

static struct err
put(struct crl_key key, uint64_t number, uint64_t revision)
{
	struct work w = { .key = key, .row = {
		.number = number, .revision = revision,
		.this_s = 1, .next_s = 2, .der = SLICE("crl", 3),
	} };

	return db_write(cx, db, put_work, &w);
}

static struct err
behind_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct work *w = arg;

	return db_crl_behind(c, tx, &w->behind, &w->n);
}

static struct work
behind(void)
{
	struct work w = { .n = 0 };

	ck_ok(db_read(cx, db, behind_work, &w));
	return w;
}

static struct err
insert_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct work *w = arg;

	return db_certificate_insert(c, tx, &w->certificate,
	    &w->certificate.id);
}

static int64_t
insert(const char *serial, unsigned shard, int64_t revoked_s)
{
	struct work w = { .certificate = {
		.tenant_id = 1, .ca_id = 2, .serial = slice_text(serial),
		.device_id = "d", .spki_sha256 = SLICE("s", 1),
		.not_before_s = 1, .not_after_s = 9, .issued_s = 1,
		.der = SLICE("c", 1), .shard = shard,
		.revoked_s = revoked_s, .revoke_reason = 4,
	} };

	ck_ok(db_write(cx, db, insert_work, &w));
	return w.certificate.id;
}

static struct err
revoke_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct work *w = arg;
	bool changed;

	return db_certificate_revoke(c, tx, 1, w->certificate.id, 1, 5,
	    &changed);
}

static void
revoke_row(int64_t id)
{
	struct work w = { .certificate = { .id = id } };

	ck_ok(db_write(cx, db, revoke_work, &w));
}

START_TEST(each_revocation_counts_once_for_the_lists_it_concerns)
{
	struct work w;
	int64_t id;

	open_new();
	id = insert("serial-1", 3, 0);
	ck_assert_uint_eq(behind().n, 0);
	revoke_row(id);
	revoke_row(id);
	ck_assert_uint_eq(get(complete).revision, 1);
	ck_assert_uint_eq(get(shard_3).revision, 1);
	(void)insert("serial-2", 3, 5);
	(void)insert("serial-3", CRL_COMPLETE, 5);
	ck_assert_uint_eq(get(complete).revision, 3);
	ck_assert_uint_eq(get(shard_3).revision, 2);
	w = behind();
	ck_assert_uint_eq(w.n, 2);
	ck_assert_uint_eq(w.behind[0].shard, CRL_COMPLETE);
	ck_assert_uint_eq(w.behind[1].shard, 3);
	ck_assert_int_eq(w.behind[1].ca_id, 2);
	close_all();
}
END_TEST

START_TEST(a_list_that_shows_all_is_not_behind_until_the_next_revocation)
{
	open_new();
	(void)insert("serial-1", 3, 5);
	ck_ok(put(complete, 1, 1));
	ck_ok(put(shard_3, 2, 1));
	ck_assert_uint_eq(behind().n, 0);
	ck_assert_uint_eq(get(shard_3).row.revision, 1);
	(void)insert("serial-2", 4, 5);
	ck_assert_uint_eq(behind().n, 2);
	ck_ok(put(complete, 3, 2));
	ck_assert_uint_eq(behind().n, 1);
	ck_assert_uint_eq(behind().behind[0].shard, 4);
	close_all();
}
END_TEST

START_TEST(the_number_of_a_list_only_grows)
{
	open_new();
	ck_ok(put(complete, 7, 0));
	ck_fails(put(complete, 7, 0), ERR_CONFLICT);
	ck_fails(put(complete, 6, 0), ERR_CONFLICT);
	ck_assert_uint_eq(get(complete).row.number, 7);
	ck_ok(put(complete, 8, 0));
	ck_assert(slice_equal(get(complete).row.der, slice_text("crl")));
	close_all();
}
END_TEST

static struct err
status_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct work *w = arg;

	return db_crl_status(c, tx, w->key.tenant_id, w->key.ca_id, w->serial,
	    &w->status);
}

static struct serial_status
status_of(int64_t tenant, int64_t ca, const char *serial)
{
	struct work w = { .key = { tenant, ca, 0 },
	    .serial = slice_text(serial) };

	ck_ok(db_read(cx, db, status_work, &w));
	return w.status;
}

START_TEST(a_status_is_of_one_tenants_ca_only)
{
	open_new();
	(void)insert("good", 1, 0);
	(void)insert("gone", 1, 5);
	ck_assert(status_of(1, 2, "good").known);
	ck_assert_int_eq(status_of(1, 2, "good").revoked_s, 0);
	ck_assert_int_eq(status_of(1, 2, "gone").revoked_s, 5);
	ck_assert_int_eq(status_of(1, 2, "gone").reason, 4);
	ck_assert(!status_of(1, 2, "none").known);
	ck_assert(!status_of(1, 1, "good").known);
	ck_assert(!status_of(2, 2, "good").known);
	/* The issuing CA, whose serial is 0x12, of its root. */
	ck_assert(status_of(1, 1, "\x12").known);
	ck_assert(!status_of(1, 2, "\x12").known);
	close_all();
}
END_TEST

static struct err
entries_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct work *w = arg;

	return db_crl_entries(c, tx, &w->key, 1, &w->entries, &w->n);
}

START_TEST(a_revoked_ca_is_in_the_list_of_its_root)
{
	struct work w = { .key = { 1, 1, CRL_COMPLETE } };

	open_new();
	sql_run(path, "UPDATE ca SET revoked_s = 6, revoke_reason = 5 WHERE id = 2");
	ck_assert_uint_eq(get(w.key).revision, 1);
	ck_ok(db_read(cx, db, entries_work, &w));
	ck_assert_uint_eq(w.n, 1);
	ck_assert_int_eq(w.entries[0].revoked_s, 6);
	ck_assert_int_eq(w.entries[0].reason, 5);
	ck_assert_int_eq(status_of(1, 1, "\x12").revoked_s, 6);
	close_all();
}
END_TEST

START_TEST(a_database_without_shards_goes_on_with_its_numbers)
{
	struct work w;

	make_folder();
	sql_run(path, db_schema_migrations[0]);
	sql_run(path, "PRAGMA user_version = 1;" A_TENANT
	    "UPDATE ca SET crl_number = 41, crl = x'00', "
	    "crl_next_update_s = 7 WHERE id = 2;"
	    "INSERT INTO certificate (tenant, ca, serial, device_id, "
	    "spki_sha256, hardware_key, not_before_s, not_after_s, issued_s, "
	    "der, recovered, revoked_s, revoke_reason) VALUES "
	    "(1, 2, x'61', 'd', x'', 0, 1, 9, 1, x'', 0, NULL, NULL), "
	    "(1, 2, x'62', 'd', x'', 0, 1, 9, 1, x'', 0, 5, 1)");
	open_db();
	w = get(complete);
	ck_assert_uint_eq(w.row.number, 41);
	ck_assert_uint_eq(w.row.der.n, 0);
	/* Its list may have been made before the last revocation. */
	ck_assert_uint_eq(w.revision, 1);
	ck_assert_uint_eq(behind().n, 1);
	w.key = complete;
	ck_ok(db_read(cx, db, entries_work, &w));
	ck_assert_uint_eq(w.n, 1);
	ck_assert_uint_eq(get(shard_3).row.number, 0);
	ck_fails(put(complete, 41, 1), ERR_CONFLICT);
	ck_ok(put(complete, 42, 1));
	ck_assert_uint_eq(behind().n, 0);
	close_all();
}
END_TEST

struct notes { struct revoked_row *rows; size_t n; };

static struct err
not_noted_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	struct notes *notes = arg;

	return db_crl_not_noted(c, tx, 1, 2, 10, &notes->rows, &notes->n);
}

static struct err
noted_work(struct ctx *c, struct db_tx *tx, void *arg)
{
	const struct notes *notes = arg;

	return db_crl_noted(c, tx, 1, 2, notes->rows, notes->n);
}

START_TEST(what_an_older_database_revoked_is_yet_to_be_told_to_the_journal)
{
	struct notes notes;

	make_folder();
	for (size_t i = 0; i < 3; i++)
		sql_run(path, db_schema_migrations[i]);
	sql_run(path, "PRAGMA user_version = 3;" A_TENANT
	    "INSERT INTO certificate (tenant, ca, serial, device_id, "
	    "spki_sha256, hardware_key, not_before_s, not_after_s, issued_s, "
	    "der, recovered, revoked_s, revoke_reason) VALUES "
	    "(1, 2, x'61', 'd', x'', 0, 1, 9, 1, x'', 0, NULL, NULL), "
	    "(1, 2, x'62', 'd', x'', 0, 1, 9, 1, x'', 0, 5, 1)");
	open_db();
	ck_ok(db_read(cx, db, not_noted_work, &notes));
	ck_assert_uint_eq(notes.n, 1);
	ck_assert_uint_eq(notes.rows[0].serial.p[0], 0x62);
	ck_assert_int_eq(notes.rows[0].revoked_s, 5);
	ck_ok(db_write(cx, db, noted_work, &notes));
	ck_ok(db_read(cx, db, not_noted_work, &notes));
	ck_assert_uint_eq(notes.n, 0);
	close_all();
}
END_TEST

UNIT_MAIN("crl_db",
    each_revocation_counts_once_for_the_lists_it_concerns,
    a_list_that_shows_all_is_not_behind_until_the_next_revocation,
    the_number_of_a_list_only_grows,
    a_status_is_of_one_tenants_ca_only,
    a_revoked_ca_is_in_the_list_of_its_root,
    a_database_without_shards_goes_on_with_its_numbers,
    what_an_older_database_revoked_is_yet_to_be_told_to_the_journal)
